//! Reading sources: every one that can be read, and a gap for every one that cannot.

use crate::{Mirrors, TrackError, is_remote};
use jiff::Timestamp;
use quietus_model::{
    Fingerprint, FingerprintKey, Gap, GapReason, Hit, RepositoryId, Rule, RuleId, RuleSet,
    SafeText, Scope, ScopeKind, Secret, Stats,
};
use quietus_scan::{Detector, Options, Progress, ScanError, Scanned, Source, scan, shown, stands};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
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

    /// What of `known` may stand in what `path` shows now, as `scope` was read; `None` when that
    /// cannot be told.
    pub(crate) fn shown(
        &self,
        path: PathBuf,
        scope: &Scope,
        known: &[(Arc<Rule>, Secret)],
        now: Timestamp,
    ) -> Option<Vec<(Arc<Rule>, Secret)>> {
        shown(&source_at(path, scope.kind), known, self.key, self.options, now, self.cancel)
    }

    /// Looks for what is `known` by its bytes in what lies at `path`, as `scope` was read.
    pub(crate) fn seek(
        &self,
        path: PathBuf,
        scope: &Scope,
        known: Vec<(Arc<Rule>, Secret)>,
        now: Timestamp,
    ) -> Result<Scanned, ScanError> {
        let source = source_at(path, scope.kind);
        let mut options = self.options.clone();
        options.name = Some(scope.repository.clone());
        let rules = self.detector.rules();
        let mut found = stands(&source, known, rules, self.key, &options, now, self.cancel)?;
        for location in found.hits.iter_mut().flat_map(|hit| &mut hit.finding.locations) {
            location.source = scope.source.clone();
        }
        Ok(found)
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
        let fetched =
            if is_remote(name) { looking.mirrors.fetch(name) } else { Ok(PathBuf::from(name)) };
        found.take(looking, name, fetched, kind, now);
    }
    found.hits = one_a_secret(found.hits, looking.detector.rules());
    found
}

/// Reads the source `name`, which was `fetched` before, as [`look()`] does.
pub(crate) fn look_fetched(
    looking: &Looking<'_>,
    name: &str,
    fetched: Result<PathBuf, TrackError>,
    kind: ScopeKind,
    now: Timestamp,
) -> Look {
    let mut found = Look::default();
    found.take(looking, name, fetched, kind, now);
    found
}

impl Look {
    fn take(
        &mut self,
        looking: &Looking<'_>,
        name: &str,
        fetched: Result<PathBuf, TrackError>,
        kind: ScopeKind,
        now: Timestamp,
    ) {
        let read = fetched.map_err(SourceError::from);
        match read.and_then(|path| look_at(looking, name, path, kind, now)) {
            Ok((scope, hits)) => {
                self.scopes.push(scope);
                self.hits.extend(hits);
            }
            Err(error) => {
                let source = SafeText::scrubbed(name.as_bytes(), []);
                if let Some(repository) = looking.known.get(source.as_str()) {
                    self.scopes.push(unobservable(repository, source, kind, &error));
                }
                self.errors.push(error);
            }
        }
    }
}

fn look_at(
    looking: &Looking<'_>,
    name: &str,
    path: PathBuf,
    kind: ScopeKind,
    now: Timestamp,
) -> Result<(Scope, Vec<Hit>), SourceError> {
    let remote = is_remote(name);
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
fn source_at(path: PathBuf, kind: ScopeKind) -> Source {
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

/// Joins hits of one secret from several sources: one secret, one finding, under the most specific
/// rule that any of them saw it by. The other rules are tags of it.
fn one_a_secret(hits: Vec<Hit>, rules: &RuleSet) -> Vec<Hit> {
    // As within one source; a rule that is gone is no match for one that is there.
    let rank = |hit: &Hit| {
        let precedence = rules.get(&hit.finding.rule).map_or(0, |rule| rule.precedence);
        (Reverse((precedence, hit.finding.confidence)), hit.finding.missing.len())
    };
    let mut joined: BTreeMap<Fingerprint, Hit> = BTreeMap::new();
    for mut hit in hits {
        match joined.get_mut(&hit.finding.fingerprint) {
            Some(known) => {
                let by_name = hit.finding.rule.cmp(&known.finding.rule);
                if rank(&hit).cmp(&rank(known)).then(by_name).is_lt() {
                    std::mem::swap(known, &mut hit);
                }
                join(known, hit, rules);
            }
            None => {
                joined.insert(hit.finding.fingerprint, hit);
            }
        }
    }
    joined.into_values().collect()
}

/// Adds the places, parts and rules of `other` to `known`.
fn join(known: &mut Hit, other: Hit, rules: &RuleSet) {
    let is_rule = |tag: &String| rules.get(&RuleId::from(tag.as_str())).is_some();
    let theirs = other.finding.tags.into_iter().filter(is_rule);
    for tag in std::iter::once(other.finding.rule.to_string()).chain(theirs) {
        let finding = &mut known.finding;
        if tag != finding.rule.as_str() && !finding.tags.contains(&tag) {
            finding.tags.push(tag);
        }
    }
    known.finding.aliases.extend(other.finding.aliases);
    known.finding.locations.extend(other.finding.locations);
    for part in other.parts {
        if !known.parts.contains(&part) {
            known.parts.push(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::FingerprintKey;

    /// Three sources hold one word, each under another rule; what comes of it does not hang on
    /// their order.
    #[test]
    fn a_secret_of_several_sources_is_one_finding_under_the_best_rule() {
        let rule = |id: &str, precedence: u8| {
            format!(
                "[[rule]]\nid = \"{id}\"\nname = \"{id}\"\nseverity = \"high\"\n\
                 confidence = \"high\"\nanchors = [\"{id}\"]\nprecedence = {precedence}\n\
                 pattern = '{id}: (?P<secret>\\S{{4,64}})'\ntags = [\"of {id}\"]\n"
            )
        };
        let provider = "[provider]\nid = \"acme\"\nname = \"Acme\"\n";
        let file = provider.to_owned() + &rule("one", 9) + &rule("two", 60) + &rule("ten", 9);
        let rules = RuleSet::parse([("acme.toml", &*file)]).unwrap();
        let detector = Detector::new(std::sync::Arc::new(rules)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let source = |id: &str| {
            let path = folder.path().join(id);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("a"), format!("{id}: quokka-9x\n")).unwrap();
            path.display().to_string()
        };
        let sources = ["one", "two", "ten"].map(source);
        let looking = Looking {
            detector: &detector,
            key: &FingerprintKey::new([7; 32]),
            options: &Options::default(),
            mirrors: &Mirrors::new(folder.path().join("mirrors")),
            names: &BTreeMap::new(),
            known: &BTreeMap::new(),
            progress: &(),
            cancel: &AtomicBool::new(false),
        };
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let sources = order.map(|at: usize| sources[at].clone());
            let found = look(&looking, &sources, ScopeKind::WorkTree, Timestamp::UNIX_EPOCH);
            let [hit] = found.hits.as_slice() else { panic!("{:?}", found.hits) };
            let mut tags: Vec<&str> = hit.finding.tags.iter().map(String::as_str).collect();
            tags.sort_unstable();
            assert_eq!((hit.finding.rule.as_str(), tags), ("two", vec!["of two", "one", "ten"]));
            assert_eq!(hit.finding.locations.len(), 3);
        }
    }
}
