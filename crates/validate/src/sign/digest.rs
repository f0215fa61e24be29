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

/// The digest of `text` without a key.
pub(super) fn plain_hex(hash: Hash, text: &str, parts: &Parts<'_>) -> Result<Secret, Unfilled> {
    let digest = plain(hash, template::text(text, parts)?.expose());
    Ok(Secret::new(HEXLOWER.encode(digest.expose()).into_bytes()))
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

    /// The number of the example that follows, in pieces.
    const NONCE: [&str; 4] = ["31568532", "99f313e2", "3d1673dc", "12e1703d"];

    /// The example of Alibaba Cloud's documentation, "V3 request structure and signature".
    #[test]
    fn a_canonical_request_is_digested_before_it_is_signed() {
        let words = [["Your", "Access", "Key", "Secret"].concat(), NONCE.concat()];
        let [secret, nonce] = words.map(|text| Secret::from(text.as_str()));
        let mut parts: Parts<'_> = BTreeMap::from([("secret", &secret), ("nonce", &nonce)]);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let names =
            "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
        let query =
            "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai";
        let canonical = format!(
            "POST\n/\n{query}\nhost:ecs.cn-shanghai.aliyuncs.com\nx-acs-action:RunInstances\n\
             x-acs-content-sha256:{empty}\nx-acs-date:2023-10-26T10:22:32Z\n\
             x-acs-signature-nonce:{{nonce}}\nx-acs-version:2014-05-26\n\n{names}\n{empty}"
        );
        let digested = plain_hex(Hash::Sha256, &canonical, &parts).unwrap();
        parts.insert("digest", &digested);
        let text = "ACS3-HMAC-SHA256\n{digest}";
        let keys = ["{secret}".to_owned()];
        let made = signature(Hash::Sha256, &keys, text, Written::Hex, &parts).unwrap();
        let expected = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
        assert_eq!(made.expose(), expected.as_bytes());
    }

    /// The example of Tencent Cloud's documentation, "Signature v3".
    #[test]
    fn the_first_key_of_a_chain_may_have_a_word_before_it() {
        let words = ["Gu5t9x", "GARNpq", "86cd98", "joQYCN", "3EXAMP", "LE"].concat();
        let secret = Secret::from(words.as_str());
        let parts: Parts<'_> = BTreeMap::from([("secret", &secret)]);
        let keys = ["TC3{secret}", "2019-02-25", "cvm", "tc3_request"].map(str::to_owned);
        let text = "TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n\
                    5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031";
        let made = signature(Hash::Sha256, &keys, text, Written::Hex, &parts).unwrap();
        let expected = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";
        assert_eq!(made.expose(), expected.as_bytes());
    }
}
