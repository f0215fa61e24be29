//! Object ids: SHA-1 or SHA-256, and what they name.

use std::fmt;
use std::hash::{Hash, Hasher};

/// By what hash the objects of a store are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// SHA-1: ids of 20 bytes.
    Sha1,
    /// SHA-256: ids of 32 bytes.
    Sha256,
}

impl Format {
    /// The length of an id in bytes.
    pub const fn id_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "git's four kinds")]
pub enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// The name of an object: the hash of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// The id of nothing: SHA-1, all bits zero.
    pub const fn none() -> Self {
        Self { bytes: [0; 32], len: 20 }
    }

    /// An id from its bytes; `None` unless there are 20 or 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != 20 && bytes.len() != 32 {
            return None;
        }
        let mut id = Self { bytes: [0; 32], len: bytes.len() as u8 };
        id.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(id)
    }

    pub(crate) fn zero(format: Format) -> Self {
        Self { bytes: [0; 32], len: format.id_len() as u8 }
    }

    /// An id from its 40 or 64 hexadecimal digits, in either case.
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let mut id = Self { bytes: [0; 32], len: (hex.len() / 2) as u8 };
        for (byte, pair) in id.bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(id)
    }

    /// Its bytes: 20 or 32 of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// By what hash it names.
    pub fn format(&self) -> Format {
        if self.len == 32 { Format::Sha256 } else { Format::Sha1 }
    }
}

fn digit(hex: u8) -> Option<u8> {
    (hex as char).to_digit(16).map(|digit| digit as u8)
}

/// Ids are hashes already; the first bytes of one serve as its hash.
impl Hash for ObjectId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_and_back() {
        for hex in ["0123456789abcdef0123456789abcdef01234567".to_owned(), "fe".repeat(32)] {
            let id = ObjectId::from_hex(hex.as_bytes()).unwrap();
            assert_eq!(id.to_string(), hex);
            assert_eq!(ObjectId::from_hex(hex.to_uppercase().as_bytes()), Some(id));
            assert_eq!(ObjectId::from_bytes(id.as_bytes()), Some(id));
            assert_eq!(id.format().id_len() * 2, hex.len());
        }
        for wrong in ["", "12", &"g".repeat(40), &"a".repeat(41)] {
            assert_eq!(ObjectId::from_hex(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(ObjectId::from_bytes(&[1; 21]), None);
    }
}
