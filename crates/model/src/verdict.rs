//! What an issuer said of a credential, and what may count as proof.

use crate::{Digest, SafeText};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a credential could work. One password on two databases is one item with two targets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Target {
    /// The kind of issuer, as the rule names it: `github`, `aws`.
    pub issuer: String,
    /// The instance that was asked: scheme, host and base path, without a query.
    pub endpoint: String,
    /// The account the credential belongs to there, where it is known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<SafeText>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.endpoint.as_str() {
            // Nobody could be asked.
            "" => f.write_str(&self.issuer),
            endpoint => write!(f, "{} at {endpoint}", self.issuer),
        }
    }
}

/// Why a denial by this target may count: only the right issuer knows that a credential is dead.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Binding {
    /// Nothing says that this is the issuer: a denial closes nothing.
    Unbound,
    /// The type has one issuer in the world.
    SoleIssuer,
    /// Configuration lists all instances this organisation uses; each of them must deny.
    Listed {
        /// Every listed endpoint, this one included, sorted.
        instances: Vec<String>,
    },
    /// The credential itself names its issuer in a way that cannot point elsewhere.
    Intrinsic,
}

/// One answer, or the lack of one, from one target at one time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Judgement {
    /// Who was asked.
    pub target: Target,
    /// Why that is the right one to ask.
    pub binding: Binding,
    /// When the answer was observed. Judgements are ordered by this, never by arrival.
    pub at: Timestamp,
    /// What it means.
    pub verdict: Verdict,
}

/// What is known of a credential at one target. Never a bool, never an HTTP code.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Verdict {
    /// The issuer accepted it.
    Live(Observation),
    /// The issuer denied it in the words its recipe names.
    Dead(Observation),
    /// Nothing was learnt. Closes nothing, resets nothing, and makes the verification stale.
    Indeterminate(Doubt),
}

impl Verdict {
    /// `live`, `dead` or `indeterminate`.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Live(_) => "live",
            Self::Dead(_) => "dead",
            Self::Indeterminate(_) => "indeterminate",
        }
    }

    /// The observation behind a positive answer.
    pub fn observation(&self) -> Option<&Observation> {
        match self {
            Self::Live(seen) | Self::Dead(seen) => Some(seen),
            Self::Indeterminate(_) => None,
        }
    }
}

/// Why nothing was learnt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Doubt {
    /// Validation was not asked for.
    NotAsked,
    /// The rule has no recipe.
    NoRecipe,
    /// No answer: name resolution, connection, TLS or time limit. `detail` names which.
    Unreachable {
        /// What failed, without any part of the request.
        detail: String,
    },
    /// The issuer asked for patience (429 or its own code).
    RateLimited,
    /// An answer that no clause of the recipe maps, such as a plain 401, a 500 or an HTML page.
    Unrecognised {
        /// The HTTP status.
        status: u16,
    },
    /// An answer over another protocol than HTTP that no clause of the recipe maps.
    Unread {
        /// The protocol's own code: `SQLSTATE 53300`.
        code: String,
    },
    /// A redirect, which is never followed.
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// A denial whose recipe is only recalled, or was never confirmed by a recorded answer.
    Unconfirmed {
        /// The clause that matched.
        clause: String,
    },
    /// A denial in words that a live credential can meet too, of one that was never accepted there
    /// from the same place.
    NeverAccepted {
        /// The clause that matched.
        clause: String,
    },
    /// No endpoint is known for this kind of issuer; configuration can name one.
    IssuerUnbound,
    /// The host or instance is gone: says nothing about the credential.
    Gone,
    /// A fabricated credential looked live too: the recipe decides nothing here.
    NonDiscriminating,
    /// The negative control could not be run, so a "live" cannot be believed yet.
    ControlFailed {
        /// What the control met with.
        detail: String,
    },
    /// A denial, where a credential that the user knows to work was not accepted either.
    KnownGoodFailed {
        /// What that met with.
        detail: String,
    },
    /// A decoy that alarms its owner: never sent.
    Canary,
    /// A published example: never sent.
    Dummy,
    /// The check part is wrong: never sent.
    ChecksumFailed,
    /// Its own expiry has passed: never sent.
    Expired {
        /// When it expired.
        at: Timestamp,
    },
    /// A private key whose certificate still counts; nobody who shows it could be asked.
    Certified {
        /// Until when.
        until: Timestamp,
    },
    /// A part of the credential is missing.
    Incomplete {
        /// The part's name.
        part: String,
    },
    /// The bytes could not be had any more.
    NoBytes,
    /// A denial whose date is not that of our clock: one of the two is wrong, or it is an old
    /// answer that something on the way kept.
    ClockSkew {
        /// How many seconds the issuer's clock is ahead of ours; less than 0 when it is behind.
        seconds: i64,
    },
    /// The host is not one that a rule or the configuration names, or its address is private.
    Refused {
        /// Which guard refused.
        detail: String,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not asked"),
            Self::NoRecipe => f.write_str("no recipe for this kind"),
            Self::Unreachable { detail } => write!(f, "no answer ({detail})"),
            Self::RateLimited => f.write_str("the issuer asked to wait"),
            Self::Unrecognised { status } => {
                write!(f, "an answer that proves nothing (HTTP {status})")
            }
            Self::Unread { code } => write!(f, "an answer that proves nothing ({code})"),
            Self::Redirected { status } => write!(f, "a redirect, not followed (HTTP {status})"),
            Self::Unconfirmed { clause } => {
                write!(f, "a denial in words not yet confirmed for this issuer ({clause})")
            }
            Self::NeverAccepted { clause } => write!(
                f,
                "a denial in words that a live one can meet too ({clause}), of one that was never \
                 accepted from here"
            ),
            Self::IssuerUnbound => f.write_str("the issuing instance is not known"),
            Self::Gone => f.write_str("the instance is gone"),
            Self::NonDiscriminating => f.write_str("the issuer accepts fabricated credentials too"),
            Self::ControlFailed { detail } => write!(f, "the negative control failed ({detail})"),
            Self::KnownGoodFailed { detail } => {
                write!(f, "one that is known to work was not accepted there either ({detail})")
            }
            Self::Canary => f.write_str("a decoy, never sent"),
            Self::Dummy => f.write_str("a published example, never sent"),
            Self::ChecksumFailed => f.write_str("wrong check part, never sent"),
            Self::Expired { at } => write!(f, "expired at {at}, never sent"),
            Self::Certified { until } => write!(f, "its certificate counts until {until}"),
            Self::Incomplete { part } => write!(f, "its part \"{part}\" was not found"),
            Self::NoBytes => f.write_str("its bytes can no longer be read"),
            Self::ClockSkew { seconds } => {
                write!(f, "a denial from a clock that differs from ours by {seconds} s")
            }
            Self::Refused { detail } => write!(f, "not sent: {detail}"),
        }
    }
}

