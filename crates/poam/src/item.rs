//! A POA&M item: what is known of one leaked credential, folded from its events.

use crate::proof::{Scale, Standing, TargetRecord, weigh};
use crate::{
    Actor, Class, ClosureBasis, Detection, DeviationKind, Event, Found, Impact, Milestone,
    MilestoneKind, Owner, OwnerBasis, Pending, Planned, Policy, Presence, Progress, Proof,
    Recorded, ReopenReason, RootCause,
};
use jiff::Timestamp;
use quietus_model::{Attestation, Fingerprint, Place, Seal, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What every leaked credential is tagged with: NIST SP 800-53 controls, OWASP NHI Top 10 (2025),
/// CWE and ATT&CK.
pub const TAGS: [&str; 5] = ["IA-5(7)", "IA-5", "NHI2:2025", "CWE-798", "T1552.001"];

/// A leaked credential from its detection to its proven end.
#[derive(Clone, PartialEq, Debug)]
pub struct PoamItem {
    /// `V-1`, `V-2`, … in the order of opening; given by the ledger, never used twice.
    pub number: u64,
    /// How many events it is folded from. An append names this version.
    pub version: u64,
    /// What was found. Rule, kind, severity and confidence follow a later reclassification.
    pub detection: Detection,
    /// How urgent it is.
    pub class: Class,
    /// Who sees to it.
    pub owner: Option<Owner>,
    /// Where it stands.
    pub presence: Presence,
    /// What the issuers said.
    pub targets: BTreeMap<Target, TargetRecord>,
    /// The current round of work.
    pub round: Round,
    /// Rounds that ended in a closure which did not last, oldest first.
    pub earlier_rounds: Vec<Round>,
    /// The current deviation.
    pub deviation: Option<Deviation>,
    /// Its value in escrow.
    pub seal: Option<Seal>,
    /// People's words, of the current round.
    pub attestations: Vec<Attestation>,
    /// How it leaked, as found in the current round.
    pub root_cause: Option<Found<RootCause>>,
    /// Whether anybody used it, as looked up in the current round.
    pub impact: Option<Found<Impact>>,
    /// What waits for another person's decision.
    pub requests: Vec<Pending>,
    /// The approval of its closure, of the current round. Contrary evidence voids it.
    pub approval: Option<Approval>,
    /// How it closed.
    pub closure: Option<Closure>,
    /// Its history, oldest first.
    pub history: Vec<Recorded>,
}

/// One round of work: from opening or reopening to closure.
#[derive(Clone, PartialEq, Debug)]
pub struct Round {
    /// When it began.
    pub began: Timestamp,
    /// Why, when it is not the first.
    pub reason: Option<ReopenReason>,
    /// Its four milestones, in the order of [`MilestoneKind::ALL`].
    pub milestones: [Milestone; 4],
}

/// That an item is set aside.
#[derive(Clone, PartialEq, Debug)]
pub struct Deviation {
    /// In which way.
    pub kind: DeviationKind,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: crate::Actor,
    /// When.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// That a person approved that an item closes.
#[derive(Clone, PartialEq, Debug)]
pub struct Approval {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What they looked at.
    pub note: String,
    /// Why they decided although they were not independent.
    pub break_glass: Option<String>,
}

/// How an item closed.
#[derive(Clone, PartialEq, Debug)]
pub struct Closure {
    /// When.
    pub at: Timestamp,
    /// On what ground.
    pub basis: ClosureBasis,
    /// From when on it was dead.
    pub dead_since: Timestamp,
    /// The evidence, in sentences.
    pub evidence: Vec<String>,
}

/// Where an item is in its life. Derived from what happened, never stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// Found; nobody has taken it up.
    Detected,
    /// Somebody owns it.
    Open,
    /// A milestone has moved.
    InProgress,
    /// Everything is done or claimed; proof is awaited.
    PendingVerification,
    /// Set aside until a date.
    Deviation(DeviationKind),
    /// Over.
    Closed(ClosureBasis),
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Detected => f.pad("detected"),
            Self::Open => f.pad("open"),
            Self::InProgress => f.pad("in progress"),
            Self::PendingVerification => f.pad("pending verification"),
            Self::Deviation(kind) => f.pad(kind.as_str()),
            Self::Closed(ClosureBasis::Verified) => f.pad("closed"),
            Self::Closed(ClosureBasis::Attested) => f.pad("closed (attested)"),
        }
    }
}

