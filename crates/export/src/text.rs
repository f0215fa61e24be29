//! Text as other formats want it: one line, trimmed, never empty, and never obeyed as markup.
//!
//! Paths, authors, notes and names come from scanned repositories and from people. The types here
//! are the only way such text gets into an exported document.

use jiff::Timestamp;
use quietus_model::SafeText;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What stands where a format demands text and there is none.
const NOTHING: &str = "(none)";

/// One line of plain text: not empty, no white space at its ends, no control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Line(String);

impl Line {
    /// `text` as one line, or `(none)` where nothing is left of it.
    pub(crate) fn of(text: impl AsRef<str>) -> Self {
        let line = one_line(text.as_ref());
        Self(if line.is_empty() { NOTHING.to_owned() } else { line })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text of a field that readers render as Markdown: nothing in it is rendered as anything else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Markup(String);

impl Markup {
    /// `text` as one escaped line.
    pub(crate) fn of(text: impl AsRef<str>) -> Self {
        Self(escaped(Line::of(text).as_str()))
    }

    /// One paragraph for each of `texts`.
    pub(crate) fn paragraphs<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(|text| Self::of(text).0).collect();
        Self(texts.join("\n\n"))
    }

    /// The line this was made of.
    pub(crate) fn plain(&self) -> String {
        let mut plain = String::with_capacity(self.0.len());
        let mut chars = self.0.chars().peekable();
        while let Some(c) = chars.next() {
            let escapes = c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation);
            plain.push(if escapes { chars.next().unwrap_or(c) } else { c });
        }
        plain
    }
}

/// A moment as other formats can write it: not before 1900, not after 2999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(Timestamp);

/// 1900-01-01T00:00:00Z and 2999-12-31T23:59:59Z in seconds.
const YEARS: (i64, i64) = (-2_208_988_800, 32_503_679_999);

impl Moment {
    /// `at`, or the nearest moment that can be written. A policy's "never" is the end of time.
    pub(crate) fn of(at: Timestamp) -> Self {
        let limit = |seconds| Timestamp::from_second(seconds).unwrap_or(at);
        Self(at.clamp(limit(YEARS.0), limit(YEARS.1)))
    }

    pub(crate) fn timestamp(self) -> Timestamp {
        self.0
    }
}

/// Text as one line that XML 1.0 and HTML hold, in an element or in quotes.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not characters to XML.
            '\u{FFFE}' | '\u{FFFF}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    // A mark of Arabic that turns what follows round; the others are no safe text already.
    let safe = words.join(" ").replace('\u{061C}', "\u{FFFD}");
    SafeText::plain(safe).as_str().to_owned()
}

/// A JSON value whose every text is one line that turns nothing round.
pub(crate) fn safe_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(one_line(&text)),
        Value::Array(values) => values.into_iter().map(safe_json).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(name, value)| (one_line(&name), safe_json(value))).collect()
        }
        other => other,
    }
}

/// White space for any of the regex engines that will judge the document: U+FEFF is one to
/// ECMAScript only.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '\u{FEFF}'
}

pub(crate) fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let chars: Vec<char> = line.chars().collect();
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    for (at, c) in chars.iter().enumerate() {
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '~' | '^' | '{' | '}' | '|' => true,
            // Inside a word it means nothing, and file names are full of it.
            '_' => {
                let word = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric());
                !(word(at.checked_sub(1).and_then(|at| chars.get(at))) && word(chars.get(at + 1)))
            }
            // What begins a heading or a list does so only at the start of a line.
            '#' | '-' | '+' | '=' => at == 0,
            '.' | ')' => digits > 0 && at == digits,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_trimmed_joined_and_never_empty() {
        assert_eq!(Line::of(" a\r\n\tb\u{2028}c \u{FEFF}").as_str(), "a b c");
        assert_eq!(Line::of("\u{FEFF} \n").as_str(), NOTHING);
        assert_eq!(Line::of("a\u{202E}b").as_str(), "a\u{FFFD}b");
    }

    #[test]
    fn markup_of_a_hostile_repository_is_only_text() {
        let markup = Markup::of("<script>x</script> [a](javascript:b) `c` {{ insert: d }}");
        assert_eq!(
            markup.0,
            r"\<script\>x\</script\> \[a\](javascript:b) \`c\` \{\{ insert: d \}\}"
        );
        assert_eq!(Markup::of("1. a").0, r"1\. a");
        assert_eq!(Markup::of("# a").0, r"\# a");
        assert_eq!(Markup::of("snake_case __init__.py").0, r"snake_case \_\_init\_\_.py");
    }

    #[test]
    fn the_end_of_time_is_a_year_that_can_be_written() {
        let text = |at| serde_json::to_string(&Moment::of(at)).unwrap();
        assert_eq!(text(Timestamp::MAX), "\"2999-12-31T23:59:59Z\"");
        assert_eq!(text(Timestamp::MIN), "\"1900-01-01T00:00:00Z\"");
        assert_eq!(text("2026-01-02T03:04:05Z".parse().unwrap()), "\"2026-01-02T03:04:05Z\"");
    }

    proptest! {
        #[test]
        fn markup_gives_its_line_back(text in any::<String>()) {
            prop_assert_eq!(Markup::of(&text).plain(), Line::of(&text).0);
        }

        #[test]
        fn a_line_fits_the_string_type_of_oscal(text in any::<String>()) {
            let line = Line::of(&text).0;
            prop_assert_eq!(line.trim(), &line);
            prop_assert!(!line.is_empty() && !line.contains(is_space_but_blank));
        }
    }

    fn is_space_but_blank(c: char) -> bool {
        c != ' ' && is_space(c)
    }
}
