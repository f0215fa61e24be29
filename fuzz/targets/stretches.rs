//! Texts and the encoded stretches in them: ranges lie in the text, in order, and what is longer than
//! a secret and readable is found again when it is encoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::bound_memory;
use quietus_unpack::{Encoding, Text, spans};

fuzz_target!(init: bound_memory(64 << 20), |data: &[u8]| {
    let text = Text::of(data);
    let mut before = 0;
    for at in 0..text.bytes().len().min(64) {
        let original = text.original(at);
        assert!(before <= original && original < data.len());
        before = original;
    }
    assert!(text.original(text.bytes().len()) == data.len());
    before = 0;
    for span in spans(text.bytes()) {
        assert!(before <= span.range.start && span.range.end <= text.bytes().len());
        assert!(span.bytes.len() <= span.range.len());
        before = span.range.start;
    }
    // Readable from end to end, and long enough.
    if data.len() >= 16 && data.iter().all(u8::is_ascii_graphic) {
        let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        let found = spans(hex.as_bytes());
        assert!(found.len() == 1 && found[0].encoding == Encoding::Hex && found[0].bytes == data);
    }
});
