//! A credential that only its name gives away: from names and a value to anchors, pattern, tests.
//!
//! `names = ["datadog api key"]` and `value = "[0-9a-f]{32}"` find the value wherever such a name
//! is set to it, in whatever language: `DATADOG_API_KEY=…`, `"datadogApiKey": "…"`,
//! `datadog:\n  api_key: …`, `--datadog-api-key …`, `<add key="DatadogApiKey" value="…"/>`. The
//! pattern is one row of sets with few ways through it, so that what must follow an anchor can be
//! told from it: prose that names the provider never starts it.

use super::{CompanionRule, Rule};

/// Between the words of a name. Nested keys, tables and constructors hold brackets and blanks
/// there: `datadog: { api_key: …`, `[datadog]\napi_key = …`, `Datadog(api_key=…`. The longest in use
/// is a PHP array, indented, with the line ends of Windows: `'datadog' => [\r\n        'api_key'`.
const BETWEEN: &str = r#"[\s_.{}()\[\]\\"':=>-]{0,18}"#;

/// Between the two words that are looked for as one anchor, in every way of [`JOINTS`].
const JOINT: &str = "[_. -]?";

const JOINTS: [&str; 5] = ["", "_", "-", ".", " "];

/// Before a name whose first word is short: `add_api_key` is no `dd_api_key`.
const START: &str = r"(?:\b|[_\W])";

/// From the end of a name to the value, in the order they stand.
const ASSIGNED: [&str; 5] = [
    // More of the name, and what closes it: `_PROD`, `"]`.
    r#"[0-9A-Za-z_.-]{0,24}[\\"'`\])}]{0,4}"#,
    // Where name and value are both values: Kubernetes, XML, property lists, Terraform; or a type.
    r#"(?:</key>\s{0,20}<string|[\s,;{]{0,24}["'\\]{0,2}(?i:value|default)["'\\]{0,2}|[ :]{1,3}(?:&(?:'static )?str|[Ss]tring)\??)?"#,
    // What assigns; a flag and a Dockerfile have only blanks, and some write a hyphen.
    r"(?:\s{0,10}(?:[=:?|+]{0,2}[=:>,|(?]|:-|->)\s{0,10}|[ \t]{1,8}|-)",
    // What makes a value of a text: `String::from(`.
    r"(?:[A-Za-z][0-9A-Za-z_.:]{0,30}[(!\[]{1,2})?",
    // What opens it: `["`, `b'`, `@"`, `\"`.
    r#"[\[({<]?(?:[A-Za-z@$]{0,2}[\\"'`]{1,4})?"#,
];

/// A word of so many letters is an anchor by itself.
const LONG_WORD: usize = 5;

/// The precedence of a rule that knows a format, and of one that knows a name.
const BY_FORMAT: u8 = 50;
const BY_NAME: u8 = 40;

/// Words that stand in the names of everybody's credentials.
const GENERAL: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "apikey",
    "app",
    "application",
    "auth",
    "authentication",
    "authorization",
    "authtoken",
    "bearer",
    "bot",
    "client",
    "cloud",
    "connection",
    "consumer",
    "credential",
    "credentials",
    "database",
    "default",
    "deploy",
    "developer",
    "encryption",
    "id",
    "integration",
    "key",
    "keys",
    "license",
    "login",
    "management",
    "master",
    "oauth",
    "passphrase",
    "passwd",
    "password",
    "personal",
    "private",
    "production",
    "project",
    "public",
    "pwd",
    "refresh",
    "rest",
    "secret",
    "secretkey",
    "server",
    "service",
    "session",
    "shared",
    "signing",
    "staging",
    "storage",
    "string",
    "subscription",
    "token",
    "tokens",
    "user",
    "username",
    "value",
    "webhook",
    "write",
];

/// One name in words, and the words by which it is looked for.
struct Name {
    words: Vec<String>,
    told_by: ToldBy,
}

#[derive(Clone, Copy)]
enum ToldBy {
    /// The word of this number.
    Word(usize),
    /// The word of this number and the next one.
    Pair(usize),
    /// Anchors that the rule gives.
    Given,
}

