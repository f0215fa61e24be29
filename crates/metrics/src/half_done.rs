//! Work that looks done and leaves a credential that may still be used.

use crate::still_valid::is_false_positive;
use jiff::Timestamp;
use quietus_poam::{MilestoneKind, PoamItem, Progress};
use serde::Serialize;

/// Items that are not closed and half done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct HalfDone {
    /// Gone from every head, and its end is not proven: it still stands in history.
    pub removed_not_revoked: usize,
    /// Those of them whose issuer accepted the credential when it last answered: zombies.
    pub removed_but_live: usize,
    /// Replaced, or said to be, and the old credential's end is not proven.
    pub rotated_not_revoked: usize,
    /// Those of them whose issuer accepted the old one when it last answered.
    pub rotated_but_live: usize,
}

impl HalfDone {
    pub(crate) fn of(items: &[&PoamItem], now: Timestamp) -> Self {
        let mut half = Self::default();
        for item in items {
            let revoked = item.milestone(MilestoneKind::Revoke).is_done();
            if item.closure.is_some() || revoked || is_false_positive(item) {
                continue;
            }
            let live = usize::from(item.liveness(now) == "live");
            if item.presence.is_cleared() {
                half.removed_not_revoked += 1;
                half.removed_but_live += live;
            }
            let rotate = &item.milestone(MilestoneKind::Rotate).progress;
            if matches!(rotate, Progress::Verified { .. } | Progress::Claimed { .. }) {
                half.rotated_not_revoked += 1;
                half.rotated_but_live += live;
            }
        }
        half
    }
}
