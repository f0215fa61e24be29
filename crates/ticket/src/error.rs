//! Why a desk could not be worked with.

use quietus_validate::NotRead;

/// Why nothing, or not all, was done at a desk. Nothing of the token is in it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TicketError {
    /// There was no answer.
    #[error("{desk}: {source}")]
    NotRead {
        /// The desk.
        desk: String,
        /// Why.
        source: NotRead,
    },
    /// It refused.
    #[error("{desk} refused to {what} with HTTP {status}{advice}")]
    Refused {
        /// The desk.
        desk: String,
        /// What it was asked to do.
        what: &'static str,
        /// The status.
        status: u16,
        /// What to do.
        advice: &'static str,
    },
    /// It asks for more patience than there is.
    #[error(
        "{desk} has no more calls left for this token for {seconds} s; what is left is done by the \
         next run"
    )]
    Limited {
        /// The desk.
        desk: String,
        /// For how long.
        seconds: u64,
    },
    /// Its answer is not that of such a desk.
    #[error("{desk} gave an answer that cannot be read; is its kind right, and its address?")]
    Unrecognised {
        /// The desk.
        desk: String,
    },
    /// Jira's workflow has no way there.
    #[error(
        "{desk} has no way to {what} {ticket}: give the token's user a transition in the workflow \
         that leads there"
    )]
    NoWay {
        /// The desk.
        desk: String,
        /// What it was to do.
        what: &'static str,
        /// With which ticket.
        ticket: String,
    },
}
