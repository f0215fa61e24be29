//! The value of a credential while it must be held, and the only way it may be shown.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// The bytes of a credential. Wiped when dropped; cannot be printed or serialised.
///
/// Lives in `scan`, `validate` and `escrow` only. Use [`Secret::expose`] where the bytes go to the
/// issuer or to `--show-secrets`, and nowhere else: a search for `expose(` shows every such place.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; they are wiped when the secret is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len())
    }
}

/// What may be shown of a secret: the prefix its format makes public, and its length.
///
/// Nothing of the random part is ever in it, because a few characters of a password are already
/// a leak. Two secrets are told apart by their fingerprints.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    /// Shows `public_prefix` if the secret really starts with it, and the length in bytes.
    pub fn new(secret: &Secret, public_prefix: &str) -> Self {
        // An armoured key's prefix is its first line; the rest of it is layout.
        let public_prefix = public_prefix.lines().next().unwrap_or("");
        let whole = secret.expose() == public_prefix.as_bytes();
        let shown = if !whole && secret.expose().starts_with(public_prefix.as_bytes()) {
            public_prefix
        } else {
            ""
        };
        Self(format!("{shown}… ({} bytes)", secret.len()))
    }

    /// The text to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redacted({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redaction_shows_the_format_and_never_the_random_part() {
        let secret = Secret::from("pre_random-part-of-a-token");
        assert_eq!(Redacted::new(&secret, "pre_").as_str(), "pre_… (26 bytes)");
        assert_eq!(Redacted::new(&secret, "other").as_str(), "… (26 bytes)");
        let armoured = Secret::from("BEGIN KEY\nbody");
        assert_eq!(Redacted::new(&armoured, "BEGIN KEY\n").as_str(), "BEGIN KEY… (14 bytes)");
        let all = Secret::from("pre_");
        assert_eq!(Redacted::new(&all, "pre_").as_str(), "… (4 bytes)");
        assert_eq!(format!("{secret:?}"), "Secret(26 bytes)");
    }
}
