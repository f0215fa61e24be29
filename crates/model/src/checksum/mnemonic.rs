//! Seed phrases (BIP 39): a number and some bits of its SHA-256, as words.

use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// The English words of BIP 39, in their order.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("english.txt").lines().collect());

/// What one word stands for.
const BITS: usize = 11;

/// Whether English words end in the check bits of the rest of them.
pub(super) fn is_sealed(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let number = |word: &str| WORDS.binary_search(&word).ok();
    let numbers: Option<Vec<usize>> = text.split_ascii_whitespace().map(number).collect();
    let Some(numbers) = numbers else { return false };
    if !matches!(numbers.len(), 12 | 15 | 18 | 21 | 24) {
        return false;
    }
    let of_word = |number: usize| (0..BITS).rev().map(move |at| u8::from((number >> at) & 1 == 1));
    let bits: Vec<u8> = numbers.into_iter().flat_map(of_word).collect();
    // One bit of the digest for each 32 of the number.
    let (number, check) = bits.split_at(bits.len() / 33 * 32);
    let bytes: Vec<u8> =
        number.chunks(8).map(|bits| bits.iter().fold(0, |b, bit| b << 1 | bit)).collect();
    let digest = Sha256::digest(&bytes);
    check.iter().enumerate().all(|(at, bit)| digest_bit(&digest, at) == *bit)
}

/// The phrase of a number of 16 to 32 bytes.
pub(super) fn seal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let number = bytes.iter().flat_map(|byte| (0..8).rev().map(|at| (*byte >> at) & 1));
    let check = (0..bytes.len() / 4).map(|at| digest_bit(&digest, at));
    let bits: Vec<u8> = number.chain(check).collect();
    let word = |bits: &[u8]| bits.iter().fold(0, |number, bit| number << 1 | usize::from(*bit));
    bits.chunks(BITS).map(|bits| WORDS[word(bits)]).collect::<Vec<_>>().join(" ")
}

fn digest_bit(digest: &[u8], at: usize) -> u8 {
    (digest[at / 8] >> (7 - at % 8)) & 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        assert_eq!(WORDS.len(), 2048);
        assert!(WORDS.is_sorted());
        // The test vectors of BIP 39: zeros, ones, and 0x7f and 0x80 all the way.
        for (byte, len, last, word) in [
            (0x00, 16, "about", "abandon"),
            (0xff, 16, "wrong", "zoo"),
            (0x00, 24, "agent", "abandon"),
            (0xff, 24, "when", "zoo"),
            (0x00, 32, "art", "abandon"),
            (0xff, 32, "vote", "zoo"),
        ] {
            let phrase = seal(&vec![byte; len]);
            let words: Vec<&str> = phrase.split(' ').collect();
            assert_eq!(words.len(), len * 3 / 4);
            assert!(words[..words.len() - 1].iter().all(|other| *other == word));
            assert_eq!(words.last(), Some(&last));
            assert!(is_sealed(phrase.as_bytes()));
            assert!(!is_sealed(phrase.replace(last, "zebra").as_bytes()));
        }
        let phrase = seal(&[0x7f; 16]);
        assert!(phrase.starts_with("legal winner thank year wave sausage"));
        assert!(phrase.ends_with("thank yellow"));
    }
}
