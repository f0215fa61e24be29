//! Reads known places again and gives back the secrets that still stand there.

use crate::Detector;
use crate::bounds::Bounds;
use crate::gaps::Gaps;
use crate::gather;
use crate::reading::{Openings, Subject};
use crate::run::Run;
use crate::source::{Options, ScanError, Source};
use crate::store::{self, Shelf};
use crate::vault::{Sighting, Vault};
use git2::{ObjectType, Repository};
use jiff::Timestamp;
use quietus_model::{Fingerprint, FingerprintKey, Gap, GapReason, Hit, Location, Place};
use quietus_odb::ObjectId;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};
use std::sync::atomic::AtomicBool;

/// What came of reading known places again.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The secrets whose fingerprint was wanted, each with the places that still hold it, in the
    /// order of their fingerprints.
    pub hits: Vec<Hit>,
    /// Fingerprints that stand at none of their known places any more. That says nothing about
    /// other places.
    pub lost: Vec<Fingerprint>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// Where the bytes of a location are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Object(String),
    File(String),
}

/// Reads only the places that `wanted` names and keeps the secrets whose fingerprint agrees.
///
/// # Errors
/// [`ScanError`] when `source` cannot be opened at all.
pub fn recall(
    source: &Source,
    wanted: &[(Fingerprint, Vec<Location>)],
    detector: &Detector,
    key: &FingerprintKey,
    options: &Options,
    now: Timestamp,
    cancel: &AtomicBool,
) -> Result<Recalled, ScanError> {
    let run = Run {
        vault: Vault::new(detector, key, now),
        options,
        gaps: Gaps::default(),
        bounds: Bounds::default(),
        openings: Openings::default(),
        progress: &(),
        cancel,
    };
    let repository = match source.path() {
        None => None,
        Some(path) => match store::open(path) {
            Ok(repository) => Some(repository),
            Err(ScanError::NotARepository { .. }) => None,
            Err(error) => return Err(error),
        },
    };
    let mut read: BTreeMap<Origin, Vec<Sighting>> = BTreeMap::new();
    for origin in wanted.iter().flat_map(|(_, places)| places).filter_map(origin) {
        if run.is_cancelled() {
            run.gaps.add(GapReason::Interrupted, "recall", "it was interrupted before its end");
            break;
        }
        read.entry(origin.clone()).or_insert_with(|| {
            let bytes = match &origin {
                Origin::Object(id) => object(repository.as_ref(), id, &run),
                Origin::File(path) => file(source.path(), path, &run),
            };
            let subject = match &origin {
                Origin::Object(name) | Origin::File(name) => Subject::Named(name.as_bytes()),
            };
            bytes.map(|bytes| run.sight(subject, &bytes)).unwrap_or_default()
        });
    }
    let known = run.vault.into_known();
    let scrubber = gather::Scrubber::new(&known);
    let numbers: HashMap<Fingerprint, u32> =
        known.iter().map(|known| known.fingerprint).zip(0..).collect();
    let mut hits = Vec::new();
    let mut lost = Vec::new();
    for (fingerprint, places) in wanted {
        let number = numbers.get(fingerprint);
        let still = places.iter().filter(|place| {
            let seen = origin(place).and_then(|origin| read.get(&origin));
            seen.is_some_and(|seen| seen.iter().any(|s| Some(&s.secret) == number))
        });
        let still: Vec<Location> = still.cloned().collect();
        match number.and_then(|number| known.get(*number as usize)) {
            Some(known) if !still.is_empty() => hits.push(gather::hit(known, still, &scrubber)),
            _ => lost.push(*fingerprint),
        }
    }
    hits.sort_by_key(|hit| hit.finding.fingerprint);
    lost.sort();
    Ok(Recalled { hits, lost, gaps: run.gaps.into_sorted(&scrubber) })
}

fn origin(location: &Location) -> Option<Origin> {
    match (&location.blob, location.place) {
        (Some(id), _) => Some(Origin::Object(id.clone())),
        (None, Place::WorkTree) => Some(Origin::File(location.path.as_str().to_owned())),
        _ => None,
    }
}

fn object(repository: Option<&Repository>, hex: &str, run: &Run<'_>) -> Option<Vec<u8>> {
    let Some((repository, id)) = repository.zip(ObjectId::from_hex(hex.as_bytes())) else {
        run.gaps.add(GapReason::Unreadable, hex, "not an object of a repository");
        return None;
    };
    match repository.object(&id, run.options.max_file_size) {
        Ok((ObjectType::Commit | ObjectType::Tag, bytes)) => Some(store::message(&bytes).to_vec()),
        Ok((_, bytes)) => Some(bytes),
        Err(problem) => {
            run.problem_gap(problem);
            None
        }
    }
}

/// A file of the work tree. The path comes from a record that others may have written: it must
/// stay below the root, and a link is not followed.
fn file(root: Option<&Path>, path: &str, run: &Run<'_>) -> Option<Vec<u8>> {
    let below = Path::new(path);
    if !below.components().all(|component| matches!(component, Component::Normal(_))) {
        run.gaps.add(GapReason::Unreadable, path, "the path leads out of the folder");
        return None;
    }
    let mut whole = root?.to_owned();
    for component in below.components() {
        whole.push(component);
        let kind = std::fs::symlink_metadata(&whole).ok()?.file_type();
        if kind.is_symlink() {
            return None;
        }
    }
    // Opening a pipe would wait for a writer.
    if !whole.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let limit = run.options.max_file_size;
    match File::open(&whole).and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => Some(bytes),
        Err(error) => {
            run.gaps.add(GapReason::Unreadable, path, error);
            None
        }
    }
}
