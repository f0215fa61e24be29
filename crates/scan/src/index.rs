//! Git's index as it lies on disk, compared with a tree: what is staged, in milliseconds.
//!
//! The format is that of `gitformat-index(5)`, versions 2 to 4. The index remembers for each folder
//! which tree its entries make (the `TREE` extension), so that only folders in which something is
//! staged are looked at. Whatever is not understood is left to git2, which is slower.

use crate::staged::Staged;
use crate::store::{MOST_TREE, Shelf};
use crate::tree::{DEEPEST, Kind, entries};
use quietus_odb::{Format, ObjectId};
use std::collections::HashMap;
use std::ops::Range;

/// The bytes of an entry before its id.
const BEFORE_ID: usize = 40;

/// The kind of object in an entry's mode.
const TYPE: u32 = 0o170_000;
const SUBMODULE: u32 = 0o160_000;
const FOLDER: u32 = 0o040_000;

/// The flags of an entry: a second pair of them follows; the side of a conflict; not staged yet.
const EXTENDED: u16 = 0x4000;
const STAGE: u16 = 0x3000;
const INTENT_TO_ADD: u16 = 0x2000;

struct Entry {
    path: Vec<u8>,
    id: ObjectId,
    mode: u32,
    is_conflict: bool,
    is_promise: bool,
}

/// A folder whose entries make a known tree.
struct Folder {
    /// The tree, and how many entries it has below it; `None` when something in it has changed.
    tree: Option<(ObjectId, usize)>,
    folders: HashMap<Vec<u8>, Folder>,
}

struct Index {
    entries: Vec<Entry>,
    top: Option<Folder>,
}

/// What the index in `bytes` has otherwise than the tree `head`; `None` when it has to be read by
/// other means.
pub(crate) fn staged(
    bytes: &[u8],
    head: Option<&ObjectId>,
    format: Format,
    shelf: &impl Shelf,
) -> Option<Vec<Staged>> {
    let index = Index::parse(bytes, format)?;
    let mut compare = Compare { index: &index, format, shelf, found: Vec::new() };
    compare.folder(0..index.entries.len(), 0, index.top.as_ref(), head, 0)?;
    Some(compare.found)
}

impl Index {
    fn parse(bytes: &[u8], format: Format) -> Option<Self> {
        let rest = bytes.strip_prefix(b"DIRC")?;
        let (version, rest) = number(rest)?;
        let (count, rest) = number(rest)?;
        if !(2..=4).contains(&version) || count as usize > bytes.len() / (BEFORE_ID + 24) {
            return None;
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(count as usize);
        let mut at = bytes.len() - rest.len();
        for _ in 0..count {
            let before = entries.last().map_or(&b""[..], |entry| &entry.path);
            let (entry, len) = Entry::parse(&bytes[at..], version, format, before)?;
            // In order, so that folders are found by looking at their ends.
            if entries.last().is_some_and(|last| last.path > entry.path) {
                return None;
            }
            entries.push(entry);
            at += len;
        }
        let mut top = None;
        let end = bytes.len().checked_sub(format.id_len())?;
        while at < end {
            let name = bytes.get(at..at + 4)?;
            let (len, _) = number(bytes.get(at + 4..)?)?;
            let data = bytes.get(at + 8..(at + 8).checked_add(len as usize)?)?;
            match name {
                b"TREE" => top = Folder::parse(data, format, 0).map(|(_, folder, _)| folder),
                // What begins in lower case must be understood: a shared or a sparse index.
                [b'a'..=b'z', ..] => return None,
                _ => {}
            }
            at += 8 + len as usize;
        }
        // An index that was cut short is for git2 to complain about.
        (at == end).then_some(Self { entries, top })
    }
}

impl Entry {
    /// One entry and its length. `before` is the path of the one before it.
    fn parse(bytes: &[u8], version: u32, format: Format, before: &[u8]) -> Option<(Self, usize)> {
        let (mode, _) = number(bytes.get(24..)?)?;
        let id_end = BEFORE_ID + format.id_len();
        let id = ObjectId::from_bytes(bytes.get(BEFORE_ID..id_end)?)?;
        let flags = pair(bytes.get(id_end..)?)?;
        let mut at = id_end + 2;
        let mut is_promise = false;
        if flags & EXTENDED != 0 {
            is_promise = pair(bytes.get(at..)?)? & INTENT_TO_ADD != 0;
            at += 2;
        }
        let mut path = Vec::new();
        if version == 4 {
            let (dropped, len) = offset(bytes.get(at..)?)?;
            at += len;
            path.extend_from_slice(&before[..before.len().checked_sub(dropped)?]);
        }
        let rest = bytes.get(at..)?;
        let len = rest.iter().position(|byte| *byte == 0)?;
        path.extend_from_slice(&rest[..len]);
        at += len + 1;
        if version < 4 {
            at = at.next_multiple_of(8);
        }
        if path.is_empty() || at > bytes.len() {
            return None;
        }
        Some((Self { path, id, mode, is_conflict: flags & STAGE != 0, is_promise }, at))
    }
}

impl Folder {
    /// A folder with those below it: its name, itself, and what follows.
    fn parse(bytes: &[u8], format: Format, depth: usize) -> Option<(Vec<u8>, Self, &[u8])> {
        if depth > DEEPEST {
            return None;
        }
        let (name, rest) = split(bytes, 0)?;
        let (count, rest) = split(rest, b' ')?;
        let (below, mut rest) = split(rest, b'\n')?;
        let decimal = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i64>().ok();
        let mut tree = None;
        if let Ok(count) = usize::try_from(decimal(count)?) {
            tree = Some((ObjectId::from_bytes(rest.get(..format.id_len())?)?, count));
            rest = &rest[format.id_len()..];
        }
        let mut folders = HashMap::new();
        for _ in 0..decimal(below)? {
            let (name, folder, after) = Self::parse(rest, format, depth + 1)?;
            folders.insert(name, folder);
            rest = after;
        }
        Some((name.to_vec(), Self { tree, folders }, rest))
    }
}

struct Compare<'a, S> {
    index: &'a Index,
    format: Format,
    shelf: &'a S,
    found: Vec<Staged>,
}

