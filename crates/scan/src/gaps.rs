//! What a scan could not read, without letting a broken store drown everything else.

use quietus_model::{Gap, GapReason, SafeText};
use std::sync::{Mutex, PoisonError};

/// How many gaps of one reason are named one by one.
const NAMED: usize = 1000;

/// The gaps of one scan, from all of its threads.
#[derive(Debug, Default)]
pub(crate) struct Gaps(Mutex<Vec<Gap>>);

impl Gaps {
    pub(crate) fn add(
        &self,
        reason: GapReason,
        object: impl Into<Vec<u8>>,
        detail: impl std::fmt::Display,
    ) {
        let gap = Gap {
            object: SafeText::scrubbed(&object.into(), []),
            reason,
            detail: SafeText::scrubbed(detail.to_string().as_bytes(), []),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
    }

    /// All of them, sorted, each once; of those beyond the first thousand of a reason, the number.
    pub(crate) fn into_sorted(self) -> Vec<Gap> {
        let mut all = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort();
        all.dedup_by(|a, b| a.object == b.object && a.reason == b.reason);
        all.sort_by(|a, b| (a.reason, &a.object).cmp(&(b.reason, &b.object)));
        let mut named = Vec::new();
        for of_reason in all.chunk_by(|a, b| a.reason == b.reason) {
            named.extend(of_reason.iter().take(NAMED).cloned());
            if of_reason.len() > NAMED {
                let more = of_reason.len() - NAMED;
                named.push(Gap {
                    object: SafeText::plain(format!("({more} more objects)")),
                    reason: of_reason[0].reason,
                    detail: SafeText::plain("not named one by one"),
                });
            }
        }
        named.sort();
        named
    }
}
