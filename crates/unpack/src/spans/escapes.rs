//! Text in which single characters are escaped: percent, `\u0040`, `&#64;`, quoted-printable.

use super::runs::nibble;
use super::{Encoding, SHORTEST, Span};
use memchr::{memchr_iter, memchr3_iter, memmem::Finder};
use std::sync::LazyLock;

/// One way to escape.
struct Way {
    encoding: Encoding,
    trigger: u8,
    /// How many bytes an escape at the beginning of these takes, if there is one; what it says goes
    /// to the end of the others.
    unit: fn(&[u8], &mut Vec<u8>) -> Option<usize>,
    /// Whether a byte may stand between escapes.
    plain: fn(u8) -> bool,
}

static WAYS: [Way; 5] = [
    Way { encoding: Encoding::Percent, trigger: b'%', unit: percent, plain: is_unreserved },
    Way { encoding: Encoding::Escapes, trigger: b'\\', unit: escape, plain: is_in_string },
    Way { encoding: Encoding::Entities, trigger: b'&', unit: entity, plain: is_in_markup },
    Way { encoding: Encoding::QuotedPrintable, trigger: b'=', unit: quoted, plain: is_graphic },
    Way { encoding: Encoding::Colours, trigger: ESCAPE, unit: colour, plain: is_graphic },
];

/// What a colour begins with.
const ESCAPE: u8 = 0x1b;

static QUOTED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"=3D"));

/// Which way the byte at `at` may begin an escape: most of them escape nothing, as the next one shows.
fn way(text: &[u8], at: usize) -> Option<usize> {
    match (text[at], text.get(at + 1)) {
        (b'%', Some(digit)) if digit.is_ascii_hexdigit() => Some(0),
        (b'\\', Some(b'u' | b'x' | b'U' | b'/')) => Some(1),
        (b'&', Some(b'#' | b'a'..=b'z')) => Some(2),
        _ => None,
    }
}

/// Finds all of them.
pub(super) fn find(text: &[u8], found: &mut Vec<Span>) {
    let mut ends = [0; 3];
    for at in memchr3_iter(b'%', b'\\', b'&', text) {
        let Some(way) = way(text, at) else { continue };
        if at >= ends[way] {
            ends[way] = stretch(text, at, ends[way], &WAYS[way], found);
        }
    }
    // An equals sign stands everywhere; one that is quoted does not, nor does one at the end of a
    // line that goes on.
    let mut end = 0;
    for at in QUOTED.find_iter(text) {
        if at >= end {
            end = stretch(text, at, end, &WAYS[3], found);
        }
    }
    let mut end = 0;
    for at in memchr_iter(ESCAPE, text) {
        if at >= end {
            end = stretch(text, at, end, &WAYS[4], found);
        }
    }
}

/// Tells `found` of every escape that a stretch may be found by, those of one way after the others.
pub(super) fn glance(text: &[u8], mut found: impl FnMut(usize)) {
    let mut bytes = Vec::new();
    for at in memchr3_iter(b'%', b'\\', b'&', text) {
        let Some(way) = way(text, at) else { continue };
        bytes.clear();
        if (WAYS[way].unit)(&text[at..], &mut bytes).is_some() {
            found(at);
        }
    }
    for at in memchr_iter(ESCAPE, text) {
        found(at);
    }
    QUOTED.find_iter(text).for_each(found);
}

/// The stretch round an escape at `at`, but not before `from`. Returns where it ends.
fn stretch(text: &[u8], at: usize, from: usize, way: &Way, found: &mut Vec<Span>) -> usize {
    let mut bytes = Vec::new();
    let Some(first) = (way.unit)(&text[at..], &mut bytes) else { return at + 1 };
    let start = start_of(text, at, from, way);
    bytes.clear();
    // What lies before an escape that is one may hold triggers that are none.
    bytes.extend_from_slice(&text[start..at]);
    let mut end = at + first;
    (way.unit)(&text[at..], &mut bytes);
    while let Some(&byte) = text.get(end) {
        if byte == way.trigger {
            let Some(len) = (way.unit)(&text[end..], &mut bytes) else { break };
            end += len;
        } else if (way.plain)(byte) {
            bytes.push(byte);
            end += 1;
        } else {
            break;
        }
    }
    push(Span { range: start..end, encoding: way.encoding, bytes }, found);
    end
}

