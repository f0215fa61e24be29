//! What is carried over from one version of a text to the next is what is found in all of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::bound_memory;
use quietus_fuzz::feed::Feed;
use quietus_fuzz::texts::{self, DETECTOR};
use quietus_scan::{Detection, fuzz};

fuzz_target!(init: bound_memory(512 << 20), |data: &[u8]| {
    let versions = texts::versions(&mut Feed::new(data));
    let mut number = 0;
    fuzz::carry(&DETECTOR, &versions, |carried, whole| {
        let (carried, whole): (Vec<_>, Vec<_>) =
            (carried.iter().map(told).collect(), whole.iter().map(told).collect());
        assert_eq!(carried, whole, "version {number}");
        number += 1;
    });
});

/// All that is told of a detection, wherever it was first seen.
fn told((start, found): &(usize, Detection)) -> String {
    let Detection { rule, parts, missing, offline, expires, confidence, decoded, .. } = found;
    let parts: Vec<_> = parts.iter().map(|part| (&part.name, part.secret.expose())).collect();
    let facts = (parts, missing, offline, expires, confidence, decoded, found.allowed_inline);
    format!("{start} {} {:?} {facts:?}", rule.id, found.secret.expose())
}
