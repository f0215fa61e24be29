//! Logins by protocols other than HTTP. A driver asks and reports in the protocol's own codes; what
//! they mean, the recipe's clauses say.
//!
//! Each is one login and no more: whom the server takes us for is asked where that is one question,
//! nothing is changed, and the connection is closed. The answer is JSON: `authenticated` is true when
//! the credential was accepted, `code` is the protocol's code, and each driver says what else.

#[cfg(feature = "ssh")]
mod known_hosts;
#[cfg(feature = "ldap")]
mod ldap;
#[cfg(feature = "mongodb")]
mod mongodb;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgresql")]
mod postgresql;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "smtp")]
mod smtp;
#[cfg(feature = "ssh")]
mod ssh;

use crate::endpoint::Endpoint;
use crate::line::Line;
use crate::transport::{Failure, Received};
use quietus_model::{Driver, Secret};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is logged in with.
pub(crate) struct Credentials {
    pub(crate) user: Secret,
    pub(crate) secret: Secret,
    /// What a private key is encrypted with; empty where it is not.
    pub(crate) passphrase: Secret,
}

/// What a driver heard.
pub(crate) struct Said {
    /// The protocol's code with its name, for people: `SQLSTATE 28P01`. Never a text of the server.
    code: String,
    /// What the clauses of a recipe look at.
    body: Value,
    /// The server's number of the connection, where it tells one that its log repeats.
    request_id: Option<String>,
}

impl Credentials {
    /// The account as text.
    fn user(&self) -> Result<&str, Failure> {
        let user = std::str::from_utf8(self.user.expose()).ok();
        let fits = user.filter(|user| !user.contains(['\0', '\r', '\n']));
        fits.ok_or_else(|| Failure::Refused("the account holds bytes that none can have".into()))
    }

    /// The password, which is never empty: several protocols take an empty one for nobody's login
    /// and accept it.
    fn password(&self) -> Result<&[u8], Failure> {
        let password = self.secret.expose();
        if password.is_empty() || password.contains(&0) {
            return Err(Failure::Refused("it is empty or holds bytes that no password can".into()));
        }
        Ok(password)
    }
}

/// Whether this build can speak `driver`.
pub(crate) fn is_built(driver: Driver) -> bool {
    match driver {
        Driver::Http => true,
        Driver::Ldap => cfg!(feature = "ldap"),
        Driver::Mongodb => cfg!(feature = "mongodb"),
        Driver::Mysql => cfg!(feature = "mysql"),
        Driver::Postgresql => cfg!(feature = "postgresql"),
        Driver::Redis => cfg!(feature = "redis"),
        Driver::Smtp => cfg!(feature = "smtp"),
        Driver::Ssh => cfg!(feature = "ssh"),
    }
}

/// Logs in once over `line` and says what the server made of it.
#[cfg_attr(
    not(any(
        feature = "ldap",
        feature = "mongodb",
        feature = "mysql",
        feature = "postgresql",
        feature = "redis",
        feature = "smtp",
        feature = "ssh"
    )),
    allow(unreachable_code, unused_variables, reason = "a build without any driver asks nobody")
)]
pub(crate) async fn ask(
    line: Line,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Received, Failure> {
    let said: Said = match endpoint.driver() {
        #[cfg(feature = "ldap")]
        Driver::Ldap => ldap::ask(line, credentials).await?,
        #[cfg(feature = "mongodb")]
        Driver::Mongodb => mongodb::ask(line, endpoint, credentials).await?,
        #[cfg(feature = "mysql")]
        Driver::Mysql => mysql::ask(line, endpoint, credentials).await?,
        #[cfg(feature = "postgresql")]
        Driver::Postgresql => postgresql::ask(line, endpoint, credentials).await?,
        #[cfg(feature = "redis")]
        Driver::Redis => redis::ask(line, credentials).await?,
        #[cfg(feature = "smtp")]
        Driver::Smtp => smtp::ask(line, credentials).await?,
        #[cfg(feature = "ssh")]
        Driver::Ssh => ssh::ask(line, endpoint, credentials).await?,
        #[allow(unreachable_patterns, reason = "a build with every driver has none left")]
        other => return Err(not_built(other)),
    };
    let headers = said.request_id.map(|id| ("request-id".to_owned(), id));
    Ok(Received {
        status: 0,
        code: Some(said.code),
        headers: BTreeMap::from_iter(headers),
        body: said.body.to_string().into_bytes(),
    })
}

/// Why a build without `driver` asks nobody.
pub(crate) fn not_built(driver: Driver) -> Failure {
    let name = driver.as_str();
    Failure::Refused(format!("this program was built without its feature \"{name}\""))
}
