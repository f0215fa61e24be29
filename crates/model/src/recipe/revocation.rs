//! How a credential is made to stop working, as data.

use super::{Clause, Method};
use crate::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a credential is made to stop working, as far as the issuer lets one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Who can do it.
    pub by: RevokeBy,
    /// The HTTP method, when there is a call.
    #[serde(default)]
    pub method: Method,
    /// The path after the issuer's endpoint, or a whole URL; a template as in [`Recipe`](super::Recipe).
    #[serde(default)]
    pub path: String,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Request body.
    #[serde(default)]
    pub body: String,
    /// What says that it was done.
    #[serde(default)]
    pub done: Vec<Clause>,
    /// The revocation can be undone, such as a key set inactive: its receipt is not final.
    #[serde(default)]
    pub reversible: bool,
    /// The issuer answers before it is done: its receipt is not final.
    #[serde(default)]
    pub queued: bool,
    /// Where the call was read.
    #[serde(default)]
    pub source: String,
}

impl Revocation {
    /// The digest that a receipt names this call by.
    pub fn digest(&self) -> Digest {
        Digest::of(format!("{self:?}").as_bytes())
    }
}

/// Who can revoke a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevokeBy {
    /// Whoever holds it.
    Holder,
    /// Another, privileged credential.
    Admin,
    /// A person on a web page.
    Console,
}
