//! Whether an ID token holds (OpenID Connect Core 1.0, 3.1.3.7).

use super::{NoEntry, disbelieved, signature};
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;

/// How far the provider's clock may be from ours, in seconds.
const SKEW: i64 = 60;

/// What a token must be of, for and about.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// How the token says that it was signed.
pub(super) fn header(token: &str) -> Result<Header, NoEntry> {
    let header = decode_header(token)
        .map_err(|_| disbelieved("its ID token is not signed in a way that is known here"))?;
    // A key that only its provider knows; with a shared one, whoever checks could sign as well.
    if matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
        return Err(disbelieved("its ID token is signed with a shared key"));
    }
    if header.crit.is_some() {
        return Err(disbelieved("its ID token asks for what is not known here"));
    }
    Ok(header)
}

/// What the token says, if one of `keys` signed it and it is what was expected.
pub(super) fn claims(
    token: &str,
    header: &Header,
    keys: &[Jwk],
    expected: &Expected<'_>,
) -> Result<Value, NoEntry> {
    signature::ready();
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    // By our own clock, below.
    validation.validate_exp = false;
    let fits = |key: &&Jwk| may_sign(key, header);
    let mut why = disbelieved("none of its keys fits its ID token");
    for key in keys.iter().filter(fits) {
        let Ok(key) = DecodingKey::from_jwk(key) else { continue };
        match decode::<Value>(token, &key, &validation) {
            Ok(decoded) => return timely(decoded.claims, expected),
            Err(error) => why = disbelieved(format!("its ID token does not hold ({error})")),
        }
    }
    Err(why)
}

/// Whether a token with this header may have been signed with `key`.
fn may_sign(key: &Jwk, header: &Header) -> bool {
    let common = &key.common;
    let named = header.kid.is_none() || common.key_id == header.kid;
    let signs = common.public_key_use.as_ref().is_none_or(|is| *is == PublicKeyUse::Signature);
    let algorithm =
        common.key_algorithm.is_none_or(|is| is.to_string() == format!("{:?}", header.alg));
    named && signs && algorithm
}

fn timely(claims: Value, expected: &Expected<'_>) -> Result<Value, NoEntry> {
    let now = expected.now.as_second();
    // Seconds may have a fraction; what is no number has passed long ago.
    let seconds = |name: &str| claims[name].as_f64().map(|at| at as i64);
    if seconds("exp").is_none_or(|at| at <= now - SKEW) {
        return Err(disbelieved("its ID token has expired, or our clock is wrong"));
    }
    let early = |name: &str| seconds(name).is_some_and(|at| at > now + SKEW);
    if seconds("iat").is_none() || early("iat") || early("nbf") {
        return Err(disbelieved("its ID token is of a time to come, or our clock is wrong"));
    }
    if claims["nonce"].as_str() != Some(expected.nonce) {
        return Err(disbelieved("its ID token belongs to another sign-in"));
    }
    let party = &claims["azp"];
    let several = claims["aud"].as_array().is_some_and(|all| all.len() > 1);
    if (several || !party.is_null()) && party.as_str() != Some(expected.client) {
        return Err(disbelieved("its ID token was given out for another client"));
    }
    Ok(claims)
}
