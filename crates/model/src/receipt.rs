//! What an issuer answered when it was asked to revoke a credential.

use crate::{Digest, SafeText, Target};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An issuer's answer that it revoked one credential. Holds nothing of the request and no secret.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Who answered.
    pub target: Target,
    /// When.
    pub at: Timestamp,
    /// What it did.
    pub effect: Effect,
    /// The HTTP status.
    pub status: u16,
    /// The clause that matched, as the rule words it.
    pub clause: String,
    /// The digest of the call and its clauses.
    pub recipe: Digest,
    /// The user wrote or changed the call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub custom: bool,
    /// The issuer's id for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<SafeText>,
    /// The issuer's own clock, from its `Date` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_date: Option<SafeText>,
    /// The version of this program.
    pub tool: String,
}

/// What a revocation did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The credential cannot come back.
    Final,
    /// It is switched off and can be switched on again.
    Reversible,
    /// The issuer will do it, and had not when it answered.
    Queued,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Final => "final",
            Self::Reversible => "reversible",
            Self::Queued => "queued",
        })
    }
}

impl Receipt {
    /// What was answered, in a few words.
    pub fn sentence(&self) -> String {
        format!("HTTP {}: {} ({})", self.status, self.clause, self.effect)
    }
}
