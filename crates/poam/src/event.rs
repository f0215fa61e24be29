//! What happened to an item: the only thing that is ever stored.

use crate::{Actor, Impact, MilestoneKind, Request, RootCause, Subject};
use jiff::Timestamp;
use quietus_model::{
    Attestation, Confidence, Digest, Fact, Finding, Fingerprint, Ground, Judgement, KeyId, Kind,
    Location, LocationId, Offline, Receipt, Redacted, RuleId, SafeText, Seal, SealId, SealUse,
    Severity, SurveyId, Target,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An event with who, when and under which policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided it.
    pub by: Actor,
    /// The digest of the policy of that moment.
    pub policy: Digest,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened to an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A leaked credential was found for the first time.
    Opened {
        /// What was found.
        detection: Box<Detection>,
        /// What must be done by when.
        plan: Vec<Planned>,
        /// The class that set those dates.
        class: Class,
        /// Who should see to it, as far as the repository tells.
        owner: Option<Owner>,
    },
    /// It was seen somewhere new, or its presence there changed.
    Sighted {
        /// Where.
        location: Box<Location>,
        /// By which survey.
        survey: SurveyId,
        /// Where that survey read the repository.
        source: SafeText,
        /// That survey was complete and saw it at no head there.
        cleared: bool,
    },
    /// A complete survey saw it at no head there any more; history still holds it.
    LeftHead {
        /// Where.
        location: LocationId,
        /// By which survey.
        survey: SurveyId,
        /// The sources whose earlier word this answers.
        sources: Vec<SafeText>,
    },
    /// A complete survey did not see it there any more.
    Absent {
        /// Where.
        location: LocationId,
        /// By which survey.
        survey: SurveyId,
        /// Where that survey read the repository.
        source: SafeText,
    },
    /// An issuer was asked.
    Judged {
        /// What it said.
        judgement: Box<Judgement>,
    },
    /// A better rule recognised it.
    Reclassified {
        /// The rule.
        rule: RuleId,
        /// What that rule says.
        kind: Kind,
        /// Its severity.
        severity: Severity,
        /// Its confidence.
        confidence: Confidence,
    },
    /// It is worse than thought: dates move closer, never away.
    Escalated {
        /// The new class.
        class: Class,
        /// The new dates.
        plan: Vec<Planned>,
    },
    /// Somebody is to see to it.
    Assigned {
        /// Who, and why they.
        owner: Owner,
    },
    /// Work on a milestone began.
    Started {
        /// Which.
        milestone: MilestoneKind,
    },
    /// Somebody says a milestone is done.
    Claimed {
        /// Which.
        milestone: MilestoneKind,
        /// What they say.
        note: String,
    },
    /// A milestone's exit test agreed.
    Verified {
        /// Which.
        milestone: MilestoneKind,
        /// When it came true.
        on: Timestamp,
        /// What shows it.
        evidence: Evidence,
    },
    /// A milestone need not be done.
    Waived {
        /// Which.
        milestone: MilestoneKind,
        /// Why.
        reason: String,
    },
    /// Contrary evidence moved a milestone back.
    Regressed {
        /// Which.
        milestone: MilestoneKind,
        /// What contradicts it.
        reason: String,
    },
    /// A milestone got a later date. The original date stays.
    Extended {
        /// Which.
        milestone: MilestoneKind,
        /// The date.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// An issuer was asked to revoke it, and answered that it did.
    Revoked {
        /// Its answer.
        receipt: Box<Receipt>,
    },
    /// A person states that this target is where the credential works.
    Bound {
        /// Which target.
        target: Target,
        /// How they know.
        note: String,
    },
    /// A person takes back that this target is where the credential works.
    Unbound {
        /// Which target.
        target: Target,
        /// Why.
        note: String,
    },
    /// A person states that the credential is dead.
    Attested {
        /// Their word.
        attestation: Attestation,
    },
    /// Somebody found out how it leaked.
    CauseFound {
        /// How.
        cause: RootCause,
        /// In their words.
        note: SafeText,
        /// The digest of the file that shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// Somebody looked whether anybody used it after the leak.
    ImpactChecked {
        /// What they found.
        impact: Impact,
        /// In their words.
        note: SafeText,
        /// The digest of the file that shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// Somebody asks for what another person must decide. Nothing changes, no clock stops.
    Requested {
        /// What for.
        request: Request,
        /// Who stands behind it, when a file of suppressions asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposer: Option<SafeText>,
    },
    /// Another person consents to what was asked for; what follows from it is the next event.
    Granted {
        /// What it was about.
        subject: Subject,
        /// What they looked at.
        note: String,
        /// Why they decided although they were not independent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<String>,
    },
    /// What was asked for is not granted.
    Declined {
        /// What it was about.
        subject: Subject,
        /// Why.
        reason: String,
    },
    /// It is set aside, for a reason and until a date.
    Deviated {
        /// In which way.
        deviation: DeviationKind,
        /// Why.
        reason: String,
        /// Until when.
        until: Timestamp,
    },
    /// It is no longer set aside.
    DeviationEnded {
        /// Why.
        reason: String,
    },
    /// A person approves that it closes.
    Approved {
        /// What they looked at.
        note: String,
        /// Why they decided although they were not independent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<String>,
    },
    /// It is over.
    Closed {
        /// On what ground.
        basis: ClosureBasis,
        /// From when on it was dead.
        dead_since: Timestamp,
        /// The evidence, in sentences.
        evidence: Vec<String>,
    },
    /// It is not over after all. A new round begins; the old milestones are kept.
    Reopened {
        /// Why.
        reason: ReopenReason,
        /// What must be done by when.
        plan: Vec<Planned>,
        /// The class that set those dates.
        class: Class,
    },
    /// Its value was sealed, so that its issuer can be asked when its bytes stand nowhere any more.
    Escrowed {
        /// As what.
        seal: Box<Seal>,
    },
    /// Its sealed value was opened.
    EscrowOpened {
        /// Which.
        seal: SealId,
        /// What for.
        purpose: SealUse,
    },
    /// Its sealed value is no more.
    EscrowDestroyed {
        /// Which.
        seal: SealId,
        /// Why.
        reason: String,
    },
    /// A remark.
    Noted {
        /// The remark.
        note: String,
    },
}

/// What was found, without its value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Detection {
    /// The item's identity.
    pub fingerprint: Fingerprint,
    /// The key it was made under.
    pub key_id: KeyId,
    /// The rule that recognised it.
    pub rule: RuleId,
    /// What that rule says of its kind.
    pub kind: Kind,
    /// Its severity.
    pub severity: Severity,
    /// Its confidence.
    pub confidence: Confidence,
    /// What may be shown.
    pub redacted: Redacted,
    /// What its bytes said by themselves.
    pub offline: Offline,
    /// Tags of its rule.
    pub tags: Vec<String>,
    /// Facts read from its bytes.
    pub decoded: Vec<Fact>,
    /// Parts that were not found.
    pub missing: Vec<String>,
    /// The survey that found it.
    pub survey: SurveyId,
    /// When that survey was taken. Never changes.
    pub detected_at: Timestamp,
}

impl Detection {
    /// The credential as it is known, at these places.
    pub fn finding(&self, locations: Vec<Location>) -> Finding {
        Finding {
            fingerprint: self.fingerprint,
            rule: self.rule.clone(),
            severity: self.severity,
            confidence: self.confidence,
            redacted: self.redacted.clone(),
            offline: self.offline,
            missing: self.missing.clone(),
            decoded: self.decoded.clone(),
            tags: self.tags.clone(),
            locations,
        }
    }
}

/// A milestone and its date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// Which.
    pub milestone: MilestoneKind,
    /// When it is due.
    pub due: Timestamp,
}

/// How urgent an item is: the class that sets its dates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Denied when it was first seen.
    Dead,
    /// Nobody knows whether it works.
    Unknown,
    /// It works.
    Live,
    /// It works and may administer something.
    LivePrivileged,
}

