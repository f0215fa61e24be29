//! Loose objects: any bytes, deflated bytes with a lie in their header, and right ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::check::{Fate, begin, check};
use quietus_fuzz::{bound_memory, forge, packs};
use quietus_odb::Kind;

const NAMES: [(&str, Kind); 4] =
    [("blob", Kind::Blob), ("tree", Kind::Tree), ("commit", Kind::Commit), ("tag", Kind::Tag)];

fuzz_target!(init: bound_memory(64 << 20), |data: &[u8]| {
    let (mut feed, ways, ground) = begin(data);
    let mut right = Vec::new();
    if feed.once_in(4) {
        // So that what lies loose and cannot be read is in a pack as well.
        let (pack, idx) = packs::few(ways.format).bytes();
        ground.pack("pack-a.pack", &pack);
        ground.pack("pack-a.idx", &idx);
    }
    for number in 0..8 {
        if feed.is_over() {
            break;
        }
        let id = forge::id(ways.format, number + 200);
        let known = forge::id(ways.format, number);
        let (name, kind) = NAMES[feed.below(4)];
        match feed.byte() % 5 {
            0 => ground.loose(&known, feed.bytes()),
            1 => ground.loose(&known, &forge::deflate(feed.bytes(), 0)),
            2 => {
                let (size, content) = (feed.number(), feed.content());
                let bytes = [format!("{name} {size}\0").as_bytes(), &content].concat();
                ground.loose(&known, &forge::deflate(&bytes, 1));
            }
            3 => {
                let content = feed.content();
                let bytes = [format!("{name} {}\0", content.len()).as_bytes(), &content].concat();
                let mut bytes = forge::deflate(&bytes, 1);
                let at = bytes.len() - 1 - feed.below(bytes.len());
                bytes[at] ^= feed.byte();
                if feed.once_in(2) {
                    bytes.truncate(at);
                }
                ground.loose(&known, &bytes);
            }
            _ => {
                let content = feed.content();
                let bytes = [format!("{name} {}\0", content.len()).as_bytes(), &content].concat();
                ground.loose(&id, &forge::deflate(&bytes, 1));
                right.push((id, Fate::Came(kind, content)));
            }
        }
    }
    let (store, fates) = check(ground.objects(), ways, false);
    for (id, fate) in right {
        let number = store.number(&id).expect("it is in the store");
        assert!(fates[&number] == fate, "{id} is right");
    }
});
