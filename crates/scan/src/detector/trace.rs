//! What was found in one byte string, carried over to another that was made from it.
//!
//! Four things are carried, each only where nothing that it depends on has changed: cores of anchors,
//! anchors, the matches of a window, and what was made of a match. All else is looked at anew, in the
//! whole of the new bytes, so that the outcome is that of looking at everything.
//!
//! A core hangs on a byte before and after it, an anchor that counts on many: so the bytes round a seam
//! are searched for cores alone, and what an old core is part of is asked again without a search.

use super::Detection;
use super::anchors::{Anchors, Core, Occurrence};
use super::matcher::Match;
use crate::vault::SecretNumber;
use quietus_model::RuleId;
use quietus_odb::Copied;
use std::ops::Range;
use std::sync::Arc;

/// How much of a long line counts, before and after a secret: minified files are one line.
pub(crate) const LINE_LIMIT: usize = 4096;

/// What one byte string holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    pub(super) len: usize,
    /// By place.
    pub(super) cores: Vec<Core>,
    /// By place, then by rule.
    pub(super) occurrences: Vec<Occurrence>,
    /// By rule, then by place.
    pub(super) windows: Vec<Window>,
    pub(super) matches: Vec<Seen>,
    /// What remains when rules overlap, by place.
    pub(super) kept: Vec<Kept>,
}

/// A match that outdid all others that overlap with it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Its number in [`Trace::matches`].
    pub(super) number: u32,
    /// The other rules whose matches it outdid, by name.
    pub(super) others: Vec<RuleId>,
}

/// Where a rule looked, and which of the matches it found there.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) rule: u32,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) matches: Range<u32>,
}

/// A match, and what was made of it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) one: Match,
    pub(super) outcome: Outcome,
    /// What the keeper of secrets noted about it.
    pub(super) mark: Option<Mark>,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Not examined yet.
    Open,
    Rejected,
    /// Its spans are those of the bytes in which it was first seen.
    Kept(Arc<Detection>),
}

/// What the keeper of secrets notes about a detection, so that it need not look again.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) secret: SecretNumber,
    /// The other rules that were told with it. What they see may change where this has not.
    pub(super) others: Vec<RuleId>,
}

impl Trace {
    pub(super) fn clear(&mut self, len: usize) {
        self.len = len;
        self.cores.clear();
        self.occurrences.clear();
        self.windows.clear();
        self.matches.clear();
        self.kept.clear();
    }

    /// Whether nothing was detected.
    pub(crate) fn is_clean(&self) -> bool {
        self.kept.is_empty()
    }

    /// Every detection and where its secret stands, in the order of these places.
    pub(crate) fn detections(&self) -> impl Iterator<Item = (Arc<Detection>, Range<usize>)> + '_ {
        self.kept.iter().filter_map(|kept| {
            let seen = self.matches.get(kept.number as usize)?;
            let Outcome::Kept(detection) = &seen.outcome else { return None };
            Some((Arc::clone(detection), detection.secret_span_at(seen.one.span.start)))
        })
    }

    /// The other rules that claimed bytes of a detection, by its place among
    /// [`detections`](Self::detections).
    pub(crate) fn others(&self, at: usize) -> &[RuleId] {
        self.kept.get(at).map_or(&[], |kept| &kept.others)
    }

    /// What was noted about a detection and these other rules.
    pub(crate) fn noted(&self, at: usize) -> Option<SecretNumber> {
        let kept = self.kept.get(at)?;
        let mark = self.matches.get(kept.number as usize)?.mark.as_ref()?;
        (mark.others == kept.others).then_some(mark.secret)
    }

    /// Notes what the keeper of secrets calls a detection.
    pub(crate) fn note(&mut self, at: usize, secret: SecretNumber) {
        let Some(kept) = self.kept.get(at) else { return };
        if let Some(seen) = self.matches.get_mut(kept.number as usize) {
            seen.mark = Some(Mark { secret, others: kept.others.clone() });
        }
    }

    /// How bytes of this length were made from those that this is the trace of.
    pub(crate) fn carry<'a>(&'a self, copies: &'a [Copied], len: usize) -> Carry<'a> {
        Carry { base: self, copies, len }
    }
}

impl Seen {
    pub(super) fn new(one: Match) -> Self {
        Self { one, outcome: Outcome::Open, mark: None }
    }
}

impl Detection {
    /// Where the secret stands when the match begins at `start`.
    pub(super) fn secret_span_at(&self, start: usize) -> Range<usize> {
        let shifted = |at: usize| (at + start).wrapping_sub(self.span.start);
        shifted(self.secret_span.start)..shifted(self.secret_span.end)
    }
}

/// How bytes were made from others: what may be carried over.
#[derive(Clone, Copy)]
pub(crate) struct Carry<'a> {
    pub(super) base: &'a Trace,
    pub(super) copies: &'a [Copied],
    /// How many bytes there are now.
    pub(super) len: usize,
}

