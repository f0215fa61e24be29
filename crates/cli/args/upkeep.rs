//! Everything beside findings, items and exports: ledger, rules, setting up.

use super::RulesFormat;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check the whole chain; names the first bad entry
    Verify,
    /// Write a copy
    Backup {
        /// The file to make
        to: PathBuf,
    },
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
