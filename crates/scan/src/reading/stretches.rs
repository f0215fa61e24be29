//! Encoded stretches of bytes, and how they are carried over to bytes that are made from others.
//!
//! What a stretch says hangs on its own bytes alone, and that it is one on those between the borders
//! round it. So a stretch between two borders that were copied is carried over; all else that touches
//! something new is looked for, to the next border on either side. Most of these parts are a few words,
//! and are seen to hold no stretch all at once.

use super::inside::Inside;
use super::opener::Opener;
use crate::detector::Carry;
use quietus_unpack::{Encoding, border_before, border_behind};
use std::ops::Range;
use std::sync::Arc;

/// An encoded stretch that holds anything.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(super) range: Range<usize>,
    pub(super) encoding: Encoding,
    pub(super) inside: Arc<Inside>,
}

impl Opener<'_> {
    /// Appends the stretches that lie in `part` of `bytes`, between borders; `depth` others hold them.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        part: Range<usize>,
        depth: u32,
        found: &mut Vec<Stretch>,
    ) {
        let from = part.start;
        let _turn = if depth == 0 { self.openings.long(part.len()) } else { None };
        for span in self.detector.spans(&bytes[part]) {
            let inside = self.decoded(&span.bytes, depth);
            if !inside.found.is_empty() || !inside.gaps.is_empty() {
                found.push(Stretch {
                    range: span.range.start + from..span.range.end + from,
                    encoding: span.encoding,
                    inside: Arc::new(inside),
                });
            }
        }
    }

    /// Appends the stretches of bytes that were made from others, in which `known` were.
    pub(super) fn carry(
        &self,
        bytes: &[u8],
        known: &[Stretch],
        carry: &Carry<'_>,
        found: &mut Vec<Stretch>,
    ) {
        let parts = parts(bytes, carry);
        let may_hold = self.detector.may_hold_spans(bytes, &parts);
        let mut done = 0;
        for (part, may_hold) in parts.into_iter().zip(may_hold) {
            copy(known, carry, done..part.start, found);
            done = part.end;
            if may_hold {
                self.find(bytes, part, 0, found);
            }
        }
        copy(known, carry, done..bytes.len(), found);
    }
}

/// What is new or next to a seam, to the next border on either side. What lies between two of these
/// falls into the same stretches as in the original.
fn parts(bytes: &[u8], carry: &Carry<'_>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut done = 0;
    let mut touched = carry.dirty(0, 0).peekable();
    while let Some(new) = touched.next() {
        let start = border_before(bytes, done..new.start);
        done = border_behind(bytes, new.end);
        // What is new in between has a say in whether that is a border.
        while let Some(next) = touched.next_if(|next| next.start < done) {
            done = border_behind(bytes, next.end);
        }
        parts.push(start..done);
    }
    parts
}

/// Appends the stretches of a part that was copied whole.
fn copy(known: &[Stretch], carry: &Carry<'_>, part: Range<usize>, found: &mut Vec<Stretch>) {
    if known.is_empty() || part.is_empty() {
        return;
    }
    let Some(source) = carry.source(part.start) else { return };
    let first = known.partition_point(|stretch| stretch.range.start < source);
    let inside = known[first..].iter().take_while(|one| one.range.start < source + part.len());
    found.extend(inside.map(|one| Stretch {
        range: one.range.start - source + part.start..one.range.end - source + part.start,
        ..one.clone()
    }));
}
