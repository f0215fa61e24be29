//! Packs written by hand, so that anything can be wrong with them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses its part of it; a test's own parts are right or the test fails"
)]

use flate2::{Compression, write::ZlibEncoder};
use quietus_odb::{Format, ObjectId, Options, Store};
use std::fs;
use std::io::Write;
use std::path::Path;

/// A pack to be, with the entries of its index.
pub(crate) struct Forged {
    pub(crate) pack: Vec<u8>,
    /// Ids, and where the index says that they are.
    pub(crate) entries: Vec<(ObjectId, u64)>,
}

/// An id that is no hash of anything.
pub(crate) fn id(number: u32) -> ObjectId {
    let mut bytes = [7; 20];
    // Spread, so that the order of the ids is not that of the numbers.
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
    ObjectId::from_bytes(&bytes).unwrap()
}

pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The header of an object.
pub(crate) fn header(code: u8, mut size: u64) -> Vec<u8> {
    let mut bytes = vec![code << 4 | (size & 0xf) as u8];
    size >>= 4;
    while size > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push((size & 0x7f) as u8);
        size >>= 7;
    }
    bytes
}

/// How far back a base is.
pub(crate) fn back(mut distance: u64) -> Vec<u8> {
    let mut bytes = vec![(distance & 0x7f) as u8];
    while distance >> 7 > 0 {
        distance = (distance >> 7) - 1;
        bytes.push(0x80 | (distance & 0x7f) as u8);
    }
    bytes.reverse();
    bytes
}

/// A length in a delta.
pub(crate) fn length(mut length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length > 0x7f {
        bytes.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
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

/// The instruction to copy.
pub(crate) fn copy(from: u32, len: u32) -> Vec<u8> {
    let (mut instruction, mut bytes) = (0x80, Vec::new());
    let parts = from.to_le_bytes().into_iter().chain(len.to_le_bytes().into_iter().take(3));
    for (bit, byte) in parts.enumerate() {
        if byte != 0 {
            instruction |= 1 << bit;
            bytes.push(byte);
        }
    }
    bytes.insert(0, instruction);
    bytes
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
        let mut entries = self.entries.clone();
        entries.sort();
        let mut pack = self.pack.clone();
        pack[8..12].copy_from_slice(&(entries.len() as u32).to_be_bytes());
        let checksum = [9; 20];
        pack.extend(checksum);
        let mut idx = b"\xfftOc\0\0\0\x02".to_vec();
        for first in 0..=255u8 {
            let count = entries.iter().filter(|entry| entry.0.as_bytes()[0] <= first).count();
            idx.extend((count as u32).to_be_bytes());
        }
        entries.iter().for_each(|entry| idx.extend(entry.0.as_bytes()));
        entries.iter().for_each(|_| idx.extend([0; 4]));
        let mut large = Vec::new();
        for &(_, offset) in &entries {
            if offset < 1 << 31 {
                idx.extend((offset as u32).to_be_bytes());
            } else {
                idx.extend(((1 << 31) | (large.len() as u32 / 8)).to_be_bytes());
                large.extend(offset.to_be_bytes());
            }
        }
        idx.extend(large);
        idx.extend(checksum);
        idx.extend([8; 20]);
        (pack, idx)
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
