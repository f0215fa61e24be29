//! What the rest of the line says of a value.

use super::name::{self, bare};
use super::value::Value;
use super::weights::Weights;
use crate::detector::matcher::Match;
use crate::detector::trace::LINE_LIMIT;
use quietus_model::Judge;
use std::ops::Range;

/// How far before a value the words that say what it is may stand, in bytes.
const NEAR: usize = 60;

/// How far before and after a value bytes tell whether it stands in a text, in bytes.
const NEIGHBOURS: usize = 256;

/// What a value that is a digest is called nearby.
const HASHES: &[&str] = &[
    "sha1",
    "sha-1",
    "sha256",
    "sha512",
    "sha384",
    "md5",
    "checksum",
    "digest",
    "integrity",
    "fingerprint",
    "thumbprint",
    "commit",
    "etag",
    "revision",
    "\"sha\"",
    "hash",
];

/// What may stand behind a value in a page.
const TAGS: &[&str] =
    &["", "br", "b", "i", "p", "a", "td", "tr", "li", "em", "div", "pre", "code", "span", "strong"];

/// Calls whose text says where a value is, or what a user reads.
const LOOKS_UP: &[&str] = &[
    "get",
    "getenv",
    "env",
    "environ",
    "fetch",
    "read",
    "load",
    "lookup",
    "find",
    "config",
    "configuration",
    "property",
    "prop",
    "param",
    "parameter",
    "query",
    "select",
    "require",
    "import",
    "open",
    "file",
    "path",
    "join",
    "t",
    "tr",
    "_",
    "gettext",
    "gettext_lazy",
    "translate",
    "i18n",
    "label",
    "field",
    "input",
    "header",
    "headers",
    "column",
    "register",
    "include",
    "print",
    "println",
    "printf",
    "log",
    "warn",
    "error",
    "debug",
    "info",
    "raise",
    "throw",
    "exception",
    "panic",
    "write",
    "echo",
    "regex",
    "regexp",
    "compile",
    "match",
    "test",
    "search",
    "format",
    "sprintf",
    "fail",
    "assert",
    "prompt",
    "ask",
    "getpass",
    "input_",
    "flag",
    "option",
    "attribute",
    "ref",
    "reference",
    "symbol",
    "type",
    "resolve",
    "getproperty",
    "getattribute",
    "getparameter",
    "getstring",
    "optstring",
    "setting",
    "concat",
    "sub",
    "replace",
    "split",
    "localize",
    "nslocalizedstring",
    "tostring",
    "url",
    "uri",
    "render",
    "template",
    "querystring",
    "key",
    "lazy",
    "trans",
    "pgettext",
    "ngettext",
    "locate",
    "var",
    "var_os",
    "from_env",
    "import_module",
    "bool",
    "int",
    "isset",
    "has",
    "defined",
    "exists",
];

/// The lines that a match stands on.
pub(super) struct Line<'a> {
    bytes: &'a [u8],
    start: usize,
    end: usize,
    one: &'a Match,
    value: &'a Value,
}

impl<'a> Line<'a> {
    pub(super) fn new(bytes: &'a [u8], one: &'a Match, value: &'a Value) -> Self {
        let from = one.span.start.saturating_sub(LINE_LIMIT);
        let to = one.span.end.saturating_add(LINE_LIMIT).min(bytes.len());
        let before = bytes[from..one.span.start].iter().rposition(|byte| *byte == b'\n');
        let after = bytes[one.span.end..to].iter().position(|byte| *byte == b'\n');
        let start = before.map_or(from, |at| from + at + 1);
        let end = after.map_or(to, |at| one.span.end + at);
        Self { bytes, start, end, one, value }
    }

