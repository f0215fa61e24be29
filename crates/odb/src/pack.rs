//! A pack: its file, the list of what is in it, and the header before each object.
//!
//! The format is that of git's `gitformat-pack`, "pack-*.pack files have the following format".

use crate::bytes::be32;
use crate::fault::Fault;
use crate::forest::Forest;
use crate::idx::Idx;
use crate::map::Bytes;
use crate::midx::Midx;
use crate::{Format, Kind, ObjectId};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// What a pack is called and what it ends with: one that has the same of both has the same
/// objects, so that what was made of them once need not be made again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackName {
    /// The name of its file without what follows the last dot, as `pack-1f2e…`.
    pub name: String,
    /// The hash over all of it that it ends with. It is not computed again.
    pub checksum: ObjectId,
}

impl fmt::Display for PackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The longest header before an object: its kind and length, and the id of a base.
const HEADER: usize = 48;

/// What an object is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Whole.
    None(Kind),
    /// As a change to the object that begins there in the same pack.
    At(u64),
    /// As a change to the object of that name.
    Named(ObjectId),
}

/// What is said of an object before its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) base: Base,
    /// The length of what is stored, inflated: the object or the change.
    pub(crate) size: u64,
    /// Where the deflated bytes begin.
    pub(crate) data: u64,
}

/// An open pack.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) bytes: Bytes,
    pub(crate) name: PackName,
    pub(crate) list: List,
    /// Where the objects end and the check sum begins.
    pub(crate) end: u64,
    /// How many objects it says that it has.
    pub(crate) said: u32,
    format: Format,
    forest: OnceLock<Forest>,
}

/// What names the objects of a pack.
#[derive(Debug)]
pub(crate) enum List {
    Own(Idx),
    Shared { midx: Arc<Midx>, positions: Vec<u32> },
}

impl List {
    pub(crate) fn count(&self) -> u32 {
        match self {
            Self::Own(idx) => idx.count(),
            Self::Shared { positions, .. } => positions.len() as u32,
        }
    }

    pub(crate) fn id(&self, position: u32) -> &[u8] {
        match self {
            Self::Own(idx) => idx.id(position),
            Self::Shared { midx, positions } => midx.id(positions[position as usize]),
        }
    }

    pub(crate) fn offset(&self, position: u32) -> Option<u64> {
        match self {
            Self::Own(idx) => idx.offset(position),
            Self::Shared { midx, positions } => midx.offset(positions[position as usize]),
        }
    }

    pub(crate) fn find(&self, id: &ObjectId) -> Option<u32> {
        match self {
            Self::Own(idx) => idx.find(id),
            Self::Shared { midx, positions } => {
                let at = positions.binary_search_by(|&at| midx.id(at).cmp(id.as_bytes()));
                at.ok().map(|position| position as u32)
            }
        }
    }
}

impl Pack {
    /// Opens a pack. What is said in second place is wrong with it, but it can be read.
    pub(crate) fn open(
        path: &Path,
        list: List,
        format: Format,
        mapped: bool,
    ) -> Result<(Self, Option<Fault>), Fault> {
        let bytes = Bytes::open(path, mapped)?;
        let mut header = [0; 12];
        let read = bytes.read_at(&mut header, 0)?;
        let end = bytes.len().saturating_sub(format.id_len() as u64);
        if read < 12 || end < 12 || !header.starts_with(b"PACK") {
            return Err(Fault::corrupt("not a pack"));
        }
        if !matches!(header[4..8], [0, 0, 0, 2 | 3]) {
            return Err(Fault::corrupt("a pack of a version other than 2 and 3"));
        }
        let mut trailer = [0; 32];
        let trailer = &mut trailer[..format.id_len()];
        bytes.read_at(trailer, end)?;
        let checksum = ObjectId::from_bytes(trailer).ok_or_else(|| Fault::corrupt("not a pack"))?;
        let said = be32(&header, 8).unwrap_or(0);
        let wrong = match &list {
            List::Own(idx) if idx.pack_checksum() != trailer => {
                Some(Fault::corrupt("its index is for another pack, or it is cut short"))
            }
            List::Own(idx) if idx.count() != said => {
                Some(Fault::corrupt("its index has not as many objects as it has itself"))
            }
            _ => None,
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = PackName { name, checksum };
        let forest = OnceLock::new();
        Ok((Self { bytes, name, list, end, said, format, forest }, wrong))
    }

    /// What hangs on what, found out once. `outer` says what is known of an object that is not in
    /// this pack.
    pub(crate) fn forest(
        &self,
        threads: usize,
        outer: &dyn Fn(&ObjectId) -> Option<Option<Kind>>,
    ) -> &Forest {
        self.forest.get_or_init(|| Forest::new(self, threads, outer))
    }

    /// Reads the header of the object that begins at a place.
    pub(crate) fn entry(&self, offset: u64) -> Result<Entry, Fault> {
        if offset < 12 || offset >= self.end {
            return Err(Fault::corrupt("its place is outside of its pack"));
        }
        let mut scratch = [0; HEADER];
        let end = self.end.min(offset + HEADER as u64);
        let header = self.bytes.short(offset, end, &mut scratch)?;
        self.parse(header, offset)
            .ok_or_else(|| Fault::corrupt("what is at its place is no object"))
    }

    fn parse(&self, header: &[u8], offset: u64) -> Option<Entry> {
        let mut at = 0;
        let mut next = || {
            let byte = header.get(at).copied();
            at += 1;
            byte
        };
        let first = next()?;
        let mut size = u64::from(first & 0xf);
        let (mut byte, mut shift) = (first, 4);
        while byte & 0x80 != 0 {
            byte = next()?;
            if shift > 53 {
                return None;
            }
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        let base = match first >> 4 & 7 {
            1 => Base::None(Kind::Commit),
            2 => Base::None(Kind::Tree),
            3 => Base::None(Kind::Blob),
            4 => Base::None(Kind::Tag),
            6 => {
                let mut byte = next()?;
                let mut back = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = next()?;
                    back = (back + 1).checked_mul(128)? | u64::from(byte & 0x7f);
                }
                let base = offset.checked_sub(back)?;
                if back == 0 || base < 12 {
                    return None;
                }
                Base::At(base)
            }
            7 => {
                let id = header.get(at..)?.get(..self.format.id_len())?;
                at += self.format.id_len();
                Base::Named(ObjectId::from_bytes(id)?)
            }
            _ => return None,
        };
        Some(Entry { base, size, data: offset + at as u64 })
    }
}
