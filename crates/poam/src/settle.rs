//! The one place where milestones are verified and items close, reopen or come back.

use crate::{
    Actor, Class, ClosureBasis, ClosureMode, Event, Evidence, MilestoneKind, Planned, PoamItem,
    Policy, Progress, Proof, Recorded, ReopenReason, Standing, Weakness,
};
use jiff::Timestamp;
use quietus_model::{Attestation, Verdict, plural};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// An item while a decision about it is being made: events are applied as they are emitted.
pub(crate) struct Draft<'a> {
    pub(crate) item: Cow<'a, PoamItem>,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    emitted: Vec<Recorded>,
}

impl<'a> Draft<'a> {
    /// Most items of a survey stay as they are, so that nothing is copied before the first event.
    pub(crate) fn of(item: &'a PoamItem, policy: &'a Policy, now: Timestamp) -> Self {
        Self { item: Cow::Borrowed(item), policy, now, emitted: Vec::new() }
    }

    /// A draft of a new item; `None` when `event` is no opening.
    pub(crate) fn opening(event: Event, policy: &'a Policy, now: Timestamp) -> Option<Self> {
        Self::opening_by(event, Actor::System, policy, now)
    }

    /// A draft of a new item that somebody brings in.
    pub(crate) fn opening_by(
        event: Event,
        by: Actor,
        policy: &'a Policy,
        now: Timestamp,
    ) -> Option<Self> {
        let recorded = Recorded { at: now, by, policy: policy.digest().clone(), event };
        let item = Cow::Owned(PoamItem::opened(&recorded)?);
        Some(Self { item, policy, now, emitted: vec![recorded] })
    }

    /// Appends an event of the program.
    pub(crate) fn emit(&mut self, event: Event) {
        self.emit_by(event, Actor::System);
    }

    /// Appends an event of `by`.
    pub(crate) fn emit_by(&mut self, event: Event, by: Actor) {
        let recorded = Recorded { at: self.now, by, policy: self.policy.digest().clone(), event };
        self.item.to_mut().apply(recorded.clone());
        self.emitted.push(recorded);
    }

    /// Draws the consequences of everything emitted so far, and hands the events over.
    pub(crate) fn settle(mut self) -> Vec<Recorded> {
        self.end_deviation();
        self.reopen();
        if self.item.closure.is_none() && self.item.audit.is_some() {
            self.run_steps();
            self.close_audit();
        } else if self.item.closure.is_none() {
            self.find_owner();
            self.escalate();
            self.hurry_for_departed();
            self.regress();
            self.verify();
            self.open_playbooks();
            self.run_steps();
            self.close();
        }
        self.emitted
    }

    /// A deviation ends at its date, or when the credential turns out to work.
    fn end_deviation(&mut self) {
        let Some(deviation) = self.item.deviation.clone() else { return };
        if deviation.until <= self.now {
            let reason = format!("it was set aside until {}", deviation.until);
            self.emit(Event::DeviationEnded { reason });
            return;
        }
        if self.is_live_since_set_aside() {
            let reason = "the issuer accepted it: it is a live credential".to_owned();
            self.emit(Event::DeviationEnded { reason });
        }
    }

    /// Whether an acceptance was recorded after it was set aside: by the order of what happened,
    /// because both may have happened within one second.
    fn is_live_since_set_aside(&self) -> bool {
        let history = &self.item.history;
        let set_aside =
            history.iter().rposition(|recorded| matches!(recorded.event, Event::Deviated { .. }));
        history[set_aside.map_or(0, |at| at + 1)..].iter().any(|recorded| {
            matches!(&recorded.event, Event::Judged { judgement }
                if matches!(judgement.verdict, Verdict::Live(_)))
        })
    }

