//! Flags about what is not reported, and the command that suppresses.

use clap::Args;
use quietus_model::Ground;
use std::path::PathBuf;

/// What is not reported. Everything is read all the same, and what is live is always reported.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is not reported")]
pub(crate) struct Silence {
    /// Heed inline comments of these tools as well: gitleaks, betterleaks, trufflehog, kingfisher,
    /// detect-secrets
    #[arg(long, value_name = "TOOL,TOOL", value_delimiter = ',')]
    pub(crate) honor: Vec<String>,
    /// Report nothing from paths of this pattern, as in a .gitignore; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// Report nothing by this rule; may be given several times
    #[arg(long = "disable-rule", value_name = "ID")]
    pub(crate) disable_rules: Vec<String>,
    /// The file of suppressions [default: suppressions.toml in your configuration directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) suppressions: Option<PathBuf>,
    /// Heed the file .quietus.toml of the scanned folder as well
    #[arg(long)]
    pub(crate) trust_target_config: bool,
}

/// Report a credential no longer until a date
///
/// Appends to the file of suppressions. It names credentials by their keyed fingerprints and never
/// holds one. Whoever is live is reported all the same. To suppress all that is known today:
/// `quietus scan PATH --format jsonl | quietus suppress --from - --reason …`
#[derive(Debug, Args)]
pub(crate) struct Suppress {
    /// Fingerprints as `scan` prints them, or items: V-12 or the beginning of a fingerprint
    #[arg(value_name = "FINGERPRINT", required_unless_present = "from")]
    pub(crate) fingerprints: Vec<String>,
    /// All that `scan --format json` or `--format jsonl` printed to this file, `-` for standard
    /// input, each in its own repository
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprints")]
    pub(crate) from: Option<PathBuf>,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
    /// Who agreed
    #[arg(long, value_name = "NAME")]
    pub(crate) approver: String,
    /// Until this date (YYYY-MM-DD) [default: 90 days from today]
    #[arg(long, value_name = "DATE")]
    pub(crate) expires: Option<String>,
    /// false-positive or risk-accepted
    #[arg(long, default_value = "false-positive", value_parser = parse_ground)]
    pub(crate) kind: Ground,
    /// Only where this rule sees it
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// Only at paths of this pattern, as in a .gitignore
    #[arg(long, value_name = "PATTERN")]
    pub(crate) path: Option<String>,
    /// Only in this repository, by its name in `repos list`
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,
    /// The file to append to [default: the one that `scan` reads]
    #[arg(long, value_name = "FILE")]
    pub(crate) suppressions: Option<PathBuf>,
}

fn parse_ground(text: &str) -> Result<Ground, String> {
    text.parse()
}
