//! Which playbooks the evidence calls for.

use super::{Playbook, Trigger};
use crate::{Event, PoamItem, Policy, Standing};
use jiff::Timestamp;
use quietus_model::{Observation, Verdict};

impl PoamItem {
    /// The playbooks that the evidence of this round calls for and that are not open: with the
    /// reason, and whether the policy opens them by itself.
    pub fn playbooks_called_for(
        &self,
        policy: &Policy,
        now: Timestamp,
    ) -> Vec<(&'static Playbook, String, bool)> {
        if self.audit.is_some() || !self.is_active() {
            return Vec::new();
        }
        let shipped = Playbook::all().iter();
        let fits = shipped.filter(|book| self.playbook(&book.name).is_none());
        fits.filter_map(|book| {
            let because = self.trigger(book.opens, policy, now)?;
            let by_itself = policy.playbooks.by_evidence.contains(&book.name);
            Some((book, because, by_itself))
        })
        .collect()
    }

    /// Why `trigger` holds, if it does.
    fn trigger(&self, trigger: Trigger, policy: &Policy, now: Timestamp) -> Option<String> {
        match trigger {
            Trigger::Leaked | Trigger::Hand => None,
            Trigger::Privileged => self.privileged(),
            Trigger::Old => self.too_old(policy, now),
            Trigger::DepartedOwner => self.departed(policy, now),
            Trigger::SeveralRepositories => {
                let names = self.repository_names();
                let several = self.presence.repositories().len() > 1;
                let list = || names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                several.then(|| format!("the same credential stands in {}", list()))
            }
        }
    }

    /// What an issuer said, in this round, that it may administer.
    fn privileged(&self) -> Option<String> {
        let of_round = self.history.iter().rev().filter(|r| r.at >= self.round.began);
        let mut answers = of_round.filter_map(|recorded| match &recorded.event {
            Event::Judged { judgement } => match &judgement.verdict {
                Verdict::Live(seen) if seen.identity.privileged == Some(true) => {
                    Some((judgement, seen))
                }
                _ => None,
            },
            _ => None,
        });
        let (judgement, seen) = answers.next()?;
        Some(format!("{} says that it may administer{}", judgement.target, rights(seen)))
    }

    /// It still works, and was committed longer ago than the policy lets a credential be.
    fn too_old(&self, policy: &Policy, now: Timestamp) -> Option<String> {
        let live = |record: &crate::TargetRecord| matches!(record.standing(now), Standing::Live(_));
        if !self.targets.values().any(live) {
            return None;
        }
        let dates = self.presence.iter().filter_map(|(_, seen)| seen.location.introduced.as_ref());
        let first = dates.map(|introduced| introduced.at).min()?;
        let old = now.duration_since(first) > policy.playbooks.oldest;
        old.then(|| format!("it was committed at {first} already, and still works"))
    }

    /// Whoever owns it or whose identity it is has left.
    fn departed(&self, policy: &Policy, now: Timestamp) -> Option<String> {
        let who = policy.directory.departed_of(self, now)?;
        Some(format!("{who} has left"))
    }
}

fn rights(seen: &Observation) -> String {
    let scopes: Vec<&str> = seen.identity.scopes.iter().map(|scope| scope.as_str()).collect();
    if scopes.is_empty() { String::new() } else { format!(" ({})", scopes.join(", ")) }
}