/// A copy with its places as they are used here.
#[derive(Clone, Copy)]
pub(super) struct Part {
    source: usize,
    target: usize,
    len: usize,
    /// Both begin where their bytes begin.
    at_start: bool,
    /// Both end where their bytes end.
    at_end: bool,
}

impl Part {
    /// Whether the `before` and `after` bytes round `range` of the new bytes, as far as there are
    /// any, are copied with it, and end where those round the original end.
    fn holds(&self, range: &Range<usize>, before: usize, after: usize) -> bool {
        let end = self.target + self.len;
        let has_before =
            range.start >= self.target + before || (self.at_start && range.start >= self.target);
        let has_after = range.end + after <= end || (self.at_end && range.end <= end);
        has_before && has_after
    }

    fn original(&self, at: usize) -> usize {
        at - self.target + self.source
    }
}

impl Carry<'_> {
    fn part(&self, copied: &Copied) -> Part {
        let (source, target) = (copied.source as usize, copied.target as usize);
        let len = copied.len as usize;
        Part {
            source,
            target,
            len,
            at_start: source == 0 && target == 0,
            at_end: source + len == self.base.len && target + len == self.len,
        }
    }

    /// The ranges that have to be looked at: what is new and every seam, with so many bytes before
    /// and after them.
    pub(crate) fn dirty(&self, before: usize, after: usize) -> impl Iterator<Item = Range<usize>> {
        let mut touched = self.touched().peekable();
        std::iter::from_fn(move || {
            let with_reach = |Range { start, end }: Range<usize>| {
                start.saturating_sub(before)..end.saturating_add(after).min(self.len)
            };
            let mut whole = with_reach(touched.next()?);
            while let Some(next) = touched.next_if(|next| next.start <= whole.end + before) {
                whole.end = whole.end.max(with_reach(next).end);
            }
            Some(whole)
        })
    }

    /// What is new, and an empty range at every seam, by place.
    fn touched(&self) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        let mut is_seam = false;
        let parts = self.copies.iter().map(|copied| Some(self.part(copied)));
        parts.chain([None]).filter_map(move |part| {
            let Some(part) = part else {
                let ends_alike = self.copies.last().is_some_and(|copied| self.part(copied).at_end);
                return (!ends_alike).then_some(at..self.len);
            };
            let is_touched = part.target > at || is_seam || (at == 0 && !part.at_start);
            let new = at..part.target;
            (at, is_seam) = (part.target + part.len, true);
            is_touched.then_some(new)
        })
    }

    /// Adds the cores of the original that are copied whole to those that were found, and calls `judge`
    /// for those of which it must be decided anew what they are part of. All are in their order then.
    pub(super) fn cores(
        &self,
        anchors: &Anchors,
        found: &mut Vec<Core>,
        mut judge: impl FnMut(Core),
    ) {
        let known = &self.base.cores;
        let new = found.len();
        let mut next = 0;
        for copied in self.copies.iter().take_while(|_| !known.is_empty()) {
            let (source, target) = (copied.source as usize, copied.target as usize);
            let last = source + copied.len as usize;
            // Deep inside of a copy everything that decides is copied as well.
            let deep = source + anchors.farthest()..last.saturating_sub(anchors.farthest());
            // Mostly the copies follow one another there as well.
            let is_next = known.get(next).is_none_or(|one| one.at >= source)
                && (next == 0 || known[next - 1].at < source);
            if !is_next {
                next = known.partition_point(|one| one.at < source);
            }
            let first = next;
            next += known[first..].iter().take_while(|one| one.at < last).count();
            let (before, rest) = split(&known[first..next], deep.start);
            let (inside, behind) = split(rest, deep.end);
            let mut at_edge = |cores: &[Core], found: &mut Vec<Core>| {
                let part = self.part(copied);
                for core in cores.iter().map(|one| one.moved(source, target)) {
                    if part.holds(&core.bytes(), Core::NEXT_TO, Core::NEXT_TO) {
                        found.push(core);
                        if !part.holds(&core.bytes(), core.before as usize, core.after as usize) {
                            judge(core);
                        }
                    }
                }
            };
            at_edge(before, found);
            found.extend(inside.iter().map(|one| one.moved(source, target)));
            at_edge(behind, found);
        }
        merge(found, new);
    }

    /// Appends the anchors of the original that are copied whole, with `sight` bytes round them.
    pub(super) fn occurrences(&self, sight: usize, found: &mut Vec<Occurrence>) {
        let known = &self.base.occurrences;
        if known.is_empty() {
            return;
        }
        for copied in self.copies {
            let part = self.part(copied);
            let first = known.partition_point(|one| one.start < part.source);
            let last = part.source + part.len;
            for one in known[first..].iter().take_while(|one| one.start < last) {
                let start = one.start - part.source + part.target;
                let end = one.end - part.source + part.target;
                if part.holds(&(start..end), sight, sight) {
                    found.push(Occurrence { rule: one.rule, start, end });
                }
            }
        }
    }

    /// The matches of a window, when it is copied whole with the byte before it and the original
    /// was a window of the same rule.
    pub(super) fn window(&self, rule: u32, window: &Range<usize>) -> Option<(Part, &[Seen])> {
        let part = self.part_at(window.start)?;
        // What follows a window is never looked at, except whether anything does.
        let is_last = window.end == self.len;
        let was_last = part.original(window.end) == self.base.len;
        if !part.holds(window, 1, 0) || is_last != was_last {
            return None;
        }
        let (start, end) = (part.original(window.start), part.original(window.end));
        let windows = &self.base.windows;
        let at = windows.partition_point(|one| (one.rule, one.start) < (rule, start));
        let same =
            windows.get(at).filter(|one| (one.rule, one.start, one.end) == (rule, start, end))?;
        let matches = same.matches.start as usize..same.matches.end as usize;
        self.base.matches.get(matches).map(|matches| (part, matches))
    }

    /// Where in the original the byte stood that was copied to `at`.
    pub(crate) fn source(&self, at: usize) -> Option<usize> {
        let part = self.part_at(at)?;
        (at < part.target + part.len).then(|| part.original(at))
    }

    fn part_at(&self, at: usize) -> Option<Part> {
        let after = self.copies.partition_point(|copied| copied.target as usize <= at);
        let copied = self.copies.get(after.checked_sub(1)?)?;
        Some(self.part(copied))
    }
}

