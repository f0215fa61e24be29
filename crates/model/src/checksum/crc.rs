//! Cyclic redundancy checks.

use data_encoding::{BASE64, Specification};

/// CRC-32 as in zlib and PNG: reflected polynomial 0xEDB88320, initial and final XOR 0xFFFFFFFF.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// CRC-24 of RFC 9580 §6.1: polynomial 0x864CFB, initial value 0xB704CE.
fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00B7_04CE, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 16), |crc, _| {
            let shifted = crc << 1;
            if shifted & 0x0100_0000 == 0 { shifted } else { shifted ^ 0x0186_4CFB }
        })
    })
}

/// The check line for the lines of an armour; empty if they are no base 64.
pub(super) fn crc24_armour(lines: &[u8]) -> String {
    // A key in program text has its line ends as `\n`, and `n` is a letter of base 64 too.
    let text = String::from_utf8_lossy(lines).replace("\\r", "").replace("\\n", "");
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = lenient(&BASE64.specification()).and_then(|base64| base64.decode(&letters).ok());
    let Some(bytes) = bytes else { return String::new() };
    format!("={}", BASE64.encode(&crc24(&bytes).to_be_bytes()[1..]))
}

/// The same encoding where bits may be set that nothing is encoded in.
pub(super) fn lenient(specification: &Specification) -> Option<data_encoding::Encoding> {
    let mut specification = specification.clone();
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        assert_eq!(crc32(&[b'A'; 30]), 0x317f_6a1b);
        assert_eq!(crc32(b"012345678901234567890123456789"), 0x2d5c_0794);
        assert_eq!(crc32(&[b'Z'; 30]), 0xb04c_74cf);
        assert_eq!(crc32(&[b'A'; 50]), 0x584e_f934);
        assert_eq!(crc32(&[b'a'; 70]), 0x2b81_8143);
        assert_eq!(crc24(b"hello"), 0x0047_f58a);
        for lines in [&b"aGVsbG8="[..], b"aGVs\nbG8=\r\n", b"aGVs\\nbG8="] {
            assert_eq!(crc24_armour(lines), "=R/WK");
        }
        assert_eq!(crc24_armour(b"?"), "");
    }
}
