//! The tables that tell, from four bytes at a place, that no anchor can stand there.

use std::collections::BTreeMap;
use std::ops::Range;

/// How many bytes of a place the filter looks at.
pub(super) const WIDTH: usize = 4;

/// Pieces of different buckets never mix; more buckets let less through and cost more.
const BUCKETS: usize = GROUPS * 8;

/// Eight buckets share a table, a bit each.
pub(super) const GROUPS: usize = 8;

/// Of how many pieces of an anchor, its rarest, the one that fits best is taken.
const CHOICES: usize = 6;

/// How many places that the filter lets through by mistake cost as much as one where a piece
/// really stands.
const LOOKED_AT: f32 = 8.0;

/// Both cases of a letter where case does not count, twice the same byte otherwise.
fn cases(byte: u8, any_case: bool) -> [u8; 2] {
    if any_case { [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] } else { [byte; 2] }
}

/// An anchor, and whether its case does not count.
pub(super) type Anchor<'a> = (&'a [u8], bool);

/// How often bytes and pairs of bytes stand in source text, as `benches/pairs.py` counted them.
/// Only the choice of the pieces depends on it, never what is found.
struct Frequencies {
    /// By the symbol of each of two bytes.
    pairs: Vec<[f32; SYMBOLS]>,
    single: [f32; SYMBOLS],
}

/// The printable bytes of ASCII, and one symbol for all others.
const SYMBOLS: usize = 96;

fn symbol(byte: u8) -> usize {
    usize::from(byte).checked_sub(32).map_or(SYMBOLS - 1, |symbol| symbol.min(SYMBOLS - 1))
}

impl Frequencies {
    fn new() -> Self {
        let of = |letter: u8| (-f32::from(letter.saturating_sub(b'!')) / 2.0).exp2();
        let shares: Vec<f32> = (0..=u8::MAX).map(of).collect();
        let lines = include_bytes!("pairs.txt").split(|byte| *byte == b'\n');
        let pair = |line: &[u8], second: usize| {
            line.get(second).map_or(0.0, |letter| shares[usize::from(*letter)])
        };
        let row = |line: &[u8]| std::array::from_fn(|second| pair(line, second));
        let pairs: Vec<[f32; SYMBOLS]> = lines.take(SYMBOLS).map(row).collect();
        let mut single = [0.0; SYMBOLS];
        for (single, row) in single.iter_mut().zip(&pairs) {
            *single = row.iter().sum();
        }
        Self { pairs, single }
    }

    fn of(&self, byte: u8) -> f32 {
        match symbol(byte) {
            other if other == SYMBOLS - 1 => self.single[other] / (256 - SYMBOLS + 1) as f32,
            printable => self.single[printable],
        }
    }

    /// How often a text stands in text, if a byte told of no other than the next.
    fn of_text(&self, (text, any_case): Anchor<'_>) -> f32 {
        let mut before: Option<[(usize, f32); 2]> = None;
        for byte in text {
            let [one, other] = cases(*byte, any_case).map(symbol);
            let up_to = |this: usize| match before {
                None => self.single[this],
                Some(before) => before
                    .iter()
                    .map(|(last, share)| share * self.pairs[*last][this] / self.single[*last])
                    .sum(),
            };
            before =
                Some([(one, up_to(one)), (other, if one == other { 0.0 } else { up_to(other) })]);
        }
        before.map_or(1.0, |[(_, one), (_, other)]| one + other)
    }
}

/// The pieces of an anchor, the rarest first: [`WIDTH`] bytes, or all of a shorter anchor.
fn pieces((text, any_case): Anchor<'_>, frequencies: &Frequencies) -> Choice {
    let width = text.len().min(WIDTH);
    let place = |at: usize| (frequencies.of_text((&text[at..at + width], any_case)), at);
    let mut places: Vec<_> = (0..=text.len() - width).map(place).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    places.truncate(CHOICES);
    Choice { places, width }
}

struct Choice {
    /// How often each piece stands in text, and where in the anchor it begins.
    places: Vec<(f32, usize)>,
    width: usize,
}

