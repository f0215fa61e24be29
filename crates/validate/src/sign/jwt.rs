//! JSON Web Tokens (RFC 7519) that are signed with a private key.

use super::{Occasion, rsa};
use crate::template::{self, Parts, Unfilled};
use data_encoding::BASE64URL_NOPAD;
use quietus_model::{JwtAlgorithm, Secret};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How far back a token says it was made, in seconds: some issuers take none from the future.
const BACK: i64 = 60;

/// What a recipe wants a token to say.
pub(super) struct Wanted<'a> {
    pub(super) algorithm: JwtAlgorithm,
    pub(super) header: &'a BTreeMap<String, String>,
    pub(super) claims: &'a BTreeMap<String, String>,
    pub(super) lifetime: u32,
}

/// The token, signed with the part `secret`; or, for a control, by nobody.
pub(super) fn assertion(
    wanted: &Wanted<'_>,
    parts: &Parts<'_>,
    occasion: &Occasion<'_>,
) -> Result<Secret, Unfilled> {
    let algorithm = match wanted.algorithm {
        JwtAlgorithm::Rs256 => "RS256",
        JwtAlgorithm::Es256 => "ES256",
    };
    let mut header = filled(wanted.header, parts)?;
    header.insert("alg".to_owned(), algorithm.into());
    header.insert("typ".to_owned(), "JWT".into());
    let mut claims = filled(wanted.claims, parts)?;
    let now = occasion.now.as_second();
    claims.insert("iat".to_owned(), (now - BACK).into());
    claims.insert("exp".to_owned(), (now + i64::from(wanted.lifetime)).into());
    let encoded = |part: Map<String, Value>| {
        BASE64URL_NOPAD.encode(Value::Object(part).to_string().as_bytes())
    };
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let signature = match occasion.forged {
        Some(label) => forged(wanted.algorithm, label),
        None => {
            let key = parts.get("secret").ok_or_else(|| Unfilled::Missing("secret".to_owned()))?;
            signature(wanted.algorithm, key, signed.as_bytes())?
        }
    };
    let text = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
    Ok(Secret::new(text.into_bytes()))
}

fn filled(
    members: &BTreeMap<String, String>,
    parts: &Parts<'_>,
) -> Result<Map<String, Value>, Unfilled> {
    let member = |(name, value): (&String, &String)| {
        let value = template::text(value, parts)?;
        let text = std::str::from_utf8(value.expose())
            .map_err(|_| Unfilled::Unfit("a part that is not text cannot stand in a token"))?;
        Ok((name.clone(), Value::from(text)))
    };
    members.iter().map(member).collect()
}

/// A signature of the right length that no key made.
fn forged(algorithm: JwtAlgorithm, label: &str) -> Vec<u8> {
    match algorithm {
        JwtAlgorithm::Rs256 => rsa::forged(label, 256),
        JwtAlgorithm::Es256 => rsa::forged(label, 64),
    }
}

#[cfg(feature = "jwt")]
fn signature(algorithm: JwtAlgorithm, key: &Secret, text: &[u8]) -> Result<Vec<u8>, Unfilled> {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    match algorithm {
        JwtAlgorithm::Rs256 => rsa::sign(key, text),
        JwtAlgorithm::Es256 => {
            let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
            let (_, der) = super::der(key.expose()).ok_or(rsa::UNREAD)?;
            let pair = EcdsaKeyPair::from_pkcs8(kind, der.expose(), &random);
            let pair = pair.map_err(|_| rsa::UNREAD)?;
            Ok(pair.sign(&random, text).map_err(|_| rsa::UNREAD)?.as_ref().to_vec())
        }
    }
}

#[cfg(not(feature = "jwt"))]
fn signature(_: JwtAlgorithm, _: &Secret, _: &[u8]) -> Result<Vec<u8>, Unfilled> {
    Err(rsa::NOT_BUILT)
}

#[cfg(feature = "jwt")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
        UnparsedPublicKey,
    };

    struct Made {
        header: Value,
        claims: Value,
        is_signed: bool,
    }

    /// A token with the key of an account, as its recipe would have it made.
    fn made(forged: Option<&str>) -> Made {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap();
        let key = data_encoding::BASE64.encode(pkcs8.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\\n{key}\\n-----END PRIVATE KEY-----\\n");
        let (secret, id) = (Secret::from(pem.as_str()), Secret::from("a \"quoted\" id"));
        let parts: Parts<'_> = BTreeMap::from([("secret", &secret), ("id", &id)]);
        let named = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
        let (header, claims) = (named("kid", "{id}"), named("iss", "app {id}"));
        let algorithm = JwtAlgorithm::Es256;
        let wanted = Wanted { algorithm, header: &header, claims: &claims, lifetime: 300 };
        let endpoint = Endpoint::https("https://x.org").unwrap();
        let now = "2026-01-05T12:00:00Z".parse().unwrap();
        let occasion = Occasion { endpoint: &endpoint, now, forged };
        let token = assertion(&wanted, &parts, &occasion).unwrap();
        let text = std::str::from_utf8(token.expose()).unwrap();
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
        let json = |part: &str| serde_json::from_slice(&read(part)).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        let is_signed = public.verify(signed.as_bytes(), &read(signature)).is_ok();
        assert_eq!(read(signature).len(), 64);
        Made { header: json(header), claims: json(claims), is_signed }
    }

    #[test]
    fn it_says_what_the_recipe_wants_and_is_signed_with_the_key() {
        let made = made(None);
        let kid = "a \"quoted\" id";
        assert_eq!(made.header, serde_json::json!({ "alg": "ES256", "typ": "JWT", "kid": kid }));
        let noon = 1_767_614_400;
        let claims = serde_json::json!({
            "iss": format!("app {kid}"), "iat": noon - 60, "exp": noon + 300,
        });
        assert_eq!(made.claims, claims);
        assert!(made.is_signed);
    }

    #[test]
    fn a_control_says_the_same_and_nobody_signed_it() {
        let control = made(Some("control"));
        assert!(!control.is_signed);
        assert_eq!(control.claims, made(None).claims);
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        for text in ["", "pass", "-----BEGIN PRIVATE KEY-----AQID-----END PRIVATE KEY-----"] {
            for algorithm in [JwtAlgorithm::Es256, JwtAlgorithm::Rs256] {
                let signed = signature(algorithm, &Secret::from(text), b"x");
                assert!(matches!(signed, Err(Unfilled::Unfit(_))), "{text}");
            }
        }
    }
}
