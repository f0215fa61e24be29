//! What a value says by itself.

use super::letters::wordness;
use super::name::{Named, is_label};
use super::other::{STORED_HASHES, is_number, is_place, is_sealed, is_uuid, is_walk};
use super::weights::Weights;
use crate::detector::placeholder::{has_sequence, is_repeated, is_template};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Shorter ones are words and numbers.
const LEAST: usize = 4;

/// The least that a generated key has.
pub(super) const LEAST_HEX: usize = 16;

/// The least in which figures strewn among letters say much.
const LEAST_MIXED: usize = 10;

/// The least in which a figure between letters says something.
const LEAST_STREWN: usize = 6;

/// Fewer letters than this, and nothing else, tell nothing.
const LEAST_WORD: usize = 6;

/// The least in which blocks of letters and figures in turn say much.
const LEAST_BLOCKS: usize = 20;

/// More letters in a row than this may be a word.
const MOST_OF_BLOCK: usize = 5;

/// The least that walks along the alphabet.
const LEAST_WALK: usize = 6;

/// The longest word before a mark that is taken for the beginning of a key, and no part of it.
const MOST_OF_PREFIX: usize = 16;

/// What a program makes is at least this long; people make shorter ones.
const LEAST_MADE: usize = 8;

/// From here on chance is out of the question.
const LONG: usize = 32;

/// Letters that are no word and mean none.
const SHORT_FORMS: &[&str] = &[
    "pwd", "psw", "pswd", "passwd", "pw", "usr", "cfg", "ctx", "tmp", "str", "msg", "utf", "iso",
    "xyz", "foo", "bar", "baz", "qux", "btn", "src", "dst", "req", "res", "http", "https", "html",
    "xml", "json", "jwt", "rsa", "aes", "sql", "ssh", "ssl", "tls", "uuid", "guid", "md", "sha",
    "hmac", "oauth",
];

/// What such a form counts as a word, in bits.
const SHORT_FORM: f32 = 6.0;

/// Prose has more words than this; a pass phrase may have as many.
const MOST_WORDS: usize = 4;

/// A value between its quotes, or without any.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) at: Range<usize>,
    pub(super) is_quoted: bool,
}

impl Value {
    /// All of what stands here, as in a cell of a table.
    pub(super) fn whole(at: Range<usize>) -> Option<Self> {
        (at.len() >= LEAST).then_some(Self { at, is_quoted: true })
    }

    /// Takes off quotes and what does not belong to a value that has none.
    pub(super) fn split(bytes: &[u8], raw: Range<usize>) -> Option<Self> {
        let text = &bytes[raw.clone()];
        let is_quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`');
        // `\"` within a string; `@"`, `b"` and their like.
        let kinds = text.iter().take(3).take_while(|byte| b"\\@$bBrRfFuULN".contains(byte)).count();
        let open = if text.get(kinds).copied().is_some_and(is_quote) { kinds } else { 0 };
        let quote = text.get(open).copied().filter(|byte| is_quote(*byte));
        if let Some(quote) = quote {
            let from = raw.start + open + 1;
            let to = if text.last() == Some(&quote) && text.len() > open + 1 {
                raw.end - 1
            } else {
                raw.end
            };
            let to = if text[0] == b'\\' && bytes[from..to].ends_with(b"\\") { to - 1 } else { to };
            let inner = &bytes[from..to];
            let left = inner.len() - inner.trim_ascii_start().len();
            let at = from + left..from + inner.trim_ascii_end().len().max(left);
            return (at.len() >= LEAST).then_some(Self { at, is_quoted: true });
        }
        if text[0] == b'&' && text.ends_with(b"&") {
            // An entity in place of a quote.
            let from = raw.start + text.iter().position(|byte| *byte == b';')? + 1;
            let at = from..raw.end - 1;
            return (at.len() >= LEAST).then_some(Self { at, is_quoted: true });
        }
        let mut end = text.len();
        // `a=x&b=y`: the next parameter is not part of the value.
        if let Some(and) = text.iter().position(|byte| *byte == b'&') {
            end = and;
        }
        let opens = |end: usize, byte: u8| text[..end].contains(&byte);
        while end > 0 {
            let cut = match text[end - 1] {
                b')' => !opens(end, b'('),
                b'}' => !opens(end, b'{'),
                b']' => !opens(end, b'['),
                b'.' | b',' | b';' | b':' | b'\\' | b'"' | b'\'' => true,
                _ => false,
            };
            if !cut {
                break;
            }
            end -= 1;
        }
        let at = raw.start..raw.start + end;
        (at.len() >= LEAST).then_some(Self { at, is_quoted: false })
    }
}

