//! Where a value stands in every repository that is tracked, by its bytes.

use crate::{Looking, SourceError, TrackError, is_remote};
use jiff::Timestamp;
use quietus_model::{Gap, Location, RepositoryId, Rule, SafeText, Secret};
use quietus_poam::ScanRecord;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What one repository shows of a value.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The repository.
    pub repository: RepositoryId,
    /// Where it was read.
    pub source: SafeText,
    /// As of when: a folder is read as it is now, a remote repository as it was when it was last
    /// fetched.
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
    let is_as_of_now = is_fetched || !is_remote(name);
    if !is_fetched && is_remote(name) && looking.mirrors.is_reduced(name) {
        // Silence about what was dropped to save room would look like an answer.
        return Err(TrackError::Reduced { url: scope.source.clone() }.into());
    }
    let path = if is_fetched { looking.mirrors.fetch(name)? } else { looking.place_of(name) };
    let known = vec![(Arc::clone(rule), value.clone())];
    let found = looking.seek(path, scope, known, now)?;
    Ok(Standing {
        repository: scope.repository.clone(),
        source: scope.source.clone(),
        scanned: if is_as_of_now { now } else { record.taken_at },
        locations: found.hits.into_iter().flat_map(|hit| hit.finding.locations).collect(),
        gaps: found.scope.gaps,
    })
}
