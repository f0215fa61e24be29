//! Lays a pattern out as a program, from its end to its beginning: so the number of what comes next
//! is always known.

use super::{Branch, COUNTED, FEW, Look, Program, Step};
use crate::around::{EDGE, Set, set_of};
use regex_syntax::hir::{Capture, Class, ClassUnicode, Hir, HirKind, Look as Asked, Repetition};
use regex_syntax::utf8::Utf8Sequences;
use std::collections::{BTreeMap, HashSet};

/// How many steps and branches a program may have; the largest honest rule has a tenth of it.
const MOST: usize = 20_000;

/// A part that may be taken more often than this is counted, not written out.
const COPIES: u32 = 3;

/// A choice with more branches has a fan.
const MOST_BRANCHES: u32 = 8;

/// In place of what is found out when all is laid out.
const LATER: u32 = 0;

#[derive(Default)]
struct Layer {
    steps: Vec<Step>,
    branches: Vec<Branch>,
    text: Vec<u8>,
    runs: u32,
    crossings: u32,
    counters: u32,
    /// How many counted parts are round what is laid out.
    depth: u32,
    /// The counted parts, by where they lie, and their first and last steps.
    parts: Vec<(*const Hir, u32, u32)>,
    /// Parts that cannot be counted.
    written_out: HashSet<*const Hir>,
    groups: Vec<Option<String>>,
    sets: Vec<Set>,
    numbers: BTreeMap<Set, u32>,
}

/// The program of a pattern.
pub(super) fn lay(pattern: &Hir) -> Result<Program, String> {
    let mut written_out = HashSet::new();
    loop {
        let mut layer = Layer { groups: vec![None], written_out, ..Layer::default() };
        let end = layer.push(Step::Match)?;
        let start = layer.lay(pattern, end)?;
        let first = layer.look_ahead(start);
        layer.fan_out();
        if !layer.doubt() {
            return Ok(layer.program(start, first));
        }
        written_out = layer.written_out;
    }
}

impl Layer {
    fn program(self, start: u32, first: u32) -> Program {
        let Layer { steps, branches, text, runs, crossings, counters, groups, sets, .. } = self;
        let fans = Vec::new();
        let program = Program {
            steps,
            branches,
            sets,
            text,
            start,
            first,
            runs,
            crossings,
            counters,
            groups,
            fans,
        };
        program.fanned()
    }

    fn push(&mut self, step: Step) -> Result<u32, String> {
        if self.steps.len() + self.branches.len() > MOST {
            return Err(format!("it has more than {MOST} parts when it is written out"));
        }
        self.steps.push(step);
        Ok(self.steps.len() as u32 - 1)
    }

    fn set(&mut self, set: Set) -> u32 {
        let sets = &mut self.sets;
        *self.numbers.entry(set).or_insert_with(|| {
            sets.push(set);
            sets.len() as u32 - 1
        })
    }

    fn crossing(&mut self) -> u32 {
        if self.depth > 0 {
            return COUNTED;
        }
        self.crossings += 1;
        self.crossings - 1
    }

    /// The number of the step that takes what `pattern` does and then goes on to `next`.
    fn lay(&mut self, pattern: &Hir, next: u32) -> Result<u32, String> {
        match pattern.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => self.literal(&literal.0, next),
            HirKind::Class(class) => self.class(class, next),
            HirKind::Look(look) => {
                let look = look_of(*look)?;
                self.push(Step::Look { look, next })
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
            HirKind::Capture(capture) => self.capture(capture, next),
            HirKind::Concat(parts) => {
                parts.iter().rev().try_fold(next, |next, part| self.lay(part, next))
            }
            HirKind::Alternation(branches) => {
                let branches = branches.iter().map(|branch| self.lay(branch, next));
                let branches = branches.collect::<Result<Vec<_>, _>>()?;
                let choice = self.reserve()?;
                self.decide(choice, &branches);
                Ok(choice)
            }
        }
    }

    fn literal(&mut self, bytes: &[u8], next: u32) -> Result<u32, String> {
        let from = self.text.len() as u32;
        self.text.extend_from_slice(bytes);
        self.push(Step::Text { from, to: self.text.len() as u32, next })
    }

    fn class(&mut self, class: &Class, next: u32) -> Result<u32, String> {
        match (set_of(class), class) {
            (Some(set), _) => {
                let set = self.set(set);
                self.push(Step::One { set, next })
            }
            (None, Class::Unicode(class)) => self.letters(class, next),
            (None, Class::Bytes(_)) => Err("a class of bytes is none".into()),
        }
    }

    /// Letters of several bytes in UTF-8.
    fn letters(&mut self, class: &ClassUnicode, next: u32) -> Result<u32, String> {
        let mut branches = Vec::new();
        for range in class.ranges() {
            for sequence in Utf8Sequences::new(range.start(), range.end()) {
                let parts = sequence.as_slice().iter().rev();
                branches.push(parts.copied().try_fold(next, |next, range| {
                    let bytes = usize::from(range.start)..=usize::from(range.end);
                    let set = self.set(Set::of(bytes));
                    self.push(Step::One { set, next })
                })?);
            }
        }
        let choice = self.reserve()?;
        self.decide(choice, &branches);
        Ok(choice)
    }

