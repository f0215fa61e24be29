//! How to ask an issuer about a credential, as data: request, clauses, and answers to test with.

mod revocation;
mod sign;

use crate::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use revocation::{Revocation, RevokeBy};
pub use sign::{Hash, JwtAlgorithm, Sign, Written};

/// One question to an issuer and how to read its answer.
///
/// Templates (`path`, `headers`, `body`, and `endpoint` where it holds a host part) may name
/// `{secret}` and the rule's other parts. `{basic USER SECRET}` is base 64 of `USER:SECRET`, `{encoded A
/// 'text' B}` base 64 of one after the other, `{bytes PART}` what base 64 stands for, and `{query PART}`
/// percent-encoded. What a scheme of [`Sign`] makes has names of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The kind of issuer; rules of one issuer share endpoints, pace and control.
    pub issuer: String,
    /// Scheme, host and base path of the public instance. Empty when there is none and
    /// configuration must name one.
    #[serde(default)]
    pub endpoint: String,
    /// Where else the same issuer may have given it out, as its other partitions: every one is
    /// asked, and every one must deny.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<String>,
    /// The endpoint of the partition that a credential says it is of, as a template by parts which
    /// only such credentials have. One that names another than the endpoint is asked there alone, if
    /// the user lists that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub universe: Option<String>,
    /// Other organisations may run their own instance: a denial by the public one proves nothing.
    pub self_hosted: bool,
    /// The protocol that the issuer speaks.
    #[serde(default, skip_serializing_if = "Driver::is_http")]
    pub driver: Driver,
    /// What is logged in with, where the protocol is not HTTP. Path, headers and body are then empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// The HTTP method. It must not change anything at the issuer.
    #[serde(default)]
    pub method: Method,
    /// The path and query after the endpoint.
    #[serde(default)]
    pub path: String,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Request body.
    #[serde(default)]
    pub body: String,
    /// How the request is signed, where the secret itself is never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
    /// What is asked besides, where one request does not settle it.
    #[serde(default, skip_serializing_if = "Exchange::is_plain")]
    pub exchange: Exchange,
    /// Accepted: any one clause that matches says so.
    pub live: Vec<Clause>,
    /// Accepted, but not allowed to do what was asked: live as well.
    #[serde(default)]
    pub restricted: Vec<Clause>,
    /// Denied in the issuer's own words. Each clause needs more than a status.
    #[serde(default)]
    pub dead: Vec<Clause>,
    /// Denied, but in words that a live credential can meet too: a disallowed address, a policy, a
    /// bare 401. Enough for the negative control, which only asks whether the issuer tells
    /// credentials apart; never a verdict. A clause here may be a status alone.
    #[serde(default)]
    pub refused: Vec<Clause>,
    /// Where the live answer tells whose it is.
    #[serde(default)]
    pub identity: IdentityPointers,
    /// How sure the facts behind this recipe are.
    pub basis: Basis,
    /// The page or program the call was read in.
    pub source: String,
    /// Failed logins count here, so no fabricated credential is sent.
    #[serde(default)]
    pub failures_count: bool,
    /// Recorded or documented answers, at least one a verdict: the recipe's tests.
    #[serde(default, rename = "answer")]
    pub answers: Vec<Answer>,
}

/// A protocol that an issuer is asked by. All but HTTP are features of the build.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// HTTP requests.
    #[default]
    Http,
    /// A simple bind (RFC 4513).
    Ldap,
    /// A login to MongoDB.
    Mongodb,
    /// A login to MySQL or MariaDB.
    Mysql,
    /// A login to PostgreSQL or what speaks its protocol.
    Postgresql,
    /// `AUTH` of Redis or Valkey.
    Redis,
    /// `AUTH` of a mail server (RFC 4954).
    Smtp,
    /// Authentication by public key (RFC 4252).
    Ssh,
}

impl Driver {
    /// The name, which is that of the build's feature as well.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Ldap => "ldap",
            Self::Mongodb => "mongodb",
            Self::Mysql => "mysql",
            Self::Postgresql => "postgresql",
            Self::Redis => "redis",
            Self::Smtp => "smtp",
            Self::Ssh => "ssh",
        }
    }

    /// Whether it is HTTP.
    pub fn is_http(&self) -> bool {
        *self == Self::Http
    }
}

/// What is logged in with, as templates: `{PART}` as it stands, `{decoded PART}` as the user
/// information of a URL is written, with its percent signs read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account; empty where the endpoint names it, or where there may be none.
    #[serde(default)]
    pub user: String,
    /// The password or private key.
    pub secret: String,
    /// What a private key is encrypted with; empty where it is not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub passphrase: String,
}

/// What is asked besides, where one request does not settle it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exchange {
    /// Nothing.
    #[default]
    Plain,
    /// Where the answer is a challenge that names a token service, as container registries do it
    /// (specification of the Distribution registry, token authentication), that service is asked with
    /// the same authorisation, and the clauses read its answer.
    TokenService,
    /// The credential is a JSON Web Token and is never sent: the answer names where the issuer
    /// publishes its keys (OpenID Connect Discovery 1.0), the token is verified by them, and the clauses
    /// read what came of it: `code` is `verified`, `forged` (the key it names did not sign it),
    /// `withdrawn` (no such key is published), `early` (its time has not begun) or `unsupported`.
    PublishedKeys,
}

