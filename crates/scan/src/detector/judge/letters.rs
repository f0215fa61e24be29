//! How much letters look like a word rather than like chance.
//!
//! The table was counted by `benches/letters.py` in words of public source text.

use std::sync::LazyLock;

/// For each pair of letters and each third one: bits for a word against chance, in halves.
static TABLE: LazyLock<Box<[i8]>> = LazyLock::new(|| {
    let mut table = vec![0; 27 * 27 * 26].into_boxed_slice();
    for line in include_str!("../../../../../rules/judge/letters.txt").lines() {
        let &[first, second, b' ', ref bits @ ..] = line.as_bytes() else { continue };
        let row = index(first) * 27 + index(second);
        for (cell, bits) in table[row * 26..][..26].iter_mut().zip(bits) {
            *cell = (*bits as i8) - (b'I' as i8);
        }
    }
    table
});

/// 0 begins a word.
fn index(letter: u8) -> usize {
    if letter.is_ascii_alphabetic() {
        usize::from(letter.to_ascii_lowercase() - b'a') + 1
    } else {
        0
    }
}

/// Bits that say that these letters are a word (above 0) or chance (below).
pub(super) fn wordness(letters: &[u8]) -> f32 {
    let (mut before, mut last) = (0, 0);
    let mut halves = 0i32;
    for letter in letters {
        let this = index(*letter);
        if this == 0 {
            (before, last) = (0, 0);
            continue;
        }
        halves += i32::from(TABLE[(before * 27 + last) * 26 + this - 1]);
        (before, last) = (last, this);
    }
    halves as f32 / 2.0
}
