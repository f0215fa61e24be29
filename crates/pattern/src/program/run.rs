//! Runs a program over a text: one way after the other, and none twice.

use super::sheet::{Left, MOST_KEPT, NOWHERE, Sheet};
use super::{Begins, Branch, COUNTED, Groups, Look, Program, Step};
use crate::around::{EDGE, Set};
use std::cell::RefCell;

thread_local! {
    static SHEET: RefCell<Sheet> = RefCell::default();
}

pub(super) fn find(program: &Program, text: &[u8], from: usize, begins: Begins) -> Option<Groups> {
    SHEET.with_borrow_mut(|sheet| {
        sheet.begin(program, from);
        let found = Search { program, text, sheet }.find(from, begins);
        if sheet.met.len() > MOST_KEPT {
            sheet.met = Vec::new();
        }
        found
    })
}

struct Search<'a> {
    program: &'a Program,
    text: &'a [u8],
    sheet: &'a mut Sheet,
}

/// Whether a text goes on with a symbol of a set.
fn goes_on(text: &[u8], with: &Set, at: usize) -> bool {
    text.get(at).map_or_else(|| with.has(EDGE), |byte| with.has_byte(*byte))
}

impl<'a> Search<'a> {
    fn find(&mut self, from: usize, begins: Begins) -> Option<Groups> {
        let first = self.set(self.program.first);
        let mut at = from;
        loop {
            if begins == Begins::Anywhere {
                let rest = self.text.get(at..)?;
                at += rest.iter().position(|byte| first.has_byte(*byte)).unwrap_or(rest.len());
            }
            if goes_on(self.text, first, at)
                && let Some(end) = self.from(at)
            {
                let slots = self.sheet.slots[2..].chunks_exact(2);
                let inner = slots.map(|edges| (edges[1] != NOWHERE).then(|| edges[0]..edges[1]));
                return Some(Groups(std::iter::once(Some(at..end)).chain(inner).collect()));
            }
            if begins == Begins::Here || at >= self.text.len() {
                return None;
            }
            at += 1;
        }
    }

