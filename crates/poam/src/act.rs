//! What people may do to an item, and when.

use crate::evidence::{cause_found, impact_checked};
use crate::request::{Deed, independence};
use crate::settle::Draft;
use crate::{
    Actor, Attachment, Class, DeviationKind, Duty, Event, Impact, MilestoneKind, Owner, OwnerBasis,
    Planned, Playbook, PoamItem, Policy, Proof, Recorded, Refusal, RootCause, StepDeed, Subject,
    Weakness,
};
use jiff::Timestamp;
use quietus_model::{Attestation, Digest, Receipt, SafeText, Target, Verdict};

/// The least length of a reason, in characters.
const REASON: usize = 15;

/// What a person does.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the fields are named as on the command line")]
pub enum Action {
    /// Somebody is to see to it.
    Assign { to: String },
    /// It is sorted: its clock starts.
    Triage,
    /// Work on a milestone begins.
    Start { milestone: MilestoneKind },
    /// A milestone is said to be done.
    Claim { milestone: MilestoneKind, note: String },
    /// A milestone need not be done.
    Waive { milestone: MilestoneKind, reason: String },
    /// A milestone gets a later date.
    Extend { milestone: MilestoneKind, due: Timestamp, reason: String },
    /// A person's word that it is dead, where no recipe can ask.
    Attest { note: String, digest: Option<Digest> },
    /// This target is where the credential works, whether it was asked yet or not.
    Bind { target: Target, note: String },
    /// The endpoint was not the right one.
    Unbind { endpoint: String, note: String },
    /// It may close.
    Approve { note: String, break_glass: Option<String> },
    /// How it leaked.
    Cause { cause: RootCause, note: String, digest: Option<Digest> },
    /// Whether anybody used it after the leak.
    Impact { impact: Impact, note: String, digest: Option<Digest> },
    /// A file shows something.
    Attach { attachment: Box<Attachment> },
    /// Consent to what another person asked for.
    Grant { subject: Subject, note: String, break_glass: Option<String> },
    /// No consent to what was asked for.
    Decline { subject: Subject, reason: String },
    /// It is set aside.
    Dismiss { kind: DeviationKind, reason: String, until: Option<Timestamp> },
    /// It is no longer set aside.
    Resume { reason: String },
    /// It is not over.
    Reopen { reason: String },
    /// A playbook is to be followed.
    Follow { playbook: Box<Playbook>, because: String },
    /// Something about a step of a playbook: `playbook/step`, or its own name where that is enough.
    Step { step: String, deed: StepDeed },
    /// A remark.
    Note { text: String },
}

