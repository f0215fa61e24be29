//! The sections of a policy file.

use super::duration::{duration, durations};
use crate::{Actor, Class, DeviationKind, MilestoneKind, Role};
use jiff::SignedDuration;
use serde::Deserialize;

/// How items close.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClosureMode {
    /// By themselves, once proven.
    Automatic,
    /// Once proven and approved by a person who is neither owner nor completed a milestone.
    Approved,
}

/// What counts as verified dead.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofRules {
    /// Denials by each bound target.
    pub confirmations: usize,
    /// Least time between the first and the last.
    #[serde(deserialize_with = "duration")]
    pub spread: SignedDuration,
    /// Greatest age of the last.
    #[serde(deserialize_with = "duration")]
    pub freshness: SignedDuration,
    /// Places on the network they were asked from.
    pub vantages: usize,
    /// Whether the last denial must stand beside the acceptance of a credential that is known to work;
    /// without it a person decides.
    pub known_good: bool,
    /// People who must attest where no recipe can ask.
    pub attestors: usize,
}

/// What must be on record before an item closes, beside the proof.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRules {
    /// Somebody owns it.
    pub owner: bool,
    /// How it leaked.
    pub root_cause: bool,
    /// Whether anybody used it after the leak, looked up once it had been dead.
    pub impact_check: bool,
}

/// Who may decide.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleRules {
    /// The ids of authorising officials: `os:1000@host`, or the subject of a session.
    pub officials: Vec<String>,
    /// Only people whose id is proven may approve and grant.
    pub authenticated: bool,
    /// Whoever is not independent may approve and grant all the same, saying why.
    pub break_glass: bool,
}

impl PeopleRules {
    /// Whether `by` is an authorising official: by their role or their id, never by a name they claim.
    pub fn is_official(&self, by: &Actor) -> bool {
        if by.roles().includes(Role::Official) {
            return true;
        }
        let known = |id: &str| {
            self.officials.iter().any(|official| Actor::account(official) == Actor::account(id))
        };
        by.person_id().is_some_and(known)
    }
}

/// When a rotation may be waived.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationRules {
    /// By policy, once the credential is verified dead.
    pub waive_when_dead: bool,
}

/// Whose consent something takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Nobody's but of whoever does it.
    Own,
    /// Another person's.
    Another,
    /// An authorising official's, who is another person.
    Official,
    /// It is not done.
    Never,
}

/// Dates by class.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlaTable {
    pub(super) live_privileged: Sla,
    pub(super) live: Sla,
    pub(super) unknown: Sla,
    pub(super) dead: Sla,
    pub(super) dummy: Sla,
}

impl SlaTable {
    pub(super) fn of(&self, class: Class) -> &Sla {
        match class {
            Class::LivePrivileged | Class::LivePublic => &self.live_privileged,
            Class::Live => &self.live,
            Class::Unknown => &self.unknown,
            Class::Dead => &self.dead,
            Class::Dummy => &self.dummy,
        }
    }
}

/// How long each milestone may take from detection.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sla {
    #[serde(deserialize_with = "duration")]
    rotate: SignedDuration,
    #[serde(deserialize_with = "duration")]
    revoke: SignedDuration,
    #[serde(deserialize_with = "duration")]
    remove: SignedDuration,
    #[serde(deserialize_with = "duration")]
    retest: SignedDuration,
}

impl Sla {
    pub(super) fn of(&self, milestone: MilestoneKind) -> SignedDuration {
        match milestone {
            MilestoneKind::Rotate => self.rotate,
            MilestoneKind::Revoke => self.revoke,
            MilestoneKind::Remove => self.remove,
            MilestoneKind::Retest => self.retest,
        }
    }
}

/// When a milestone may get a later date. Its original date stays.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRules {
    /// How often, for each milestone and round.
    pub most: usize,
    /// How far, all of them together: percent of what the class allows.
    pub reach: u16,
    /// Whose consent it takes.
    pub consent: Consent,
    /// Whose consent it takes for what is live and privileged.
    pub live_privileged: Consent,
}

/// When an item may be set aside, by the way in which it is.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviationTable {
    false_positive: DeviationRules,
    risk_accepted: DeviationRules,
    operational_requirement: DeviationRules,
    vendor_dependency: DeviationRules,
}

impl DeviationTable {
    pub(super) fn of(&self, kind: DeviationKind) -> &DeviationRules {
        match kind {
            DeviationKind::FalsePositive => &self.false_positive,
            DeviationKind::RiskAccepted => &self.risk_accepted,
            DeviationKind::OperationalRequirement => &self.operational_requirement,
            DeviationKind::VendorDependency => &self.vendor_dependency,
        }
    }
}

/// When an item may be set aside in one way. What works is never set aside.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviationRules {
    /// Whose consent it takes.
    pub consent: Consent,
    /// For how long.
    #[serde(deserialize_with = "duration")]
    pub longest: SignedDuration,
    /// Whose consent it takes for what was live in this round.
    pub once_live: Consent,
    /// For how long, for what was live in this round.
    #[serde(deserialize_with = "duration")]
    pub once_live_longest: SignedDuration,
}

/// When to ask an issuer again.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// An open item.
    #[serde(deserialize_with = "duration")]
    pub open: SignedDuration,
    /// A closed item, counted from its closure.
    #[serde(deserialize_with = "durations")]
    pub closed: Vec<SignedDuration>,
    /// A verification older than this is stale.
    #[serde(deserialize_with = "duration")]
    pub stale: SignedDuration,
}

/// How long what is sealed is kept.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscrowRules {
    /// From an item's closure until its sealed value is destroyed.
    #[serde(deserialize_with = "duration")]
    pub keep: SignedDuration,
}

/// How long anything may be set aside, in whatever way, suppressions included.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissalRules {
    /// The longest.
    #[serde(deserialize_with = "duration")]
    pub longest: SignedDuration,
}

/// Which playbooks the evidence opens by itself; the others it only suggests.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookRules {
    /// Their names.
    pub by_evidence: Vec<String>,
    /// How long after it was committed a credential that still works calls for rotation.
    #[serde(deserialize_with = "duration")]
    pub oldest: SignedDuration,
}
