//! Base58Check, as Bitcoin writes keys: base 58 of bytes and four bytes of a double SHA-256.

use sha2::{Digest as _, Sha256};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The check part, in bytes.
const CHECK: usize = 4;

/// What an extended key has, the longest of its kind: more is not decoded.
const LONGEST: usize = 128;

/// Whether a text in base 58 ends in the check part of the rest of it.
pub(super) fn is_sealed(text: &[u8]) -> bool {
    let Some(bytes) = decode(text) else { return false };
    let Some(rest) = bytes.len().checked_sub(CHECK).filter(|rest| *rest > 0) else { return false };
    check(&bytes[..rest])[..] == bytes[rest..]
}

/// The text of these bytes with their check part.
pub(super) fn seal(bytes: &[u8]) -> String {
    encode(&[bytes, &check(bytes)].concat())
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let digest = Sha256::digest(Sha256::digest(bytes));
    std::array::from_fn(|at| digest[at])
}

/// The number that the digits of base 58 stand for, with a zero byte for each leading `1`.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut number: Vec<u8> = Vec::new();
    for digit in text {
        let mut carry = ALPHABET.iter().position(|letter| letter == digit)?;
        for byte in &mut number {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            number.push(carry as u8);
        }
    }
    number.extend(text.iter().take_while(|digit| **digit == ALPHABET[0]).map(|_| 0));
    number.reverse();
    Some(number)
}

fn encode(bytes: &[u8]) -> String {
    let mut digits: Vec<usize> = Vec::new();
    for byte in bytes {
        let mut carry = usize::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    digits.extend(bytes.iter().take_while(|byte| **byte == 0).map(|_| 0));
    digits.iter().rev().map(|digit| char::from(ALPHABET[*digit])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        // The address of the first block, which holds no secret, and the texts of the draft
        // "The Base58 Encoding Scheme".
        let address = concat!("1A1zP1eP5QGefi2D", "MPTfTL5SLmv7DivfNa");
        assert!(is_sealed(address.as_bytes()));
        assert!(!is_sealed(address.replace("Div", "Diw").as_bytes()));
        assert_eq!(encode(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(encode(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "11233QC4");
        assert_eq!(decode(b"11233QC4").unwrap(), [0, 0, 0x28, 0x7f, 0xb4, 0xcd]);
        assert_eq!(decode(b"0OIl"), None);
        assert_eq!(decode(&[b'z'; 129]), None);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for len in 0..90 {
            let bytes: Vec<u8> = (0..len).map(|at| (at * at * 31 % 251) as u8).collect();
            assert_eq!(decode(encode(&bytes).as_bytes()).unwrap(), bytes);
        }
    }
}
