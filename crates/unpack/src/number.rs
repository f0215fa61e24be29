//! Numbers out of bytes, if the bytes are there.

/// `len` bytes at `at`, the lowest first.
pub(crate) fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// `len` bytes at `at`, the highest first.
pub(crate) fn be(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// `len` bytes at `at`, the lowest first, as a place in bytes.
pub(crate) fn place(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    le(bytes, at, len)?.try_into().ok()
}
