//! Where an item stands on the board: one lane each, so that the lanes add up.

use crate::{Phase, PoamItem};
use jiff::Timestamp;

/// One column of the board. An item stands in the first that fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// It was closed, and is not any more.
    Reopened,
    /// A milestone is past its date.
    Overdue,
    /// Everything is done or claimed; proof is awaited.
    WaitingForProof,
    /// Work remains.
    Open,
    /// Set aside until a date.
    SetAside,
    /// Over.
    Closed,
}

impl Lane {
    /// All lanes, most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Reopened,
        Self::Overdue,
        Self::WaitingForProof,
        Self::Open,
        Self::SetAside,
        Self::Closed,
    ];

    /// The heading for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::Overdue => "overdue",
            Self::WaitingForProof => "waiting for retest",
            Self::Open => "open",
            Self::SetAside => "set aside",
            Self::Closed => "closed",
        }
    }
}

impl PoamItem {
    /// The lane it stands in at `now`.
    pub fn lane(&self, now: Timestamp) -> Lane {
        match self.phase() {
            Phase::Closed(_) => Lane::Closed,
            Phase::Deviation(_) => Lane::SetAside,
            _ if self.round.reason.is_some() => Lane::Reopened,
            _ if self.is_overdue(now) => Lane::Overdue,
            Phase::PendingVerification => Lane::WaitingForProof,
            Phase::Detected | Phase::Open | Phase::InProgress => Lane::Open,
        }
    }
}