    fn set(&self, number: u32) -> &'a Set {
        &self.program.sets[number as usize]
    }

    /// The end of the match that begins at `start`.
    fn from(&mut self, start: usize) -> Option<usize> {
        self.sheet.left.clear();
        self.sheet.slots.clear();
        self.sheet.slots.resize(2 * self.program.groups.len(), NOWHERE);
        self.sheet.counters.clear();
        self.sheet.counters.resize(self.program.counters as usize, 0);
        let mut here = (self.program.start as usize, start);
        loop {
            let (step, at) = here;
            let way = match self.program.steps[step] {
                Step::Match => return Some(at),
                Step::One { set, next } => {
                    let byte = self.text.get(at);
                    let takes = byte.is_some_and(|byte| self.set(set).has_byte(*byte));
                    takes.then_some((next as usize, at + 1))
                }
                Step::Text { from, to, next } => {
                    let text = &self.program.text[from as usize..to as usize];
                    let takes = self.text[at..].starts_with(text);
                    takes.then_some((next as usize, at + text.len()))
                }
                Step::Run { .. } => self.run(step, at),
                Step::Choice { from, number, .. } => {
                    if self.is_crossed(number, at) {
                        None
                    } else {
                        self.choose(step, from as usize, at)
                    }
                }
                Step::Count { counter, next } => {
                    self.count(counter, 0);
                    Some((next as usize, at))
                }
                Step::Times { .. } => self.times(step, at),
                Step::Edge { slot, next } => {
                    let slot = slot as usize;
                    let before = std::mem::replace(&mut self.sheet.slots[slot], at);
                    self.sheet.left.push(Left::Slot { slot, before });
                    Some((next as usize, at))
                }
                Step::Look { look, next } => self.sees(look, at).then_some((next as usize, at)),
                Step::Once { number, next } => {
                    let was_met = self.sheet.was_met(self.program, number, at);
                    (!was_met).then_some((next as usize, at))
                }
            };
            here = match way {
                Some(way) => way,
                None => self.back()?,
            };
        }
    }

    /// Whether this was met at the same place before, so that nothing comes of it, as far as that
    /// is written down.
    fn is_crossed(&mut self, number: u32, at: usize) -> bool {
        if number == COUNTED {
            return false;
        }
        match self.sheet.patience.checked_sub(1) {
            Some(less) => {
                self.sheet.patience = less;
                false
            }
            None => self.sheet.was_met(self.program, number, at),
        }
    }

    /// Goes back to what was left undone last.
    fn back(&mut self) -> Option<(usize, usize)> {
        loop {
            let way = match self.sheet.left.pop()? {
                Left::Slot { slot, before } => {
                    self.sheet.slots[slot] = before;
                    None
                }
                Left::Counter { counter, before } => {
                    self.sheet.counters[counter] = before;
                    None
                }
                Left::Branches { step, branch, at } => self.choose(step, branch, at),
                Left::Then { step, at } => self.then(step, at),
                Left::Again { step, at } => self.again(step, at),
                Left::Shorter { step, at, least } => {
                    self.note(step, at);
                    at.checked_sub(1).and_then(|at| self.shorten(step, at, least))
                }
                Left::Longer { step, at, most } => {
                    self.note(step, at);
                    self.lengthen(step, at + 1, most)
                }
            };
            if way.is_some() {
                return way;
            }
        }
    }

    /// Goes on with the first branch from this one on that the text allows.
    fn choose(&mut self, step: usize, branch: usize, at: usize) -> Option<(usize, usize)> {
        let Step::Choice { to, fan, .. } = self.program.steps[step] else { return None };
        let [taken, other] = match self.program.fans.get(fan as usize) {
            Some(fan) => {
                let symbol = self.text.get(at).map_or(EDGE, |byte| usize::from(*byte));
                let allowed = fan.of(symbol);
                let from = allowed.partition_point(|allowed| (*allowed as usize) < branch);
                [from, from + 1].map(|one| allowed.get(one).map(|branch| *branch as usize))
            }
            None => {
                let mut allowed = (branch..to as usize).filter(|branch| {
                    let first = self.program.branches[*branch].first;
                    goes_on(self.text, self.set(first), at)
                });
                [allowed.next(), allowed.next()]
            }
        };
        if let Some(branch) = other {
            self.sheet.left.push(Left::Branches { step, branch, at });
        }
        Some((self.program.branches[taken?].step as usize, at))
    }

    fn count(&mut self, counter: u32, times: u32) {
        let counter = counter as usize;
        let before = std::mem::replace(&mut self.sheet.counters[counter], times);
        self.sheet.left.push(Left::Counter { counter, before });
    }

    /// Takes a counted part once more, or goes on.
    fn times(&mut self, step: usize, at: usize) -> Option<(usize, usize)> {
        let Step::Times { counter, least, most, is_greedy, part, then, .. } =
            self.program.steps[step]
        else {
            return None;
        };
        let times = self.sheet.counters[counter as usize];
        let may_be = |branch: Branch| goes_on(self.text, self.set(branch.first), at);
        let is_part = times < most && may_be(part);
        match (is_part, times >= least && may_be(then)) {
            (true, true) if is_greedy => {
                self.sheet.left.push(Left::Then { step, at });
                self.again(step, at)
            }
            (true, true) => {
                self.sheet.left.push(Left::Again { step, at });
                self.then(step, at)
            }
            (true, false) => self.again(step, at),
            (false, true) => self.then(step, at),
            (false, false) => None,
        }
    }

    fn again(&mut self, step: usize, at: usize) -> Option<(usize, usize)> {
        let Step::Times { counter, part, .. } = self.program.steps[step] else { return None };
        self.count(counter, self.sheet.counters[counter as usize] + 1);
        Some((part.step as usize, at))
    }

    /// Goes on behind a counted part; how often it was taken is of no account any more.
    fn then(&mut self, step: usize, at: usize) -> Option<(usize, usize)> {
        let Step::Times { counter, then, .. } = self.program.steps[step] else { return None };
        self.count(counter, 0);
        Some((then.step as usize, at))
    }

    /// Takes bytes of a set.
    fn run(&mut self, step: usize, at: usize) -> Option<(usize, usize)> {
        let Step::Run { set, least, most, is_greedy, number, next, .. } = self.program.steps[step]
        else {
            return None;
        };
        let set = &self.program.sets[set as usize];
        let limit = self.text.len().min(at.saturating_add(most as usize));
        let stretch = &mut self.sheet.runs[number as usize].stretch;
        let last_in = |from: usize, to: usize| {
            let rest = &self.text[from..to];
            from + rest.iter().position(|byte| !set.has_byte(*byte)).unwrap_or(rest.len())
        };
        if at < stretch.start && last_in(at, stretch.start.min(limit)) == stretch.start {
            stretch.start = at;
        } else if !(stretch.start <= at && at <= stretch.end) {
            *stretch = at..at;
        }
        if stretch.end < limit {
            stretch.end = last_in(stretch.end, limit);
        }
        let most = stretch.end.min(limit);
        let least = at.saturating_add(least as usize);
        if least > most {
            return None;
        }
        match is_greedy {
            _ if least == most => Some((next as usize, most)),
            true => self.shorten(step, most, least),
            false => self.lengthen(step, least, most),
        }
    }

    fn note(&mut self, step: usize, end: usize) {
        if let Step::Run { number, is_counted: false, .. } = self.program.steps[step] {
            self.sheet.runs[number as usize].note(end);
        }
    }

    /// Lets a run end at `at`, or where it is shorter.
    fn shorten(&mut self, step: usize, mut at: usize, least: usize) -> Option<(usize, usize)> {
        let Step::Run { follow, next, number, is_counted, .. } = self.program.steps[step] else {
            return None;
        };
        let follow = self.set(follow);
        while at >= least {
            let known = &mut self.sheet.runs[number as usize];
            if known.vain.contains(&at) {
                at = known.vain.start.checked_sub(1)?;
            } else if goes_on(self.text, follow, at) {
                self.sheet.left.push(Left::Shorter { step, at, least });
                return Some((next as usize, at));
            } else {
                if !is_counted {
                    known.note(at);
                }
                at = at.checked_sub(1)?;
            }
        }
        None
    }

    /// Lets a run end at `at`, or where it is longer.
    fn lengthen(&mut self, step: usize, mut at: usize, most: usize) -> Option<(usize, usize)> {
        let Step::Run { follow, next, number, is_counted, .. } = self.program.steps[step] else {
            return None;
        };
        let follow = self.set(follow);
        while at <= most {
            let known = &mut self.sheet.runs[number as usize];
            if known.vain.contains(&at) {
                at = known.vain.end;
            } else if goes_on(self.text, follow, at) {
                self.sheet.left.push(Left::Longer { step, at, most });
                return Some((next as usize, at));
            } else {
                if !is_counted {
                    known.note(at);
                }
                at += 1;
            }
        }
        None
    }

    fn sees(&self, look: Look, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.text.get(at)).copied();
        let after = self.text.get(at).copied();
        let is_word =
            |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        match look {
            Look::Start => before.is_none(),
            Look::End => after.is_none(),
            Look::StartOfLine => before.is_none_or(|byte| byte == b'\n'),
            Look::EndOfLine => after.is_none_or(|byte| byte == b'\n'),
            Look::StartOfLineCrlf => match before {
                Some(b'\r') => after != Some(b'\n'),
                before => before.is_none_or(|byte| byte == b'\n'),
            },
            Look::EndOfLineCrlf => match after {
                Some(b'\n') => before != Some(b'\r'),
                after => after.is_none_or(|byte| byte == b'\r'),
            },
            Look::WordEdge => is_word(before) != is_word(after),
            Look::NoWordEdge => is_word(before) == is_word(after),
            Look::WordStart => !is_word(before) && is_word(after),
            Look::WordEnd => is_word(before) && !is_word(after),
            Look::NoWordBefore => !is_word(before),
            Look::NoWordAfter => !is_word(after),
        }
    }
}
