//! Everything beside findings, items and exports: ledger, rules, setting up.

use super::RulesFormat;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check the whole chain; names the first bad entry
    Verify {
        /// The file or git repository of anchors that `quietus ledger anchor` made: shows a ledger that
        /// was cut short or rewritten
        #[arg(long, value_name = "PATH", requires = "public_key")]
        anchors: Option<PathBuf>,
        /// The public Ed25519 key, in PEM, that they must be signed with
        #[arg(long, value_name = "FILE", requires = "anchors")]
        public_key: Option<PathBuf>,
    },
    /// Sign where the ledger ends, for a place that whoever can write the ledger cannot write
    Anchor {
        /// The private Ed25519 key, in PEM, as `openssl genpkey -algorithm ed25519` makes it; without
        /// it, what is to be signed is printed
        #[arg(long, value_name = "FILE", requires = "to")]
        key: Option<PathBuf>,
        /// The file to add it to, or the git repository to tag with it
        #[arg(long, value_name = "PATH", requires = "key")]
        to: Option<PathBuf>,
    },
    /// Write a copy of a SQLite ledger into one file, while it is in use
    Backup {
        /// The file to make
        to: PathBuf,
    },
    /// Copy the history, entry by entry, to a ledger on the same or the other database; again: what
    /// was added since
    Copy {
        /// Where: `sqlite:///path` or `postgres://…`
        to: String,
    },
    /// Bring the tables to the schema of this version, or back to an older one
    Migrate {
        /// The schema [default: the one this version writes]
        #[arg(long, value_name = "SCHEMA")]
        to: Option<u32>,
    },
    /// Make anew, from the entries, what is kept of the items for lists
    Rebuild,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// Every active rule
    List {
        /// The output format
        #[arg(long, value_enum, default_value_t = RulesFormat::Table)]
        format: RulesFormat,
    },
    /// Check rule files, or the active rules when none is given
    Check {
        /// Rule files, or folders of them
        files: Vec<PathBuf>,
    },
    /// Try rules beside the shipped ones with credentials built from their own format
    #[command(
        long_about = "Try rules beside the shipped ones with credentials built from their own \
        format: whether each is found as itself, left alone when it is spoilt or only a \
        placeholder, and claimed by no other rule. One line for each question that fails. Without \
        files the active rules are tried."
    )]
    Test {
        /// Rule files, or folders of them
        files: Vec<PathBuf>,
    },
    /// Print a rule to begin with, every field with a word about it
    New(NewRule),
}

#[derive(Debug, Args)]
pub(crate) struct NewRule {
    /// Whose credentials: lower case letters, digits and hyphens
    pub(crate) provider: String,
    /// The name of the rule [default: PROVIDER-api-key]
    pub(crate) rule: Option<String>,
    /// For a credential that only the name of its variable gives away
    #[arg(long)]
    pub(crate) by_name: bool,
    /// Write it to a new file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Use the key in this file instead of a new one
    #[arg(long, value_name = "FILE")]
    pub(crate) key_from: Option<PathBuf>,
}
