//! A POA&M item: what is known of one leaked credential, or of one finding of an audit.

mod abridge;
mod fold;
mod people;

pub use abridge::{ABRIDGING, EQUAL_ANSWERS, telling};
pub use fold::FoldError;

use crate::proof::{Scale, weigh};
use crate::standing::{Standing, TargetRecord};
use crate::{
    Actor, Attached, AuditFinding, Class, ClosureBasis, Detection, DeviationKind, Found, Impact,
    Milestone, MilestoneKind, OpenPlaybook, Owner, Pending, Policy, Presence, Progress, Proof,
    Recorded, ReopenReason, RootCause, TicketRecord,
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
    /// Other names of its secret: a better way to name secrets was found since it was opened.
    pub aliases: BTreeSet<Fingerprint>,
    /// What an audit found, when it was no scan. No credential is known then, its milestones are
    /// waived from the beginning, and the steps of its playbooks are all there is to do.
    pub audit: Option<AuditFinding>,
    /// Until when it waits to be sorted, when it was found on a first night; its dates count from
    /// then, or from when it is sorted.
    pub untriaged: Option<Timestamp>,
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
    /// Files that show something, of all rounds, oldest first.
    pub attachments: Vec<Attached>,
    /// Its tickets, by the name of the place.
    pub tickets: BTreeMap<String, TicketRecord>,
    /// What waits for another person's decision.
    pub requests: Vec<Pending>,
    /// The approval of its closure, of the current round. Contrary evidence voids it.
    pub approval: Option<Approval>,
    /// How it closed.
    pub closure: Option<Closure>,
    /// Its history, oldest first. Not every event, when the item is one of a list: see
    /// [`PoamItem::is_whole`].
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
    /// Its playbooks, in the order of their opening.
    pub playbooks: Vec<OpenPlaybook>,
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

impl PoamItem {
    /// Its identity.
    pub fn fingerprint(&self) -> Fingerprint {
        self.detection.fingerprint
    }

    /// Whether this is a name of its secret.
    pub fn is_named(&self, name: &Fingerprint) -> bool {
        self.fingerprint() == *name || self.aliases.contains(name)
    }

    /// The id people use: `V-12`.
    pub fn id(&self) -> String {
        format!("V-{}", self.number)
    }

    /// A milestone of the current round.
    pub fn milestone(&self, kind: MilestoneKind) -> &Milestone {
        &self.round.milestones[kind as usize]
    }

    pub(crate) fn milestone_mut(&mut self, kind: MilestoneKind) -> &mut Milestone {
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
        if self.class >= Class::LivePublic || abused {
            order.swap(0, 1);
        }
        order
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        // What an audit found has no milestones that could move.
        let milestones = self.round.milestones.iter().filter(|_| self.audit.is_none());
        let steps = self.steps().map(|(_, step)| &step.progress);
        let moved = |progress: &Progress| *progress != Progress::Planned;
        let mut work = milestones.map(|m| &m.progress).chain(steps);
        let all_but_retest = self.is_claimed_through();
        match (&self.closure, &self.deviation) {
            (Some(closure), _) => Phase::Closed(closure.basis),
            (None, Some(deviation)) => Phase::Deviation(deviation.kind),
            _ if all_but_retest => Phase::PendingVerification,
            _ if work.any(moved) => Phase::InProgress,
            _ if self.owner.is_some() => Phase::Open,
            _ => Phase::Detected,
        }
    }

    /// Whether everything but the retest is done or claimed.
    fn is_claimed_through(&self) -> bool {
        let milestones = MilestoneKind::ALL[..3].iter().map(|kind| self.milestone(*kind));
        let mut steps = self.steps();
        milestones.into_iter().all(Milestone::is_claimed_or_done)
            && steps.all(|(_, step)| {
                step.is_done() || matches!(step.progress, Progress::Claimed { .. })
            })
    }

    /// Whether every milestone and every step is done.
    pub fn is_worked_through(&self) -> bool {
        self.round.milestones.iter().all(Milestone::is_done)
            && self.steps().all(|(_, step)| step.is_done())
    }

    /// Whether work remains: neither closed nor set aside.
    pub fn is_active(&self) -> bool {
        self.closure.is_none() && self.deviation.is_none()
    }

    /// Whether a milestone or a step of an active item is past its date.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_active()
            && (self.round.milestones.iter().any(|m| m.is_overdue(now))
                || self.steps().any(|(_, step)| step.is_overdue(now)))
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

    /// What people call the repositories it was ever seen in.
    pub fn repository_names(&self) -> BTreeSet<String> {
        let standing = self.presence.iter().map(|(_, sighting)| sighting);
        let kept = standing.filter(|sighting| sighting.location.place != Place::Stdin);
        kept.map(|sighting| sighting.repository_name().to_owned()).collect()
    }

    /// Its tags: those of every leaked credential, then those of its rule, then what its spread
    /// tells (OWASP NHI9 when several repositories hold it, NHI5 when it is privileged, NHI1 when its
    /// owner has left, NHI8 when its paths name several environments), and those of its playbooks.
    pub fn tags(&self) -> Vec<String> {
        let leaked = TAGS.iter().filter(|_| self.audit.is_none());
        let mut tags: Vec<String> = leaked.map(|tag| (*tag).to_owned()).collect();
        tags.extend(self.detection.tags.iter().cloned());
        if self.presence.repositories().len() > 1 {
            tags.push("NHI9:2025".to_owned());
        }
        if self.class == Class::LivePrivileged {
            tags.push("NHI5:2025".to_owned());
        }
        if self.environments().len() > 1 {
            tags.push("NHI8:2025".to_owned());
        }
        for book in &self.round.playbooks {
            tags.extend(book.opening.controls.iter().chain(&book.opening.tags).cloned());
        }
        let gone = |owner: &Owner| owner.passed_over.iter().any(|p| p.has_left());
        if self.owner.as_ref().is_some_and(gone) {
            tags.push("NHI1:2025".to_owned());
        }
        let mut seen = BTreeSet::new();
        tags.retain(|tag| seen.insert(tag.clone()));
        tags
    }
}