/// How many values are remembered.
const MOST_VALUES: usize = 8192;

/// What was said of values: versions of a file hold the same, again and again. They are known by
/// hashes that are keyed anew in each run, so that no secret is kept.
#[derive(Default)]
struct Known {
    keys: [RandomState; 2],
    said: HashMap<[u64; 2], Option<f32>>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// Weighs a value that has such a name, or remembers what it was found to be worth; `None` when it is
/// something else than a secret.
pub(super) fn weigh(text: &[u8], named: Named, weights: &Weights) -> Option<f32> {
    KNOWN.with_borrow_mut(|Known { keys, said }| {
        let key = keys.each_ref().map(|key| key.hash_one((text, named.key())));
        if let Some(worth) = said.get(&key) {
            return *worth;
        }
        let worth = weighed(text, named, weights);
        if said.len() == MOST_VALUES {
            said.clear();
        }
        said.insert(key, worth);
        worth
    })
}

fn weighed(text: &[u8], named: Named, weights: &Weights) -> Option<f32> {
    let value = std::str::from_utf8(text).ok()?;
    if !named.is_password && text.len() < LEAST_MADE {
        return None;
    }
    let strange = text.iter().filter(|byte| !byte.is_ascii()).count();
    if strange * 2 > text.len() || is_number(value) || is_walk(value) || is_repeated(text) {
        return None;
    }
    // `acme_`: what values begin with.
    if text.len() < LEAST_HEX && matches!(text.last(), Some(b'_' | b'-')) {
        return None;
    }
    if value.chars().any(char::is_control)
        || is_sealed(value)
        || is_place(value)
        || is_template(value)
        || is_label(value)
        || text.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count() < 3
    {
        return None;
    }
    let strength = strength(value, named, weights)?;
    (strength >= named.needs || named.is_password && strength > weights.words_most / 2.0)
        .then_some(strength)
}

fn strength(value: &str, named: Named, weights: &Weights) -> Option<f32> {
    let text = value.as_bytes();
    let lower = text.to_ascii_lowercase();
    let starts = |all: &[&str]| {
        all.iter().any(|start| lower.starts_with(start.to_ascii_lowercase().as_bytes()))
    };
    if starts(STORED_HASHES) {
        return Some(weights.stored_hash);
    }
    if is_uuid(text) {
        return Some(weights.uuid);
    }
    let figures = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if figures == text.len() {
        return match text.len() {
            0..6 if !named.is_password => None,
            0..12 => Some(weights.digits),
            _ => Some(weights.digits_long),
        };
    }
    let has_letters = text.iter().any(u8::is_ascii_alphabetic);
    if text.len() >= LEAST_HEX
        && text.iter().all(u8::is_ascii_hexdigit)
        && figures > 1
        && has_letters
    {
        return Some(weights.hex + if text.len() >= LONG { weights.long } else { 0.0 });
    }
    let blanks = value_words(text);
    if blanks > MOST_WORDS {
        return None;
    }
    let mut sum = by_letters(&plain(value), weights);
    // `acme_live_` before what a generator made says nothing against it.
    if let Some(made) = behind_words(text) {
        sum = sum.max(by_letters(made, weights));
    }
    if is_mixed(text, figures) && sum > weights.words_most / 2.0 || is_in_blocks(text, figures) {
        sum = sum.max(weights.mixed) + if text.len() >= LONG { weights.long } else { 0.0 };
    } else if blanks == 1 && is_strewn(text) && sum > weights.words_most / 2.0 {
        sum = sum.max(0.0) + weights.strewn;
    }
    let is_numbered_label = || is_label(value.trim_end_matches(|c: char| c.is_ascii_digit()));
    if named.is_chosen() && blanks == 1 && is_chosen(text) && !is_numbered_label() {
        sum = sum.max(weights.chosen);
    }
    if text.len() < LEAST_WORD && text.iter().all(u8::is_ascii_alphabetic) {
        sum += weights.short;
    }
    if blanks > 1 {
        sum += weights.spaces;
    }
    let is_mark = |byte: &u8| {
        matches!(byte, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'+' | b'~' | b'?')
    };
    if blanks == 1 && text.iter().any(is_mark) {
        sum += weights.marks;
    }
    Some(sum)
}

/// What stands behind the words that a value begins with, where that looks generated by itself.
fn behind_words(text: &[u8]) -> Option<&[u8]> {
    let is_mark = |byte: &u8| matches!(byte, b'_' | b'-');
    let mut rest = text;
    while let Some(at) = rest.iter().position(is_mark) {
        let is_word =
            (2..=MOST_OF_PREFIX).contains(&at) && rest[..at].iter().all(u8::is_ascii_alphabetic);
        if !is_word {
            break;
        }
        rest = &rest[at + 1..];
    }
    let figures = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_made = rest.len() < text.len() && rest.len() >= LEAST_HEX && is_mixed(rest, figures);
    is_made.then_some(rest)
}

/// Whether somebody typed what stands for an issued key: it walks along the alphabet or the figures,
/// and has the letters of a key.
pub(super) fn is_typed_key(text: &[u8]) -> bool {
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+/=%~".contains(byte);
    let Ok(value) = std::str::from_utf8(text) else { return false };
    let is_word = |piece: &&[u8]| {
        piece.len() > 1 && piece.iter().all(u8::is_ascii_lowercase) && !has_sequence(piece)
    };
    let words = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(is_word).count();
    has_sequence(text)
        && words < 2
        && text.iter().all(is_of_key)
        && !(repeats_little(text) || is_number(value) || is_place(value) || is_sealed(value))
}

/// Whether the value is a short text again and again, and so short that it is a mask. Who walks
/// along the alphabet may well begin anew.
fn repeats_little(text: &[u8]) -> bool {
    is_repeated(text) && is_repeated(&text[..text.len().min(2 * LEAST_WALK - 1)])
}

/// What it says that a value walks along the alphabet or the figures; `None` when it does little
/// else.
pub(super) fn walk(text: &[u8], weights: &Weights) -> Option<f32> {
    match has_sequence(text) {
        false => Some(0.0),
        true => (text.len() >= LEAST_HEX).then_some(weights.sequence),
    }
}

fn value_words(text: &[u8]) -> usize {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count()
}

/// Letters that look like chance speak for a secret, words against it.
fn by_letters(text: &[u8], weights: &Weights) -> f32 {
    let mut sum = 0.0;
    let mut start = 0;
    for at in 0..=text.len() {
        let ends = match text.get(at) {
            None => true,
            Some(byte) if !byte.is_ascii_alphabetic() => true,
            Some(byte) => {
                at > start && byte.is_ascii_uppercase() && text[at - 1].is_ascii_lowercase()
            }
        };
        if ends {
            let run = text[start..at].to_ascii_lowercase();
            if SHORT_FORMS.iter().any(|form| form.as_bytes() == run) {
                sum -= SHORT_FORM;
            } else if run.len() >= 2 {
                sum -= wordness(&run);
            }
            start = if text.get(at).is_some_and(u8::is_ascii_alphabetic) { at } else { at + 1 };
        }
    }
    (sum * weights.letters).clamp(weights.words_most, weights.letters_most)
}

/// Figures strewn among letters, or cases changed back and forth.
fn is_mixed(text: &[u8], figures: usize) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let pairs = text.windows(2).filter(|pair| {
        let (one, other) = (class(pair[0]), class(pair[1]));
        one != other && one != 3 && other != 3
    });
    let changes = pairs.count();
    // The capital of a word changes once for five letters and more.
    let needed = if figures >= 2 { 4 } else { 2 };
    text.len() >= LEAST_MIXED && figures >= 1 && changes * needed >= text.len()
}

