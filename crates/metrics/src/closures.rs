//! On what ground items closed, and how often that did not last.

use crate::backlog::share;
use quietus_poam::{Actor, ClosureBasis, Event, PoamItem, Progress};
use serde::Serialize;

/// Closed items, by their ground.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Closures {
    /// An issuer's word proves the end.
    pub verified: usize,
    /// People gave their word, because no recipe can ask.
    pub attested: usize,
    /// Of both: with a milestone that a person waived.
    pub waived_by_person: usize,
    /// Of both: with one that policy waived, and none that a person did.
    pub waived_by_policy: usize,
}

impl Closures {
    pub(crate) fn of(items: &[&PoamItem]) -> Self {
        let mut closures = Self::default();
        for item in items {
            match item.closure.as_ref().map(|closure| closure.basis) {
                Some(ClosureBasis::Verified) => closures.verified += 1,
                Some(ClosureBasis::Attested) => closures.attested += 1,
                None => continue,
            }
            let waivers = || {
                item.round.milestones.iter().filter_map(|milestone| match &milestone.progress {
                    Progress::Waived { by, .. } => Some(by),
                    _ => None,
                })
            };
            if waivers().any(|by| *by != Actor::System) {
                closures.waived_by_person += 1;
            } else if waivers().next().is_some() {
                closures.waived_by_policy += 1;
            }
        }
        closures
    }

    /// All closed items.
    pub fn all(&self) -> usize {
        self.verified + self.attested
    }
}

/// How often a closure did not last.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Reopenings {
    /// Items that closed at some time.
    pub ever_closed: usize,
    /// Those of them that were reopened at some time.
    pub ever_reopened: usize,
    /// `ever_reopened` of `ever_closed`.
    pub rate: Option<f64>,
}

impl Reopenings {
    pub(crate) fn of(items: &[&PoamItem]) -> Self {
        let ever = |wanted: fn(&Event) -> bool| {
            let has = |item: &&&PoamItem| item.history.iter().any(|one| wanted(&one.event));
            items.iter().filter(has).count()
        };
        let ever_closed = ever(|event| matches!(event, Event::Closed { .. }));
        let ever_reopened = ever(|event| matches!(event, Event::Reopened { .. }));
        Self { ever_closed, ever_reopened, rate: share(ever_reopened, ever_closed) }
    }
}
