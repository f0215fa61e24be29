//! One piece of a night: one repository fetched, scanned, asked about and recorded.

use super::{Night, PieceOutcome, PieceReport, Rest, Shared, flood, lock, rest};
use crate::look::look_fetched;
use crate::names::Names;
use crate::{Look, TrackError, is_remote};
use quietus_model::{Assessment, Fingerprint, Hit, RepositoryId, SafeText, ScopeKind};
use quietus_poam::{Listed, PoamItem, Watch};
use quietus_store::{Lease, StoreError};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// With more packs than this a mirror is slow to read.
const MOST_PACKS: usize = 50;

/// What became of a piece.
pub(super) struct Ended {
    pub(super) report: PieceReport,
    /// What is left alone before the piece is begun again.
    pub(super) rest: Option<Rest>,
}

impl Ended {
    /// It came to nothing, for this reason.
    pub(super) fn failed(reason: String) -> Self {
        Self::of(PieceOutcome::Failed, Some(reason))
    }

    fn of(outcome: PieceOutcome, trouble: Option<String>) -> Self {
        let report = PieceReport {
            repository: RepositoryId::named(""),
            url: SafeText::default(),
            outcome,
            starts: 0,
            fetched_in: Duration::ZERO,
            took: Duration::ZERO,
            bytes: 0,
            credentials: 0,
            asked: 0,
            items: [0; 3],
            trouble,
        };
        Self { report, rest: None }
    }

    /// Why the piece is given back, if it is.
    pub(super) fn given_back(&self) -> Option<&str> {
        match self.report.outcome {
            PieceOutcome::Failed | PieceOutcome::Stopped | PieceOutcome::Postponed => {
                Some(self.report.trouble.as_deref().unwrap_or("it was stopped"))
            }
            _ => None,
        }
    }
}

pub(super) fn work(night: &Night<'_>, runtime: &Handle, shared: &Shared, lease: &Lease) -> Ended {
    let Some(listed) = night.repositories.get(&lease.repository) else {
        return Ended::failed("it is not in the inventory any more".to_owned());
    };
    let begun = Instant::now();
    let fetched = fetch(night, listed);
    let fetched_in = begun.elapsed();
    if is_remote(listed.source.as_str()) {
        // Should this fail, others of that host begin when this piece is done.
        let _ = runtime.block_on(night.tracker.ledger.note_fetched(lease));
    }
    if let Err(error) = &fetched
        && let Some(rest) = rest::after(error)
        && !lease.is_last()
        && !night.is_stopped()
    {
        let mut ended = Ended::of(PieceOutcome::Postponed, Some(error.to_string()));
        ended.rest = Some(rest);
        ended.report.fetched_in = fetched_in;
        return ended;
    }
    let mut ended = match read(night, runtime, shared, listed, fetched, lease) {
        Ok(ended) => ended,
        Err(TrackError::Ledger(StoreError::Fenced { .. })) => Ended::of(PieceOutcome::Fenced, None),
        Err(error) => Ended::failed(error.to_string()),
    };
    ended.report.fetched_in = fetched_in;
    if ended.given_back().is_none() {
        make_room(night, runtime, shared, listed);
    }
    ended
}

fn fetch(night: &Night<'_>, listed: &Listed) -> Result<PathBuf, TrackError> {
    let source = listed.source.as_str();
    if let Watch::Displaced { by } = &listed.watch {
        return Err(TrackError::Fetch {
            url: listed.source.clone(),
            detail: SafeText::plain(format!(
                "another repository ({by}) stands there now; `quietus repos rename` tells where this \
                 one is"
            )),
        });
    }
    if !is_remote(source) {
        return Ok(PathBuf::from(&listed.url));
    }
    night.looking.mirrors.fetch(source)
}

