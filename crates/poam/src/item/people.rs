//! Who had a hand in an item.

use crate::{Actor, Event, ExitTest, Owner, OwnerBasis, PoamItem, StepChange};
use jiff::Timestamp;
use std::collections::BTreeSet;

impl PoamItem {
    /// People whose hand completed a milestone of the current round.
    pub(crate) fn completers(&self) -> BTreeSet<String> {
        let began = self.round.began;
        self.history
            .iter()
            .filter(|recorded| recorded.at >= began)
            .filter(|recorded| {
                matches!(
                    recorded.event,
                    Event::Claimed { .. }
                        | Event::Waived { .. }
                        | Event::Attested { .. }
                        | Event::Revoked { .. }
                ) || self.is_work(&recorded.event)
            })
            .filter_map(|recorded| recorded.by.person_id().map(|id| Actor::account(id).to_owned()))
            .collect()
    }

    /// Whether an event is somebody's word that they did what a step of a playbook asks for.
    fn is_work(&self, event: &Event) -> bool {
        let Event::StepMoved { step, change } = event else { return false };
        let said = matches!(change, StepChange::Claimed { .. } | StepChange::Waived { .. });
        let found = self.playbook(&step.playbook).and_then(|book| book.step(&step.step));
        said && found.is_some_and(|step| step.plan.exit == ExitTest::Shown)
    }

    /// People who said where it works or where it does not: what is asked hangs on their word, in
    /// whichever round they gave it.
    pub(crate) fn binders(&self) -> BTreeSet<String> {
        let bindings = self.history.iter().filter(|recorded| {
            matches!(recorded.event, Event::Bound { .. } | Event::Unbound { .. })
        });
        let people = bindings.filter_map(|recorded| recorded.by.person_id());
        people.map(|id| Actor::account(id).to_owned()).collect()
    }

    /// Whether `by` owns it, or was given it in the current round and handed it on.
    pub(crate) fn is_owned_by(&self, by: &Actor) -> bool {
        let given: Vec<(Timestamp, &Owner)> = self
            .history
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Assigned { owner } => Some((recorded.at, owner)),
                _ => None,
            })
            .filter(|(_, owner)| owner.basis == OwnerBasis::Assigned)
            .collect();
        // Whoever owned it when the round began owned it in this round.
        let first = given.iter().rposition(|(at, _)| *at < self.round.began).unwrap_or(0);
        let owners = given[first..].iter().map(|(_, owner)| *owner).chain(&self.owner);
        owners.into_iter().any(|owner| by.answers_to(owner.name.as_str()))
    }
}
