//! The name of a secret: HMAC-SHA256 under the organisation's key.

use crate::{Secret, spelling};
use data_encoding::{BASE32_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

type HmacSha256 = Hmac<Sha256>;

/// Marks a key file, so that another file given by mistake is refused (format: this line's text
/// and 32 bytes in base32).
const KEY_PREFIX: &str = "quietus-key-1-";

/// The organisation's key: 32 random bytes. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct FingerprintKey(Zeroizing<[u8; 32]>);

/// Why a key could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not a key of this program.
    #[error("not a Quietus key: expected one line that starts with \"{KEY_PREFIX}\"")]
    NotAKey,
}

impl FingerprintKey {
    /// A key from 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the one-line text of a key file.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] when the text is anything else. The text is not repeated.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let body = text.trim().strip_prefix(KEY_PREFIX).ok_or(KeyError::NotAKey)?;
        let bytes = Zeroizing::new(
            BASE32_NOPAD
                .decode(body.to_ascii_uppercase().as_bytes())
                .map_err(|_| KeyError::NotAKey)?,
        );
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::NotAKey)?;
        Ok(Self::new(bytes))
    }

    /// The one-line text for the key file. Only for writing that file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let body = BASE32_NOPAD.encode(&*self.0).to_ascii_lowercase();
        Zeroizing::new(format!("{KEY_PREFIX}{body}\n"))
    }

    /// The public name of this key.
    pub fn id(&self) -> KeyId {
        KeyId(HEXLOWER.encode(&self.mac(b"quietus key id")[..8]))
    }

    /// Every name under which `secret` may be known: that of its bytes, and that of what they spell
    /// where they spell anything else.
    pub fn names(&self, secret: &Secret) -> BTreeSet<Fingerprint> {
        let spelled = [spelling::key, spelling::percent, spelling::quoted];
        let said = spelled.iter().filter_map(|says| says(secret.expose())).map(Secret::new);
        said.map(|said| self.fingerprint(&said)).chain([self.fingerprint(secret)]).collect()
    }

    /// The name of `secret` under this key.
    pub fn fingerprint(&self, secret: &Secret) -> Fingerprint {
        Fingerprint(self.mac(secret.expose()))
    }

    /// A name for a path that may itself hold a secret: 24 hex digits that say nothing of it
    /// without the key.
    pub fn path_key(&self, path: &[u8]) -> String {
        let mac = self.mac(&[b"quietus path ", path].concat());
        HEXLOWER.encode(&mac[..12])
    }

    /// A key of its own for `purpose`. It is made the other way round than a fingerprint, with the
    /// purpose as the key and the key as the text, so that no secret has it as its fingerprint.
    #[must_use]
    pub fn for_purpose(&self, purpose: &str) -> Self {
        Self(Zeroizing::new(mac(purpose.as_bytes(), &*self.0)))
    }

    /// A code that only who has this key can make for `bytes`. For a key made by
    /// [`for_purpose`](Self::for_purpose): the code of another one is the fingerprint of a secret
    /// of the same bytes.
    pub fn authenticate(&self, bytes: &[u8]) -> [u8; 32] {
        self.mac(bytes)
    }

    fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        mac(&*self.0, bytes)
    }
}

fn mac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = HmacSha256::new_from_slice(key).expect("any length is a valid key");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FingerprintKey({})", self.id())
    }
}

/// The public name of a [`FingerprintKey`]: ledgers, surveys and caches carry it and refuse
/// fingerprints made under another key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The 16 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for KeyId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.0)
    }
}

/// The name of one secret under the organisation's key. One secret, one fingerprint, one item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The first 12 hex digits, for tables; whole fingerprints go into files.
    pub fn short(&self) -> String {
        HEXLOWER.encode(&self.0[..6])
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| "a fingerprint is 64 hex digits".to_owned())
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_purposes_differ_and_are_no_fingerprints() {
        let key = FingerprintKey::new([7; 32]);
        let code = |purpose: &str| key.for_purpose(purpose).authenticate(b"text");
        assert_eq!(code("a"), code("a"));
        assert_ne!(code("a"), code("b"));
        assert_ne!(code("a"), FingerprintKey::new([8; 32]).for_purpose("a").authenticate(b"text"));
        assert_ne!(*key.for_purpose("a").0, key.fingerprint(&Secret::from("a")).0);
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_case_2_in_shape() {
        // RFC 4231 uses a 4-byte key; ours are 32 bytes, zero padding makes the two the same HMAC.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let secret = Secret::from("what do ya want for nothing?");
        assert_eq!(
            FingerprintKey::new(key).fingerprint(&secret).to_string(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_key_survives_its_text_and_nothing_else_is_a_key() {
        let key = FingerprintKey::new([7; 32]);
        let back = FingerprintKey::from_text(&key.to_text()).unwrap();
        assert_eq!(key.id(), back.id());
        assert_ne!(key.id(), FingerprintKey::new([8; 32]).id());
        for bad in ["", "quietus-key-1-", "quietus-key-1-aaaa", "-----BEGIN"] {
            assert_eq!(FingerprintKey::from_text(bad).unwrap_err(), KeyError::NotAKey);
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_whole_fingerprint() {
        let key = FingerprintKey::new([7; 32]);
        assert!(!format!("{key:?}").contains("quietus-key"));
        let print = key.fingerprint(&Secret::from("x"));
        assert_eq!(print.to_string().parse::<Fingerprint>().unwrap(), print);
    }
}
