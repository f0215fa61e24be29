//! Flags of `quietus export`: which format, for whom, under which names.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use quietus_export::emass::Layout;
use quietus_export::fedramp::Report;
use quietus_export::{Audience, Rating};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// OSCAL 1.2 POA&M in JSON
    Oscal(Oscal),
    /// FedRAMP's POA&M workbook (XLSX, template 2.1)
    FedrampPoam(Fedramp),
    /// FedRAMP's vulnerability evaluation and reporting in JSON (schemas of 2026)
    FedrampVer(Ver),
    /// eMASS' POA&M workbook (XLSX)
    Emass(Emass),
    /// A table with a row for each item
    Csv(ExportFor),
    /// SARIF 2.1.0: what is not closed, with what is set aside as suppressed
    Sarif(ExportFor),
    /// JUnit XML: open items fail, those set aside are skipped
    Junit(ExportFor),
    /// A summary in Markdown for a pull request or a chat
    Markdown(Summary),
    /// A report for a browser or a printer, in one file without script
    Html(ExportFor),
    /// Everything needed to check the end of one item offline, in one file
    Bundle(Bundle),
    /// Check an evidence bundle: seals, order, and whether the item was rightly closed
    Verify(Verify),
    /// What an exported OSCAL document or FedRAMP workbook of ours says of each item
    Read(Check),
    /// Find what validators miss in anybody's OSCAL POA&M
    #[command(
        long_about = "Find what validators miss in anybody's OSCAL POA&M: references to nothing, ids \
        that are taken twice, wrong namespaces, states, names and values that OSCAL does not know, \
        fields and systems that are missing. Exits with 1 when there is anything to find."
    )]
    Check(Check),
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

#[derive(Debug, Args)]
pub(crate) struct Ver {
    #[command(flatten)]
    pub(crate) to: ExportFor,
    /// Where your certification package overview stands
    #[arg(long, value_name = "URI")]
    pub(crate) package: String,
    /// Which of the documents
    #[arg(long, value_enum, default_value_t = VerReport::Detail)]
    pub(crate) report: VerReport,
    /// The first moment of the period, as 2026-11-01T00:00:00Z [default: 30 days before its end]
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// The last moment of the period [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) to_time: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct Emass {
    #[command(flatten)]
    pub(crate) to: ExportFor,
    /// Whose template
    #[arg(long, value_enum)]
    pub(crate) layout: EmassLayout,
    /// Who may be asked
    #[arg(long, value_name = "FIRST LAST, PHONE, EMAIL")]
    pub(crate) contact: Option<String>,
    /// The system's number in the IT registration
    #[arg(long, value_name = "NUMBER")]
    pub(crate) registration: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Summary {
    #[command(flatten)]
    pub(crate) to: ExportFor,
    /// How many items it names
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) rows: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Bundle {
    /// V-12 or the beginning of a fingerprint
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) to: ExportFor,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The bundle
    pub(crate) file: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t = super::ListFormat::Table)]
    pub(crate) format: super::ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The document, in JSON
    pub(crate) file: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t = super::ListFormat::Table)]
    pub(crate) format: super::ListFormat,
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

/// A document of FedRAMP's vulnerability evaluation and reporting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerReport {
    /// What is not accepted and had activity in the period
    Detail,
    /// What is accepted and had activity in the period
    Accepted,
    /// Everything as it is now
    History,
}

impl From<VerReport> for Report {
    fn from(report: VerReport) -> Self {
        match report {
            VerReport::Detail => Self::Detail,
            VerReport::Accepted => Self::Accepted,
            VerReport::History => Self::History,
        }
    }
}

/// Whose template of eMASS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmassLayout {
    Army,
    Navy,
    MarineCorps,
}

impl From<EmassLayout> for Layout {
    fn from(layout: EmassLayout) -> Self {
        match layout {
            EmassLayout::Army => Self::Army,
            EmassLayout::Navy => Self::Navy,
            EmassLayout::MarineCorps => Self::MarineCorps,
        }
    }
}