impl<S: Shelf> Compare<'_, S> {
    /// Compares the entries of a folder, whose path has `len` bytes, with a tree.
    fn folder(
        &mut self,
        range: Range<usize>,
        len: usize,
        known: Option<&Folder>,
        tree: Option<&ObjectId>,
        depth: usize,
    ) -> Option<()> {
        let is_same = known
            .and_then(|folder| folder.tree.as_ref())
            .is_some_and(|(id, count)| Some(id) == tree && *count == range.len());
        if is_same {
            return Some(());
        }
        if depth > DEEPEST {
            return None;
        }
        let data = match tree {
            Some(tree) => self.shelf.object(tree, MOST_TREE as u64).ok()?.1,
            None => Vec::new(),
        };
        let there: HashMap<&[u8], (Kind, ObjectId)> =
            entries(&data, self.format).map(|entry| (entry.name, (entry.kind, entry.id))).collect();
        let all = &self.index.entries;
        let mut at = range.start;
        while at < range.end {
            let entry = &all[at];
            let name = &entry.path[len..];
            let Some(slash) = name.iter().position(|byte| *byte == b'/') else {
                self.file(entry, there.get(name));
                at += 1;
                continue;
            };
            let (folder, prefix) = (&name[..slash], &entry.path[..=len + slash]);
            let below = all[at..range.end].partition_point(|other| other.path.starts_with(prefix));
            let tree = there.get(folder).filter(|(kind, _)| *kind == Kind::Tree);
            let known = known.and_then(|known| known.folders.get(folder));
            let tree = tree.map(|(_, id)| id);
            self.folder(at..at + below, prefix.len(), known, tree, depth + 1)?;
            at += below;
        }
        Some(())
    }

    fn file(&mut self, entry: &Entry, there: Option<&(Kind, ObjectId)>) {
        let there = there.filter(|(kind, _)| *kind == Kind::Blob);
        let is_file = entry.mode & TYPE != SUBMODULE && entry.mode & TYPE != FOLDER;
        let is_same = there.is_some_and(|(_, id)| *id == entry.id) && !entry.is_conflict;
        if is_file && !is_same && !entry.is_promise {
            let is_new = there.is_none() && !entry.is_conflict;
            self.found.push(Staged { path: entry.path.clone(), blob: entry.id, is_new });
        }
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

fn pair(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk::<2>()?))
}

/// A number as version 4 has it, the greatest part first, and how many bytes it takes.
fn offset(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
        value += 1;
    }
    None
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == at)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}
