//! What every part of one scan shares.

use crate::bounds::Bounds;
use crate::gaps::Gaps;
use crate::reading::Openings;
use crate::source::{Options, Progress};
use crate::vault::Vault;
use quietus_model::GapReason;
use quietus_odb::{Problem, Reason};
use std::sync::atomic::{AtomicBool, Ordering};

/// One scan under way.
pub(crate) struct Run<'a> {
    pub(crate) vault: Vault<'a>,
    pub(crate) options: &'a Options,
    pub(crate) gaps: Gaps,
    pub(crate) bounds: Bounds,
    pub(crate) openings: Openings,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) cancel: &'a AtomicBool,
}

impl Run<'_> {
    /// Whether somebody wants it to end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Something that could not be read, as a gap.
    pub(crate) fn problem_gap(&self, problem: Problem) {
        let reason = match problem.reason {
            Reason::Missing => GapReason::Missing,
            Reason::Corrupt => GapReason::Corrupt,
            Reason::TooLarge => GapReason::TooLarge,
            Reason::Unreadable => GapReason::Unreadable,
        };
        self.gaps.add(reason, problem.subject, problem.detail);
    }
}
