//! Items that come from an audit and not from a scan: how they open and how they close.

use crate::settle::Draft;
use crate::{
    Actor, AuditFinding, Class, ClosureBasis, ClosureMode, Detection, Duty, Event, Owner,
    OwnerBasis, Playbook, PoamItem, Policy, Progress, Recorded, Refusal,
};
use jiff::Timestamp;
use quietus_model::{
    Confidence, Fingerprint, FingerprintKey, Kind, Offline, Redacted, Remedy, RuleId, SafeText,
    Secret, Severity, SurveyId,
};

/// The rule of whatever no rule found.
const RULE: &str = "audit-finding";

/// A finding of an audit, with what an item needs beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Audited {
    /// What was found.
    pub finding: AuditFinding,
    /// How bad it is.
    pub severity: Severity,
    /// When it was found. Never changes.
    pub detected_at: Timestamp,
    /// Who sees to it.
    pub owner: Option<SafeText>,
    /// What is to be done about it.
    pub playbook: Playbook,
}

impl Audited {
    /// What the item is known by: the same finding of the same audit is the same item, however often
    /// it is brought in.
    pub fn fingerprint(&self, key: &FingerprintKey) -> Fingerprint {
        // No credential holds these bytes, so that it cannot be taken for one.
        let name = format!("\0audit\0{}\0{}", self.finding.source, self.finding.reference);
        key.fingerprint(&Secret::new(name.into_bytes()))
    }

    /// Decides what must be appended because `by` brings it in: the beginning of an item.
    ///
    /// # Errors
    /// [`Refusal`] when it is not theirs to do, or nothing names the finding.
    pub fn open(
        &self,
        key: &FingerprintKey,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Refusal> {
        if by.person_id().is_none() {
            return Err(Refusal::NeedsPerson);
        }
        Duty::Report.asked_of(by)?;
        let AuditFinding { source, reference, title, .. } = &self.finding;
        if [source, reference, title].iter().any(|text| text.as_str().trim().is_empty()) {
            return Err(Refusal::Blank);
        }
        if self.detected_at > now {
            let why = "it lies in the future".to_owned();
            return Err(Refusal::BadDate { date: self.detected_at, why });
        }
        let owner = self.owner.as_ref().map(|name| Owner {
            name: name.clone(),
            basis: OwnerBasis::Assigned,
            passed_over: Vec::new(),
        });
        let opened = Event::Opened {
            detection: Box::new(self.detection(key)),
            plan: Vec::new(),
            class: Class::Unknown,
            owner,
            audit: Some(Box::new(self.finding.clone())),
        };
        let because = format!("{source} found it ({reference})");
        let opening = self.playbook.opening(&because, self.detected_at, false);
        let Some(mut draft) = Draft::opening_by(opened, by.clone(), policy, now) else {
            return Err(Refusal::Blank);
        };
        draft.emit_by(Event::PlaybookOpened { opening: Box::new(opening) }, by.clone());
        Ok(draft.settle())
    }

    fn detection(&self, key: &FingerprintKey) -> Detection {
        let name = self.finding.title.as_str().to_owned();
        Detection {
            fingerprint: self.fingerprint(key),
            key_id: key.id(),
            rule: RuleId::from(RULE),
            kind: Kind { name, askable: false, remedy: Remedy::default() },
            severity: self.severity,
            confidence: Confidence::High,
            redacted: Redacted::new(&Secret::new(Vec::new()), ""),
            offline: Offline::Plausible,
            tags: Vec::new(),
            decoded: Vec::new(),
            missing: Vec::new(),
            survey: SurveyId::NONE,
            detected_at: self.detected_at,
        }
    }
}

impl Draft<'_> {
    /// What an audit found closes on people's word: when every step is done, and approved where the
    /// policy asks for that.
    pub(crate) fn close_audit(&mut self) {
        let item = &self.item;
        let steps = item.steps().count();
        if !item.is_active() || steps == 0 || !item.is_worked_through() {
            return;
        }
        if self.policy.closure == ClosureMode::Approved && item.approval.is_none() {
            return;
        }
        let complete = item.lacks(self.policy, None).is_empty();
        let Some(dead_since) = item.ended().filter(|_| complete) else { return };
        let mut evidence = item.steps_done();
        evidence.extend(item.findings());
        evidence.extend(item.approved());
        self.emit(Event::Closed { basis: ClosureBasis::Attested, dead_since, evidence });
    }
}

impl PoamItem {
    /// When the last step was done.
    fn ended(&self) -> Option<Timestamp> {
        let done = self.steps().filter_map(|(_, step)| match &step.progress {
            Progress::Verified { on, .. } => Some(*on),
            Progress::Waived { at, .. } => Some(*at),
            _ => None,
        });
        done.max()
    }

    /// Each step that is done, in a sentence for the record of the closure.
    pub(crate) fn steps_done(&self) -> Vec<String> {
        let done = self.steps().filter_map(|(id, step)| match &step.progress {
            Progress::Verified { evidence, .. } => Some(format!("{id}: {}", evidence.summary)),
            Progress::Waived { by, reason, .. } => Some(format!("{id} waived by {by}: {reason}")),
            _ => None,
        });
        done.collect()
    }
}
