//! Where the memory of one object store lies, for whom it holds, and what has changed since.

use super::file;
use super::record::Record;
use crate::heads::Tips;
use crate::run::Run;
use crate::store;
use git2::Repository;
use quietus_model::FingerprintKey;
use quietus_odb::{Format, Inventory};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::PathBuf;

/// The memory of one object store.
pub(super) struct Place {
    file: PathBuf,
    objects: PathBuf,
    format: Format,
    key: FingerprintKey,
    /// Everything besides the objects that decides what is found in them.
    context: String,
    /// What the store was made of before anything of it was read.
    pub(super) inventory: Inventory,
}

/// What has become of a store since it was scanned last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// There is more than there was, and what there was is still there.
    Grown,
    Other,
}

impl Place {
    /// Where what `repository` holds is remembered. `None` if nothing is to be.
    pub(super) fn of(repository: &Repository, run: &Run<'_>) -> Option<Self> {
        let folder = run.options.memory.as_deref()?;
        if !run.options.path_filter.is_empty() {
            return None;
        }
        let format = store::format(repository);
        let objects = repository.commondir().join("objects").canonicalize().ok()?;
        let name = Sha256::digest(objects.as_os_str().as_encoded_bytes());
        let name = data_encoding::HEXLOWER.encode(&name[..16]);
        Some(Self {
            file: folder.join(name),
            format,
            key: run.vault.key().for_purpose("quietus remembered scans"),
            context: context(format, run),
            inventory: Inventory::read(&objects, format).ok()?,
            objects,
        })
    }

    /// What was remembered, if it holds here.
    pub(super) fn recall(&self) -> Option<Record> {
        let bytes = file::read(&self.file, &self.key)?;
        Record::decode(&bytes, &self.context, self.format)
    }

    pub(super) fn keep(&self, record: &Record) {
        let bytes = record.encode(&self.context, self.format);
        // A scan that cannot be remembered is a scan all the same.
        if bytes.is_none_or(|bytes| file::write(&self.file, &self.key, bytes).is_err()) {
            self.forget();
        }
    }

    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(&self.file);
    }

    /// Whether the store is still what it was before it was read.
    pub(super) fn is_unchanged(&self) -> bool {
        Inventory::read(&self.objects, self.format).is_ok_and(|now| now == self.inventory)
    }

    pub(super) fn change(&self, record: &Record) -> Change {
        let (old, new) = (&record.inventory, &self.inventory);
        if old == new {
            return Change::None;
        }
        let is_kept = old.folders == new.folders
            && old.missing == new.missing
            && old.pieces.iter().all(|piece| {
                // Git makes it anew for each pack that comes.
                piece.name == b"multi-pack-index" || new.pieces.binary_search(piece).is_ok()
            });
        // Packs are told apart by their names.
        let mut names = HashSet::new();
        let is_plain = new.pieces.iter().filter_map(|piece| piece.pack()).all(|n| names.insert(n));
        if is_kept && is_plain && !record.is_missing { Change::Grown } else { Change::Other }
    }
}

fn context(format: Format, run: &Run<'_>) -> String {
    let rules = run.vault.detector().rules().digest();
    let key = run.vault.key().id();
    let largest = run.options.max_file_size;
    format!("{} {} {rules} {key} {largest} {format:?}", env!("CARGO_PKG_VERSION"), program())
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
