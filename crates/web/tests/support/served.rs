//! A site on a loopback port over a made-up ledger, with a clock that stands still or goes on.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its own part; what cannot fail here is unwrapped"
)]

use crate::crowd::{self, samples::world};
use jiff::{SignedDuration, Timestamp};
use quietus_model::Target;
use quietus_poam::{Actor, Policy, Role, Roles};
use quietus_store::Ledger;
use quietus_track::EvidenceFolder;
use quietus_web::{
    Address, AskProvider, Clock, Evidence, ProviderSettings, Settings, Site, Targets, new_token,
    serve,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running site.
pub struct Served {
    pub folder: TempDir,
    /// Another connection to its ledger, as another process would have.
    pub ledger: Ledger,
    pub address: SocketAddr,
    pub link: String,
    /// Minutes that were added to its clock.
    pub minutes: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
}

/// How a site is set up that is not just so.
pub struct Setup {
    pub items: usize,
    pub port: u16,
    pub goes_on: bool,
    pub url: Option<String>,
    pub policy: Policy,
    pub provider: Option<(ProviderSettings, AskProvider)>,
    pub keeps_files: bool,
}

impl Default for Setup {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            items: 26,
            port: 0,
            goes_on: false,
            url: None,
            policy,
            provider: None,
            keeps_files: true,
        }
    }
}

impl Served {
    pub async fn start(items: usize, port: u16, goes_on: bool) -> Self {
        Self::of(Setup { items, port, goes_on, ..Setup::default() }).await
    }

    pub async fn of(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
        let key = world::key().id();
        let ledger = Ledger::open(&url, &key, crowd::now()).await.unwrap();
        if setup.items > 0 {
            crowd::fill(&ledger, 0, setup.items).await;
        }
        let listener = TcpListener::bind(("127.0.0.1", setup.port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let minutes = Arc::new(AtomicI64::new(0));
        let site = Site::new(
            Ledger::open_existing(&url, &key).await.unwrap(),
            Settings {
                address: Address::new(address, setup.url.as_deref()).unwrap(),
                policy: setup.policy,
                account: setup.url.is_none().then(|| Actor::person("os:1000@host")),
                targets: targets(),
                evidence: setup.keeps_files.then(|| evidence(folder.path().join("evidence"))),
                provider: setup.provider,
            },
            clock(setup.goes_on, Arc::clone(&minutes)),
        );
        let site = site.await.unwrap();
        let link = site.link();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move {
            serve(listener, site, async { drop(stopped.await) }).await.unwrap();
        });
        Self { folder, ledger, address, link, minutes, stop: Some(stop) }
    }

    /// A new token of somebody with these roles.
    pub async fn token(&self, who: &str, roles: impl IntoIterator<Item = Role>) -> String {
        self.token_with(who, Roles::held(roles)).await
    }

    pub async fn token_with(&self, who: &str, roles: Roles) -> String {
        let until = crowd::now().checked_add(SignedDuration::from_hours(24 * 30)).unwrap();
        let made = new_token(&self.ledger, who, roles, until, crowd::now()).await.unwrap();
        made.1.reveal().to_owned()
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
    }
}

fn clock(goes_on: bool, minutes: Arc<AtomicI64>) -> Clock {
    let begin = Instant::now();
    Arc::new(move || -> Timestamp {
        let passed = if goes_on { begin.elapsed().as_secs().cast_signed() } else { 0 };
        let added = minutes.load(Ordering::SeqCst) * 60;
        crowd::now().checked_add(SignedDuration::from_secs(passed + added)).unwrap()
    })
}

/// What a file says that is taken for one with a credential.
pub const GIVEAWAY: &str = "a credential stands here";

fn evidence(folder: std::path::PathBuf) -> Evidence {
    Evidence {
        folder: EvidenceFolder::new(folder),
        look_through: Arc::new(|_, name, bytes| match String::from_utf8_lossy(bytes) {
            text if text.contains(GIVEAWAY) => Err(format!("{name} holds a credential")),
            _ => Ok(()),
        }),
    }
}

fn targets() -> Targets {
    Arc::new(|_, issuer| match issuer {
        "" => Err("name a host".to_owned()),
        host => Ok(Target {
            issuer: "issuer".to_owned(),
            endpoint: format!("https://{host}"),
            principal: None,
        }),
    })
}
