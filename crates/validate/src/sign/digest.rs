//! Digests under a key (RFC 2104), for requests that are signed with a secret both sides know.

use crate::template::{self, Parts, Unfilled};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use quietus_model::{Hash, Secret, Written};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// The digest of `text` under the last of `keys`, each derived from the one before.
pub(super) fn signature(
    hash: Hash,
    keys: &[String],
    text: &str,
    written: Written,
    parts: &Parts<'_>,
) -> Result<Secret, Unfilled> {
    let text = template::text(text, parts)?;
    let mut keys = keys.iter().map(|key| template::text(key, parts));
    let digest = match keys.next() {
        None => plain(hash, text.expose()),
        Some(first) => {
            let mut key = first?;
            for next in keys {
                key = keyed(hash, key.expose(), next?.expose());
            }
            keyed(hash, key.expose(), text.expose())
        }
    };
    let text = match written {
        Written::Hex => HEXLOWER.encode(digest.expose()),
        Written::Base64 => BASE64.encode(digest.expose()),
    };
    Ok(Secret::new(text.into_bytes()))
}

fn plain(hash: Hash, text: &[u8]) -> Secret {
    Secret::new(match hash {
        Hash::Sha1 => Sha1::digest(text).to_vec(),
        Hash::Sha256 => Sha256::digest(text).to_vec(),
        Hash::Sha512 => Sha512::digest(text).to_vec(),
    })
}

fn keyed(hash: Hash, key: &[u8], text: &[u8]) -> Secret {
    // A key of any length will do, so that none is ever refused.
    let digest = match hash {
        Hash::Sha1 => Hmac::<Sha1>::new_from_slice(key).map(|mac| finish(mac, text)),
        Hash::Sha256 => Hmac::<Sha256>::new_from_slice(key).map(|mac| finish(mac, text)),
        Hash::Sha512 => Hmac::<Sha512>::new_from_slice(key).map(|mac| finish(mac, text)),
    };
    Secret::new(digest.unwrap_or_default())
}

fn finish(mut mac: impl Mac, text: &[u8]) -> Vec<u8> {
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn made(hash: Hash, keys: &[&str], text: &str, written: Written) -> String {
        let (secret, user) = (Secret::from("key"), Secret::from("bob"));
        let parts: Parts<'_> = BTreeMap::from([("secret", &secret), ("user", &user)]);
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let made = signature(hash, &keys, text, written, &parts).unwrap();
        String::from_utf8(made.expose().to_vec()).unwrap()
    }

    /// The sentence whose digests are published everywhere.
    const FOX: &str = "The quick brown fox jumps over the lazy dog";

    #[test]
    fn digests_are_those_that_everybody_gets() {
        let hex = |hash| made(hash, &["{secret}"], FOX, Written::Hex);
        assert_eq!(hex(Hash::Sha1), "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9");
        let of_256 = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert_eq!(hex(Hash::Sha256), of_256);
        assert!(hex(Hash::Sha512).starts_with("b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4f"));
        assert_eq!(
            made(Hash::Sha256, &["{secret}"], FOX, Written::Base64),
            "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="
        );
        let plain = made(Hash::Sha1, &[], FOX, Written::Hex);
        assert_eq!(plain, "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12");
    }

    #[test]
    fn keys_are_derived_one_from_the_other_and_parts_are_filled() {
        let chain = made(Hash::Sha256, &["{secret}", FOX], "x", Written::Hex);
        let first = keyed(Hash::Sha256, b"key", FOX.as_bytes());
        let expected = HEXLOWER.encode(keyed(Hash::Sha256, first.expose(), b"x").expose());
        assert_eq!(chain, expected);
        let named = made(Hash::Sha1, &["{secret}"], "{user}\n", Written::Hex);
        assert_eq!(named, made(Hash::Sha1, &["key"], "bob\n", Written::Hex));
        let missing = signature(Hash::Sha1, &[], "{other}", Written::Hex, &BTreeMap::new());
        assert_eq!(missing.err(), Some(Unfilled::Missing("other".into())));
    }
}
