//! What issuers are asked, and what they are asked to end.

use super::ListFormat;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use quietus_model::{Confidence, Severity};
use quietus_poam::PoamItem;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Args)]
pub(crate) struct Retest {
    /// Items: V-12 or the beginning of a fingerprint [default: every item that is due]
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Every item, due or not
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
    /// Ask the issuers; without it only what can be read again is reported
    #[arg(long)]
    pub(crate) validate: bool,
    /// Open the escrow of what can be read nowhere any more: a file with age identities
    #[arg(long, value_name = "FILE", requires = "validate")]
    pub(crate) identity: Option<PathBuf>,
    /// Succeed only when every item is verified dead
    #[arg(long, value_enum)]
    pub(crate) expect: Option<Expect>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Expect {
    /// Verified dead, as the policy defines it
    Dead,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// `-`: ask about the credential on standard input
    #[arg(value_name = "-", requires = "rule", required_unless_present = "plan")]
    pub(crate) input: Option<String>,
    /// The rule of that credential; `quietus rules list` names them
    #[arg(long, value_name = "ID", requires = "input")]
    pub(crate) rule: Option<String>,
    /// List hosts and calls; nothing is sent
    #[arg(long, conflicts_with = "input")]
    pub(crate) plan: bool,
    /// With --plan: only the hosts, one `HOST PORT` a line, as a firewall needs them
    #[arg(long, requires = "plan", conflicts_with = "format")]
    pub(crate) hosts: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Items: V-12 or the beginning of a fingerprint
    #[arg(value_name = "ID", required_unless_present = "only")]
    pub(crate) ids: Vec<String>,
    /// In their place, every open item with this: rule=ID, repository=NAME, owner=NAME,
    /// severity=GRADE or liveness=live|dead|unknown; of several, all must hold
    #[arg(long = "where", value_name = "WHAT=VALUE", conflicts_with = "ids")]
    pub(crate) only: Vec<Only>,
    /// Show what would be called, and call nothing but the question whether it still works
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask; only for accounts that `[revoke]` of the configuration names
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// The most credentials that one run may revoke
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) limit: usize,
    /// Open the escrow of what can be read nowhere any more: a file with age identities
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Who you are; recorded as a claim beside the account of this machine
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) claims: Option<String>,
}

/// Something that must hold of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    Rule(String),
    Repository(String),
    Owner(String),
    Severity(Severity),
    Confidence(Confidence),
    Tag(String),
    Liveness(String),
}

impl Only {
    /// Whether it holds of `item` at `now`.
    pub(crate) fn holds(&self, item: &PoamItem, now: Timestamp) -> bool {
        match self {
            Self::Rule(id) => item.detection.rule.as_str() == id,
            Self::Repository(name) => item.presence.iter().any(|(_, sighting)| {
                sighting.location.repository.as_str() == name || sighting.repository_name() == name
            }),
            Self::Owner(name) => {
                item.owner.as_ref().is_some_and(|owner| owner.name.as_str() == name)
            }
            Self::Severity(grade) => item.detection.severity == *grade,
            Self::Confidence(grade) => item.detection.confidence == *grade,
            Self::Tag(tag) => item.tags().contains(tag),
            Self::Liveness(state) => item.liveness(now) == state,
        }
    }
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, value) = text.split_once('=').ok_or("write it as WHAT=VALUE")?;
        let value = value.to_owned();
        Ok(match what {
            "rule" => Self::Rule(value),
            "repository" => Self::Repository(value),
            "owner" => Self::Owner(value),
            "severity" => Self::Severity(value.parse()?),
            "confidence" => Self::Confidence(value.parse()?),
            "tag" => Self::Tag(value),
            "liveness" if ["live", "dead", "unknown"].contains(&value.as_str()) => {
                Self::Liveness(value)
            }
            "liveness" => return Err(format!("\"{value}\" is none of: live, dead, unknown")),
            _ => {
                return Err(format!(
                    "\"{what}\" is none of: rule, repository, owner, severity, confidence, tag, liveness"
                ));
            }
        })
    }
}
