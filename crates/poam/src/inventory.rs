//! The inventory: which repositories are watched, where each is fetched from, and how that changed.

use crate::Actor;
use jiff::Timestamp;
use quietus_model::{RepositoryId, SafeText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a forge itself calls a repository, whatever its path is: it outlives renames and transfers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ForgeId {
    /// The forge: host and, where it has one, port.
    pub host: String,
    /// Its own id: a number or a UUID.
    pub id: String,
}

impl fmt::Display for ForgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} id {}", self.host, self.id)
    }
}

/// Why another URL is that of the same repository.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum MoveEvidence {
    /// The forge gives the same id there.
    Forge {
        /// The id.
        forge: ForgeId,
    },
    /// A first commit of what lies there is in the mirror of what lay here.
    Commit {
        /// The commit.
        oid: String,
    },
    /// A person says so.
    Person {
        /// Their reason.
        reason: String,
    },
}

/// Something that happened to one repository of the inventory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum InventoryEvent {
    /// It is watched from now on.
    Added {
        /// Where it is fetched from, or the folder it lies in. Never with a password.
        url: String,
        /// The name its scans are recorded under.
        source: SafeText,
        /// What its forge calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forge: Option<ForgeId>,
    },
    /// Its forge told what it calls it.
    Identified {
        /// The id.
        forge: ForgeId,
    },
    /// It was renamed or transferred.
    Moved {
        /// Where it is fetched from now.
        url: String,
        /// Why that is the same repository.
        evidence: MoveEvidence,
    },
    /// Another repository stands at its URL now, and nobody knows where it went. It must not be
    /// fetched from there: what is clean in the other one says nothing of it.
    Displaced {
        /// The other one.
        by: ForgeId,
    },
    /// It is not to be watched any more.
    Retired {
        /// Why.
        reason: String,
    },
    /// It is to be watched again.
    Restored,
}

/// An event of the inventory with who and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InventoryRecord {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub event: InventoryEvent,
}

/// Whether a repository of the inventory is watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Watch {
    /// It is.
    On,
    /// It cannot be: another one took its URL.
    Displaced {
        /// The other one.
        by: ForgeId,
    },
    /// It is not, because somebody said so.
    Retired {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

impl Watch {
    /// One word for listings.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::On => "watched",
            Self::Displaced { .. } => "displaced",
            Self::Retired { .. } => "retired",
        }
    }
}

/// One repository of the inventory, as its events tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Which one. It never changes.
    pub id: RepositoryId,
    /// The name that its scans are recorded under, and its mirror is found by: the URL it was first
    /// listed with. What one source showed only that source can show gone, so this does not change
    /// when the repository moves.
    pub source: SafeText,
    /// Where it is fetched from now, or the folder it lies in.
    pub url: String,
    /// What its forge calls it.
    pub forge: Option<ForgeId>,
    /// Since when it is listed.
    pub added: Timestamp,
    /// Where it moved to, when and why that is so.
    pub moves: Vec<(Timestamp, String, MoveEvidence)>,
    /// Whether it is watched.
    pub watch: Watch,
    /// How many events it has.
    pub version: u64,
    /// What its URL says of a remote, by whatever scheme.
    remote: Option<RepositoryId>,
}

impl Listed {
    /// The repository `id` as `records` tell, oldest first; `None` when they do not begin with how it
    /// was added.
    pub fn fold(id: RepositoryId, records: &[InventoryRecord]) -> Option<Self> {
        let (first, rest) = records.split_first()?;
        let InventoryEvent::Added { url, source, forge } = &first.event else { return None };
        let mut listed = Self {
            id,
            source: source.clone(),
            url: url.clone(),
            forge: forge.clone(),
            added: first.at,
            moves: Vec::new(),
            watch: Watch::On,
            version: 1,
            remote: RepositoryId::from_remote(url),
        };
        rest.iter().for_each(|record| listed.take(record));
        Some(listed)
    }

