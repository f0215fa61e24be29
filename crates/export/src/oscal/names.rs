//! Names: namespaces, property names, states as words, and UUIDs that are the same every time.

use super::document::{Prop, Token};
use crate::text::Line;
use quietus_model::Fingerprint;
use quietus_poam::{Class, ClosureBasis, DeviationKind, Phase, PoamItem, Progress, Subject};
use uuid::Uuid;

/// The namespace of our own property names.
pub const NS: &str = "https://quietus.dev/ns/oscal";

/// The namespace of FedRAMP's property names.
pub(super) const FEDRAMP: &str = "https://fedramp.gov/ns/oscal";

/// The namespace of NIST's own names, which holds where no other is named.
pub(super) const NIST: &str = "http://csrc.nist.gov/ns/oscal";

/// The system of FedRAMP's facets, which is written otherwise than its namespace of properties.
pub(super) const FEDRAMP_FACETS: &str = "http://fedramp.gov/ns/oscal";

/// What stands before a fingerprint in a property value.
const HMAC: &str = "hmac-sha256:";

/// Property names that are both written and read.
pub(super) mod prop {
    pub(in super::super) const BEGAN: &str = "round-began";
    pub(in super::super) const BASIS: &str = "closure-basis";
    pub(in super::super) const DEAD_SINCE: &str = "dead-since";
    pub(in super::super) const DETECTED: &str = "detected-at";
    pub(in super::super) const DEVIATION: &str = "deviation";
    pub(in super::super) const DUE: &str = "due";
    pub(in super::super) const FINGERPRINT: &str = "secret-fingerprint";
    pub(in super::super) const ID: &str = "poam-id";
    pub(in super::super) const MILESTONE: &str = "milestone";
    pub(in super::super) const ORIGINAL_DUE: &str = "original-due";
    pub(in super::super) const OWNER: &str = "owner";
    pub(in super::super) const PLAYBOOK: &str = "playbook";
    pub(in super::super) const PROGRESS: &str = "milestone-progress";
    pub(in super::super) const PROGRESS_DATE: &str = "milestone-date";
    pub(in super::super) const RULE: &str = "rule-id";
    pub(in super::super) const SEVERITY: &str = "severity";
    pub(in super::super) const STATE: &str = "state";
}

impl Prop {
    /// A property under our own name.
    pub(super) fn own(name: &'static str, value: impl AsRef<str>) -> Self {
        Self { ns: Some(Token::Borrowed(NS)), ..Self::nist(name, value) }
    }

    /// A property under FedRAMP's name.
    pub(super) fn fedramp(name: &'static str, value: impl AsRef<str>) -> Self {
        Self { ns: Some(Token::Borrowed(FEDRAMP)), ..Self::nist(name, value) }
    }

    /// A property under one of NIST's names.
    pub(super) fn nist(name: &'static str, value: impl AsRef<str>) -> Self {
        Self { name: Token::Borrowed(name), ns: None, value: Line::of(value) }
    }
}

/// The UUID (version 5) of what `parts` name: the same for the same parts, for ever.
pub(super) fn uuid<'a>(parts: impl IntoIterator<Item = &'a str>) -> Uuid {
    let root = Uuid::new_v5(&Uuid::NAMESPACE_URL, NS.as_bytes());
    // Nested, so that no separator has to be kept out of the parts.
    parts.into_iter().fold(root, |at, part| Uuid::new_v5(&at, part.as_bytes()))
}

/// The UUIDs of one item and of what belongs to it.
pub(super) struct ItemNames(Uuid);

impl ItemNames {
    pub(super) fn of(fingerprint: Fingerprint) -> Self {
        Self(uuid(["item", fingerprint.to_string().as_str()]))
    }

    fn part(&self, what: &str) -> Uuid {
        Uuid::new_v5(&self.0, what.as_bytes())
    }

    pub(super) fn item(&self) -> Uuid {
        self.0
    }

    pub(super) fn risk(&self) -> Uuid {
        self.part("risk")
    }

    pub(super) fn finding(&self) -> Uuid {
        self.part("finding")
    }

    pub(super) fn recommendation(&self) -> Uuid {
        self.part("recommendation")
    }

