//! What a search writes on while it runs.

use super::Program;
use std::ops::Range;

/// In place of an edge of a group that took no part.
pub(super) const NOWHERE: usize = usize::MAX;

/// After so many crossings it is written down which were met where. Nearly every search ends
/// before, and one that does not would take time without bounds.
const PATIENCE: usize = 2048;

/// More words than this are let go after a search.
pub(super) const MOST_KEPT: usize = 1 << 16;

/// What was left undone on the way.
#[derive(Debug)]
pub(super) enum Left {
    /// The branches of a choice from this one on.
    Branches {
        step: usize,
        branch: usize,
        at: usize,
    },
    /// Ends of a run that are nearer; `at` was the last one tried.
    Shorter {
        step: usize,
        at: usize,
        least: usize,
    },
    /// Ends of a run that are farther.
    Longer {
        step: usize,
        at: usize,
        most: usize,
    },
    /// What comes after a counted part, and the part once more.
    Then {
        step: usize,
        at: usize,
    },
    Again {
        step: usize,
        at: usize,
    },
    /// What a slot held before.
    Slot {
        slot: usize,
        before: usize,
    },
    /// What was counted before.
    Counter {
        counter: usize,
        before: u32,
    },
}

/// What is known of a run in a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Where bytes of its set stand.
    pub(super) stretch: Range<usize>,
    /// Ends from which nothing comes to a match.
    pub(super) vain: Range<usize>,
}

/// What one search after another writes on.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) slots: Vec<usize>,
    pub(super) left: Vec<Left>,
    pub(super) runs: Vec<Known>,
    pub(super) counters: Vec<u32>,
    /// A bit for each crossing at each place, from where the search began.
    pub(super) met: Vec<u64>,
    from: usize,
    pub(super) patience: usize,
}

impl Sheet {
    pub(super) fn begin(&mut self, program: &Program, from: usize) {
        self.runs.clear();
        self.runs.resize(program.runs as usize, Known::default());
        self.met.clear();
        self.from = from;
        self.patience = PATIENCE;
    }

    /// Whether a crossing was met at a place before; from now on it was.
    pub(super) fn was_met(&mut self, program: &Program, number: u32, at: usize) -> bool {
        let bit = (at - self.from) * program.crossings as usize + number as usize;
        let (word, mask) = (bit / 64, 1 << (bit % 64));
        if self.met.len() <= word {
            self.met.resize((word + 1).next_power_of_two(), 0);
        }
        let was_met = self.met[word] & mask != 0;
        self.met[word] |= mask;
        was_met
    }
}

impl Known {
    /// Notes an end from which nothing comes to a match.
    pub(super) fn note(&mut self, end: usize) {
        if end + 1 == self.vain.start {
            self.vain.start = end;
        } else if end == self.vain.end {
            self.vain.end = end + 1;
        } else if !self.vain.contains(&end) {
            self.vain = end..end + 1;
        }
    }
}