/// Blocks of few letters and figures in turn, with hardly a mark between them.
fn is_in_blocks(text: &[u8], figures: usize) -> bool {
    let is_run = |run: &[u8]| run.len() <= MOST_OF_BLOCK;
    let marks = text.iter().filter(|byte| b"-._".contains(byte)).count();
    let others = text.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    text.len() >= LEAST_BLOCKS
        && marks == others
        && marks * MOST_OF_BLOCK <= text.len()
        && figures * 4 >= text.len()
        && figures * 4 <= text.len() * 3
        && text.split(|byte| !byte.is_ascii_alphabetic()).all(is_run)
}

/// A word with figures, or with a mark in it: what people make up who are asked for a password.
fn is_chosen(text: &[u8]) -> bool {
    let is_within = |three: &[u8]| {
        three[0].is_ascii_alphabetic()
            && matches!(three[1], b'$' | b'#')
            && three[2].is_ascii_alphabetic()
    };
    let has_figure = text.iter().any(u8::is_ascii_digit);
    text.len() >= LEAST_MADE
        && text.iter().any(u8::is_ascii_alphabetic)
        && !text.iter().any(|byte| b"_-./:\\=<>()[]{}|,;%&".contains(byte))
        && (has_figure || text.windows(3).any(is_within))
}

