//! Many repositories: the inventory, the nights in which it is watched, and their workers.

use super::ListFormat;
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use quietus_poam::to_duration;
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
    /// Take back a repository that was parked because its workers ended while at it
    Retry {
        /// The repository: its name or URL
        repository: String,
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
    #[arg(value_name = "FILE", required_unless_present_any = ["clones", "forge", "forges"])]
    pub(crate) file: Option<PathBuf>,
    /// Every clone below this folder; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(crate) clones: Vec<PathBuf>,
    /// Every repository that this `[[forge]]` of the configuration tells of; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) forge: Vec<String>,
    /// Those of all forges of the configuration
    #[arg(long, conflicts_with = "forge")]
    pub(crate) forges: bool,
    /// Tell what would be added, and add nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

/// How a night is worked at.
#[derive(Debug, Args)]
pub(crate) struct Watching {
    /// Ask the issuers about what is new and what is due
    #[arg(long)]
    pub(crate) validate: bool,
    /// How many repositories are fetched at the same time
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) at_once: usize,
    /// How many repositories of one host are fetched at the same time, by all workers together
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) per_host: usize,
    /// How long a host that is asked too much, or a repository that cannot be fetched now, is left alone
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = to_duration)]
    pub(crate) rest: SignedDuration,
    /// How long one fetch may take
    #[arg(long, value_name = "TIME", default_value = "4h", value_parser = to_duration)]
    pub(crate) fetch_time: SignedDuration,
    /// How large one mirror may be
    #[arg(long, value_name = "GIB", default_value_t = 64)]
    pub(crate) mirror_size: u64,
    /// How large all mirrors together may be; what is more is reduced to what credentials stand in
    #[arg(long, value_name = "GIB")]
    pub(crate) disk: Option<u64>,
    /// How many new credentials of one repository are taken in
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) most_new: usize,
    /// How each repository is told of on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One object a line
    Json,
}

/// Watch the whole inventory, once a night
///
/// Fetches and scans every repository that `quietus repos` lists, asks issuers (`--validate`) about new
/// credentials and about those whose time has come, records, sends reminders (`--remind`) and writes
/// the exports of the configuration. One that was killed goes on where it stopped; of two at the same
/// time the second one ends at once.
#[derive(Debug, Args)]
pub(crate) struct Nightly {
    #[command(flatten)]
    pub(crate) watching: Watching,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// End after this time, whatever is left, such as 6h
    #[arg(long, value_name = "TIME", value_parser = to_duration)]
    pub(crate) deadline: Option<SignedDuration>,
    /// Do not ask the forges of the configuration for new and moved repositories
    #[arg(long)]
    pub(crate) no_forges: bool,
    /// Send reminders on the routes of the configuration
    #[arg(long)]
    pub(crate) remind: bool,
    /// Write the night's figures here, in Prometheus' text format
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics_file: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

/// Help with the night that is under way
///
/// Takes repositories off its list until it is told to stop; any number of workers may come and go.
/// Needs a ledger that all of them reach, on PostgreSQL, and the same key and rules.
#[derive(Debug, Args)]
pub(crate) struct Worker {
    #[command(flatten)]
    pub(crate) watching: Watching,
    /// End when the list is empty, instead of waiting for the next night
    #[arg(long)]
    pub(crate) drain: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Count a survey that `quietus scan --survey` wrote, once
    ///
    /// With the seal of a `[[survey_key]]` of the configuration, for repositories that this key is for, it
    /// counts as a scan of our own. Without a seal it may only add sightings.
    Survey {
        /// The file
        file: PathBuf,
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
}