impl Exchange {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names of RFC 9110")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Delete,
    Put,
    Patch,
}

impl Method {
    /// The name as it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// How sure the facts behind a recipe are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The call and its denial were read in the issuer's documentation or seen on a real server.
    Documented,
    /// Remembered: it may report live, its denial stays indeterminate until confirmed.
    Recalled,
}

/// A set of conditions on one answer; all of them must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// A few words for people: `bad credentials`.
    pub name: String,
    /// The HTTP statuses it applies to; none where the protocol is not HTTP.
    #[serde(default)]
    pub status: Vec<u16>,
    /// Conditions on the JSON body.
    #[serde(default)]
    pub json: Vec<JsonTest>,
    /// Texts the body must hold, all of them.
    #[serde(default)]
    pub text: Vec<String>,
    /// Headers that must be there; an empty value asks only for presence, any other must be
    /// contained (names and values without regard to case).
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Of a denial whose words a live credential can meet too, as one that is asked about from
    /// elsewhere: it counts only of a credential that this target accepted from the same place
    /// before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_live: bool,
}

impl Clause {
    /// Whether it looks at more than the status.
    pub fn is_specific(&self) -> bool {
        !(self.json.is_empty() && self.text.is_empty() && self.header.is_empty())
    }
}

/// A condition on one place of a JSON body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonTest {
    /// A JSON pointer (RFC 6901); `*` stands for any element of an array. A body in XML is read as
    /// if it were JSON: elements by their names without prefix, repeated ones as an array, and an
    /// element without others as its text.
    pub at: String,
    /// The value there, as text (`true`, `0`, `invalid_auth`). Without it and `has`, the place
    /// must hold something other than null, `false`, or an empty string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// A text that the value there must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
}

/// Where an answer tells whose the credential is: JSON pointers or `header:NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityPointers {
    /// Named facts: account, user, org, email, id.
    pub fields: BTreeMap<String, String>,
    /// Scopes; a header's are split at commas and spaces.
    pub scopes: Option<String>,
    /// Expiry, as the issuer writes it.
    pub expires: Option<String>,
    /// Scopes that make the credential privileged.
    pub privileged_scopes: Vec<String>,
    /// A place that holds `true` when it is privileged.
    pub privileged: Option<String>,
}

/// An answer of the issuer and the verdict it must get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What the recipe must make of it.
    pub outcome: Outcome,
    /// HTTP status; 0 where the protocol is not HTTP.
    #[serde(default)]
    pub status: u16,
    /// Response headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Response body.
    #[serde(default)]
    pub body: String,
    /// Where this answer was read. Required unless `invented`.
    #[serde(default)]
    pub source: String,
    /// Made up to try the clauses; can never support a denial.
    #[serde(default)]
    pub invented: bool,
}

/// What a recipe makes of an answer, before any question of issuer or proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Accepted.
    Live,
    /// Accepted but not allowed.
    Restricted,
    /// Denied.
    Dead,
    /// Nothing.
    Indeterminate,
}

impl Recipe {
    /// Whether a denial read by this recipe may ever count: its facts are documented and at least
    /// one recorded, not invented, denial is among its tests.
    pub fn denial_is_confirmed(&self) -> bool {
        self.basis == Basis::Documented
            && self.answers.iter().any(|a| a.outcome == Outcome::Dead && !a.invented)
    }

    /// What is done, as a plan says it: the HTTP method, or that somebody logs in.
    pub fn verb(&self) -> &'static str {
        if self.driver.is_http() { self.method.as_str() } else { "LOGIN" }
    }

    /// The digest that evidence names this recipe by: it covers the question and the clauses.
    pub fn digest(&self) -> Digest {
        Digest::of(format!("{self:?}").as_bytes())
    }
}

/// What people must do, in sentences for the item's milestones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remedy {
    /// How to put another credential in its place.
    pub rotate: String,
    /// How to make it stop working.
    pub revoke: String,
    /// What to look for once it is dead: sessions it minted, logs to read.
    pub after_revoke: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(basis: Basis, invented: bool) -> Recipe {
        let answer = Answer {
            outcome: Outcome::Dead,
            status: 401,
            headers: BTreeMap::new(),
            body: "{}".into(),
            source: "docs".into(),
            invented,
        };
        Recipe {
            issuer: "x".into(),
            endpoint: "https://x.invalid".into(),
            partitions: vec![],
            universe: None,
            self_hosted: false,
            driver: Driver::Http,
            login: None,
            method: Method::Get,
            path: "/me".into(),
            headers: BTreeMap::new(),
            body: String::new(),
            sign: None,
            exchange: Exchange::Plain,
            live: vec![],
            restricted: vec![],
            dead: vec![],
            refused: vec![],
            identity: IdentityPointers::default(),
            basis,
            source: "docs".into(),
            failures_count: false,
            answers: vec![answer],
        }
    }

    #[test]
    fn only_a_documented_and_recorded_denial_may_count() {
        assert!(recipe(Basis::Documented, false).denial_is_confirmed());
        assert!(!recipe(Basis::Documented, true).denial_is_confirmed());
        assert!(!recipe(Basis::Recalled, false).denial_is_confirmed());
    }
}
