//! What a run would send and where, without sending it.

use quietus_model::RuleId;
use serde::Serialize;

/// A call that would be made for each credential of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedCall {
    /// The rule.
    pub rule: RuleId,
    /// The kind of issuer.
    pub issuer: String,
    /// The host, with its port unless that is the usual one.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The HTTP method; `LOGIN` where the protocol is another.
    pub method: &'static str,
    /// The URL with its placeholders: no part of a credential.
    pub url: String,
    /// The names of the headers that the recipe sends.
    pub headers: Vec<String>,
    /// One more such call is made with a fabricated credential.
    pub control: bool,
    /// The endpoint is the user's override.
    pub custom: bool,
}
