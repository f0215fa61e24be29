//! Reads known places again and gives back the secrets that still stand there.

use crate::Detector;
use crate::bounds::Bounds;
use crate::certificates;
use crate::gaps::Gaps;
use crate::gather;
use crate::reading::{Openings, Subject};
use crate::run::Run;
use crate::source::{Options, ScanError, Source};
use crate::store::{self, Shelf};
use crate::vault::{Sighting, Vault};
use git2::{ObjectType, Repository};
use jiff::Timestamp;
use quietus_model::{
    Finding, Fingerprint, FingerprintKey, Gap, GapReason, Hit, Location, Place, Secret,
};
use quietus_odb::ObjectId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};
use std::sync::atomic::AtomicBool;

/// What came of reading known places again.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The secrets whose fingerprint was wanted and that the rules see at known places, each with
    /// the places that still hold it, in the order of their fingerprints.
    pub hits: Vec<Hit>,
    /// The same for secrets that stand at known places and that no rule sees there: the rules of
    /// another day did. They come without their other parts, and as they were known.
    pub unseen: Vec<Hit>,
    /// Fingerprints of which an object is known to hold the secret, and neither the rules nor the
    /// bytes at its place show it: it stands there in a form that is not understood today.
    pub unrecognised: Vec<Fingerprint>,
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

/// The bytes of an origin, and what the rules see in them.
struct Content {
    bytes: Vec<u8>,
    seen: Vec<Sighting>,
}

/// Reads only the places that `wanted` names, and keeps the secrets whose fingerprint agrees.
///
/// # Errors
/// [`ScanError`] when `source` cannot be opened at all.
pub fn recall(
    source: &Source,
    wanted: &[Finding],
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
    let read = read(source, wanted, &run)?;
    let known = run.vault.into_known();
    let scrubber = gather::Scrubber::new(&known);
    let mut numbers: HashMap<Fingerprint, u32> = HashMap::new();
    for (number, known) in (0..).zip(&known) {
        numbers.extend(known.aliases.iter().map(|name| (*name, number)));
    }
    // Its own name goes before that of a spelling.
    numbers.extend(known.iter().map(|known| known.fingerprint).zip(0..));
    let at = |place: &Location| origin(place).and_then(|origin| read.get(&origin));
    let mut recalled = Recalled {
        hits: Vec::new(),
        unseen: Vec::new(),
        unrecognised: Vec::new(),
        lost: Vec::new(),
        gaps: Vec::new(),
    };
    for finding in wanted {
        let number = numbers.get(&finding.fingerprint);
        let is_seen = |place: &&Location| {
            at(place).is_some_and(|there| there.seen.iter().any(|s| Some(&s.secret) == number))
        };
        let still: Vec<Location> = finding.locations.iter().filter(is_seen).cloned().collect();
        let secret_at = |place: &Location| {
            at(place).and_then(|there| standing(&there.bytes, place, &finding.fingerprint, key))
        };
        let holds = |place: &Location| place.blob.is_some() && at(place).is_some();
        match number.and_then(|number| known.get(*number as usize)) {
            Some(known) if !still.is_empty() => {
                let mut hit = gather::hit(known, still, &scrubber);
                hit.finding.rename(finding.fingerprint);
                recalled.hits.push(hit);
            }
            _ => match finding.locations.iter().find_map(secret_at) {
                Some(secret) => {
                    let is_there = |place: &&Location| secret_at(place).is_some();
                    let still = finding.locations.iter().filter(is_there).cloned().collect();
                    recalled.unseen.push(unseen(finding, secret, still, detector));
                }
                None if finding.locations.iter().any(holds) => {
                    recalled.unrecognised.push(finding.fingerprint);
                }
                None => recalled.lost.push(finding.fingerprint),
            },
        }
    }
    if let Some(path) = source.path() {
        certificates::beside(path, &mut recalled.hits, detector.rules());
    }
    recalled.hits.sort_by_key(|hit| hit.finding.fingerprint);
    recalled.unseen.sort_by_key(|hit| hit.finding.fingerprint);
    recalled.unrecognised.sort();
    recalled.lost.sort();
    recalled.gaps = run.gaps.into_sorted(&scrubber);
    Ok(recalled)
}

/// Every origin that the places of `wanted` name, once.
fn read(
    source: &Source,
    wanted: &[Finding],
    run: &Run<'_>,
) -> Result<BTreeMap<Origin, Content>, ScanError> {
    let repository = match source.path() {
        None => None,
        Some(path) => match store::open(path) {
            Ok(repository) => Some(repository),
            Err(ScanError::NotARepository { .. }) => None,
            Err(error) => return Err(error),
        },
    };
    let places = wanted.iter().flat_map(|finding| &finding.locations);
    let origins: BTreeSet<Origin> = places.filter_map(origin).collect();
    let mut read = BTreeMap::new();
    for origin in origins {
        if run.is_cancelled() {
            run.gaps.add(GapReason::Interrupted, "recall", "it was interrupted before its end");
            break;
        }
        let bytes = match &origin {
            Origin::Object(id) => object(repository.as_ref(), id, run),
            Origin::File(path) => file(source.path(), path, run),
        };
        if let Some(bytes) = bytes {
            let subject = match &origin {
                Origin::Object(name) | Origin::File(name) => Subject::Named(name.as_bytes()),
            };
            let seen = run.sight(subject, &bytes);
            read.insert(origin, Content { seen, bytes });
        }
    }
    Ok(read)
}

/// The secret that stands in `bytes` where a location says, whatever the rules see there.
fn standing(
    bytes: &[u8],
    place: &Location,
    fingerprint: &Fingerprint,
    key: &FingerprintKey,
) -> Option<Secret> {
    let start = usize::try_from(place.offset).ok()?;
    let line_start = if place.end_line == place.line {
        start.checked_sub(place.column.checked_sub(1)? as usize)?
    } else {
        let between = place.end_line.checked_sub(place.line)?.checked_sub(1)? as usize;
        let newlines = bytes.get(start..)?.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        start + newlines.map(|(at, _)| at).nth(between)? + 1
    };
    let end = line_start.checked_add(place.end_column.checked_sub(1)? as usize)?;
    let secret = Secret::from(bytes.get(start..end).filter(|bytes| !bytes.is_empty())?);
    key.names(&secret).contains(fingerprint).then_some(secret)
}

/// A secret that no rule sees any more, as it was known.
fn unseen(finding: &Finding, secret: Secret, still: Vec<Location>, detector: &Detector) -> Hit {
    let mut finding = finding.clone();
    if let Some(rule) = detector.rules().get(&finding.rule) {
        let required = rule.companions.iter().filter(|part| part.required && part.name != "secret");
        finding.missing = required.map(|part| part.name.clone()).collect();
    }
    finding.locations = still;
    Hit { finding, secret, parts: Vec::new() }
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
