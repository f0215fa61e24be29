//! Parts of packs and indexes, written by hand so that anything can be wrong with them. The fuzz
//! targets forge with them too.
#![allow(
    dead_code,
    clippy::expect_used,
    unreachable_pub,
    reason = "each test uses its part of it; what is written to memory is written"
)]

use flate2::{Compression, write::ZlibEncoder};
use quietus_odb::{Format, ObjectId};
use std::io::Write;

/// An id that is no hash of anything.
pub fn id(format: Format, number: u64) -> ObjectId {
    let mut bytes = [7; 32];
    // Spread, so that the order of the ids is not that of the numbers.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes[..8].copy_from_slice(&spread.to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    ObjectId::from_bytes(&bytes[..format.id_len()]).expect("an id of the right length")
}

/// Deflated as git does it.
pub fn deflate(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).expect("memory can be written to");
    encoder.finish().expect("memory can be written to")
}

/// The header of an object of a pack.
pub fn header(code: u8, mut size: u64) -> Vec<u8> {
    let mut bytes = vec![code << 4 | (size & 0xf) as u8];
    size >>= 4;
    while size > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push((size & 0x7f) as u8);
        size >>= 7;
    }
    bytes
}

/// How far back a base is.
pub fn back(mut distance: u64) -> Vec<u8> {
    let mut bytes = vec![(distance & 0x7f) as u8];
    while distance >> 7 > 0 {
        distance = (distance >> 7) - 1;
        bytes.push(0x80 | (distance & 0x7f) as u8);
    }
    bytes.reverse();
    bytes
}

/// A length in a delta.
pub fn length(mut length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length > 0x7f {
        bytes.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
}

/// The instruction to copy.
pub fn copy(from: u64, len: u64) -> Vec<u8> {
    let (mut instruction, mut bytes) = (0x80, Vec::new());
    let len = if len == 0x1_0000 { 0 } else { len };
    let (from, len) = ((from as u32).to_le_bytes(), (len as u32).to_le_bytes());
    for (bit, byte) in from.into_iter().chain(len.into_iter().take(3)).enumerate() {
        if byte != 0 {
            instruction |= 1 << bit;
            bytes.push(byte);
        }
    }
    bytes.insert(0, instruction);
    bytes
}

/// The table of counts at the beginning of an index of these ids.
pub fn fanout<'a>(ids: impl Iterator<Item = &'a ObjectId>) -> Vec<u32> {
    let mut counts = vec![0u32; 256];
    for id in ids {
        counts[usize::from(id.as_bytes()[0])] += 1;
    }
    for first in 1..256 {
        counts[first] += counts[first - 1];
    }
    counts
}

/// Numbers as they stand in an index.
pub fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// How an index of version 2 begins.
pub const IDX_HEAD: &[u8] = b"\xfftOc\0\0\0\x02";

/// An index of version 2 of objects at these places.
pub fn idx(format: Format, entries: &[(ObjectId, u64)]) -> Vec<u8> {
    let mut entries = entries.to_vec();
    entries.sort();
    let mut bytes = IDX_HEAD.to_vec();
    bytes.extend(be(&fanout(entries.iter().map(|entry| &entry.0))));
    entries.iter().for_each(|entry| bytes.extend(entry.0.as_bytes()));
    entries.iter().for_each(|_| bytes.extend([0; 4]));
    let mut large = Vec::new();
    for &(_, offset) in &entries {
        if offset < 1 << 31 {
            bytes.extend((offset as u32).to_be_bytes());
        } else {
            bytes.extend(((1 << 31) | (large.len() as u32 / 8)).to_be_bytes());
            large.extend(offset.to_be_bytes());
        }
    }
    bytes.extend(large);
    bytes.extend(vec![CHECKSUM; format.id_len()]);
    bytes.extend(vec![8; format.id_len()]);
    bytes
}

/// What the check sums of forged packs are made of: nobody computes them.
pub const CHECKSUM: u8 = 9;

/// A pack out of its objects.
pub fn pack(format: Format, count: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"PACK\0\0\0\x02".to_vec();
    bytes.extend(count.to_be_bytes());
    bytes.extend(body);
    bytes.extend(vec![CHECKSUM; format.id_len()]);
    bytes
}
