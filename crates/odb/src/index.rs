//! One list of all objects of several packs and of the loose ones, in order, each once.

use crate::ObjectId;
use crate::bytes::prefix;
use crate::pack::Pack;

/// Where one copy of an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Copy {
    Packed {
        pack: u32,
        position: u32,
    },
    /// A place in the list of loose objects.
    Loose(u32),
}

/// So many objects are looked for at once.
pub(crate) const AT_ONCE: usize = 32;

/// The order of all objects.
#[derive(Debug)]
pub(crate) struct Index {
    /// For each beginning of an id of `bits` bits, the number of the first object that has it or a
    /// greater one.
    starts: Vec<u32>,
    bits: u32,
    order: Order,
}

#[derive(Debug)]
enum Order {
    /// That of the only pack, which has each object once and nothing else is there.
    Single {
        pack: u32,
        count: u32,
    },
    Merged(Merged),
}

#[derive(Debug, Default)]
struct Merged {
    prefixes: Vec<u64>,
    /// The first copy of each object.
    firsts: Vec<(u32, u32)>,
    /// The other copies, with the numbers of their objects, in order.
    others: Vec<(u32, (u32, u32))>,
    /// For each pack the numbers of its objects in the order of its list.
    numbers: Vec<Vec<u32>>,
}

/// In place of a pack, for loose objects.
const LOOSE: u32 = u32::MAX;

fn copy((source, position): (u32, u32)) -> Copy {
    if source == LOOSE { Copy::Loose(position) } else { Copy::Packed { pack: source, position } }
}

impl Index {
    pub(crate) fn new(packs: &[Pack], loose: &[(ObjectId, u32)]) -> Self {
        let mut filled = (0..packs.len() as u32).filter(|&at| packs[at as usize].list.count() > 0);
        if let (Some(pack), None, true) = (filled.next(), filled.next(), loose.is_empty()) {
            let list = &packs[pack as usize].list;
            let count = list.count();
            let mut starts = Starts::new(count);
            let mut last: &[u8] = &[];
            let in_order = (0..count).all(|position| {
                let id = list.id(position);
                starts.add(prefix(id));
                std::mem::replace(&mut last, id) < id
            });
            if in_order {
                let (starts, bits) = starts.finish();
                return Self { starts, bits, order: Order::Single { pack, count } };
            }
        }
        let merged = Merged::new(packs, loose);
        let mut starts = Starts::new(merged.prefixes.len() as u32);
        merged.prefixes.iter().for_each(|&prefix| starts.add(prefix));
        let (starts, bits) = starts.finish();
        Self { starts, bits, order: Order::Merged(merged) }
    }

    pub(crate) fn len(&self) -> u32 {
        match &self.order {
            Order::Single { count, .. } => *count,
            Order::Merged(merged) => merged.firsts.len() as u32,
        }
    }

    /// The first copy of an object.
    pub(crate) fn first(&self, number: u32) -> Copy {
        match &self.order {
            Order::Single { pack, count } => {
                assert!(number < *count, "no object has that number");
                Copy::Packed { pack: *pack, position: number }
            }
            Order::Merged(merged) => copy(merged.firsts[number as usize]),
        }
    }

    /// All copies of an object, in order.
    pub(crate) fn copies(&self, number: u32) -> impl Iterator<Item = Copy> {
        let others: &[(u32, (u32, u32))] = match &self.order {
            Order::Single { .. } => &[],
            Order::Merged(merged) => {
                let start = merged.others.partition_point(|other| other.0 < number);
                let rest = &merged.others[start..];
                &rest[..rest.partition_point(|other| other.0 == number)]
            }
        };
        std::iter::once(self.first(number)).chain(others.iter().map(|other| copy(other.1)))
    }

    /// The number of an object by its position in the list of a pack.
    pub(crate) fn number(&self, pack: u32, position: u32) -> u32 {
        match &self.order {
            Order::Single { .. } => position,
            Order::Merged(merged) => merged.numbers[pack as usize][position as usize],
        }
    }

