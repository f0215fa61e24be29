//! What people do to items.

use super::{ListFormat, Only};
use clap::{Args, Subcommand};
use quietus_model::Severity;
use quietus_poam::{DeviationKind, Impact, RootCause, Subject};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Item {
    /// All items
    List {
        /// Closed and dismissed ones as well
        #[arg(long)]
        all: bool,
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// One item with its places, milestones and history
    Show {
        /// V-12 or the beginning of a fingerprint
        id: String,
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Why it is open, what evidence is missing, what happens next
    Why {
        /// V-12 or the beginning of a fingerprint
        id: String,
    },
    /// Say who sees to it: `assign V-12 ann`, or many at once with --to
    Assign {
        #[command(flatten)]
        which: Which,
        /// A person or team [default: the last of the names]
        #[arg(long, value_name = "WHO")]
        to: Option<String>,
        #[command(flatten)]
        who: Who,
    },
    /// The files that are attached to it, and whether the kept copies are whole
    Evidence {
        /// V-12 or the beginning of a fingerprint
        id: String,
        /// Write the kept copies to this folder
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Do something about it
    Act {
        /// V-12 or the beginning of a fingerprint
        id: String,
        #[command(subcommand)]
        act: Act,
        #[command(flatten)]
        who: Who,
    },
    /// Set it aside: no credential, or a risk that is borne
    Dismiss {
        #[command(flatten)]
        which: Which,
        /// false-positive, risk-accepted, operational-requirement or vendor-dependency
        #[arg(long, default_value = "false-positive")]
        kind: DeviationKind,
        /// Why
        #[arg(long)]
        reason: String,
        /// Until this date (YYYY-MM-DD) [default: the longest the policy allows]
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        #[command(flatten)]
        who: Who,
    },
    /// Start the clocks of what a first night found (`quietus onboard`); without names of all of it
    Triage {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        who: Who,
    },
    /// Bring in a finding that comes from an audit and not from a scan
    Add(Box<Add>),
    /// Bring in findings of an audit from a file: a JSON array, or one object a line
    Import {
        /// The file; objects have the names of the flags of `item add`, with `found` for the date
        file: PathBuf,
        /// Only say what would be brought in
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        who: Who,
    },
    /// The classic mistakes of a POA&M, item by item
    Lint {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
}

/// A finding of an audit.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What is wrong, in a line
    #[arg(long)]
    pub(crate) title: String,
    /// The audit, such as "SOC 2, 2026"
    #[arg(long)]
    pub(crate) source: String,
    /// Its name for the finding; the same finding is brought in once
    #[arg(long)]
    pub(crate) reference: String,
    /// What is to be done: the name of a shipped playbook, or a file
    #[arg(long)]
    pub(crate) playbook: PathBuf,
    /// What is wrong, in detail
    #[arg(long, default_value = "")]
    pub(crate) description: String,
    /// low, medium, high or critical
    #[arg(long, default_value = "medium", value_parser = severity)]
    pub(crate) severity: Severity,
    /// The day on which it was found (YYYY-MM-DD) [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) found: Option<String>,
    /// A person or team that sees to it
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// An identity, a system or a party that it is about; several times for several
    #[arg(long, value_name = "WHAT")]
    pub(crate) affects: Vec<String>,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// A severity by its name.
fn severity(text: &str) -> Result<Severity, String> {
    serde_json::from_value(serde_json::Value::from(text))
        .map_err(|_| format!("\"{text}\" is none of: low, medium, high, critical"))
}

/// Which items: by name, or all open ones that something holds of.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// V-12 or the beginning of a fingerprint; several for several
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// All open items of which this holds: rule=ID, repository=NAME, owner=WHO, severity=GRADE,
    /// confidence=GRADE, tag=TAG or liveness=live|dead|unknown; of several, all must hold
    #[arg(long = "where", value_name = "WHAT=VALUE", conflicts_with = "ids")]
    pub(crate) only: Vec<Only>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Who acts.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// Your name, recorded beside your account as a claim
    #[arg(long = "as", value_name = "NAME", env = "QUIETUS_AS", hide_env_values = true)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// Work on a milestone or a step begins
    Start {
        /// rotate, revoke or remove, or the step of a playbook
        milestone: String,
    },
    /// A milestone or a step is done; its exit test decides
    Claim {
        /// rotate, revoke or remove, or the step of a playbook
        milestone: String,
        /// What was done
        #[arg(long)]
        note: String,
        /// For a step, a file that shows it; it is attached, and a copy is kept beside the ledger
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
        /// For a step that takes an independent person, why you are the one all the same
        #[arg(long, value_name = "WHY")]
        break_glass: Option<String>,
    },
    /// A milestone or a step need not be done
    Waive {
        /// rotate or remove, or the step of a playbook
        milestone: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Follow a playbook beside the milestones
    Follow {
        /// The name of a shipped playbook, or a file
        playbook: PathBuf,
        /// Why
        #[arg(long)]
        because: String,
    },
    /// A milestone or a step gets a later date
    Extend {
        /// rotate, revoke, remove or retest, or the step of a playbook
        milestone: String,
        /// The date (YYYY-MM-DD)
        #[arg(long)]
        due: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Give your word that it is dead, where no recipe can ask its issuer
    Attest {
        /// What you saw
        #[arg(long)]
        note: String,
        /// A file that shows it; it is attached, and a copy is kept beside the ledger
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
    },
    /// State where the credential works, so that a denial there counts; it is asked from now on
    Bind {
        /// The issuer's host, or its URL as you would list it under `[issuers]`
        issuer: String,
        /// How you know
        #[arg(long)]
        note: String,
    },
    /// Take back that the credential works there
    Unbind {
        /// The issuer, as `item show` prints it
        issuer: String,
        /// Why
        #[arg(long)]
        note: String,
    },
    /// Approve its closure
    Approve {
        /// What you looked at
        #[arg(long)]
        note: String,
        /// Why you approve although you are not independent, where the policy has a break-glass
        #[arg(long, value_name = "WHY")]
        break_glass: Option<String>,
    },
    /// Record how it leaked
    Cause {
        /// hard-coded, configuration, example, output, artefact, third-party or undetermined
        cause: RootCause,
        /// What happened
        #[arg(long)]
        note: String,
        /// A file that shows it; it is attached, and a copy is kept beside the ledger
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
    },
    /// Record whether anybody used it after the leak
    Impact {
        /// unused, abused or not-available
        impact: Impact,
        /// Where you looked and what you saw
        #[arg(long)]
        note: String,
        /// A file that shows it; it is attached, and a copy is kept beside the ledger
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
    },
    /// Attach a file that shows something; one that holds a credential is refused
    Attach(Attach),
    /// Consent to what another person asked for: a later date, or setting it aside
    Grant {
        /// deviation, or the milestone or PLAYBOOK/STEP that gets a later date
        subject: Subject,
        /// What you looked at
        #[arg(long)]
        note: String,
        /// Why you decide although you asked for it, where the policy has a break-glass
        #[arg(long, value_name = "WHY")]
        break_glass: Option<String>,
    },
    /// Do not consent to what was asked for, or take it back
    Decline {
        /// deviation, or the milestone or PLAYBOOK/STEP that was to get a later date
        subject: Subject,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// It is no longer set aside
    Resume {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// It is not over
    Reopen {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// A remark
    Note {
        /// The remark
        text: String,
    },
}

/// A file that shows something.
#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// The file
    pub(crate) file: PathBuf,
    /// What it shows
    #[arg(long, value_name = "WHAT")]
    pub(crate) shows: String,
    /// When that was true (YYYY-MM-DD, or with a time) [default: now]
    #[arg(long, value_name = "DATE")]
    pub(crate) collected: Option<String>,
    /// After this day it shows nothing any more (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    pub(crate) expires: Option<String>,
    /// Who or what collected it [default: you]
    #[arg(long, value_name = "WHO")]
    pub(crate) collector: Option<String>,
    /// What it speaks of: an account, a period, a log
    #[arg(long, value_name = "WHAT", default_value = "")]
    pub(crate) scope: String,
    /// Record its digest and keep no copy; the file stays where it is
    #[arg(long)]
    pub(crate) reference: bool,
}