    fn capture(&mut self, capture: &Capture, next: u32) -> Result<u32, String> {
        let number = capture.index as usize;
        if self.groups.len() <= number {
            self.groups.resize(number + 1, None);
        }
        self.groups[number] = capture.name.as_deref().map(str::to_owned);
        let end = self.push(Step::Edge { slot: 2 * capture.index + 1, next })?;
        let inner = self.lay(&capture.sub, end)?;
        self.push(Step::Edge { slot: 2 * capture.index, next: inner })
    }

    fn repetition(&mut self, repetition: &Repetition, next: u32) -> Result<u32, String> {
        let Repetition { min: least, max: most, greedy: is_greedy, ref sub } = *repetition;
        if let Some(set) = single(sub) {
            let (set, most) = (self.set(set), most.unwrap_or(u32::MAX));
            self.runs += 1;
            let (follow, number) = (LATER, self.runs - 1);
            let is_counted = self.depth > 0;
            return self.push(Step::Run {
                set,
                least,
                most,
                is_greedy,
                follow,
                next,
                number,
                is_counted,
            });
        }
        let Some(most) = most else {
            let copies = least.saturating_sub(1);
            let last = self.endless(sub, least == 0, is_greedy, next)?;
            return (0..copies).try_fold(last, |next, _| self.lay(sub, next));
        };
        if most > COPIES && self.may_count(sub) {
            return self.counted(sub, [least, most], is_greedy, next);
        }
        let mut begin = next;
        for _ in least..most {
            let again = self.lay(sub, begin)?;
            let choice = self.reserve()?;
            self.prefer(choice, again, next, is_greedy);
            begin = choice;
        }
        (0..least).try_fold(begin, |next, _| self.lay(sub, next))
    }

    /// A part as often as it comes: once at least, or never where it `is_optional`.
    fn endless(
        &mut self,
        part: &Hir,
        is_optional: bool,
        is_greedy: bool,
        next: u32,
    ) -> Result<u32, String> {
        let again = self.reserve()?;
        if takes_something(part) {
            let begin = self.lay(part, again)?;
            self.prefer(again, begin, next, is_greedy);
            return Ok(if is_optional { again } else { begin });
        }
        // What takes nothing could go round for ever.
        let number = self.crossing();
        let end = self.push(Step::Once { number, next: again })?;
        let inner = self.lay(part, end)?;
        let number = self.crossing();
        let begin = self.push(Step::Once { number, next: inner })?;
        self.prefer(again, begin, next, is_greedy);
        if !is_optional {
            return Ok(begin);
        }
        let choice = self.reserve()?;
        self.prefer(choice, begin, next, is_greedy);
        Ok(choice)
    }

    /// A part that takes something, between so many times.
    fn counted(
        &mut self,
        part: &Hir,
        [least, most]: [u32; 2],
        is_greedy: bool,
        next: u32,
    ) -> Result<u32, String> {
        let counter = self.counters;
        self.counters += 1;
        let [part_of, then] = [LATER, next].map(|step| Branch { first: LATER, step });
        let times = Step::Times { counter, least, most, is_greedy, part: part_of, then };
        let times = self.push(times)?;
        self.depth += 1;
        let begin = self.lay(part, times)?;
        self.depth -= 1;
        if let Step::Times { part, .. } = &mut self.steps[times as usize] {
            part.step = begin;
        }
        let count = self.push(Step::Count { counter, next: times })?;
        self.parts.push((part, times, count));
        Ok(count)
    }

    fn may_count(&self, part: &Hir) -> bool {
        takes_something(part) && !self.written_out.contains(&std::ptr::from_ref(part))
    }

    /// Whether there are parts that were counted and must not be; they are noted.
    fn doubt(&mut self) -> bool {
        let is_sure = |(_, first, last): &(_, u32, u32)| {
            self.steps[*first as usize..=*last as usize].iter().all(|step| self.is_sure(step))
        };
        let doubtful = self.parts.iter().filter(|part| !is_sure(part)).map(|(part, ..)| *part);
        let doubtful: Vec<_> = doubtful.collect();
        self.written_out.extend(&doubtful);
        !doubtful.is_empty()
    }

    /// Whether the next byte says which way a step goes.
    fn is_sure(&self, step: &Step) -> bool {
        let set = |number: u32| self.sets[number as usize];
        match *step {
            Step::Run { least, most, .. } | Step::Times { least, most, .. } if least == most => {
                true
            }
            Step::Run { set: own, follow, .. } => !set(own).meets(set(follow)),
            Step::Times { part, then, .. } => !set(part.first).meets(set(then.first)),
            Step::Choice { from, to, .. } => {
                let mut taken = Set::default();
                self.branches[from as usize..to as usize].iter().all(|branch| {
                    let first = set(branch.first);
                    let is_free = !taken.meets(first);
                    taken = taken.with(first);
                    is_free
                })
            }
            Step::Once { .. } => false,
            _ => true,
        }
    }

