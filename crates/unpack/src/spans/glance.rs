//! Which of many short parts of a text may hold a stretch.

use super::runs::STEP;
use super::{Mark, SHORTEST, escapes, runs};
use std::ops::Range;

/// Bytes that are looked at together.
const ROOM: usize = 2048;

/// A longer part is searched by itself.
const LONG: usize = ROOM / 4;

/// Tells for each of these parts of `text`, which lie between borders, whether it may hold a stretch.
/// They are looked at side by side, because that most hold none is seen sooner than each of them begun.
pub fn may_hold(text: &[u8], parts: &[Range<usize>], mark: &Mark<'_>) -> Vec<bool> {
    let mut said = vec![false; parts.len()];
    let mut row = Row { laid: Vec::new(), ends: Vec::new() };
    for (number, part) in parts.iter().enumerate() {
        if part.len() > LONG {
            said[number] = true;
        } else if part.len() >= SHORTEST {
            if row.laid.len() + part.len() >= ROOM {
                row.look(mark, &mut said);
            }
            row.lay(number, &text[part.clone()]);
        }
    }
    row.look(mark, &mut said);
    said
}

/// Parts side by side.
struct Row {
    laid: Vec<u8>,
    /// Where each part ends, and its number.
    ends: Vec<(usize, usize)>,
}

impl Row {
    fn lay(&mut self, number: usize, part: &[u8]) {
        if self.laid.capacity() == 0 {
            self.laid.reserve_exact(ROOM + STEP);
        }
        self.laid.extend_from_slice(part);
        // What no stretch goes over.
        self.laid.push(0);
        self.ends.push((self.laid.len(), number));
    }

    fn look(&mut self, mark: &Mark<'_>, said: &mut [bool]) {
        let mut tell = |at: usize| {
            let part = self.ends.partition_point(|(end, _)| *end <= at);
            said[self.ends[part].1] = true;
        };
        runs::glance(&self.laid, mark, &mut tell);
        escapes::glance(&self.laid, &mut tell);
        self.laid.clear();
        self.ends.clear();
    }
}
