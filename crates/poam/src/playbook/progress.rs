//! Opens playbooks that the evidence calls for, and runs the exit tests of their steps.

use super::{ExitTest, OpenPlaybook, Step, StepChange, StepId};
use crate::settle::Draft;
use crate::{Event, MilestoneKind, PoamItem, Progress, Proof, Standing, Weakness};
use jiff::Timestamp;

impl Draft<'_> {
    /// Opens what the evidence calls for and the policy opens by itself.
    pub(crate) fn open_playbooks(&mut self) {
        for (book, because, by_itself) in self.item.playbooks_called_for(self.policy, self.now) {
            if by_itself {
                let opening = Box::new(book.opening(&because, self.now, true));
                self.emit(Event::PlaybookOpened { opening });
            }
        }
    }

    /// Moves steps back that are contradicted, with all that come after them, and runs the exit tests
    /// of those that wait for nothing. Each step moves at most once each way.
    pub(crate) fn run_steps(&mut self) {
        let ids: Vec<StepId> = self.item.steps().map(|(id, _)| id).collect();
        for id in &ids {
            if let Some(reason) = self.contradiction(id) {
                self.move_step(id, StepChange::Regressed { reason });
            }
        }
        for id in &ids {
            if let Some(summary) = self.exit_of(id) {
                self.move_step(id, StepChange::Verified { summary });
            }
        }
    }

    fn move_step(&mut self, id: &StepId, change: StepChange) {
        self.emit(Event::StepMoved { step: id.clone(), change });
    }

    fn with_step<T>(
        &self,
        id: &StepId,
        look: impl FnOnce(&OpenPlaybook, &Step) -> Option<T>,
    ) -> Option<T> {
        let book = self.item.playbook(&id.playbook)?;
        look(book, book.step(&id.step)?)
    }

    /// What contradicts a step that was verified: what is seen of the credential, or that a step
    /// before it is not done any more.
    fn contradiction(&self, id: &StepId) -> Option<String> {
        self.with_step(id, |book, step| {
            if !matches!(step.progress, Progress::Verified { .. }) {
                return None;
            }
            let waits = book.waits_for(step);
            if let Some(earlier) = waits.first() {
                return Some(format!("{} is not done any more", earlier.plan.name));
            }
            match step.plan.exit {
                ExitTest::LeastPrivilege => self.item.privileged_at(self.now),
                ExitTest::Dead => self.item.live_at(self.now),
                ExitTest::OneRepository => self.item.spread(),
                exit => {
                    let kind = exit.milestone()?;
                    let undone = !self.item.milestone(kind).is_done();
                    undone.then(|| format!("{kind} is not done any more"))
                }
            }
        })
    }

    /// What shows that a step is done, if its exit test agrees now.
    fn exit_of(&self, id: &StepId) -> Option<String> {
        self.with_step(id, |book, step| {
            if step.is_done() || !book.waits_for(step).is_empty() {
                return None;
            }
            self.passes(book, step)
        })
    }

    fn passes(&self, book: &OpenPlaybook, step: &Step) -> Option<String> {
        match step.plan.exit {
            ExitTest::Shown | ExitTest::Approved | ExitTest::Confirmed => said(step),
            ExitTest::Rotated => self.milestone_done(MilestoneKind::Rotate),
            ExitTest::Revoked => self.milestone_done(MilestoneKind::Revoke),
            ExitTest::Removed => self.milestone_done(MilestoneKind::Remove),
            ExitTest::Retested => self.milestone_done(MilestoneKind::Retest),
            ExitTest::LeastPrivilege => {
                let dead = self.proven_dead();
                dead.or_else(|| self.item.least_privilege(changed(book, step), self.now))
            }
            ExitTest::Dead => self.proven_dead(),
            ExitTest::OneRepository => {
                let alone = !self.item.presence.is_empty() && self.item.spread().is_none();
                alone.then(|| "it stands at a head of one repository at most".to_owned())
            }
        }
    }

    fn milestone_done(&self, kind: MilestoneKind) -> Option<String> {
        let milestone = self.item.milestone(kind);
        milestone.is_done().then(|| format!("{kind} is {}", milestone.progress.as_str()))
    }

    fn proven_dead(&self) -> Option<String> {
        match self.item.proof(self.policy, self.now) {
            // What hangs on a person's approval is no proof before it.
            Proof::Dead { weakness: Some(Weakness::NeverAccepted), .. }
                if self.item.approval.is_none() =>
            {
                None
            }
            Proof::Dead { evidence, .. } => Some(evidence.join("; ")),
            Proof::NotYet(_) => None,
        }
    }
}

/// What a person said and with what they showed it.
fn said(step: &Step) -> Option<String> {
    let Progress::Claimed { by, note, .. } = &step.progress else { return None };
    let verb = match step.plan.exit {
        ExitTest::Approved => "approved",
        ExitTest::Confirmed => "confirmed",
        _ => "done",
    };
    match &step.shown_by {
        Some(digest) => Some(format!("{verb} by {by}: {note} (file of SHA-256 {digest})")),
        None if step.plan.exit == ExitTest::Approved => Some(format!("{verb} by {by}: {note}")),
        None => None,
    }
}

/// When what comes before a step was done: answers older than that show the state before the change.
fn changed(book: &OpenPlaybook, step: &Step) -> Timestamp {
    let before = step.plan.after.iter().filter_map(|name| book.step(name));
    let done = before.filter_map(|earlier| match &earlier.progress {
        Progress::Verified { on, .. } => Some(*on),
        Progress::Waived { at, .. } => Some(*at),
        _ => None,
    });
    done.max().unwrap_or(book.opened)
}

impl PoamItem {
    /// Where it may still administer something.
    fn privileged_at(&self, now: Timestamp) -> Option<String> {
        self.targets.values().find_map(|record| match record.standing(now) {
            Standing::Live(at) => {
                let (_, seen) = record.last_live()?;
                let may = seen.identity.privileged == Some(true);
                may.then(|| format!("{} said at {at} that it may administer", record.target))
            }
            _ => None,
        })
    }

    fn live_at(&self, now: Timestamp) -> Option<String> {
        self.targets.values().find_map(|record| match record.standing(now) {
            Standing::Live(at) => Some(format!("{} accepted it at {at}", record.target)),
            _ => None,
        })
    }

    /// That it stands at heads of more than one repository.
    fn spread(&self) -> Option<String> {
        let open: std::collections::BTreeSet<&str> =
            self.presence.open().map(|sighting| sighting.repository_name()).collect();
        let names = || open.iter().copied().collect::<Vec<_>>().join(", ");
        (open.len() > 1).then(|| format!("it stands at heads of {}", names()))
    }

    /// That all who still accept it said, after the change, that it administers nothing.
    fn least_privilege(&self, since: Timestamp, now: Timestamp) -> Option<String> {
        let mut said = Vec::new();
        for record in self.targets.values() {
            let Standing::Live(at) = record.standing(now) else { continue };
            let (_, seen) = record.last_live()?;
            if seen.identity.privileged != Some(false) || at <= since {
                return None;
            }
            said.push(format!(
                "{} accepted it at {at} without administrative rights",
                record.target
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}
