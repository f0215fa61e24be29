//! Requests that prove the secret without sending it.

mod digest;
mod jwt;
mod pem;
mod rsa;
mod sigv4;

pub(crate) use pem::der;

use crate::endpoint::Endpoint;
use crate::template::{self, Parts, Unfilled};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use quietus_model::{Secret, Sign};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use url::Url;

/// How long a request that says until when it counts does so, in seconds.
const COUNTS_FOR: i64 = 300;

/// What is signed, by schemes that add headers to a whole request.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a [(String, Secret)],
    pub(crate) body: &'a Secret,
}

/// For whom and when a secret is proven.
pub(crate) struct Occasion<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) now: Timestamp,
    /// For a negative control: the signature is made from this label and by nobody's key.
    pub(crate) forged: Option<&'a str>,
}

/// What a template may name beside the parts.
pub(crate) struct Made {
    pub(crate) name: &'static str,
    pub(crate) text: Secret,
}

impl Made {
    /// Whether it proves the secret, so that it must be kept like one.
    pub(crate) fn is_proof(&self) -> bool {
        Sign::PROOFS.contains(&self.name)
    }
}

/// The names of the parts that go into the signature, `secret` among them.
pub(crate) fn parts(sign: &Sign) -> BTreeSet<&str> {
    let named: Vec<&str> = match sign {
        Sign::AwsSigv4 { id, session, .. } => {
            [id.as_str()].into_iter().chain(session.as_deref()).collect()
        }
        Sign::Jwt { header, claims, .. } => {
            header.values().chain(claims.values()).flat_map(|text| template::names(text)).collect()
        }
        Sign::Hmac { keys, digested, text, .. } => {
            keys.iter().chain([digested, text]).flat_map(|text| template::names(text)).collect()
        }
        Sign::Rsa { text } => template::names(text),
    };
    named.into_iter().chain(["secret"]).collect()
}

/// What the templates of a request may name, for the schemes that make something to be named.
pub(crate) fn made(
    sign: &Sign,
    parts: &Parts<'_>,
    occasion: &Occasion<'_>,
) -> Result<Vec<Made>, Unfilled> {
    let mut made = circumstances(occasion);
    let mut known = parts.clone();
    known.extend(made.iter().map(|one| (one.name, &one.text)));
    let proof = match sign {
        Sign::AwsSigv4 { .. } => return Ok(Vec::new()),
        Sign::Jwt { algorithm, header, claims, lifetime } => {
            let wanted = jwt::Wanted { algorithm: *algorithm, header, claims, lifetime: *lifetime };
            Made { name: "assertion", text: jwt::assertion(&wanted, &known, occasion)? }
        }
        Sign::Hmac { hash, keys, digested, text, written } => {
            let digested = digest::plain_hex(*hash, digested, &known)?;
            known.insert(Sign::DIGEST, &digested);
            let text = digest::signature(*hash, keys, text, *written, &known)?;
            Made { name: "signature", text }
        }
        Sign::Rsa { text } => {
            Made { name: "signature", text: rsa::signature(text, &known, occasion)? }
        }
    };
    made.push(proof);
    Ok(made)
}

fn circumstances(occasion: &Occasion<'_>) -> Vec<Made> {
    let Occasion { endpoint, now, .. } = occasion;
    let authority = endpoint.origin().map_or_else(String::new, |origin| origin.to_string());
    // A year that no such date can hold is none that a request is made in.
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(now).unwrap_or_default();
    let texts = [
        endpoint.text().to_owned(),
        authority,
        now.as_second().to_string(),
        (now.as_second() + COUNTS_FOR).to_string(),
        date.clone(),
        date.to_ascii_lowercase(),
        now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        now.strftime("%Y-%m-%d").to_string(),
        nonce(),
    ];
    let named = Sign::CIRCUMSTANCES.into_iter().zip(texts);
    named.map(|(name, text)| Made { name, text: Secret::from(text.as_str()) }).collect()
}

/// What no other request has. It need not be one that nobody guesses.
fn nonce() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// The headers that make `request` a signed one at `now`. `Err` names a part that is missing.
pub(crate) fn headers(
    sign: &Sign,
    request: &Request<'_>,
    parts: &Parts<'_>,
    now: Timestamp,
) -> Result<Vec<(String, Secret)>, String> {
    let Sign::AwsSigv4 { service, region, id, session } = sign else {
        return Ok(Vec::new());
    };
    let part = |name: &str| parts.get(name).copied().ok_or_else(|| name.to_owned());
    let key = sigv4::Key {
        id: part(id)?,
        secret: part("secret")?,
        session: session.as_deref().map(part).transpose()?,
        service,
        region,
    };
    Ok(sigv4::headers(&key, request, now))
}
