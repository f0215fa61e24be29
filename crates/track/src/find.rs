//! Where a value stands in every repository that is tracked, by its bytes.

use crate::look::source_at;
use crate::{Looking, SourceError, is_remote};
use jiff::Timestamp;
use quietus_model::{Gap, Location, RepositoryId, Rule, SafeText, Secret};
use quietus_poam::ScanRecord;
use quietus_scan::stands;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What one repository shows of a value.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The repository.
    pub repository: RepositoryId,
    /// Where it was read.
    pub source: SafeText,
    /// When it was last scanned; what came into a remote repository since is not in its mirror.
    pub scanned: Timestamp,
    /// Where the value stands.
    pub locations: Vec<Location>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// Looks for `value` in the repositories of `scans`, in the order of their names. Remote ones are
/// read as they were when they were last fetched, unless `fetch` says otherwise.
///
/// `rule` is only lent its name; no rule decides what is found.
pub fn find(
    looking: &Looking<'_>,
    value: &Secret,
    rule: &Arc<Rule>,
    scans: &[ScanRecord],
    fetch: bool,
    now: Timestamp,
) -> (Vec<Standing>, Vec<SourceError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for record in scans {
        if looking.cancel.load(Ordering::Relaxed) {
            break;
        }
        match find_in(looking, value, rule, record, fetch, now) {
            Ok(standing) => found.push(standing),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}

fn find_in(
    looking: &Looking<'_>,
    value: &Secret,
    rule: &Arc<Rule>,
    record: &ScanRecord,
    fetch: bool,
    now: Timestamp,
) -> Result<Standing, SourceError> {
    let scope = &record.scope;
    let name = scope.source.as_str();
    let is_fetched = fetch && is_remote(name);
    let path = if is_fetched { looking.mirrors.fetch(name)? } else { looking.place_of(name) };
    let mut options = looking.options.clone();
    options.name = Some(scope.repository.clone());
    let known = vec![(Arc::clone(rule), value.clone())];
    let source = source_at(path, scope.kind);
    let scanned = stands(
        &source,
        known,
        looking.detector.rules(),
        looking.key,
        &options,
        now,
        looking.cancel,
    )?;
    let mut locations: Vec<Location> =
        scanned.hits.into_iter().flat_map(|hit| hit.finding.locations).collect();
    for location in &mut locations {
        location.source = scope.source.clone();
    }
    Ok(Standing {
        repository: scope.repository.clone(),
        source: scope.source.clone(),
        scanned: if is_fetched { now } else { record.taken_at },
        locations,
        gaps: scanned.scope.gaps,
    })
}
