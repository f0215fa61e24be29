//! What people do to the steps of playbooks, and what they may not.

use super::{ExitTest, OpenPlaybook, Playbook, Step, StepChange, StepId};
use crate::act::must_be_long;
use crate::policy::Consent;
use crate::proof::later;
use crate::request::{Deed, independence};
use crate::{Actor, Duty, Event, PoamItem, Policy, Progress, Refusal, Role};
use jiff::{SignedDuration, Timestamp};
use quietus_model::Digest;
use std::collections::BTreeSet;

/// What a person does to a step.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the fields are named as on the command line")]
pub enum StepDeed {
    /// Work on it begins.
    Start,
    /// It is said to be done, or approved, or confirmed, as its exit test has it.
    Claim { note: String, digest: Option<Digest>, break_glass: Option<String> },
    /// It need not be done.
    Waive { reason: String },
    /// It gets a later date.
    Extend { due: Timestamp, reason: String },
}

impl PoamItem {
    /// A playbook is opened by hand.
    pub(crate) fn open_playbook(
        &self,
        playbook: &Playbook,
        because: &str,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        must_be_long(because)?;
        if self.audit.is_none() && playbook.opens == super::Trigger::Leaked {
            return Err(Refusal::PlaybookOpen { playbook: playbook.name.clone() });
        }
        if self.playbook(&playbook.name).is_some() {
            return Err(Refusal::PlaybookOpen { playbook: playbook.name.clone() });
        }
        let opening = playbook.opening(because, now, self.audit.is_none());
        Ok(Event::PlaybookOpened { opening: Box::new(opening) })
    }

