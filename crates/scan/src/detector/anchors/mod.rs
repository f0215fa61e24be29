//! Every anchor of every rule in one vectorised pass, without those that no match can hold.
//!
//! ```text
//! bytes ─▶ vector: four bytes a place ─▶ pieces: a hash of them ─▶ text ─▶ gate ─▶ occurrence
//!          through nibble tables         names the anchors         compared  what must stand
//!          (AVX-512, AVX2, NEON,         that may stand there                before and after
//!          portable)
//! ```
//!
//! An anchor is looked for by the four bytes of it that are rarest in text. What the vector pass
//! lets through differs from processor to processor; what is found does not, because every
//! survivor is compared with the anchor itself.

mod filter;
mod gate;
mod pieces;
mod vector;

use super::outlines::Outlines;
use crate::RuleProblem;
use filter::{Filter, WIDTH};
use gate::Gates;
use pieces::{Pieces, Text, Wanted};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use vector::{BEYOND, BLOCK, Instructions};

/// How many blocks are marked before their marks are looked at.
const BATCH: usize = 64;

/// How many of them are looked at together.
const AT_ONCE: usize = 8;

/// One anchor of one rule in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub(super) rule: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All anchors of all rules.
pub(super) struct Anchors {
    instructions: Instructions,
    filter: Filter,
    pieces: Pieces,
    gates: Gates,
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchors").field("instructions", &self.instructions).finish_non_exhaustive()
    }
}

impl Anchors {
    pub(super) fn new(outlines: Arc<Outlines>) -> Result<Self, RuleProblem> {
        let (pieces, filter) = Pieces::new(outlines.rules())?;
        let gates = Gates::new(outlines);
        Ok(Self { instructions: Instructions::fastest(), filter, pieces, gates })
    }

    /// How many bytes before and after an occurrence decide whether it counts.
    pub(super) fn sight(&self) -> usize {
        gate::SIGHT
    }

    /// Marks the bytes of each block that may be part of base64 or hex.
    pub(super) fn mark_encoded(&self, blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        self.instructions.mark_encoded(blocks, marks);
    }

    /// The length of the longest anchor in bytes.
    pub(super) fn longest(&self) -> usize {
        self.pieces.longest()
    }

    /// Appends every occurrence that lies wholly inside `range` of `bytes` and that a match can
    /// hold, in no particular order, each once. Whether one counts depends on nothing but the
    /// [`sight`](Self::sight) bytes around it and on where `bytes` begins and ends.
    pub(super) fn find(&self, bytes: &[u8], range: Range<usize>, found: &mut Vec<Occurrence>) {
        let Range { start, end } = range;
        let end = end.min(bytes.len());
        let pass = Pass { anchors: self, bytes, range: start..end };
        let mut at = start;
        // As far as the pass may read beyond the places it marks.
        let whole = bytes.len().saturating_sub(BEYOND);
        while at < end {
            let blocks =
                (end - at).div_ceil(BLOCK).min(BATCH).min(whole.saturating_sub(at) / BLOCK);
            if blocks == 0 {
                at = pass.last(at, found);
            } else {
                pass.run(&bytes[at..], at, blocks, found);
                at += blocks * BLOCK;
            }
        }
    }
}

/// One call of [`Anchors::find`].
struct Pass<'a> {
    anchors: &'a Anchors,
    bytes: &'a [u8],
    range: Range<usize>,
}

impl Pass<'_> {
    /// Looks at the blocks that `text` begins with, which stands at `from` of the bytes.
    #[inline]
    fn run(&self, text: &[u8], from: usize, blocks: usize, found: &mut Vec<Occurrence>) {
        let mut marks = [0u64; BATCH];
        let marks = &mut marks[..blocks];
        self.anchors.instructions.mark(&self.anchors.filter, text, marks);
        for (block, marks) in marks.chunks(AT_ONCE).enumerate() {
            self.sieve(text, from, block * AT_ONCE * BLOCK, marks, found);
        }
    }

    /// Looks at marks of blocks that begin at `first` of `text`. Which of them are mistakes is
    /// written down without a branch: whether one is, no processor can foretell.
    #[inline]
    fn sieve(
        &self,
        text: &[u8],
        from: usize,
        first: usize,
        marks: &[u64],
        found: &mut Vec<Occurrence>,
    ) {
        let word = |at: usize| match text.get(at..at + WIDTH) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        };
        let mut places = [0u16; AT_ONCE * BLOCK];
        let mut count = 0;
        for (block, mark) in marks.iter().enumerate() {
            let mut mark = *mark;
            while mark != 0 {
                let at = block * BLOCK + mark.trailing_zeros() as usize;
                mark &= mark - 1;
                places[count] = at as u16;
                count += usize::from(self.anchors.pieces.may_stand(word(first + at)));
            }
        }
        for at in &places[..count] {
            let at = first + usize::from(*at);
            self.look(from + at, word(at), found);
        }
    }

    /// Looks at the last block of the bytes, which is not a whole one; gives the place after it.
    #[cold]
    fn last(&self, from: usize, found: &mut Vec<Occurrence>) -> usize {
        let mut text = [0; BLOCK + BEYOND];
        let rest = &self.bytes[from..self.bytes.len().min(from + BLOCK + BEYOND)];
        text[..rest.len()].copy_from_slice(rest);
        self.run(&text, from, 1, found);
        from + BLOCK
    }

    /// Adds the anchors whose piece stands at `at`, where the next four bytes are `word`.
    fn look(&self, at: usize, word: u32, found: &mut Vec<Occurrence>) {
        for text in self.anchors.pieces.candidates(word) {
            let Some(start) = at.checked_sub(text.before) else { continue };
            let end = start + text.bytes.len();
            if start < self.range.start
                || end > self.range.end
                || !text.stands_at(self.bytes, start)
            {
                continue;
            }
            self.admit(text, start, end, found);
        }
    }

    fn admit(&self, text: &Text, start: usize, end: usize, found: &mut Vec<Occurrence>) {
        let mut add = |wanted: &Wanted| {
            if self.anchors.gates.admits(wanted, self.bytes, start, end) {
                found.push(Occurrence { rule: wanted.rule, start, end });
            }
        };
        let (few, more) = text.wanted.split_at(text.wanted.len().min(gate::MOST_WAITING));
        let near = text.near.get_or_init(|| Box::new(self.anchors.gates.near(few)));
        let mut waiting = near.waiting(self.bytes, start, end);
        while waiting != 0 {
            add(&few[waiting.trailing_zeros() as usize]);
            waiting &= waiting - 1;
        }
        more.iter().for_each(add);
    }
}

#[cfg(test)]
pub(super) mod tests;
