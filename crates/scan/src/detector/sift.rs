//! Tells real values from examples, references, masks and words.

use super::placeholder;
pub(super) use super::placeholder::is_reference;
use data_encoding::HEXLOWER_PERMISSIVE;
use quietus_model::Rule;
use quietus_model::shape::{Part, Shape};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::Arc;

/// Published examples of all rules, by SHA-256. One set for all of them, so that a broad rule
/// knows the example of a narrow one.
#[derive(Debug)]
pub(super) struct Dummies(HashSet<[u8; 32]>);

impl Dummies {
    pub(super) fn new(rules: &[Arc<Rule>]) -> Self {
        let digests = rules.iter().flat_map(|rule| &rule.dummies).filter_map(|hex| {
            HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok())
        });
        Self(digests.collect())
    }

    pub(super) fn holds(&self, value: &[u8]) -> bool {
        !self.0.is_empty() && self.0.contains(&<[u8; 32]>::from(Sha256::digest(value)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sifted {
    Kept,
    Placeholder,
}

/// Words, runs and entropy; only for a value that no firm check part has proven.
pub(super) fn sift(value: &[u8], shape: Option<&Shape>, floor: f32) -> Sifted {
    let free = &value[fixed_prefix(value, shape)..];
    if placeholder::is_placeholder(free) || entropy(value) < floor {
        Sifted::Placeholder
    } else {
        Sifted::Kept
    }
}

/// How many bytes the format itself fixes at the start: `test` in a prefix says nothing.
fn fixed_prefix(value: &[u8], shape: Option<&Shape>) -> usize {
    let mut at = 0;
    for part in shape.map_or(&[][..], |shape| &shape.parts) {
        let rest = &value[at..];
        let fixed = match part {
            Part::Literal { lit } => rest.starts_with(lit.as_bytes()).then_some(lit.len()),
            Part::OneOf { one_of } => one_of
                .iter()
                .filter(|text| rest.starts_with(text.as_bytes()))
                .map(String::len)
                .max(),
            _ => None,
        };
        match fixed {
            Some(len) => at += len,
            None => break,
        }
    }
    at
}

/// Shannon entropy in bits a byte.
pub(super) fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let len = value.len() as f32;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = *count as f32 / len;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_shannon() {
        assert_eq!(entropy(b""), 0.0);
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abababab"), 1.0);
        assert_eq!(entropy(b"0123456789abcdef"), 4.0);
    }

    #[test]
    fn a_prefix_that_the_format_fixes_is_not_held_against_the_value() {
        let shape = Shape {
            parts: vec![
                Part::Literal { lit: "sk_".into() },
                Part::OneOf { one_of: vec!["live_".into(), "test_".into()] },
                Part::Chars { chars: "a-z".into(), len: Some(12), min: None, max: None },
            ],
        };
        let value = b"sk_test_jqkzvbnwpxhy";
        assert_eq!(fixed_prefix(value, Some(&shape)), 8);
        assert_eq!(sift(value, Some(&shape), 0.0), Sifted::Kept);
        assert_eq!(sift(b"sk_test_example-jqkz", Some(&shape), 0.0), Sifted::Placeholder);
    }
}
