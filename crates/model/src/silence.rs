//! Why a finding that was made is not reported. It was read all the same: silence is never absence.

use crate::{Comment, SafeText};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a finding is not reported.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Silence {
    /// An inline comment that is heeded speaks of it, at one of its places at least.
    Comment {
        /// Which.
        comment: Comment,
    },
    /// It stands only where the user wants nothing reported from.
    Path,
    /// The user switched its rule off.
    Rule,
    /// The user suppresses its fingerprint.
    Suppression(Suppressed),
}

/// What an entry of the suppressions says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Suppressed {
    /// On what ground.
    pub ground: Ground,
    /// Why, in words.
    pub reason: SafeText,
    /// Who agreed.
    pub approver: SafeText,
    /// Until when.
    pub until: Timestamp,
}

/// On what ground a finding is suppressed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// It is no credential.
    #[default]
    FalsePositive,
    /// It is one, and the risk is borne.
    RiskAccepted,
}

impl Ground {
    /// As in a file of suppressions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FalsePositive => "false-positive",
            Self::RiskAccepted => "risk-accepted",
        }
    }
}

impl std::str::FromStr for Ground {
    type Err = String;

    /// The message does not repeat the text.
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::FalsePositive, Self::RiskAccepted]
            .into_iter()
            .find(|ground| ground.as_str() == text)
            .ok_or_else(|| "it is neither false-positive nor risk-accepted".to_owned())
    }
}

/// As summaries count it.
impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment { comment } => write!(f, "silenced by a {comment} comment"),
            Self::Path => f.write_str("in excluded paths only"),
            Self::Rule => f.write_str("of rules that are switched off"),
            Self::Suppression(_) => f.write_str("suppressed by fingerprint"),
        }
    }
}
