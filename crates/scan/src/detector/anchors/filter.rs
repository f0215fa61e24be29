//! The tables that tell, from four bytes at a place, that no anchor can stand there.

use std::ops::Range;

/// How many bytes of a place the filter looks at.
pub(super) const WIDTH: usize = 4;

/// Pieces of different buckets never mix; more buckets let less through and cost more.
const BUCKETS: usize = GROUPS * 8;

/// Eight buckets share a table, a bit each.
pub(super) const GROUPS: usize = 4;

/// Of how many pieces of an anchor, its rarest, the one that fits best is taken.
const CHOICES: usize = 6;

/// How often each byte stands in source text, of 100,000: a mean over the sources of many Rust
/// and C libraries. Only the order of the pieces depends on it, never what is found.
const ASCII: [u16; 128] = [
    400, 25, 31, 13, 8, 5, 6, 5, 5, 274, 2719, 5, 4, 39, 3, 9, 3, 4, 3, 3, 3, 2, 3, 3, 3, 10, 4, 5,
    4, 8, 6, 5, 19025, 188, 976, 362, 88, 96, 200, 214, 1124, 1123, 468, 75, 1785, 465, 765, 1403,
    1291, 853, 655, 551, 389, 323, 423, 238, 341, 245, 1707, 775, 185, 702, 341, 65, 27, 550, 283,
    440, 342, 688, 319, 182, 136, 524, 20, 82, 408, 234, 430, 425, 327, 63, 448, 574, 635, 235,
    150, 92, 75, 81, 30, 303, 340, 305, 21, 1945, 245, 3063, 1075, 1904, 1709, 5531, 1355, 913,
    1021, 2966, 58, 328, 1921, 1286, 3074, 2787, 1648, 202, 3277, 2983, 4430, 1914, 451, 476, 763,
    629, 146, 415, 73, 414, 5, 8,
];

/// How often any byte above ASCII stands in text.
const BEYOND_ASCII: u16 = 10;

fn frequency(byte: u8) -> f32 {
    f32::from(ASCII.get(usize::from(byte)).copied().unwrap_or(BEYOND_ASCII)) / 1e5
}

/// Both cases of a letter where case does not count, twice the same byte otherwise.
fn cases(byte: u8, any_case: bool) -> [u8; 2] {
    if any_case { [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] } else { [byte; 2] }
}

fn share(byte: u8, any_case: bool) -> f32 {
    let [one, other] = cases(byte, any_case);
    frequency(one) + if one == other { 0.0 } else { frequency(other) }
}

/// An anchor, and whether its case does not count.
pub(super) type Anchor<'a> = (&'a [u8], bool);

/// How often a text stands in text, if one byte told nothing of the next.
fn rarity((text, any_case): Anchor<'_>) -> f32 {
    text.iter().map(|byte| share(*byte, any_case)).product()
}

/// Where the pieces of an anchor begin, the rarest first, and how long they all are: [`WIDTH`]
/// bytes, or all of a shorter anchor.
fn pieces((text, any_case): Anchor<'_>) -> (Vec<usize>, usize) {
    let width = text.len().min(WIDTH);
    let rarity = |at: usize| rarity((&text[at..at + width], any_case));
    let mut places: Vec<usize> = (0..=text.len() - width).collect();
    places.sort_by(|a, b| rarity(*a).total_cmp(&rarity(*b)));
    places.truncate(CHOICES);
    (places, width)
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
    pub(super) exact: Box<[[u32; 256]; WIDTH]>,
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

fn halves(exact: &[[u32; 256]; WIDTH], first: usize) -> Halves {
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
fn lowers(exact: &[[u32; 256]; WIDTH], first: usize) -> Lowers {
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
    fn new() -> Self {
        let mut sums = vec![[[0.0; 256]; 2]; 16];
        for (high, halves) in (0u8..).zip(&mut sums) {
            for (half, sets) in (0u8..).zip(halves) {
                for set in 1..256usize {
                    let low = set.trailing_zeros() as u8 + 8 * half;
                    sets[set] = sets[set & (set - 1)] + frequency(high << 4 | low);
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

    fn of_all(&self, columns: &[Taken; WIDTH]) -> f32 {
        columns.iter().map(|taken| self.of(*taken)).product()
    }
}

/// Takes of each anchor the piece, and puts it into the bucket, that thereby let the least more
/// text through.
fn distribute(anchors: &[Anchor<'_>]) -> Vec<(usize, Range<usize>)> {
    let odds = Odds::new();
    let choices: Vec<_> = anchors.iter().map(|anchor| pieces(*anchor)).collect();
    let mut order: Vec<_> = (0..anchors.len())
        .map(|index| {
            let ((text, any_case), (places, width)) = (anchors[index], &choices[index]);
            let rarest = places.first().copied().unwrap_or_default();
            (rarity((&text[rarest..rarest + width], any_case)), index)
        })
        .collect();
    // The common ones first: what is common anyway then gathers in few buckets.
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut buckets = [([Taken::default(); WIDTH], 0.0_f32); BUCKETS];
    let mut placed = vec![(0, 0..0); anchors.len()];
    for (_, index) in order {
        let ((text, any_case), (places, width)) = (anchors[index], &choices[index]);
        let mut best = (f32::INFINITY, buckets[0]);
        for place in places {
            let piece = *place..*place + width;
            let taken = Taken::by((&text[piece.clone()], any_case));
            for (bucket, (columns, before)) in buckets.iter().enumerate() {
                let wider = std::array::from_fn(|column| columns[column].with(taken[column]));
                let after = odds.of_all(&wider);
                if after - before < best.0 {
                    best = (after - before, (wider, after));
                    placed[index] = (bucket, piece.clone());
                }
            }
        }
        buckets[placed[index].0] = best.1;
    }
    placed
}
