//! One published key (RFC 7517, 7518, 8037) and a signature.

#[cfg(feature = "jwt")]
use data_encoding::BASE64URL_NOPAD;
#[cfg(feature = "jwt")]
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// The algorithms that are verified here.
const SPOKEN: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// Whether `algorithm` is one of a public key, and one that is verified here.
pub(super) fn is_spoken(algorithm: &str) -> bool {
    SPOKEN.contains(&algorithm)
}

/// Whether `key` made `signature` of `text`; `None` when the key is not one of this algorithm, or
/// cannot be read.
#[cfg(feature = "jwt")]
pub(super) fn verify(algorithm: &str, key: &Value, text: &[u8], signature: &[u8]) -> Option<bool> {
    let member = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = |name: &str| BASE64URL_NOPAD.decode(member(name)?.as_bytes()).ok();
    let curve = member("crv").unwrap_or_default();
    let verified = match (member("kty")?, algorithm) {
        ("RSA", _) if algorithm.starts_with(['R', 'P']) => {
            let parameters = match algorithm {
                "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
                "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
                _ => return None,
            };
            let public = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
            // A key too short to be believed verifies nothing here, and denies nothing either.
            if public.n.len() < 256 {
                return None;
            }
            public.verify(parameters, text, signature)
        }
        ("EC", "ES256") if curve == "P-256" => {
            let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                .verify(text, signature)
        }
        ("EC", "ES384") if curve == "P-384" => {
            let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
            UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                .verify(text, signature)
        }
        ("OKP", "EdDSA") if curve == "Ed25519" => {
            UnparsedPublicKey::new(&signature::ED25519, bytes("x")?).verify(text, signature)
        }
        _ => return None,
    };
    Some(verified.is_ok())
}

/// Whether `key` made `signature` of `text`; a build without `jwt` cannot tell.
#[cfg(not(feature = "jwt"))]
pub(super) fn verify(_: &str, _: &Value, _: &[u8], _: &[u8]) -> Option<bool> {
    None
}