impl Class {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead at first sight",
            Self::Unknown => "unknown",
            Self::Live => "live",
            Self::LivePrivileged => "live and privileged",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who sees to an item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// A person or team.
    pub name: SafeText,
    /// How they were chosen.
    pub basis: OwnerBasis,
}

/// How an owner was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerBasis {
    /// CODEOWNERS of the default branch names them for the path.
    CodeOwners,
    /// They last changed the line.
    LastCommitter,
    /// Somebody assigned them.
    Assigned,
}

impl OwnerBasis {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CodeOwners => "CODEOWNERS",
            Self::LastCommitter => "last committer of the line",
            Self::Assigned => "assigned",
        }
    }
}

/// What shows that a milestone is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// In a sentence.
    pub summary: String,
    /// The survey it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<SurveyId>,
}

/// On what ground an item closed. Counted apart everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureBasis {
    /// The issuer denied it often enough.
    Verified,
    /// People gave their word, because no recipe can ask.
    Attested,
}

impl ClosureBasis {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Attested => "attested",
        }
    }
}

/// In which way an item is set aside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviationKind {
    /// It is no credential.
    FalsePositive,
    /// It is one, and the risk is borne.
    RiskAccepted,
    /// It cannot be changed for now.
    OperationalRequirement,
    /// Somebody else must act.
    VendorDependency,
}

impl DeviationKind {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FalsePositive => "false positive",
            Self::RiskAccepted => "risk accepted",
            Self::OperationalRequirement => "operational requirement",
            Self::VendorDependency => "vendor dependency",
        }
    }
}

impl From<Ground> for DeviationKind {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::FalsePositive => Self::FalsePositive,
            Ground::RiskAccepted => Self::RiskAccepted,
        }
    }
}

impl fmt::Display for DeviationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for DeviationKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "false-positive" => Ok(Self::FalsePositive),
            "risk-accepted" => Ok(Self::RiskAccepted),
            "operational-requirement" => Ok(Self::OperationalRequirement),
            "vendor-dependency" => Ok(Self::VendorDependency),
            _ => Err(format!(
                "\"{text}\" is none of: false-positive, risk-accepted, operational-requirement, \
                 vendor-dependency"
            )),
        }
    }
}

/// Why a closed item is open again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum ReopenReason {
    /// An issuer accepted it.
    Live {
        /// Which.
        target: Target,
        /// When.
        at: Timestamp,
    },
    /// It was committed again, or somewhere new, after the item closed.
    Introduced {
        /// Where.
        location: LocationId,
    },
    /// It stands at a head again.
    BackAtHead {
        /// Where.
        location: LocationId,
    },
    /// A person asked for it.
    Asked {
        /// Why.
        note: String,
    },
}

impl fmt::Display for ReopenReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live { target, at } => write!(f, "{target} accepted it at {at}"),
            Self::Introduced { .. } => f.write_str("it was committed again after it had closed"),
            Self::BackAtHead { .. } => f.write_str("it stands at a head again"),
            Self::Asked { note } => write!(f, "reopened by a person: {note}"),
        }
    }
}
