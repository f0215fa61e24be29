//! Signatures with an RSA key (RSASSA-PKCS1-v1_5 and SHA-256, RFC 8017).

use super::Occasion;
use crate::template::{self, Parts, Unfilled};
use data_encoding::BASE64;
use quietus_model::Secret;
use quietus_model::shape::Stream;

/// Why nothing was signed with what should be a key.
#[cfg(feature = "jwt")]
pub(super) const UNREAD: Unfilled =
    Unfilled::Unfit("it cannot be read as a private key of the kind that signs here");

/// Why this build signs nothing.
#[cfg(not(feature = "jwt"))]
pub(super) const NOT_BUILT: Unfilled =
    Unfilled::Unfit("this program was built without its feature \"jwt\"");

/// The signature of `text` with the part `secret`, in base 64; or, for a control, nobody's.
pub(super) fn signature(
    text: &str,
    parts: &Parts<'_>,
    occasion: &Occasion<'_>,
) -> Result<Secret, Unfilled> {
    let text = template::text(text, parts)?;
    let signature = match occasion.forged {
        Some(label) => forged(label, 256),
        None => {
            let key = parts.get("secret").ok_or_else(|| Unfilled::Missing("secret".to_owned()))?;
            sign(key, text.expose())?
        }
    };
    Ok(Secret::new(BASE64.encode(&signature).into_bytes()))
}

/// So many bytes of a signature that no key made.
pub(super) fn forged(label: &str, length: usize) -> Vec<u8> {
    let mut stream = Stream::new(label);
    // Below every modulus, so that it is read as the number it should be.
    std::iter::once(0).chain((1..length).map(|_| stream.byte())).collect()
}

/// The signature of `text` with `key`.
#[cfg(feature = "jwt")]
pub(super) fn sign(key: &Secret, text: &[u8]) -> Result<Vec<u8>, Unfilled> {
    use ring::rand::SystemRandom;
    use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
    let (label, der) = super::der(key.expose()).ok_or(UNREAD)?;
    let pair = match label.as_str() {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(der.expose()),
        _ => RsaKeyPair::from_pkcs8(der.expose()),
    };
    let pair = pair.map_err(|_| UNREAD)?;
    let mut out = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut out).map_err(|_| UNREAD)?;
    Ok(out)
}

#[cfg(not(feature = "jwt"))]
fn sign(_: &Secret, _: &[u8]) -> Result<Vec<u8>, Unfilled> {
    Err(NOT_BUILT)
}

#[cfg(feature = "jwt")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use std::collections::BTreeMap;

    fn made(key: &str, forged: Option<&str>) -> Result<Secret, Unfilled> {
        let endpoint = Endpoint::https("https://x.org").unwrap();
        let now = "2026-01-05T12:00:00Z".parse().unwrap();
        let secret = Secret::from(key);
        let parts: Parts<'_> = BTreeMap::from([("secret", &secret)]);
        signature("date: {secret}", &parts, &Occasion { endpoint: &endpoint, now, forged })
    }

    #[test]
    fn a_control_needs_no_key_and_what_is_no_key_signs_nothing() {
        let control = made("no key", Some("control")).unwrap();
        assert_eq!(BASE64.decode(control.expose()).unwrap().len(), 256);
        assert_ne!(made("no key", Some("other")).unwrap(), control);
        assert!(matches!(made("no key", None), Err(Unfilled::Unfit(_))));
    }
}
