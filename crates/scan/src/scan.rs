//! The whole of one scan: from a source to hits and what may be claimed of them.

use crate::Detector;
use crate::bounds::{Bounds, MOST_PLACES};
use crate::certificates;
use crate::configuration;
use crate::gaps::Gaps;
use crate::gather;
use crate::located::Located;
use crate::modules;
use crate::names;
use crate::reading::{Openings, Subject};
use crate::repository::{self, Read};
use crate::run::Run;
use crate::source::{Options, Progress, ScanError, Scanned, Source};
use crate::store;
use crate::vault::Vault;
use crate::worktree::Nested;
use jiff::Timestamp;
use quietus_model::{
    FingerprintKey, GapReason, Place, RefTip, RepositoryId, SafeText, Scope, ScopeKind, Stats,
};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Scans `source` and gives one hit for each secret in it.
///
/// What cannot be read becomes a gap of the scope, and the rest is scanned. When `cancel` is set,
/// the scan ends soon and gives what it has, with a gap that says so. The result does not depend
/// on the number of threads, unless the commits name so many files that a gap has to say so.
///
/// # Errors
/// [`ScanError`] when there is nothing to read at all: no such path, no repository, or one that
/// cannot be opened.
pub fn scan(
    source: &Source,
    detector: &Detector,
    key: &FingerprintKey,
    options: &Options,
    now: Timestamp,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let run = Run {
        vault: Vault::new(detector, key, now),
        options,
        gaps: Gaps::default(),
        bounds: Bounds::default(),
        openings: Openings::default(),
        progress,
        cancel,
    };
    let mut found = read(source, &run)?;
    names::sight(&mut found, &run);
    if run.is_cancelled() {
        run.gaps.add(GapReason::Interrupted, "scan", "it was interrupted before its end");
    }
    for problem in detector.failed() {
        run.gaps.add(GapReason::Unreadable, format!("rule {}", problem.rule), problem);
    }
    if reads_all(source) && found.stats.files + found.stats.objects == 0 {
        let detail = "there is nothing to read; is it mounted, and is it the right path?";
        run.gaps.add(GapReason::Empty, found.source.as_bytes(), detail);
    }
    crowded(&run);
    let known = run.vault.into_known();
    let scrubber = gather::Scrubber::new(&known);
    let refs =
        found.refs.iter().map(|(name, oid)| RefTip { name: scrubber.text(name), oid: oid.clone() });
    let scope = Scope {
        repository: found.repository.clone(),
        source: scrubber.text(found.source.as_bytes()),
        kind: found.kind,
        refs: refs.collect(),
        path_filter: options.path_filter.iter().map(SafeText::plain).collect(),
        ignored_left_out: options.respect_gitignore,
        gaps: run.gaps.into_sorted(&scrubber),
        stats: found.stats,
    };
    let mut hits = gather::gather(&found.repository, key, &known, found.located);
    if let Some(path) = source.path() {
        certificates::beside(path, &mut hits, detector.rules());
    }
    Ok(Scanned { hits, scope })
}

/// Tells of every secret of which not all places are named.
fn crowded(run: &Run<'_>) {
    for fingerprint in run.bounds.crowded().into_iter().filter_map(|n| run.vault.fingerprint(n)) {
        let detail =
            format!("it stands in too many places to name them all ({MOST_PLACES} at most)");
        run.gaps.add(GapReason::Overflow, fingerprint.to_string(), detail);
    }
}

/// Whether a source is read whole, so that nothing read means that something is wrong.
fn reads_all(source: &Source) -> bool {
    matches!(source, Source::Tree(_) | Source::History(_) | Source::Whole(_))
}

fn read(source: &Source, run: &Run<'_>) -> Result<Read, ScanError> {
    match source {
        Source::Stdin(bytes) => Ok(stdin(bytes, run)),
        Source::Tree(path) => {
            // Files need no repository; what is wrong with one is told when its history is asked.
            let opened = optional(path, |_| {})?;
            Ok(repository::files(path, opened.as_ref(), Nested::Silent, run))
        }
        Source::Whole(path) => {
            let opened = optional(path, |error| {
                run.gaps.add(GapReason::Unobservable, "history", error);
            })?;
            Ok(match opened {
                Some(opened) => {
                    let has_files = repository::has_files(path, &opened);
                    let mut read = history(path, &opened, has_files, run);
                    if !path.join(".git").is_dir() {
                        configuration::extend(&mut read, path, &opened, run);
                    }
                    read
                }
                None => {
                    within(path, run);
                    repository::files(path, None, Nested::Told, run)
                }
            })
        }
        Source::History(path) => Ok(history(path, &store::open(path)?, false, run)),
        Source::Staged(path) => Ok(repository::staged(path, &store::open(path)?, run)),
        Source::Since { path, revision } => {
            repository::since(path, &store::open(path)?, revision, run)
        }
    }
}

/// A repository with its submodules.
fn history(path: &Path, opened: &git2::Repository, has_files: bool, run: &Run<'_>) -> Read {
    let mut read = repository::objects(path, opened, has_files, run);
    modules::extend(&mut read, opened, run);
    read
}

/// Tells that a folder belongs to a repository whose history was not read.
fn within(path: &Path, run: &Run<'_>) {
    let Ok(whole) = path.canonicalize() else { return };
    let is_one = |folder: &&Path| {
        let git = folder.join(".git");
        git.is_file() || git.join("HEAD").is_file()
    };
    if let Some(top) = whole.ancestors().skip(1).find(is_one) {
        let detail = format!(
            "this folder is inside the repository {}; name that folder to read its history",
            top.display()
        );
        run.gaps.add(GapReason::Unobservable, "history", detail);
    }
}

/// A repository, where there is one that can be opened; `note` is told of one that cannot.
fn optional(
    path: &Path,
    note: impl FnOnce(ScanError),
) -> Result<Option<git2::Repository>, ScanError> {
    let claims_to_be_one = path.join(".git").symlink_metadata().is_ok();
    match store::open(path) {
        Ok(repository) => Ok(Some(repository)),
        Err(error @ ScanError::Unreadable { .. }) => Err(error),
        Err(ScanError::NotARepository { .. }) if !claims_to_be_one => Ok(None),
        Err(error) => {
            note(error);
            Ok(None)
        }
    }
}

fn stdin(bytes: &[u8], run: &Run<'_>) -> Read {
    let sightings = run.sight(Subject::Named(b"stdin"), bytes);
    let name = run.options.name.clone();
    Read {
        repository: name.unwrap_or_else(|| RepositoryId::named("stdin")),
        source: "-".into(),
        kind: ScopeKind::Stdin,
        refs: Vec::new(),
        stats: Stats { files: 1, bytes: bytes.len() as u64, ..Stats::default() },
        located: sightings.iter().map(|s| Located::new(Place::Stdin, b"", s)).collect(),
    }
}
