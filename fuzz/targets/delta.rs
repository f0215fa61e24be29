//! Deltas: what comes out is what the instructions say, and what is told of copies is so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::feed::Feed;
use quietus_fuzz::{bound_memory, check, packs};
use quietus_odb::{Delta, fuzz};

/// Nothing longer is made.
const MOST: u64 = 1 << 20;

fuzz_target!(init: bound_memory(64 << 20), |data: &[u8]| {
    let mut feed = Feed::new(data);
    let choice = feed.byte();
    let base = feed.content();
    let delta = match choice % 3 {
        0 => feed.rest().to_vec(),
        lies => packs::delta(&mut feed, base.len(), lies == 1),
    };
    // What is left in a buffer from before must not show.
    let before = if choice >= 128 { vec![0xaa; 3 * usize::from(choice)] } else { Vec::new() };
    let slow = packs::apply(&base, &delta);
    let fast = fuzz::apply(&base, &delta, MOST, &before);
    match (fast, slow) {
        (Some((bytes, copies)), Some(expected)) => {
            assert!(bytes == expected);
            check::changes(&bytes, Delta { base: &base, copies: &copies });
            let copied: usize = copies.iter().map(|copied| copied.len as usize).sum();
            assert!(copied <= bytes.len());
        }
        (None, None) => assert!(choice % 3 != 2, "a right delta is refused"),
        (None, Some(long)) => assert!(long.len() as u64 > MOST),
        (Some(_), None) => panic!("a delta that makes no sense is taken"),
    }
});
