//! The index of a pack, version 2: ids in order, and where in the pack each of them is.
//!
//! The format is that of git's `gitformat-pack`, "Version 2 pack-*.idx files".

use crate::bytes::{be32, be64};
use crate::fault::Fault;
use crate::map::Image;
use crate::{Format, ObjectId};
use std::path::Path;

const MAGIC: &[u8] = b"\xfftOc\0\0\0\x02";
const FANOUT: usize = 8;
const IDS: usize = FANOUT + 256 * 4;

/// An open index.
#[derive(Debug)]
pub(crate) struct Idx {
    image: Image,
    count: usize,
    id_len: usize,
}

impl Idx {
    pub(crate) fn open(path: &Path, format: Format, mapped: bool) -> Result<Self, Fault> {
        let image = Image::open(path, mapped)?;
        if !image.starts_with(MAGIC) {
            return Err(Fault::corrupt("not an index of version 2"));
        }
        let count = fanout(&image, FANOUT)?;
        let idx = Self { image, count, id_len: format.id_len() };
        let least = idx.large() + 2 * idx.id_len;
        if idx.image.len() < least || !(idx.image.len() - least).is_multiple_of(8) {
            return Err(Fault::corrupt("an index of the wrong length"));
        }
        Ok(idx)
    }

    /// How many objects it names.
    pub(crate) fn count(&self) -> u32 {
        self.count as u32
    }

    /// The id at a position.
    pub(crate) fn id(&self, position: u32) -> &[u8] {
        let at = IDS + position as usize * self.id_len;
        &self.image[at..at + self.id_len]
    }

    /// Where the object at a position begins; `None` if the index does not say after all.
    pub(crate) fn offset(&self, position: u32) -> Option<u64> {
        let offset = be32(&self.image, self.offsets() + position as usize * 4)?;
        if offset >> 31 == 0 {
            return Some(u64::from(offset));
        }
        let end = self.image.len() - 2 * self.id_len;
        be64(&self.image[..end], self.large() + (offset & 0x7fff_ffff) as usize * 8)
    }

    /// The check sum of the pack that it is for.
    pub(crate) fn pack_checksum(&self) -> &[u8] {
        let end = self.image.len() - self.id_len;
        &self.image[end - self.id_len..end]
    }

    /// The position of an id.
    pub(crate) fn find(&self, id: &ObjectId) -> Option<u32> {
        let id = id.as_bytes();
        let bound =
            |at: usize| be32(&self.image, FANOUT + at * 4).map_or(0, |bound| bound as usize);
        let first = usize::from(*id.first()?);
        let low = if first == 0 { 0 } else { bound(first - 1) };
        find(&self.image[IDS..IDS + self.count * self.id_len], id, low, bound(first))
    }

    fn offsets(&self) -> usize {
        IDS + self.count * (self.id_len + 4)
    }

    fn large(&self) -> usize {
        self.offsets() + self.count * 4
    }
}

/// Checks a fan-out table: for each first byte of an id, how many ids begin with it or a lesser
/// one. Says how many there are in all.
pub(crate) fn fanout(image: &[u8], at: usize) -> Result<usize, Fault> {
    let table = image.get(at..).and_then(|rest| rest.get(..256 * 4));
    let table = table.ok_or_else(|| Fault::corrupt("it is cut short"))?;
    let mut last = 0;
    for entry in table.chunks_exact(4) {
        let bound = be32(entry, 0).unwrap_or(0);
        if bound < last {
            return Err(Fault::corrupt("its table of counts goes down"));
        }
        last = bound;
    }
    // Each id takes more than a byte, which keeps the sums that are made of this in bounds.
    if last as usize > image.len() {
        return Err(Fault::corrupt("it counts more objects than it can name"));
    }
    Ok(last as usize)
}

/// The position of an id in a list in order, between two positions.
pub(crate) fn find(ids: &[u8], id: &[u8], mut low: usize, mut high: usize) -> Option<u32> {
    while low < high {
        let middle = low.midpoint(high);
        let there = ids.get(middle * id.len()..)?.get(..id.len())?;
        match there.cmp(id) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle as u32),
        }
    }
    None
}
