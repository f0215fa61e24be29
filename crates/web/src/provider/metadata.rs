//! What the provider tells of itself: its endpoints and its keys (OpenID Connect Discovery 1.0).

use super::{NoEntry, Provider, ProviderCall, accepts_json, disbelieved};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// After how long it is asked anew.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// How often an unknown key makes us ask for the keys again. Strangers can send any number.
const KEYS_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// What is known of the provider so far.
#[derive(Default)]
pub(super) struct Known {
    metadata: Option<(Timestamp, Arc<Metadata>)>,
    keys: Option<(Timestamp, Arc<Vec<Jwk>>)>,
}

/// What the provider tells of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    /// Its answers name it (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(super) names_itself: bool,
}

impl Metadata {
    fn read(body: &[u8], issuer: &str) -> Result<Self, NoEntry> {
        let read: Self = serde_json::from_slice(body)
            .map_err(|error| disbelieved(format!("its configuration is incomplete ({error})")))?;
        if read.issuer != issuer {
            let why = "its configuration is that of another issuer than [sign_in] names, to the \
                       letter and the slash at the end";
            return Err(disbelieved(why));
        }
        let userinfo = read.userinfo_endpoint.as_ref();
        let places = [&read.authorization_endpoint, &read.token_endpoint, &read.jwks_uri];
        for place in places.into_iter().chain(userinfo) {
            if !Url::parse(place).is_ok_and(|url| url.scheme() == "https") {
                return Err(disbelieved("one of its endpoints is no https address"));
            }
        }
        let challenges = read.code_challenge_methods_supported.as_ref();
        if challenges.is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
            return Err(disbelieved("it takes no code challenge by S256"));
        }
        Ok(read)
    }

    pub(super) fn authorization(&self) -> Result<Url, NoEntry> {
        Url::parse(&self.authorization_endpoint)
            .map_err(|_| disbelieved("the place to sign in is no address"))
    }

    /// Whether a client's secret goes into a header; it does where nothing is said.
    pub(super) fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|one| one == "client_secret_basic"))
    }
}

impl Provider {
    /// What the provider told of itself within the last hour.
    pub(super) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, NoEntry> {
        let mut known = self.known.lock().await;
        if let Some((at, metadata)) = &known.metadata
            && now.duration_since(*at).abs() < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        let issuer = &self.settings.issuer;
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let body = self.read(format!("{base}/.well-known/openid-configuration")).await?;
        let metadata = Arc::new(Metadata::read(&body, issuer)?);
        *known = Known { metadata: Some((now, Arc::clone(&metadata))), keys: None };
        Ok(metadata)
    }

    /// The provider's keys, read again when `wanted` is not among them.
    pub(super) async fn keys(
        &self,
        metadata: &Metadata,
        wanted: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Vec<Jwk>>, NoEntry> {
        let mut known = self.known.lock().await;
        if let Some((at, keys)) = &known.keys {
            let has = |id: &str| keys.iter().any(|key| key.common.key_id.as_deref() == Some(id));
            if wanted.is_none_or(has) || now.duration_since(*at).abs() < KEYS_AGAIN {
                return Ok(Arc::clone(keys));
            }
        }
        let body = self.read(metadata.jwks_uri.clone()).await?;
        let set: Value = serde_json::from_slice(&body)
            .map_err(|_| disbelieved("its keys are no JSON document"))?;
        // A kind of key that is not known here takes nothing away from the others.
        let keys = set["keys"].as_array().into_iter().flatten();
        let keys: Vec<Jwk> =
            keys.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
        let keys = Arc::new(keys);
        known.keys = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    async fn read(&self, url: String) -> Result<Vec<u8>, NoEntry> {
        let headers = vec![accepts_json()];
        let answer = self.asked(ProviderCall { url, headers, form: None }).await?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(NoEntry::Unreachable(format!("it answers with HTTP {status}"))),
        }
    }
}
