//! How much one scan unfolds: a few kilobytes of trees can name more paths than fit anywhere.

use crate::vault::SecretNumber;
use quietus_odb::ObjectId;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many places of one secret are named.
pub(crate) const MOST_PLACES: u32 = 10_000;

/// From how many places on no further path of a history is named.
const MOST_PLACES_OF_ALL: usize = 500_000;

/// How many changes to blobs that hold secrets are kept.
const MOST_CHANGES: u64 = 2_000_000;

/// What a tree's entries may cost, whatever the number of commits: a first commit of millions of
/// files is no attack.
const BASE: u64 = 250_000_000;

/// What each commit adds to it. A commit costs its author bytes as well, so that what a store
/// can make a scan do stays in proportion to its size.
const FOR_A_COMMIT: u64 = 50_000;

/// An entry that is the same in a parent costs 1; one that is not is looked at by its name.
pub(crate) const NEW_ENTRY: u64 = 50;

/// What is left of it, shared by the threads of a scan.
#[derive(Debug)]
pub(crate) struct Bounds {
    entries: AtomicU64,
    /// How much was ever given of these.
    given: AtomicU64,
    changes: AtomicU64,
    crowded: Mutex<BTreeSet<SecretNumber>>,
    crowded_blobs: Mutex<BTreeSet<ObjectId>>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            entries: AtomicU64::new(BASE),
            given: AtomicU64::new(BASE),
            changes: AtomicU64::new(MOST_CHANGES),
            crowded: Mutex::default(),
            crowded_blobs: Mutex::default(),
        }
    }
}

impl Bounds {
    /// What there is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.load(Ordering::Relaxed),
            given: self.given.load(Ordering::Relaxed),
            changes: self.changes.load(Ordering::Relaxed),
            crowded: self.crowded(),
            crowded_blobs: self.crowded_blobs(),
        }
    }

    /// Goes back to what there was then, as if nothing had been spent since.
    pub(crate) fn back_to(&self, mark: &Mark) {
        self.entries.store(mark.entries, Ordering::Relaxed);
        self.given.store(mark.given, Ordering::Relaxed);
        self.changes.store(mark.changes, Ordering::Relaxed);
        *self.crowded.lock().unwrap_or_else(PoisonError::into_inner) = mark.crowded.clone();
        *self.crowded_blobs.lock().unwrap_or_else(PoisonError::into_inner) =
            mark.crowded_blobs.clone();
    }

    /// What was spent on entries since then.
    pub(crate) fn spent_since(&self, mark: &Mark) -> u64 {
        let spent = |given: u64, left: u64| given.saturating_sub(left);
        let now = (self.given.load(Ordering::Relaxed), self.entries.load(Ordering::Relaxed));
        spent(now.0, now.1).saturating_sub(spent(mark.given, mark.entries))
    }

    /// Whether so much is left that what an entry costs, which is not the same for every way to
    /// look at it, makes no difference.
    pub(crate) fn is_ample(&self) -> bool {
        self.entries.load(Ordering::Relaxed) >= self.given.load(Ordering::Relaxed) / 2
    }

    /// So many commits are going to be walked.
    pub(crate) fn expect(&self, commits: usize) {
        let more = FOR_A_COMMIT.saturating_mul(commits as u64);
        self.entries.fetch_add(more, Ordering::Relaxed);
        self.given.fetch_add(more, Ordering::Relaxed);
    }

    /// Takes what walking over entries costs. False when nothing is left.
    pub(crate) fn spend(&self, cost: u64) -> bool {
        take(&self.entries, cost)
    }

    /// Takes one change. False when none is left.
    pub(crate) fn keep_change(&self) -> bool {
        take(&self.changes, 1)
    }

    /// Not all places of this secret are named.
    pub(crate) fn crowd(&self, secrets: impl IntoIterator<Item = SecretNumber>) {
        self.crowded.lock().unwrap_or_else(PoisonError::into_inner).extend(secrets);
    }

    /// Not all places of what this blob holds are named.
    pub(crate) fn crowd_blob(&self, blob: ObjectId) {
        self.crowded_blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(blob);
    }

    /// The blobs of which not all places are named.
    pub(crate) fn crowded_blobs(&self) -> BTreeSet<ObjectId> {
        self.crowded_blobs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secrets of which not all places are named.
    pub(crate) fn crowded(&self) -> BTreeSet<SecretNumber> {
        self.crowded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What was left at some moment.
pub(crate) struct Mark {
    entries: u64,
    given: u64,
    changes: u64,
    crowded: BTreeSet<SecretNumber>,
    crowded_blobs: BTreeSet<ObjectId>,
}

fn take(left: &AtomicU64, cost: u64) -> bool {
    let less = |left: u64| left.checked_sub(cost);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}

/// Counts the places of each secret.
#[derive(Default)]
pub(crate) struct Places {
    of: HashMap<SecretNumber, u32>,
    all: usize,
}

impl Places {
    /// Whether paths may still be named at all.
    pub(crate) fn is_open(&self) -> bool {
        self.all < MOST_PLACES_OF_ALL
    }

    /// Counts one more place of a secret. False when it has enough.
    pub(crate) fn admit(&mut self, secret: SecretNumber) -> bool {
        let count = self.of.entry(secret).or_default();
        if *count >= MOST_PLACES {
            return false;
        }
        *count += 1;
        self.all += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_gone_and_commits_bring_more() {
        let bounds = Bounds::default();
        assert!(bounds.spend(BASE) && !bounds.spend(1));
        bounds.expect(1);
        assert!(!bounds.spend(FOR_A_COMMIT + 1) && bounds.spend(FOR_A_COMMIT));
    }

    #[test]
    fn what_was_spent_since_is_given_back() {
        let bounds = Bounds::default();
        assert!(bounds.spend(1000));
        let mark = bounds.mark();
        bounds.expect(2);
        assert!(bounds.spend(70) && bounds.keep_change() && bounds.is_ample());
        bounds.crowd([3]);
        assert_eq!(bounds.spent_since(&mark), 70);
        assert!(bounds.spend(BASE / 2 + FOR_A_COMMIT) && !bounds.is_ample());
        bounds.back_to(&mark);
        assert_eq!(bounds.spent_since(&mark), 0);
        assert!(bounds.crowded().is_empty() && bounds.is_ample());
        assert!(bounds.spend(BASE - 1000) && !bounds.spend(1));
    }

    #[test]
    fn one_secret_does_not_use_up_the_places_of_another() {
        let mut places = Places::default();
        let admitted = (0..MOST_PLACES + 5).filter(|_| places.admit(1)).count();
        assert_eq!(admitted, MOST_PLACES as usize);
        assert!(places.admit(2) && places.is_open());
        let many = (3..60).flat_map(|secret| vec![secret; MOST_PLACES as usize]);
        many.for_each(|secret| assert!(places.admit(secret)));
        assert!(!places.is_open());
    }
}
