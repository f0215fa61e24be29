//! The command line as the user writes it.

mod reporting;
mod silence;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use quietus_model::Confidence;
use quietus_poam::{DeviationKind, MilestoneKind, to_duration};
pub(crate) use reporting::{Metrics, MetricsFormat, Remind, RemindFormat};
pub(crate) use silence::{Silence, Suppress};
use std::path::PathBuf;

/// Finds leaked credentials in repositories and all of their history, opens a POA&M item for each,
/// and closes it only when the credential is proven dead.
#[derive(Debug, Parser)]
#[command(name = "quietus", version, max_term_width = 100, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The ledger: sqlite:///PATH or postgres://… [default: a file in your data directory]
    #[arg(long, global = true, env = "QUIETUS_LEDGER", hide_env_values = true, value_name = "URL")]
    pub(crate) ledger: Option<String>,
    /// The configuration file [default: config.toml in your configuration directory]
    #[arg(
        long,
        global = true,
        env = "QUIETUS_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,
    /// More rules: a folder of .toml files; a rule of the same id replaces the shipped one
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// The policy file [default: the shipped policy]
    #[arg(
        long,
        global = true,
        env = "QUIETUS_POLICY",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) policy: Option<PathBuf>,
    /// How many threads scan [default: one for each processor]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// No progress and no notices, only results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for credentials and print them; keeps nothing
    Scan(Scan),
    /// Scan, reconcile with the ledger, and show the board: the main job
    Track(Track),
    /// Read the known places again and ask the issuers
    Retest(Retest),
    /// Tell where a credential stands and what is known of it; it is read from standard input
    Find(Find),
    /// Ask about one credential on standard input, or see what validation would call
    Validate(Validate),
    Suppress(Suppress),
    /// Ask the issuer to end credentials, after showing what would be called
    Revoke(Revoke),
    /// List items, show them, act on them
    #[command(subcommand)]
    Item(Item),
    /// How well leaked credentials are dealt with: how long they stay valid, what is late, what came back
    Metrics(Metrics),
    /// What calls for attention: overdue, due soon, reopened, stale, waiting for approval
    Remind(Remind),
    /// Write items in other people's formats
    #[command(subcommand)]
    Export(Export),
    /// Check and copy the ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// The repositories that were scanned
    #[command(subcommand)]
    Repos(Repos),
    /// List and check the rules
    #[command(subcommand)]
    Rules(Rules),
    /// Make the organisation's key, the configuration file and the ledger
    Init(Init),
    /// Explain what is set up, where things are, and what is missing
    Doctor,
    /// Print the completion script of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write a page for each command
    Man {
        /// The folder to write all pages to
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

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

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Items: V-12 or the beginning of a fingerprint
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    /// Show what would be called, and call nothing but the question whether it still works
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask; only for accounts that `[revoke]` of the configuration names
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// The most credentials that one run may revoke
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) limit: usize,
    /// Who you are; recorded as a claim beside the account of this machine
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) claims: Option<String>,
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
    /// The output format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

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
    /// Say who sees to it
    Assign {
        /// V-12 or the beginning of a fingerprint
        id: String,
        /// A person or team
        to: String,
        #[command(flatten)]
        who: Who,
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
        /// V-12 or the beginning of a fingerprint
        id: String,
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
    /// The classic mistakes of a POA&M, item by item
    Lint {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
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
    /// Work on a milestone begins
    Start {
        /// rotate, revoke or remove
        milestone: MilestoneKind,
    },
    /// A milestone is done; its exit test decides
    Claim {
        /// rotate, revoke or remove
        milestone: MilestoneKind,
        /// What was done
        #[arg(long)]
        note: String,
    },
    /// A milestone need not be done
    Waive {
        /// rotate or remove
        milestone: MilestoneKind,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// A milestone gets a later date
    Extend {
        /// rotate, revoke, remove or retest
        milestone: MilestoneKind,
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
    },
    /// State where the credential works, so that a denial there counts; it is asked from now on
    Bind {
        /// The issuer's host, or its URL as you would list it under [issuers]
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

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// OSCAL 1.2 POA&M in JSON
    Oscal {
        /// The file to write [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The system's name
        #[arg(long, default_value = "Repositories of this organisation")]
        system_name: String,
        /// The system's id: a UUID or the id your authorisation package uses
        #[arg(long)]
        system_id: Option<String>,
        /// Refer to a system security plan instead
        #[arg(long, value_name = "HREF", conflicts_with = "system_id")]
        import_ssp: Option<String>,
        /// The organisation's name
        #[arg(long, default_value = "This organisation")]
        organization: String,
        /// Add FedRAMP's extensions
        #[arg(long)]
        fedramp: bool,
    },
}

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
pub(crate) enum Repos {
    /// Every repository with its last complete scan, or why there is none
    List {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
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

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Terminal,
    /// One object a line, one line a place
    Jsonl,
    /// One object: findings, scopes, summary
    Json,
    /// SARIF 2.1.0
    Sarif,
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// How rules are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulesFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// A page about every credential type
    Markdown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
