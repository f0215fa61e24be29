//! Lines and columns of places in bytes, and what tells a line from another.

use crate::detector::LINE_LIMIT;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// Where something stands in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: u32,
    /// In bytes, from 1.
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    /// Behind the last byte.
    pub(crate) end_column: u32,
    pub(crate) offset: u64,
    /// Of the line that it begins in.
    pub(crate) line_hash: u64,
}

/// Line and column of ascending offsets, counting every newline once.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, line: 1, line_start: 0 }
    }

    /// Where `span` stands. Each begins where the one before does, or later. `original` leads from an
    /// offset here to the one that is told.
    pub(super) fn place(
        &mut self,
        span: &Range<usize>,
        original: impl Fn(usize) -> usize,
    ) -> Place {
        if span.start >= self.at {
            (self.line, self.line_start) = self.count(span.start);
            self.at = span.start;
        }
        // Without moving on: the next one may start before the end of this.
        let (end_line, end_start) = self.count(span.end);
        let column = |at: usize, line_start: usize| {
            u32::try_from(original(at) - original(line_start) + 1).unwrap_or(u32::MAX)
        };
        Place {
            line: self.line,
            column: column(span.start, self.line_start),
            end_line,
            end_column: column(span.end, end_start),
            offset: original(span.start) as u64,
            line_hash: line_hash(self.bytes, span.start),
        }
    }

    fn count(&self, offset: usize) -> (u32, usize) {
        let passed = &self.bytes[self.at..offset];
        let newlines = passed.iter().filter(|byte| **byte == b'\n').count();
        let start = passed.iter().rposition(|byte| *byte == b'\n');
        (self.line + newlines as u32, start.map_or(self.line_start, |at| self.at + at + 1))
    }
}

/// The line round `at`, as far as it counts.
pub(super) fn line(bytes: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(LINE_LIMIT);
    let to = at.saturating_add(LINE_LIMIT).min(bytes.len());
    let before = bytes[from..at].iter().rposition(|byte| *byte == b'\n');
    let after = bytes[at..to].iter().position(|byte| *byte == b'\n');
    &bytes[before.map_or(from, |newline| from + newline + 1)
        ..after.map_or(to, |newline| at + newline)]
}

/// A hash of the line round `at`.
pub(crate) fn line_hash(bytes: &[u8], at: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    line(bytes, at).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut lines = Lines::new(b"ab\ncd\n\nef");
        let mut at = |start, end| {
            let place = lines.place(&(start..end), |at| at);
            ((place.line, place.column), (place.end_line, place.end_column))
        };
        assert_eq!(at(0, 4), ((1, 1), (2, 2)));
        assert_eq!(at(3, 4), ((2, 1), (2, 2)));
        assert_eq!(at(7, 9), ((4, 1), (4, 3)));
    }

    #[test]
    fn a_line_ends_at_newlines_and_at_the_limit() {
        assert_eq!(line(b"a\nbcd\ne", 3), b"bcd");
        assert_eq!(line(b"bcd", 3), b"bcd");
        let long = [b'x'; 3 * LINE_LIMIT];
        assert_eq!(line(&long, 5000).len(), 2 * LINE_LIMIT);
    }
}