    /// One more event.
    fn take(&mut self, record: &InventoryRecord) {
        self.version += 1;
        match record.event.clone() {
            InventoryEvent::Added { .. } => {}
            InventoryEvent::Identified { forge } => self.forge = Some(forge),
            InventoryEvent::Moved { url, evidence } => {
                self.remote = RepositoryId::from_remote(&url);
                self.url.clone_from(&url);
                self.moves.push((record.at, url, evidence));
                if matches!(self.watch, Watch::Displaced { .. }) {
                    self.watch = Watch::On;
                }
            }
            InventoryEvent::Displaced { by } => self.watch = Watch::Displaced { by },
            InventoryEvent::Retired { reason } => {
                self.watch = Watch::Retired { at: record.at, reason };
            }
            InventoryEvent::Restored => self.watch = Watch::On,
        }
    }

    /// Whether it is to be scanned, or to be told of as one that cannot be.
    pub fn is_due(&self) -> bool {
        !matches!(self.watch, Watch::Retired { .. })
    }

    /// Whether `text` names it: by its id, its URL, or the URL it was listed with.
    pub fn answers_to(&self, text: &str) -> bool {
        self.id.as_str() == text
            || self.source.as_str() == text
            || self.is_at(text, RepositoryId::from_remote(text).as_ref())
    }

    /// Whether it is fetched from `url`, by whatever scheme; or lies in that folder.
    fn is_at(&self, url: &str, remote: Option<&RepositoryId>) -> bool {
        self.url == url || (remote.is_some() && self.remote.as_ref() == remote)
    }
}

/// A repository that somebody names for the inventory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Where it is fetched from, or the folder it lies in.
    pub url: String,
    /// The name that a person gives it.
    pub name: Option<RepositoryId>,
    /// What its forge calls it.
    pub forge: Option<ForgeId>,
    /// What it is by its own commits, for one that has no remote.
    pub identity: Option<RepositoryId>,
}

/// What naming a candidate comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// These events, of a repository at this version.
    Append {
        /// The repository.
        id: RepositoryId,
        /// The version it has, 0 for a new one.
        version: u64,
        /// What happened.
        events: Vec<InventoryEvent>,
    },
    /// It is there as this one already.
    Known(RepositoryId),
    /// It is there as this one, and somebody retired it: that holds until somebody takes it back.
    Retired(RepositoryId),
    /// It has no name, no remote and no commits, so that nobody could tell it from another.
    Nameless,
}

/// What naming `candidate` comes to, when `listed` are there and earlier scans knew the sources
/// `scanned` by these names.
///
/// The name a person gives counts before that of earlier scans, that before the remote, and that
/// before the first commits. A forge's own id finds a repository that moved; it is no part of the
/// name unless the path was that of another one before.
pub fn admit(
    listed: &[Listed],
    candidate: &Candidate,
    scanned: &BTreeMap<String, RepositoryId>,
) -> Vec<Admission> {
    let by_forge = candidate
        .forge
        .as_ref()
        .and_then(|forge| listed.iter().find(|one| one.forge.as_ref() == Some(forge)));
    if let Some(one) = by_forge {
        let mut admissions = displaced(listed, candidate, Some(one));
        admissions.push(again(one, candidate));
        return admissions;
    }
    let remote = RepositoryId::from_remote(&candidate.url);
    let at_url = listed.iter().find(|one| one.is_at(&candidate.url, remote.as_ref()));
    match (at_url, &candidate.forge) {
        (Some(one), Some(forge)) if one.forge.is_none() => {
            let events = vec![InventoryEvent::Identified { forge: forge.clone() }];
            return vec![Admission::Append { id: one.id.clone(), version: one.version, events }];
        }
        (Some(one), None) => return vec![same(one)],
        _ => {}
    }
    let mut admissions = displaced(listed, candidate, None);
    let source = SafeText::scrubbed(candidate.url.as_bytes(), []);
    // Whose scans these were is another repository's, if that one is displaced by this.
    let earlier = scanned.get(source.as_str()).filter(|_| admissions.is_empty());
    let id = candidate
        .name
        .clone()
        .or_else(|| earlier.cloned())
        .or(remote)
        .or_else(|| candidate.identity.clone());
    let Some(id) = id else { return vec![Admission::Nameless] };
    let taken = listed.iter().find(|one| one.id == id);
    let (id, source) = match (taken, &candidate.forge) {
        // Neither name nor mirror of the one that was there before.
        (Some(_), Some(forge)) => (
            RepositoryId::named(format!("{id}#{}", forge.id)),
            SafeText::plain(format!("{source}#{}", forge.id)),
        ),
        // By another URL of the same remote.
        (Some(one), None) => return vec![same(one)],
        (None, _) => (id, source),
    };
    let (url, forge) = (candidate.url.clone(), candidate.forge.clone());
    let added = InventoryEvent::Added { url, source, forge };
    admissions.push(Admission::Append { id, version: 0, events: vec![added] });
    admissions
}

