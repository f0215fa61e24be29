//! Signing in with an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core
//! 1.0, RFC 7636, RFC 9207). Only the provider of the configuration is asked, and only it is believed.

pub(crate) mod attempt;
mod claims;
mod id_token;
mod metadata;
mod signature;

pub(crate) use self::attempt::Attempt;

use self::metadata::{Known, Metadata};
use crate::refused::Refused;
use axum::http::StatusCode;
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use quietus_model::Secret;
use quietus_poam::{Role, RoleTable, Roles};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

/// How many sign-ins ask the provider at the same time; strangers can begin one.
const AT_ONCE: usize = 8;

/// What is asked of the provider. The texts may hold what must not be shown, so there is no `Debug`.
pub struct ProviderCall {
    /// Where.
    pub url: String,
    /// With which headers.
    pub headers: Vec<(String, Secret)>,
    /// The body of a form that is posted; nothing is posted where there is none.
    pub form: Option<Secret>,
}

/// What came back.
pub struct ProviderAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// An answer that is waited for.
pub type Answering = Pin<Box<dyn Future<Output = Result<ProviderAnswer, String>> + Send>>;

/// Asks the provider: how one gets out is the configuration's affair.
pub type AskProvider = Arc<dyn Fn(ProviderCall) -> Answering + Send + Sync>;

/// Which provider signs people in, and as what.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Its issuer, as it names itself in its tokens.
    pub issuer: String,
    /// As whom this site is registered there.
    pub client_id: String,
    /// What proves that, unless it is registered as a public client.
    pub client_secret: Option<Secret>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that names a person in the history: `email` counts only if it is verified.
    pub name_claim: String,
    /// The claim that lists their groups: its name, or a JSON pointer.
    pub groups_claim: String,
    /// For a role the groups that hold it; `*` stands for everybody whom the provider signs in.
    pub roles: BTreeMap<Role, Vec<String>>,
    /// What people hold by their id.
    pub people: RoleTable,
    /// How long somebody stays signed in.
    pub session: SignedDuration,
}

/// Somebody whom the provider vouches for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) roles: Roles,
}

/// What the provider sends a browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Returned {
    code: String,
    state: String,
    iss: Option<String>,
    error: String,
}

/// Why somebody is not let in. Nothing that a stranger can write into an address is repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoEntry {
    /// The attempt is not this browser's.
    #[error(
        "this sign-in was not begun in this browser, or more than ten minutes ago; begin it again"
    )]
    NotBegun,
    /// The provider said no.
    #[error("the provider did not sign you in ({0}); try again, or ask whoever keeps it")]
    Declined(String),
    /// The provider cannot be asked.
    #[error("the provider cannot be asked now: {0}; try again later, or use a token")]
    Unreachable(String),
    /// What the provider says does not fit.
    #[error("what the provider says is not believed: {0}; whoever keeps this site must look")]
    Disbelieved(String),
    /// The person has no part here.
    #[error(
        "{who} is known to the provider, but neither they nor one of their groups has a role here; \
         ask whoever keeps [sign_in] of the configuration"
    )]
    NoRole {
        /// As the provider names them.
        who: String,
    },
}

impl From<NoEntry> for Refused {
    fn from(why: NoEntry) -> Self {
        let status = match why {
            NoEntry::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        };
        Self::new(status, why.to_string())
    }
}

/// The provider of a site.
pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    ask: AskProvider,
    /// Where the provider sends browsers back to.
    back: String,
    known: Mutex<Known>,
    turns: Semaphore,
}

impl Provider {
    pub(crate) fn new(settings: ProviderSettings, ask: AskProvider, site: &Url) -> Self {
        let back = format!("{site}sign-in/return");
        let (known, turns) = (Mutex::default(), Semaphore::new(AT_ONCE));
        Self { settings, ask, back, known, turns }
    }

    /// As people know it: its host.
    pub(crate) fn name(&self) -> String {
        let url = Url::parse(&self.settings.issuer).ok();
        let host = url.and_then(|url| url.host_str().map(str::to_owned));
        host.unwrap_or_else(|| self.settings.issuer.clone())
    }

