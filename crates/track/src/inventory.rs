//! Keeping the inventory: taking repositories in, and finding clones in a folder.

use crate::TrackError;
use jiff::Timestamp;
use quietus_model::{RepositoryId, SafeText};
use quietus_poam::{
    Actor, Admission, Candidate, InventoryEvent, InventoryRecord, Listed, admit_all,
};
use quietus_store::{Append, Ledger, StoreError};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// How often it is decided anew when others change the inventory meanwhile.
const TRIES: usize = 8;

/// How many folders deep clones are looked for.
const DEPTH: usize = 6;

/// What taking repositories in came to.
#[derive(Clone, Debug, Default)]
pub struct Enlisted {
    /// New ones.
    pub added: Vec<RepositoryId>,
    /// Those that their forge gives at another URL than before.
    pub moved: Vec<RepositoryId>,
    /// Those at whose URL another one stands now.
    pub displaced: Vec<RepositoryId>,
    /// Those that were there.
    pub known: Vec<RepositoryId>,
    /// Those that somebody retired.
    pub retired: Vec<RepositoryId>,
    /// URLs that nothing tells apart from others.
    pub nameless: Vec<String>,
    /// Where each of them was said to be.
    pub urls: BTreeMap<RepositoryId, SafeText>,
}

impl Enlisted {
    fn of(candidates: &[Candidate], outcomes: Vec<Vec<Admission>>) -> Self {
        let mut enlisted = Self::default();
        for (candidate, admissions) in candidates.iter().zip(outcomes) {
            let url = SafeText::scrubbed(candidate.url.as_bytes(), []);
            for admission in admissions {
                match admission {
                    Admission::Append { id, events, .. } => {
                        events.iter().for_each(|event| enlisted.note(&id, event));
                        enlisted.urls.insert(id, url.clone());
                    }
                    Admission::Known(id) => enlisted.known.push(id),
                    Admission::Retired(id) => enlisted.retired.push(id),
                    Admission::Nameless => enlisted.nameless.push(candidate.url.clone()),
                }
            }
        }
        enlisted
    }

    fn note(&mut self, id: &RepositoryId, event: &InventoryEvent) {
        let list = match event {
            InventoryEvent::Added { .. } | InventoryEvent::Restored => &mut self.added,
            InventoryEvent::Moved { .. } => &mut self.moved,
            InventoryEvent::Displaced { .. } => &mut self.displaced,
            InventoryEvent::Identified { .. } => &mut self.known,
            InventoryEvent::Retired { .. } => &mut self.retired,
        };
        list.push(id.clone());
    }
}

/// Takes `candidates` into the inventory; with `dry_run` only tells what that would come to.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger refuses, [`TrackError::Contended`] when others kept changing
/// the inventory.
pub async fn enlist(
    ledger: &Ledger,
    candidates: &[Candidate],
    dry_run: bool,
    by: &Actor,
    now: Timestamp,
) -> Result<Enlisted, TrackError> {
    let scanned = scanned_sources(ledger).await?;
    for _ in 0..TRIES {
        let listed = ledger.inventory().await?;
        let (enlistings, outcomes) = admit_all(listed, candidates, &scanned, by, now);
        let batch = enlistings.into_iter().map(|one| Append::Inventory {
            repository: one.id,
            expected_version: one.version,
            records: one.records,
        });
        let batch: Vec<Append> = if dry_run { Vec::new() } else { batch.collect() };
        match ledger.append(batch, now).await {
            Ok(_) => return Ok(Enlisted::of(candidates, outcomes)),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(TrackError::Contended { tries: TRIES })
}

/// Appends one event of a repository that is listed.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger refuses, or the repository has changed since it was read.
pub async fn amend(
    ledger: &Ledger,
    listed: &Listed,
    event: InventoryEvent,
    by: &Actor,
    now: Timestamp,
) -> Result<(), TrackError> {
    let records = vec![InventoryRecord { at: now, by: by.clone(), event }];
    let append = Append::Inventory {
        repository: listed.id.clone(),
        expected_version: listed.version,
        records,
    };
    ledger.append(vec![append], now).await?;
    Ok(())
}

/// The repository that the last scan of each source read there.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger does not answer.
pub async fn scanned_sources(
    ledger: &Ledger,
) -> Result<BTreeMap<String, RepositoryId>, TrackError> {
    let scans = ledger.scans().await?;
    let source = |scans: &quietus_store::RepositoryScans| {
        (scans.latest.scope.source.to_string(), scans.repository().clone())
    };
    Ok(scans.iter().map(source).collect())
}

/// The clones below `folder`, bare or not, in the order of their paths. Within a clone no other is
/// looked for, and links are not followed.
///
/// # Errors
/// What the system says of `folder` itself; folders below it that cannot be read are left out.
pub fn clones_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.canonicalize()?, 0)];
    let mut is_first = true;
    while let Some((folder, depth)) = folders.pop() {
        if is_clone(&folder) {
            found.push(folder);
            continue;
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if is_first => return Err(error),
            Err(_) => continue,
        };
        is_first = false;
        let below = entries
            .filter_map(Result::ok)
            .filter(|entry| depth < DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(below.map(|entry| (entry.path(), depth + 1)));
    }
    found.sort();
    Ok(found)
}

fn is_clone(folder: &Path) -> bool {
    let is_bare = folder.join("HEAD").is_file() && folder.join("objects").is_dir();
    is_bare || folder.join(".git").symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_found_and_nothing_within_them() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/.git", "a/vendor/b/.git", "team/c.git/objects", "team/plain/src"] {
            std::fs::create_dir_all(root.path().join(path)).unwrap();
        }
        std::fs::write(root.path().join("team/c.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        let found = clones_in(root.path()).unwrap();
        let whole = root.path().canonicalize().unwrap();
        assert_eq!(found, [whole.join("a"), whole.join("team/c.git")]);
        assert!(clones_in(&root.path().join("missing")).is_err());
    }
}
