//! The check parts that issuers build into their tokens, by name.
//!
//! Sources of the constructions: GitHub's and npm's token formats (CRC-32 of the body in base 62),
//! GitLab's routable tokens (CRC-32 in base 36), Grafana's service-account tokens (CRC-32, little
//! endian, hex), Cloudflare's and Zuplo's (CRC-32, hex), GitHub's fine-grained tokens (SHA-256 in
//! base 32; seen on few samples, so never firm).

use data_encoding::{BASE32, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A check part that can be computed from the rest of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// CRC-32 (IEEE) in base 62 (`0-9A-Za-z`), padded with `0` to 6 characters.
    Crc32Base62,
    /// CRC-32 (IEEE) in base 36 (`0-9a-z`), padded with `0` to 7 characters.
    Crc32Base36,
    /// CRC-32 (IEEE) as 8 lower hex digits, most significant byte first.
    Crc32Hex,
    /// CRC-32 (IEEE) as 8 lower hex digits, least significant byte first.
    Crc32HexLe,
    /// The first 8 characters of the base 32 of SHA-256.
    Sha256Base32,
}

impl Checksum {
    /// Its name, as rules write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crc32Base62 => "crc32-base62",
            Self::Crc32Base36 => "crc32-base36",
            Self::Crc32Hex => "crc32-hex",
            Self::Crc32HexLe => "crc32-hex-le",
            Self::Sha256Base32 => "sha256-base32",
        }
    }

    /// The check part for `input`, as ASCII.
    pub fn compute(self, input: &[u8]) -> String {
        match self {
            Self::Crc32Base62 => radix(
                crc32(input),
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                6,
            ),
            Self::Crc32Base36 => radix(crc32(input), b"0123456789abcdefghijklmnopqrstuvwxyz", 7),
            Self::Crc32Hex => HEXLOWER.encode(&crc32(input).to_be_bytes()),
            Self::Crc32HexLe => HEXLOWER.encode(&crc32(input).to_le_bytes()),
            Self::Sha256Base32 => BASE32.encode(&Sha256::digest(input))[..8].to_owned(),
        }
    }

    /// Whether `check` is the check part of `input`.
    pub fn verify(self, input: &[u8], check: &[u8]) -> bool {
        self.compute(input).as_bytes() == check
    }
}

/// CRC-32 as in zlib and PNG: reflected polynomial 0xEDB88320, initial and final XOR 0xFFFFFFFF.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn radix(mut number: u32, digits: &[u8], width: usize) -> String {
    let base = digits.len() as u32;
    let mut text = Vec::with_capacity(width);
    while number > 0 {
        text.push(char::from(digits[(number % base) as usize]));
        number /= base;
    }
    text.resize(width.max(text.len()), char::from(digits[0]));
    text.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        let a30 = [b'A'; 30];
        assert_eq!(crc32(&a30), 0x317f_6a1b);
        assert_eq!(Checksum::Crc32Base62.compute(&a30), "0uCPlr");
        assert_eq!(Checksum::Crc32Base62.compute(&[b'Z'; 30]), "3EAd4B");
        assert_eq!(Checksum::Crc32Base62.compute(b"000000000000000000000000000001"), "010Ohw");
        assert_eq!(Checksum::Crc32Base62.compute(&[b'a'; 70]), "0nOcHz");
        assert_eq!(Checksum::Crc32Hex.compute(&[b'A'; 40]), "2ae98c30");
        assert_eq!(Checksum::Crc32Hex.compute(&[b'a'; 32]), "cab11777");
        let routable = format!("{}{}{}", "gl", "pat-", "A".repeat(27) + ".01.0r");
        assert_eq!(Checksum::Crc32Base36.compute(routable.as_bytes()), "1jbw1s6");
        let grafana = format!("{}{}{}", "gl", "sa_", "A".repeat(32));
        assert_eq!(Checksum::Crc32HexLe.compute(grafana.as_bytes()), "d8dc8af3");
        let fine = format!("{}{}1{}_{}", "github", "_pat_", "A".repeat(21), "A".repeat(43));
        assert_eq!(Checksum::Sha256Base32.compute(fine.as_bytes()), "XDTEVTH2");
    }
}
