//! From four bytes at a place to the anchors that may stand there.

use super::filter::{Filter, WIDTH};
use super::gate::Near;
use crate::RuleProblem;
use quietus_model::Rule;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// How many bytes of an anchor are compared at once.
pub(super) const CORE: usize = size_of::<u64>();

/// An anchor and the rules that wait for it.
pub(super) struct Text {
    /// In lower case where case does not count.
    pub(super) bytes: Box<[u8]>,
    any_case: bool,
    /// Which bytes of it are looked for; the others only count once these are there.
    pub(super) core: Range<usize>,
    head: Head,
    /// Its piece, as the slots know it.
    key: u64,
    pub(super) wanted: Vec<Wanted>,
    /// What tells, for the first of them, that they wait in vain.
    pub(super) near: OnceLock<Box<Near>>,
}

/// A rule that waits for an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) rule: u32,
    /// Which of the rule's anchors it is.
    pub(super) anchor: u32,
}

impl Text {
    fn new(
        (bytes, any_case): (Box<[u8]>, bool),
        piece: &Range<usize>,
        wanted: Vec<Wanted>,
    ) -> Self {
        // The piece in the middle, as far as there is a middle.
        let spare = CORE.saturating_sub(piece.len());
        let last = bytes.len().saturating_sub(CORE);
        let first = piece.start.saturating_sub(spare / 2).min(last);
        let core = first..bytes.len().min(first + CORE);
        let head = Head::new(&bytes[core.clone()], any_case, piece.start - first);
        let key = key_of(&bytes[piece.clone()]);
        Self { bytes, any_case, core, head, key, wanted, near: OnceLock::new() }
    }

    /// Whether the core is all of it.
    #[inline]
    pub(super) fn is_core(&self) -> bool {
        self.bytes.len() <= CORE
    }

    /// Whether its core stands at `at`, where the bytes end soon.
    fn core_stands_at(&self, bytes: &[u8], at: usize) -> bool {
        self.is_same(&self.bytes[self.core.clone()], bytes, at)
    }

    /// Whether all of it stands at `start`.
    pub(super) fn stands_at(&self, bytes: &[u8], start: usize) -> bool {
        self.is_same(&self.bytes, bytes, start)
    }

    fn is_same(&self, part: &[u8], bytes: &[u8], start: usize) -> bool {
        let Some(there) = bytes.get(start..start + part.len()) else { return false };
        if self.any_case { there.eq_ignore_ascii_case(part) } else { there == part }
    }
}

/// The bytes of a core.
#[derive(Clone, Copy)]
struct Head {
    bytes: u64,
    /// The bits in which the two cases of its letters differ, where case does not count.
    case: u64,
    /// The bytes there are.
    used: u64,
    /// How many of them stand before the piece.
    before: usize,
}

impl Head {
    fn new(core: &[u8], any_case: bool, before: usize) -> Self {
        let mut head = Self { bytes: 0, case: 0, used: 0, before };
        for (at, byte) in core.iter().enumerate() {
            let has_case = any_case && byte.is_ascii_alphabetic();
            head.bytes |= u64::from(*byte) << (8 * at);
            head.case |= if has_case { 0x20 << (8 * at) } else { 0 };
            head.used |= 0xff << (8 * at);
        }
        head
    }

    #[inline]
    fn is(&self, there: u64) -> bool {
        (there | self.case) & self.used == self.bytes
    }
}

/// How many hashes are told apart before the slots are looked at; a power of two.
const HASHES: usize = 1 << 16;

/// How many pairs of bytes there are.
const PAIRS: usize = 1 << 16;

/// All anchors by the hash of their pieces.
pub(super) struct Pieces {
    texts: Vec<Text>,
    /// What is compared of each first, close together: most end here.
    heads: Vec<Head>,
    /// The widths there are of pieces that are shorter than [`WIDTH`] by two or more.
    shorter: Vec<Width>,
    /// Open addressing: the slot of a hash, or one of those that follow without a gap.
    slots: Vec<Slot>,
    /// A bit for each hash of a piece of [`WIDTH`] bytes or one less. The slots do not fit where these
    /// do, next to the processor.
    hashes: Box<[u64; HASHES / 64]>,
    /// A bit for the two bytes that a shorter piece begins with, all letters in one case.
    pairs: Box<[u64; PAIRS / 64]>,
    longest: usize,
}

