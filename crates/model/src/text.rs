//! Text from a scanned repository, made safe to show: no secret, no control character.

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands in place of a secret inside a path, a ref, an author or a message.
const MASK: &str = "[secret]";

/// A path, ref name, author, message or URL that came from outside and may be shown.
///
/// It holds no byte of a secret that was known when it was made, and no control character or
/// direction override, so it cannot speak to a terminal. Escaping for HTML, Markdown or a
/// spreadsheet remains the writer's duty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(from = "String", into = "String")]
pub struct SafeText(String);

impl SafeText {
    /// Text that is known to hold no secret, such as a name from the user's own configuration.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().chars().map(visible).collect())
    }

    /// Text from a repository: every occurrence of one of `secrets` is masked, and the user-info
    /// part of a URL as well.
    pub fn scrubbed<'a>(bytes: &[u8], secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut bytes = bytes.to_vec();
        for secret in secrets {
            mask_all(&mut bytes, secret.expose());
        }
        Self::plain(mask_userinfo(&String::from_utf8_lossy(&bytes)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Control characters and bidirectional overrides become U+FFFD; everything else stays.
fn visible(c: char) -> char {
    let override_or_mark =
        matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || override_or_mark { char::REPLACEMENT_CHARACTER } else { c }
}

/// The least length of a secret that is masked, in bytes.
const LEAST: usize = 8;

/// A plain word shorter than this is not masked.
const LONG_WORD: usize = 16;

/// Whether masking `secret` would hide it. Masking `test` or `password` in every path would tell
/// readers what the secret is, and make the paths unreadable.
fn is_worth_masking(secret: &[u8]) -> bool {
    let word = secret.iter().all(u8::is_ascii_lowercase);
    secret.len() >= LEAST && (secret.len() >= LONG_WORD || !word)
}

fn mask_all(bytes: &mut Vec<u8>, needle: &[u8]) {
    if !is_worth_masking(needle) {
        return;
    }
    let mut at = 0;
    while let Some(found) = find(&bytes[at..], needle) {
        let start = at + found;
        bytes.splice(start..start + needle.len(), MASK.bytes());
        at = start + MASK.len();
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// `https://user:token@host/…` becomes `https://[secret]@host/…`.
fn mask_userinfo(text: &str) -> String {
    let Some(scheme) = text.find("://") else {
        return text.to_owned();
    };
    let authority = scheme + 3;
    let end = text[authority..].find(['/', '?', '#', ' ']).map_or(text.len(), |i| authority + i);
    match text[authority..end].rfind('@') {
        Some(at) => format!(
            "{}{MASK}{}{}",
            &text[..authority],
            &text[authority + at..end],
            mask_userinfo(&text[end..])
        ),
        None => format!("{}{}", &text[..end], mask_userinfo(&text[end..])),
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

impl From<SafeText> for String {
    fn from(text: SafeText) -> Self {
        text.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_path_is_masked_wherever_it_stands() {
        let secret = Secret::from("hunter2hunter2");
        let path = b"keys/hunter2hunter2/hunter2hunter2.pem";
        assert_eq!(SafeText::scrubbed(path, [&secret]).as_str(), "keys/[secret]/[secret].pem");
    }

    #[test]
    fn a_common_word_is_left_alone() {
        let secrets = ["test", "password", "resources"].map(Secret::from);
        let path = b"tests/resources/password.txt";
        assert_eq!(SafeText::scrubbed(path, &secrets).as_str(), "tests/resources/password.txt");
    }

    #[test]
    fn user_info_is_masked_in_every_url_of_a_text() {
        let text = b"https://bob:p@ss@host/a then ssh://git@host2/b";
        assert_eq!(
            SafeText::scrubbed(text, []).as_str(),
            "https://[secret]@host/a then ssh://[secret]@host2/b"
        );
    }

    #[test]
    fn terminal_escapes_do_not_survive() {
        let text = SafeText::scrubbed(b"a\x1b]0;owned\x07b\n\xe2\x80\xaec", []);
        assert!(text.as_str().chars().all(|c| !c.is_control() && c != '\u{202E}'));
    }
}