/// A figure between two letters.
fn is_strewn(text: &[u8]) -> bool {
    let is_between = |three: &[u8]| {
        three[0].is_ascii_alphabetic()
            && three[1].is_ascii_digit()
            && three[2].is_ascii_alphabetic()
    };
    text.len() >= LEAST_STREWN && text.windows(3).any(is_between)
}

/// Letters without their accents, byte for letter.
fn plain(value: &str) -> Vec<u8> {
    let letter = |letter: char| match letter {
        'à'..='å' | 'À'..='Å' => b'a',
        'è'..='ë' | 'È'..='Ë' => b'e',
        'ì'..='ï' | 'Ì'..='Ï' => b'i',
        'ò'..='ö' | 'Ò'..='Ö' => b'o',
        'ù'..='ü' | 'Ù'..='Ü' => b'u',
        'ç' | 'Ç' => b'c',
        'ñ' | 'Ñ' => b'n',
        letter => u8::try_from(letter).ok().filter(u8::is_ascii).unwrap_or(b' '),
    };
    value.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength_of(text: &str) -> Option<f32> {
        let weights = Weights::get();
        weigh(text.as_bytes(), weights.given, weights)
    }

    #[test]
    fn chance_is_stronger_than_words() {
        let prefixed = ["surveyor_", "xM0x2W7bFg6u", "Gz5L6v3bNm"].concat();
        assert!(strength_of(&prefixed).is_some_and(|strength| strength > 2.0), "{prefixed}");
        for text in ["jzkqvw", "qx7fkz2m", "vQ8mZr2LkT5xWn7B", "3f9c1e77a0b2d4583f9c1e77a0b2d458"] {
            assert!(strength_of(text).is_some_and(|strength| strength > 2.0), "{text}");
        }
        for text in ["administrator", "letmein", "my secret", "l\u{e8}tmein"] {
            assert!(strength_of(text).is_none_or(|strength| strength < -2.0), "{text}");
        }
    }

    #[test]
    fn a_password_may_be_a_word_with_figures() {
        let weights = Weights::get();
        for text in ["sunshine42", "Summer2024!", "horse$staple", "thisIsDog11"] {
            assert!(strength_of(text).is_some_and(|of| of >= weights.chosen), "{text}");
        }
        for text in ["sunshine", "password2", "user_name_1", "page2 of 3", "pass%20word"] {
            assert!(strength_of(text).is_none_or(|of| of < weights.chosen), "{text}");
        }
        let issued = weigh(b"sunshine42", weights.issued(), weights);
        assert!(issued.is_none_or(|of| of < weights.chosen));
    }

    #[test]
    fn what_is_something_else_is_no_secret() {
        for text in [
            "/etc/ssl/private.pem",
            "https://example.org/login",
            "user@example.org",
            "${PASSWORD}",
            "{{ password }}",
            "1.2.840.113549",
            "0xC000006A",
            "asdfgh",
            "ENC[AES256,data]",
            "[A-Za-z0-9]{8,}",
            "ssh-rsa AAAAB3Nza",
            "abcabcabcabc",
        ] {
            assert_eq!(strength_of(text), None, "{text}");
        }
    }

    #[test]
    fn quotes_and_what_follows_are_no_part_of_a_value() {
        let at = |text: &str| {
            let value = Value::split(text.as_bytes(), 0..text.len()).unwrap();
            text[value.at].to_owned()
        };
        assert_eq!(at("\"vq8mzr\""), "vq8mzr");
        assert_eq!(at("@'vq8mzr'"), "vq8mzr");
        assert_eq!(at("\\\"vq8mzr\\\""), "vq8mzr");
        assert_eq!(at("vq8mzr);"), "vq8mzr");
        assert_eq!(at("vq8mzr&next=1"), "vq8mzr");
    }
}
