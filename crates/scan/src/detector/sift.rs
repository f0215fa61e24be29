//! Tells real values from examples, references, masks and words.

use super::placeholder;
pub(super) use super::placeholder::is_reference;
use data_encoding::HEXLOWER_PERMISSIVE;
use quietus_model::Rule;
use quietus_model::shape::{Part, Shape};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// Longer ones are no word of a list.
const LONGEST_WORD: usize = 12;

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
    /// It walks along the alphabet: made up, or made so that it can be remembered.
    Sequence,
    Placeholder,
}

/// Words, runs and entropy; only for a value that no firm check part has proven.
pub(super) fn sift(value: &[u8], shape: Option<&Shape>, floor: f32) -> Sifted {
    let parts = shape.map_or(&[][..], |shape| &shape.parts);
    if entropy(value) < floor {
        return Sifted::Placeholder;
    }
    let free = &value[prefix(value, parts)..];
    if consists_of_words(parts) {
        return sort(free, placeholder::is_mask_of_words);
    }
    let sorted = sort(free, placeholder::is_made_up);
    if sorted == Sifted::Kept {
        return sorted;
    }
    // What the format fixes in between speaks neither for the value nor against it.
    let free = without_fixed(value, parts);
    if free.len() < value.len() { sort(&free, placeholder::is_made_up) } else { sorted }
}

fn sort(free: &[u8], is_made_up: fn(&[u8]) -> bool) -> Sifted {
    if is_made_up(free) {
        Sifted::Placeholder
    } else if placeholder::has_sequence(free) {
        Sifted::Sequence
    } else {
        Sifted::Kept
    }
}

/// How much of the start of `rest` this part fixes; `None` if it fixes nothing there.
fn fixed_at_start(part: &Part, rest: &[u8]) -> Option<usize> {
    let starts = |text: &&String| rest.starts_with(text.as_bytes());
    match part {
        Part::Literal { lit } => Some(lit).filter(starts).map(String::len),
        Part::OneOf { one_of } => one_of.iter().filter(starts).map(String::len).max(),
        _ => None,
    }
}

fn fixed_at_end(part: &Part, rest: &[u8]) -> Option<usize> {
    let ends = |text: &&String| rest.ends_with(text.as_bytes());
    match part {
        Part::Literal { lit } => Some(lit).filter(ends).map(String::len),
        Part::OneOf { one_of } => one_of.iter().filter(ends).map(String::len).max(),
        _ => None,
    }
}

/// How many bytes the format itself fixes at the start: `test` in a prefix says nothing.
fn prefix(value: &[u8], parts: &[Part]) -> usize {
    let mut at = 0;
    for part in parts {
        let Some(len) = fixed_at_start(part, &value[at..]) else { break };
        at += len;
    }
    at
}

/// The value without the texts that the format fixes, as far as their places follow from either
/// end. Marks remain: they part words, and nobody takes them for a placeholder.
fn without_fixed(value: &[u8], parts: &[Part]) -> Vec<u8> {
    let is_held_against = |text: &[u8]| text.iter().any(u8::is_ascii_alphanumeric);
    let (mut start, mut end) = (0, value.len());
    let (mut front, mut back) = (Vec::new(), Vec::new());
    let add = |kept: &mut Vec<Range<usize>>, at: Range<usize>, is_fixed: bool| {
        if !is_fixed || !is_held_against(&value[at.clone()]) {
            kept.push(at);
        }
    };
    let mut rest = parts;
    while let [first, others @ ..] = rest {
        let fixed = fixed_at_start(first, &value[start..end]);
        let Some(len) = fixed.or_else(|| exact(first)).filter(|len| *len <= end - start) else {
            break;
        };
        add(&mut front, start..start + len, fixed.is_some());
        (start, rest) = (start + len, others);
    }
    while let [others @ .., last] = rest {
        let fixed = fixed_at_end(last, &value[start..end]);
        let Some(len) = fixed.or_else(|| exact(last)).filter(|len| *len <= end - start) else {
            break;
        };
        add(&mut back, end - len..end, fixed.is_some());
        (end, rest) = (end - len, others);
    }
    let ranges = front.into_iter().chain(std::iter::once(start..end)).chain(back.into_iter().rev());
    ranges.flat_map(|range| value[range].iter().copied()).collect()
}

