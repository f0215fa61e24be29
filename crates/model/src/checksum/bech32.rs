//! Bech32 (BIP 173), as age writes its identities.

/// The human part of an identity, in lower case.
const HUMAN: &[u8] = b"age-secret-key-";

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The check part, in characters of five bits.
const CHECK: usize = 6;

/// Whether the data of an identity, in capitals or not, end in the check part of the rest of it.
pub(super) fn is_sealed(data: &[u8]) -> bool {
    let digit = |letter: &u8| {
        let letter = letter.to_ascii_lowercase();
        ALPHABET.iter().position(|other| *other == letter).map(|at| at as u32)
    };
    let digits: Option<Vec<u32>> = data.iter().map(digit).collect();
    digits.is_some_and(|digits| digits.len() > CHECK && residue(HUMAN, digits.into_iter()) == 1)
}

/// The data of an identity of these bytes, in capitals.
pub(super) fn seal(bytes: &[u8]) -> String {
    let mut digits: Vec<u32> = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            digits.push((bits >> held) & 31);
        }
    }
    if held > 0 {
        digits.push((bits << (5 - held)) & 31);
    }
    let check = residue(HUMAN, digits.iter().copied().chain([0; CHECK])) ^ 1;
    digits.extend((0..CHECK).rev().map(|at| (check >> (5 * at)) & 31));
    let letter = |digit: u32| char::from(ALPHABET[digit as usize]).to_ascii_uppercase();
    digits.into_iter().map(letter).collect()
}

/// What the generator of BIP 173 leaves of the human part and the data.
fn residue(human: &[u8], data: impl Iterator<Item = u32>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let high = human.iter().map(|byte| u32::from(*byte >> 5));
    let low = human.iter().map(|byte| u32::from(*byte & 31));
    high.chain([0]).chain(low).chain(data).fold(1, |sum, digit| {
        let top = sum >> 25;
        let mixed = ((sum & 0x01ff_ffff) << 5) ^ digit;
        let of_bit = |at: usize| if (top >> at) & 1 == 1 { GENERATOR[at] } else { 0 };
        (0..5).fold(mixed, |sum, at| sum ^ of_bit(at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_hold() {
        // BIP 173: human part, data.
        for (human, data) in [
            ("a", "2uel5l"),
            (
                "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
                "tt5tgs",
            ),
            ("abcdef", "qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"),
            ("split", "checkupstagehandshakeupstreamerranterredcaperred2y9e3w"),
        ] {
            let digit =
                |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).unwrap() as u32;
            assert_eq!(residue(human.as_bytes(), data.bytes().map(digit)), 1, "{human}");
            let spoilt = data.replace(&data[..1], "s");
            assert_ne!(residue(human.as_bytes(), spoilt.bytes().map(digit)), 1, "{human}");
        }
    }

    #[test]
    fn an_identity_has_58_characters_behind_its_human_part() {
        let data = seal(&[7; 32]);
        assert_eq!(data.len(), 58);
        assert!(is_sealed(data.as_bytes()) && is_sealed(data.to_ascii_lowercase().as_bytes()));
        assert!(!is_sealed(data.replacen('Q', "P", 1).as_bytes()));
    }
}