impl Doubt {
    /// Whether the credential may have reached the issuer, so that it may have counted a login.
    pub fn was_sent(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::RateLimited
            | Self::Unrecognised { .. }
            | Self::Unread { .. }
            | Self::Redirected { .. }
            | Self::Unconfirmed { .. }
            | Self::NeverAccepted { .. }
            | Self::Gone
            | Self::NonDiscriminating
            | Self::ControlFailed { .. }
            | Self::KnownGoodFailed { .. }
            | Self::ClockSkew { .. } => true,
            Self::NotAsked
            | Self::NoRecipe
            | Self::IssuerUnbound
            | Self::Canary
            | Self::Dummy
            | Self::ChecksumFailed
            | Self::Expired { .. }
            | Self::Certified { .. }
            | Self::Incomplete { .. }
            | Self::NoBytes
            | Self::Refused { .. } => false,
        }
    }
}

/// The evidence behind a positive answer. Holds nothing of the request and no secret.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// The digest of the recipe that was used.
    pub recipe: Digest,
    /// The recipe or endpoint was overridden by the user: closing on it needs a person.
    #[serde(default)]
    pub custom: bool,
    /// What was denied are parts that stood near each other and were never accepted together: another
    /// one may belong to the secret, so that closing on it needs a person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpaired: bool,
    /// The HTTP status; 0 where the protocol is not HTTP.
    pub status: u16,
    /// What was answered in the protocol's own words, where it is not HTTP: `SQLSTATE 28P01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SafeText>,
    /// The clause that matched, as the rule words it.
    pub clause: String,
    /// It was accepted, though not allowed to do what was asked.
    #[serde(default)]
    pub restricted: bool,
    /// The issuer's id for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<SafeText>,
    /// The issuer's own clock, from its `Date` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_date: Option<SafeText>,
    /// Whose it is, as the issuer tells.
    #[serde(default, skip_serializing_if = "Identity::is_empty")]
    pub identity: Identity,
    /// How the negative control ended.
    pub control: Control,
    /// A credential that the user knows to work was accepted there in the same run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub known_good: bool,
    /// From where it was asked: a name from configuration, else `local`.
    pub vantage: String,
    /// The version of this program.
    pub tool: String,
}

/// How the negative control of an endpoint ended in this run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// A fabricated credential was denied by the `dead` clause.
    Denied,
    /// None was sent, because failed logins count there or the answer was a denial anyway.
    NotSent,
}

/// Whose credential it is, as far as the issuer tells.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Account, user, organisation, id and the like, by the recipe's names.
    pub fields: Vec<(String, SafeText)>,
    /// What it may do.
    pub scopes: Vec<SafeText>,
    /// Whether it may administer anything; `None` when the issuer does not tell.
    pub privileged: Option<bool>,
    /// When it expires by itself.
    pub expires: Option<SafeText>,
}

impl Identity {
    /// Whether the issuer told nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A person's word. Never inside `Live` or `Dead`: what is attested is counted apart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attestation {
    /// When it was given.
    pub at: Timestamp,
    /// Who gave it.
    pub by: String,
    /// What they state.
    pub note: SafeText,
    /// The digest of a document kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// When it ceases to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl Observation {
    /// A short sentence for a person: what was answered, and by which clause it was read.
    pub fn sentence(&self) -> String {
        let restricted = if self.restricted { ", restricted" } else { "" };
        let clause = &self.clause;
        match &self.code {
            Some(code) => format!("{code}: {clause}{restricted}"),
            None => format!("HTTP {}: {clause}{restricted}", self.status),
        }
    }
}