    /// The plan of a round, counted from 0.
    pub(super) fn plan(&self, round: usize) -> Uuid {
        self.part(&format!("plan {round}"))
    }

    /// What was done in a round.
    pub(super) fn completion(&self, round: usize) -> Uuid {
        self.part(&format!("completion {round}"))
    }

    pub(super) fn task(&self, round: usize, milestone: quietus_poam::MilestoneKind) -> Uuid {
        self.part(&format!("task {round} {milestone}"))
    }

    /// A playbook of a round.
    pub(super) fn playbook(&self, round: usize, playbook: &str) -> Uuid {
        self.part(&format!("playbook {round} {playbook}"))
    }

    /// A step of a playbook of a round.
    pub(super) fn step(&self, round: usize, playbook: &str, step: &str) -> Uuid {
        self.part(&format!("step {round} {playbook}/{step}"))
    }

    /// The log entry of an event, counted from 0 in the item's history.
    pub(super) fn entry(&self, event: usize) -> Uuid {
        self.part(&format!("entry {event}"))
    }

    pub(super) fn observation(&self, event: usize) -> Uuid {
        self.part(&format!("observation {event}"))
    }

    pub(super) fn resource(&self, event: usize) -> Uuid {
        self.part(&format!("resource {event}"))
    }
}

/// A fingerprint as a property value.
pub(super) fn fingerprint_value(fingerprint: Fingerprint) -> String {
    format!("{HMAC}{fingerprint}")
}

/// The fingerprint of a property value.
pub(super) fn read_fingerprint(value: &str) -> Option<Fingerprint> {
    value.strip_prefix(HMAC)?.parse().ok()
}

/// A phase as a property value: `open`, `false-positive`, `closed-verified`.
pub(super) fn phase_value(phase: Phase) -> String {
    match phase {
        Phase::Closed(basis) => format!("closed-{}", basis.as_str()),
        other => hyphened(&other.to_string()),
    }
}

/// Every phase there is.
const PHASES: [Phase; 10] = [
    Phase::Detected,
    Phase::Open,
    Phase::InProgress,
    Phase::PendingVerification,
    Phase::Deviation(DeviationKind::FalsePositive),
    Phase::Deviation(DeviationKind::RiskAccepted),
    Phase::Deviation(DeviationKind::OperationalRequirement),
    Phase::Deviation(DeviationKind::VendorDependency),
    Phase::Closed(ClosureBasis::Verified),
    Phase::Closed(ClosureBasis::Attested),
];

/// The phase of a property value.
pub(super) fn read_phase(value: &str) -> Option<Phase> {
    PHASES.into_iter().find(|phase| phase_value(*phase) == value)
}

/// The OSCAL risk status of a phase.
pub(super) fn risk_status(item: &PoamItem) -> &'static str {
    match item.phase() {
        Phase::Closed(_) => "closed",
        Phase::Deviation(_) => "deviation-approved",
        _ if item.pending(&Subject::Deviation).is_some() => "deviation-requested",
        Phase::Detected => "investigating",
        Phase::Open => "open",
        Phase::InProgress | Phase::PendingVerification => "remediating",
    }
}

/// A class as a property value.
pub(super) fn class_value(class: Class) -> &'static str {
    match class {
        Class::Dummy => "dummy",
        Class::Dead => "dead-at-first-sight",
        Class::Unknown => "unknown",
        Class::Live => "live",
        Class::LivePublic => "live-and-public",
        Class::LivePrivileged => "live-and-privileged",
    }
}

/// A milestone's progress as a property value.
pub(super) fn progress_value(progress: &Progress) -> String {
    hyphened(progress.as_str())
}

/// Words for people as one word for machines.
pub(super) fn hyphened(words: &str) -> String {
    words.replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_back() {
        for phase in PHASES {
            assert_eq!(read_phase(&phase_value(phase)), Some(phase));
        }
        assert_eq!(read_phase("closed"), None);
    }

    #[test]
    fn names_do_not_run_into_each_other() {
        assert_ne!(uuid(["ab", "c"]), uuid(["a", "bc"]));
        assert_eq!(uuid(["ab", "c"]), uuid(["ab", "c"]));
        assert_eq!(uuid(["a"]).get_version_num(), 5);
    }
}
