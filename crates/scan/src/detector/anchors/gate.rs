//! Whether an occurrence of an anchor can be part of a match, from the few bytes around it.

use super::pieces::{Text, Wanted};
use crate::detector::outlines::Outlines;
use quietus_pattern::{EDGE, Set, Surroundings, Times};
use std::sync::{Arc, OnceLock};

/// How many bytes before and after an anchor a gate looks at.
pub(super) const SIGHT: usize = 32;

/// Of how many rules that wait for one anchor it is told apart what may stand next to it.
const MOST_WAITING: usize = 64;

/// How many steps of a sequence are kept; there are only so many bits, and one says "through".
const MOST_STEPS: usize = 63;

/// The gates of all rules, each made when first needed: most rules' anchors never occur.
pub(super) struct Gates {
    outlines: Arc<Outlines>,
    rules: Vec<OnceLock<OfRule>>,
}

/// By anchor of a rule its gates, of which one must let an occurrence through; `None` where the
/// pattern does not tell what to look for.
type OfRule = Option<Vec<Vec<Gate>>>;

struct Gate {
    before: Arc<Sequence>,
    after: Arc<Sequence>,
    /// What may end the name that an anchor stands in: looked up before anything is compared.
    ends: Set,
}

/// A sequence of byte sets that is compared with a text, all ways through it at once.
///
/// A set bit of the state says that its step may take the next byte (Baeza-Yates and Gonnet's
/// shift-and, with Navarro's optional and repeated steps).
struct Sequence {
    /// By byte the steps that take it.
    takers: Box<[u64; EDGE + 1]>,
    /// The steps that may be left out.
    optional: u64,
    /// The steps that may take more than one byte.
    repeated: u64,
    /// The bit beyond the last step.
    through: u64,
}

impl Gates {
    pub(super) fn new(outlines: Arc<Outlines>) -> Self {
        Self { rules: outlines.rules().iter().map(|_| OnceLock::new()).collect(), outlines }
    }

    /// The gates of an anchor of a rule, if its pattern tells of any.
    fn of(&self, wanted: &Wanted) -> Option<&[Gate]> {
        let of_rule = || {
            let outline = self.outlines.of(wanted.rule as usize)?;
            outline.surroundings.as_ref().map(gates)
        };
        let gates = self.rules.get(wanted.rule as usize)?.get_or_init(of_rule).as_ref()?;
        gates.get(wanted.anchor as usize).map(Vec::as_slice)
    }

    /// Whether what stands next to an anchor at `start` leaves any rule that may have a match there.
    pub(super) fn may_admit(&self, text: &Text, bytes: &[u8], start: usize) -> bool {
        let end = start + text.bytes.len();
        text.wanted.len() > MOST_WAITING || self.of_text(text).fitting(bytes, start, end) != 0
    }

    /// Tells `add` each rule that may have a match by an anchor that stands at `start..end`.
    pub(super) fn admitted(
        &self,
        text: &Text,
        bytes: &[u8],
        start: usize,
        end: usize,
        mut add: impl FnMut(u32),
    ) {
        let mut ask = |wanted: &Wanted| {
            if self.admits(wanted, bytes, start, end) {
                add(wanted.rule);
            }
        };
        let (few, more) = text.wanted.split_at(text.wanted.len().min(MOST_WAITING));
        let mut waiting = self.of_text(text).waiting(bytes, start, end);
        while waiting != 0 {
            ask(&few[waiting.trailing_zeros() as usize]);
            waiting &= waiting - 1;
        }
        more.iter().for_each(ask);
    }

    /// What tells the first rules that wait for an anchor apart.
    fn of_text<'t>(&self, text: &'t Text) -> &'t Near {
        let few = || &text.wanted[..text.wanted.len().min(MOST_WAITING)];
        text.near.get_or_init(|| Box::new(self.near(few())))
    }

    /// What tells most of these rules apart at once.
    fn near(&self, wanted: &[Wanted]) -> Near {
        let mut near =
            Near { before: [0; EDGE + 1], after: [0; EDGE + 1], ends: [0; EDGE + 1], all: 0 };
        for (index, wanted) in wanted.iter().enumerate().take(MOST_WAITING) {
            let gates = self.of(wanted);
            let any = |fits: &dyn Fn(&Gate) -> bool| {
                u64::from(gates.is_none_or(|gates| gates.iter().any(fits))) << index
            };
            for symbol in 0..=EDGE {
                near.before[symbol] |= any(&|gate| gate.before.begins(symbol));
                near.after[symbol] |= any(&|gate| gate.after.begins(symbol));
                near.ends[symbol] |= any(&|gate| gate.ends.has(symbol));
            }
            near.all |= 1 << index;
        }
        near
    }

    /// Whether an anchor of a rule that stands at `start..end` can be what a match is found by.
    fn admits(&self, wanted: &Wanted, bytes: &[u8], start: usize, end: usize) -> bool {
        let gates = self.of(wanted);
        gates.is_none_or(|gates| gates.iter().any(|gate| gate.admits(bytes, start, end)))
    }
}

/// For the first rules that wait for an anchor, a bit each: by a symbol next to it, or beyond the
/// name that it stands in, whether the rule may have a match there. Many rules share an anchor, and
/// nearly all of them are told by these, before any sequence is compared.
pub(super) struct Near {
    before: [u64; EDGE + 1],
    after: [u64; EDGE + 1],
    ends: [u64; EDGE + 1],
    all: u64,
}

