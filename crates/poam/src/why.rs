//! Why an item is open, what evidence is missing, what happens next and when: in sentences.

use crate::{
    ClosureMode, Event, ExitTest, Lack, MilestoneKind, Missing, OpenPlaybook, Phase, PoamItem,
    Policy, Progress, Proof, Role, Step, StepId, Weakness,
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
    fn steps_to_do(&self, now: Timestamp) -> Vec<Blocker> {
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

    /// The whole story in sentences: what it is, why it is where it is, what is missing, what
    /// happens next.
    pub fn why(&self, policy: &Policy, now: Timestamp) -> Vec<String> {
        let mut sentences = vec![self.introduction()];
        if let Some(closure) = &self.closure {
            sentences.push(format!("It closed at {} ({}).", closure.at, closure.basis.as_str()));
            sentences.extend(closure.evidence.iter().map(|text| format!("Evidence: {text}.")));
        } else {
            let blockers = self.blockers(policy, now);
            sentences.push(format!("It is {} and cannot close yet, because:", self.phase()));
            sentences.extend(blockers.iter().map(|blocker| format!("- {blocker}.")));
        }
        sentences.extend(self.untriaged.map(|until| {
            format!(
                "It was found on a first night: its dates count from {until}, or from when it is \
                 sorted with `quietus item triage`."
            )
        }));
        sentences.extend(self.exposed(now));
        sentences.extend(self.done_so_far());
        sentences.extend(self.steps_done().into_iter().map(|done| format!("{done}.")));
        sentences.extend(self.suggestions(policy, now));
        sentences.push(self.what_next(policy, now));
        sentences
    }

    /// Since when and where it is exposed, and who must be given another credential.
    fn exposed(&self, now: Timestamp) -> Vec<String> {
        let exposure = self.exposure(now);
        let mut said = Vec::new();
        if let Some(first) = exposure.first_commit {
            let live = exposure.days_live.map_or(String::new(), |days| {
                format!("; exposed while it worked: {days} days at most")
            });
            said.push(format!("It was committed at {first}{live}."));
        }
        if exposure.consumers.len() > 1 {
            let names: Vec<&str> =
                exposure.consumers.iter().map(|one| one.repository.as_str()).collect();
            said.push(format!(
                "Each of these must be given another credential: {}.",
                names.join(", ")
            ));
        }
        said
    }

    /// Playbooks that the evidence calls for and the policy does not open by itself.
    fn suggestions(&self, policy: &Policy, now: Timestamp) -> Vec<String> {
        let fits = self.playbooks_called_for(policy, now).into_iter();
        fits.filter(|(_, _, by_itself)| !by_itself)
            .map(|(book, because, _)| {
                format!(
                    "The playbook \"{}\" fits: {because}. Follow it with `quietus item act {} follow {}`.",
                    book.title,
                    self.id(),
                    book.name
                )
            })
            .collect()
    }

    /// Who owns it, and whom that passed over.
    fn ownership(&self) -> String {
        let Some(owner) = &self.owner else {
            return "owned by nobody: assign it with `quietus item assign`".to_owned();
        };
        let passed = owner.passed_over.iter();
        let passed: Vec<String> =
            passed.map(|p| format!("{} ({}) {}", p.name, p.basis.as_str(), p.why)).collect();
        let passed =
            if passed.is_empty() { String::new() } else { format!("; {}", passed.join("; ")) };
        format!("owned by {} ({}){passed}", owner.name, owner.basis.as_str())
    }

    fn introduction(&self) -> String {
        let detection = &self.detection;
        let owner = self.ownership();
        if let Some(audit) = &self.audit {
            let affects: Vec<&str> = audit.affects.iter().map(|one| one.as_str()).collect();
            let affects = if affects.is_empty() {
                String::new()
            } else {
                format!(" It affects {}.", affects.join(", "))
            };
            return format!(
                "{}: {}, found by {} ({}) {}, {owner}. {}.{affects}",
                self.id(),
                audit.title,
                audit.source,
                audit.reference,
                detection.detected_at,
                audit.description,
            );
        }
        format!(
            "{}: {} ({}), found {}, places: {}, repositories: {}, {owner}.",
            self.id(),
            detection.kind.name,
            detection.redacted,
            detection.detected_at,
            self.presence.len(),
            self.presence.repositories().len(),
        )
    }

    fn done_so_far(&self) -> Vec<String> {
        if self.audit.is_some() {
            return Vec::new();
        }
        let sentence = |kind: MilestoneKind| match &self.milestone(kind).progress {
            Progress::Verified { on, evidence } => {
                Some(format!("{kind} is verified as of {on}: {}.", evidence.summary))
            }
            Progress::Waived { by, reason, .. } => {
                Some(format!("{kind} is waived by {by}: {reason}."))
            }
            Progress::Claimed { by, at, note } => {
                Some(format!("{kind} is claimed done by {by} at {at}: {note}."))
            }
            Progress::Planned | Progress::InProgress { .. } => None,
        };
        self.order().into_iter().filter_map(sentence).collect()
    }

    fn what_next(&self, policy: &Policy, now: Timestamp) -> String {
        let retest = match self.next_retest(policy) {
            _ if self.closure.is_none() && self.unaskable_since().is_some() => {
                " No retest can ask its issuer: its bytes can no longer be read.".to_owned()
            }
            Some(at) if self.detection.kind.askable => {
                let when = if at <= now { "now".to_owned() } else { at.to_string() };
                format!(" Its issuer should be asked again {when}: `quietus retest --validate`.")
            }
            _ if self.closure.is_some() => " It is not watched any more.".to_owned(),
            _ => String::new(),
        };
        match (self.phase(), self.next_milestone()) {
            (Phase::Closed(_), _) => format!("Next: nothing.{retest}"),
            (_, Some(next)) => {
                let text = self.instruction(next.kind);
                format!("Next: {} by {}. {text}{retest}", next.kind, next.due)
            }
            (_, None) => match self.steps_to_do(now).first() {
                Some(step) => format!("Next: {step}.{retest}"),
                None if self.audit.is_some() => "Next: approval.".to_owned(),
                None => format!("Next: proof that holds today.{retest}"),
            },
        }
    }

    /// What to do for a milestone, in the words of the rule where it has any.
    pub fn instruction(&self, kind: MilestoneKind) -> String {
        let remedy = &self.detection.kind.remedy;
        match kind {
            MilestoneKind::Rotate if !remedy.rotate.is_empty() => remedy.rotate.clone(),
            MilestoneKind::Rotate => {
                "Issue another credential and put it where this one is used.".to_owned()
            }
            MilestoneKind::Revoke if !remedy.revoke.is_empty() => remedy.revoke.clone(),
            MilestoneKind::Revoke => "Make it stop working at its issuer.".to_owned(),
            MilestoneKind::Remove => {
                "Take it out of every branch; history keeps it until it is purged, which comes \
                 last."
                    .to_owned()
            }
            MilestoneKind::Retest => {
                "Scan every repository again and ask the issuer until its denial is proof."
                    .to_owned()
            }
        }
    }
}
