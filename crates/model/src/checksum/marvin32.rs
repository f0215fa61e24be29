//! Marvin32 and the keys of Microsoft's services that end in it.
//!
//! Seeds and forms as Microsoft's library `Security.Utilities` (MIT) reads and writes them.

use super::crc::lenient;
use super::{BASE_62, radix};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

/// Texts of eight characters that are read as numbers, most significant first: the seeds of
/// storage and of the common annotated keys, Cosmos DB, messaging, Redis, Functions, Search,
/// Container Registry, API Management (which shares one with the IoT hub), IoT, Batch.
const SEEDS: &[&[u8; 8]] = &[
    b"Default0",
    b"SysAll00",
    b"Resour00",
    b"MastRO00",
    b"SystRO00",
    b"Encryp00",
    b"MastRW00",
    b"SystRW00",
    b"System00",
    b"Unknown0",
    b"Send0000",
    b"Manage00",
    b"Listen00",
    b"Access00",
    b"Master00",
    b"Functi00",
    b"Query000",
    b"PAdmin00",
    b"ACRDflt0",
    b"Tenant00",
    b"IoTHub00",
    b"Gatewy00",
    b"GitKey00",
    b"DpsKey00",
    b"Device00",
    b"AbAcct00",
];

/// How many bytes the check part has, and the least before it.
const CHECK: usize = 4;
const LEAST: usize = 20;

/// Marvin32: 32 bits of a text under a seed.
fn marvin32(seed: u64, text: &[u8]) -> u32 {
    let (mut low, mut high) = (seed as u32, (seed >> 32) as u32);
    let mut take = |word: u32, rounds: u32| {
        low = low.wrapping_add(word);
        for _ in 0..rounds {
            high ^= low;
            low = low.rotate_left(20).wrapping_add(high);
            high = high.rotate_left(9) ^ low;
            low = low.rotate_left(27).wrapping_add(high);
            high = high.rotate_left(19);
        }
    };
    let mut words = text.chunks_exact(4);
    for word in &mut words {
        take(little_endian(word), 1);
    }
    take(little_endian(&[words.remainder(), &[0x80]].concat()), 2);
    high ^ low
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte))
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().position(|byte| matches!(byte, b'=' | b'%')).unwrap_or(text.len());
    let text = &text[..end];
    let is_url = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let encoding = if is_url { BASE64URL_NOPAD } else { BASE64_NOPAD };
    lenient(&encoding.specification())?.decode(text).ok()
}

/// Whether a key in base 64, of either alphabet and with or without padding, ends in its check
/// part under any of the seeds.
pub(super) fn is_sealed(text: &[u8]) -> bool {
    let Some(bytes) = decode(text) else { return false };
    let Some(rest) = bytes.len().checked_sub(CHECK).filter(|rest| *rest >= LEAST) else {
        return false;
    };
    let (rest, check) = bytes.split_at(rest);
    SEEDS.iter().any(|seed| marvin32(u64::from_be_bytes(**seed), rest) == little_endian(check))
}

/// A key of these bytes under the first of the seeds.
pub(super) fn seal(bytes: &[u8]) -> String {
    BASE64.encode(&with_check(bytes))
}

pub(super) fn seal_for_url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&with_check(bytes))
}

fn with_check(bytes: &[u8]) -> Vec<u8> {
    let check = marvin32(u64::from_be_bytes(*SEEDS[0]), bytes).to_le_bytes();
    [bytes, &check].concat()
}

/// The two forms of the check part of a common annotated key, the present one first: its bytes in
/// base 62, with zeros behind, of which four characters are kept; or three of its bytes in base 64.
pub(super) fn cask(text: &[u8]) -> Vec<String> {
    let Some(bytes) = decode(text) else { return Vec::new() };
    let check = marvin32(u64::from_be_bytes(*SEEDS[0]), &bytes).to_le_bytes();
    let digits = format!("{:0<6}", radix(u32::from_be_bytes(check), BASE_62));
    vec![digits[..4].to_owned(), BASE64.encode(&check[..3])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        // The halves of the state are folded at the end.
        assert_eq!(marvin32(0x004f_b61a_001b_dbcc, b""), 0x30ed_35c1 ^ 0x00cd_3c7d);
        assert_eq!(marvin32(0x004f_b61a_001b_dbcc, &[0xaf]), 0x48e7_3fc7 ^ 0x7d75_ddc1);
        assert_eq!(u64::from_be_bytes(*SEEDS[0]), 0x4465_6661_756c_7430);
        assert_eq!(marvin32(0x4465_6661_756c_7430, &[0; 60]), 0xf7bd_4557);
    }

    #[test]
    fn a_key_of_sixty_zeros_ends_in_their_check_part() {
        let key = seal(&[0; 60]);
        assert_eq!(key.len(), 88);
        assert!(key.starts_with(&"A".repeat(80)) && key.ends_with("=="));
        assert_eq!(BASE64.decode(key.as_bytes()).unwrap()[60..], [0x57, 0x45, 0xbd, 0xf7]);
        assert!(is_sealed(key.as_bytes()) && is_sealed(&key.as_bytes()[..86]));
        assert!(is_sealed(format!("{}%3D%3D", &key[..86]).as_bytes()));
        let url = key.replace('+', "-").replace('/', "_");
        assert!(is_sealed(url.as_bytes()));
        assert!(!is_sealed(key.replacen('A', "B", 1).as_bytes()));
        // 0x5745bdf7, most significant first, is 1Z2eUF in base 62.
        let digits = radix(0x5745_bdf7, BASE_62);
        assert_eq!(cask("A".repeat(80).as_bytes()), [digits[..4].to_owned(), "V0W9".to_owned()]);
    }

    #[test]
    fn keys_under_every_seed_are_known() {
        for seed in SEEDS {
            let check = marvin32(u64::from_be_bytes(**seed), &[7; 28]).to_le_bytes();
            assert!(is_sealed(BASE64.encode(&[&[7; 28][..], &check].concat()).as_bytes()));
        }
    }
}
