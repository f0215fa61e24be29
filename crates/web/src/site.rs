//! What is served: the ledger, the policy, who may come in, and by which name people reach it.

use crate::door::{DoorError, Secret};
use crate::folded::Folded;
use crate::provider::{AskProvider, Provider, ProviderSettings};
use crate::{api, guard, pages};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use jiff::Timestamp;
use quietus_model::Target;
use quietus_poam::{Actor, PoamItem, Policy};
use quietus_store::Ledger;
use quietus_track::EvidenceFolder;
use std::net::SocketAddr;
use std::sync::Arc;
use url::{Host, Url};

/// Tells the time. The pages are asked for at any moment, so it cannot be an argument.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Finds the target that a person means by an issuer's host or URL: which issuers there are is the
/// configuration's affair.
pub type Targets = Arc<dyn Fn(&PoamItem, &str) -> Result<Target, String> + Send + Sync>;

/// Refuses a file of this name that is to be attached to an item, in words: one that holds a
/// credential, or that nobody can look into.
pub type LookThrough = Arc<dyn Fn(&PoamItem, &str, &[u8]) -> Result<(), String> + Send + Sync>;

/// Files that show something: where they are kept, and what is kept at all.
#[derive(Clone)]
pub struct Evidence {
    /// Where.
    pub folder: EvidenceFolder,
    /// Asked before anything is kept.
    pub look_through: LookThrough,
}

/// The most that a request may send, in bytes. The longest thing anybody types is a note.
const BODY: usize = 64 * 1024;

/// By which name people reach the pages.
#[derive(Clone, Debug)]
pub struct Address {
    url: Url,
    loopback: bool,
}

/// Why pages are not served at an address.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no loopback address, and nothing says how people reach it.
    #[error(
        "{listen} can be reached from other machines, so the address people use must be known and \
         encrypted: put a server that speaks TLS before it and name its address with --url https://…"
    )]
    NoUrl {
        /// Where it was to listen.
        listen: SocketAddr,
    },
    /// It is not encrypted.
    #[error(
        "{url} is not encrypted, and tokens would cross the network in the clear: use an https \
         address"
    )]
    Plain {
        /// The address.
        url: String,
    },
    /// It has parts that a site's address has not.
    #[error("{url} is no address of a site: write it as https://host or https://host:port")]
    NoOrigin {
        /// The address.
        url: String,
    },
}

impl Address {
    /// What people use to reach what listens at `listen`: `url`, which only a loopback address can
    /// do without.
    ///
    /// # Errors
    /// [`AddressError`] when it would not be safe, or is no address of a site.
    pub fn new(listen: SocketAddr, url: Option<&str>) -> Result<Self, AddressError> {
        let loopback = listen.ip().is_loopback();
        let Some(text) = url else {
            let own = Url::parse(&format!("http://{listen}/"));
            let url = own.ok().filter(|_| loopback).ok_or(AddressError::NoUrl { listen })?;
            return Ok(Self { url, loopback });
        };
        let no_origin = || AddressError::NoOrigin { url: text.to_owned() };
        let url = Url::parse(text).map_err(|_| no_origin())?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            _ if !bare || !url.has_host() => Err(no_origin()),
            "https" => Ok(Self { url, loopback: false }),
            "http" if loopback && names_loopback(&url) => Ok(Self { url, loopback }),
            _ => Err(AddressError::Plain { url: text.to_owned() }),
        }
    }

    /// It is reached from this machine only.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// As people type it.
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether a request that names `host` means this site. Another name is another site's page that
    /// had its name changed to point here.
    pub(crate) fn is_meant_by(&self, host: &str) -> bool {
        let Ok(named) = Url::parse(&format!("{}://{host}/", self.url.scheme())) else {
            return false;
        };
        let same_port = named.port_or_known_default() == self.url.port_or_known_default();
        let same_host = named.host() == self.url.host();
        same_port && (same_host || (self.loopback && names_loopback(&named)))
    }

    /// Whether a page at `origin` is one of this site.
    pub(crate) fn is_origin(&self, origin: &str) -> bool {
        let Some((scheme, host)) = origin.split_once("://") else { return false };
        scheme == self.url.scheme() && self.is_meant_by(host)
    }
}

