//! From a rule's pattern to what must stand before and after its anchors.
//!
//! A pattern is laid out as sequences of byte sets, one for each way through its alternatives that
//! decides which anchor is met. Every sequence takes at least what the pattern takes on that way,
//! and most take a little more: counts become "any number", alternatives far from the anchor are
//! laid over one another. So a sequence that fails proves that the pattern fails.

use quietus_model::Rule;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use serde::{Deserialize, Serialize};

/// How many ways are looked at before a rule goes without a gate.
const MOST_WAYS: usize = 2000;

/// How many gates an anchor may have; testing more costs what they save.
const MOST_GATES: usize = 48;

/// How many times a repeated part is written out; beyond it nobody looks.
const MOST_COPIES: u32 = 64;

/// Up to so many bytes that may or may not follow are written out, more become "any number".
const MOST_OPTIONAL: u32 = 4;

/// The largest set of bytes that is taken apart, one way for each: the hexadecimal digits.
const MOST_TAKEN_APART: u32 = 16;

/// What stands for the end of the text in a set of bytes.
pub const EDGE: usize = 256;

/// A set of bytes and of the end of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Set([u64; 5]);

impl Set {
    /// The set of these symbols: the values of bytes, and [`EDGE`].
    pub fn of(symbols: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::default();
        symbols.into_iter().for_each(|symbol| set.0[symbol / 64] |= 1 << (symbol % 64));
        set
    }

    /// Whether a symbol is in it.
    pub fn has(self, symbol: usize) -> bool {
        self.0[symbol / 64] >> (symbol % 64) & 1 == 1
    }

    /// Whether a byte is in it.
    #[inline]
    pub(crate) fn has_byte(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// Whether any symbol is in both.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(mine, others)| mine & others != 0)
    }

    fn is_within(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(mine, others)| mine & !others == 0)
    }

    fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Its symbols in their order.
    pub fn symbols(self) -> impl Iterator<Item = usize> {
        (0..=EDGE).filter(move |symbol| self.has(*symbol))
    }
}

/// The bytes that `\b` takes for a part of a word.
fn word() -> Set {
    Set::of((0..EDGE).filter(|byte| {
        u8::try_from(*byte).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }))
}

fn no_word() -> Set {
    let word = word();
    Set::of((0..=EDGE).filter(|symbol| !word.has(*symbol)))
}

/// How often bytes of a set stand in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Times {
    /// One.
    #[serde(rename = "1")]
    Once,
    /// One or none.
    #[serde(rename = "?")]
    AtMostOnce,
    /// As many as there are, or none.
    #[serde(rename = "*")]
    AnyNumber,
}

/// One step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    /// Which bytes.
    pub(super) set: Set,
    /// How often.
    pub(super) times: Times,
}

impl Step {
    fn once(set: Set) -> Self {
        Self { set, times: Times::Once }
    }
}

/// What must stand around an anchor: outward from it, in both directions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Around {
    /// Which of the rule's anchors.
    pub(super) anchor: usize,
    /// What stands before it, backwards.
    pub(super) before: Vec<Step>,
    /// What stands after it.
    pub(super) after: Vec<Step>,
}

/// A part of a pattern.
#[derive(Clone, Debug)]
enum Part {
    Step(Step),
    /// `\b`.
    WordEdge,
    Either(Vec<Vec<Part>>),
}

/// What every match of `rule` has around one of its anchors; `None` where the pattern does not
/// tell. A match always holds an anchor that one of these fits.
pub(super) fn derive(rule: &Rule, pattern: &Hir) -> Option<Vec<Around>> {
    let mut way = Vec::new();
    lay_out(pattern, &mut way)?;
    let anchors: Vec<&[u8]> = rule.anchors.iter().map(String::as_bytes).collect();
    let mut waiting = vec![way];
    let mut found = Vec::new();
    let mut looked_at = 0;
    while let Some(way) = waiting.pop() {
        looked_at += 1;
        if looked_at > MOST_WAYS {
            return None;
        }
        match locate(&way, &anchors, rule.anchors_any_case) {
            Some((anchor, at)) => {
                let end = at + anchors[anchor].len();
                found.push(Around {
                    anchor,
                    before: sequence(reversed(&way[..at]), &way[at]),
                    after: sequence(way[end..].to_vec(), &way[end - 1]),
                });
            }
            None => waiting.extend(part_ways(&way, &anchors, rule.anchors_any_case)?),
        }
    }
    found.sort_unstable();
    found.dedup();
    let mut of_anchors = found.chunk_by(|a, b| a.anchor == b.anchor);
    of_anchors.all(|gates| gates.len() <= MOST_GATES).then_some(found)
}

