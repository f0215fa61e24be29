//! What events carry: what was found, dates, classes, owners, evidence.

use crate::MilestoneKind;
use jiff::Timestamp;
use quietus_model::{
    Confidence, Fact, Finding, Fingerprint, KeyId, Kind, Location, Offline, Redacted, RuleId,
    SafeText, Severity, SurveyId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

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
            renamed_from: None,
            aliases: BTreeSet::new(),
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
    /// A published example or test value, as its bytes tell: no credential of anybody's.
    Dummy,
    /// Denied when it was first seen.
    Dead,
    /// Nobody knows whether it works.
    Unknown,
    /// It works.
    Live,
    /// It works and stands in a repository that anybody can read.
    LivePublic,
    /// It works and may administer something.
    LivePrivileged,
}

impl Class {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Dead => "dead at first sight",
            Self::Unknown => "unknown",
            Self::Live => "live",
            Self::LivePublic => "live and public",
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
    /// Who would have come before them, and why not they.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<PassedOver>,
}

impl Owner {
    /// Whether they have left, so that nobody sees to it.
    pub fn has_left(&self) -> bool {
        self.passed_over.iter().any(|passed| passed.has_left() && passed.name == self.name)
    }
}

/// Somebody who was looked at as owner and is not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PassedOver {
    /// A person or team.
    pub name: SafeText,
    /// How they came into question.
    pub basis: OwnerBasis,
    /// Why they do not own it.
    pub why: String,
}

impl PassedOver {
    /// What is said of somebody who has left.
    pub(crate) const LEFT: &str = "has left";

    /// Whether they have left.
    pub fn has_left(&self) -> bool {
        self.why == Self::LEFT
    }
}

/// What an audit found: a weakness that no scan sees.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditFinding {
    /// The audit: `SOC 2, 2026`.
    pub source: SafeText,
    /// Its name for the finding.
    pub reference: SafeText,
    /// In a line.
    pub title: SafeText,
    /// What is wrong.
    pub description: SafeText,
    /// Identities, systems or parties that it is about.
    #[serde(default)]
    pub affects: Vec<SafeText>,
}

/// How an owner was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerBasis {
    /// CODEOWNERS of the default branch names them for the path.
    CodeOwners,
    /// Its issuer says that it is theirs.
    Identity,
    /// They last changed the line.
    LastCommitter,
    /// The team of the repository, by configuration.
    Team,
    /// Somebody assigned them.
    Assigned,
}

impl OwnerBasis {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CodeOwners => "CODEOWNERS",
            Self::Identity => "named by the issuer",
            Self::LastCommitter => "last committer of the line",
            Self::Team => "team of the repository",
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
