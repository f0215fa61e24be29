//! What may be known of a sealed credential: where it lies and who can open it, never its value.

use crate::{Digest, SafeText};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The name of a sealed value; its file is called so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealId(pub Uuid);

impl fmt::Display for SealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value that was sealed to its recipients when it was first seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seal {
    /// Its name.
    pub id: SealId,
    /// The digest of the sealed bytes: another file of that name is not it.
    pub digest: Digest,
    /// The public keys it was sealed to.
    pub recipients: Vec<SafeText>,
}

/// What a sealed value is opened for. There is nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealUse {
    /// To ask its issuer whether it still works.
    Retest,
    /// To have its issuer end it.
    Revoke,
}

impl fmt::Display for SealUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Retest => "retest",
            Self::Revoke => "revoke",
        })
    }
}
