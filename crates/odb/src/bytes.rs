//! Big-endian numbers out of bytes that may be too short.

/// The 4 bytes at a place, as a number.
pub(crate) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The 8 bytes at a place, as a number.
pub(crate) fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_be_bytes(eight.try_into().ok()?))
}

/// The first bytes of an id as a number that sorts as the id does.
pub(crate) fn prefix(id: &[u8]) -> u64 {
    be64(id, 0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_short_is_none() {
        let bytes = [0, 0, 1, 2, 3, 4, 5, 6, 7];
        assert_eq!(be32(&bytes, 0), Some(0x0102));
        assert_eq!(be32(&bytes, 5), Some(0x0405_0607));
        assert_eq!(be32(&bytes, 6), None);
        assert_eq!(be32(&bytes, usize::MAX), None);
        assert_eq!(be64(&bytes, 1), Some(0x0001_0203_0405_0607));
        assert_eq!(be64(&bytes, 2), None);
    }
}
