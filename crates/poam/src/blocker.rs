//! What stands between an item and its closure.

use crate::{
    ClosureMode, Event, ExitTest, Lack, MilestoneKind, Missing, OpenPlaybook, PoamItem, Policy,
    Proof, Role, Step, StepId, Weakness,
};
use jiff::Timestamp;
use quietus_model::{Doubt, Verdict};
use std::fmt;

/// One thing that stands between an item and its closure.
#[derive(Clone, PartialEq, Debug)]
pub enum Blocker {
    /// A milestone is not done.
    Milestone {
        /// Which.
        kind: MilestoneKind,
        /// How far it is.
        progress: &'static str,
        /// When it is due.
        due: Timestamp,
        /// It is past that date.
        overdue: bool,
    },
    /// A step of a playbook is not done.
    Step {
        /// Which.
        step: StepId,
        /// What is to be done.
        title: String,
        /// Who does it.
        role: Role,
        /// How far it is.
        progress: &'static str,
        /// When it is due.
        due: Timestamp,
        /// It is past that date.
        overdue: bool,
        /// Steps that come first.
        waits_for: Vec<String>,
        /// What is looked at.
        exit: ExitTest,
    },
    /// Evidence of death is missing.
    Proof(Missing),
    /// Its bytes could not be had again, so nobody can be asked about it.
    NoBytes {
        /// When that was found.
        at: Timestamp,
        /// Its value is in escrow.
        sealed: bool,
    },
    /// It stands at a head, or no complete scan has shown that it left.
    Present {
        /// Where.
        place: String,
        /// The heads that hold it.
        heads: Vec<String>,
    },
    /// People's word is missing.
    Attestation {
        /// How many people gave theirs.
        have: usize,
        /// How many must.
        need: usize,
    },
    /// Something the policy asks for is not on record.
    Lack(Lack),
    /// Another person must decide something.
    Decision {
        /// What.
        request: String,
        /// How.
        subject: String,
        /// Who asked.
        by: String,
    },
    /// A person must approve.
    Approval {
        /// Why.
        because: &'static str,
    },
    /// It is set aside.
    SetAside {
        /// In which way.
        kind: &'static str,
        /// Until when.
        until: Timestamp,
    },
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milestone { kind, progress, due, overdue } => {
                let late = if *overdue { "was due" } else { "due" };
                write!(f, "{kind} is {progress}, {late} {due}; done when: {}", kind.exit_test())
            }
            Self::Step { step, title, role, progress, due, overdue, waits_for, exit } => {
                let late = if *overdue { "was due" } else { "due" };
                let first = if waits_for.is_empty() {
                    String::new()
                } else {
                    format!(", after {}", waits_for.join(", "))
                };
                write!(
                    f,
                    "{step} ({role}) is {progress}, {late} {due}{first}: {title}; done when: {}",
                    exit.in_words()
                )
            }
            Self::Proof(missing) => missing.fmt(f),
            Self::NoBytes { at, sealed: true } => write!(
                f,
                "{} (found at {at}); its value is in escrow: `quietus retest ID --validate --identity \
                 FILE` asks its issuer",
                Doubt::NoBytes
            ),
            Self::NoBytes { at, sealed: false } => write!(
                f,
                "{} (found at {at}) and are not in escrow, so its issuer cannot be asked again; people \
                 may attest that it is dead: `quietus item act ID attest`",
                Doubt::NoBytes
            ),
            Self::Present { place, heads } if heads.is_empty() => {
                write!(f, "no complete scan has shown that it left {place}")
            }
            Self::Present { place, heads } => {
                write!(f, "it stands in {place} at {}", heads.join(", "))
            }
            Self::Attestation { have, need } => {
                write!(f, "{have} of {need} people have attested that it is dead")
            }
            Self::Lack(lack) => lack.fmt(f),
            Self::Decision { request, subject, by } => write!(
                f,
                "{by} asks {request}; another person decides with `item act ID grant {subject}` or \
                 `decline {subject}`, and until then every date stands"
            ),
            Self::Approval { because } => {
                write!(f, "an independent person must approve the closure: {because}")
            }
            Self::SetAside { kind, until } => write!(f, "it is set aside ({kind}) until {until}"),
        }
    }
}

