//! Where the memory of one object store lies, for whom it holds, and what has changed since.

use super::file::{self, Parts, Rest};
use super::known::{Known, Tags};
use super::record::{Record, Seal};
use super::sweep::{self, Of};
use crate::heads::Tips;
use crate::run::Run;
use crate::store::{self, MOST_TREE};
use git2::Repository;
use quietus_model::FingerprintKey;
use quietus_odb::{Format, Inventory, Piece};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::SystemTime;

/// The memory of one object store.
pub(super) struct Place {
    file: PathBuf,
    objects: PathBuf,
    format: Format,
    key: FingerprintKey,
    pub(super) tags: Tags,
    now: SystemTime,
    /// Objects of more bytes than this are read in another way.
    largest: u64,
    /// Everything besides the objects that decides what is found in them.
    context: String,
    /// What the store was made of before anything of it was read.
    pub(super) inventory: Inventory,
}

/// The memory of the scan before.
pub(super) struct Last {
    pub(super) record: Record,
    rest: Rest,
}

impl Last {
    /// The record, and the names of what was scanned.
    pub(super) fn open(self, place: &Place) -> Option<(Record, Known)> {
        let known = Known::decode(&self.rest.read(&place.key)?)?;
        Some((self.record, known))
    }
}

impl Place {
    /// Where what `repository` holds is remembered. `None` if nothing is to be.
    pub(super) fn of(repository: &Repository, run: &Run<'_>) -> Option<Self> {
        let folder = run.options.memory.as_deref()?;
        if !run.options.path_filter.is_empty() {
            return None;
        }
        let format = store::format(repository);
        let of = if run.vault.detector().seeks_known() { Of::Sought } else { Of::Rules };
        let objects = repository.commondir().join("objects").canonicalize().ok()?;
        Some(Self {
            file: folder.join(sweep::name(&objects, of)),
            format,
            key: run.vault.key().for_purpose("quietus remembered scans"),
            tags: Tags::new(run.vault.key()),
            now: run.vault.now().into(),
            largest: run.options.max_file_size,
            context: context(format, run),
            inventory: Inventory::read(&objects, format).ok()?,
            objects,
        })
    }

    /// What was remembered, if it holds here.
    pub(super) fn recall(&self) -> Option<Last> {
        let place = self.objects.as_os_str().as_encoded_bytes();
        let (head, rest) = file::read(&self.file, &self.key, place)?;
        Some(Last { record: Record::decode(&head, &self.context, self.format)?, rest })
    }

    /// Remembers it in place of what was remembered before, and makes room for that.
    pub(super) fn keep(&self, record: &Record, known: Option<&Known>) {
        let rest = known.map(Known::encode).unwrap_or_default();
        let place = self.objects.as_os_str().as_encoded_bytes();
        let written = record.encode(&self.context, self.format).is_some_and(|head| {
            let parts = Parts { place, head: &head, rest: &rest };
            file::write(&self.file, &self.key, &parts).is_ok()
        });
        // A scan that cannot be remembered is a scan all the same.
        if !written {
            return self.forget();
        }
        file::touch(&self.file, self.now);
        if let Some(folder) = self.file.parent() {
            sweep::sweep(folder, &self.file, self.now, sweep::MOST);
        }
    }

    /// Notes that what is remembered was of use.
    pub(super) fn note(&self) {
        let written = std::fs::metadata(&self.file).and_then(|file| file.modified());
        if written.is_ok_and(|written| sweep::is_older(written, self.now, sweep::A_DAY)) {
            file::touch(&self.file, self.now);
        }
    }

    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(&self.file);
    }

    /// Whether the store is still what it was before it was read.
    pub(super) fn is_unchanged(&self) -> bool {
        Inventory::read(&self.objects, self.format).is_ok_and(|now| now == self.inventory)
    }

    /// By what each piece is known again.
    pub(super) fn seals(&self) -> Vec<Seal> {
        let seal = |piece: &Piece| self.seal(piece).unwrap_or_default();
        self.inventory.pieces.iter().map(seal).collect()
    }

    /// The last bytes of a piece: two check sums of an index, one of a pack.
    fn seal(&self, piece: &Piece) -> Option<Seal> {
        let len = self.format.id_len() * if piece.pack().is_some() { 1 } else { 2 };
        let name = std::str::from_utf8(&piece.name).ok()?;
        let folder = self.inventory.folders.get(piece.folder as usize)?;
        let mut file = File::open(folder.join("pack").join(name)).ok()?;
        let mut seal = vec![0; len.min(usize::try_from(piece.size).ok()?)];
        file.seek(SeekFrom::Start(piece.size - seal.len() as u64)).ok()?;
        file.read_exact(&mut seal).ok()?;
        Some(seal)
    }

    /// Whether the store is what it was at the last scan. Git touches a pack when something is to
    /// be written that is in it already, and copies of a repository are younger than it is: a file
    /// of the same name, length and check sums counts as the same.
    pub(super) fn is_same(&self, record: &Record) -> bool {
        let (old, new) = (&record.inventory, &self.inventory);
        let is_same = |((old, new), seal): ((&Piece, &Piece), &Seal)| {
            let of = |piece: &Piece| (piece.folder, piece.name.clone(), piece.size);
            old == new
                || of(old) == of(new)
                    && (!seal.is_empty() || new.size == 0)
                    && self.seal(new).is_some_and(|now| now == *seal)
        };
        old.folders == new.folders
            && old.missing == new.missing
            && old.loose == new.loose
            && old.pieces.len() == new.pieces.len()
            && old.pieces.len() == record.seals.len()
            && old.pieces.iter().zip(&new.pieces).zip(&record.seals).all(is_same)
    }

    /// Whether it is enough to know which objects there were. Where folders may be too large to be
    /// held it hangs on how they are stored whether they are read, so that all packs must still be
    /// what they were.
    pub(super) fn goes_by_names(&self, record: &Record) -> bool {
        let (old, new) = (&record.inventory, &self.inventory);
        let is_there = |piece: &Piece| {
            // Git makes it anew for each pack that comes.
            piece.name == b"multi-pack-index" || new.pieces.binary_search(piece).is_ok()
        };
        self.largest >= MOST_TREE as u64
            || old.folders == new.folders && old.pieces.iter().all(is_there)
    }
}

fn context(format: Format, run: &Run<'_>) -> String {
    let rules = run.vault.detector().rules().digest();
    let sought = run.vault.detector().sought(run.vault.key());
    let sought: Vec<_> = sought.iter().map(ToString::to_string).collect();
    let engine = engine(format, run.vault.key(), run.options.max_file_size);
    format!("{engine} {rules} {sought:?}")
}

/// By what objects are read, whatever is looked for in them.
pub(super) fn engine(format: Format, key: &FingerprintKey, largest: u64) -> String {
    let key = key.id();
    let engine = (env!("CARGO_PKG_VERSION"), quietus_unpack::VERSION);
    format!("{engine:?} {} {key} {largest} {format:?}", program())
}

/// Which build of the program this is: versions are not told apart by their number alone while
/// they are made.
fn program() -> String {
    let of = std::env::current_exe().and_then(std::fs::metadata);
    of.map_or_else(|_| String::new(), |of| format!("{} {:?}", of.len(), of.modified().ok()))
}

/// What all refs lead to.
pub(super) fn digest(tips: &Tips) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for reference in &tips.refs {
        hasher.update((reference.name.len() as u64).to_le_bytes());
        hasher.update(&reference.name);
        hasher.update(reference.direct.as_bytes());
        hasher.update(reference.peeled.as_bytes());
    }
    hasher.finalize().into()
}
