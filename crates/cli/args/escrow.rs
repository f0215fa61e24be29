//! What is sealed of credentials.

use super::ListFormat;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Escrow {
    /// Every sealed value: of which item, for whom, how its file is, and until when it is kept
    List {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Make a key to seal to: writes the identity that opens what is sealed, prints the recipient
    Keygen {
        /// The file to make; keep it away from this machine
        file: PathBuf,
    },
    /// Destroy sealed values for good; policy does so by itself some time after an item closed
    Destroy {
        /// Items: V-12 or the beginning of a fingerprint
        #[arg(value_name = "ID", required_unless_present = "unrecorded")]
        ids: Vec<String>,
        /// Why
        #[arg(long, required_unless_present = "unrecorded")]
        reason: Option<String>,
        /// What no item of this ledger knows, left by a run that was cut short. Not where another
        /// ledger uses the same folder
        #[arg(long, conflicts_with_all = ["ids", "reason"])]
        unrecorded: bool,
        /// Who you are; recorded as a claim beside the account of this machine
        #[arg(long = "as", value_name = "NAME")]
        claims: Option<String>,
    },
}
