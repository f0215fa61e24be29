//! What is looked for and where: scan, track, find.

use super::{Format, ListFormat, Silence};
use clap::Args;
use jiff::SignedDuration;
use quietus_model::Confidence;
use quietus_poam::to_duration;
use std::path::PathBuf;

/// What to read.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Paths or URLs of repositories, or folders [default: the current folder]
    #[arg(value_name = "PATH|URL")]
    pub(crate) sources: Vec<String>,
    /// Only the files on disk
    #[arg(long, conflicts_with = "history_only")]
    pub(crate) tree_only: bool,
    /// Only what the object store holds
    #[arg(long)]
    pub(crate) history_only: bool,
    /// Leave out files that .gitignore names
    #[arg(long)]
    pub(crate) respect_gitignore: bool,
    /// Only paths under this one; may be given several times
    #[arg(long = "path", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// The repository's name, where its remote does not tell
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Scan everything anew and remember nothing
    ///
    /// Once there is a key, what a history was seen to hold is kept in the folder quietus/scans of
    /// your cache folder (~/.cache, or XDG_CACHE_HOME), one file for each repository: names of
    /// objects, commits and paths, and keyed hashes of secrets, never a secret. Nobody else can read
    /// these files, and you may remove them at any time. Those of repositories that are gone go after
    /// 90 days without use, and those without use for longest once all have more than 1 GiB.
    #[arg(long)]
    pub(crate) no_memory: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) silence: Silence,
    /// Only what is staged
    #[arg(long, conflicts_with_all = ["since", "tree_only", "history_only"])]
    pub(crate) staged: bool,
    /// Only what commits after this revision brought in
    #[arg(long, value_name = "REV", conflicts_with_all = ["tree_only", "history_only"])]
    pub(crate) since: Option<String>,
    /// Report from this confidence on
    #[arg(long, default_value = "medium", value_name = "low|medium|high")]
    pub(crate) confidence: Confidence,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(crate) format: Format,
    /// Write what was seen here as well, without any secret, for `quietus import survey`
    #[arg(long, value_name = "FILE")]
    pub(crate) survey: Option<PathBuf>,
    /// Seal it with the key in this file
    #[arg(long, value_name = "FILE", requires = "survey")]
    pub(crate) survey_key: Option<PathBuf>,
    /// Print the credentials themselves
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Ask the issuers whether they still work
    #[arg(long)]
    pub(crate) validate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Track {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) silence: Silence,
    /// Ask the issuers whether they still work
    #[arg(long)]
    pub(crate) validate: bool,
    /// Do not ask again about what an issuer answered within this time, such as 12h
    #[arg(long, value_name = "TIME", requires = "validate", value_parser = to_duration)]
    pub(crate) max_age: Option<SignedDuration>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Onboard {
    #[command(flatten)]
    pub(crate) track: Track,
    /// The clocks start after this time at the latest
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = to_duration)]
    pub(crate) triage_within: SignedDuration,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// `-`: standard input. A value on the command line would stay in the shell's history
    #[arg(value_name = "-")]
    pub(crate) input: String,
    /// Fetch remote repositories first
    #[arg(long)]
    pub(crate) fetch: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}
