//! zip, by PKWARE's APPNOTE.TXT: the central directory, and whatever it keeps quiet about.

use super::stream;
use crate::bounds::Reason;
use crate::number::{le, place};
use crate::walk::Walk;
use memchr::memmem;
use std::collections::BTreeMap;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
/// The record at the end and the longest comment.
const TAIL: usize = 22 + 0xffff;

/// Whether it begins as a zip does, or as one with the signature of a browser extension before it.
pub(crate) fn looks_so(bytes: &[u8]) -> bool {
    bytes.starts_with(LOCAL) || bytes.starts_with(END) || bytes.starts_with(b"Cr24")
}

/// Whether a zip is appended, as to a program that unpacks itself.
pub(crate) fn is_appended(bytes: &[u8]) -> bool {
    end_record(bytes).is_some_and(|end| directory(bytes, end).is_some_and(|(at, _)| at < end))
}

/// An entry as a header has it.
struct Entry<'a> {
    name: &'a [u8],
    flags: u16,
    method: u16,
    crc: u32,
    /// Nothing where only what is behind the content says it.
    packed: Option<u64>,
    /// Where its local header lies.
    local: u64,
}

/// The record at the end.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(TAIL);
    memmem::rfind(&bytes[from..], END).map(|at| from + at)
}

/// Where the central directory lies, and how many bytes lie before the archive.
fn directory(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let (size, offset) = (place(bytes, end + 12, 4)?, place(bytes, end + 16, 4)?);
    if let Some(at) = end.checked_sub(size)
        && at >= offset
        && (size == 0 || bytes[at..].starts_with(CENTRAL))
    {
        return Some((at, at - offset));
    }
    // The numbers of zip64 lie before: a locator of 20 bytes says where, but the record itself, 56
    // bytes and more, is as easily found.
    let end64 = memmem::rfind(&bytes[..end], END64)?;
    let (size, offset) = (place(bytes, end64 + 40, 8)?, place(bytes, end64 + 48, 8)?);
    let at = end64.checked_sub(size)?;
    (at >= offset && bytes[at..].starts_with(CENTRAL)).then(|| (at, at - offset))
}

/// The entry at `at` of the central directory, and where the next lies.
fn central(bytes: &[u8], at: usize, before: usize) -> Option<(Entry<'_>, usize)> {
    if !bytes.get(at..)?.starts_with(CENTRAL) {
        return None;
    }
    let field = |offset, len| place(bytes, at + offset, len);
    let (name, extra, comment) = (field(28, 2)?, field(30, 2)?, field(32, 2)?);
    let name_end = at + 46 + name;
    let mut packed = le(bytes, at + 20, 4)?;
    let mut local = le(bytes, at + 42, 4)?;
    let unpacked = le(bytes, at + 24, 4)?;
    let extras = bytes.get(name_end..name_end + extra)?;
    if let Some(wide) = extra_field(extras, 1) {
        // Only those that did not fit are there, in this order.
        let mut next = usize::from(unpacked == 0xffff_ffff) * 8;
        for value in [&mut packed, &mut local] {
            if *value == 0xffff_ffff
                && let Some(wide) = le(wide, next, 8)
            {
                *value = wide;
                next += 8;
            }
        }
    }
    let entry = Entry {
        name: bytes.get(at + 46..name_end)?,
        flags: field(8, 2)? as u16,
        method: field(10, 2)? as u16,
        crc: le(bytes, at + 16, 4)? as u32,
        packed: Some(packed),
        local: local.saturating_add(before as u64),
    };
    Some((entry, name_end + extra + comment))
}

fn extra_field(mut extras: &[u8], wanted: u64) -> Option<&[u8]> {
    loop {
        let (id, len) = (le(extras, 0, 2)?, place(extras, 2, 2)?);
        let content = extras.get(4..4 + len)?;
        if id == wanted {
            return Some(content);
        }
        extras = &extras[4 + len..];
    }
}

/// The entry of the local header at `at`, and where its content begins.
fn local(bytes: &[u8], at: usize) -> Option<(Entry<'_>, usize)> {
    if !bytes.get(at..)?.starts_with(LOCAL) {
        return None;
    }
    let (name, extra) = (place(bytes, at + 26, 2)?, place(bytes, at + 28, 2)?);
    let name_end = at + 30 + name;
    let flags = le(bytes, at + 6, 2)? as u16;
    let mut packed = le(bytes, at + 18, 4)?;
    let extras = bytes.get(name_end..name_end + extra)?;
    if packed == 0xffff_ffff {
        packed = extra_field(extras, 1).and_then(|wide| le(wide, 8, 8)).unwrap_or(packed);
    }
    let entry = Entry {
        name: bytes.get(at + 30..name_end)?,
        flags,
        method: le(bytes, at + 8, 2)? as u16,
        crc: le(bytes, at + 14, 4)? as u32,
        packed: (flags & 8 == 0 || packed != 0).then_some(packed),
        local: at as u64,
    };
    Some((entry, name_end + extra))
}