    /// Looks at what [`Self::with_prefix`] will look at for each of these beginnings. The looks do
    /// not wait for each other, so that what lies far away in memory comes all at once.
    pub(crate) fn approach(&self, wanted: impl Iterator<Item = u64>, packs: &[Pack]) {
        let mut places = [0; AT_ONCE];
        let mut count = 0;
        for (place, wanted) in places.iter_mut().zip(wanted) {
            *place = self.starts.get(slot(wanted, self.bits)).copied().unwrap_or(0);
            count += 1;
        }
        let last = self.len().saturating_sub(1);
        let seen = places[..count].iter().fold(0, |seen, place| {
            seen ^ if self.len() == 0 { 0 } else { self.prefix((*place).min(last), packs) }
        });
        std::hint::black_box(seen);
    }

    fn prefix(&self, number: u32, packs: &[Pack]) -> u64 {
        match &self.order {
            Order::Single { pack, .. } => prefix(packs[*pack as usize].list.id(number)),
            Order::Merged(merged) => merged.prefixes[number as usize],
        }
    }

    /// The numbers, from the first to one beyond the last, among which that of an object with such
    /// a beginning must be. `None` if there is none.
    pub(crate) fn with_prefix(&self, wanted: u64, packs: &[Pack]) -> Option<(u32, u32)> {
        let slot = slot(wanted, self.bits);
        let (mut low, end) = (*self.starts.get(slot)?, *self.starts.get(slot + 1)?);
        let mut high = end;
        while low < high {
            let middle = low.midpoint(high);
            if self.prefix(middle, packs) < wanted { low = middle + 1 } else { high = middle }
        }
        (low < end).then_some((low, end))
    }
}

impl Merged {
    fn new(packs: &[Pack], loose: &[(ObjectId, u32)]) -> Self {
        let id = |&(_, source, position): &(u64, u32, u32)| match source {
            LOOSE => loose[position as usize].0.as_bytes(),
            pack => packs[pack as usize].list.id(position),
        };
        let mut all = Vec::new();
        for (source, pack) in (0u32..).zip(packs) {
            let ids = 0..pack.list.count();
            all.extend(ids.map(|position| (prefix(pack.list.id(position)), source, position)));
        }
        all.extend((0u32..).zip(loose).map(|(at, (id, _))| (prefix(id.as_bytes()), LOOSE, at)));
        // Stable, which is quick at merging what is in order in parts, as this is.
        all.sort_by(|a, b| {
            let by_id = || id(a).cmp(id(b));
            a.0.cmp(&b.0).then_with(by_id).then_with(|| (a.1, a.2).cmp(&(b.1, b.2)))
        });
        let mut merged = Self {
            numbers: packs.iter().map(|pack| vec![0; pack.list.count() as usize]).collect(),
            ..Self::default()
        };
        let mut last: Option<&(u64, u32, u32)> = None;
        for entry in &all {
            let &(prefix, source, position) = entry;
            if last.is_some_and(|last| last.0 == prefix && id(last) == id(entry)) {
                merged.others.push((merged.firsts.len() as u32 - 1, (source, position)));
            } else {
                merged.prefixes.push(prefix);
                merged.firsts.push((source, position));
            }
            if source != LOOSE {
                let number = merged.firsts.len() as u32 - 1;
                merged.numbers[source as usize][position as usize] = number;
            }
            last = Some(entry);
        }
        merged
    }
}

/// The beginning of an id, of so many bits.
fn slot(prefix: u64, bits: u32) -> usize {
    prefix.checked_shr(64 - bits).unwrap_or(0) as usize
}

/// Counts beginnings of ids that come in order.
struct Starts {
    starts: Vec<u32>,
    bits: u32,
}

impl Starts {
    fn new(count: u32) -> Self {
        // About two ids for each beginning.
        let bits = count.checked_ilog2().unwrap_or(0).saturating_sub(1).min(24);
        Self { starts: vec![0; (1 << bits) + 1], bits }
    }

    fn add(&mut self, prefix: u64) {
        self.starts[slot(prefix, self.bits) + 1] += 1;
    }

    fn finish(mut self) -> (Vec<u32>, u32) {
        for at in 1..self.starts.len() {
            self.starts[at] += self.starts[at - 1];
        }
        (self.starts, self.bits)
    }
}