/// That the repositories that stood at the URL of `candidate` do so no more, as it is another one.
fn displaced(listed: &[Listed], candidate: &Candidate, own: Option<&Listed>) -> Vec<Admission> {
    let Some(by) = &candidate.forge else { return Vec::new() };
    let remote = RepositoryId::from_remote(&candidate.url);
    let others = listed.iter().filter(|one| {
        one.is_at(&candidate.url, remote.as_ref())
            && one.watch == Watch::On
            && one.forge.as_ref().is_some_and(|forge| forge != by)
            && own.is_none_or(|own| own.id != one.id)
    });
    let append = |one: &Listed| Admission::Append {
        id: one.id.clone(),
        version: one.version,
        events: vec![InventoryEvent::Displaced { by: by.clone() }],
    };
    others.map(append).collect()
}

/// What its forge tells of one that it told of before.
fn again(one: &Listed, candidate: &Candidate) -> Admission {
    if matches!(one.watch, Watch::Retired { .. }) {
        return Admission::Retired(one.id.clone());
    }
    let remote = RepositoryId::from_remote(&candidate.url);
    let is_displaced = matches!(one.watch, Watch::Displaced { .. });
    match &candidate.forge {
        Some(forge) if is_displaced || !one.is_at(&candidate.url, remote.as_ref()) => {
            let evidence = MoveEvidence::Forge { forge: forge.clone() };
            let events = vec![InventoryEvent::Moved { url: candidate.url.clone(), evidence }];
            Admission::Append { id: one.id.clone(), version: one.version, events }
        }
        _ => Admission::Known(one.id.clone()),
    }
}

fn same(one: &Listed) -> Admission {
    match one.watch {
        Watch::Retired { .. } => Admission::Retired(one.id.clone()),
        _ => Admission::Known(one.id.clone()),
    }
}

/// What is to be appended to one repository of the inventory, on the version it was decided on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enlisting {
    /// The repository.
    pub id: RepositoryId,
    /// The version it has, 0 for a new one.
    pub version: u64,
    /// What happened.
    pub records: Vec<InventoryRecord>,
}

/// What naming all `candidates` comes to, one after the other: what is to be appended, and what each
/// of them came to.
pub fn admit_all(
    mut listed: Vec<Listed>,
    candidates: &[Candidate],
    scanned: &BTreeMap<String, RepositoryId>,
    by: &Actor,
    now: Timestamp,
) -> (Vec<Enlisting>, Vec<Vec<Admission>>) {
    let mut enlistings: BTreeMap<RepositoryId, Enlisting> = BTreeMap::new();
    let mut outcomes = Vec::new();
    for candidate in candidates {
        let admissions = admit(&listed, candidate, scanned);
        for admission in &admissions {
            let Admission::Append { id, version, events } = admission else { continue };
            let new = || Enlisting { id: id.clone(), version: *version, records: Vec::new() };
            let enlisting = enlistings.entry(id.clone()).or_insert_with(new);
            for event in events {
                let record = InventoryRecord { at: now, by: by.clone(), event: event.clone() };
                match listed.iter_mut().find(|one| one.id == *id) {
                    Some(one) => one.take(&record),
                    None => listed.extend(Listed::fold(id.clone(), std::slice::from_ref(&record))),
                }
                enlisting.records.push(record);
            }
        }
        outcomes.push(admissions);
    }
    (enlistings.into_values().collect(), outcomes)
}

#[cfg(test)]
#[path = "inventory/tests.rs"]
mod tests;
