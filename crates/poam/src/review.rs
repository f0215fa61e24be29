//! That somebody looked at what closed, and signed for it.

use crate::act::must_be_long;
use crate::{Actor, Duty, PoamItem, Refusal};
use jiff::Timestamp;
use quietus_model::{Digest, Fingerprint};
use serde::{Deserialize, Serialize};

/// That somebody looked at what closed in a span of time, and what they say of it. It changes no
/// item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Review {
    /// When they signed.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// From when on closures were looked at; the span ends when they signed.
    pub since: Timestamp,
    /// How many closures that were.
    pub closures: u64,
    /// Those that were looked at one by one.
    pub sample: Vec<Fingerprint>,
    /// What they say.
    pub note: String,
}

impl Review {
    /// What `by` signs: that they looked at `sample` of what closed among `items` since `since`.
    ///
    /// # Errors
    /// [`Refusal`] when their roles are given neither for approving nor for auditing, or what they
    /// say is too short to tell anything.
    pub fn signed(
        items: &[&PoamItem],
        since: Timestamp,
        sample: Vec<Fingerprint>,
        note: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if by.person_id().is_none() {
            return Err(Refusal::NeedsPerson);
        }
        Duty::Audit.asked_of(by).or_else(|_| Duty::Approve.asked_of(by))?;
        must_be_long(note)?;
        let closures = closed_since(items, since).len() as u64;
        let note = note.to_owned();
        Ok(Self { at: now, by: by.clone(), since, closures, sample, note })
    }
}

/// What closed at `since` or later and is still closed, newest first.
pub fn closed_since<'i>(items: &[&'i PoamItem], since: Timestamp) -> Vec<&'i PoamItem> {
    let closed = |item: &PoamItem| item.closure.as_ref().map(|closure| closure.at);
    let mut found: Vec<&PoamItem> =
        items.iter().copied().filter(|item| closed(item).is_some_and(|at| at >= since)).collect();
    found.sort_by_key(|item| (std::cmp::Reverse(closed(item)), item.number));
    found
}

/// `size` of `items`, chosen by `seed` alone: whoever knows it can draw the same ones again, and
/// nobody can see beforehand which they will be.
pub fn sample<'i>(items: &[&'i PoamItem], size: usize, seed: &str) -> Vec<&'i PoamItem> {
    let lot = |item: &PoamItem| {
        let print = item.fingerprint().to_string();
        Digest::of_parts([seed.as_bytes(), print.as_bytes()]).to_string()
    };
    let mut drawn = items.to_vec();
    drawn.sort_by_cached_key(|item| lot(item));
    drawn.truncate(size);
    drawn
}