/// Writes a pattern out, part by part. `None` for what is not bytes.
fn lay_out(pattern: &Hir, way: &mut Vec<Part>) -> Option<()> {
    match pattern.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => way.extend(
            literal.0.iter().map(|byte| Part::Step(Step::once(Set::of([usize::from(*byte)])))),
        ),
        HirKind::Class(class) => way.push(Part::Step(Step::once(set_of(class)?))),
        HirKind::Look(Look::Start | Look::End) => {
            way.push(Part::Step(Step::once(Set::of([EDGE]))));
        }
        HirKind::Look(Look::WordAscii) => way.push(Part::WordEdge),
        // What only looks and takes nothing may be left out: more fits then, never less.
        HirKind::Look(_) => {}
        HirKind::Repetition(repetition) => repeat(repetition, way)?,
        HirKind::Capture(capture) => lay_out(&capture.sub, way)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| lay_out(part, way))?,
        HirKind::Alternation(branches) => {
            let branches = branches.iter().map(|branch| {
                let mut way = Vec::new();
                lay_out(branch, &mut way).map(|()| way)
            });
            way.push(Part::Either(branches.collect::<Option<_>>()?));
        }
    }
    Some(())
}

pub(crate) fn set_of(class: &Class) -> Option<Set> {
    let bytes = match class {
        Class::Bytes(class) => class.clone(),
        Class::Unicode(class) => class.to_byte_class()?,
    };
    let ranges = bytes.ranges().iter();
    Some(Set::of(ranges.flat_map(|range| usize::from(range.start())..=usize::from(range.end()))))
}

fn repeat(repetition: &Repetition, way: &mut Vec<Part>) -> Option<()> {
    let mut once = Vec::new();
    lay_out(&repetition.sub, &mut once)?;
    let (least, most) = (repetition.min, repetition.max.unwrap_or(u32::MAX));
    if least == 0 && most == 1 && !matches!(once.as_slice(), [Part::Step(_)]) {
        way.push(Part::Either(vec![once, Vec::new()]));
        return Some(());
    }
    for _ in 0..least.min(MOST_COPIES) {
        way.extend_from_slice(&once);
        if way.len() > 1024 {
            return None;
        }
    }
    let more = most - least.min(MOST_COPIES);
    let [Part::Step(Step { set, times: Times::Once })] = once.as_slice() else {
        if more > 0 {
            let set = union(&flatten(&once));
            way.push(Part::Step(Step { set, times: Times::AnyNumber }));
        }
        return Some(());
    };
    let (times, copies) = match more {
        0 => return Some(()),
        1..=MOST_OPTIONAL => (Times::AtMostOnce, more),
        _ => (Times::AnyNumber, 1),
    };
    way.extend((0..copies).map(|_| Part::Step(Step { set: *set, times })));
    Some(())
}

fn union(steps: &[Step]) -> Set {
    steps.iter().fold(Set::default(), |all, step| all.with(step.set))
}

/// The same parts for a text that is read from its end.
fn reversed(parts: &[Part]) -> Vec<Part> {
    let part = |part: &Part| match part {
        Part::Either(branches) => {
            Part::Either(branches.iter().map(|branch| reversed(branch)).collect())
        }
        other => other.clone(),
    };
    parts.iter().rev().map(part).collect()
}

/// One sequence that takes whatever `parts` take.
fn flatten(parts: &[Part]) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in parts {
        match part {
            Part::Step(step) => steps.push(*step),
            Part::WordEdge => {}
            Part::Either(branches) => {
                let branches: Vec<_> = branches.iter().map(|branch| flatten(branch)).collect();
                lay_over(&branches, &mut steps);
            }
        }
    }
    steps
}

/// Lays alternatives over one another, byte by byte where their lengths are fixed.
fn lay_over(branches: &[Vec<Step>], steps: &mut Vec<Step>) {
    let is_once = |step: &&Step| step.times == Times::Once;
    let shortest = branches.iter().map(|branch| branch.iter().filter(is_once).count()).min();
    let shortest = shortest.unwrap_or_default();
    if branches.iter().flatten().all(|step| step.times == Times::Once) {
        let longest = branches.iter().map(Vec::len).max().unwrap_or_default();
        steps.extend((0..longest).map(|at| {
            let there: Vec<_> =
                branches.iter().filter_map(|branch| branch.get(at)).copied().collect();
            let times = if at < shortest { Times::Once } else { Times::AtMostOnce };
            Step { set: union(&there), times }
        }));
    } else {
        let set = union(&branches.concat());
        steps.extend((0..shortest).map(|_| Step::once(set)));
        steps.push(Step { set, times: Times::AnyNumber });
    }
}

