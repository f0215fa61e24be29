//! Why nothing could be exported, and what to do about it.

use jiff::Timestamp;

/// Why nothing could be exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The format cannot say "nothing".
    #[error(
        "there is no item to export, and an OSCAL POA&M must hold at least one: record findings \
         with `quietus track PATH`, or widen the selection of items"
    )]
    NothingToExport,
    /// FedRAMP accepts a POA&M only beside its system security plan.
    #[error(
        "a FedRAMP export must name the system security plan it belongs to: give the plan's place \
         as import-ssp, relative to the exported file or as a URL"
    )]
    NoSecurityPlan,
    /// The place of the system security plan is no reference.
    #[error(
        "import-ssp = \"{reference}\" is no URI reference: it must not be empty or hold spaces, \
         quotes, angle brackets or control characters; write them percent-encoded"
    )]
    BadReference {
        /// What was given.
        reference: String,
    },
    /// The spreadsheet cannot be made.
    #[error(
        "the workbook cannot be written: {0}; export fewer items at once, and report this if that \
         does not help"
    )]
    Workbook(String),
    /// Every report of FedRAMP's vulnerability evaluation names its certification package.
    #[error(
        "\"{given}\" is no whole URI: give the place of your certification package overview with \
         --package, such as https://trust.example.com/overview.json"
    )]
    NoPackage {
        /// What was given.
        given: String,
    },
    /// A period that ends before it begins.
    #[error("the period ends at {to}, before it begins at {from}: change one of them")]
    Backwards {
        /// Its first moment.
        from: Timestamp,
        /// Its last moment.
        to: Timestamp,
    },
    /// A text document cannot be made.
    #[error("the document cannot be written: {0}; this is a mistake of ours, please report it")]
    Page(String),
    /// What is sealed cannot be shortened for readers outside.
    #[error(
        "{item} is not dead, and its evidence holds where it stands: export the bundle for internal \
         readers, or once it is closed"
    )]
    Withheld {
        /// Which item.
        item: String,
    },
}