impl PoamItem {
    /// Everything between this item and its closure; empty when it is closed.
    pub fn blockers(&self, policy: &Policy, now: Timestamp) -> Vec<Blocker> {
        if self.closure.is_some() {
            return Vec::new();
        }
        let mut blockers = Vec::new();
        if let Some(deviation) = &self.deviation {
            let kind = deviation.kind.as_str();
            blockers.push(Blocker::SetAside { kind, until: deviation.until });
        }
        for kind in self.order() {
            let milestone = self.milestone(kind);
            if !milestone.is_done() {
                let progress = milestone.progress.as_str();
                let overdue = milestone.is_overdue(now);
                blockers.push(Blocker::Milestone { kind, progress, due: milestone.due, overdue });
            }
        }
        blockers.extend(self.steps_to_do(now));
        if self.audit.is_some() {
            blockers.extend(self.people_to_decide(policy, None, now));
            return blockers;
        }
        let proof = self.proof(policy, now);
        let lost = self.lost_bytes().map(|at| Blocker::NoBytes { at, sealed: self.seal.is_some() });
        blockers.extend(self.missing_proof(&proof, policy, now).into_iter().filter(|blocker| {
            let said = |doubt: &Doubt| lost.is_some() && *doubt == Doubt::NoBytes;
            !matches!(blocker, Blocker::Proof(Missing::NoAnswer(_, Some(doubt))) if said(doubt))
        }));
        blockers.extend(lost);
        blockers.extend(self.presence.open().map(|sighting| Blocker::Present {
            place: format!("{} {}", sighting.repository_name(), sighting.location.display()),
            heads: sighting.location.at_head.iter().map(ToString::to_string).collect(),
        }));
        let weakness = match proof {
            Proof::Dead { weakness, .. } => weakness,
            Proof::NotYet(_) => None,
        };
        blockers.extend(self.people_to_decide(policy, weakness, now));
        blockers
    }

    /// The steps of its playbooks that are not done.
    pub(crate) fn steps_to_do(&self, now: Timestamp) -> Vec<Blocker> {
        let books = self.round.playbooks.iter();
        let steps = books.flat_map(|book| book.steps.iter().map(move |step| (book, step)));
        let undone = steps.filter(|(_, step)| !step.is_done());
        let blocker = |(book, step): (&OpenPlaybook, &Step)| Blocker::Step {
            step: book.id(step),
            title: step.plan.title.clone(),
            role: step.plan.role,
            progress: step.progress.as_str(),
            due: step.due,
            overdue: step.is_overdue(now),
            waits_for: book.waits_for(step).iter().map(|s| s.plan.name.clone()).collect(),
            exit: step.plan.exit,
        };
        undone.map(blocker).collect()
    }

    /// What people must put on record, decide or approve.
    fn people_to_decide(
        &self,
        policy: &Policy,
        weakness: Option<Weakness>,
        now: Timestamp,
    ) -> Vec<Blocker> {
        let lacks = self.lacks(policy, self.dead_since(policy, now));
        let mut blockers: Vec<Blocker> = lacks.into_iter().map(Blocker::Lack).collect();
        blockers.extend(self.requests.iter().map(|pending| Blocker::Decision {
            request: pending.request.to_string(),
            subject: pending.request.subject().to_string(),
            by: pending.by.to_string(),
        }));
        if self.approval.is_none() {
            let because = match policy.closure {
                ClosureMode::Approved => Some("the policy asks for it"),
                ClosureMode::Automatic => weakness.map(Weakness::because),
            };
            blockers.extend(because.map(|because| Blocker::Approval { because }));
        }
        blockers
    }

    /// When its bytes could not be had at any known place, unless it was seen or asked about since.
    pub fn lost_bytes(&self) -> Option<Timestamp> {
        let latest = self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Sighted { .. } => Some(None),
            Event::Judged { judgement } => Some(Some(judgement)),
            _ => None,
        })??;
        (latest.verdict == Verdict::Indeterminate(Doubt::NoBytes)).then_some(latest.at)
    }

    fn missing_proof(&self, proof: &Proof, policy: &Policy, now: Timestamp) -> Vec<Blocker> {
        let Proof::NotYet(missing) = proof else { return Vec::new() };
        let Some(valid) = self.valid_attestations(now) else {
            return missing.iter().cloned().map(Blocker::Proof).collect();
        };
        let have = valid.len();
        let need = policy.proof.attestors;
        if have >= need { Vec::new() } else { vec![Blocker::Attestation { have, need }] }
    }
}
