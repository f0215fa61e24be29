//! The OpenID provider that the configuration names, and how it is asked.

use crate::setup::Setup;
use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use quietus_model::Secret;
use quietus_poam::{Role, RoleTable};
use quietus_validate::{Reader, Settings};
use quietus_web::{AskProvider, ProviderAnswer, ProviderCall, ProviderSettings};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// The provider that signs people in, and what its groups may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInConfig {
    /// The provider's issuer, to the letter.
    issuer: String,
    /// As whom this site is registered there.
    client_id: String,
    /// The variable that holds the client's secret.
    client_secret_env: Option<String>,
    /// The file that holds the client's secret.
    client_secret_file: Option<PathBuf>,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes")]
    scopes: Vec<String>,
    /// The claim that names a person.
    #[serde(default = "email")]
    name_claim: String,
    /// The claim that lists their groups.
    #[serde(default = "groups")]
    groups_claim: String,
    /// More hosts that the provider's endpoints may be at.
    #[serde(default)]
    hosts: Vec<String>,
    /// How long somebody stays signed in.
    #[serde(default = "hours")]
    session_hours: u8,
    /// For a role the groups that hold it.
    #[serde(default)]
    roles: BTreeMap<Role, Vec<String>>,
}

fn scopes() -> Vec<String> {
    ["email", "profile"].map(str::to_owned).to_vec()
}

fn email() -> String {
    "email".to_owned()
}

fn groups() -> String {
    "groups".to_owned()
}

fn hours() -> u8 {
    12
}

impl SignInConfig {
    fn secret(&self) -> Result<Option<Secret>> {
        let text = match (&self.client_secret_env, &self.client_secret_file) {
            (Some(_), Some(_)) => {
                bail!("[sign_in]: give client_secret_env or client_secret_file, not both")
            }
            (Some(name), None) => match std::env::var(name) {
                Ok(text) => text,
                Err(_) => bail!("sign_in.client_secret_env: the variable {name} is not set"),
            },
            (None, Some(file)) => std::fs::read_to_string(file).with_context(|| {
                format!("reading sign_in.client_secret_file {}", file.display())
            })?,
            (None, None) => return Ok(None),
        };
        match text.trim() {
            "" => bail!("the client's secret of [sign_in] is empty"),
            secret => Ok(Some(Secret::from(secret))),
        }
    }

    fn settings(&self, people: RoleTable) -> Result<ProviderSettings> {
        let url = Url::parse(&self.issuer).ok();
        let plain = url.is_some_and(|url| {
            url.scheme() == "https"
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if !plain {
            bail!("sign_in.issuer is no https address such as https://login.example.org/main");
        }
        if self.client_id.is_empty() {
            bail!("sign_in.client_id is empty: it is what the provider calls this site");
        }
        if !(1..=24).contains(&self.session_hours) {
            bail!("sign_in.session_hours is {}; it must be 1 to 24", self.session_hours);
        }
        if self.roles.values().all(Vec::is_empty) && people.is_empty() {
            bail!(
                "nobody whom [sign_in] lets in would have a role: give groups roles in \
                 [sign_in.roles], or people in [roles]"
            );
        }
        Ok(ProviderSettings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.secret()?,
            scopes: self.scopes.clone(),
            name_claim: self.name_claim.clone(),
            groups_claim: self.groups_claim.clone(),
            roles: self.roles.clone(),
            people,
            session: SignedDuration::from_hours(self.session_hours.into()),
        })
    }

    /// Where the provider may be asked: at its issuer, and at the other hosts that are named.
    fn places(&self) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| format!("https://{host}/"));
        [self.issuer.clone()].into_iter().chain(hosts).collect()
    }
}

/// The provider of the configuration, if there is one.
pub(crate) fn provider(setup: &Setup) -> Result<Option<(ProviderSettings, AskProvider)>> {
    let Some(config) = &setup.config.sign_in else { return Ok(None) };
    let settings = config.settings(setup.config.roles.clone())?;
    let ways = setup.config.validation()?;
    Ok(Some((settings, ask(config.places(), ways))))
}

fn ask(places: Vec<String>, ways: Settings) -> AskProvider {
    Arc::new(move |call: ProviderCall| {
        // A client for one question: what is found out of a host for one run would stay for ever.
        let client = Reader::new(&ways, places.iter().map(String::as_str));
        Box::pin(async move {
            let client = client.map_err(|error| error.to_string())?;
            let read = match &call.form {
                Some(form) => client.post(&call.url, &call.headers, form).await,
                None => client.get(&call.url, &call.headers).await,
            };
            let read = read.map_err(|error| format!("{} ({error})", host(&call.url)))?;
            Ok(ProviderAnswer { status: read.status, body: read.body })
        })
    })
}

fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
