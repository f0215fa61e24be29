//! The check parts that issuers build into their tokens, by name.
//!
//! Sources of the constructions: GitHub's and npm's token formats (CRC-32 of the body in base 62),
//! GitLab's routable tokens (CRC-32 in base 36), Grafana's service-account tokens (CRC-32, little
//! endian, hex), Cloudflare's and Zuplo's (CRC-32, hex), GitHub's fine-grained tokens (SHA-256 in
//! base 32; seen on few samples, so never firm), RFC 9580 (CRC-24), Microsoft's identifiable keys
//! (Marvin32), Bitcoin's Base58Check and BIP-39, and age's Bech32.

mod base58;
mod bech32;
mod crc;
mod marvin32;
mod mnemonic;

use crc::{crc24_armour, crc32};
use data_encoding::{BASE32, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const BASE_62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

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
    /// The check line of an OpenPGP armour (RFC 9580 §6.1): `=` and CRC-24 in base 64.
    Crc24Armour,
    /// The last four characters of Microsoft's common annotated security keys: Marvin32 of the 60
    /// bytes that the 80 characters before them stand for, in base 62, or as bytes.
    Cask,
    /// Base 64 of bytes whose last four are the Marvin32 of those before them, under the seed of
    /// one of Microsoft's services.
    Marvin32,
    /// The same in base 64 for URLs and without padding.
    Marvin32Url,
    /// Base 58 of bytes whose last four begin the SHA-256 of the SHA-256 of those before them.
    Base58check,
    /// The data of an age identity in Bech32 (BIP 173), all that follows its `1`.
    Bech32Age,
    /// English words of which the last holds bits of the SHA-256 of the number that they stand
    /// for (BIP 39).
    Bip39,
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
            Self::Crc24Armour => "crc24-armour",
            Self::Cask => "cask",
            Self::Marvin32 => "marvin32",
            Self::Marvin32Url => "marvin32-url",
            Self::Base58check => "base58check",
            Self::Bech32Age => "bech32-age",
            Self::Bip39 => "bip39",
        }
    }

    /// What text a construction that is sealed makes.
    pub fn text(self) -> &'static str {
        match self {
            Self::Marvin32 => "base64",
            Self::Marvin32Url => "base64url",
            Self::Base58check => "base58",
            Self::Bech32Age => "Bech32",
            Self::Bip39 => "English words",
            _ => "text",
        }
    }

    /// Whether the check part cannot be told from the rest in the text: it is verified by the
    /// whole of it, which [`seal`](Self::seal) makes.
    pub fn is_sealed(self) -> bool {
        matches!(
            self,
            Self::Marvin32 | Self::Marvin32Url | Self::Base58check | Self::Bech32Age | Self::Bip39
        )
    }

    /// The check part for `input`, as ASCII; empty for one that is sealed.
    pub fn compute(self, input: &[u8]) -> String {
        match self {
            Self::Crc32Base62 => padded(radix(crc32(input), BASE_62), 6),
            Self::Crc32Base36 => {
                padded(radix(crc32(input), b"0123456789abcdefghijklmnopqrstuvwxyz"), 7)
            }
            Self::Crc32Hex => HEXLOWER.encode(&crc32(input).to_be_bytes()),
            Self::Crc32HexLe => HEXLOWER.encode(&crc32(input).to_le_bytes()),
            Self::Sha256Base32 => BASE32.encode(&Sha256::digest(input))[..8].to_owned(),
            Self::Crc24Armour => crc24_armour(input),
            Self::Cask => marvin32::cask(input).into_iter().next().unwrap_or_default(),
            Self::Marvin32
            | Self::Marvin32Url
            | Self::Base58check
            | Self::Bech32Age
            | Self::Bip39 => String::new(),
        }
    }

    /// Whether `check` is the check part of `input`. Where it is sealed, `input` is all of it.
    pub fn verify(self, input: &[u8], check: &[u8]) -> bool {
        match self {
            Self::Cask => marvin32::cask(input).iter().any(|part| part.as_bytes() == check),
            Self::Marvin32 | Self::Marvin32Url => marvin32::is_sealed(input),
            Self::Base58check => base58::is_sealed(input),
            Self::Bech32Age => bech32::is_sealed(input),
            Self::Bip39 => mnemonic::is_sealed(input),
            _ => self.compute(input).as_bytes() == check,
        }
    }

    /// The text that these bytes and their check part make together; empty for a construction
    /// whose check part stands by itself.
    pub fn seal(self, bytes: &[u8]) -> String {
        match self {
            Self::Marvin32 => marvin32::seal(bytes),
            Self::Marvin32Url => marvin32::seal_for_url(bytes),
            Self::Base58check => base58::seal(bytes),
            Self::Bech32Age => bech32::seal(bytes),
            Self::Bip39 => mnemonic::seal(bytes),
            _ => String::new(),
        }
    }
}

/// The digits of a number, most significant first.
fn radix(mut number: u32, digits: &[u8]) -> String {
    let base = digits.len() as u32;
    let mut text = Vec::new();
    while number > 0 {
        text.push(char::from(digits[(number % base) as usize]));
        number /= base;
    }
    text.iter().rev().collect()
}

/// Zeros before the digits of a number.
fn padded(digits: String, width: usize) -> String {
    format!("{digits:0>width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        let a30 = [b'A'; 30];
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

    #[test]
    fn what_is_sealed_is_verified_and_no_other_of_it() {
        let bytes: Vec<u8> = (0..32).map(|byte| byte * 7 + 3).collect();
        for check in
            [Checksum::Marvin32, Checksum::Base58check, Checksum::Bech32Age, Checksum::Bip39]
        {
            assert!(check.is_sealed());
            let text = check.seal(&bytes);
            assert!(check.verify(text.as_bytes(), b""), "{check:?}");
            let mut other = bytes.clone();
            other[5] ^= 1;
            let other = check.seal(&other);
            let half = text.len() / 2;
            let mixed = format!("{}{}", &text[..half], &other[other.len().min(half)..]);
            assert_ne!(mixed, text);
            assert!(!check.verify(mixed.as_bytes(), b""), "{check:?}");
            for none in ["", "=", "1", "abandon", "\u{e9}", "AAAA"] {
                assert!(!check.verify(none.as_bytes(), b""), "{check:?} of {none}");
            }
        }
        assert!(!Checksum::Crc32Hex.is_sealed() && Checksum::Crc32Hex.seal(&bytes).is_empty());
    }
}
