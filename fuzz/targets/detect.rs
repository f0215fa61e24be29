//! The detector with the shipped rules: any text is looked through, and what is told is in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::bound_memory;
use quietus_fuzz::feed::Feed;
use quietus_fuzz::texts::{self, DETECTOR};

fuzz_target!(init: bound_memory(512 << 20), |data: &[u8]| {
    let mut feed = Feed::new(data);
    let text = if feed.byte() % 2 == 0 { feed.rest().to_vec() } else { texts::text(&mut feed) };
    let mut end = 0;
    for found in DETECTOR.detect(&text) {
        let at = found.secret_span;
        assert!(text[at.clone()] == *found.secret.expose());
        assert!(end <= at.start, "nothing is told twice, and all is in order");
        assert!(found.span.end <= text.len());
        end = at.end;
    }
    assert!(DETECTOR.failed().is_empty());
});