fn names_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How a site is set up.
pub struct Settings {
    /// By which name it is reached.
    pub address: Address,
    /// The policy that decides.
    pub policy: Policy,
    /// Whom the link that is printed at the start signs in; nobody where this is `None`.
    pub account: Option<Actor>,
    /// Finds the target that a person means.
    pub targets: Targets,
    /// Where files lie that show something; nobody attaches any here where this is `None`.
    pub evidence: Option<Evidence>,
    /// Who signs people in, where that is somebody else, and how they are asked.
    pub provider: Option<(ProviderSettings, AskProvider)>,
}

/// What is served. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    pub(crate) folded: Arc<Folded>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Clock,
    /// What the printed link holds.
    pub(crate) link: Option<Arc<Secret>>,
    pub(crate) provider: Option<Arc<Provider>>,
}

impl Site {
    /// Reads the ledger and makes everything ready.
    ///
    /// # Errors
    /// [`DoorError`] when the ledger cannot be read, or its tables of tokens not be made.
    pub async fn new(
        ledger: Ledger,
        mut settings: Settings,
        clock: Clock,
    ) -> Result<Self, DoorError> {
        ledger.prepare_access().await?;
        let now = clock();
        let folded = Folded::read(ledger, settings.policy.clone(), now).await?;
        let link = settings.account.is_some().then(Secret::fresh).transpose()?;
        let provider = settings.provider.take();
        let provider = provider.map(|(of, ask)| Provider::new(of, ask, settings.address.url()));
        Ok(Self {
            folded: Arc::new(folded),
            settings: Arc::new(settings),
            clock,
            link: link.map(Arc::new),
            provider: provider.map(Arc::new),
        })
    }

    /// The address to open; with the key to the door, where there is one.
    pub fn link(&self) -> String {
        let base = self.settings.address.url();
        match &self.link {
            Some(secret) => format!("{base}enter?key={}", secret.reveal()),
            None => base.to_string(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn router(self) -> Router {
        let guarded = middleware::from_fn_with_state(self.clone(), guard::guard);
        Router::new()
            .merge(pages::routes())
            .nest("/api/v1", api::routes())
            .fallback(pages::nowhere)
            .layer(DefaultBodyLimit::max(BODY))
            .layer(guarded)
            .with_state(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(listen: &str, url: Option<&str>) -> Result<Address, AddressError> {
        Address::new(listen.parse().unwrap(), url)
    }

    #[test]
    fn only_loopback_does_without_an_encrypted_address() {
        assert!(address("127.0.0.1:1", None).unwrap().is_loopback());
        assert!(address("[::1]:1", Some("http://localhost:1")).unwrap().is_loopback());
        assert!(!address("127.0.0.1:1", Some("https://q.example.org")).unwrap().is_loopback());
        for (listen, url) in [
            ("0.0.0.0:1", None),
            ("192.0.2.1:1", Some("http://q.example.org")),
            ("127.0.0.1:1", Some("http://q.example.org")),
            ("0.0.0.0:1", Some("http://localhost:1")),
            ("0.0.0.0:1", Some("https://u:p@q.example.org")),
            ("0.0.0.0:1", Some("https://q.example.org/x")),
            ("0.0.0.0:1", Some("javascript:alert(1)")),
        ] {
            assert!(address(listen, url).is_err(), "{listen} {url:?}");
        }
    }

    #[test]
    fn another_sites_name_is_not_meant() {
        let here = address("127.0.0.1:8419", None).unwrap();
        for host in ["127.0.0.1:8419", "localhost:8419", "LOCALHOST:8419", "[::1]:8419"] {
            assert!(here.is_meant_by(host), "{host}");
        }
        for host in
            ["evil.example:8419", "127.0.0.1", "127.0.0.1:80", "", "a b", "localhost.evil:8419"]
        {
            assert!(!here.is_meant_by(host), "{host}");
        }
        let public = address("0.0.0.0:8419", Some("https://q.example.org")).unwrap();
        assert!(public.is_meant_by("q.example.org") && public.is_meant_by("q.example.org:443"));
        assert!(!public.is_meant_by("localhost") && !public.is_origin("http://q.example.org"));
        assert!(public.is_origin("https://q.example.org") && !public.is_origin("null"));
    }
}
