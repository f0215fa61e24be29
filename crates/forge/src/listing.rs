//! Following a forge's pages to the end, as fast as it allows.

use crate::pages::{self, Page};
use crate::{ForgeError, Found, Kind, Selection};
use jiff::Timestamp;
use quietus_model::Secret;
use quietus_poam::{Candidate, ForgeId};
use quietus_validate::Reader;
use std::collections::BTreeSet;
use std::time::Duration;
use url::Url;

/// More pages than this are no list.
const MOST_PAGES: usize = 20_000;

/// A forge says for how long no calls are left; this long is waited, and not longer.
const PATIENCE: u64 = 15 * 60;

/// A forge to ask.
#[derive(Clone, Debug)]
pub struct Forge {
    /// What it is called in the configuration.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where its API is.
    pub api: String,
    /// Organisations, groups, workspaces, projects or people; all that the token sees if none.
    pub owners: Vec<String>,
    /// The user that goes with the token, where the forge wants one.
    pub user: Option<String>,
    /// The token.
    pub token: Option<Secret>,
    /// Repositories are cloned by ssh.
    pub ssh: bool,
    /// Which repositories are taken.
    pub selection: Selection,
}

/// Every repository that `forge` holds and its selection takes, in the order of their ids.
///
/// # Errors
/// [`ForgeError`] when any page is missing: the list is whole or none.
pub async fn list(
    forge: &Forge,
    reader: &Reader,
    clock: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Vec<Candidate>, ForgeError> {
    let named = || forge.name.clone();
    let api = Url::parse(forge.api.trim_end_matches('/'))
        .ok()
        .filter(|url| url.has_host())
        .ok_or_else(|| ForgeError::Address { forge: named() })?;
    let host = match (api.host_str(), api.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let asking = Asking { forge, reader, clock, api };
    let mut found: Vec<Found> = Vec::new();
    let owners: Vec<Option<&str>> = match forge.owners.as_slice() {
        [] => vec![None],
        some => some.iter().map(|owner| Some(owner.as_str())).collect(),
    };
    for owner in owners {
        found.extend(asking.all_of(owner).await?);
    }
    found.retain(|one| forge.selection.takes(one));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    // Two owners may share one, and a list that changes while it is read may tell of one twice.
    found.dedup_by(|a, b| a.id == b.id);
    let candidate = |one: Found| Candidate {
        url: if forge.ssh { one.ssh.unwrap_or(one.https) } else { one.https },
        name: None,
        forge: Some(ForgeId { host: host.clone(), id: one.id }),
        identity: None,
    };
    Ok(found.into_iter().map(candidate).collect())
}

struct Asking<'a> {
    forge: &'a Forge,
    reader: &'a Reader,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    api: Url,
}

impl Asking<'_> {
    async fn all_of(&self, owner: Option<&str>) -> Result<Vec<Found>, ForgeError> {
        let firsts = self.forge.kind.first(owner);
        let mut last = None;
        for first in &firsts {
            let url = format!("{}{first}", self.api.as_str().trim_end_matches('/'));
            let url = Url::parse(&url)
                .map_err(|_| ForgeError::Address { forge: self.forge.name.clone() })?;
            match self.follow(url, owner).await {
                Err(ForgeError::Refused { status: 404, of, .. }) => last = Some(of),
                followed => return followed,
            }
        }
        let of = last.unwrap_or_default();
        let advice = "; is there one of this name, and may the token see it?";
        Err(ForgeError::Refused { forge: self.forge.name.clone(), of, status: 404, advice })
    }

    async fn follow(&self, first: Url, owner: Option<&str>) -> Result<Vec<Found>, ForgeError> {
        let astray = || ForgeError::Astray { forge: self.forge.name.clone() };
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next = Some(first);
        while let Some(url) = next {
            // The token goes to the forge's own API, wherever a page may lead.
            let is_ours =
                url.origin() == self.api.origin() && url.path().starts_with(self.api.path());
            if !is_ours || seen.len() >= MOST_PAGES || !seen.insert(url.to_string()) {
                return Err(astray());
            }
            let page = self.page(&url, owner).await?;
            found.extend(page.found);
            next = page.next;
        }
        Ok(found)
    }

    async fn page(&self, url: &Url, owner: Option<&str>) -> Result<Page, ForgeError> {
        let forge = self.forge;
        let headers = forge.kind.headers(forge.user.as_deref(), forge.token.as_ref());
        let name = || forge.name.clone();
        for is_last in [false, true] {
            let read = self.reader.get(url.as_str(), &headers).await;
            let read = read.map_err(|source| ForgeError::NotRead { forge: name(), source })?;
            if read.status == 200 {
                let page = pages::read(forge.kind, url, &read.headers, &read.body);
                return page.map_err(|what| ForgeError::Unrecognised { forge: name(), what });
            }
            let Some(seconds) = read.wait((self.clock)()) else {
                let of =
                    owner.map_or_else(|| "repositories".to_owned(), |o| format!("those of {o}"));
                let advice = match read.status {
                    401 | 203 | 302 => "; is the token right, and not expired?",
                    403 => "; may the token list repositories?",
                    _ => "",
                };
                return Err(ForgeError::Refused { forge: name(), of, status: read.status, advice });
            };
            if is_last || seconds > PATIENCE {
                return Err(ForgeError::Limited { forge: name(), seconds });
            }
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        Err(ForgeError::Astray { forge: name() })
    }
}