    /// A closed item opens again when something recorded after its closure contradicts it.
    fn reopen(&mut self) {
        let Some(closure) = self.item.closure.clone() else { return };
        let closed_at = self
            .item
            .history
            .iter()
            .rposition(|recorded| matches!(recorded.event, Event::Closed { .. }))
            .unwrap_or(0);
        let (before, after) = self.item.history.split_at(closed_at);
        let known: BTreeSet<_> = before
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Sighted { location, .. } => Some(location.id()),
                _ => None,
            })
            .collect();
        let reason = after.iter().find_map(|recorded| match &recorded.event {
            Event::Judged { judgement } => {
                let contradicts =
                    closure.basis == ClosureBasis::Attested || judgement.at >= closure.dead_since;
                let live = matches!(judgement.verdict, Verdict::Live(_));
                (live && contradicts).then(|| ReopenReason::Live {
                    target: judgement.target.clone(),
                    at: judgement.at,
                })
            }
            Event::Sighted { location, .. } if !location.at_head.is_empty() => {
                Some(ReopenReason::BackAtHead { location: location.id() })
            }
            Event::Sighted { location, .. } if !known.contains(&location.id()) => {
                let later = location.introduced.as_ref().is_none_or(|i| i.at > closure.at);
                later.then(|| ReopenReason::Introduced { location: location.id() })
            }
            _ => None,
        });
        if let Some(reason) = reason {
            let class = self.class_now().unwrap_or(Class::Unknown);
            let plan = self.policy.plan(class, self.now);
            self.emit(Event::Reopened { reason, plan, class });
        }
    }

    /// The class that the newest answers call for; `None` when they call for none.
    fn class_now(&self) -> Option<Class> {
        let live = self
            .item
            .targets
            .values()
            .filter(|record| matches!(record.standing(self.now), Standing::Live(_)));
        let mut repositories = self.item.presence.repositories().into_iter();
        let public = repositories.any(|id| self.policy.directory.is_public(id));
        live.filter_map(|record| record.last_live())
            .map(|(_, seen)| match seen.identity.privileged {
                Some(true) => Class::LivePrivileged,
                _ if public => Class::LivePublic,
                _ => Class::Live,
            })
            .max()
    }

    /// What turns out to work gets closer dates; dates never move away.
    fn escalate(&mut self) {
        let Some(class) = self.class_now().filter(|class| *class > self.item.class) else { return };
        let plan = self.policy.plan(class, self.now);
        let closer = |planned: Planned| Planned {
            due: planned.due.min(self.item.milestone(planned.milestone).due),
            ..planned
        };
        let plan = plan.into_iter().map(closer).collect();
        self.emit(Event::Escalated { class, plan });
    }

    /// Contrary evidence moves a milestone back, and the ones that depend on it.
    fn regress(&mut self) {
        let attested = self.item.attested(self.policy, self.now).is_some();
        let live = self.item.targets.values().find_map(|record| match record.standing(self.now) {
            // Accepted before it was revoked, or before people gave their word, is no contradiction.
            Standing::Live(at) if record.final_receipt().is_none() && !attested => {
                Some(format!("{} accepted it at {at}", record.target))
            }
            _ => None,
        });
        if let Some(reason) = live.or_else(|| self.proof_unbound()) {
            self.regress_one(MilestoneKind::Revoke, &reason);
            self.regress_one(MilestoneKind::Retest, &reason);
            let waived_by_policy = matches!(
                &self.item.milestone(MilestoneKind::Rotate).progress,
                Progress::Waived { by: Actor::System, .. }
            );
            if waived_by_policy {
                self.regress_one(MilestoneKind::Rotate, &reason);
            }
        }
        let standing_at = self.item.presence.open().next().map(|s| s.location.display());
        if let Some(place) = standing_at {
            let reason = format!("it stands at a head: {place}");
            if matches!(
                self.item.milestone(MilestoneKind::Remove).progress,
                Progress::Verified { .. }
            ) {
                self.regress_one(MilestoneKind::Remove, &reason);
                self.regress_one(MilestoneKind::Retest, &reason);
            }
        }
    }

    /// That what was verified rested on an issuer which a person has just said to be the wrong one.
    fn proof_unbound(&self) -> Option<String> {
        let target = self.emitted.iter().find_map(|recorded| match &recorded.event {
            Event::Unbound { target, .. } => Some(target),
            _ => None,
        })?;
        let holds = self.death().is_some() || self.revoked().is_some();
        (!holds).then(|| format!("{target} is not its issuer after all"))
    }

    fn regress_one(&mut self, milestone: MilestoneKind, reason: &str) {
        if self.item.milestone(milestone).is_done() {
            self.emit(Event::Regressed { milestone, reason: reason.to_owned() });
        }
    }

    /// Runs the exit test of each milestone that is not done.
    fn verify(&mut self) {
        let dead = self.death();
        if let Some(death) = &dead {
            self.verify_one(MilestoneKind::Revoke, death.since, death.evidence.join("; "));
        } else if let Some((at, summary)) = self.revoked() {
            self.verify_one(MilestoneKind::Revoke, at, summary);
        }
        if self.item.presence.is_cleared() {
            let surveys = self.item.presence.clearing_surveys().len();
            let summary = format!(
                "absent from every head of {} by {}",
                self.repositories(),
                plural(surveys as u64, "complete scan")
            );
            self.verify_one(MilestoneKind::Remove, self.now, summary);
        }
        let rotate_open = !self.item.milestone(MilestoneKind::Rotate).is_done();
        if dead.is_some() && rotate_open && self.policy.rotation.waive_when_dead {
            let reason = format!(
                "policy \"{}\": verified dead, and no replacement was seen in its place",
                self.policy.name
            );
            self.emit(Event::Waived { milestone: MilestoneKind::Rotate, reason });
        }
        // A waived removal is none: the retest must see it at no head.
        let removed = self.item.milestone(MilestoneKind::Remove).is_done();
        if let (Some(death), true) = (&dead, removed && self.item.presence.is_cleared()) {
            let summary = format!("dead since {}, and at no head", death.since);
            self.verify_one(MilestoneKind::Retest, self.now, summary);
        }
    }

    /// Since when every issuer that is known to be the right one has answered for good that it
    /// revoked the credential, and what they said.
    fn revoked(&self) -> Option<(Timestamp, String)> {
        let mut since = None;
        let mut said = Vec::new();
        for record in self.item.targets.values() {
            match (record.final_receipt(), record.standing(self.now)) {
                (Some(receipt), _) => {
                    since = since.max(Some(receipt.at));
                    said.push(format!("{}: {}", record.target, receipt.sentence()));
                }
                (None, Standing::Denied { .. }) => {}
                (None, Standing::Unknown) if !record.is_bound() => {}
                (None, Standing::Unknown | Standing::Live(_)) => return None,
            }
        }
        since.map(|at| (at, said.join("; ")))
    }

    fn repositories(&self) -> String {
        let names: Vec<&str> =
            self.item.presence.repositories().iter().map(|id| id.as_str()).collect();
        names.join(", ")
    }

    fn verify_one(&mut self, milestone: MilestoneKind, on: Timestamp, summary: String) {
        if !self.item.milestone(milestone).is_done() {
            let survey = self.item.presence.clearing_surveys().into_iter().next_back();
            let survey = survey.filter(|_| milestone == MilestoneKind::Remove);
            self.emit(Event::Verified { milestone, on, evidence: Evidence { summary, survey } });
        }
    }

    /// Proof of death that holds at this moment, if there is any.
    fn death(&self) -> Option<Death> {
        match self.item.proof(self.policy, self.now) {
            // Nothing at all rests on it before a person has said what it is.
            Proof::Dead { weakness: Some(Weakness::NeverAccepted), .. }
                if self.item.approval.is_none() =>
            {
                None
            }
            Proof::Dead { since, evidence, weakness } => {
                let needs_person = weakness.is_some();
                Some(Death { basis: ClosureBasis::Verified, since, evidence, needs_person })
            }
            Proof::NotYet(_) => self.attested_death(),
        }
    }

    /// Enough people's word, where no recipe can ask.
    fn attested_death(&self) -> Option<Death> {
        let (since, valid) = self.item.attested(self.policy, self.now)?;
        let evidence =
            valid.iter().map(|word| format!("{} attests: {}", word.by, word.note)).collect();
        Some(Death { basis: ClosureBasis::Attested, since, evidence, needs_person: false })
    }

    /// Closes what is proven, complete and, where asked for, approved.
    fn close(&mut self) {
        if !self.item.is_active() || !self.item.is_worked_through() {
            return;
        }
        let Some(death) = self.death() else { return };
        let approved = self.item.approval.is_some();
        if (self.policy.closure == ClosureMode::Approved || death.needs_person) && !approved {
            return;
        }
        if !self.item.lacks(self.policy, Some(death.since)).is_empty() {
            return;
        }
        let mut evidence = death.evidence;
        evidence.extend(self.item.findings());
        evidence.extend(self.item.approved());
        evidence.extend(self.item.steps_done());
        for milestone in &self.item.round.milestones {
            if let Progress::Waived { by, reason, .. } = &milestone.progress {
                evidence.push(format!("{} waived by {by}: {reason}", milestone.kind));
            }
        }
        let dead_since = death.since;
        self.emit(Event::Closed { basis: death.basis, dead_since, evidence });
    }
}

