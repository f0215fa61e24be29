//! When a credential ended, as the events of its item have it.

use jiff::Timestamp;
use quietus_model::{Doubt, Verdict};
use quietus_poam::{Class, ClosureBasis, Event, MilestoneKind, PoamItem, ReopenReason};

/// The end of a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End {
    /// From when on it was dead.
    pub(crate) at: Timestamp,
    /// What it rests on: an issuer's word, or people's.
    pub(crate) basis: ClosureBasis,
}

/// When it ended. A first denial that is not proof yet is no end, and an acceptance since undoes
/// one; that it was committed again does not, since a dead credential stays dead wherever it stands.
pub(crate) fn end_of(item: &PoamItem) -> Option<End> {
    let mut end: Option<End> = None;
    let mut attested = false;
    let mut receipts = false;
    let mut lost = false;
    for recorded in &item.history {
        match &recorded.event {
            Event::Attested { .. } => attested = true,
            Event::Revoked { .. } => receipts = true,
            Event::Verified { milestone: MilestoneKind::Revoke, on, .. } => {
                let words = attested && !receipts && (!item.detection.kind.askable || lost);
                let basis = if words { ClosureBasis::Attested } else { ClosureBasis::Verified };
                end = Some(End { at: *on, basis });
            }
            Event::Closed { basis, dead_since, .. } => {
                end = Some(End { at: *dead_since, basis: *basis });
            }
            Event::Regressed { milestone: MilestoneKind::Revoke, .. } => end = None,
            Event::Reopened { reason, .. } => {
                attested = false;
                if matches!(reason, ReopenReason::Live { .. } | ReopenReason::Asked { .. }) {
                    end = None;
                }
            }
            Event::Sighted { .. } => lost = false,
            Event::Judged { judgement } => {
                lost = judgement.verdict == Verdict::Indeterminate(Doubt::NoBytes);
                if matches!(judgement.verdict, Verdict::Live(_)) {
                    // People's word is undone by any acceptance, whenever it was.
                    end = end
                        .filter(|end| end.basis == ClosureBasis::Verified && judgement.at < end.at);
                }
            }
            _ => {}
        }
    }
    end
}

/// Whether an issuer ever accepted it.
pub(crate) fn was_live(item: &PoamItem) -> bool {
    item.history.iter().any(|recorded| {
        matches!(&recorded.event, Event::Judged { judgement }
            if matches!(judgement.verdict, Verdict::Live(_)))
    })
}

/// Whether it was dead when it was found, so that its end is nobody's doing.
pub(crate) fn was_found_dead(item: &PoamItem, end: Option<End>) -> bool {
    let denied = item
        .history
        .first()
        .is_some_and(|first| matches!(first.event, Event::Opened { class: Class::Dead, .. }));
    let before = end.is_some_and(|end| end.at <= item.detection.detected_at);
    (denied || before) && !was_live(item)
}
