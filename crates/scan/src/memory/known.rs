//! Which objects were scanned, by their names alone: packs may be made anew of them at any time.
//!
//! Of each name eight bytes of a hash under the user's key are kept. So a set of a million takes
//! ten megabytes, and nobody can make an object that passes for one of it.

use super::bytes::{Reader, Writer};
use crate::gaps::Told;
use crate::history::{Count, TOO_LARGE};
use quietus_model::{FingerprintKey, Stats};
use quietus_odb::{Format, ObjectId, Store};
use std::hash::{DefaultHasher, Hash, Hasher};

/// In place of the seat of an object that has none.
const NONE: u32 = u32::MAX;

/// What a tree counts for, which nobody counts.
const UNCOUNTED: u32 = 0;

/// The names that were scanned.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// In their order, each once.
    tags: Vec<u64>,
    /// For each of these: one more than the bytes it counted for, or [`UNCOUNTED`].
    sizes: Vec<u32>,
}

/// How the objects of a store compare with what is known.
pub(super) struct Compared {
    /// By the number of an object whether it must be scanned.
    pub(super) is_new: Vec<bool>,
    /// What those count for that need not be.
    pub(super) kept: Stats,
    /// Whether any that was known is not there any more.
    pub(super) is_any_gone: bool,
    seats: Vec<u32>,
}

impl Compared {
    pub(super) fn is_any_new(&self) -> bool {
        self.is_new.contains(&true)
    }
}

/// Makes tags of names.
pub(super) struct Tags([u8; 32]);

impl Tags {
    pub(super) fn new(key: &FingerprintKey) -> Self {
        Self(key.for_purpose("quietus names of scanned objects").authenticate(b""))
    }

    pub(super) fn of(&self, id: &ObjectId) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.0, id.as_bytes()).hash(&mut hasher);
        hasher.finish()
    }
}

impl Known {
    /// All objects of a store that was scanned: `before` is what was known and how it compared,
    /// `counts` are those of the others, `walked` what could not be read of these.
    pub(super) fn of(
        store: &Store,
        tags: &Tags,
        before: Option<(&Self, &Compared)>,
        counts: &[Count],
        walked: &Told,
    ) -> Option<Self> {
        let mut sizes = vec![Some(UNCOUNTED); store.len() as usize];
        if let Some((known, compared)) = before {
            for (size, seat) in sizes.iter_mut().zip(&compared.seats) {
                *size = Some(known.sizes.get(*seat as usize).copied().unwrap_or(UNCOUNTED));
            }
        }
        for count in counts {
            sizes[count.number as usize] =
                count.bytes.checked_add(1).filter(|size| *size < TOO_LARGE);
        }
        // What could not be read is tried again, as is what hangs on how it is stored.
        for (_, subject) in walked.keys() {
            let number = store.number(&ObjectId::from_hex(subject)?)?;
            sizes[number as usize] = None;
        }
        let tagged = (0u32..).zip(sizes).filter_map(|(number, size)| {
            let size = size?;
            Some((tags.of(&store.id(number)), size))
        });
        let mut tagged: Vec<(u64, u32)> = tagged.collect();
        tagged.sort_unstable();
        let (tags, sizes) = tagged.into_iter().unzip();
        Some(Self { tags, sizes }).filter(Self::is_in_order)
    }

    fn is_in_order(&self) -> bool {
        self.tags.is_sorted_by(|a, b| a < b)
    }

    pub(super) fn compare(&self, store: &Store, tags: &Tags) -> Compared {
        let bits = self.tags.len().checked_ilog2().unwrap_or(0).clamp(1, 24);
        let slot = |tag: u64| (tag >> (64 - bits)) as usize;
        let mut starts = vec![0u32; (1 << bits) + 1];
        self.tags.iter().for_each(|tag| starts[slot(*tag) + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        let seat = |number: u32| {
            let tag = tags.of(&store.id(number));
            let range = starts[slot(tag)] as usize..starts[slot(tag) + 1] as usize;
            let at = self.tags[range.clone()].binary_search(&tag).ok();
            at.map_or(NONE, |at| (range.start + at) as u32)
        };
        let seats: Vec<u32> = (0..store.len()).map(seat).collect();
        let is_new = seats.iter().map(|seat| *seat == NONE).collect();
        let mut is_there = vec![false; self.tags.len()];
        seats.iter().filter(|seat| **seat != NONE).for_each(|seat| is_there[*seat as usize] = true);
        let mut kept = Stats::default();
        let there = self.sizes.iter().zip(&is_there).filter(|(_, is_there)| **is_there);
        for size in there.filter_map(|(size, _)| size.checked_sub(1)) {
            kept.objects += 1;
            kept.bytes += u64::from(size);
        }
        Compared { is_new, kept, is_any_gone: is_there.contains(&false), seats }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Whichever the format: there are no ids in it.
        let mut to = Writer::new(Format::Sha1);
        to.number(self.tags.len() as u64);
        self.tags.iter().for_each(|tag| to.fixed(&tag.to_le_bytes()));
        self.sizes.iter().for_each(|size| to.number(u64::from(*size)));
        to.finish().unwrap_or_default()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes, Format::Sha1);
        let len: usize = from.number()?;
        let tags = from.fixed(len.checked_mul(8)?)?.chunks_exact(8);
        let tags = tags.map(|tag| Some(u64::from_le_bytes(tag.try_into().ok()?)));
        let tags = tags.collect::<Option<Vec<_>>>()?;
        let sizes = (0..len).map(|_| from.number()).collect::<Option<Vec<u32>>>()?;
        Some(Self { tags, sizes }).filter(|known| from.is_at_end() && known.is_in_order())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let known = Known { tags: vec![3, 9, u64::MAX], sizes: vec![0, 1, 70_000] };
        let bytes = known.encode();
        assert_eq!(Known::decode(&bytes), Some(known));
        for at in 0..bytes.len() {
            assert_eq!(Known::decode(&bytes[..at]), None, "cut at {at}");
        }
        let twice = Known { tags: vec![9, 9], sizes: vec![0, 1] };
        assert_eq!(Known::decode(&twice.encode()), None);
    }

    #[test]
    fn nobody_without_the_key_knows_a_tag() {
        let [one, other] = [7, 8].map(|key| Tags::new(&FingerprintKey::new([key; 32])));
        let id = ObjectId::from_bytes(&[9; 20]).unwrap();
        assert_eq!(one.of(&id), one.of(&id));
        assert_ne!(one.of(&id), other.of(&id));
        assert_ne!(one.of(&id), one.of(&ObjectId::from_bytes(&[8; 20]).unwrap()));
    }
}