    /// Where a browser is sent to sign in.
    pub(crate) async fn place(&self, attempt: &Attempt, now: Timestamp) -> Result<Url, NoEntry> {
        let metadata = self.metadata(now).await?;
        let mut url = metadata.authorization()?;
        let mut scope = vec!["openid"];
        scope.extend(self.settings.scopes.iter().map(String::as_str).filter(|s| *s != "openid"));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.back)
            .append_pair("scope", &scope.join(" "))
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who came back from the provider with `returned`, in the browser that began `attempt`.
    pub(crate) async fn person(
        &self,
        attempt: &Attempt,
        returned: &Returned,
        now: Timestamp,
    ) -> Result<Person, NoEntry> {
        if returned.state != attempt.state() {
            return Err(NoEntry::NotBegun);
        }
        let metadata = self.metadata(now).await?;
        // Which provider answers must be clear before its code is used (RFC 9207, 2.4).
        let named = returned.iss.as_deref();
        let mixed = named.is_some_and(|issuer| issuer != self.settings.issuer);
        if mixed || (named.is_none() && metadata.names_itself) {
            return Err(disbelieved("the answer comes from another provider"));
        }
        if !returned.error.is_empty() {
            return Err(NoEntry::Declined(plain_code(&returned.error)));
        }
        let tokens = self.exchange(&metadata, attempt, &returned.code).await?;
        let mut claims = self.believed(&metadata, &tokens.id_token, attempt, now).await?;
        if claims::wants_more(&claims, &self.settings) {
            self.ask_of_person(&metadata, &tokens.access_token, &mut claims).await?;
        }
        claims::person(&claims, &self.settings)
    }

    /// The claims of an ID token that holds.
    async fn believed(
        &self,
        metadata: &Metadata,
        token: &str,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Value, NoEntry> {
        let expected = id_token::Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce: &attempt.nonce(),
            now,
        };
        let header = id_token::header(token)?;
        let keys = self.keys(metadata, header.kid.as_deref(), now).await?;
        id_token::claims(token, &header, &keys, &expected)
    }

    /// What goes with a code: the form, and the headers that say who sends it.
    fn code_form(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &str,
    ) -> (Vec<(String, Secret)>, Secret) {
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.back)
            .append_pair("code_verifier", &attempt.verifier());
        let mut headers = vec![accepts_json()];
        match secret {
            Some(secret) if metadata.takes_basic() => headers.push(basic(id, secret)),
            Some(secret) => {
                let secret = String::from_utf8_lossy(secret.expose());
                form.append_pair("client_id", id).append_pair("client_secret", &secret);
            }
            None => {
                form.append_pair("client_id", id);
            }
        }
        (headers, Secret::new(form.finish().into_bytes()))
    }

    /// Gives the code back for tokens.
    async fn exchange(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Tokens, NoEntry> {
        let (headers, form) = self.code_form(metadata, attempt, code);
        let url = metadata.token_endpoint.clone();
        let answer = self.asked(ProviderCall { url, headers, form: Some(form) }).await?;
        if answer.status != 200 {
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let code = said["error"].as_str().map_or_else(String::new, plain_code);
            return Err(NoEntry::Declined(format!("HTTP {} {code}", answer.status)));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| disbelieved("its answer to a code holds no ID token"))
    }

    /// Adds what the provider tells of the person whose token this is.
    async fn ask_of_person(
        &self,
        metadata: &Metadata,
        access_token: &str,
        claims: &mut Value,
    ) -> Result<(), NoEntry> {
        let Some(url) = metadata.userinfo_endpoint.clone() else { return Ok(()) };
        let bearer = Secret::new(format!("Bearer {access_token}").into_bytes());
        let headers = vec![accepts_json(), ("authorization".to_owned(), bearer)];
        let answer = self.asked(ProviderCall { url, headers, form: None }).await?;
        let told: Value = match answer.status {
            200 => serde_json::from_slice(&answer.body).unwrap_or_default(),
            _ => Value::Null,
        };
        // It may speak of somebody else (OpenID Connect Core 1.0, 5.3.2).
        if told["sub"].as_str().is_none() || told["sub"] != claims["sub"] {
            return Err(disbelieved("its UserInfo does not speak of who signed in"));
        }
        if let (Value::Object(told), Value::Object(claims)) = (told, claims) {
            for (name, value) in told {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(())
    }

    async fn asked(&self, call: ProviderCall) -> Result<ProviderAnswer, NoEntry> {
        let _turn = self.turns.acquire().await;
        (self.ask)(call).await.map_err(NoEntry::Unreachable)
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: String,
}

fn disbelieved(why: impl Into<String>) -> NoEntry {
    NoEntry::Disbelieved(why.into())
}

fn accepts_json() -> (String, Secret) {
    ("accept".to_owned(), Secret::from("application/json"))
}

/// Both parts are written as in a form before they are joined (RFC 6749, 2.3.1).
fn basic(id: &str, secret: &Secret) -> (String, Secret) {
    let written = |bytes: &[u8]| url::form_urlencoded::byte_serialize(bytes).collect::<String>();
    let pair = format!("{}:{}", written(id.as_bytes()), written(secret.expose()));
    let value = format!("Basic {}", BASE64.encode(pair.as_bytes()));
    ("authorization".to_owned(), Secret::new(value.into_bytes()))
}

/// An error code of OAuth: a word in small letters. Anything else is somebody's own text.
fn plain_code(text: &str) -> String {
    let plain = text.len() <= 40 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if plain { text.replace('_', " ") } else { "it gave no reason".to_owned() }
}
