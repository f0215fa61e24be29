//! Why a forge could not be asked for its repositories.

use quietus_validate::NotRead;

/// Why there is no list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ForgeError {
    /// There was no answer.
    #[error("{forge} was not asked for its repositories: {source}")]
    NotRead {
        /// The forge.
        forge: String,
        /// Why.
        source: NotRead,
    },
    /// It refused.
    #[error("{forge} refused to list {of} with HTTP {status}{advice}")]
    Refused {
        /// The forge.
        forge: String,
        /// What was asked for.
        of: String,
        /// The status.
        status: u16,
        /// What to do.
        advice: &'static str,
    },
    /// It asked for more patience than there is.
    #[error("{forge} has no more calls left for this token for {seconds} s; run this again then")]
    Limited {
        /// The forge.
        forge: String,
        /// For how long.
        seconds: u64,
    },
    /// Its answer is not that of such a forge.
    #[error("{forge} gave no list that can be read ({what}); is its kind right, and its address?")]
    Unrecognised {
        /// The forge.
        forge: String,
        /// What is missing.
        what: &'static str,
    },
    /// It led round in circles, or elsewhere.
    #[error("{forge} led from page to page without end, or to another place; nothing was listed")]
    Astray {
        /// The forge.
        forge: String,
    },
    /// The address is none.
    #[error("the address of {forge} is not that of an API, such as https://git.example.org/api/v4")]
    Address {
        /// The forge.
        forge: String,
    },
}
