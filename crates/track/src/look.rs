//! Reading sources: every one that can be read, and a gap for every one that cannot.

use crate::{Mirrors, TrackError, is_remote};
use jiff::Timestamp;
use quietus_model::{
    Fingerprint, FingerprintKey, Gap, GapReason, Hit, RepositoryId, SafeText, Scope, ScopeKind,
    Stats,
};
use quietus_scan::{Detector, Options, Progress, ScanError, Source, scan};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// How many credentials of one source are kept.
const MOST_HITS: usize = 10_000;

/// With what sources are read.
pub struct Looking<'a> {
    /// The rules.
    pub detector: &'a Detector,
    /// The organisation's key.
    pub key: &'a FingerprintKey,
    /// Threads, limits, what to leave out.
    pub options: &'a Options,
    /// Where mirrors of remote repositories are kept.
    pub mirrors: &'a Mirrors,
    /// Names that configuration gives to sources.
    pub names: &'a BTreeMap<String, RepositoryId>,
    /// The repositories that earlier scans read at a source, to name what cannot be read now.
    pub known: &'a BTreeMap<String, RepositoryId>,
    /// Told how far the work is.
    pub progress: &'a dyn Progress,
    /// Set when the user wants to stop.
    pub cancel: &'a AtomicBool,
}

impl Looking<'_> {
    /// Where the source of this name lies on disk: a folder is its own place, a remote repository
    /// lies in its mirror.
    pub(crate) fn place_of(&self, name: &str) -> PathBuf {
        if is_remote(name) { self.mirrors.path(name) } else { PathBuf::from(name) }
    }
}

/// What was read and found.
#[derive(Default)]
pub struct Look {
    /// One scope for each source that could be read, or was read in an earlier scan.
    pub scopes: Vec<Scope>,
    /// One hit for each secret, over all sources.
    pub hits: Vec<Hit>,
    /// Sources that could not be read.
    pub errors: Vec<SourceError>,
}

/// A source that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] TrackError),
    /// It could not be opened.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// Reads all `sources` (paths or URLs) as `kind` at `now`.
///
/// A source that cannot be read is in [`Look::errors`]; when an earlier scan knew it, it is a scope
/// with the gap *unobservable* as well, because a lost repository is not a clean one.
pub fn look(looking: &Looking<'_>, sources: &[String], kind: ScopeKind, now: Timestamp) -> Look {
    let mut found = Look::default();
    for name in sources {
        match look_at(looking, name, kind, now) {
            Ok((scope, hits)) => {
                found.scopes.push(scope);
                found.hits.extend(hits);
            }
            Err(error) => {
                let source = SafeText::scrubbed(name.as_bytes(), []);
                if let Some(repository) = looking.known.get(source.as_str()) {
                    let lost = unobservable(repository, source, kind, &error);
                    found.scopes.push(lost);
                }
                found.errors.push(error);
            }
        }
    }
    found.hits = one_a_secret(found.hits);
    found
}

fn look_at(
    looking: &Looking<'_>,
    name: &str,
    kind: ScopeKind,
    now: Timestamp,
) -> Result<(Scope, Vec<Hit>), SourceError> {
    let remote = is_remote(name);
    let path = if remote { looking.mirrors.fetch(name)? } else { PathBuf::from(name) };
    let source = source_at(path, if remote { ScopeKind::History } else { kind });
    let mut options = looking.options.clone();
    if let Some(given) = looking.names.get(name) {
        options.name = Some(given.clone());
    } else if remote && options.name.is_none() {
        options.name = RepositoryId::from_remote(name);
    }
    let scanned = scan(
        &source,
        looking.detector,
        looking.key,
        &options,
        now,
        looking.progress,
        looking.cancel,
    )?;
    let mut scope = scanned.scope;
    if remote {
        // People know the repository by its URL, not by where its mirror lies.
        scope.source = SafeText::scrubbed(name.as_bytes(), []);
    }
    let mut hits = scanned.hits;
    cap(&mut hits, &mut scope);
    for location in hits.iter_mut().flat_map(|hit| &mut hit.finding.locations) {
        location.source = scope.source.clone();
    }
    Ok((scope, hits))
}

/// Keeps the most certain and severe hits of one source. A repository made of fabricated tokens
/// must not fill the ledger or drown an issuer; what is cut off is a gap, so the scan is incomplete.
fn cap(hits: &mut Vec<Hit>, scope: &mut Scope) {
    let Some(over) = hits.len().checked_sub(MOST_HITS).filter(|over| *over > 0) else { return };
    let worth = |hit: &Hit| (hit.finding.confidence, hit.finding.severity);
    hits.sort_by_key(|hit| (std::cmp::Reverse(worth(hit)), hit.finding.fingerprint));
    hits.truncate(MOST_HITS);
    hits.sort_by_key(|hit| hit.finding.fingerprint);
    scope.gaps.push(Gap {
        object: SafeText::plain(format!("{over} more credentials")),
        reason: GapReason::Overflow,
        detail: SafeText::plain(format!(
            "only the first {MOST_HITS}, most certain first, are kept"
        )),
    });
}

/// What to read at a path. Kinds that name more than a path are the caller's to build.
pub(crate) fn source_at(path: PathBuf, kind: ScopeKind) -> Source {
    match kind {
        ScopeKind::WorkTree => Source::Tree(path),
        ScopeKind::History => Source::History(path),
        ScopeKind::Staged => Source::Staged(path),
        _ => Source::Whole(path),
    }
}

fn unobservable(
    repository: &RepositoryId,
    source: SafeText,
    kind: ScopeKind,
    error: &SourceError,
) -> Scope {
    let gap = Gap {
        object: source.clone(),
        reason: GapReason::Unobservable,
        detail: SafeText::plain(error.to_string()),
    };
    Scope {
        repository: repository.clone(),
        source,
        kind,
        refs: Vec::new(),
        path_filter: Vec::new(),
        ignored_left_out: false,
        gaps: vec![gap],
        stats: Stats::default(),
    }
}

/// Joins hits of one secret from several sources: one secret, one finding.
fn one_a_secret(hits: Vec<Hit>) -> Vec<Hit> {
    let mut joined: BTreeMap<Fingerprint, Hit> = BTreeMap::new();
    for hit in hits {
        match joined.get_mut(&hit.finding.fingerprint) {
            Some(known) => {
                known.finding.locations.extend(hit.finding.locations);
                for part in hit.parts {
                    if !known.parts.contains(&part) {
                        known.parts.push(part);
                    }
                }
            }
            None => {
                joined.insert(hit.finding.fingerprint, hit);
            }
        }
    }
    joined.into_values().collect()
}
