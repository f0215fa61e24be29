//! An object store: all packs and loose objects of a folder and of those it borrows from.

use crate::bytes::prefix;
use crate::fault::Fault;
use crate::forest::Forest;
use crate::idx::Idx;
use crate::index::{AT_ONCE, Copy, Index};
use crate::midx::Midx;
use crate::pack::{List, Pack, PackName};
use crate::read::Reader;
use crate::walk::{self, Selection};
use crate::{Format, Kind, ObjectId, Problem, Visitor};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{fs, io};

/// How a store is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// So many bytes of inflated objects are held at once by all threads of a walk. One object at
    /// a time, and what it is stored as a change to, may be held beyond that.
    pub memory: u64,
    /// Objects of more bytes than this are handed over in pieces if they are stored whole. Those
    /// that are stored as changes are made whole up to twice as many bytes, one at a time;
    /// above that they are a [`Problem`].
    pub largest: u64,
    /// Packs and their indexes are mapped into memory. Should a mapped file be cut short by
    /// somebody else, the system ends the process (`SIGBUS`); git never does that, it makes new
    /// files and unlinks old ones. `false` reads piece by piece instead, about as fast, and an
    /// index as a whole; a file that is cut short is then a problem like any other.
    pub mapped: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory: 192 << 20, largest: 64 << 20, mapped: true }
    }
}

/// A store could not be opened at all.
#[derive(Debug, thiserror::Error)]
#[error("the object store {path} cannot be read", path = path.display())]
pub struct OpenError {
    path: PathBuf,
    source: io::Error,
}

/// An open object store.
///
/// What is added to it on disk after it was opened is not seen. Objects are numbered from 0 in
/// the order of their ids.
#[derive(Debug)]
pub struct Store {
    format: Format,
    pub(crate) options: Options,
    pub(crate) packs: Vec<Pack>,
    names: Vec<PackName>,
    pub(crate) index: Index,
    folders: Vec<PathBuf>,
    loose: Vec<(ObjectId, u32)>,
    problems: Vec<Problem>,
    partial: bool,
}

impl Store {
    /// Opens the folder `objects` of a repository, and the folders that it borrows from. What
    /// cannot be read of them is listed by [`Store::problems`].
    ///
    /// # Errors
    ///
    /// The folder is not there, or may not be looked into.
    pub fn open(objects: &Path, format: Format, options: &Options) -> Result<Self, OpenError> {
        if let Err(source) = fs::read_dir(objects) {
            return Err(OpenError { path: objects.to_owned(), source });
        }
        let mut problems = Vec::new();
        let folders = crate::alternates::follow(objects, &mut problems);
        let mut found = Found { format, mapped: options.mapped, ..Found::default() };
        for folder in &folders {
            found.folder(folder);
        }
        let mut packs = found.packs;
        packs.sort_by(|a, b| a.name.cmp(&b.name));
        problems.append(&mut found.problems);
        problems.sort();
        problems.dedup();
        let mut loose = Vec::new();
        for (at, folder) in folders.iter().enumerate() {
            let ids = crate::loose::list(folder, format);
            loose.extend(ids.into_iter().map(|id| (id, at as u32)));
        }
        loose.sort();
        let index = Index::new(&packs, &loose);
        Ok(Self {
            format,
            options: Options { largest: options.largest.min(1 << 30), ..options.clone() },
            names: packs.iter().map(|pack| pack.name.clone()).collect(),
            packs,
            index,
            folders,
            loose,
            problems,
            partial: found.partial,
        })
    }

