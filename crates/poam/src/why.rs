//! The story of an item in sentences: why it is where it is, what is missing, what happens next.

use crate::{MilestoneKind, Phase, PoamItem, Policy, Progress};
use jiff::Timestamp;
use quietus_model::plural;

impl PoamItem {
    /// The whole story in sentences: what it is, why it is where it is, what is missing, what
    /// happens next.
    pub fn why(&self, policy: &Policy, now: Timestamp) -> Vec<String> {
        let mut sentences = vec![self.introduction(), self.standing()];
        if let Some(closure) = &self.closure {
            sentences.extend(closure.evidence.iter().map(|text| format!("Evidence: {text}.")));
        } else {
            let blockers = self.blockers(policy, now);
            sentences.extend(blockers.iter().map(|blocker| format!("- {blocker}.")));
        }
        sentences.extend(self.done_so_far());
        sentences.extend(self.steps_done().into_iter().map(|done| format!("{done}.")));
        sentences.extend(self.remarks(policy, now));
        sentences.push(self.what_next(policy, now));
        sentences
    }

    /// Whether it is closed, or that it cannot close yet; then what follows are the reasons.
    pub fn standing(&self) -> String {
        match (&self.closure, &self.deviation) {
            (Some(closure), _) => {
                format!("It closed at {} ({}).", closure.at, closure.basis.as_str())
            }
            (None, Some(aside)) => {
                format!("It is set aside ({}) and cannot close yet, because:", aside.kind)
            }
            (None, None) => format!("It is {} and cannot close yet, because:", self.phase()),
        }
    }

    /// What is known beside what stands between it and its closure: since when it is exposed, from
    /// when its dates count, and which playbooks fit.
    pub fn remarks(&self, policy: &Policy, now: Timestamp) -> Vec<String> {
        let untriaged = self.untriaged.map(|until| {
            format!(
                "It was found on a first night: its dates count from {until}, or from when it is \
                 sorted with `quietus item triage`."
            )
        });
        let exposed = self.exposed(now).into_iter();
        untriaged.into_iter().chain(exposed).chain(self.suggestions(policy, now)).collect()
    }

    /// Since when and where it is exposed, and who must be given another credential.
    fn exposed(&self, now: Timestamp) -> Vec<String> {
        let exposure = self.exposure(now);
        let mut said = Vec::new();
        if let Some(first) = exposure.first_commit {
            let live = exposure.days_live.map_or(String::new(), |days| {
                let days = plural(days.unsigned_abs(), "day");
                format!("; exposed while it worked: {days} at most")
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

    /// What is to be done next, by when.
    pub fn what_next(&self, policy: &Policy, now: Timestamp) -> String {
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
        if let Some(aside) = &self.deviation {
            return format!("Next: nothing until {}; then it is open again.{retest}", aside.until);
        }
        match (self.phase(), self.next_milestone()) {
            (Phase::Closed(_), _) => format!("Next: nothing.{retest}"),
            (_, Some(next)) => {
                let text = self.instruction(next.kind);
                let by = if next.is_overdue(now) { ", which was due" } else { " by" };
                format!("Next: {}{by} {}. {text}{retest}", next.kind, next.due)
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
