//! Packs written by hand, so that anything can be wrong with them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses its part of it; a test's own parts are right or the test fails"
)]

mod bytes;

pub(crate) use bytes::{back, header, length};
use quietus_odb::{Format, ObjectId, Options, Store};
use std::fs;
use std::path::Path;

/// A pack to be, with the entries of its index.
pub(crate) struct Forged {
    pub(crate) pack: Vec<u8>,
    /// Ids, and where the index says that they are.
    pub(crate) entries: Vec<(ObjectId, u64)>,
}

/// An id that is no hash of anything.
pub(crate) fn id(number: u32) -> ObjectId {
    bytes::id(Format::Sha1, number.into())
}

/// Deflated as git does it.
pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    bytes::deflate(content, 6)
}

/// The instruction to copy.
pub(crate) fn copy(from: u32, len: u32) -> Vec<u8> {
    bytes::copy(from.into(), len.into())
}

/// A delta that copies all of a base and adds a few bytes.
pub(crate) fn adding(base: usize, more: &[u8]) -> Vec<u8> {
    let mut delta = [length(base as u64), length((base + more.len()) as u64)].concat();
    for from in (0..base).step_by(0xffff) {
        delta.extend(copy(from as u32, (base - from).min(0xffff) as u32));
    }
    delta.push(more.len() as u8);
    delta.extend(more);
    delta
}

impl Forged {
    pub(crate) fn new() -> Self {
        Self { pack: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), entries: Vec::new() }
    }

    /// Adds bytes as an object and returns where they begin.
    pub(crate) fn raw(&mut self, id: ObjectId, bytes: &[u8]) -> u64 {
        let offset = self.pack.len() as u64;
        self.pack.extend(bytes);
        self.entries.push((id, offset));
        offset
    }

    pub(crate) fn blob(&mut self, id: ObjectId, content: &[u8]) -> u64 {
        self.raw(id, &[header(3, content.len() as u64), deflate(content)].concat())
    }

    pub(crate) fn at(&mut self, id: ObjectId, base: u64, delta: &[u8]) -> u64 {
        let distance = back(self.pack.len() as u64 - base);
        self.raw(id, &[header(6, delta.len() as u64), distance, deflate(delta)].concat())
    }

    pub(crate) fn named(&mut self, id: ObjectId, base: ObjectId, delta: &[u8]) -> u64 {
        let base = base.as_bytes().to_vec();
        self.raw(id, &[header(7, delta.len() as u64), base, deflate(delta)].concat())
    }

    /// The bytes of the pack and of its index. The check sums are none.
    pub(crate) fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let pack = bytes::pack(Format::Sha1, self.entries.len() as u32, &self.pack[12..]);
        (pack, bytes::idx(Format::Sha1, &self.entries))
    }

    pub(crate) fn write(&self, objects: &Path, name: &str) {
        let (pack, idx) = self.bytes();
        let folder = objects.join("pack");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("pack-{name}.pack")), pack).unwrap();
        fs::write(folder.join(format!("pack-{name}.idx")), idx).unwrap();
    }
}

pub(crate) fn open(objects: &Path, options: &Options) -> Store {
    Store::open(objects, Format::Sha1, options).unwrap()
}