    /// A choice whose branches are not known yet.
    fn reserve(&mut self) -> Result<u32, String> {
        let number = self.crossing();
        self.push(Step::Choice { from: LATER, to: LATER, number, fan: FEW })
    }

    /// Once more, or on.
    fn prefer(&mut self, choice: u32, again: u32, next: u32, is_greedy: bool) {
        self.decide(choice, &if is_greedy { [again, next] } else { [next, again] });
    }

    fn decide(&mut self, choice: u32, branches: &[u32]) {
        let start = self.branches.len() as u32;
        self.branches.extend(branches.iter().map(|step| Branch { first: LATER, step: *step }));
        let end = self.branches.len() as u32;
        if let Step::Choice { from, to, .. } = &mut self.steps[choice as usize] {
            (*from, *to) = (start, end);
        }
    }

    /// Tells every run and branch what the text has to go on with; gives the same for `start`.
    fn look_ahead(&mut self, start: u32) -> u32 {
        let mut firsts = vec![Set::default(); self.steps.len()];
        loop {
            let before = firsts.clone();
            for (number, step) in self.steps.iter().enumerate() {
                firsts[number] = self.first(step, &firsts);
            }
            if firsts == before {
                break;
            }
        }
        for number in 0..self.steps.len() {
            let mut step = self.steps[number].clone();
            match &mut step {
                Step::Run { next, follow, .. } => *follow = self.set(firsts[*next as usize]),
                Step::Times { part, then, .. } => {
                    part.first = self.set(firsts[part.step as usize]);
                    then.first = self.set(firsts[then.step as usize]);
                }
                _ => continue,
            }
            self.steps[number] = step;
        }
        for number in 0..self.branches.len() {
            let first = firsts[self.branches[number].step as usize];
            self.branches[number].first = self.set(first);
        }
        self.set(firsts[start as usize])
    }

    /// Numbers the fans in the order of their choices.
    fn fan_out(&mut self) {
        let mut fans = 0;
        for step in &mut self.steps {
            if let Step::Choice { from, to, fan, .. } = step
                && *to - *from > MOST_BRANCHES
            {
                *fan = fans;
                fans += 1;
            }
        }
    }

    /// What a text may go on with where this step stands, by what is known of the others.
    fn first(&self, step: &Step, firsts: &[Set]) -> Set {
        let of = |step: u32| firsts[step as usize];
        match *step {
            Step::Match => Set::of(0..=EDGE),
            Step::One { set, .. } => self.sets[set as usize],
            Step::Text { from, to, next } if from == to => of(next),
            Step::Text { from, .. } => Set::of([usize::from(self.text[from as usize])]),
            Step::Run { set, least: 0, next, .. } => self.sets[set as usize].with(of(next)),
            Step::Run { set, .. } => self.sets[set as usize],
            Step::Count { next, .. } => match self.steps[next as usize] {
                Step::Times { least: 1.., part, .. } => of(part.step),
                _ => of(next),
            },
            Step::Times { part, then, .. } => of(part.step).with(of(then.step)),
            Step::Choice { from, to, .. } => {
                let branches = self.branches[from as usize..to as usize].iter();
                branches.fold(Set::default(), |all, branch| all.with(of(branch.step)))
            }
            Step::Edge { next, .. } | Step::Look { next, .. } | Step::Once { next, .. } => of(next),
        }
    }
}

/// Whether every match of a part has a byte at least.
fn takes_something(part: &Hir) -> bool {
    part.properties().minimum_len().is_some_and(|least| least > 0)
}

/// The bytes of which a part takes exactly one.
fn single(part: &Hir) -> Option<Set> {
    match part.kind() {
        HirKind::Class(class) => set_of(class),
        HirKind::Literal(literal) => match *literal.0 {
            [byte] => Some(Set::of([usize::from(byte)])),
            _ => None,
        },
        _ => None,
    }
}

fn look_of(look: Asked) -> Result<Look, String> {
    Ok(match look {
        Asked::Start => Look::Start,
        Asked::End => Look::End,
        Asked::StartLF => Look::StartOfLine,
        Asked::EndLF => Look::EndOfLine,
        Asked::StartCRLF => Look::StartOfLineCrlf,
        Asked::EndCRLF => Look::EndOfLineCrlf,
        Asked::WordAscii => Look::WordEdge,
        Asked::WordAsciiNegate => Look::NoWordEdge,
        Asked::WordStartAscii => Look::WordStart,
        Asked::WordEndAscii => Look::WordEnd,
        Asked::WordStartHalfAscii => Look::NoWordBefore,
        Asked::WordEndHalfAscii => Look::NoWordAfter,
        _ => return Err("it asks for edges of words in Unicode; leave `(?u)` out".into()),
    })
}
