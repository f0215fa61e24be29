//! An item is a fold over its events.

use crate::standing::TargetRecord;
use crate::{
    Actor, Approval, Attached, Closure, Deviation, Event, Milestone, MilestoneKind, Planned,
    PoamItem, Presence, Progress, Recorded, ReopenReason, Round,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

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
        let Event::Opened { detection, plan, class, owner, audit } = &first.event else {
            return None;
        };
        Some(Self {
            number: 0,
            version: 1,
            detection: (**detection).clone(),
            aliases: BTreeSet::new(),
            audit: audit.as_deref().cloned(),
            untriaged: None,
            class: *class,
            owner: owner.clone(),
            presence: Presence::default(),
            targets: BTreeMap::new(),
            round: Round::planned(first.at, None, plan, audit.is_some()),
            earlier_rounds: Vec::new(),
            deviation: None,
            seal: None,
            attestations: Vec::new(),
            root_cause: None,
            impact: None,
            attachments: Vec::new(),
            tickets: BTreeMap::new(),
            requests: Vec::new(),
            approval: None,
            closure: None,
            history: vec![first.clone()],
        })
    }

    /// Takes in what happened next.
    pub fn apply(&mut self, recorded: Recorded) {
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
            Event::Aliased { name } => {
                self.aliases.insert(*name);
            }
            Event::Reclassified { rule, kind, severity, confidence } => {
                self.detection.rule = rule.clone();
                self.detection.kind = kind.clone();
                self.detection.severity = *severity;
                self.detection.confidence = *confidence;
            }
            Event::Escalated { class, plan } => {
                self.class = *class;
                self.untriaged = None;
                for planned in plan {
                    self.milestone_mut(planned.milestone).due = planned.due;
                }
            }
            Event::Deferred { until } => self.untriaged = Some(*until),
            Event::Triaged { plan } => {
                self.untriaged = None;
                for planned in plan {
                    let milestone = self.milestone_mut(planned.milestone);
                    // The clock starts: these are the first dates it has.
                    milestone.due = planned.due;
                    milestone.original_due = planned.due;
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
            Event::Attached { attachment } => self.attachments.push(Attached {
                attachment: (**attachment).clone(),
                by: recorded.by.clone(),
                at,
            }),
            Event::Ticketed { desk, change } => self.take_ticket(at, desk, change),
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
                let audit = self.audit.is_some();
                let next = Round::planned(at, Some(reason.clone()), plan, audit);
                self.earlier_rounds.push(std::mem::replace(&mut self.round, next));
            }
            Event::PlaybookOpened { .. } | Event::StepMoved { .. } => self.take_playbook(recorded),
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
}

impl Round {
    fn planned(
        began: Timestamp,
        reason: Option<ReopenReason>,
        plan: &[Planned],
        audit: bool,
    ) -> Self {
        let due =
            |kind| plan.iter().find(|planned| planned.milestone == kind).map_or(began, |p| p.due);
        let mut milestones = MilestoneKind::ALL.map(|kind| Milestone::planned(kind, due(kind)));
        if audit {
            let reason = "an audit found this, and no credential that could be revoked";
            let none = Progress::Waived { by: Actor::System, at: began, reason: reason.to_owned() };
            milestones.iter_mut().for_each(|milestone| milestone.progress = none.clone());
        }
        Self { began, reason, milestones, playbooks: Vec::new() }
    }
}
