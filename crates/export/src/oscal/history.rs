//! An item's history, event by event, with what an event alone does not tell.

use super::names::risk_status;
use quietus_model::RuleId;
use quietus_poam::{Class, Event, PoamItem, Recorded};

/// One event in its place.
pub(super) struct Step<'a> {
    /// Its number in the item's history, from 0.
    pub(super) index: usize,
    /// The round of work it belongs to, from 0.
    pub(super) round: usize,
    /// The event.
    pub(super) recorded: &'a Recorded,
    /// The rule that recognised the credential at that time.
    pub(super) rule: &'a RuleId,
    /// The risk status it led to, when that is another than before.
    pub(super) status_change: Option<&'static str>,
}

/// All events of an item in their places.
pub(super) fn steps(item: &PoamItem) -> Vec<Step<'_>> {
    let mut round = 0;
    let mut moving = Vec::new();
    let mut status = None;
    let mut rule = &item.detection.rule;
    item.history
        .iter()
        .enumerate()
        .map(|(index, recorded)| {
            round += usize::from(matches!(recorded.event, Event::Reopened { .. }));
            match &recorded.event {
                Event::Opened { detection, .. } => rule = &detection.rule,
                Event::Reclassified { rule: better, .. } => rule = better,
                _ => {}
            }
            let mut status_change = None;
            if moves_phase(&recorded.event) {
                moving.push(recorded.clone());
                // Only a history without its opening has no phase, and no item has that.
                let now = PoamItem::fold(&moving).ok().map(|item| risk_status(&item));
                status_change = now.filter(|_| now != status);
                status = now;
            }
            Step { index, round, recorded, rule, status_change }
        })
        .collect()
}

/// Whether an event can move an item from one phase to another. All others are left out of the
/// folding above, because an item has hundreds of them.
fn moves_phase(event: &Event) -> bool {
    match event {
        Event::Opened { .. }
        | Event::Assigned { .. }
        | Event::Started { .. }
        | Event::Claimed { .. }
        | Event::Verified { .. }
        | Event::Waived { .. }
        | Event::Regressed { .. }
        | Event::PlaybookOpened { .. }
        | Event::StepMoved { .. }
        | Event::Requested { .. }
        | Event::Granted { .. }
        | Event::Declined { .. }
        | Event::Deviated { .. }
        | Event::DeviationEnded { .. }
        | Event::Closed { .. }
        | Event::Reopened { .. } => true,
        Event::Sighted { .. }
        | Event::LeftHead { .. }
        | Event::Absent { .. }
        | Event::Judged { .. }
        | Event::Aliased { .. }
        | Event::Reclassified { .. }
        | Event::Escalated { .. }
        | Event::Deferred { .. }
        | Event::Triaged { .. }
        | Event::Extended { .. }
        | Event::Revoked { .. }
        | Event::Bound { .. }
        | Event::Unbound { .. }
        | Event::Attested { .. }
        | Event::CauseFound { .. }
        | Event::ImpactChecked { .. }
        | Event::Attached { .. }
        | Event::Ticketed { .. }
        | Event::Approved { .. }
        | Event::Escrowed { .. }
        | Event::EscrowOpened { .. }
        | Event::EscrowDestroyed { .. }
        | Event::Noted { .. } => false,
    }
}

/// The class an item had at the end of each of its rounds.
pub(super) fn classes(item: &PoamItem) -> Vec<Class> {
    let mut classes = Vec::new();
    for recorded in &item.history {
        match &recorded.event {
            Event::Opened { class, .. } if classes.is_empty() => classes.push(*class),
            Event::Reopened { class, .. } => classes.push(*class),
            Event::Escalated { class, .. } => {
                if let Some(last) = classes.last_mut() {
                    *last = *class;
                }
            }
            _ => {}
        }
    }
    classes
}