fn read(
    night: &Night<'_>,
    runtime: &Handle,
    shared: &Shared,
    listed: &Listed,
    fetched: Result<PathBuf, TrackError>,
    lease: &Lease,
) -> Result<Ended, TrackError> {
    let (tracker, source) = (night.tracker, listed.source.as_str());
    let now = (night.clock)();
    let Look { mut scopes, mut hits, errors } = {
        let _one_at_a_time = lock(&shared.scan);
        look_fetched(night.looking, source, fetched, ScopeKind::Whole, now)
    };
    if night.is_stopped() {
        return Ok(Ended::of(PieceOutcome::Stopped, None));
    }
    let current = night.patiently(|| Ok(runtime.block_on(tracker.ledger.current())?))?;
    let items = current.items();
    let known: BTreeSet<Fingerprint> = items.iter().map(|item| item.fingerprint()).collect();
    hits = Names::of(items).hits(hits);
    if let Some(scope) = scopes.first_mut() {
        flood::hold_back(&mut hits, &known, night.limits.most_new, scope);
    }
    let credentials = hits.len() as u64;
    let (mut assessments, asked) = assess(night, runtime, hits, items, &known)?;
    if night.is_stopped() {
        return Ok(Ended::of(PieceOutcome::Stopped, None));
    }
    night.silencing.note(&mut assessments);
    let bytes = scopes.iter().map(|scope| scope.stats.bytes).sum();
    let is_complete =
        scopes.first().is_some_and(|scope| scope.covers_heads() || scope.covers_work_tree());
    let trouble = errors.first().map(ToString::to_string).or_else(|| {
        let gap = scopes.first()?.gaps.iter().find(|gap| gap.reason.is_omission())?;
        Some(format!("{}: {} ({})", gap.reason, gap.object, gap.detail))
    });
    let survey = tracker.survey(scopes, assessments, now);
    let now = (night.clock)();
    // What took an hour to read is not thrown away because the ledger's server is being restarted.
    let outcome = night
        .patiently(|| runtime.block_on(tracker.record_piece(&survey, night.looking, lease, now)))?;
    let kind = match (errors.is_empty(), is_complete) {
        (false, _) => PieceOutcome::Unobservable,
        (true, true) => PieceOutcome::Complete,
        (true, false) => PieceOutcome::Incomplete,
    };
    let mut ended = Ended::of(kind, trouble);
    ended.report.bytes = bytes;
    ended.report.credentials = credentials;
    ended.report.asked = asked;
    ended.report.items = [outcome.opened.len(), outcome.closed.len(), outcome.reopened.len()];
    Ok(ended)
}

/// Issuers are asked about what is new. What is known is asked about when its time has come, by
/// itself: else a night would ask about everything again.
fn assess(
    night: &Night<'_>,
    runtime: &Handle,
    hits: Vec<Hit>,
    items: &[Arc<PoamItem>],
    known: &BTreeSet<Fingerprint>,
) -> Result<(Vec<Assessment>, u64), TrackError> {
    let (seen, new): (Vec<Hit>, Vec<Hit>) =
        hits.into_iter().partition(|hit| known.contains(&hit.finding.fingerprint));
    let silent = crate::Tracker { validator: None, ..*night.tracker };
    let mut assessments = runtime.block_on(silent.assess(seen, items))?;
    let new = runtime.block_on(night.tracker.assess(new, items))?;
    let asked = new.iter().filter(|one| !one.judgements.is_empty()).count() as u64;
    assessments.extend(new);
    Ok((assessments, asked))
}

/// Keeps the mirror in order, and all of them within their room. What goes wrong with that spoils
/// nothing that was found.
fn make_room(night: &Night<'_>, runtime: &Handle, shared: &Shared, listed: &Listed) {
    let (mirrors, source) = (night.looking.mirrors, listed.source.as_str());
    if !is_remote(source) {
        return;
    }
    let _ = mirrors.tend(source, MOST_PACKS);
    let Some(most) = night.limits.disk else { return };
    let total: u64 = {
        let mut sizes = lock(&shared.sizes);
        if sizes.is_empty() {
            for other in night.repositories.values() {
                let name = other.source.to_string();
                let size = mirrors.size(&name);
                sizes.insert(name, size);
            }
        }
        sizes.insert(source.to_owned(), mirrors.size(source));
        sizes.values().sum()
    };
    if total <= most {
        return;
    }
    // The one that was just read: it will not be needed before the next night, and those that stay
    // are the same ones night after night.
    let Ok(current) = runtime.block_on(night.tracker.ledger.current()) else { return };
    let mut kept = BTreeSet::new();
    for (_, sighting) in current.items().iter().flat_map(|item| item.presence.iter()) {
        let location = &sighting.location;
        if location.repository == listed.id {
            kept.extend(location.blob.clone());
            kept.extend(location.introduced.as_ref().map(|by| by.commit.clone()));
        }
    }
    if mirrors.reduce(source, &kept).is_ok() {
        lock(&shared.sizes).insert(source.to_owned(), mirrors.size(source));
    }
}