    /// Whether the line is one that somebody could have typed. Programs and archives hold words as
    /// well, with bytes around them that no text has.
    pub(super) fn is_text(&self) -> bool {
        let from = self.start.max(self.one.span.start.saturating_sub(NEIGHBOURS));
        let to = self.end.min(self.one.span.end.saturating_add(NEIGHBOURS));
        let line = &self.bytes[from..to];
        let is_control = |byte: &u8| matches!(byte, 0x01..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
        let controls = line.iter().filter(|byte| is_control(byte)).count();
        // Latin-1 is text, and no UTF-8.
        let broken = line.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
        !line.contains(&0) && (controls * 4 + broken) * 8 <= line.len()
    }

    /// Where the line of the match begins.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// A name with what stands before the part of it that the pattern knows.
    pub(super) fn whole_name(&self, known: Range<usize>) -> Range<usize> {
        name::whole(self.bytes, self.start, known)
    }

    /// Weighs what stands around a value of this strength; `None` when it cannot be a secret.
    pub(super) fn weigh(
        &self,
        text: &[u8],
        strength: f32,
        kind: Judge,
        weights: &Weights,
    ) -> Option<f32> {
        let mut sum = 0.0;
        let between = self.between();
        if !self.value.is_quoted && self.goes_on_with_slot() {
            return None;
        }
        if kind == Judge::Assigned {
            let name = self.whole_name(self.one.span.clone()).start;
            // `badge.svg?token=` lets a page show an image.
            let lead = &self.bytes[self.start..name];
            if [&b"::"[..], b".svg?", b".png?"].iter().any(|end| lead.ends_with(end)) {
                return None;
            }
            if let Some(call) = call_in(between) {
                if !self.value.is_quoted {
                    return None;
                }
                if LOOKS_UP.contains(&&*call) {
                    sum += weights.looked_up;
                }
            }
            if !self.value.is_quoted {
                sum += self.bareness(text, strength, between, weights)?;
            }
            let name = bare(&self.bytes[self.one.span.start..self.value.at.start]);
            let value = bare(text);
            if value.len() >= 4 && (name.windows(value.len()).any(|window| window == value)) {
                sum += weights.same_as_name;
            }
        }
        let is_figures = text.iter().all(|byte| byte.is_ascii_hexdigit());
        if is_figures && self.is_near_hash() {
            sum += weights.near_hash;
        }
        Some(sum)
    }

    /// What stands between the name and the value.
    fn between(&self) -> &[u8] {
        let name = self.one.parts.iter().find(|(name, _)| &**name == "name");
        let from = name.map_or(self.one.span.start, |(_, at)| at.end);
        &self.bytes[from.min(self.value.at.start)..self.value.at.start]
    }

    /// `acme_<your-token>`, `sk-${KEY}`: only the beginning of a value is there, and what to fill in.
    fn goes_on_with_slot(&self) -> bool {
        let rest = &self.bytes[self.value.at.end..self.end];
        // What was cut off at its end joins the two.
        let rest = rest.strip_prefix(b".").or(rest.strip_prefix(b":")).unwrap_or(rest);
        if [&b"${"[..], b"{{", b"#{", b"$("].iter().any(|open| rest.starts_with(open)) {
            return true;
        }
        let close = match rest.first() {
            Some(b'<') => b'>',
            Some(b'{') => b'}',
            _ => return false,
        };
        let is_name =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ');
        let name = &rest[1..];
        let len = name.iter().take_while(|byte| is_name(byte)).count();
        name.get(len) == Some(&close) && !TAGS.iter().any(|tag| tag.as_bytes() == &name[..len])
    }

    /// Name and value stand together between quotes: a header, an argument.
    fn is_in_quotes(&self) -> bool {
        let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\');
        let name = self.whole_name(self.one.span.clone());
        let before = name.start.checked_sub(1).filter(|at| *at >= self.start);
        before.is_some_and(|at| is_quote(&self.bytes[at]))
            && self.bytes.get(self.value.at.end).is_some_and(is_quote)
    }

    fn is_near_hash(&self) -> bool {
        let from = self.start.max(self.value.at.start.saturating_sub(NEAR));
        let before = self.bytes[from..self.value.at.start].to_ascii_lowercase();
        HASHES.iter().any(|word| before.windows(word.len()).any(|window| window == word.as_bytes()))
    }

    /// A value without quotes is one in settings, and mostly a name in programs.
    fn bareness(
        &self,
        text: &[u8],
        strength: f32,
        between: &[u8],
        weights: &Weights,
    ) -> Option<f32> {
        // What fills up base 64 is no operator.
        let free = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
        let holds = |mark: &[u8]| text[..free].windows(mark.len()).any(|window| window == mark);
        // `'password = '.$value` joins texts.
        if text.starts_with(b".$") {
            return None;
        }
        if [&b"("[..], b"::", b"->", b"=>", b"==", b"&&", b"||", b"++", b"['", b"[\""]
            .iter()
            .any(|mark| holds(mark))
        {
            return None;
        }
        if matches!(
            text[0],
            b'$' | b'&' | b'*' | b'!' | b'@' | b'%' | b':' | b'#' | b'<' | b'+' | b'|' | b'?'
        ) && strength < weights.hex
        {
            return None;
        }
        let rest = &self.bytes[self.value.at.end..self.end];
        let rest = rest.trim_ascii();
        let lead = self.bytes[self.start..self.one.span.start].trim_ascii_start();
        let has_blank_before = between.iter().any(|byte| byte.is_ascii_whitespace());
        let is_colon = between.contains(&b':');
        let is_plain =
            text.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_' || *byte == b'.');
        let ends_statement = matches!(
            rest.first(),
            Some(
                b',' | b';'
                    | b')'
                    | b'}'
                    | b']'
                    | b'('
                    | b'?'
                    | b'+'
                    | b'='
                    | b'*'
                    | b'<'
                    | b'>'
                    | b'['
                    | b'|'
            )
        );
        let ends =
            rest.is_empty() || rest[0] == b'#' || rest[0] == b'\\' || rest.starts_with(b"//");
        let is_figures = text.iter().all(u8::is_ascii_digit);
        if is_figures
            && (ends_statement || has_blank_before && !between.trim_ascii().ends_with(b":"))
        {
            return None;
        }
        let starts_line = lead.is_empty()
            || lead.iter().all(|b| {
                matches!(b, b'-' | b'#' | b'/' | b'*' | b' ' | b'+' | b'"' | b'\'' | b'_')
                    || b.is_ascii_alphanumeric()
            });
        let is_flag = between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'='))
            && self.bytes[self.start..self.one.span.end].contains(&b'-');
        let is_strong = !is_plain && strength >= weights.mixed / 2.0;
        let is_element = between.trim_ascii_end().ends_with(b">") && rest.starts_with(b"</");
        let is_setting = if is_element {
            true
        } else if is_flag || self.is_in_quotes() {
            !ends_statement || is_strong
        } else if is_colon && has_blank_before {
            starts_line && ends || is_strong
        } else if has_blank_before {
            starts_line && ends && !is_plain
        } else {
            !ends_statement || is_strong
        };
        Some(if is_setting { weights.bare_in_setting } else { weights.bare_in_code })
    }
}

/// The last word of what is called between name and value: `Some(` gives some.
fn call_in(between: &[u8]) -> Option<String> {
    let open = between.iter().rposition(|byte| *byte == b'(')?;
    let before = &between[..open];
    let name = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    Some(String::from_utf8_lossy(&before[open - name..]).to_ascii_lowercase())
}