/// The halves of bytes: by column and half, for each value the buckets that take it.
pub(super) type Halves = [[[u8; 16]; 2]; WIDTH];

/// The lower six bits of bytes: by column, for each value of these the buckets that take it.
#[cfg(target_arch = "x86_64")]
pub(super) type Lowers = [[u8; 64]; WIDTH];

/// For every place of four bytes a set of buckets; a bucket that holds no piece like them is not
/// in it.
pub(super) struct Filter {
    /// By column and byte, a bit for each bucket that has a piece with that byte there.
    pub(super) exact: Box<[[u64; 256]; WIDTH]>,
    /// The same by halves of bytes and group of buckets: what a vector of bytes can be looked up
    /// in at once.
    pub(super) groups: Box<[Halves; GROUPS]>,
    /// The same by the lower bits of bytes, for processors that look up in longer tables.
    #[cfg(target_arch = "x86_64")]
    pub(super) lowers: Box<[Lowers; GROUPS]>,
}

impl Filter {
    /// A filter for these anchors, and the piece of each that it lets through.
    pub(super) fn new(anchors: &[Anchor<'_>]) -> (Self, Vec<Range<usize>>) {
        let placed = distribute(anchors);
        let mut exact = Box::new([[0; 256]; WIDTH]);
        for ((text, any_case), (bucket, piece)) in anchors.iter().zip(&placed) {
            for (column, bytes) in exact.iter_mut().enumerate() {
                match text[piece.clone()].get(column) {
                    Some(byte) => cases(*byte, *any_case)
                        .iter()
                        .for_each(|byte| bytes[usize::from(*byte)] |= 1 << bucket),
                    None => bytes.iter_mut().for_each(|set| *set |= 1 << bucket),
                }
            }
        }
        let filter = Self {
            groups: Box::new(std::array::from_fn(|group| halves(&exact, group * 8))),
            #[cfg(target_arch = "x86_64")]
            lowers: Box::new(std::array::from_fn(|group| lowers(&exact, group * 8))),
            exact,
        };
        (filter, placed.into_iter().map(|(_, piece)| piece).collect())
    }
}

fn halves(exact: &[[u64; 256]; WIDTH], first: usize) -> Halves {
    let mut tables = [[[0; 16]; 2]; WIDTH];
    for (bytes, [low, high]) in exact.iter().zip(&mut tables) {
        for (byte, set) in bytes.iter().enumerate() {
            let set = (set >> first) as u8;
            low[byte & 15] |= set;
            high[byte >> 4] |= set;
        }
    }
    tables
}

#[cfg(target_arch = "x86_64")]
fn lowers(exact: &[[u64; 256]; WIDTH], first: usize) -> Lowers {
    let mut tables = [[0; 64]; WIDTH];
    for (bytes, table) in exact.iter().zip(&mut tables) {
        for (byte, set) in bytes.iter().enumerate() {
            table[byte & 63] |= (set >> first) as u8;
        }
    }
    tables
}

/// Which low and high halves of a byte a bucket takes at one column.
#[derive(Clone, Copy, Default, PartialEq)]
struct Taken {
    low: u16,
    high: u16,
}

impl Taken {
    const ALL: Self = Self { low: u16::MAX, high: u16::MAX };

    /// What the piece takes at each column.
    fn by((piece, any_case): Anchor<'_>) -> [Self; WIDTH] {
        let mut columns = [Self::ALL; WIDTH];
        for (column, byte) in columns.iter_mut().zip(piece) {
            *column = Self::default();
            for byte in cases(*byte, any_case) {
                column.low |= 1 << (byte & 15);
                column.high |= 1 << (byte >> 4);
            }
        }
        columns
    }

