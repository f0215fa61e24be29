//! What stands where a secret would, and is none: references, masks, runs and words.

use std::collections::HashSet;

use super::words::{COMMON, REFERENCES, SHORT_WORDS, TYPED, WHOLE, WORDS};

/// Longer values are keys and tokens that hold any short word by chance.
const LONGEST_WITH_WORDS: usize = 128;

/// What a generator that uses all marks makes is at least this long, and has as many kinds of marks
/// and as many figures.
const LEAST_STREWN: usize = 40;
const LEAST_KINDS: usize = 6;
const LEAST_FIGURES: usize = 3;

/// What stands beside zeros in a value that was generated.
const LEAST_BESIDE_ZEROS: usize = 40;

/// How many figures people put behind a word that must have some.
const MOST_AT_END: usize = 4;

/// Equal or consecutive characters that nobody's generator makes by chance.
const RUN: usize = 6;

/// Whether the value names a place where the secret is kept, or a template to be filled.
pub(crate) fn is_reference(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if REFERENCES.iter().any(|start| lower.starts_with(start)) {
        return true;
    }
    let wrapped = |open: &str, close: &str| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    let holds = |open: &str, close: &str| {
        text.find(open).is_some_and(|at| text[at + open.len()..].contains(close))
    };
    let name_of = |inner: &str| is_identifier(inner.as_bytes());
    let between = |mark: char| {
        text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)).is_some_and(name_of)
    };
    holds("${", "}")
        || holds("{{", "}}")
        || holds("<%", "%>")
        || holds("#{", "}")
        || text.starts_with("$(")
        || text.strip_prefix('$').is_some_and(name_of)
        || text.strip_prefix(':').is_some_and(name_of)
        || between('%')
        || between('@')
        || between('_') && lower.starts_with("__")
        || wrapped("{", "}") && text[1..text.len() - 1].bytes().all(is_name_byte)
        || matches!(text, "%s" | "%d" | "%v" | "%q" | "{}" | "?")
        || text.starts_with("%(") && text.ends_with(")s")
        || lower.starts_with("projects/") && lower.contains("/secrets/")
}

/// Whether the value has places to fill in, or is an expression or a pattern.
pub(crate) fn is_template(value: &str) -> bool {
    let holds = |text: &str| value.contains(text);
    holds("{}")
        || holds("{0}")
        || holds("${")
        || holds("{{")
        || holds("#{")
        || holds("<%")
        || holds("\" +")
        || holds("' +")
        || holds(" + ")
        || value.starts_with("+ ")
        || value.ends_with(" +")
        || holds("a-z")
        || holds("A-Z")
        || holds("[0-9")
        || value.starts_with("0-9")
        || has_slot(value)
        || value.starts_with('<') && value.ends_with('>')
        || value.starts_with('[') && value.ends_with(']')
        || value.starts_with('{') && value.ends_with('}') && !value.contains(':')
        || !is_strewn_with_marks(value) && has_directive(value)
}

/// Two characters that mean something in a format, a pattern or a shell, and stand side by side by
/// chance in a key that is made of all marks.
fn has_directive(value: &str) -> bool {
    let holds = |text: &str| value.contains(text);
    let percents = value.matches('%').count();
    ["%s", "%d", "%v", "%(", "$(", "\\(", "(?", "\\d", "]+", ".*", "]{"].into_iter().any(holds)
        || percents * 6 > value.len() + 6 && percents > 1
}

/// Whether as many kinds of marks stand among letters and figures as only a generator puts there.
fn is_strewn_with_marks(value: &str) -> bool {
    let kinds: HashSet<u8> = value.bytes().filter(u8::is_ascii_punctuation).collect();
    let is_made = |test: fn(&u8) -> bool| value.bytes().filter(test).count() >= LEAST_FIGURES;
    value.len() >= LEAST_STREWN
        && !value.contains(' ')
        && kinds.len() >= LEAST_KINDS
        && is_made(u8::is_ascii_digit)
        && is_made(u8::is_ascii_lowercase)
}

/// `{name}` within a text.
fn has_slot(value: &str) -> bool {
    let is_name = |name: &str| {
        name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    value.split('{').skip(1).any(|rest| rest.split_once('}').is_some_and(|(name, _)| is_name(name)))
}

/// Whether the value is a password that half the world has, with figures or a mark at its end or
/// without: a default, an example, or one that is in use.
pub(crate) fn is_common_password(value: &[u8]) -> bool {
    let lower = lower(value.trim_ascii());
    let is_end = |byte: &&u8| byte.is_ascii_digit() || **byte == b'!';
    let end = lower.iter().rev().take_while(is_end).count();
    let is_one = |text: &[u8]| COMMON.iter().any(|word| text == word.as_bytes());
    is_one(&lower) || end <= MOST_AT_END && is_one(&lower[..lower.len() - end])
}

/// Whether the value is a mask, a run, or words, instead of a secret.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    is_made_up(value) || has_sequence(value)
}

