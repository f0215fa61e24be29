//! Every anchor of every rule in one vectorised pass, without those that no match can hold.
//!
//! ```text
//! bytes ─▶ vector: four bytes a place ─▶ pieces: a hash of them ─▶ core ─▶ anchor ─▶ gate ─▶ occurrence
//!          through nibble tables         names the anchors         eight   compared  what must
//!          (AVX-512, AVX2, NEON,         that may stand there      bytes             stand before
//!          portable)                                                                 and after
//! ```
//!
//! An anchor is looked for by the four bytes of it that are rarest in text. What the vector pass
//! lets through differs from processor to processor; what is found does not, because every
//! survivor is compared with the anchor itself.

mod filter;
mod gate;
mod pass;
mod pieces;
mod vector;

use super::outlines::Outlines;
use crate::RuleProblem;
use filter::Filter;
use gate::Gates;
use pass::Pass;
use pieces::{CORE, Pieces};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use vector::{BLOCK, Instructions};

/// One anchor of one rule in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub(super) rule: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Where the core of an anchor stands, next to which nothing excludes it: what is known of a text so
/// that only a few bytes round what changes have to be searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Core {
    pub(super) at: usize,
    text: u32,
    /// How many bytes before and after it decide what it is part of.
    pub(super) before: u32,
    pub(super) after: u32,
    len: u8,
}

impl Core {
    /// How many bytes before and after it decide whether it is one.
    pub(super) const NEXT_TO: usize = 1;

    /// The same where the bytes at `source` stand at `target`.
    #[inline]
    pub(super) fn moved(self, source: usize, target: usize) -> Self {
        Self { at: self.at - source + target, ..self }
    }

    /// Where it stands.
    #[inline]
    pub(super) fn bytes(self) -> Range<usize> {
        self.at..self.at + usize::from(self.len)
    }
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

    /// How far from what is new a core may begin or end that it has a say in.
    pub(super) const REACH: usize = CORE + Core::NEXT_TO;

    /// How far from the beginning of a core anything may stand that decides what it is part of.
    #[inline]
    pub(super) fn farthest(&self) -> usize {
        self.pieces.longest() + gate::SIGHT
    }

    /// Appends the cores that lie wholly inside the ranges, and may append others, in no particular
    /// order. Whether a core is one hangs on itself and [`Core::NEXT_TO`] bytes round it.
    pub(super) fn look(
        &self,
        bytes: &[u8],
        ranges: impl Iterator<Item = Range<usize>>,
        cores: &mut Vec<Core>,
    ) {
        let mut pass = Pass::new(self, bytes, cores);
        ranges.for_each(|range| pass.look(range));
        pass.finish();
    }

    /// Appends the occurrences of the anchor that a core belongs to which a match can hold. Whether
    /// one counts depends on nothing but the [`sight`](Self::sight) bytes around it and on where
    /// `bytes` begins and ends.
    pub(super) fn admit(&self, bytes: &[u8], core: Core, found: &mut Vec<Occurrence>) {
        let text = self.pieces.text(core.text);
        let Some(start) = core.at.checked_sub(text.core.start) else { return };
        if !text.is_core() && !text.stands_at(bytes, start) {
            return;
        }
        let end = start + text.bytes.len();
        self.gates.admitted(text, bytes, start, end, |rule| {
            found.push(Occurrence { rule, start, end });
        });
    }

    /// Appends every occurrence that lies wholly inside `range` of `bytes` and that a match can
    /// hold, in no particular order, each once.
    #[cfg_attr(not(test), allow(dead_code, reason = "the example asks for it"))]
    pub(super) fn find(&self, bytes: &[u8], range: Range<usize>, found: &mut Vec<Occurrence>) {
        let (mut cores, mut all) = (Vec::new(), Vec::new());
        self.look(bytes, std::iter::once(range.start..range.end.min(bytes.len())), &mut cores);
        cores.sort_unstable();
        cores.dedup();
        cores.into_iter().for_each(|core| self.admit(bytes, core, &mut all));
        all.retain(|one| range.start <= one.start && one.end <= range.end);
        found.append(&mut all);
    }
}

#[cfg(test)]
pub(super) mod tests;