/// The longest anchor that stands in every text of this way, and where.
fn locate(way: &[Part], anchors: &[&[u8]], any_case: bool) -> Option<(usize, usize)> {
    let stands = |anchor: &[u8], at: usize| {
        anchor.iter().zip(&way[at..]).all(|(byte, part)| match part {
            Part::Step(Step { set, times: Times::Once }) => is_byte(*set, *byte, any_case),
            _ => false,
        })
    };
    let mut best: Option<(usize, usize)> = None;
    for (index, anchor) in anchors.iter().enumerate() {
        if best.is_some_and(|(best, _)| anchors[best].len() >= anchor.len()) {
            continue;
        }
        let places = 0..(way.len() + 1).saturating_sub(anchor.len());
        if let Some(at) = places.into_iter().find(|at| stands(anchor, *at)) {
            best = Some((index, at));
        }
    }
    best
}

/// Whether a set holds nothing that an anchor's byte would not be met by.
fn is_byte(set: Set, byte: u8, any_case: bool) -> bool {
    let byte = [byte, byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
    set.len() > 0
        && set.is_within(Set::of(
            byte[..if any_case { 3 } else { 1 }].iter().map(|b| usize::from(*b)),
        ))
}

/// Takes the part of a way that leaves open which anchor is met apart into several ways.
fn part_ways(way: &[Part], anchors: &[&[u8]], any_case: bool) -> Option<Vec<Vec<Part>>> {
    let of_anchors = Set::of(anchors.iter().flat_map(|anchor| anchor.iter()).flat_map(|byte| {
        let cases = [*byte, byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        cases.into_iter().take(if any_case { 3 } else { 1 }).map(usize::from)
    }));
    let is_of_anchor = |step: &Step| step.set.len() <= 2 && step.set.is_within(of_anchors);
    let with = |at: usize, parts: &[Part]| [&way[..at], parts, &way[at + 1..]].concat();
    let with_letters =
        |ways: &[Vec<Part>]| ways.iter().any(|way| flatten(way).iter().any(is_of_anchor));
    let is_letter = |part: Option<&Part>| match part {
        Some(Part::Step(step)) => step.times == Times::Once && is_of_anchor(step),
        _ => false,
    };
    let apart = |at: usize, part: &Part| {
        let Part::Step(Step { set, times }) = part else { return None };
        let is_near = is_letter(way.get(at + 1)) || at > 0 && is_letter(way.get(at - 1));
        if !is_near || set.len() > MOST_TAKEN_APART || !set.is_within(of_anchors) {
            return None;
        }
        let once = |set| Part::Step(Step::once(set));
        match times {
            Times::AtMostOnce => Some(vec![with(at, &[once(*set)]), with(at, &[])]),
            Times::Once if folded(*set, any_case).len() > 1 => {
                let sets = folded(*set, any_case).into_iter();
                Some(sets.map(|set| with(at, &[once(set)])).collect())
            }
            _ => None,
        }
    };
    // The first that can be: what is near an anchor decides before what is far behind it.
    way.iter().enumerate().find_map(|(at, part)| match part {
        Part::Either(branches) if with_letters(branches) => {
            Some(branches.iter().map(|branch| with(at, branch)).collect())
        }
        part => apart(at, part),
    })
}

/// The bytes of a set, each in a set of its own with its other case where case does not count.
fn folded(set: Set, any_case: bool) -> Vec<Set> {
    let mut sets: Vec<Set> = Vec::new();
    for symbol in set.symbols() {
        let same =
            |byte: u8| any_case && byte.is_ascii_alphabetic() && set.has(usize::from(byte ^ 0x20));
        match u8::try_from(symbol) {
            Ok(byte) if same(byte) && byte.is_ascii_lowercase() => {}
            Ok(byte) if same(byte) => sets.push(Set::of([symbol, symbol ^ 0x20])),
            _ => sets.push(Set::of([symbol])),
        }
    }
    sets
}

/// The steps outward from the anchor, whose last byte in that direction is `edge`. A `\b` at the
/// end of it all says something of the byte beyond the match.
fn sequence(mut parts: Vec<Part>, edge: &Part) -> Vec<Step> {
    let has_word_edge = matches!(parts.last(), Some(Part::WordEdge));
    let mut steps = flatten(&parts);
    if has_word_edge {
        parts.pop();
        let mut last = Set::default();
        let from_edge = std::slice::from_ref(edge).iter().chain(&parts);
        for part in from_edge.rev() {
            let of = flatten(std::slice::from_ref(part));
            last = last.with(union(&of));
            if of.iter().any(|step| step.times == Times::Once) {
                break;
            }
        }
        if last.is_within(word()) {
            steps.push(Step::once(no_word()));
        } else if last.is_within(no_word()) {
            steps.push(Step::once(word()));
        }
    }
    steps
}
