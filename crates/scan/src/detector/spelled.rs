//! What a secret says where it is spelled in the way of its place: an armour, a URL, JSON, XML.

use quietus_model::{Secret, spelling};
use std::ops::Range;

/// How far before a password the scheme of its URL is looked for, in bytes.
const SCHEME: usize = 300;

/// What a secret says where it does not say itself.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// The secret.
    pub(crate) secret: Secret,
    /// Whether its text says so wherever it stands, as that of a key does.
    pub(crate) anywhere: bool,
}

/// What the secret at `span` says; `None` if it says itself.
pub(super) fn said(bytes: &[u8], span: &Range<usize>) -> Option<Said> {
    let secret = &bytes[span.clone()];
    let before = span.start.checked_sub(1).and_then(|at| bytes.get(at));
    let spelled = || match before {
        Some(b':') if is_user_info(bytes, span) => spelling::percent(secret),
        Some(b'"') => spelling::quoted(secret),
        Some(b'>') if !secret.contains(&b'\\') => spelling::quoted(secret),
        _ => None,
    };
    let key = spelling::key(secret);
    let anywhere = key.is_some();
    let said = key.or_else(spelled)?;
    (said != secret).then(|| Said { secret: Secret::new(said), anywhere })
}

/// Whether the bytes at `span` are the password of a URL: `scheme://user:` stands before, `@` after.
fn is_user_info(bytes: &[u8], span: &Range<usize>) -> bool {
    let far = span.start.saturating_sub(SCHEME);
    let mut user = bytes[far..span.start].rsplit(|byte| matches!(byte, b'/' | b' ' | b'\n' | b'"'));
    let user = user.next().map_or(0, <[u8]>::len);
    bytes.get(span.end) == Some(&b'@') && bytes[far..span.start - user].ends_with(b"://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str, secret: &str) -> Option<Vec<u8>> {
        let start = text.find(secret).unwrap();
        said(text.as_bytes(), &(start..start + secret.len()))
            .map(|said| said.secret.expose().to_vec())
    }

    /// Pieces, joined when the test runs: this file is scanned as well.
    fn joined(pieces: &[&str]) -> String {
        pieces.concat()
    }

    #[test]
    fn percent_signs_mean_something_in_a_url_only() {
        let spelled = joined(&["kR7", "%40", "tq"]);
        let url = joined(&["db = postgres://svc:", &spelled, "@db.acme.example/app"]);
        assert_eq!(says(&url, &spelled).as_deref(), Some(&b"kR7@tq"[..]));
        assert_eq!(says(&joined(&["password: ", &spelled]), &spelled), None);
        assert_eq!(says(&joined(&["svc:", &spelled, "@db"]), &spelled), None);
    }

    #[test]
    fn backslashes_mean_something_between_double_quotes_only() {
        let spelled = joined(&["kR7", r"\/", "tq"]);
        let json = joined(&["{\"word\": \"", &spelled, "\"}"]);
        assert_eq!(says(&json, &spelled).as_deref(), Some(&b"kR7/tq"[..]));
        assert_eq!(says(&joined(&["word: ", &spelled]), &spelled), None);
        let xml = joined(&["<pw>kR7", "&amp;", "tq</pw>"]);
        assert_eq!(says(&xml, &joined(&["kR7", "&amp;", "tq"])).as_deref(), Some(&b"kR7&tq"[..]));
    }
}