    /// The step that `name` means: `playbook/step`, or the step's name alone where one has it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchStep`] when none or several have it.
    pub fn step_named(&self, name: &str) -> Result<StepId, Refusal> {
        let is_meant = |id: &StepId| id.step == name || id.to_string() == name;
        let mut found = self.steps().map(|(id, _)| id).filter(is_meant);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(self.no_such_step(name)),
        }
    }

    /// What `deed` is as an event.
    pub(crate) fn step_deed(
        &self,
        name: &str,
        what: &StepDeed,
        deed: Deed<'_>,
    ) -> Result<Event, Refusal> {
        let id = self.step_named(name)?;
        let found = self.playbook(&id.playbook).and_then(|book| {
            let step = book.step(&id.step)?;
            Some((book, step))
        });
        let Some((book, step)) = found else {
            return Err(self.no_such_step(name));
        };
        if step.is_done() {
            let progress = step.progress.as_str();
            return Err(Refusal::StepDone { step: id, progress });
        }
        let change = match what {
            StepDeed::Start => {
                responsible(step, deed.by)?;
                StepChange::Started
            }
            StepDeed::Claim { note, digest, break_glass } => {
                self.may_claim(book, step, deed.by)?;
                if step.plan.exit != ExitTest::Approved && digest.is_none() {
                    return Err(Refusal::NothingShown { step: id });
                }
                let glass = break_glass.as_deref();
                let break_glass = self.independent_for(book, step, glass, deed)?;
                let (note, digest) = (note.clone(), digest.clone());
                StepChange::Claimed { note, digest, break_glass }
            }
            StepDeed::Waive { reason } => {
                Duty::Waive.asked_of(deed.by)?;
                must_be_long(reason)?;
                if !step.plan.exit.may_be_waived() {
                    let exit = step.plan.exit.in_words();
                    return Err(Refusal::CannotWaiveStep { step: id, exit });
                }
                StepChange::Waived { reason: reason.clone() }
            }
            StepDeed::Extend { due, reason } => {
                responsible(step, deed.by)?;
                return self.extend_step(id, *due, reason, deed);
            }
        };
        Ok(Event::StepMoved { step: id, change })
    }

    fn may_claim(&self, book: &OpenPlaybook, step: &Step, by: &Actor) -> Result<(), Refusal> {
        responsible(step, by)?;
        let waits = book.waits_for(step);
        if !waits.is_empty() {
            let names: Vec<&str> = waits.iter().map(|step| step.plan.name.as_str()).collect();
            return Err(Refusal::StepWaits { step: book.id(step), before: names.join(", ") });
        }
        if !step.plan.exit.takes_a_person() {
            let exit = step.plan.exit.in_words();
            return Err(Refusal::CannotClaimStep { step: book.id(step), exit });
        }
        Ok(())
    }

    /// Approval and confirmation take somebody who had no hand in what they look at.
    fn independent_for(
        &self,
        book: &OpenPlaybook,
        step: &Step,
        glass: Option<&str>,
        deed: Deed<'_>,
    ) -> Result<Option<String>, Refusal> {
        match step.plan.exit {
            ExitTest::Approved => independence(self.hand_in(book, deed.by), glass, deed),
            ExitTest::Confirmed => {
                let did = self.workers(book).contains(account(deed.by));
                independence(did.then_some("did what is to be confirmed"), glass, deed)
            }
            _ => Ok(None),
        }
    }

    fn hand_in(&self, book: &OpenPlaybook, by: &Actor) -> Option<&'static str> {
        if self.is_owned_by(by) {
            Some("owns the item")
        } else if self.workers(book).contains(account(by)) {
            Some("worked on the playbook")
        } else {
            None
        }
    }

    /// The accounts of the people who said that steps of a playbook that take work were done, in this
    /// round; a claim that was voided counts as well.
    fn workers(&self, book: &OpenPlaybook) -> BTreeSet<&str> {
        let name = &book.opening.playbook;
        let worked = |event: &Event| match event {
            Event::StepMoved { step, change } => {
                let work = matches!(
                    change,
                    StepChange::Started | StepChange::Claimed { .. } | StepChange::Waived { .. }
                );
                let decides = book.step(&step.step);
                let decides = decides.is_some_and(|step| step.plan.exit == ExitTest::Approved);
                step.playbook == *name && work && !decides
            }
            _ => false,
        };
        let of_round = self.history.iter().filter(|recorded| recorded.at >= self.round.began);
        of_round.filter(|recorded| worked(&recorded.event)).map(|r| account(&r.by)).collect()
    }

    /// Which hand `by` had in the playbook of `step`, so that they decide nothing about it.
    pub(crate) fn hand_in_playbook(&self, step: &StepId, by: &Actor) -> Option<&'static str> {
        self.hand_in(self.playbook(&step.playbook)?, by)
    }

    /// Whose consent a later date of a step takes.
    pub(crate) fn may_extend_step(
        &self,
        id: &StepId,
        due: Timestamp,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Consent, Refusal> {
        let rules = &policy.extensions;
        let found = self.playbook(&id.playbook).and_then(|book| Some((book, book.step(&id.step)?)));
        let Some((book, step)) = found else { return Err(self.no_such_step(&id.to_string())) };
        if step.is_done() {
            return Err(Refusal::StepDone { step: id.clone(), progress: step.progress.as_str() });
        }
        let refused = |why: String| Err(Refusal::NoStepExtension { step: id.clone(), why });
        if rules.consent == Consent::Never {
            return refused("the policy extends nothing".to_owned());
        }
        if step.extensions >= rules.most {
            let most = rules.most;
            return refused(format!("it has been extended as often as policy allows ({most})"));
        }
        // As far as all extensions together reach, counted from its first date.
        let time = step.plan.due.duration_since(book.opened).as_secs();
        let more = time.saturating_mul(i64::from(rules.reach)) / 100;
        let latest = later(step.plan.due, SignedDuration::from_secs(more));
        let earliest = step.due.max(now);
        if due <= earliest || due > latest {
            let why = format!("it must be later than {earliest} and not later than {latest}");
            return Err(Refusal::BadDate { date: due, why });
        }
        Ok(rules.consent)
    }

    fn no_such_step(&self, name: &str) -> Refusal {
        let known: Vec<String> = self.steps().map(|(id, _)| id.to_string()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Refusal::NoSuchStep { name: name.to_owned(), known }
    }
}

/// Whether the step is `by`'s to do: where roles are given out, theirs must be the step's.
fn responsible(step: &Step, by: &Actor) -> Result<(), Refusal> {
    let roles = by.roles();
    if roles.is_undivided() || roles.includes(step.plan.role) {
        return Ok(());
    }
    Err(Refusal::NotResponsible {
        who: by.to_string(),
        roles: roles.to_string(),
        role: step.plan.role,
    })
}

fn account(by: &Actor) -> &str {
    by.person_id().map_or("", Actor::account)
}

impl PoamItem {
    /// What somebody whose part is `role` could do for the steps now: those that wait for nothing.
    pub fn steps_for(&self, role: Role) -> Vec<StepId> {
        let books = self.round.playbooks.iter();
        let open = books.flat_map(|book| book.steps.iter().map(move |step| (book, step)));
        let ready = open.filter(|(book, step)| {
            let claimed = matches!(step.progress, Progress::Claimed { .. });
            step.plan.role == role && !step.is_done() && !claimed && book.waits_for(step).is_empty()
        });
        ready.map(|(book, step)| book.id(step)).collect()
    }
}