impl PoamItem {
    /// Enough people's word, where nobody can be asked: since when, and their words.
    fn attested(&self, policy: &Policy, now: Timestamp) -> Option<(Timestamp, Vec<&Attestation>)> {
        let valid = self.valid_attestations(now)?;
        let people: BTreeSet<&str> = valid.iter().map(|word| Actor::account(&word.by)).collect();
        if people.len() < policy.proof.attestors {
            return None;
        }
        Some((valid.iter().map(|word| word.at).max()?, valid))
    }

    /// The people's words that count at `now`; `None` where an issuer can be asked. What was said
    /// while it could be asked, or before its issuer last accepted it, does not count.
    pub(crate) fn valid_attestations(&self, now: Timestamp) -> Option<Vec<&Attestation>> {
        let since = match self.detection.kind.askable {
            true => self.unaskable_since()?,
            false => Timestamp::MIN,
        };
        let live = self.targets.values().filter_map(|record| record.last_live()).map(|(at, _)| at);
        let live = live.max();
        let holds = |word: &&Attestation| {
            word.expires.is_none_or(|until| until > now)
                && word.at >= since
                && live.is_none_or(|live| word.at > live)
        };
        Some(self.attestations.iter().filter(holds).collect())
    }

    /// Since when it is dead, if that is proven or attested at `now`.
    pub(crate) fn dead_since(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        match self.proof(policy, now) {
            Proof::Dead { since, .. } => Some(since),
            Proof::NotYet(_) => self.attested(policy, now).map(|(since, _)| since),
        }
    }
}

impl PoamItem {
    /// Who approved its closure, in a sentence for the record.
    pub(crate) fn approved(&self) -> Option<String> {
        self.approval.as_ref().map(|approval| {
            let glass = approval.break_glass.as_ref();
            let glass = glass.map_or(String::new(), |why| format!(" (break-glass: {why})"));
            format!("approved by {} at {}{glass}: {}", approval.by, approval.at, approval.note)
        })
    }
}

/// Proof of death at one moment.
struct Death {
    basis: ClosureBasis,
    since: Timestamp,
    evidence: Vec<String>,
    needs_person: bool,
}
