//! The four steps that make a leaked credential harmless, and how far each has come.

use crate::{Actor, Evidence};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the four steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneKind {
    /// Another credential takes its place.
    Rotate,
    /// It stops working at its issuer.
    Revoke,
    /// It is at no head of any repository.
    Remove,
    /// It is shown to be dead and gone.
    Retest,
}

impl MilestoneKind {
    /// All four, in the usual order.
    pub const ALL: [Self; 4] = [Self::Rotate, Self::Revoke, Self::Remove, Self::Retest];

    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
            Self::Remove => "remove",
            Self::Retest => "retest",
        }
    }

    /// What is checked by machine before it counts as done.
    pub fn exit_test(self) -> &'static str {
        match self {
            Self::Rotate => {
                "another credential of the same kind stands in its place, or its owner attests \
                 that none is needed, or policy waives it once the credential is verified dead"
            }
            Self::Revoke => "a final receipt from the issuer, or verified dead",
            Self::Remove => {
                "absent from every head of every repository it was seen in, by complete scans"
            }
            Self::Retest => {
                "verified dead, and a complete scan with the same or newer rules sees it at no head"
            }
        }
    }

    /// Whether policy or a person may waive it.
    pub fn may_be_waived(self) -> bool {
        matches!(self, Self::Rotate | Self::Remove)
    }
}

impl fmt::Display for MilestoneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for MilestoneKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is none of: rotate, revoke, remove, retest"))
    }
}

/// How far a milestone has come; each stage carries its own facts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
pub enum Progress {
    /// Nothing has happened.
    Planned,
    /// Somebody works on it.
    InProgress {
        /// Since when.
        since: Timestamp,
    },
    /// Somebody says it is done; the exit test has not agreed yet.
    Claimed {
        /// Who.
        by: Actor,
        /// When.
        at: Timestamp,
        /// What they say.
        note: String,
    },
    /// The exit test agreed.
    Verified {
        /// When it came true, which may lie before it was noticed.
        on: Timestamp,
        /// What shows it.
        evidence: Evidence,
    },
    /// It need not be done.
    Waived {
        /// Who decided.
        by: Actor,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

impl Progress {
    /// The name in lower case.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InProgress { .. } => "in progress",
            Self::Claimed { .. } => "claimed",
            Self::Verified { .. } => "verified",
            Self::Waived { .. } => "waived",
        }
    }
}

/// A milestone of one round.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Milestone {
    /// Which step.
    pub kind: MilestoneKind,
    /// When it was first due. Never changes.
    pub original_due: Timestamp,
    /// When it is due now.
    pub due: Timestamp,
    /// How far it has come.
    pub progress: Progress,
}

impl Milestone {
    /// A milestone of which nothing is done.
    pub fn planned(kind: MilestoneKind, due: Timestamp) -> Self {
        Self { kind, original_due: due, due, progress: Progress::Planned }
    }

    /// Verified or waived.
    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Verified { .. } | Progress::Waived { .. })
    }

    /// Done, or claimed to be.
    pub fn is_claimed_or_done(&self) -> bool {
        self.is_done() || matches!(self.progress, Progress::Claimed { .. })
    }

    /// Past its date and not done. Derived, never stored.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.is_done() && self.due < now
    }
}
