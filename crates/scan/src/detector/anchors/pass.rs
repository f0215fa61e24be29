//! One run of the vector pass: from marks to the cores of anchors.
//!
//! What has to be looked at lies in many short ranges where a text was made from another. They are
//! laid side by side before the pass, which takes whole blocks; long ones it reads where they are.

use super::filter::Filter;
use super::gate::{self, Gates};
use super::pieces::{Pieces, word};
use super::vector::{BEYOND, BLOCK, Instructions};
use super::{Anchors, Core};
use std::ops::Range;

/// How many blocks are marked before their marks are looked at.
const BATCH: usize = 32;

/// How many of them are looked at together.
const AT_ONCE: usize = 8;

/// Bytes that are laid side by side.
const ROOM: usize = BATCH * BLOCK;

/// One search of a text.
pub(super) struct Pass<'a> {
    instructions: Instructions,
    filter: &'a Filter,
    pieces: &'a Pieces,
    gates: &'a Gates,
    text: &'a [u8],
    cores: &'a mut Vec<Core>,
    /// Short ranges of the text, side by side.
    laid: Vec<u8>,
    /// Where each of them ends there, and how much farther its bytes stand in the text.
    ends: Vec<(usize, usize)>,
    places: Vec<u16>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(anchors: &'a Anchors, text: &'a [u8], cores: &'a mut Vec<Core>) -> Self {
        let Anchors { instructions, filter, pieces, gates } = anchors;
        Self {
            instructions: *instructions,
            filter,
            pieces,
            gates,
            text,
            cores,
            laid: Vec::new(),
            ends: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Looks at a range of the text.
    pub(super) fn look(&mut self, range: Range<usize>) {
        let Range { mut start, end } = range;
        if self.text.len() <= BLOCK {
            return self.look_at_all();
        }
        // As far as the pass may read beyond the places it marks.
        let whole = self.text.len().saturating_sub(BEYOND).min(end);
        while start + ROOM / 4 <= whole {
            let blocks = ((whole - start) / BLOCK).min(BATCH);
            let mut marks = [0; BATCH];
            let marks = &mut marks[..blocks];
            let text = &self.text[start..];
            self.instructions.mark(self.filter, text, marks);
            for (at, marks) in marks.chunks(AT_ONCE).enumerate() {
                let first = at * AT_ONCE * BLOCK;
                let count = sieve(self.pieces, &text[first..], marks, &mut self.places);
                for number in 0..count {
                    self.at(start + first + usize::from(self.places[number]));
                }
            }
            start += blocks * BLOCK;
        }
        while start < end {
            start = self.lay(start..end);
        }
    }

    /// Looks at a text of a few words, such as a name.
    fn look_at_all(&mut self) {
        let mut block = [0; BLOCK + BEYOND];
        block[..self.text.len()].copy_from_slice(self.text);
        let mut marks = [0];
        self.instructions.mark(self.filter, &block, &mut marks);
        let mut mark = marks[0];
        while mark != 0 {
            let at = mark.trailing_zeros() as usize;
            mark &= mark - 1;
            if at < self.text.len() && self.pieces.may_stand(word(&block, at)) {
                self.at(at);
            }
        }
    }

    /// Lays as much of a short range beside the others as there is room for; gives the place behind.
    fn lay(&mut self, range: Range<usize>) -> usize {
        let Range { start, end } = range;
        let used = self.laid.len();
        let count = (end - start).min(ROOM - used);
        if self.laid.capacity() == 0 {
            self.laid.reserve_exact(self.text.len().next_multiple_of(BLOCK).min(ROOM) + BEYOND);
        }
        self.laid.extend_from_slice(&self.text[start..start + count]);
        self.ends.push((used + count, start.wrapping_sub(used)));
        if used + count < ROOM {
            return end;
        }
        self.finish();
        // A piece may begin in the last bytes.
        let next = start + count;
        if next < end { next.saturating_sub(BEYOND).max(start) } else { end }
    }

    /// Looks at what was laid side by side.
    pub(super) fn finish(&mut self) {
        let used = self.laid.len();
        if used == 0 {
            return;
        }
        self.laid.resize(used.next_multiple_of(BLOCK) + BEYOND, 0);
        let mut marks = [0; BATCH];
        let marks = &mut marks[..used.div_ceil(BLOCK)];
        self.instructions.mark(self.filter, &self.laid, marks);
        if let Some(last) = marks.last_mut() {
            *last &= u64::MAX >> (used.next_multiple_of(BLOCK) - used);
        }
        let mut range = 0;
        for (at, marks) in marks.chunks(AT_ONCE).enumerate() {
            let first = at * AT_ONCE * BLOCK;
            let count = sieve(self.pieces, &self.laid[first..], marks, &mut self.places);
            for number in 0..count {
                let place = first + usize::from(self.places[number]);
                while self.ends[range].0 <= place {
                    range += 1;
                }
                self.at(place.wrapping_add(self.ends[range].1));
            }
        }
        self.laid.clear();
        self.ends.clear();
    }

    /// Adds the cores whose piece stands at a place of the text.
    fn at(&mut self, at: usize) {
        self.pieces.cores(self.text, at, |number, text, core| {
            // What stands next to it is looked at again with all else; most end here.
            if text.is_core() && !self.gates.may_admit(text, self.text, core) {
                return;
            }
            self.cores.push(Core {
                at: core,
                text: number,
                before: (text.core.start + gate::SIGHT) as u32,
                after: (text.bytes.len() - text.core.end + gate::SIGHT) as u32,
                len: text.core.len() as u8,
            });
        });
    }
}

/// Writes down which of the marked places of `text` are no mistakes, and tells how many. That is done
/// without a branch: whether one is, no processor can foretell.
#[inline]
fn sieve(pieces: &Pieces, text: &[u8], marks: &[u64], places: &mut Vec<u16>) -> usize {
    let most = marks.len() * BLOCK;
    if places.len() < most {
        places.resize(most, 0);
    }
    let mut count = 0;
    for (block, mark) in marks.iter().enumerate() {
        let mut mark = *mark;
        while mark != 0 {
            let at = block * BLOCK + mark.trailing_zeros() as usize;
            mark &= mark - 1;
            places[count] = at as u16;
            count += usize::from(pieces.may_stand(word(text, at)));
        }
    }
    count
}
