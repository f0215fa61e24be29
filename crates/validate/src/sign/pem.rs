//! The bytes inside an armoured key (RFC 7468), however its lines were broken or written.

use data_encoding::BASE64;
use quietus_model::Secret;

/// The label of an armoured text and the bytes in it. In JSON and in code its line ends are written as
/// `\n`; none of that is base 64.
pub(crate) fn der(text: &[u8]) -> Option<(String, Secret)> {
    let text = std::str::from_utf8(text).ok()?;
    let rest = &text[text.find("-----BEGIN ")? + 11..];
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let plain = Secret::new(body.replace("\\r", "").replace("\\n", "").into_bytes());
    let kept = plain.expose().iter().filter(|byte| !byte.is_ascii_whitespace());
    let kept = Secret::new(kept.copied().collect());
    let bytes = BASE64.decode(kept.expose()).ok()?;
    Some((label.to_owned(), Secret::new(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_be_broken_or_written() {
        let read = |text: &str| der(text.as_bytes()).map(|(label, key)| (label, key.len()));
        for text in [
            "-----BEGIN PRIVATE KEY-----\nAQID\nBAUG\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\\nAQID\\r\\nBAUG\\n-----END PRIVATE KEY-----\\n",
            "x = '-----BEGIN PRIVATE KEY-----AQIDBAUG-----END PRIVATE KEY-----'",
        ] {
            assert_eq!(read(text), Some(("PRIVATE KEY".to_owned(), 6)), "{text}");
        }
        for none in ["", "AQID", "-----BEGIN X-----AQID", "-----BEGIN X-----A-----END X-----"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
