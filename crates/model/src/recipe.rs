//! How to ask an issuer about a credential, as data: request, clauses, and answers to test with.

use crate::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One question to an issuer and how to read its answer.
///
/// Templates (`path`, `headers`, `body`, and `endpoint` where it holds a host part) may name
/// `{secret}` and the rule's other parts; `{basic:user:password}`-like helpers are
/// `{basic USER SECRET}` → base 64 of `USER:SECRET`, and `{query PART}` → percent-encoded.
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
}

/// A way to sign a request with a secret that both sides know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sign {
    /// AWS Signature Version 4, which others speak as well. The region is the one that the
    /// endpoint's host names.
    AwsSigv4 {
        /// The service, as the signature names it: `sts`, `s3`.
        service: String,
        /// The region where the host names none.
        #[serde(default = "us_east")]
        region: String,
        /// The part that holds the key id.
        #[serde(default = "id")]
        id: String,
        /// The part that holds the session token of temporary credentials.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
    },
}

fn us_east() -> String {
    "us-east-1".to_owned()
}

fn id() -> String {
    "id".to_owned()
}

impl Sign {
    /// The names of the parts that go into the signature, `secret` among them.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let Self::AwsSigv4 { id, session, .. } = self;
        ["secret", id.as_str()].into_iter().chain(session.as_deref())
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

/// How a credential is made to stop working, as far as the issuer lets one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Who can do it.
    pub by: RevokeBy,
    /// The HTTP method, when there is a call.
    #[serde(default)]
    pub method: Method,
    /// The path after the issuer's endpoint, or a whole URL; a template as in [`Recipe`].
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
            self_hosted: false,
            driver: Driver::Http,
            login: None,
            method: Method::Get,
            path: "/me".into(),
            headers: BTreeMap::new(),
            body: String::new(),
            sign: None,
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