/// The bit that tells the cases of a letter apart, in four bytes.
const ONE_CASE: u32 = 0x2020_2020;

/// Anchors with the same piece stand next to each other.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    first: u32,
    end: u32,
}

/// How many bytes a piece has.
#[derive(Clone, Copy)]
struct Width {
    used: u32,
    bytes: u64,
}

impl Width {
    const fn new(bytes: usize) -> Self {
        Self { used: u32::MAX >> (32 - 8 * bytes), bytes: (bytes as u64) << 32 }
    }

    /// As many of the first bytes of `word`, all letters in one case, and how many there are.
    #[inline]
    fn key(self, word: u32) -> u64 {
        u64::from((word | ONE_CASE) & self.used) | self.bytes
    }
}

/// A number of so many bits from a key.
#[inline]
fn hash(key: u64, bits: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - bits)) as usize
}

impl Pieces {
    pub(super) fn new(rules: &[Arc<Rule>]) -> Result<(Self, Filter), RuleProblem> {
        let texts = texts(rules)?;
        let anchors: Vec<_> =
            texts.iter().map(|((bytes, any_case), _)| (&**bytes, *any_case)).collect();
        let (filter, pieces) = Filter::new(&anchors);
        let text = |(piece, (anchor, wanted))| Text::new(anchor, piece, wanted);
        let mut texts: Vec<_> = pieces.iter().zip(texts).map(text).collect();
        let mut different: Vec<_> = pieces.iter().map(Range::len).collect();
        different.sort_unstable();
        different.dedup();
        let shorter =
            different.into_iter().filter(|bytes| *bytes < WIDTH - 1).map(Width::new).collect();
        texts.sort_by_key(|text| text.key);

        // Mostly empty, so that what the filter lets through by mistake ends at the first slot.
        let keys = texts.chunk_by(|a, b| a.key == b.key).count();
        let size = (keys * 4).next_power_of_two().max(64);
        let mut all = Self {
            slots: vec![Slot::default(); size],
            hashes: Box::new([0; HASHES / 64]),
            pairs: Box::new([0; PAIRS / 64]),
            longest: texts.iter().map(|text| text.bytes.len()).max().unwrap_or_default(),
            shorter,
            heads: texts.iter().map(|text| text.head).collect(),
            texts: Vec::new(),
        };
        let mut first = 0;
        for same in texts.chunk_by(|a, b| a.key == b.key) {
            let end = first + same.len() as u32;
            all.insert(Slot { key: same[0].key, first, end });
            first = end;
        }
        all.texts = texts;
        Ok((all, filter))
    }

    /// The anchor of a number.
    #[inline]
    pub(super) fn text(&self, number: u32) -> &Text {
        &self.texts[number as usize]
    }

