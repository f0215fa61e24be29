//! Which inline comments stand on the lines of a secret, and on those next to it.

use super::trace::LINE_LIMIT;
use quietus_model::{Comment, Comments};
use std::ops::Range;

/// What opens the comment of detect-secrets, in the languages that it knows.
const OPENINGS: [&[u8]; 6] = [b"#", b"//", b"/*", b"'", b"--", b"<!--"];

/// The comments of two words with a colon between them.
const NAMED: [(Comment, &[u8], &[u8]); 4] = [
    (Comment::Quietus, b"quietus", b"allow"),
    (Comment::Gitleaks, b"gitleaks", b"allow"),
    (Comment::Betterleaks, b"betterleaks", b"allow"),
    (Comment::Trufflehog, b"trufflehog", b"ignore"),
];

/// The comments that speak of a secret. Of a long line only what is near counts.
pub(crate) fn about(bytes: &[u8], secret: &Range<usize>) -> Comments {
    let before = &bytes[secret.start.saturating_sub(LINE_LIMIT)..secret.start];
    let after = &bytes[secret.end..secret.end.saturating_add(LINE_LIMIT).min(bytes.len())];
    let (above, own_start) = match before.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => (&before[..at], &before[at + 1..]),
        None => (&[][..], before),
    };
    let (own_end, below) = match after.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&after[..at], &after[at + 1..]),
        None => (after, &[][..]),
    };
    let above = above.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let below = below.split(|byte| *byte == b'\n').next().unwrap_or_default();

    let mut comments = on_line(own_start) | on_line(own_end);
    if (on_line(above) | on_line(below)).contains(Comment::Kingfisher) {
        comments.insert(Comment::Kingfisher);
    }
    if is_for_next_line(above) {
        comments.insert(Comment::DetectSecrets);
    }
    comments
}

/// The comments that a text holds for its own line.
fn on_line(line: &[u8]) -> Comments {
    colons(line).filter_map(|at| at_colon(&line[..at], &line[at + 1..])).collect()
}

/// Every comment that is known has one.
fn colons(line: &[u8]) -> impl Iterator<Item = usize> {
    line.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at)
}

fn at_colon(before: &[u8], after: &[u8]) -> Option<Comment> {
    let mut named = NAMED.iter();
    let named = named.find(|(_, tool, word)| before.ends_with(tool) && after.starts_with(word));
    if let Some((comment, ..)) = named {
        return Some(*comment);
    }
    let says = |word: &[u8]| starts_alike(after, word);
    if ends_alike(before, b"kingfisher") && (says(b"ignore") || says(b"allow")) {
        return Some(Comment::Kingfisher);
    }
    let words = after.strip_prefix(b" ").unwrap_or(after);
    let is_listed = ["allowlist", "whitelist"].iter().any(|list| follows(words, &[list, "secret"]));
    (is_listed && opening(before).is_some()).then_some(Comment::DetectSecrets)
}

/// Whether a line is nothing but the comment that speaks of the line after it.
fn is_for_next_line(line: &[u8]) -> bool {
    colons(line).any(|at| {
        let words = line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..]);
        let is_alone = opening(&line[..at]).is_some_and(|left| left.trim_ascii().is_empty());
        is_alone && follows(words, &["allowlist", "nextline", "secret"])
    })
}

/// What stands before the opening of a comment that begins with `pragma`, which `before` ends with.
fn opening(before: &[u8]) -> Option<&[u8]> {
    let comment = before.strip_suffix(b"pragma")?.trim_ascii_end();
    OPENINGS.iter().rev().find_map(|opening| comment.strip_suffix(*opening))
}

/// Whether `text` begins with these words, with a blank or a hyphen between them.
fn follows(mut text: &[u8], words: &[&str]) -> bool {
    for (number, word) in words.iter().enumerate() {
        if number > 0 {
            let Some((b' ' | b'-', rest)) = text.split_first() else { return false };
            text = rest;
        }
        let Some(rest) = text.strip_prefix(word.as_bytes()) else { return false };
        text = rest;
    }
    true
}

fn starts_alike(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn ends_alike(text: &[u8], word: &[u8]) -> bool {
    let from = text.len().checked_sub(word.len());
    from.is_some_and(|from| text[from..].eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about the word SECRET in a text.
    fn said(text: &str) -> Vec<Comment> {
        let at = text.find("SECRET").unwrap();
        about(text.as_bytes(), &(at..at + 6)).iter().collect()
    }

    #[test]
    fn every_tool_has_its_own_words() {
        use Comment::*;
        for (text, comments) in [
            ("k = SECRET # quietus:allow sample", vec![Quietus]),
            ("k = SECRET // gitleaks:allow", vec![Gitleaks]),
            ("k = SECRET # Gitleaks:Allow", vec![]),
            ("k = SECRET # betterleaks:allow because", vec![Betterleaks]),
            ("/* trufflehog:ignore */ k = SECRET", vec![Trufflehog]),
            ("k = SECRET # trufflehog:allow", vec![]),
            ("k = SECRET # kingfisher:ignore", vec![Kingfisher]),
            ("k = SECRET # KingFisher:Allow", vec![Kingfisher]),
            ("k = SECRET  # pragma: allowlist secret", vec![DetectSecrets]),
            ("k = SECRET //pragma:whitelist-secret", vec![DetectSecrets]),
            ("k = SECRET <!-- pragma: allowlist secret -->", vec![DetectSecrets]),
            ("k = SECRET -- pragma: allowlist secret, of nobody", vec![DetectSecrets]),
            ("k = SECRET pragma: allowlist secret", vec![]),
            ("k = SECRET # pragma: allowlist nextline secret", vec![]),
            ("k = SECRET # gitleaks:allow kingfisher:ignore", vec![Gitleaks, Kingfisher]),
            ("gitleaks: allow SECRET :", vec![]),
        ] {
            assert_eq!(said(text), comments, "{text}");
        }
    }

    #[test]
    fn only_some_speak_of_the_lines_next_to_them() {
        use Comment::*;
        for (text, comments) in [
            (
                "# quietus:allow gitleaks:allow trufflehog:ignore\nSECRET\n# betterleaks:allow",
                vec![],
            ),
            ("# kingfisher:ignore\nSECRET\n", vec![Kingfisher]),
            ("SECRET\n# kingfisher:ignore\n", vec![Kingfisher]),
            ("# kingfisher:ignore\n\nSECRET\n\n# kingfisher:ignore\n", vec![]),
            ("  // pragma: allowlist nextline secret\nSECRET", vec![DetectSecrets]),
            ("<!-- pragma: allowlist-nextline-secret -->\r\nSECRET", vec![DetectSecrets]),
            ("k # pragma: allowlist nextline secret\nSECRET", vec![]),
            ("# pragma: allowlist secret\nSECRET", vec![]),
            ("# pragma: allowlist nextline secret\n\nSECRET", vec![]),
            ("SECRET\n# pragma: allowlist nextline secret", vec![]),
        ] {
            assert_eq!(said(text), comments, "{text}");
        }
    }
}
