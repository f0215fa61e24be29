//! What was looked for by its bytes at the heads of a store, and which objects were read for that: so
//! that a value is looked for once in each.
//!
//! ```text
//!                  old objects    new objects
//! known values     remembered     looked for
//! new values       looked for     looked for
//! ```
//!
//! It is written only after everything at the heads could be read. That a value was seen is told for as
//! long as the value is looked for, even when its object is at no head any more: who asks looks closer.

use super::bytes::{Reader, Writer};
use super::file::{self, Parts};
use super::known::Tags;
use super::place;
use super::sweep::{self, Of};
use crate::heads::Tips;
use crate::store;
use git2::Repository;
use jiff::Timestamp;
use quietus_model::{Fingerprint, FingerprintKey};
use quietus_odb::{Format, ObjectId};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The memory of the heads of one store.
pub(crate) struct Heads {
    file: PathBuf,
    objects: PathBuf,
    key: FingerprintKey,
    tags: Tags,
    now: SystemTime,
    context: String,
}

/// What was looked for, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// What the refs led to.
    tips: [u8; 32],
    /// The values, and whether each was seen.
    pub(crate) values: BTreeMap<Fingerprint, bool>,
    /// The trees and blobs that were read, by their tags; of a tree all that lies in it.
    read: HashSet<u64>,
}

impl Heads {
    /// Where that is remembered of a repository.
    pub(crate) fn of(
        repository: &Repository,
        folder: &Path,
        key: &FingerprintKey,
        largest: u64,
        now: Timestamp,
    ) -> Option<Self> {
        let objects = repository.commondir().join("objects").canonicalize().ok()?;
        Some(Self {
            file: folder.join(sweep::name(&objects, Of::Heads)),
            key: key.for_purpose("quietus remembered scans"),
            tags: Tags::new(key),
            now: now.into(),
            context: place::engine(store::format(repository), key, largest),
            objects,
        })
    }

    fn place(&self) -> &[u8] {
        self.objects.as_os_str().as_encoded_bytes()
    }

    /// What was remembered, if it holds here.
    pub(crate) fn recall(&self) -> Option<Shown> {
        let (head, rest) = file::read(&self.file, &self.key, self.place())?;
        Shown::decode(&head, &rest.read(&self.key)?, &self.context)
    }

    /// Remembers it in place of what was remembered before.
    pub(crate) fn keep(&self, shown: &Shown) {
        let (head, rest) = shown.encode(&self.context);
        let parts = Parts { place: self.place(), head: &head, rest: &rest };
        if file::write(&self.file, &self.key, &parts).is_err() {
            let _ = std::fs::remove_file(&self.file);
            return;
        }
        file::touch(&self.file, self.now);
        if let Some(folder) = self.file.parent() {
            sweep::sweep(folder, &self.file, self.now, sweep::MOST);
        }
    }

    /// Whether an object was read.
    pub(crate) fn is_read(&self, shown: &Shown, id: &ObjectId) -> bool {
        shown.read.contains(&self.tags.of(id))
    }

    /// Notes that an object was read, with all that lies in it.
    pub(crate) fn note(&self, shown: &mut Shown, id: &ObjectId) {
        shown.read.insert(self.tags.of(id));
    }
}

impl Shown {
    /// Whether refs lead to what they led to then.
    pub(crate) fn is_as_of(&self, tips: &Tips) -> bool {
        self.tips == place::digest(tips)
    }

    /// Refs lead there now.
    pub(crate) fn date(&mut self, tips: &Tips) {
        self.tips = place::digest(tips);
    }

    /// What was read then and now.
    pub(crate) fn with(mut self, now: Self) -> Self {
        self.read.extend(now.read);
        Self { tips: now.tips, ..self }
    }

    fn encode(&self, context: &str) -> (Vec<u8>, Vec<u8>) {
        // Whichever the format: there are no ids in it.
        let mut head = Writer::new(Format::Sha1);
        head.bytes(context.as_bytes());
        head.fixed(&self.tips);
        let values: Vec<(&Fingerprint, &bool)> = self.values.iter().collect();
        head.list(&values, |to, (value, is_seen)| {
            to.bytes(value.to_string().as_bytes());
            to.number((**is_seen).into());
        });
        let mut read: Vec<u64> = self.read.iter().copied().collect();
        read.sort_unstable();
        let rest = read.iter().flat_map(|tag| tag.to_le_bytes()).collect();
        (head.finish().unwrap_or_default(), rest)
    }

    fn decode(head: &[u8], rest: &[u8], context: &str) -> Option<Self> {
        let mut from = Reader::new(head, Format::Sha1);
        if from.bytes()? != context.as_bytes() {
            return None;
        }
        let tips = from.fixed(32)?.try_into().ok()?;
        let values = from.list(|from| {
            let value = from.text()?.parse().ok()?;
            Some((value, from.number::<u8>()? != 0))
        })?;
        let (tags, left) = rest.as_chunks::<8>();
        let read = tags.iter().map(|tag| u64::from_le_bytes(*tag)).collect();
        let shown = Self { tips, values: values.into_iter().collect(), read };
        (from.is_at_end() && left.is_empty()).then_some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let key = FingerprintKey::new([7; 32]);
        let value = |text: &str| key.fingerprint(&quietus_model::Secret::from(text));
        let shown = Shown {
            tips: [3; 32],
            values: [(value("one"), true), (value("other"), false)].into(),
            read: [1, 9, u64::MAX].into(),
        };
        let (head, rest) = shown.encode("engine");
        assert_eq!(Shown::decode(&head, &rest, "engine"), Some(shown));
        assert_eq!(Shown::decode(&head, &rest, "another"), None);
        assert_eq!(Shown::decode(&head[..head.len() - 1], &rest, "engine"), None);
        assert_eq!(Shown::decode(&head, &rest[1..], "engine"), None);
    }
}