    fn insert(&mut self, slot: Slot) {
        self.expect(slot.key);
        let mut at = self.slot_of(slot.key);
        while self.slots[at].key != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    #[inline]
    fn slot_of(&self, key: u64) -> usize {
        hash(key, self.slots.len().trailing_zeros())
    }

    /// Lets a piece through [`may_stand`](Self::may_stand).
    fn expect(&mut self, key: u64) {
        let (word, bytes) = (key as u32, (key >> 32) as usize);
        if bytes >= WIDTH - 1 {
            let bit = hash(key, HASHES.trailing_zeros());
            self.hashes[bit / 64] |= 1 << (bit % 64);
            return;
        }
        let seconds = if bytes == 1 { 0..=u16::from(u8::MAX) } else { 0..=0 };
        for second in seconds {
            let pair = usize::from(word as u16 | second << 8);
            self.pairs[pair / 64] |= 1 << (pair % 64);
        }
    }

    /// Whether a piece of [`WIDTH`] bytes may stand where the next four are `word`; in the second bit
    /// whether one of a byte less may, in the third whether a shorter one may.
    #[inline]
    fn expected(&self, word: u32) -> u64 {
        let bit = |width: Width| {
            let bit = hash(width.key(word), HASHES.trailing_zeros());
            self.hashes[bit / 64] >> (bit % 64) & 1
        };
        let pair = usize::from((word | ONE_CASE) as u16);
        let short = self.pairs[pair / 64] >> (pair % 64) & 1;
        bit(Width::new(WIDTH)) | bit(Width::new(WIDTH - 1)) << 1 | short << 2
    }

    /// Whether any piece may stand where the next four bytes are `word`.
    #[inline]
    pub(super) fn may_stand(&self, word: u32) -> bool {
        self.expected(word) != 0
    }

    /// The length of the longest anchor in bytes.
    #[inline]
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Tells `found` the anchors whose core stands in `bytes` with its piece at `at`, with their numbers
    /// and where it stands.
    #[inline]
    pub(super) fn cores(&self, bytes: &[u8], at: usize, mut found: impl FnMut(u32, &Text, usize)) {
        let word = word(bytes, at);
        let expected = self.expected(word);
        let mut tell = |width: Width| {
            for number in self.find(width.key(word)) {
                let head = &self.heads[number as usize];
                let Some(core) = at.checked_sub(head.before) else { continue };
                let there = bytes.get(core..).and_then(|rest| rest.first_chunk());
                if there.is_some_and(|there| !head.is(u64::from_le_bytes(*there))) {
                    continue;
                }
                let text = &self.texts[number as usize];
                if there.is_some() || text.core_stands_at(bytes, core) {
                    found(number, text, core);
                }
            }
        };
        if expected & 1 != 0 {
            tell(Width::new(WIDTH));
        }
        if expected & 2 != 0 {
            tell(Width::new(WIDTH - 1));
        }
        if expected & 4 != 0 {
            self.shorter.iter().for_each(|width| tell(*width));
        }
    }

    #[inline]
    fn find(&self, key: u64) -> Range<u32> {
        let mut at = self.slot_of(key);
        loop {
            let slot = &self.slots[at];
            if slot.key == key {
                return slot.first..slot.end;
            }
            if slot.key == 0 {
                return 0..0;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// The next four bytes, as far as there are any.
#[inline]
pub(super) fn word(text: &[u8], at: usize) -> u32 {
    let rest = text.get(at..).unwrap_or_default();
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut last = [0; WIDTH];
        last[..rest.len()].copy_from_slice(rest);
        last
    });
    u32::from_le_bytes(bytes)
}

fn key_of(piece: &[u8]) -> u64 {
    let mut word = [0; WIDTH];
    word[..piece.len()].copy_from_slice(piece);
    Width::new(piece.len()).key(u32::from_le_bytes(word))
}

/// An anchor and whether its case does not count, and the rules that wait for it.
type Waiting = ((Box<[u8]>, bool), Vec<Wanted>);

/// Each anchor once, with every rule that waits for it.
fn texts(rules: &[Arc<Rule>]) -> Result<Vec<Waiting>, RuleProblem> {
    let mut wanted: BTreeMap<(Box<[u8]>, bool), Vec<Wanted>> = BTreeMap::new();
    for (rule, of) in (0u32..).zip(rules) {
        for (anchor, text) in (0u32..).zip(&of.anchors) {
            if text.is_empty() {
                return Err(RuleProblem {
                    file: String::new(),
                    rule: of.id.to_string(),
                    what: "it has an empty anchor".into(),
                    advice: "name a text that stands in every match".into(),
                });
            }
            let any_case = of.anchors_any_case;
            let mut bytes: Box<[u8]> = text.as_bytes().into();
            if any_case {
                bytes.make_ascii_lowercase();
            }
            let waiting = wanted.entry((bytes, any_case)).or_default();
            // A rule that names an anchor twice still wants each occurrence once.
            if waiting.last().is_none_or(|last| last.rule != rule) {
                waiting.push(Wanted { rule, anchor });
            }
        }
    }
    Ok(wanted.into_iter().collect())
}
