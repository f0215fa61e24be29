//! Why an item is set aside, and why a closed one is open again.

use jiff::Timestamp;
use quietus_model::{Ground, LocationId, Target};
use serde::{Deserialize, Serialize};
use std::fmt;

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