/// Why a list of events is no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// There are none.
    #[error("an item has no events")]
    Empty,
    /// The first one is not the opening.
    #[error("the first event of an item is not its opening")]
    NotOpened,
}

impl PoamItem {
    /// Folds the events of one item, oldest first.
    ///
    /// # Errors
    /// [`FoldError`] when there are none or the first is not [`Event::Opened`].
    pub fn fold(events: &[Recorded]) -> Result<Self, FoldError> {
        let (first, rest) = events.split_first().ok_or(FoldError::Empty)?;
        let mut item = Self::opened(first).ok_or(FoldError::NotOpened)?;
        for event in rest {
            item.apply(event.clone());
        }
        Ok(item)
    }

    pub(crate) fn opened(first: &Recorded) -> Option<Self> {
        let Event::Opened { detection, plan, class, owner } = &first.event else {
            return None;
        };
        Some(Self {
            number: 0,
            version: 1,
            detection: (**detection).clone(),
            class: *class,
            owner: owner.clone(),
            presence: Presence::default(),
            targets: BTreeMap::new(),
            round: Round::planned(first.at, None, plan),
            earlier_rounds: Vec::new(),
            deviation: None,
            seal: None,
            attestations: Vec::new(),
            root_cause: None,
            impact: None,
            requests: Vec::new(),
            approval: None,
            closure: None,
            history: vec![first.clone()],
        })
    }

    pub(crate) fn apply(&mut self, recorded: Recorded) {
        self.version += 1;
        self.take(&recorded);
        self.history.push(recorded);
    }

    fn take(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        match &recorded.event {
            // An item is opened once; a second opening in its stream changes nothing.
            Event::Opened { .. } | Event::Noted { .. } | Event::EscrowOpened { .. } => {}
            Event::Sighted { location, survey, source, cleared } => {
                self.presence.sighted(location, source, at, cleared.then_some(*survey));
            }
            Event::LeftHead { location, survey, sources } => {
                self.presence.left_head(location, sources, *survey);
            }
            Event::Absent { location, survey, source } => {
                self.presence.absent(location, source, *survey);
            }
            Event::Judged { judgement } => self
                .targets
                .entry(judgement.target.clone())
                .or_insert_with(|| TargetRecord::new(judgement))
                .take(judgement),
            Event::Reclassified { rule, kind, severity, confidence } => {
                self.detection.rule = rule.clone();
                self.detection.kind = kind.clone();
                self.detection.severity = *severity;
                self.detection.confidence = *confidence;
            }
            Event::Escalated { class, plan } => {
                self.class = *class;
                for planned in plan {
                    self.milestone_mut(planned.milestone).due = planned.due;
                }
            }
            Event::Assigned { owner } => self.owner = Some(owner.clone()),
            Event::Revoked { receipt } => self
                .targets
                .entry(receipt.target.clone())
                .or_insert_with(|| TargetRecord::of(receipt.target.clone()))
                .receipts
                .push((**receipt).clone()),
            Event::Bound { target, .. } => {
                let unasked = || TargetRecord::of(target.clone());
                let record = self.targets.entry(target.clone()).or_insert_with(unasked);
                record.bound_by_person = Some(at);
            }
            Event::Unbound { target, .. } => {
                if let Some(record) = self.targets.get_mut(target) {
                    record.bound_by_person = None;
                }
                self.targets.retain(|known, record| known != target || !record.is_blank());
            }
            Event::Escrowed { seal } => self.seal = Some((**seal).clone()),
            Event::EscrowDestroyed { seal, .. } => {
                self.seal.take_if(|known| known.id == *seal);
            }
            Event::Attested { attestation } => self.attestations.push(attestation.clone()),
            Event::CauseFound { .. } | Event::ImpactChecked { .. } => {
                self.take_finding(&recorded.by, at, &recorded.event);
            }
            Event::Requested { .. } | Event::Granted { .. } | Event::Declined { .. } => {
                self.take_request(&recorded.by, at, &recorded.event);
            }
            Event::Deviated { deviation, reason, until } => {
                self.deviation = Some(Deviation {
                    kind: *deviation,
                    reason: reason.clone(),
                    by: recorded.by.clone(),
                    at,
                    until: *until,
                });
            }
            Event::DeviationEnded { .. } => self.deviation = None,
            Event::Approved { note, break_glass } => {
                self.approval = Some(Approval {
                    at,
                    by: recorded.by.clone(),
                    note: note.clone(),
                    break_glass: break_glass.clone(),
                });
            }
            Event::Closed { basis, dead_since, evidence } => {
                self.requests.clear();
                self.closure = Some(Closure {
                    at,
                    basis: *basis,
                    dead_since: *dead_since,
                    evidence: evidence.clone(),
                });
            }
            Event::Reopened { reason, plan, class } => {
                self.class = *class;
                self.closure = None;
                self.approval = None;
                self.root_cause = None;
                self.impact = None;
                self.attestations.clear();
                let next = Round::planned(at, Some(reason.clone()), plan);
                self.earlier_rounds.push(std::mem::replace(&mut self.round, next));
            }
            Event::Started { .. }
            | Event::Claimed { .. }
            | Event::Verified { .. }
            | Event::Waived { .. }
            | Event::Regressed { .. }
            | Event::Extended { .. } => self.take_milestone(recorded),
        }
    }