impl PoamItem {
    /// Decides what must be appended because `by` does `action`, consequences included.
    ///
    /// # Errors
    /// [`Refusal`] when the action is not allowed, saying what would make it so.
    pub fn act(
        &self,
        action: &Action,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Refusal> {
        self.act_showing(action, None, by, policy, now)
    }

    /// As [`PoamItem::act`], with the file that `action` names as showing it attached first. Whoever
    /// may act may show what for, and what is attached already is not attached again.
    ///
    /// # Errors
    /// As [`PoamItem::act`], and when the file cannot be attached.
    pub fn act_showing(
        &self,
        action: &Action,
        shown: Option<&Attachment>,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Refusal> {
        self.may_act(action, by, policy)?;
        let deed = Deed { by, policy, now };
        let attached = match shown.map(|shown| self.attach(shown, deed)) {
            Some(Err(Refusal::AlreadyAttached { .. })) | None => None,
            Some(attached) => Some(attached?),
        };
        let events = self.events_for(action, deed)?;
        let mut draft = Draft::of(self, policy, now);
        for event in attached.into_iter().chain(events) {
            draft.emit_by(event, by.clone());
        }
        Ok(draft.settle())
    }

    /// Decides what must be appended because an issuer answered `by` that it revoked the credential.
    ///
    /// # Errors
    /// [`Refusal::NeedsPerson`] when nobody stands behind it, [`Refusal::NoSuchDuty`] when it is not
    /// theirs to do.
    pub fn revoked(
        &self,
        receipt: Receipt,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Refusal> {
        if by.person_id().is_none() {
            return Err(Refusal::NeedsPerson);
        }
        Duty::Revoke.asked_of(by)?;
        let mut draft = Draft::of(self, policy, now);
        draft.emit_by(Event::Revoked { receipt: Box::new(receipt) }, by.clone());
        Ok(draft.settle())
    }

    /// What holds for every action.
    fn may_act(&self, action: &Action, by: &Actor, policy: &Policy) -> Result<(), Refusal> {
        let anytime =
            matches!(action, Action::Note { .. } | Action::Reopen { .. } | Action::Attach { .. });
        if self.closure.is_some() && !anytime {
            return Err(Refusal::Closed);
        }
        if let Some(deviation) = &self.deviation
            && !anytime
            && !may_while_aside(action, deviation.kind)
        {
            return Err(Refusal::SetAside { kind: deviation.kind.as_str() });
        }
        let text = match action {
            Action::Assign { to } => Some(to),
            Action::Claim { note, .. }
            | Action::Approve { note, .. }
            | Action::Grant { note, .. } => Some(note),
            Action::Note { text } => Some(text),
            Action::Step { deed: StepDeed::Claim { note, .. }, .. } => Some(note),
            _ => None,
        };
        if text.is_some_and(|text| text.trim().is_empty()) {
            return Err(Refusal::Blank);
        }
        if by.person_id().is_none() {
            return Err(Refusal::NeedsPerson);
        }
        match action {
            // Whoever asked for something may take it back.
            Action::Decline { subject, .. } if self.has_asked(subject, by) => Ok(()),
            // A policy names officials as well as a table of roles does.
            Action::Grant { .. } if policy.people.is_official(by) => Ok(()),
            _ => action.duty().asked_of(by),
        }
    }

    /// What `action` is as events; a consent is more than one.
    fn events_for(&self, action: &Action, deed: Deed<'_>) -> Result<Vec<Event>, Refusal> {
        let Deed { by, policy, now } = deed;
        let event = match action {
            Action::Assign { to } => {
                let (name, basis) = (SafeText::plain(to), OwnerBasis::Assigned);
                let owner = Owner { name, basis, passed_over: Vec::new() };
                Ok(Event::Assigned { owner })
            }
            Action::Triage if self.untriaged.is_none() => Err(Refusal::Triaged),
            Action::Triage => Ok(Event::Triaged { plan: self.dates_from(policy, now) }),
            Action::Start { milestone } => {
                self.must_be_undone(*milestone)?;
                Ok(Event::Started { milestone: *milestone })
            }
            Action::Claim { milestone: MilestoneKind::Retest, .. } => {
                Err(Refusal::CannotClaimRetest)
            }
            Action::Claim { milestone, note } => {
                self.must_be_undone(*milestone)?;
                Ok(Event::Claimed { milestone: *milestone, note: note.clone() })
            }
            Action::Waive { milestone, reason } => self.waive(*milestone, reason),
            Action::Extend { milestone, due, reason } => {
                self.extend(*milestone, *due, reason, deed)
            }
            Action::Attest { note, digest } => self.attest(note, digest.clone(), by, now),
            Action::Bind { target, note } => self.bind(target, note),
            Action::Unbind { endpoint, note } => self.unbind(endpoint, note),
            Action::Approve { note, break_glass } => {
                self.approve(note, break_glass.as_deref(), deed)
            }
            Action::Cause { cause, note, digest } => cause_found(*cause, note, digest.clone()),
            Action::Impact { impact, note, digest } => {
                impact_checked(*impact, note, digest.clone())
            }
            Action::Dismiss { kind, reason, until } => self.dismiss(*kind, reason, *until, deed),
            Action::Attach { attachment } => self.attach(attachment, deed),
            Action::Decline { subject, reason } => self.decline(subject, reason),
            Action::Grant { subject, note, break_glass } => {
                return self.grant(subject, note, break_glass.as_deref(), deed);
            }
            Action::Resume { reason } if self.deviation.is_some() => {
                Ok(Event::DeviationEnded { reason: reason.clone() })
            }
            Action::Resume { .. } => Err(Refusal::NotSetAside),
            Action::Reopen { .. } if self.closure.is_none() => Err(Refusal::NotClosed),
            Action::Reopen { reason } => return self.reopened(reason, policy, now),
            Action::Follow { playbook, because } => self.open_playbook(playbook, because, now),
            Action::Step { step, deed: what } => self.step_deed(step, what, deed),
            Action::Note { text } => Ok(Event::Noted { note: text.clone() }),
        };
        Ok(vec![event?])
    }

    /// The dates of its class counted from now, and none later than it has.
    fn dates_from(&self, policy: &Policy, now: Timestamp) -> Vec<Planned> {
        let closer = |planned: Planned| Planned {
            due: planned.due.min(self.milestone(planned.milestone).due),
            ..planned
        };
        policy.plan(self.class, now).into_iter().map(closer).collect()
    }

    /// A new round; what an audit found is worked through by the same steps again.
    fn reopened(
        &self,
        reason: &str,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        must_be_long(reason)?;
        let class = Class::Unknown;
        let plan = policy.plan(class, now);
        let asked = crate::ReopenReason::Asked { note: reason.to_owned() };
        let mut events = vec![Event::Reopened { reason: asked, plan, class }];
        if self.audit.is_some() {
            let again = self.round.playbooks.iter().map(|book| book.again(reason, now));
            events
                .extend(again.map(|opening| Event::PlaybookOpened { opening: Box::new(opening) }));
        }
        Ok(events)
    }

    pub(crate) fn must_be_undone(&self, milestone: MilestoneKind) -> Result<(), Refusal> {
        let found = self.milestone(milestone);
        if found.is_done() {
            return Err(Refusal::AlreadyDone { milestone, progress: found.progress.as_str() });
        }
        Ok(())
    }

    fn waive(&self, milestone: MilestoneKind, reason: &str) -> Result<Event, Refusal> {
        if !milestone.may_be_waived() {
            return Err(Refusal::CannotWaive { milestone });
        }
        self.must_be_undone(milestone)?;
        must_be_long(reason)?;
        Ok(Event::Waived { milestone, reason: reason.to_owned() })
    }

    fn attest(
        &self,
        note: &str,
        digest: Option<Digest>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        match self.seal {
            _ if !self.detection.kind.askable || self.unaskable_since().is_some() => {}
            Some(_) if self.lost_bytes().is_some() => return Err(Refusal::OpenInstead),
            _ => return Err(Refusal::AskInstead),
        }
        must_be_long(note)?;
        let by = by.person_id().ok_or(Refusal::NeedsPerson)?.to_owned();
        let mine = Actor::account(&by);
        let counted = self.valid_attestations(now).unwrap_or_default();
        if counted.iter().any(|word| Actor::account(&word.by) == mine) {
            return Err(Refusal::AlreadyAttested { by });
        }
        let note = SafeText::plain(note);
        let attestation = Attestation { at: now, by, note, digest, expires: None };
        Ok(Event::Attested { attestation })
    }

    fn bind(&self, target: &Target, note: &str) -> Result<Event, Refusal> {
        must_be_long(note)?;
        if !self.detection.kind.askable {
            return Err(Refusal::NobodyToAsk);
        }
        Ok(Event::Bound { target: target.clone(), note: note.to_owned() })
    }

    fn unbind(&self, endpoint: &str, note: &str) -> Result<Event, Refusal> {
        must_be_long(note)?;
        let bound = self.bound();
        let target = bound.iter().find(|target| target.endpoint == endpoint);
        let target = target.cloned().ok_or_else(|| Refusal::NotBound {
            endpoint: endpoint.to_owned(),
            bound: list(bound.iter()),
        })?;
        Ok(Event::Unbound { target, note: note.to_owned() })
    }

    fn approve(&self, note: &str, glass: Option<&str>, deed: Deed<'_>) -> Result<Event, Refusal> {
        let Deed { by, policy, now } = deed;
        let id = by.person_id().ok_or(Refusal::NeedsPerson)?;
        let role = if self.is_owned_by(by) {
            Some("owns the item")
        } else if self.completers().contains(Actor::account(id)) {
            Some("completed a milestone")
        } else if self.binders().contains(Actor::account(id)) {
            Some("said which issuers count")
        } else {
            None
        };
        let break_glass = independence(role, glass, deed)?;
        let proof = self.proof(policy, now);
        // What rests on this very approval cannot be done before it.
        let waits = matches!(proof, Proof::Dead { weakness: Some(Weakness::NeverAccepted), .. });
        let undone = self.round.milestones.iter().filter(|m| !m.is_done());
        let undone = undone.filter(|m| match m.kind {
            MilestoneKind::Remove => true,
            MilestoneKind::Rotate => !waits || !policy.rotation.waive_when_dead,
            MilestoneKind::Revoke | MilestoneKind::Retest => !waits,
        });
        let mut blockers: Vec<String> =
            undone.map(|m| format!("{} is {}", m.kind, m.progress.as_str())).collect();
        let steps = self.steps().filter(|(_, step)| !step.is_done());
        let steps = steps.filter(|(_, step)| !waits || step.plan.exit.takes_a_person());
        blockers.extend(steps.map(|(id, step)| format!("{id} is {}", step.progress.as_str())));
        let attested = self.dead_since(policy, now).is_some();
        if let (Proof::NotYet(missing), false) = (&proof, attested) {
            blockers.extend(missing.iter().map(ToString::to_string));
        }
        let lacks = self.lacks(policy, self.dead_since(policy, now));
        blockers.extend(lacks.iter().map(ToString::to_string));
        if !blockers.is_empty() {
            return Err(Refusal::NotReady { blockers });
        }
        Ok(Event::Approved { note: note.to_owned(), break_glass })
    }

    /// Where and when it was last accepted, if nothing has been denied there since.
    pub(crate) fn ever_live(&self) -> Option<(String, Timestamp)> {
        self.targets.values().find_map(|record| match record.answers.last() {
            Some((at, Verdict::Live(_))) => Some((record.target.to_string(), *at)),
            _ => None,
        })
    }
}

/// Whether `action` is possible while the item is set aside as `kind`. Setting it aside again in the
/// same way renews it: that is what a check-in with a vendor is.
fn may_while_aside(action: &Action, kind: DeviationKind) -> bool {
    match action {
        Action::Resume { .. }
        | Action::Assign { .. }
        | Action::Cause { .. }
        | Action::Impact { .. }
        | Action::Decline { .. } => true,
        Action::Grant { subject, .. } => *subject == Subject::Deviation,
        Action::Dismiss { kind: again, .. } => *again == kind,
        _ => false,
    }
}

pub(crate) fn must_be_long(reason: &str) -> Result<(), Refusal> {
    if reason.trim().chars().count() < REASON {
        return Err(Refusal::ReasonTooShort { least: REASON });
    }
    Ok(())
}

fn list<'a>(targets: impl Iterator<Item = &'a Target>) -> String {
    let names: Vec<&str> = targets.map(|target| target.endpoint.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
