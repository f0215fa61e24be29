//! What people may do to an item, and when.

use crate::settle::{Draft, latest};
use crate::{
    Actor, Class, DeviationKind, Event, MilestoneKind, Owner, OwnerBasis, PoamItem, Policy, Proof,
    Recorded, Refusal,
};
use jiff::Timestamp;
use quietus_model::{Attestation, Digest, Receipt, SafeText, Target, Verdict};

/// The least length of a reason, in characters.
const REASON: usize = 15;

/// The most extensions of one milestone in one round.
const EXTENSIONS: usize = 2;

/// What a person does.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the fields are named as on the command line")]
pub enum Action {
    /// Somebody is to see to it.
    Assign { to: String },
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
    Approve { note: String },
    /// It is set aside.
    Dismiss { kind: DeviationKind, reason: String, until: Option<Timestamp> },
    /// It is no longer set aside.
    Resume { reason: String },
    /// It is not over.
    Reopen { reason: String },
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
        self.may_act(action, by)?;
        let event = self.event_for(action, by, policy, now)?;
        let mut draft = Draft::of(self, policy, now);
        draft.emit_by(event, by.clone());
        Ok(draft.settle())
    }

    /// Decides what must be appended because an issuer answered `by` that it revoked the credential.
    ///
    /// # Errors
    /// [`Refusal::NeedsPerson`] when nobody stands behind it.
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
        let mut draft = Draft::of(self, policy, now);
        draft.emit_by(Event::Revoked { receipt: Box::new(receipt) }, by.clone());
        Ok(draft.settle())
    }

    /// What holds for every action.
    fn may_act(&self, action: &Action, by: &Actor) -> Result<(), Refusal> {
        let anytime = matches!(action, Action::Note { .. } | Action::Reopen { .. });
        if self.closure.is_some() && !anytime {
            return Err(Refusal::Closed);
        }
        if let Some(deviation) = &self.deviation
            && !anytime
            && !matches!(action, Action::Resume { .. } | Action::Assign { .. })
        {
            return Err(Refusal::SetAside { kind: deviation.kind.as_str() });
        }
        let text = match action {
            Action::Assign { to } => Some(to),
            Action::Claim { note, .. } | Action::Approve { note } => Some(note),
            Action::Note { text } => Some(text),
            _ => None,
        };
        if text.is_some_and(|text| text.trim().is_empty()) {
            return Err(Refusal::Blank);
        }
        if by.person_id().is_none() {
            return Err(Refusal::NeedsPerson);
        }
        Ok(())
    }

    fn event_for(
        &self,
        action: &Action,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        match action {
            Action::Assign { to } => {
                let owner = Owner { name: SafeText::plain(to), basis: OwnerBasis::Assigned };
                Ok(Event::Assigned { owner })
            }
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
            Action::Extend { milestone, due, reason } => self.extend(*milestone, *due, reason, now),
            Action::Attest { note, digest } => self.attest(note, digest.clone(), by, now),
            Action::Bind { target, note } => self.bind(target, note),
            Action::Unbind { endpoint, note } => self.unbind(endpoint, note),
            Action::Approve { note } => self.approve(note, by, policy, now),
            Action::Dismiss { kind, reason, until } => {
                self.dismiss(*kind, reason, *until, policy, now)
            }
            Action::Resume { reason } if self.deviation.is_some() => {
                Ok(Event::DeviationEnded { reason: reason.clone() })
            }
            Action::Resume { .. } => Err(Refusal::NotSetAside),
            Action::Reopen { .. } if self.closure.is_none() => Err(Refusal::NotClosed),
            Action::Reopen { reason } => {
                must_be_long(reason)?;
                Ok(Event::Reopened {
                    reason: crate::ReopenReason::Asked { note: reason.clone() },
                    plan: policy.plan(Class::Unknown, now),
                    class: Class::Unknown,
                })
            }
            Action::Note { text } => Ok(Event::Noted { note: text.clone() }),
        }
    }

    fn must_be_undone(&self, milestone: MilestoneKind) -> Result<(), Refusal> {
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

    fn extend(
        &self,
        milestone: MilestoneKind,
        due: Timestamp,
        reason: &str,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        must_be_long(reason)?;
        self.must_be_undone(milestone)?;
        if self.class == Class::LivePrivileged {
            let why = "the credential is live and privileged";
            return Err(Refusal::NoExtension { milestone, why });
        }
        let before = self.history.iter().filter(|recorded| {
            recorded.at >= self.round.began
                && matches!(&recorded.event, Event::Extended { milestone: m, .. } if *m == milestone)
        });
        if before.count() >= EXTENSIONS {
            let why = "it has been extended twice already";
            return Err(Refusal::NoExtension { milestone, why });
        }
        if due <= self.milestone(milestone).due || due <= now {
            let why = format!("it must be later than {}", self.milestone(milestone).due.max(now));
            return Err(Refusal::BadDate { date: due, why });
        }
        Ok(Event::Extended { milestone, due, reason: reason.to_owned() })
    }

    fn attest(
        &self,
        note: &str,
        digest: Option<Digest>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        if self.detection.kind.askable {
            return Err(Refusal::AskInstead);
        }
        must_be_long(note)?;
        let by = by.person_id().ok_or(Refusal::NeedsPerson)?.to_owned();
        let mine = Actor::account(&by);
        if self.attestations.iter().any(|word| Actor::account(&word.by) == mine) {
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

    fn approve(
        &self,
        note: &str,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let who = by.to_string();
        let id = by.person_id().ok_or(Refusal::NeedsPerson)?;
        if self.owner.as_ref().is_some_and(|owner| by.answers_to(owner.name.as_str())) {
            return Err(Refusal::NotIndependent { who, role: "owns the item" });
        }
        if self.completers().contains(Actor::account(id)) {
            return Err(Refusal::NotIndependent { who, role: "completed a milestone" });
        }
        let undone = self.round.milestones.iter().filter(|m| !m.is_done());
        let mut blockers: Vec<String> =
            undone.map(|m| format!("{} is {}", m.kind, m.progress.as_str())).collect();
        if let Proof::NotYet(missing) = self.proof(policy, now)
            && self.detection.kind.askable
        {
            blockers.extend(missing.iter().map(ToString::to_string));
        }
        if !blockers.is_empty() {
            return Err(Refusal::NotReady { blockers });
        }
        Ok(Event::Approved { note: note.to_owned() })
    }

    fn dismiss(
        &self,
        kind: DeviationKind,
        reason: &str,
        until: Option<Timestamp>,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        must_be_long(reason)?;
        if let Some((target, at)) = self.ever_live() {
            return Err(Refusal::Live { target, at });
        }
        let last = latest(now, policy);
        let until = until.unwrap_or(last);
        if until <= now || until > last {
            let why = format!("it must lie between now and {last}");
            return Err(Refusal::BadDate { date: until, why });
        }
        Ok(Event::Deviated { deviation: kind, reason: reason.to_owned(), until })
    }

    /// Where and when it was last accepted, if nothing has been denied there since.
    pub(crate) fn ever_live(&self) -> Option<(String, Timestamp)> {
        self.targets.values().find_map(|record| match record.answers.last() {
            Some((at, Verdict::Live(_))) => Some((record.target.to_string(), *at)),
            _ => None,
        })
    }
}

fn must_be_long(reason: &str) -> Result<(), Refusal> {
    if reason.trim().chars().count() < REASON {
        return Err(Refusal::ReasonTooShort { least: REASON });
    }
    Ok(())
}

fn list<'a>(targets: impl Iterator<Item = &'a Target>) -> String {
    let names: Vec<&str> = targets.map(|target| target.endpoint.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