    fn take_milestone(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        let by = recorded.by.clone();
        let (kind, progress) = match &recorded.event {
            Event::Started { milestone } => (*milestone, Progress::InProgress { since: at }),
            Event::Claimed { milestone, note } => {
                (*milestone, Progress::Claimed { by, at, note: note.clone() })
            }
            Event::Verified { milestone, on, evidence } => {
                (*milestone, Progress::Verified { on: *on, evidence: evidence.clone() })
            }
            Event::Waived { milestone, reason } => {
                (*milestone, Progress::Waived { by, at, reason: reason.clone() })
            }
            Event::Regressed { milestone, .. } => {
                self.approval = None;
                (*milestone, Progress::InProgress { since: at })
            }
            Event::Extended { milestone, due, .. } => {
                self.milestone_mut(*milestone).due = *due;
                return;
            }
            _ => return,
        };
        self.milestone_mut(kind).progress = progress;
    }

    /// Its identity.
    pub fn fingerprint(&self) -> Fingerprint {
        self.detection.fingerprint
    }

    /// The id people use: `V-12`.
    pub fn id(&self) -> String {
        format!("V-{}", self.number)
    }

    /// A milestone of the current round.
    pub fn milestone(&self, kind: MilestoneKind) -> &Milestone {
        &self.round.milestones[kind as usize]
    }

    fn milestone_mut(&mut self, kind: MilestoneKind) -> &mut Milestone {
        &mut self.round.milestones[kind as usize]
    }

    /// The first milestone that is not done, in the order of work.
    pub fn next_milestone(&self) -> Option<&Milestone> {
        self.order().into_iter().map(|kind| self.milestone(kind)).find(|m| !m.is_done())
    }

    /// The order of work: what is live and privileged, or was abused, is revoked before it is
    /// replaced.
    pub fn order(&self) -> [MilestoneKind; 4] {
        let mut order = MilestoneKind::ALL;
        let abused = self.impact.as_ref().is_some_and(|found| found.what == Impact::Abused);
        if self.class == Class::LivePrivileged || abused {
            order.swap(0, 1);
        }
        order
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        let milestones = &self.round.milestones;
        let moved = |m: &Milestone| m.progress != Progress::Planned;
        let all_but_retest =
            MilestoneKind::ALL[..3].iter().all(|kind| self.milestone(*kind).is_claimed_or_done());
        match (&self.closure, &self.deviation) {
            (Some(closure), _) => Phase::Closed(closure.basis),
            (None, Some(deviation)) => Phase::Deviation(deviation.kind),
            _ if all_but_retest => Phase::PendingVerification,
            _ if milestones.iter().any(moved) => Phase::InProgress,
            _ if self.owner.is_some() => Phase::Open,
            _ => Phase::Detected,
        }
    }

