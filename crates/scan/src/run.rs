//! What every part of one scan shares.

use crate::bounds::Bounds;
use crate::gaps::Gaps;
use crate::source::{Options, Progress};
use crate::vault::Vault;
use quietus_model::GapReason;
use std::sync::atomic::{AtomicBool, Ordering};

/// One scan under way.
pub(crate) struct Run<'a> {
    pub(crate) vault: Vault<'a>,
    pub(crate) options: &'a Options,
    pub(crate) gaps: Gaps,
    pub(crate) bounds: Bounds,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) cancel: &'a AtomicBool,
}

impl Run<'_> {
    /// Whether somebody wants it to end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// A git error about one object, as a gap.
    pub(crate) fn object_gap(&self, oid: git2::Oid, error: &git2::Error) {
        let reason = match error.code() {
            git2::ErrorCode::NotFound => GapReason::Missing,
            _ => GapReason::Corrupt,
        };
        self.gaps.add(reason, oid.to_string(), error.message());
    }
}
