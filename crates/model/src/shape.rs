//! The format of a credential as facts: its fixed parts, alphabets, lengths and check part.
//!
//! A shape makes credentials that look right and work nowhere: for the tests of a rule, which so
//! never have to read the rule's pattern, and for the negative control that an issuer must deny
//! before its "live" is believed.

mod part;
mod stream;

use crate::checksum::Checksum;
use part::piece;
pub use part::{Encoding, Over, Part, alphabet};
use serde::{Deserialize, Serialize};
pub use stream::Stream;

/// The parts of a credential in the order they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// The parts, first to last.
    pub parts: Vec<Part>,
}

/// Which length a varying part takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The least.
    Min,
    /// The greatest, or 16 above the least where there is no greatest.
    Max,
}

/// A way to spoil a credential so that it no longer has its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mutation {
    /// A fixed part is changed.
    Prefix,
    /// A part is one character shorter than its least length.
    Shorter,
    /// A part is one character longer than its greatest length.
    Longer,
    /// A character outside the alphabet stands in the middle of a part.
    Alphabet,
    /// The check part is that of another body.
    Checksum,
}

impl Shape {
    /// A credential of this shape; free characters come from `stream`.
    pub fn build(&self, stream: &mut Stream, length: Length) -> Vec<u8> {
        self.assemble(&self.pieces(stream, length))
    }

    /// Every way to spoil one part of a credential of this shape, with what was done.
    ///
    /// A fixed part that holds no letter or digit is left alone: `-` or a newline between parts
    /// says too little to be worth a test.
    pub fn mutants(&self, stream: &mut Stream) -> Vec<(Mutation, String, Vec<u8>)> {
        let mut out = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Literal { .. } | Part::OneOf { .. } => {
                    let mut pieces = self.pieces(stream, Length::Min);
                    if spoil_literal(&mut pieces[index]) {
                        let what = format!("fixed part {index} changed");
                        out.push((Mutation::Prefix, what, self.assemble(&pieces)));
                    }
                }
                Part::Chars { chars, len, min, max } => {
                    out.extend(self.char_mutants(index, chars, (*len, *min, *max), stream));
                }
                Part::Check { .. } => {
                    let pieces = self.pieces(stream, Length::Min);
                    let mut spoilt = self.assemble(&pieces);
                    let front = Self { parts: self.parts[..=index].to_vec() };
                    let end = front.assemble(&pieces[..=index]).len();
                    if let Some(last) = spoilt[..end].last_mut() {
                        *last = if *last == b'0' { b'1' } else { b'0' };
                    }
                    out.push((Mutation::Checksum, "check part changed".to_owned(), spoilt));
                }
                Part::Fixed { .. } => {
                    let mut pieces = self.pieces(stream, Length::Min);
                    if let Some(byte) = pieces[index].last_mut() {
                        *byte ^= 0x55;
                        let what = format!("fixed bytes {index} changed");
                        out.push((Mutation::Prefix, what, self.assemble(&pieces)));
                    }
                }
                Part::Sealed { seal, .. } => {
                    let mut pieces = self.pieces(stream, Length::Min);
                    let other = std::mem::take(&mut self.pieces(stream, Length::Min)[index]);
                    pieces[index] = joined(*seal, &pieces[index], &other);
                    let what = format!("part {index} ends as another");
                    out.push((Mutation::Checksum, what, self.assemble(&pieces)));
                }
                Part::Encoded { .. } => {}
            }
        }
        out
    }

    fn char_mutants(
        &self,
        index: usize,
        chars: &str,
        (len, min, max): (Option<usize>, Option<usize>, Option<usize>),
        stream: &mut Stream,
    ) -> Vec<(Mutation, String, Vec<u8>)> {
        let mut out = Vec::new();
        let alphabet = alphabet(chars);
        if len.or(min).unwrap_or(0) > 1 {
            let mut pieces = self.pieces(stream, Length::Min);
            pieces[index].pop();
            let what = format!("part {index} one character too short");
            out.push((Mutation::Shorter, what, self.assemble(&pieces)));
        }
        if len.or(max).is_some() {
            let mut pieces = self.pieces(stream, Length::Max);
            let more = stream.take(&alphabet, 1);
            pieces[index].extend(more);
            let what = format!("part {index} one character too long");
            out.push((Mutation::Longer, what, self.assemble(&pieces)));
        }
        let mut pieces = self.pieces(stream, Length::Min);
        let middle = pieces[index].len() / 2;
        if let (Some(byte), Some(outside)) = (pieces[index].get_mut(middle), outsider(&alphabet)) {
            *byte = outside;
            let what = format!("part {index} with a character outside its alphabet");
            out.push((Mutation::Alphabet, what, self.assemble(&pieces)));
        }
        out
    }

    /// The fixed text a credential of this shape starts with; may be shown.
    pub fn public_prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal { lit }) => lit,
            _ => "",
        }
    }

    /// The pieces without the check part, which depends on the others.
    fn pieces(&self, stream: &mut Stream, length: Length) -> Vec<Vec<u8>> {
        self.parts.iter().map(|part| piece(part, stream, length)).collect()
    }

    fn assemble(&self, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut all = Vec::new();
        let mut body = Vec::new();
        let mut front = 0;
        for (part, piece) in self.parts.iter().zip(pieces) {
            match part {
                Part::Check { check, over } => {
                    let input = match over {
                        Over::Body => &body[..],
                        Over::All => &all[..],
                        Over::Front => &all[..front],
                    };
                    let text = check.compute(input);
                    all.extend_from_slice(text.as_bytes());
                }
                Part::Chars { .. } => {
                    body.extend_from_slice(piece);
                    all.extend_from_slice(piece);
                }
                _ => {
                    front = all.len();
                    all.extend_from_slice(piece);
                }
            }
        }
        all
    }
}

