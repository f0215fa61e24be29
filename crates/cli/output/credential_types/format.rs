//! A credential's format in words: fixed texts, alphabets and lengths.

use super::code;
use quietus_model::Rule;
use quietus_model::shape::{Mutation, Part, Shape};

/// How much of a format is shown, in characters.
const SHOWN: usize = 130;

/// The longest unit whose repetition is told as one, in words.
const UNIT: usize = 8;

/// Digits of the groups of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// What the credential looks like. Where a rule takes any characters in any number, what is built
/// for its tests is no format.
pub(super) fn format(rule: &Rule) -> String {
    let any = [Mutation::Shorter, Mutation::Longer, Mutation::Alphabet];
    let takes_any = any.iter().all(|way| rule.tests.tolerates.contains_key(way));
    match &rule.shape {
        Some(shape) if rule.judge.is_none() && !takes_any => in_words(shape),
        _ => "any".to_owned(),
    }
}

fn in_words(shape: &Shape) -> String {
    let fixed = |part: &Part| match part {
        Part::Literal { lit } => Some(lit.clone()),
        Part::OneOf { one_of } => one_of.first().cloned(),
        _ => None,
    };
    let lines: String = shape.parts.iter().filter_map(fixed).collect();
    let lines: Vec<&str> = lines.trim().lines().filter(|line| !line.is_empty()).collect();
    // An armour is told by its first line and its last.
    if let [first, .., last] = lines[..] {
        return if last.len() > 4 {
            format!("{} … {}", code(first), code(last))
        } else {
            code(first)
        };
    }
    let mut words: Vec<String> = shape.parts.iter().map(word).collect();
    fold_uuids(&mut words);
    fold_repeated(&mut words);
    let whole = words.len();
    while words.len() > 1 && words.join(" + ").chars().count() > SHOWN {
        words.pop();
    }
    if words.len() < whole {
        words.push("…".to_owned());
    }
    words.join(" + ")
}

fn word(part: &Part) -> String {
    match part {
        Part::Literal { lit } if lit.trim().is_empty() => "blank".to_owned(),
        Part::OneOf { one_of } if one_of.iter().any(String::is_empty) => {
            let shown: Vec<String> =
                one_of.iter().filter(|text| !text.is_empty()).map(|text| code(text)).collect();
            format!("{} or nothing", shown.join(" or "))
        }
        Part::Literal { lit } => code(lit),
        Part::OneOf { one_of } => {
            let more = if one_of.len() > 3 { " or …" } else { "" };
            let shown: Vec<String> = one_of.iter().take(3).map(|text| code(text)).collect();
            format!("{}{more}", shown.join(" or "))
        }
        Part::Chars { chars, len, min, max } => match (len, min, max) {
            (Some(len), ..) => of(len, chars),
            (None, Some(min), Some(max)) => of(format!("{min} to {max}"), chars),
            (None, Some(min), None) => of(format!("{min} or more"), chars),
            (None, None, _) => of("some", chars),
        },
        Part::Encoded { text, encoding } => {
            let what = if text.starts_with('{') { "JSON" } else { "text" };
            format!("{what} in {}", encoding.as_str())
        }
        Part::Fixed { hex } => {
            let bytes: Vec<String> = hex.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("bytes {}", code(&bytes.join(" ")))
        }
        Part::Sealed { seal, first, bytes, last, .. } => {
            let bytes = first.len() + bytes + last.len();
            format!("{bytes} bytes and check part, in {}", seal.text())
        }
        Part::Check { .. } => "check part".to_owned(),
    }
}

fn of(count: impl std::fmt::Display, chars: &str) -> String {
    if chars.contains(char::is_control) {
        return format!("{count} bytes");
    }
    format!("{count} of {}", code(chars))
}

/// Puts one word in place of the nine of a UUID.
fn fold_uuids(words: &mut Vec<String>) {
    for hex in ["0-9a-f", "0-9A-F", "0-9A-Fa-f", "0-9a-fA-F"] {
        let groups: Vec<String> = UUID.iter().map(|count| of(count, hex)).collect();
        let uuid: Vec<&str> =
            groups.iter().flat_map(|group| ["`-`", group.as_str()]).skip(1).collect();
        while let Some(at) = words.windows(uuid.len()).position(|some| some == uuid) {
            words.splice(at..at + uuid.len(), ["UUID".to_owned()]);
        }
    }
}

/// Says once what stands three times or more.
fn fold_repeated(words: &mut Vec<String>) {
    let mut at = 0;
    while at < words.len() {
        for unit in 1..=UNIT.min(words.len() - at) {
            let one = &words[at..at + unit];
            let times = words[at..].chunks_exact(unit).take_while(|next| *next == one).count();
            if times >= 3 {
                let told = format!("{times} times ({})", one.join(" + "));
                words.splice(at..at + times * unit, [told]);
                break;
            }
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::RuleFile;

    fn told(parts: &str) -> String {
        let text = format!(
            "provider = {{ id = \"x\", name = \"X\" }}\n[[rule]]\nid = \"x\"\nname = \"X\"\n\
             severity = \"low\"\nconfidence = \"low\"\nanchors = [\"x_\"]\npattern = 'x_'\n\
             shape.parts = [{parts}]\n"
        );
        format(&RuleFile::parse("x.toml", &text).unwrap().rules[0])
    }

    #[test]
    fn a_format_is_told_in_words() {
        let hex = |len: usize| format!("{{ chars = \"0-9a-f\", len = {len} }}");
        let group = UUID.map(hex).join(", { lit = \"-\" }, ");
        let pair = "{ chars = \"a-z\", min = 3, max = 8 }, { lit = \" \" }";
        for (parts, words) in [
            (r#"{ lit = "x_" }, { chars = "0-9A-Z", len = 20 }"#, "`x_` + 20 of `0-9A-Z`"),
            (&format!("{{ lit = \"x_\" }}, {group}"), "`x_` + UUID"),
            (&[pair; 3].join(", "), "3 times (3 to 8 of `a-z` + blank)"),
            (&[pair; 2].join(", "), "3 to 8 of `a-z` + blank + 3 to 8 of `a-z` + blank"),
            (
                r#"{ hex = "30a0" }, { chars = "\u0000-\u007f", len = 9 }"#,
                "bytes `30 a0` + 9 bytes",
            ),
            (
                r#"{ seal = "base58check", first = "80", bytes = 32 }"#,
                "33 bytes and check part, in base58",
            ),
            (r#"{ one_of = ["a|b", "`"] }"#, "`a\\|b` or `` ` ``"),
            (
                r#"{ lit = "--BEGIN\n" }, { chars = "a", len = 9 }, { lit = "\n--END--" }"#,
                "`--BEGIN` … `--END--`",
            ),
            (
                r#"{ text = "{}", encoding = "base64" }, { check = "crc32-hex", over = "all" }"#,
                "JSON in base64 + check part",
            ),
        ] {
            assert_eq!(told(parts), words);
        }
    }
}