/// What of the archive has been read: from where to where.
#[derive(Default)]
struct Read(BTreeMap<usize, usize>);

impl Read {
    /// Where that ends which `at` lies in.
    fn around(&self, at: usize) -> Option<usize> {
        self.0.range(..=at).next_back().map(|(_, &end)| end).filter(|&end| end > at)
    }

    fn is_free(&self, from: usize, to: usize) -> bool {
        self.around(from).is_none() && self.0.range(from..to).next().is_none()
    }

    /// Where the next begins.
    fn next(&self, at: usize) -> Option<usize> {
        self.0.range(at..).next().map(|(&start, _)| start)
    }
}

/// Opens a zip.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    let mut read = Read::default();
    let end = end_record(bytes);
    if let Some((mut at, before)) = end.and_then(|end| directory(bytes, end)) {
        while let Some((entry, next)) = central(bytes, at, before) {
            if walk.is_over() {
                return;
            }
            at = next;
            listed(walk, bytes, &entry, &mut read);
        }
        let comment = end.and_then(|end| Some(end + 22 + place(bytes, end + 20, 2)?));
        let whole = comment.is_some_and(|comment| comment <= bytes.len());
        if !whole || !bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PK")) {
            walk.gap(b"", Reason::Damaged);
        }
    } else {
        walk.gap(b"", Reason::Damaged);
    }
    unlisted(walk, bytes, &mut read);
}

/// An entry of the central directory.
fn listed(walk: &mut Walk<'_>, bytes: &[u8], entry: &Entry<'_>, read: &mut Read) {
    let at = usize::try_from(entry.local).unwrap_or(usize::MAX);
    match local(bytes, at) {
        Some((_, content)) => one(walk, bytes, entry, content, read),
        None => walk.gap(entry.name, Reason::Damaged),
    }
}

/// Entries that no directory lists: of an archive that was cut short, or hidden.
fn unlisted(walk: &mut Walk<'_>, bytes: &[u8], read: &mut Read) {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memmem::find(rest, LOCAL)) {
        if walk.is_over() {
            return;
        }
        let here = at + found;
        if let Some(end) = read.around(here) {
            at = end;
            continue;
        }
        if let Some((entry, content)) = local(bytes, here) {
            one(walk, bytes, &entry, content, read);
        }
        at = read.around(here).unwrap_or(here + LOCAL.len());
    }
}

/// Reads an entry whose content begins at `content`, unless it has been read.
fn one(walk: &mut Walk<'_>, bytes: &[u8], entry: &Entry<'_>, content: usize, read: &mut Read) {
    let start = usize::try_from(entry.local).unwrap_or(usize::MAX);
    let size = entry.packed.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    // Without a size, as far as the next entry that is known.
    let until = read.next(start).unwrap_or(bytes.len()).max(content);
    let end = size.map_or(until, |size| content.saturating_add(size));
    if !read.is_free(start, end.max(content)) {
        return walk.gap(entry.name, Reason::Overlapping);
    }
    let packed = &bytes[content.min(bytes.len())..end.min(bytes.len())];
    let mut taken = packed.len();
    if entry.flags & 1 != 0 {
        walk.gap(entry.name, Reason::Encrypted);
        taken = size.map_or(0, |_| taken);
    } else if entry.name.ends_with(b"/") && packed.is_empty() {
        // A folder.
    } else if entry.method == 0 {
        // Without a size, what is stored ends where the next header begins.
        let stored = match size {
            Some(_) => packed,
            None => &packed[..memmem::find(packed, b"PK").unwrap_or(packed.len())],
        };
        taken = stored.len();
        if end > bytes.len() || (size.is_some() && crc(stored) != entry.crc) {
            walk.gap(entry.name, Reason::Damaged);
        }
        walk.file(entry.name, stored);
    } else if let Some((made, used)) = stream::entry(walk, entry.method, packed) {
        if size.is_none() {
            taken = used.unwrap_or(taken);
        }
        let whole = made.end == stream::End::Whole;
        if whole && (end > bytes.len() || (size.is_some() && crc(&made.bytes) != entry.crc)) {
            walk.gap(entry.name, Reason::Damaged);
        }
        read.0.insert(start, (content + taken).min(bytes.len()));
        made.hand(walk, entry.name);
    } else {
        walk.gap(entry.name, Reason::Unsupported);
    }
    read.0.insert(start, (content + taken).min(bytes.len()));
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