/// The cores before `at` and the others.
fn split(cores: &[Core], at: usize) -> (&[Core], &[Core]) {
    cores.split_at(cores.partition_point(|one| one.at < at))
}

/// Brings cores into their order, of which those from `at` on are in order by themselves and the few
/// before are not; each stays once.
fn merge(cores: &mut Vec<Core>, at: usize) {
    if at == 0 {
        return;
    }
    let mut few = cores.drain(..at).collect::<Vec<_>>();
    few.sort_unstable();
    few.dedup();
    // From behind, so that most stay where they are.
    let mut place = cores.len();
    cores.resize(place + few.len(), Core::default());
    let mut end = cores.len();
    while let Some(last) = few.last() {
        end -= 1;
        if place > 0 && cores[place - 1] >= *last {
            place -= 1;
            cores[end] = cores[place];
        } else {
            cores[end] = *last;
            few.pop();
        }
    }
    cores.dedup();
}

impl Part {
    /// A match of the original in its new place; with what was made of it, where that depended on
    /// nothing but itself and its line, and the line was copied whole.
    pub(super) fn carried(&self, seen: &Seen, bytes: &[u8], is_alone: bool) -> Seen {
        let one = seen.one.moved(self.source, self.target);
        let mut moved = Seen::new(one);
        if !is_alone {
            return moved;
        }
        // Comments on the lines next to it may speak of what was kept.
        let (around, lines) = match &seen.outcome {
            Outcome::Open => return moved,
            Outcome::Rejected => (moved.one.span.clone(), 1),
            Outcome::Kept(detection) => (detection.secret_span_at(moved.one.span.start), 2),
        };
        let around = around.start.min(moved.one.span.start)..around.end.max(moved.one.span.end);
        let (before, after) = lines_round(bytes, &around, lines);
        if self.holds(&around, before, after) {
            moved.outcome = seen.outcome.clone();
            moved.mark = seen.mark.clone();
        }
        moved
    }
}

/// How many bytes before and after `span` belong to its line, or to so many `lines` on each side
/// that its own is the first of, the newlines at its ends included. One more than there are where
/// the bytes end first: then that they end there counts as well.
fn lines_round(bytes: &[u8], span: &Range<usize>, lines: usize) -> (usize, usize) {
    let most = LINE_LIMIT + 1;
    let from = span.start.saturating_sub(most);
    let to = span.end.saturating_add(most).min(bytes.len());
    let before = bytes[from..span.start].iter().rev();
    let after = bytes[span.end..to].iter();
    (up_to_newline(before, lines), up_to_newline(after, lines))
}

/// How many bytes go up to the newline of this number, that one included.
fn up_to_newline<'b>(bytes: impl ExactSizeIterator<Item = &'b u8>, number: usize) -> usize {
    let there = bytes.len();
    let mut newlines = bytes.enumerate().filter(|(_, byte)| **byte == b'\n');
    let end = newlines.nth(number - 1).map_or(there, |(at, _)| at);
    (end + 1).min(LINE_LIMIT + 1)
}

#[cfg(test)]
mod tests;