/// The words of a name.
fn words(name: &str) -> Vec<String> {
    name.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-' | '.'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

impl Name {
    /// One of the names of a rule, all of which are `all`.
    fn new(text: &str, all: &[String], has_anchors: bool) -> Result<Self, String> {
        let words = words(text);
        if words.is_empty()
            || words.iter().flat_map(|w| w.bytes()).any(|b| !b.is_ascii_alphanumeric())
        {
            return Err(format!("the name \"{text}\" is not made of words of letters and digits"));
        }
        if has_anchors {
            return Ok(Self { words, told_by: ToldBy::Given });
        }
        let telling = |word: &str| !GENERAL.contains(&word);
        // The word that most names share is whose it is: it is rarer than what it has.
        let shared =
            |word: &String| all.iter().filter(|name| self::words(name).contains(word)).count();
        let long = (0..words.len())
            .filter(|at| words[*at].len() >= LONG_WORD && telling(&words[*at]))
            .max_by_key(|at| (shared(&words[*at]), words[*at].len(), std::cmp::Reverse(*at)));
        let told_by = match (long, words.as_slice()) {
            (Some(at), _) => ToldBy::Word(at),
            (None, [word]) if telling(word) => ToldBy::Word(0),
            (None, [_]) => {
                return Err(format!(
                    "the name \"{text}\" does not say whose it is; add a word, or give `anchors`"
                ));
            }
            (None, words) => {
                let has_telling = |pair: &[String]| pair.iter().any(|word| telling(word));
                ToldBy::Pair(words.windows(2).position(has_telling).unwrap_or(0))
            }
        };
        Ok(Self { words, told_by })
    }

    fn anchors(&self) -> Vec<String> {
        match self.told_by {
            ToldBy::Word(at) => vec![self.words[at].clone()],
            ToldBy::Pair(at) => {
                JOINTS.iter().map(|joint| self.words[at..at + 2].join(joint)).collect()
            }
            ToldBy::Given => Vec::new(),
        }
    }

    fn pattern(&self) -> String {
        let mut pattern = String::new();
        if self.words[0].len() < LONG_WORD {
            pattern.push_str(START);
        }
        pattern.push_str("(?i:");
        for (at, word) in self.words.iter().enumerate() {
            let is_anchor = matches!(self.told_by, ToldBy::Pair(pair) if at == pair + 1);
            match at {
                0 => {}
                _ if is_anchor => pattern.push_str(JOINT),
                _ => pattern.push_str(BETWEEN),
            }
            pattern.push_str(word);
        }
        pattern.push(')');
        pattern
    }

    /// `UPPER_SNAKE`, `camelCase` and `kebab-case`.
    fn spellings(&self) -> [String; 3] {
        let capital = |word: &String| word[..1].to_ascii_uppercase() + &word[1..];
        let camel = self.words[1..].iter().map(capital);
        [
            self.words.join("_").to_ascii_uppercase(),
            std::iter::once(self.words[0].clone()).chain(camel).collect(),
            self.words.join("-"),
        ]
    }
}

/// What stands after a value that is whole: nothing that could go on with it.
fn end(value: &str) -> String {
    let mut own = String::new();
    // What its last set allows besides: a value with dots in it does not end before a dot.
    if let Some((_, last)) = value.rsplit_once('[') {
        let set = last.split(']').next().unwrap_or_default();
        own.extend(
            set.chars().filter(|c| matches!(c, '.' | '~' | ':' | '!' | '@' | '#' | '%' | '*')),
        );
    }
    format!("(?:[^0-9A-Za-z_+/={own}-]|$)")
}

fn pattern(names: &[Name], value: &str) -> String {
    let names: Vec<String> = names.iter().map(Name::pattern).collect();
    let has_group = ["(?P<secret>", "(?P<id>", "(?<secret>", "(?<id>"]
        .iter()
        .any(|group| value.contains(group));
    let value_group = if has_group { value.to_owned() } else { format!("(?P<secret>{value})") };
    format!("(?:{}){}{value_group}{}", names.join("|"), ASSIGNED.concat(), end(value))
}

/// The names and the pattern that follows from them; `None` where `pattern` is the rule's own.
fn derive(
    (names, value): (&[String], Option<&str>),
    own_pattern: &str,
    has_anchors: bool,
) -> Result<Option<(Vec<Name>, String)>, String> {
    let (names, value) = match (names, value) {
        ([], None) if own_pattern.is_empty() => {
            return Err("it has no `pattern`; give one, or `names` and `value`".into());
        }
        ([], None) => return Ok(None),
        ([], Some(_)) => {
            return Err("it has a `value` without `names`; add what it is called".into());
        }
        (_, None) => return Err("it has `names` without a `value`; add the value's pattern".into()),
        (names, Some(value)) => (names, value),
    };
    let with = |has_anchors| {
        let of = names.iter().map(|name| Name::new(name, names, has_anchors));
        let names: Vec<Name> = of.collect::<Result<_, String>>()?;
        let derived = pattern(&names, value);
        Ok::<_, String>((names, derived))
    };
    if own_pattern.is_empty() {
        return with(has_anchors).map(Some);
    }
    // What was derived before, and written out, is read again as it was.
    let both = "it has both a `pattern` and `names` with a `value`; drop the one or the others";
    let mut derived = [true, false].into_iter().filter_map(|has| with(has).ok());
    derived.find(|(_, derived)| derived == own_pattern).map(Some).ok_or_else(|| both.to_owned())
}

impl CompanionRule {
    fn complete(&mut self) -> Result<Option<Name>, String> {
        let derived = derive((&self.names, self.value.as_deref()), &self.pattern, true);
        let derived =
            derived.map_err(|problem| format!("its companion {}: {problem}", self.name))?;
        Ok(derived.and_then(|(names, pattern)| {
            self.pattern = pattern;
            names.into_iter().next()
        }))
    }
}

impl Rule {
    /// The rule with everything that follows from its names.
    pub(super) fn complete(mut self) -> Result<Self, String> {
        let mut parts = Vec::new();
        for companion in &mut self.companions {
            let name = companion.complete()?;
            parts.extend(name.map(|name| (name, companion.name.clone())));
        }
        let by_name =
            derive((&self.names, self.value.as_deref()), &self.pattern, !self.anchors.is_empty())?;
        if self.precedence == 0 {
            self.precedence = if by_name.is_some() { BY_NAME } else { BY_FORMAT };
        }
        let Some((names, pattern)) = by_name else { return Ok(self) };
        self.pattern = pattern;
        self.anchors_any_case = true;
        if self.anchors.is_empty() {
            self.anchors = names.iter().flat_map(Name::anchors).collect();
            self.anchors.sort();
            self.anchors.dedup();
        }
        self.add_tests(names, parts);
        Ok(self)
    }

    /// Adds the texts that a rule by name is tried with, unless it brings its own.
    fn add_tests(&mut self, names: Vec<Name>, parts: Vec<(Name, String)>) {
        let mut names = names.into_iter();
        let Some(first) = names.next() else { return };
        let [upper, _, kebab] = first.spellings();
        if self.tests.negative.is_empty() {
            self.tests.negative =
                vec![format!("{upper}=${{{upper}}}"), format!("{kebab}: <{kebab}>\n")];
        }
        if !self.tests.positive.is_empty() {
            return;
        }
        let text = |first: &Name, spelling: fn(&str, &str, &str, &str) -> String| {
            let part = |(name, part): (&Name, &str)| {
                let [upper, camel, kebab] = name.spellings();
                spelling(&upper, &camel, &kebab, &format!("{{{part}}}"))
            };
            let others = parts.iter().map(|(name, part)| (name, part.as_str()));
            std::iter::once((first, "secret")).chain(others).map(part).collect::<Vec<_>>()
        };
        let lines = |name: &Name| text(name, |upper, _, _, part| format!("{upper}={part}"));
        let fields = text(&first, |_, camel, _, part| format!("\"{camel}\": \"{part}\""));
        let keys = text(&first, |_, _, kebab, part| format!("{kebab}: {part}\n"));
        let mut texts = vec![lines(&first).join("\n"), fields.join(", "), keys.concat()];
        texts.extend(names.map(|name| lines(&name).join("\n")));
        self.tests.positive = texts;
    }
}

#[cfg(test)]
mod tests;
