//! The index of several packs, used for packs that have none of their own.
//!
//! The format is that of git's `gitformat-pack`, "multi-pack-index (MIDX) files have the following
//! format".

use crate::Format;
use crate::bytes::{be32, be64};
use crate::fault::Fault;
use crate::idx;
use crate::map::Image;
use std::ops::Range;
use std::path::Path;

/// An open index of several packs.
#[derive(Debug)]
pub(crate) struct Midx {
    image: Image,
    ids: Range<usize>,
    offsets: Range<usize>,
    large: Range<usize>,
    names: Vec<String>,
    count: usize,
    id_len: usize,
}

impl Midx {
    pub(crate) fn open(path: &Path, format: Format, mapped: bool) -> Result<Self, Fault> {
        let image = Image::open(path, mapped)?;
        let cut = || Fault::corrupt("an index of several packs that is cut short");
        let header = image.get(..12).ok_or_else(cut)?;
        let version = if format == Format::Sha1 { 1 } else { 2 };
        if !header.starts_with(b"MIDX") || !matches!(header[4], 1 | 2) || header[5] != version {
            return Err(Fault::corrupt("not an index of several packs of a known version"));
        }
        let packs = be32(header, 8).ok_or_else(cut)? as usize;
        let chunks = Chunks { image: &image, count: usize::from(header[6]) };
        let id_len = format.id_len();
        let (fan, ids) = (chunks.find(b"OIDF")?, chunks.find(b"OIDL")?);
        let (offsets, names) = (chunks.find(b"OOFF")?, chunks.find(b"PNAM")?);
        let large = chunks.find(b"LOFF").unwrap_or(0..0);
        let count = idx::fanout(&image[fan], 0)?;
        if ids.len() < count * id_len || offsets.len() < count * 8 {
            return Err(cut());
        }
        let names = image[names].split(|&byte| byte == 0).take(packs);
        let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        if names.len() < packs {
            return Err(cut());
        }
        Ok(Self { image, ids, offsets, large, names, count, id_len })
    }

    /// The positions of the objects that it names in a pack, by the name of the pack without what
    /// follows its last dot.
    pub(crate) fn in_pack(&self, stem: &str) -> Vec<u32> {
        let is =
            |name: &String| name.strip_suffix(".idx").or(name.strip_suffix(".pack")) == Some(stem);
        let Some(pack) = self.names.iter().position(is) else { return Vec::new() };
        (0..self.count as u32)
            .filter(|&position| {
                be32(&self.image, self.offsets.start + position as usize * 8) == Some(pack as u32)
            })
            .collect()
    }

    /// The id at a position.
    pub(crate) fn id(&self, position: u32) -> &[u8] {
        let at = self.ids.start + position as usize * self.id_len;
        &self.image[at..at + self.id_len]
    }

    /// Where the object at a position begins in its pack.
    pub(crate) fn offset(&self, position: u32) -> Option<u64> {
        let offset = be32(&self.image, self.offsets.start + position as usize * 8 + 4)?;
        // Without a table of large offsets, all 32 bits are the offset.
        if offset >> 31 == 0 || self.large.is_empty() {
            return Some(u64::from(offset));
        }
        be64(&self.image[self.large.clone()], (offset & 0x7fff_ffff) as usize * 8)
    }
}

/// The table that says where the parts of the file are.
struct Chunks<'a> {
    image: &'a [u8],
    count: usize,
}

impl Chunks<'_> {
    fn find(&self, name: &[u8; 4]) -> Result<Range<usize>, Fault> {
        let wrong =
            || Fault::corrupt(format!("its part {} is not there", String::from_utf8_lossy(name)));
        for entry in 0..self.count {
            let at = 12 + entry * 12;
            if self.image.get(at..at + 4) != Some(name) {
                continue;
            }
            let start = be64(self.image, at + 4).ok_or_else(wrong)?;
            let end = be64(self.image, at + 16).ok_or_else(wrong)?;
            if start > end || end > self.image.len() as u64 {
                return Err(wrong());
            }
            return Ok(start as usize..end as usize);
        }
        Err(wrong())
    }
}
