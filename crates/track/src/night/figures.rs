//! What a night came to, read back from the ledger: so it holds for all its workers, and for a night
//! that was interrupted.

use crate::TrackError;
use jiff::Timestamp;
use quietus_model::GapReason;
use quietus_poam::{Event, NightFigures, NightRecord, PoamItem};
use quietus_store::{Ledger, PieceState, RepositoryScans};
use std::collections::BTreeMap;

/// What `night` came to so far, at `now`. Reminders are counted by whoever sends them.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger does not answer.
pub async fn figures(
    ledger: &Ledger,
    night: &NightRecord,
    now: Timestamp,
) -> Result<NightFigures, TrackError> {
    let work = ledger.work_of(night.night).await?;
    let scans = ledger.scans().await?;
    let scans: BTreeMap<_, &RepositoryScans> =
        scans.iter().map(|scans| (scans.repository(), scans)).collect();
    let seconds = u64::try_from(now.duration_since(night.at).as_secs()).unwrap_or(0);
    let mut figures = NightFigures { due: work.len() as u64, seconds, ..NightFigures::default() };
    for piece in &work {
        let is_done = piece.state == PieceState::Done;
        figures.failed += piece.lease.starts.saturating_sub(u64::from(is_done));
        match piece.state {
            PieceState::Done => {}
            PieceState::Parked => figures.parked += 1,
            PieceState::Waiting | PieceState::Taken => figures.left += 1,
        }
        let scan = scans.get(&piece.lease.repository).map(|scans| &scans.latest);
        let Some(scan) = scan.filter(|scan| scan.taken_at >= night.at) else { continue };
        let is_lost = |reason: GapReason| reason == GapReason::Unobservable;
        if scan.is_complete() {
            figures.complete += 1;
        } else if scan.scope.refs.is_empty()
            && scan.scope.gaps.iter().any(|gap| is_lost(gap.reason))
        {
            figures.unobservable += 1;
        } else {
            figures.incomplete += 1;
        }
        figures.bytes += scan.scope.stats.bytes;
        figures.credentials += scan.findings;
    }
    for item in ledger.current().await?.items() {
        count(item, night.at, &mut figures);
    }
    Ok(figures)
}

fn count(item: &PoamItem, since: Timestamp, figures: &mut NightFigures) {
    let mut is_asked = false;
    for recorded in item.history.iter().filter(|recorded| recorded.at >= since) {
        match &recorded.event {
            Event::Opened { .. } => figures.opened += 1,
            Event::Closed { .. } => figures.closed += 1,
            Event::Reopened { .. } => figures.reopened += 1,
            Event::Judged { .. } => is_asked = true,
            _ => {}
        }
    }
    figures.asked += u64::from(is_asked);
}