    fn with(self, other: Self) -> Self {
        Self { low: self.low | other.low, high: self.high | other.high }
    }
}

/// How often bytes with given halves stand in text.
struct Odds {
    /// By high half, then by which half of the low halves, then by their set.
    sums: Vec<[[f32; 256]; 2]>,
}

impl Odds {
    fn new(frequencies: &Frequencies) -> Self {
        let mut sums = vec![[[0.0; 256]; 2]; 16];
        for (high, halves) in (0u8..).zip(&mut sums) {
            for (half, sets) in (0u8..).zip(halves) {
                for set in 1..256usize {
                    let low = set.trailing_zeros() as u8 + 8 * half;
                    sets[set] = sets[set & (set - 1)] + frequencies.of(high << 4 | low);
                }
            }
        }
        Self { sums }
    }

    fn of(&self, taken: Taken) -> f32 {
        if taken == Taken::ALL {
            return 1.0;
        }
        let mut odds = 0.0;
        let mut high = taken.high;
        while high != 0 {
            let [below, above] = &self.sums[high.trailing_zeros() as usize];
            odds += below[usize::from(taken.low & 255)] + above[usize::from(taken.low >> 8)];
            high &= high - 1;
        }
        odds
    }
}

/// Pieces that are let through together: what they take at each column, and how often that stands.
#[derive(Clone, Copy)]
struct Bucket {
    columns: [Taken; WIDTH],
    odds: [f32; WIDTH],
    /// How often it lets a place through.
    share: f32,
}

impl Bucket {
    const EMPTY: Self =
        Self { columns: [Taken { low: 0, high: 0 }; WIDTH], odds: [0.0; WIDTH], share: 0.0 };