/// The beginning of one sealed text and the end of another, so that the check part is wrong.
fn joined(seal: Checksum, one: &[u8], other: &[u8]) -> Vec<u8> {
    let least = one.len().min(other.len());
    let cut = |at: usize| {
        [&one[..at], &other[other.len() - (one.len() - at).min(other.len())..]].concat()
    };
    let wrong = (least / 4..least).map(cut).find(|text| !seal.verify(text, b""));
    wrong.unwrap_or_default()
}

/// A printable character that no alphabet here holds next to a token.
fn outsider(alphabet: &[u8]) -> Option<u8> {
    b"!*~%$".iter().copied().find(|c| !alphabet.contains(c))
}

/// Changes the first letter or digit; whether there was one.
fn spoil_literal(piece: &mut [u8]) -> bool {
    match piece.iter_mut().find(|b| b.is_ascii_alphanumeric()) {
        Some(byte) => {
            *byte = if byte.eq_ignore_ascii_case(&b'q') { b'j' } else { b'q' };
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            parts: vec![
                Part::Literal { lit: "pre_".into() },
                Part::Chars { chars: "0-9A-Za-z".into(), len: Some(30), min: None, max: None },
                Part::Check { check: Checksum::Crc32Base62, over: Over::Body },
            ],
        }
    }

    #[test]
    fn a_shape_builds_its_format_and_the_same_twice() {
        let one = shape().build(&mut Stream::fixture("x"), Length::Min);
        assert_eq!(one, shape().build(&mut Stream::fixture("x"), Length::Min));
        assert_ne!(one, shape().build(&mut Stream::fixture("y"), Length::Min));
        assert!(one.starts_with(b"pre_") && one.len() == 40);
        assert!(Checksum::Crc32Base62.verify(&one[4..34], &one[34..]));
    }

    #[test]
    fn a_check_part_after_a_separator_covers_what_stands_before_it() {
        let front = Shape {
            parts: vec![
                Part::Literal { lit: ["gl", "sa_"].concat() },
                Part::Chars { chars: "A".into(), len: Some(32), min: None, max: None },
                Part::Literal { lit: "_".into() },
                Part::Check { check: Checksum::Crc32HexLe, over: Over::Front },
            ],
        };
        let built = front.build(&mut Stream::fixture("x"), Length::Min);
        assert!(built.ends_with(b"A_d8dc8af3"));
    }

    #[test]
    fn mutants_differ_from_the_format() {
        let mutants = shape().mutants(&mut Stream::fixture("x"));
        let kinds: Vec<_> = mutants.iter().map(|(kind, _, _)| *kind).collect();
        assert_eq!(
            kinds,
            [
                Mutation::Prefix,
                Mutation::Shorter,
                Mutation::Longer,
                Mutation::Alphabet,
                Mutation::Checksum
            ]
        );
    }

    #[test]
    fn alphabets_are_read_as_ranges() {
        assert_eq!(alphabet("a-c_-"), b"abc_-");
        assert_eq!(alphabet("A-Z2-7").len(), 32);
    }
}
