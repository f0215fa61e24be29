//! Flags of `quietus export`: which format, for whom, under which names.

use clap::{Args, Subcommand, ValueEnum};
use quietus_export::{Audience, Rating};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// OSCAL 1.2 POA&M in JSON
    Oscal(Oscal),
    /// FedRAMP's POA&M workbook (XLSX, template 2.1)
    FedrampPoam(Fedramp),
}

/// What every export takes.
#[derive(Debug, Args)]
pub(crate) struct ExportFor {
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Who will read it: for external readers, paths, commits and branches of what is not dead
    /// are left out
    #[arg(long, value_enum, default_value_t = Reader::Internal)]
    pub(crate) audience: Reader,
    /// The system's name
    #[arg(long, default_value = "Repositories of this organisation")]
    pub(crate) system_name: String,
    /// The organisation's name
    #[arg(long, default_value = "This organisation")]
    pub(crate) organization: String,
}

#[derive(Debug, Args)]
pub(crate) struct Oscal {
    #[command(flatten)]
    pub(crate) to: ExportFor,
    /// The system's id: a UUID or the id your authorisation package uses
    #[arg(long)]
    pub(crate) system_id: Option<String>,
    /// Refer to a system security plan instead
    #[arg(long, value_name = "HREF", conflicts_with = "system_id")]
    pub(crate) import_ssp: Option<String>,
    /// Add FedRAMP's extensions
    #[arg(long)]
    pub(crate) fedramp: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fedramp {
    #[command(flatten)]
    pub(crate) to: ExportFor,
    /// The system's impact level
    #[arg(long, value_enum)]
    pub(crate) impact_level: Option<ImpactLevel>,
    /// The service that is affected, as customers know it [default: All]
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
}

/// Who will read an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reader {
    /// People of the organisation
    Internal,
    /// Others
    External,
}

impl From<Reader> for Audience {
    fn from(reader: Reader) -> Self {
        match reader {
            Reader::Internal => Self::Internal,
            Reader::External => Self::External,
        }
    }
}

/// The impact level of a system, by FIPS 199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImpactLevel {
    Low,
    Moderate,
    High,
}

impl From<ImpactLevel> for Rating {
    fn from(level: ImpactLevel) -> Self {
        match level {
            ImpactLevel::Low => Self::Low,
            ImpactLevel::Moderate => Self::Moderate,
            ImpactLevel::High => Self::High,
        }
    }
}
