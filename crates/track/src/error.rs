//! What can stop a run, and what to do then.

use quietus_escrow::EscrowError;
use quietus_model::SafeText;
use quietus_poam::Refusal;
use quietus_store::StoreError;

/// What can stop a run.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] StoreError),
    /// A value could not be sealed or destroyed.
    #[error("in escrow: {0}")]
    Escrow(#[from] EscrowError),
    /// An item does not take what was done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others kept changing the same items.
    #[error(
        "the ledger changed {tries} times while this run was being recorded; nothing was recorded, \
         run it again"
    )]
    Contended {
        /// How often it was tried.
        tries: usize,
    },
    /// A URL holds a password.
    #[error(
        "{url} holds a password, which every user of this machine could read in the process list; \
         leave it out and give it to git's credential helper or use an ssh URL"
    )]
    SecretInUrl {
        /// The URL without it.
        url: SafeText,
    },
    /// Of its mirror only what credentials stand in is kept.
    #[error(
        "the mirror of {url} was reduced to save room, so it cannot be searched; fetch it anew with \
         --fetch"
    )]
    Reduced {
        /// The URL.
        url: SafeText,
    },
    /// git could not clone or fetch.
    #[error("{url} could not be fetched: {detail}")]
    Fetch {
        /// The URL without user-info.
        url: SafeText,
        /// What git said.
        detail: SafeText,
    },
}
