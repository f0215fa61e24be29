//! Many repositories: the inventory.

use super::ListFormat;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Repos {
    /// Every repository with its last complete scan, or why there is none
    List {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Only those of which something was not read, and what
    Gaps {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Watch these URLs or folders; one that was retired is watched again
    Add(Enlist),
    /// Watch what a file or a folder names
    Import(Import),
    /// Say where a repository was renamed or transferred to
    ///
    /// Its name in the ledger stays, and with it every item and its history. What lies at the new URL
    /// is fetched, and its first commits are looked for in the mirror of the old one.
    Rename {
        /// The repository: its name or URL
        repository: String,
        /// Where it is now
        url: String,
        /// Why it is the same one, where its commits cannot tell
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Watch a repository no more; its items stay as they are
    Retire {
        /// The repository: its name or URL
        repository: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Enlist {
    /// URLs or folders
    #[arg(required = true, value_name = "PATH|URL")]
    pub(crate) sources: Vec<String>,
    /// The repository's name, where its remote does not tell
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// One repository a line: URL or folder, and a name if it needs one; `#` begins a comment and `-`
    /// is standard input
    #[arg(value_name = "FILE", required_unless_present = "clones")]
    pub(crate) file: Option<PathBuf>,
    /// Every clone below this folder; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(crate) clones: Vec<PathBuf>,
    /// Tell what would be added, and add nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}
