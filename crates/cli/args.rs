//! The command line as the user writes it.

mod asking;
mod escrow;
mod exporting;
mod fleet;
mod item;
mod policy;
mod reading;
mod reporting;
mod serving;
mod silence;
mod upkeep;

pub(crate) use asking::{Expect, Only, Retest, Revoke, Validate};
use clap::{Args, Parser, Subcommand, ValueEnum};
pub(crate) use escrow::Escrow;
pub(crate) use exporting::{Bundle, Check, Export, ExportFor, Oscal, Ver, Verify};
pub(crate) use fleet::{
    Enlist, Import, ImportCommand, LogFormat, Nightly, Repos, Watching, Worker,
};
pub(crate) use item::{Act, Add, Attach, Item, Which};
pub(crate) use policy::PolicyCommand;
pub(crate) use reading::{Find, Onboard, Scan, Sources, Track};
pub(crate) use reporting::{Metrics, MetricsFormat, Remind, RemindFormat, Tickets};
pub(crate) use serving::{Serve, TokenCommand};
pub(crate) use silence::{Silence, Suppress};
use std::path::PathBuf;
pub(crate) use upkeep::{Init, LedgerCommand, NewRule, Rules};

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
    /// The policy: the name of a shipped one, or a file [default: default]
    #[arg(
        long,
        global = true,
        env = "QUIETUS_POLICY",
        hide_env_values = true,
        value_name = "NAME|FILE"
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
    /// The first night: as `track`, but the clocks of what is not live start when it is sorted
    Onboard(Onboard),
    /// Read the known places again and ask the issuers
    Retest(Retest),
    /// Tell where a credential stands and what is known of it; it is read from standard input
    Find(Find),
    /// Ask about one credential on standard input, or see what validation would call
    Validate(Validate),
    Suppress(Suppress),
    /// Ask the issuer to end credentials, after showing what would be called
    Revoke(Revoke),
    /// What is sealed of credentials, and its end
    #[command(subcommand)]
    Escrow(Escrow),
    /// List items, show them, act on them
    #[command(subcommand)]
    Item(Item),
    /// How well leaked credentials are dealt with: how long they stay valid, what is late, what came back
    Metrics(Metrics),
    /// What calls for attention: overdue, due soon, reopened, stale, waiting for approval
    Remind(Remind),
    /// Keep a ticket in GitHub, GitLab or Jira for each item; closing it there closes no item
    Tickets(Tickets),
    /// Show items in a browser and take actions there
    Serve(Serve),
    /// Tokens that let people and programs in at `quietus serve`
    #[command(subcommand)]
    Token(TokenCommand),
    /// Write items in other people's formats
    #[command(subcommand)]
    Export(Export),
    /// Check and copy the ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// The inventory: which repositories are watched, where they moved, and what was not read
    #[command(subcommand)]
    Repos(Repos),
    /// Take in what was seen elsewhere
    #[command(subcommand)]
    Import(ImportCommand),
    /// Watch the whole inventory, once a night: fetch, scan, ask, record, remind, export
    Nightly(Nightly),
    /// Help with the night that is under way, on this or any other machine
    Worker(Worker),
    /// List and check the rules
    #[command(subcommand)]
    Rules(Rules),
    /// List, explain and check policies
    #[command(subcommand)]
    Policy(PolicyCommand),
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