    fn with(&self, taken: &[Taken; WIDTH], odds: &Odds) -> Self {
        let mut wider = *self;
        for ((column, odd), taken) in wider.columns.iter_mut().zip(&mut wider.odds).zip(taken) {
            let both = column.with(*taken);
            if both != *column {
                (*column, *odd) = (both, odds.of(both));
            }
        }
        wider.share = wider.odds.iter().product();
        wider
    }
}

/// The piece of each anchor, and the bucket that it goes to: as known beforehand, and for others
/// such that they cost the least.
fn distribute(anchors: &[Anchor<'_>]) -> Vec<(usize, Range<usize>)> {
    let known = Known::new();
    let mut placed: Vec<_> = anchors.iter().map(|anchor| known.of(*anchor)).collect();
    let new: Vec<_> = (0..anchors.len()).filter(|index| placed[*index].is_none()).collect();
    if !new.is_empty() {
        find_places(anchors, new, &mut placed);
    }
    placed.into_iter().map(Option::unwrap_or_default).collect()
}

/// A bucket, and where in an anchor its piece begins.
type Spot = (usize, usize);

/// Where the anchors that ship have their places, as `benches/places.py` found by counting in real
/// text. One that is not there, or has changed, finds a place of its own: only speed depends on it.
struct Known {
    /// By anchor and whether its case does not count: its bucket, and where its piece begins.
    places: BTreeMap<(Vec<u8>, bool), Spot>,
}

impl Known {
    fn new() -> Self {
        Self { places: include_str!("places.txt").lines().filter_map(Self::place).collect() }
    }

    /// Bucket, place, case and anchor of one line.
    fn place(line: &str) -> Option<((Vec<u8>, bool), Spot)> {
        let mut words = line.splitn(4, ' ');
        let mut number = || words.next()?.parse().ok();
        let (bucket, at) = (number()?, number()?);
        let any_case = words.next()? == "i";
        let mut anchor = Vec::new();
        let mut shown = words.next()?.split('\\');
        anchor.extend_from_slice(shown.next()?.as_bytes());
        for escaped in shown {
            anchor.push(u8::from_str_radix(escaped.get(..2)?, 16).ok()?);
            anchor.extend_from_slice(&escaped.as_bytes()[2..]);
        }
        Some(((anchor, any_case), (bucket, at)))
    }

    fn of(&self, (text, any_case): Anchor<'_>) -> Option<(usize, Range<usize>)> {
        let (bucket, at) = *self.places.get(&(text.to_vec(), any_case))?;
        let piece = at..at + text.len().min(WIDTH);
        (bucket < BUCKETS && piece.end <= text.len()).then_some((bucket, piece))
    }
}

/// Takes of each new anchor the piece, and puts it into the bucket, that thereby cost the least.
fn find_places(
    anchors: &[Anchor<'_>],
    mut new: Vec<usize>,
    placed: &mut [Option<(usize, Range<usize>)>],
) {
    let frequencies = Frequencies::new();
    let odds = Odds::new(&frequencies);
    let mut buckets = [Bucket::EMPTY; BUCKETS];
    for ((text, any_case), place) in anchors.iter().zip(placed.iter()) {
        if let Some((bucket, piece)) = place {
            let taken = Taken::by((&text[piece.clone()], *any_case));
            buckets[*bucket] = buckets[*bucket].with(&taken, &odds);
        }
    }
    let choices: BTreeMap<_, _> =
        new.iter().map(|index| (*index, pieces(anchors[*index], &frequencies))).collect();
    let rarest = |index: &usize| choices[index].places.first().map_or(0.0, |place| place.0);
    // The common ones first: what is common anyway then gathers in few buckets.
    new.sort_by(|a, b| rarest(b).total_cmp(&rarest(a)));
    for index in new {
        let ((text, any_case), Choice { places, width }) = (anchors[index], &choices[&index]);
        let mut best = (f32::INFINITY, 0, Bucket::EMPTY);
        'choice: for (share, place) in places {
            // None that follows is rarer, so that none can cost less.
            if LOOKED_AT * share >= best.0 {
                break;
            }
            let piece = *place..*place + width;
            let taken = Taken::by((&text[piece.clone()], any_case));
            for (number, bucket) in buckets.iter().enumerate() {
                let wider = bucket.with(&taken, &odds);
                let mistakes = wider.share - bucket.share;
                let cost = mistakes + LOOKED_AT * share;
                if cost < best.0 {
                    best = (cost, number, wider);
                    placed[index] = Some((number, piece.clone()));
                }
                // The others are more common, so that none can be much better.
                if mistakes < LOOKED_AT * share / 8.0 {
                    break 'choice;
                }
            }
        }
        buckets[best.1] = best.2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_shares_of_all_text() {
        let frequencies = Frequencies::new();
        assert_eq!(frequencies.pairs.len(), SYMBOLS);
        let all: f32 = (0..=u8::MAX).map(|byte| frequencies.of(byte)).sum();
        assert!((0.7..1.4).contains(&all), "{all}");
        let of = |text: &str, any_case| frequencies.of_text((text.as_bytes(), any_case));
        assert!(of("ecov", false) * 4.0 < of("code", false));
        assert!(of("xq_z", false) < of("http", false));
        assert!(of("http", false) < of("http", true));
    }

    #[test]
    fn an_anchor_is_looked_for_by_its_rarest_piece() {
        let anchors = [(&b"codecov"[..], true), (b"workspace", false), (b"ab", false)];
        let placed = distribute(&anchors);
        let piece = |at: usize| &anchors[at].0[placed[at].1.clone()];
        assert_eq!(piece(0), b"ecov");
        assert_eq!(piece(2), b"ab");
        assert_eq!(piece(1).len(), WIDTH);
    }

    #[test]
    fn what_is_known_of_anchors_is_read() {
        let known = Known::new();
        let lines = include_str!("places.txt").lines();
        assert_eq!(known.places.len(), lines.count());
        let place = |line| Known::place(line).unwrap();
        assert_eq!(place("63 2 i a b\\0ac"), ((b"a b\nc".to_vec(), true), (63, 2)));
        for broken in ["", "1 2", "1 x i a", "1 0 s \\x"] {
            assert_eq!(Known::place(broken), None, "{broken}");
        }
        let (bucket, piece) = known.of((b"-----BEGIN EC PRIVATE KEY-----", false)).unwrap();
        assert!(bucket < BUCKETS && piece.len() == WIDTH);
        assert_eq!(known.of((b"no anchor of any rule", false)), None);
    }
}