/// Whether the value is a mask, one character again and again, or words.
pub(crate) fn is_made_up(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    if value.is_empty() || is_mask(value) || has_low_variety(value) {
        return true;
    }
    value.len() <= LONGEST_WITH_WORDS
        && (walks(value, 0) && !holds_zeros(value)
            || has_gap(value)
            || has_words(value)
            || is_described(value))
}

/// Whether the value walks along the alphabet, the figures or a keyboard: typed, and not generated.
/// People type test data so, and now and then a password.
pub(crate) fn has_sequence(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let is_typed = || {
        let lower = lower(value);
        TYPED.iter().any(|word| lower.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    value.len() <= LONGEST_WITH_WORDS
        && (walks(value, 1)
            || walks(value, -1)
            || value.windows(10).any(|window| window == b"1234567890")
            || is_typed())
}

/// What [`is_made_up`] is to a value that is words by its format: a mask, one character again and
/// again, or the same few words.
pub(crate) fn is_mask_of_words(value: &[u8]) -> bool {
    let words: Vec<&[u8]> =
        value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    let mut different = words.clone();
    different.sort_unstable();
    different.dedup();
    different.len() * 2 < words.len()
        || value.is_empty()
        || is_mask(value)
        || has_low_variety(value)
        || walks(value, 0)
        || has_gap(value)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ')
}

fn is_identifier(name: &[u8]) -> bool {
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// Mostly mask characters.
fn is_mask(value: &[u8]) -> bool {
    let masks =
        value.iter().filter(|b| matches!(b, b'*' | b'.' | b'x' | b'X' | b'#' | b'-')).count();
    let bullets = value.windows(3).filter(|w| *w == "•".as_bytes() || *w == "…".as_bytes()).count();
    (masks + bullets * 3) * 4 >= value.len() * 3
}

fn has_low_variety(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    value.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let kinds = seen.iter().filter(|seen| **seen).count();
    kinds == 1 || (value.len() >= 8 && kinds == 2) || (value.len() >= 16 && kinds < 5)
}

/// One short text again and again: no proof where a format says that the value is a token.
pub(crate) fn is_repeated(text: &[u8]) -> bool {
    (1..=text.len().min(16) / 2)
        .any(|unit| text.len() >= 8 && text.chunks(unit).all(|chunk| text.starts_with(chunk)))
}

/// Whether each character is so many steps from the one before.
fn walks(value: &[u8], step: i16) -> bool {
    value.windows(RUN).any(|run| {
        run.iter().all(u8::is_ascii_alphanumeric)
            && run.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step)
    })
}

/// Zeros of a binary format in base 64, with as much else as a key has.
fn holds_zeros(value: &[u8]) -> bool {
    let others: Vec<u8> = value.iter().copied().filter(|byte| *byte != b'A').collect();
    others.len() >= LEAST_BESIDE_ZEROS && !walks(&others, 0)
}

/// An ellipsis or asterisks where the middle was left out.
fn has_gap(value: &[u8]) -> bool {
    value.windows(3).any(|w| matches!(w, b"..." | b"***") || w == "…".as_bytes())
}

fn lower(value: &[u8]) -> Vec<u8> {
    value.to_ascii_lowercase()
}

fn has_words(value: &[u8]) -> bool {
    let lower = lower(value);
    let bare: Vec<u8> =
        lower.iter().copied().filter(|b| !matches!(b, b'-' | b'_' | b' ')).collect();
    let holds = |word: &str| lower.windows(word.len()).any(|window| window == word.as_bytes());
    WORDS.iter().any(|word| holds(word))
        || WHOLE.iter().any(|word| bare == word.as_bytes())
        || lower
            .split(|b| !b.is_ascii_alphanumeric())
            .any(|piece| SHORT_WORDS.iter().any(|word| piece == word.as_bytes()))
}

/// A description of the value in the value's place: `<token>`, `[TOKEN]`, `MY_API_KEY`,
/// `put-your-key-here`.
fn is_described(value: &[u8]) -> bool {
    let wrapped = matches!(
        (value.first(), value.last()),
        (Some(b'<'), Some(b'>')) | (Some(b'['), Some(b']'))
    );
    let lower = lower(value);
    let holds = |word: &[u8]| lower.windows(word.len()).any(|window| window == word);
    let words_only =
        value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' '));
    let has_mark = value.iter().any(|b| matches!(b, b'_' | b'-' | b' '));
    let kind = [&b"key"[..], b"token", b"secret", b"password", b"passwd", b"credential"]
        .iter()
        .any(|word| holds(word));
    wrapped || (words_only && has_mark && (kind || lower.ends_with(b"here")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_known_by_their_syntax() {
        for text in [
            "$NAME",
            "${NAME}",
            "$(cmd)",
            "%NAME%",
            "@NAME@",
            "{{ name }}",
            "${{ secrets.X }}",
            "<%= x %>",
            "#{x}",
            "{0}",
            "%s",
            ":name",
            "env(\"X\")",
            "process.env.X",
            "os.environ[\"X\"]",
            "ENV['X']",
            "!Ref X",
            "vault:path#key",
            "op://vault/item",
            "arn:aws:secretsmanager:eu-west-1:1:secret:x",
            "projects/p/secrets/s/versions/1",
            "ref+awsssm://x",
            "ENC[AES256_GCM,data:x]",
            "prefix-${NAME}",
            "%(password)s",
        ] {
            assert!(is_reference(text.as_bytes()), "{text}");
        }
        for text in ["Tr0ub4dor&3", "$2b$10$abcdefghijk", "pa$$w0rd", "a{b", "100%sure", "x@y"] {
            assert!(!is_reference(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn placeholders_are_known_by_what_they_say() {
        for text in [
            "<your-token>",
            "[TOKEN]",
            "YOUR_API_KEY",
            "my-secret-key",
            "INSERT_TOKEN_HERE",
            "REPLACE_ME",
            "CHANGE_ME",
            "changeme",
            "TODO",
            "xxx",
            "xxxxxxxxxxxx",
            "****",
            "....",
            "9fk2-...-abcd",
            "aaaaaa",
            "k3aaaaaav9",
            "zq123456zq",
            "q987654q",
            "abababababab",
            "this-is-a-test-1",
            "password",
            "Pass_Word",
            "foo",
            "null",
            "hunter2",
            "EXAMPLEKEY",
            "ac1bac1bac1bac1bac1b",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn zeros_in_base_64_are_no_mask_beside_a_key() {
        let key = ["vQ8mZr2LkT5xWn7BqJ3H", "fYc9DgPs4KtMw6RvXb1N", "zEyU0aIoLhGe"].concat();
        assert!(!is_placeholder(format!("{key}{}", "A".repeat(12)).as_bytes()));
        assert!(is_placeholder(format!("{}{}", &key[..30], "A".repeat(12)).as_bytes()));
        assert!(is_placeholder(format!("{key}{}", "x".repeat(12)).as_bytes()));
        assert!(is_placeholder("A".repeat(60).as_bytes()));
    }

    #[test]
    fn templates_are_known_by_their_marks() {
        for text in ["%s:%s", "{0}-key", "x{{y", "a + b", "[A-Za-z0-9]{8,}", "\\d+", "<token>"] {
            assert!(is_template(text), "{text}");
        }
        for text in ["Tr0ub4dor&3", "100% sure", "a+b", "{\"a\":1}", "k[3]v"] {
            assert!(!is_template(text), "{text}");
        }
    }

    #[test]
    fn a_key_of_all_marks_holds_a_directive_by_chance() {
        let key = ["_du9e^cmk7o!%(^+=gr@cu@", "v9-v7ulhbk2s3!w&39w4+n3*k*$"].concat();
        assert!(!is_template(&key));
        assert!(is_template(&key[8..30]));
        assert!(is_template(&format!("{key}${{x}}")));
    }

    #[test]
    fn random_values_are_kept() {
        for text in [
            "vQ8mZr2LkT5xWn7B",
            "c0ntestant9Kq",
            "kfoo3Jqz8",
            "3f9c1e77a0b2d458",
            "Zt-9_bK4.wQ",
            "correct horse battery",
            "Tr0ub4dor&3",
            "S3cr3tW0rd!",
        ] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
        let mut stream = quietus_model::shape::Stream::fixture("placeholder");
        let base62 = quietus_model::shape::alphabet("0-9A-Za-z");
        let lost = (0..20_000).filter(|_| is_placeholder(&stream.take(&base62, 40))).count();
        assert!(lost <= 1, "{lost} of 20000 random tokens were taken for placeholders");
    }

    #[test]
    fn a_long_value_holds_any_word_by_chance() {
        let mut stream = quietus_model::shape::Stream::fixture("long");
        let mut key = stream.take(&quietus_model::shape::alphabet("0-9A-Za-z+/"), 1600);
        key[700..707].copy_from_slice(b"example");
        key[800..810].copy_from_slice(b"AAAAAAAAAA");
        assert!(!is_placeholder(&key));
        assert!(is_placeholder(&[b'x'; 400]));
    }
}