impl Near {
    /// The rules that may have a match between the symbols next to an anchor at `start..end`.
    fn fitting(&self, bytes: &[u8], start: usize, end: usize) -> u64 {
        let symbol = |byte: Option<&u8>| byte.map_or(EDGE, |byte| usize::from(*byte));
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        self.all & self.before[symbol(before)] & self.after[symbol(bytes.get(end))]
    }

    /// The rules that may have a match by an anchor at `start..end`.
    fn waiting(&self, bytes: &[u8], start: usize, end: usize) -> u64 {
        let waiting = self.fitting(bytes, start, end);
        if waiting & waiting.wrapping_sub(1) == 0 {
            return waiting;
        }
        beyond(bytes, end).map_or(waiting, |symbol| waiting & self.ends[symbol])
    }
}

/// The first symbol after an anchor that no name holds, if it is in sight.
fn beyond(bytes: &[u8], end: usize) -> Option<usize> {
    let rest = &bytes[end..bytes.len().min(end + SIGHT)];
    match rest.iter().find(|byte| !is_of_name(usize::from(**byte))) {
        Some(byte) => Some(usize::from(*byte)),
        None if rest.len() < SIGHT => Some(EDGE),
        None => None,
    }
}

fn is_of_name(symbol: usize) -> bool {
    u8::try_from(symbol).is_ok_and(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-') || !byte.is_ascii()
    })
}

/// By anchor its gates.
fn gates(surroundings: &Surroundings) -> Vec<Vec<Gate>> {
    let anchors = surroundings.gates.iter().map(|(anchor, ..)| *anchor as usize + 1).max();
    let mut gates: Vec<Vec<Gate>> = (0..anchors.unwrap_or(0)).map(|_| Vec::new()).collect();
    // Most anchors of a rule have the same around them: what is one stays near the processor.
    let steps = surroundings.sequences.iter();
    let sequences: Vec<_> =
        steps.map(|steps| Arc::new(Sequence::new(&surroundings.sets, steps))).collect();
    let sequence = |number: u32| sequences.get(number as usize).map(Arc::clone);
    for (anchor, before, after) in &surroundings.gates {
        if let (Some(before), Some(after)) = (sequence(*before), sequence(*after)) {
            gates[*anchor as usize].push(Gate { ends: after.ends(), before, after });
        }
    }
    gates
}

impl Gate {
    fn admits(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        self.after.fits(bytes[end..].iter()) && self.before.fits(bytes[..start].iter().rev())
    }
}

impl Sequence {
    fn new(sets: &[Set], steps: &[(u32, Times)]) -> Self {
        let steps = &steps[..steps.len().min(MOST_STEPS)];
        let (mut optional, mut repeated) = (0, 0);
        let mut of_sets = vec![0; sets.len()];
        for (index, (set, times)) in steps.iter().enumerate() {
            let bit = 1 << index;
            of_sets[*set as usize] |= bit;
            optional |= if *times == Times::Once { 0 } else { bit };
            repeated |= if *times == Times::AnyNumber { bit } else { 0 };
        }
        let mut takers = Box::new([0; EDGE + 1]);
        for (set, bits) in sets.iter().zip(of_sets).filter(|(_, bits)| *bits != 0) {
            set.symbols().for_each(|symbol| takers[symbol] |= bits);
        }
        Self { takers, optional, repeated, through: 1 << steps.len() }
    }

    /// Whether `text` goes through the sequence, or as far as anybody looks.
    fn fits<'a>(&self, text: impl Iterator<Item = &'a u8>) -> bool {
        let mut next = self.skip(1);
        // Beyond the end of the text there is nothing but that end.
        let text = text.map(|byte| usize::from(*byte)).chain(std::iter::repeat(EDGE));
        for symbol in text.take(SIGHT) {
            if next & self.through != 0 {
                return true;
            }
            let taken = next & self.takers[symbol];
            if taken == 0 {
                return false;
            }
            next = self.skip(taken << 1 | taken & self.repeated);
        }
        true
    }

    /// Whether a text that begins with `symbol` may go through.
    fn begins(&self, symbol: usize) -> bool {
        self.skip(1) & (self.takers[symbol] | self.through) != 0
    }

    /// What may follow any number of symbols that a name may hold, and more: which of them there
    /// are is not looked at.
    fn ends(&self) -> Set {
        let names = (0..EDGE).filter(|symbol| is_of_name(*symbol));
        let names = names.fold(0, |all, symbol| all | self.takers[symbol]);
        let mut reached = self.skip(1);
        loop {
            let taken = reached & names;
            let next = reached | self.skip(taken << 1 | taken & self.repeated);
            if next == reached {
                break;
            }
            reached = next;
        }
        let is_through = reached & self.through != 0;
        Set::of((0..=EDGE).filter(|symbol| is_through || reached & self.takers[*symbol] != 0))
    }

    /// Adds the steps after those that may be left out: a carry runs through each row of them.
    fn skip(&self, next: u64) -> u64 {
        next | (self.optional.wrapping_add(next & self.optional) ^ self.optional)
    }
}

#[cfg(test)]
impl Gates {
    /// Whether the pattern of a rule tells what to look for.
    pub(super) fn knows(&self, rule: usize) -> bool {
        self.of(&Wanted { rule: rule as u32, anchor: 0 }).is_some()
    }
}
