//! Flags of what is told of all items together: metrics and reminders.

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use quietus_poam::to_duration;

#[derive(Debug, Args)]
pub(crate) struct Metrics {
    /// How many weeks the burn-down shows
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=520))]
    pub(crate) weeks: u16,
    /// The output format
    #[arg(long, value_enum, default_value_t = MetricsFormat::Table)]
    pub(crate) format: MetricsFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Remind {
    /// How far ahead a date counts as near, such as 3d
    #[arg(long, value_name = "TIME", default_value = "3d", value_parser = to_duration)]
    pub(crate) soon: SignedDuration,
    /// Send it on the routes of the configuration; each reminder goes out once a period
    #[arg(long, conflicts_with = "format")]
    pub(crate) send: bool,
    /// Show what would be sent; nothing is sent or recorded
    #[arg(long, requires = "send")]
    pub(crate) dry_run: bool,
    /// Only on this route; may be given several times
    #[arg(long = "route", value_name = "NAME", requires = "send")]
    pub(crate) routes: Vec<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t = RemindFormat::Table)]
    pub(crate) format: RemindFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Tickets {
    /// Only at this desk of the configuration; may be given several times
    #[arg(long = "desk", value_name = "NAME")]
    pub(crate) desks: Vec<String>,
    /// Look there and show what would be done; nothing is changed or recorded
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = super::ListFormat::Table)]
    pub(crate) format: super::ListFormat,
}

/// How reminders are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RemindFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// For an issue or a mail
    Markdown,
}

/// How metrics are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricsFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// Prometheus' text format
    Prometheus,
}