/// How many bytes a part of free characters has, where that is fixed.
fn exact(part: &Part) -> Option<usize> {
    match part {
        Part::Chars { len: Some(len), .. } => Some(*len),
        Part::Chars { min: Some(min), max: Some(max), .. } if min == max => Some(*min),
        _ => None,
    }
}

/// Whether credentials of this format are words, so that a word in one says nothing.
fn consists_of_words(parts: &[Part]) -> bool {
    let is_word = |part: &Part| match part {
        Part::Chars { chars, max: Some(max), .. } => chars == "a-z" && *max <= LONGEST_WORD,
        _ => false,
    };
    let is_blank = |part: &Part| matches!(part, Part::Literal { lit } if lit == " ");
    parts.len() > 2
        && parts.iter().step_by(2).all(is_word)
        && parts.iter().skip(1).step_by(2).all(is_blank)
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
        assert_eq!(prefix(value, &shape.parts), 8);
        assert_eq!(sift(value, Some(&shape), 0.0), Sifted::Kept);
        assert_eq!(sift(b"sk_test_example-jqkz", Some(&shape), 0.0), Sifted::Placeholder);
    }

    fn chars(chars: &str, min: usize, max: usize) -> Part {
        Part::Chars { chars: chars.into(), len: None, min: Some(min), max: Some(max) }
    }

    #[test]
    fn what_the_format_fixes_inside_is_not_held_against_the_value() {
        let run = "A".repeat(10);
        let shape = Shape {
            parts: vec![
                chars("0-9A-Za-z", 6, 6),
                Part::Literal { lit: run.clone() },
                chars("0-9A-Za-z", 10, 30),
                Part::Literal { lit: "test".into() },
                chars("0-9A-Za-z", 4, 4),
            ],
        };
        let kept = |value: &str| sift(value.as_bytes(), Some(&shape), 0.0) == Sifted::Kept;
        for middle in ["vq8mzr2lkt5x", "vq8mzr2lkt5xvq8mwzjlkt"] {
            assert!(kept(&format!("Zr7Lk2{run}{middle}testW9jQ")), "{middle}");
        }
        // Elsewhere it is, and so is what stands in the free parts.
        for other in [
            format!("Zr7Lk2vq8m{run}zr2lkt5xtestW9jQ"),
            format!("Zr7Lk2{run}vq8mexamplerz2ltestW9jQ"),
            format!("Zr7Lk2{run}vq8m1234567lktestW9jQ"),
            format!("Zr7Lk2{run}{}testW9jQ", "x".repeat(24)),
        ] {
            assert!(!kept(&other), "{other}");
        }
        assert_eq!(
            sift(format!("Zr7Lk2{run}vq8mzr2lk").as_bytes(), None, 0.0),
            Sifted::Placeholder
        );
    }

    #[test]
    fn words_are_no_placeholder_where_the_format_is_words() {
        let blank = || Part::Literal { lit: " ".into() };
        let mut parts = vec![chars("a-z", 3, 8)];
        parts.extend((1..12).flat_map(|_| [blank(), chars("a-z", 3, 8)]));
        let shape = Shape { parts };
        let kept = |value: &str| sift(value.as_bytes(), Some(&shape), 0.0) == Sifted::Kept;
        let words = "donkey example hidden invalid monkey token sample test turkey value wool zoo";
        assert!(kept(words));
        assert_eq!(sift(words.as_bytes(), None, 0.0), Sifted::Placeholder);
        for other in ["word ".repeat(12), "xxxx ".repeat(12), "abcdefgh ".repeat(12)] {
            assert!(!kept(other.trim()), "{other}");
        }
        assert!(!kept("one two one two one two one two one two one two"));
    }
}
