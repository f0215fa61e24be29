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

    /// The classic mistakes of a POA&M, as far as this item makes them: no clear owner, a step
    /// nobody can measure, dates without progress, a status that stood still since work began, an
    /// item nobody has looked at.
    pub fn lint(&self, now: Timestamp) -> Vec<&'static str> {
        let mut mistakes = Vec::new();
        if !self.is_active() {
            return mistakes;
        }
        if self.owner.is_none() {
            mistakes.push("no owner: assign one with `quietus item assign`");
        }
        let kind = &self.detection.kind;
        if !kind.askable && self.attestations.is_empty() && self.is_overdue(now) {
            mistakes.push(
                "its revocation cannot be measured: no recipe can ask its issuer and nobody has \
                 attested it",
            );
        }
        let stale = |since: Timestamp, days: i64| {
            now.duration_since(since) > jiff::SignedDuration::from_hours(24 * days)
        };
        let untouched =
            self.round.milestones.iter().all(|m| m.progress == crate::Progress::Planned);
        if untouched && self.is_overdue(now) {
            mistakes.push("its dates pass and no milestone has moved");
        }
        let last = self.history.last().map_or(self.round.began, |recorded| recorded.at);
        if !untouched && stale(last, 14) {
            mistakes.push("work began, and nothing has been recorded for 14 days");
        }
        let people = self.history.iter().any(|recorded| recorded.by.person_id().is_some());
        if !people && stale(self.round.began, 30) {
            mistakes.push("nobody has looked at it for 30 days: it is kept for the audit alone");
        }
        mistakes
    }
}
