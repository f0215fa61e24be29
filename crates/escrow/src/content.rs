//! What a sealed file says once it is opened: the rule, the value and its parts, each with its length.

use quietus_model::{Companion, RuleId, Secret};
use zeroize::Zeroizing;

/// The first line; the number changes with the form.
const HEAD: &str = "quietus escrow 1\n";

/// What a credential's value is called. No part of a rule is called so.
const VALUE: &str = "secret";

pub(crate) struct Content {
    pub(crate) rule: RuleId,
    pub(crate) secret: Secret,
    pub(crate) parts: Vec<Companion>,
}

/// `rule ID`, then for each value a line with its name and its length in bytes, and those bytes.
pub(crate) fn write(rule: &RuleId, secret: &Secret, parts: &[Companion]) -> Zeroizing<Vec<u8>> {
    let head = format!("{HEAD}rule {rule}\n");
    let parts = parts.iter().map(|part| (part.name.as_str(), &part.secret));
    let all: Vec<(String, &Secret)> = std::iter::once((VALUE, secret))
        .chain(parts)
        .map(|(name, value)| (format!("{name} {}\n", value.len()), value))
        .collect();
    let len = head.len() + all.iter().map(|(line, v)| line.len() + v.len() + 1).sum::<usize>();
    // Never moved while it grows: what it left behind would not be wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(len));
    bytes.extend_from_slice(head.as_bytes());
    for (line, value) in all {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(value.expose());
        bytes.push(b'\n');
    }
    bytes
}

pub(crate) fn read(bytes: &[u8]) -> Option<Content> {
    let rest = bytes.strip_prefix(HEAD.as_bytes())?;
    let (rule, mut rest) = line(rest)?;
    let rule = RuleId::from(rule.strip_prefix("rule ")?);
    let mut secret = None;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (head, after) = line(rest)?;
        let (name, len) = head.rsplit_once(' ')?;
        let len: usize = len.parse().ok()?;
        let value = Secret::from(after.get(..len)?);
        rest = after.get(len..)?.strip_prefix(b"\n")?;
        match name {
            VALUE if secret.is_none() => secret = Some(value),
            VALUE => return None,
            name => parts.push(Companion { name: name.to_owned(), secret: value }),
        }
    }
    Some(Content { rule, secret: secret?, parts })
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_whatever_its_bytes() {
        let rule = RuleId::from("some-rule");
        let secret = Secret::new((0..=255).collect());
        let part = |name: &str, value: &str| Companion {
            name: name.to_owned(),
            secret: Secret::from(value),
        };
        let parts =
            vec![part("user", "a\nrule b\nsecret 3\nabc"), part("user", ""), part("host", "h")];
        let written = write(&rule, &secret, &parts);
        assert_eq!(written.len(), written.capacity());
        let Some(content) = read(&written) else { panic!("unread") };
        assert_eq!((content.rule, content.secret, content.parts), (rule, secret, parts));
        for end in 0..written.len() {
            let cut = read(&written[..end]);
            assert!(cut.is_none_or(|cut| cut.parts.len() < 3), "cut at {end}");
        }
        assert!(read(b"quietus escrow 2\nrule a\nsecret 1\nx\n").is_none());
        assert!(read(b"quietus escrow 1\nrule a\nsecret 99999999999999999999\nx\n").is_none());
    }
}