    /// By what hash its objects are named.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many objects it has, each counted once.
    pub fn len(&self) -> u32 {
        self.index.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of an object; `None` if it is not in the store.
    pub fn number(&self, id: &ObjectId) -> Option<u32> {
        if id.format() != self.format {
            return None;
        }
        let (mut number, end) = self.index.with_prefix(prefix(id.as_bytes()), &self.packs)?;
        while number < end {
            match self.id_bytes(number).cmp(id.as_bytes()) {
                std::cmp::Ordering::Less => number += 1,
                std::cmp::Ordering::Equal => return Some(number),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    /// The numbers of several objects, in their order; much faster than asking for one after the
    /// other, since a large index lies far away in memory.
    pub fn numbers<'i>(&'i self, ids: &'i [ObjectId]) -> impl Iterator<Item = Option<u32>> + 'i {
        ids.chunks(AT_ONCE).flat_map(|ids| {
            self.index.approach(ids.iter().map(|id| prefix(id.as_bytes())), &self.packs);
            ids.iter().map(|id| self.number(id))
        })
    }

    /// The name of an object.
    ///
    /// # Panics
    ///
    /// There is no object of that number.
    pub fn id(&self, number: u32) -> ObjectId {
        // All lists have ids of one length, which is a right one.
        ObjectId::from_bytes(self.id_bytes(number)).unwrap_or(ObjectId::zero(self.format))
    }

    fn id_bytes(&self, number: u32) -> &[u8] {
        match self.index.first(number) {
            Copy::Packed { pack, position } => self.packs[pack as usize].list.id(position),
            Copy::Loose(at) => self.loose[at as usize].0.as_bytes(),
        }
    }

    /// What an object is; `None` if that cannot be found out.
    ///
    /// # Panics
    ///
    /// There is no object of that number.
    pub fn kind(&self, number: u32) -> Option<Kind> {
        self.index.copies(number).find_map(|copy| Reader::kind(self, copy))
    }

    /// Reads an object of at most `limit` bytes. See [`Store::reader`] for reading many.
    ///
    /// # Errors
    ///
    /// It is corrupt, larger than that, or cannot be read.
    ///
    /// # Panics
    ///
    /// There is no object of that number.
    pub fn read(&self, number: u32, limit: u64) -> Result<(Kind, Vec<u8>), Problem> {
        self.reader().into_read(number, limit)
    }

    /// What reads one object after the other, with buffers of its own.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self)
    }

    /// What was found wrong on opening: packs without an index, indexes without a pack, what
    /// cannot be read or makes no sense, folders to borrow from that are not there.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The packs that are read, in the order of their names.
    pub fn packs(&self) -> &[PackName] {
        &self.names
    }

    /// The place in [`Store::packs`] of the pack that an object is read from; `None` if it is
    /// loose.
    ///
    /// # Panics
    ///
    /// There is no object of that number.
    pub fn pack_of(&self, number: u32) -> Option<usize> {
        match self.index.first(number) {
            Copy::Packed { pack, .. } => Some(pack as usize),
            Copy::Loose(_) => None,
        }
    }

    /// The places in [`Store::packs`] of all packs that an object is in; `None` for one that lies
    /// loose.
    ///
    /// # Panics
    ///
    /// There is no object of that number.
    pub fn packs_of(&self, number: u32) -> impl Iterator<Item = Option<usize>> {
        self.index.copies(number).map(|copy| match copy {
            Copy::Packed { pack, .. } => Some(pack as usize),
            Copy::Loose(_) => None,
        })
    }

    /// Whether objects may be missing because they were never asked for: it is of a partial clone.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Hands over every selected object once, to one visitor for each of `threads` threads, and
    /// returns these. An object always comes after the one that it is stored as a change to. The
    /// first of several copies is handed over, in the order of [`Store::packs`], loose ones last;
    /// another one in its stead if that one cannot be read.
    ///
    /// It ends early, without an error, once `cancel` is set.
    pub fn walk<V: Visitor>(
        &self,
        selection: &Selection<'_>,
        threads: usize,
        cancel: &AtomicBool,
        visitor: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        walk::run(self, selection, threads, cancel, visitor)
    }

    /// So many bytes may an object have that is held in memory.
    pub(crate) fn cap(&self) -> u64 {
        self.options.largest * 2
    }

    pub(crate) fn has_loose(&self) -> bool {
        !self.loose.is_empty()
    }

    /// The folder and the name of a loose object.
    pub(crate) fn loose(&self, at: u32) -> (&Path, &ObjectId) {
        let (id, folder) = &self.loose[at as usize];
        (&self.folders[*folder as usize], id)
    }

    /// What hangs on what in a pack.
    pub(crate) fn forest(&self, pack: u32, threads: usize) -> &Forest {
        let outer = |id: &ObjectId| {
            let number = self.number(id)?;
            let elsewhere =
                |copy: &Copy| !matches!(copy, Copy::Packed { pack: there, .. } if *there == pack);
            let copy = self.index.copies(number).find(elsewhere)?;
            Some(Reader::kind(self, copy))
        };
        self.packs[pack as usize].forest(threads, &outer)
    }
}

/// What was found in the folders.
struct Found {
    format: Format,
    mapped: bool,
    packs: Vec<Pack>,
    problems: Vec<Problem>,
    partial: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            format: Format::Sha1,
            mapped: true,
            packs: Vec::new(),
            problems: Vec::new(),
            partial: false,
        }
    }
}

/// What there is of a pack.
#[derive(Default)]
struct Parts {
    pack: bool,
    idx: bool,
}

impl Found {
    fn folder(&mut self, objects: &Path) {
        let folder = objects.join("pack");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                self.problems.push(Fault::from(error).about(folder.display()));
                return;
            }
        };
        let mut stems: BTreeMap<PathBuf, Parts> = BTreeMap::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            // Half-made files are called `tmp_…` and not yet part of the store.
            if !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"pack-")) {
                continue;
            }
            match path.extension().and_then(OsStr::to_str) {
                Some("pack") => stems.entry(path.with_extension("")).or_default().pack = true,
                Some("idx") => stems.entry(path.with_extension("")).or_default().idx = true,
                Some("promisor") => self.partial = true,
                _ => {}
            }
        }
        let mut midx = None;
        for (stem, parts) in stems {
            self.pack(&stem, &parts, &folder, &mut midx);
        }
    }

    fn pack(
        &mut self,
        stem: &Path,
        parts: &Parts,
        folder: &Path,
        midx: &mut Option<Option<Arc<Midx>>>,
    ) {
        let (path, idx) = (stem.with_extension("pack"), stem.with_extension("idx"));
        if !parts.pack {
            let fault = Fault::missing("the pack that this is the index of is not there");
            self.problems.push(fault.about(idx.display()));
            return;
        }
        let mut list = None;
        if parts.idx {
            match Idx::open(&idx, self.format, self.mapped) {
                Ok(idx) => list = Some(List::Own(idx)),
                Err(fault) => self.problems.push(fault.about(idx.display())),
            }
        }
        let list = list.or_else(|| {
            let midx = midx.get_or_insert_with(|| self.midx(folder)).clone()?;
            let positions = midx.in_pack(&stem.file_name()?.to_string_lossy());
            (!positions.is_empty()).then_some(List::Shared { midx, positions })
        });
        let Some(list) = list else {
            if !parts.idx {
                let fault = Fault::missing("the index of this pack is not there");
                self.problems.push(fault.about(path.display()));
            }
            return;
        };
        match Pack::open(&path, list, self.format, self.mapped) {
            Ok((pack, wrong)) => {
                self.packs.push(pack);
                self.problems.extend(wrong.map(|fault| fault.about(path.display())));
            }
            Err(fault) => self.problems.push(fault.about(path.display())),
        }
    }

    fn midx(&mut self, folder: &Path) -> Option<Arc<Midx>> {
        let path = folder.join("multi-pack-index");
        match Midx::open(&path, self.format, self.mapped) {
            Ok(midx) => Some(Arc::new(midx)),
            Err(fault) if fault.reason == crate::Reason::Missing => None,
            Err(fault) => {
                self.problems.push(fault.about(path.display()));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forged::{self, Forged, id};

    #[test]
    fn many_are_found_as_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = Store::open(folder.path(), Format::Sha1, &Options::default()).unwrap();
        assert_eq!(nothing.numbers(&[id(1)]).collect::<Vec<_>>(), [None]);
        for (name, numbers) in [("a", 0..100), ("b", 90..150)] {
            let mut forged = Forged::new();
            numbers.for_each(|number| {
                forged.blob(id(number), &number.to_be_bytes());
            });
            forged.write(folder.path(), name);
            let store = forged::open(folder.path(), &Options::default());
            let ids: Vec<ObjectId> = (0..200).map(id).collect();
            let one_by_one: Vec<_> = ids.iter().map(|id| store.number(id)).collect();
            assert_eq!(store.numbers(&ids).collect::<Vec<_>>(), one_by_one);
            assert_eq!(one_by_one.iter().flatten().count() as u32, store.len());
        }
    }
}