    /// Whether work remains: neither closed nor set aside.
    pub fn is_active(&self) -> bool {
        self.closure.is_none() && self.deviation.is_none()
    }

    /// Whether a milestone of an active item is past its date.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_active() && self.round.milestones.iter().any(|m| m.is_overdue(now))
    }

    /// Whether it is verified dead.
    pub fn proof(&self, policy: &Policy, now: Timestamp) -> Proof {
        let reopened = self.round.reason.is_some().then_some(self.round.began);
        weigh(&self.targets, self.detection.kind.askable, Scale { policy, now, reopened })
    }

    /// `live` where any target accepts it; else `dead`, where one that counts denies it; else `unknown`.
    pub fn liveness(&self, now: Timestamp) -> &'static str {
        let mut state = "unknown";
        for record in self.targets.values() {
            match record.standing(now) {
                Standing::Live(_) => return "live",
                Standing::Denied { .. } if record.is_bound() => state = "dead",
                Standing::Denied { .. } | Standing::Unknown => {}
            }
        }
        state
    }

    /// When it was last asked about, whatever came of it.
    pub fn last_asked(&self) -> Option<Timestamp> {
        self.targets.values().filter_map(TargetRecord::newest).max()
    }

    /// When an issuer last answered clearly.
    pub fn last_answered(&self) -> Option<Timestamp> {
        let newest = |record: &TargetRecord| record.answers.last().map(|(at, _)| *at);
        self.targets.values().filter_map(newest).max()
    }

    /// When its issuer should be asked again; `None` when never again.
    pub fn next_retest(&self, policy: &Policy) -> Option<Timestamp> {
        let asked = self.last_asked();
        match &self.closure {
            // Where a person has just bound it, nobody has asked yet.
            None if self.unasked_since_bound().is_some() => self.unasked_since_bound(),
            None => Some(asked.map_or(self.detection.detected_at, |at| {
                crate::proof::later(at, policy.cadence.open)
            })),
            // Only an answer counts as having watched: a night without network is none.
            Some(closure) => policy
                .cadence
                .closed
                .iter()
                .map(|after| crate::proof::later(closure.at, *after))
                .find(|due| self.last_answered().is_none_or(|at| at < *due)),
        }
    }

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
                )
            })
            .filter_map(|recorded| recorded.by.person_id().map(|id| Actor::account(id).to_owned()))
            .collect()
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

    /// What people call the repositories it was ever seen in.
    pub fn repository_names(&self) -> BTreeSet<String> {
        let standing = self.presence.iter().map(|(_, sighting)| sighting);
        let kept = standing.filter(|sighting| sighting.location.place != Place::Stdin);
        kept.map(|sighting| sighting.repository_name().to_owned()).collect()
    }

    /// Its tags: those of every leaked credential, then those of its rule, then what its spread
    /// tells (OWASP NHI9 when several repositories hold it, NHI5 when it is privileged).
    pub fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = TAGS.iter().map(|tag| (*tag).to_owned()).collect();
        tags.extend(self.detection.tags.iter().cloned());
        if self.presence.repositories().len() > 1 {
            tags.push("NHI9:2025".to_owned());
        }
        if self.class == Class::LivePrivileged {
            tags.push("NHI5:2025".to_owned());
        }
        let mut seen = BTreeSet::new();
        tags.retain(|tag| seen.insert(tag.clone()));
        tags
    }
}

impl Round {
    fn planned(began: Timestamp, reason: Option<ReopenReason>, plan: &[Planned]) -> Self {
        let due =
            |kind| plan.iter().find(|planned| planned.milestone == kind).map_or(began, |p| p.due);
        let milestones = MilestoneKind::ALL.map(|kind| Milestone::planned(kind, due(kind)));
        Self { began, reason, milestones }
    }
}
