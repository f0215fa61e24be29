//! What a policy asks to be on record before an item closes: owner, root cause, impact check.

use crate::act::must_be_long;
use crate::{Actor, Event, PoamItem, Policy, Refusal};
use jiff::Timestamp;
use quietus_model::{Digest, SafeText};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a credential came to leak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootCause {
    /// It was written into source code.
    HardCoded,
    /// A file of settings was committed.
    Configuration,
    /// A test, an example or a document holds it.
    Example,
    /// A log, an output or a dump was committed.
    Output,
    /// A build or a tool wrote it into what it made.
    Artefact,
    /// Somebody outside had it and let it out.
    ThirdParty,
    /// It was looked for and not found.
    Undetermined,
}

impl RootCause {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HardCoded,
        Self::Configuration,
        Self::Example,
        Self::Output,
        Self::Artefact,
        Self::ThirdParty,
        Self::Undetermined,
    ];

    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::HardCoded => "hard-coded",
            Self::Configuration => "configuration",
            Self::Example => "example",
            Self::Output => "output",
            Self::Artefact => "artefact",
            Self::ThirdParty => "third-party",
            Self::Undetermined => "undetermined",
        }
    }

    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HardCoded => "written into source code",
            Self::Configuration => "committed with a file of settings",
            Self::Example => "kept in a test, an example or a document",
            Self::Output => "committed with a log, an output or a dump",
            Self::Artefact => "written into what a build or tool made",
            Self::ThirdParty => "let out by somebody outside",
            Self::Undetermined => "looked for and not found",
        }
    }
}

impl fmt::Display for RootCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for RootCause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|cause| cause.name() == text)
            .ok_or_else(|| format!("\"{text}\" is none of: {}", names()))
    }
}

/// Whether anybody used a credential after it leaked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// What the issuer keeps shows no use that was not ours.
    Unused,
    /// Somebody else used it.
    Abused,
    /// Nothing is kept that would show it.
    NotAvailable,
}

impl Impact {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unused, Self::Abused, Self::NotAvailable];

    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Abused => "abused",
            Self::NotAvailable => "not-available",
        }
    }

    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "no use by others is on record",
            Self::Abused => "somebody else used it",
            Self::NotAvailable => "nothing is kept that would show its use",
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Impact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|impact| impact.name() == text)
            .ok_or_else(|| format!("\"{text}\" is none of: {}", names()))
    }
}

/// Something a person found out about an item, with what shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct Found<T> {
    /// What.
    pub what: T,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// In their words.
    pub note: SafeText,
    /// The digest of the file that shows it.
    pub digest: Option<Digest>,
}

impl<T: fmt::Display> fmt::Display for Found<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, by, at, note, digest } = self;
        write!(f, "{what} ({by} at {at}: {note}")?;
        if let Some(digest) = digest {
            write!(f, "; file of SHA-256 {digest}")?;
        }
        f.write_str(")")
    }
}

/// What a policy asks to be on record and is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lack {
    /// Nobody owns it.
    Owner,
    /// Nobody has said how it leaked.
    RootCause,
    /// Nobody has looked whether it was used.
    ImpactCheck,
    /// Somebody looked while it still worked.
    EarlyImpactCheck {
        /// When they looked.
        at: Timestamp,
        /// Since when it is dead.
        dead_since: Timestamp,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str(
                "nobody owns it, and the policy asks for an owner: `item assign ID WHO`",
            ),
            Self::RootCause => {
                f.write_str("nobody has recorded how it leaked: `item act ID cause KIND --note …`")
            }
            Self::ImpactCheck => f.write_str(
                "nobody has recorded whether it was used after the leak: look at what its issuer \
                 keeps, then `item act ID impact FINDING --note …`",
            ),
            Self::EarlyImpactCheck { at, dead_since } => write!(
                f,
                "the impact check of {at} was made while it may still have worked (dead since \
                 {dead_since}): look again, then `item act ID impact FINDING --note …`"
            ),
        }
    }
}

/// That somebody found out how it leaked.
pub(crate) fn cause_found(
    cause: RootCause,
    note: &str,
    digest: Option<Digest>,
) -> Result<Event, Refusal> {
    must_be_long(note)?;
    Ok(Event::CauseFound { cause, note: SafeText::plain(note), digest })
}

/// That somebody looked whether it was used.
pub(crate) fn impact_checked(
    impact: Impact,
    note: &str,
    digest: Option<Digest>,
) -> Result<Event, Refusal> {
    must_be_long(note)?;
    Ok(Event::ImpactChecked { impact, note: SafeText::plain(note), digest })
}

impl PoamItem {
    /// What the policy asks to be on record before it closes, and is not. `dead_since` is when it
    /// was first denied for good, if it was: who looked for its use before that saw too little.
    pub fn lacks(&self, policy: &Policy, dead_since: Option<Timestamp>) -> Vec<Lack> {
        let asked = &policy.evidence;
        let mut lacks = Vec::new();
        if asked.owner && self.owner.is_none() {
            lacks.push(Lack::Owner);
        }
        // The rest is asked about a credential that leaked.
        if self.audit.is_some() {
            return lacks;
        }
        if asked.root_cause && self.root_cause.is_none() {
            lacks.push(Lack::RootCause);
        }
        match (&self.impact, dead_since) {
            _ if !asked.impact_check => {}
            (None, _) => lacks.push(Lack::ImpactCheck),
            (Some(found), Some(dead_since)) if found.at < dead_since => {
                lacks.push(Lack::EarlyImpactCheck { at: found.at, dead_since });
            }
            (Some(_), _) => {}
        }
        lacks
    }

    /// What people found out, in sentences for the record of its closure.
    pub(crate) fn findings(&self) -> Vec<String> {
        let cause = self.root_cause.as_ref().map(|found| format!("root cause: {found}"));
        let impact = self.impact.as_ref().map(|found| format!("impact: {found}"));
        cause.into_iter().chain(impact).collect()
    }

    pub(crate) fn take_finding(&mut self, by: &Actor, at: Timestamp, event: &Event) {
        let found = |note: &SafeText, digest: &Option<Digest>| Found {
            what: (),
            by: by.clone(),
            at,
            note: note.clone(),
            digest: digest.clone(),
        };
        match event {
            Event::CauseFound { cause, note, digest } => {
                self.root_cause = Some(found(note, digest).of(*cause));
            }
            Event::ImpactChecked { impact, note, digest } => {
                self.impact = Some(found(note, digest).of(*impact));
            }
            _ => {}
        }
    }
}

impl Found<()> {
    fn of<T>(self, what: T) -> Found<T> {
        Found { what, by: self.by, at: self.at, note: self.note, digest: self.digest }
    }
}
