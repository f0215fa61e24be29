//! A JSON Web Token against the keys that its issuer publishes. The token is never sent.
//!
//! Sources of the formats: RFC 7515 (signatures), RFC 7517 and 7518 (keys), OpenID Connect Discovery
//! 1.0 (where keys are found).

mod key;

use crate::endpoint::Endpoint;
use crate::issuers::Instance;
use crate::pointer;
use crate::transport::Received;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use quietus_model::{Binding, Secret};
use serde_json::{Value, json};

/// A token, taken apart.
pub(crate) struct Token {
    header: Value,
    claims: Value,
    /// What is signed: the text before the last dot.
    signed: Secret,
    signature: Secret,
}

impl Token {
    /// Reads a token; `None` when it is none, or is signed with a secret that nobody publishes.
    pub(crate) fn read(secret: &Secret) -> Option<Self> {
        let text = std::str::from_utf8(secret.expose()).ok()?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part: &str| -> Option<Value> {
            serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
        };
        let (header, claims) = (json(header)?, json(claims)?);
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let has_public_key = key::is_spoken(header.get("alg")?.as_str()?);
        has_public_key.then(|| Self {
            header,
            claims,
            signed: Secret::from(signed),
            signature: Secret::new(signature),
        })
    }

    /// The issuer that it names.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// What the keys of its issuer make of it at `now`.
    fn tried(&self, keys: &[Value], now: Timestamp) -> &'static str {
        let seconds = |name: &str| self.claims.get(name).and_then(Value::as_f64);
        let algorithm = self.header("alg").unwrap_or_default();
        let named = self.header("kid");
        let may_sign = |key: &&Value| {
            let text = |name: &str| key.get(name).and_then(Value::as_str);
            text("use").is_none_or(|of| of == "sig")
                && text("alg").is_none_or(|of| of == algorithm)
                && (named.is_none() || text("kid") == named)
        };
        let candidates: Vec<&Value> = keys.iter().filter(may_sign).collect();
        let verify = |key: &&Value| {
            key::verify(algorithm, key, self.signed.expose(), self.signature.expose())
        };
        let tried: Vec<Option<bool>> = candidates.iter().map(verify).collect();
        let now = now.as_second() as f64;
        if tried.contains(&Some(true)) {
            return match (seconds("nbf"), seconds("exp")) {
                (Some(from), _) if from > now => "early",
                (_, Some(until)) if until <= now => "expired",
                _ => "verified",
            };
        }
        if tried.contains(&None) {
            return "unsupported";
        }
        match named {
            Some(_) if !candidates.is_empty() => "forged",
            // An empty list is a fault of the server's, and takes no key away.
            Some(kid) if !keys.is_empty() && keys.iter().all(|key| !is_named(key, kid)) => {
                "withdrawn"
            }
            _ => "unmatched",
        }
    }
}

fn is_named(key: &Value, kid: &str) -> bool {
    key.get("kid").and_then(Value::as_str) == Some(kid)
}

/// Of `instances` those that the token names as its issuer, which binds it to them.
pub(crate) fn named(instances: Vec<Instance>, secret: &Secret) -> Vec<Instance> {
    let token = Token::read(secret);
    let issuer = token.as_ref().and_then(Token::issuer);
    let Some(named) = issuer.and_then(|text| Endpoint::any(text).ok()) else {
        return Vec::new();
    };
    let own = instances.into_iter().filter(|instance| instance.endpoint == named);
    own.map(|instance| Instance { binding: Binding::Intrinsic, ..instance }).collect()
}

/// Where the issuer's own document says that its keys are; `None` when it is not the document of
/// `issuer`.
pub(crate) fn keys_at(document: &[u8], issuer: &str) -> Option<url::Url> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let own = document.get("issuer")?.as_str()?;
    let is_own = own.trim_end_matches('/') == issuer.trim_end_matches('/');
    let at = document.get("jwks_uri")?.as_str()?;
    url::Url::parse(at).ok().filter(|_| is_own)
}

/// The answer that the clauses of a recipe read: what the published keys make of the token.
pub(crate) fn verified(token: &Token, published: Received, now: Timestamp) -> Received {
    let keys: Option<Value> = serde_json::from_slice(&published.body).ok();
    let keys = keys.as_ref().map(|keys| pointer::find(keys, "/keys/*"));
    let Some(keys) = keys.filter(|_| published.status == 200) else {
        return published;
    };
    let keys: Vec<Value> = keys.into_iter().cloned().collect();
    let code = token.tried(&keys, now);
    let claims = (code == "verified").then(|| token.claims.clone());
    let body = json!({ "code": code, "claims": claims });
    Received { code: Some(format!("JWT {code}")), body: body.to_string().into_bytes(), ..published }
}

#[cfg(feature = "jwt")]
#[cfg(test)]
mod tests;