fn start_of(text: &[u8], at: usize, from: usize, way: &Way) -> usize {
    let before = &text[from..at];
    let plain = |&byte: &u8| byte != way.trigger && (way.plain)(byte);
    from + before.iter().rposition(|byte| !plain(byte)).map_or(0, |last| last + 1)
}

fn push(span: Span, found: &mut Vec<Span>) {
    // Control characters are what nobody escapes in a secret.
    let control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0);
    if span.bytes.len() >= SHORTEST && !span.bytes.iter().any(control) {
        found.push(span);
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    Some(digits.iter().fold(0, |value: u32, &digit| value << 4 | u32::from(nibble(digit))))
}

fn put(code: u32, out: &mut Vec<u8>) {
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn percent(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.push(hex(text.get(1..3)?)? as u8);
    Some(3)
}

fn escape(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    match text.get(1)? {
        b'/' => {
            out.push(b'/');
            Some(2)
        }
        b'x' => {
            out.push(hex(text.get(2..4)?)? as u8);
            Some(4)
        }
        b'u' if text.get(2) == Some(&b'{') => {
            let len = text[3..].iter().take(7).position(|&byte| byte == b'}')?;
            put(hex(&text[3..3 + len])?, out);
            Some(4 + len)
        }
        b'u' => {
            let first = hex(text.get(2..6)?)?;
            let second = text.get(6..12).filter(|next| next.starts_with(b"\\u"));
            let second = second.and_then(|next| hex(&next[2..]));
            match (first, second) {
                (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                    put(0x1_0000 + ((first - 0xd800) << 10 | (low - 0xdc00)), out);
                    Some(12)
                }
                _ => {
                    put(first, out);
                    Some(6)
                }
            }
        }
        b'U' => {
            put(hex(text.get(2..10)?)?, out);
            Some(10)
        }
        _ => None,
    }
}

/// The names that XML has, and what else stands for punctuation in passwords.
const NAMES: [(&[u8], u8); 11] = [
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"equals", b'='),
    (b"commat", b'@'),
    (b"colon", b':'),
    (b"sol", b'/'),
    (b"plus", b'+'),
    (b"num", b'#'),
];

pub(crate) fn entity(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let len = text.get(1..)?.iter().take(10).position(|&byte| byte == b';')?;
    let name = &text[1..1 + len];
    let code = match name {
        [b'#', b'x' | b'X', digits @ ..] => hex(digits)?,
        [b'#', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            digits.iter().fold(0, |value: u32, digit| value * 10 + u32::from(digit - b'0'))
        }
        _ => NAMES.iter().find(|(known, _)| *known == name)?.1.into(),
    };
    put(code, out);
    Some(len + 2)
}

pub(crate) fn quoted(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    match text.get(1..)? {
        [b'\n', ..] => Some(2),
        [b'\r', b'\n', ..] => Some(3),
        [high, low, ..] => {
            out.push(hex(&[*high, *low])? as u8);
            Some(3)
        }
        _ => None,
    }
}

/// A blank in place of a colour, because a word ends there: `m` would be taken for a letter of it.
fn colour(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let told = text.get(1..)?.strip_prefix(b"[")?;
    let len = told.iter().take(24).position(|byte| !byte.is_ascii_digit() && *byte != b';')?;
    matches!(told[len], b'm' | b'K').then(|| out.push(b' '))?;
    Some(len + 3)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b':' | b'/' | b'@')
}

fn is_in_string(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | 0x7f)
}

fn is_in_markup(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'&' | 0x7f)
}

fn is_graphic(byte: u8) -> bool {
    byte.is_ascii_graphic()
}
