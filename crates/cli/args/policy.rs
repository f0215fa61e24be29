//! `quietus policy` as the user writes it.

use super::ListFormat;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Every shipped policy
    List {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// What a policy says, in sentences
    Explain {
        /// The name of a shipped policy, or a file [default: the one that is in force]
        #[arg(value_name = "NAME|FILE")]
        policy: Option<PathBuf>,
    },
    /// Every shipped playbook with its steps
    Playbooks {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// What is wrong with policy files; without any, with the one that is in force
    Check {
        /// Policy files, or names of shipped ones
        #[arg(value_name = "FILE")]
        policies: Vec<PathBuf>,
    },
}
