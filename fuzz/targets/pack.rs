//! Packs: right ones must give what was put in, others only never too much.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::check::{Fate, Ways, begin, check};
use quietus_fuzz::feed::Feed;
use quietus_fuzz::ground::Ground;
use quietus_fuzz::packs::Forged;
use quietus_fuzz::{bound_memory, forge};
use quietus_odb::Reason;

fuzz_target!(init: bound_memory(64 << 20), |data: &[u8]| {
    let (mut feed, ways, ground) = begin(data);
    match feed.byte() % 4 {
        // Bytes as they come, with objects where the index says.
        0 => raw(&mut feed, &ground, ways),
        honest => several(&mut feed, &ground, ways, honest < 3),
    }
});

fn raw(feed: &mut Feed<'_>, ground: &Ground, ways: Ways) {
    let mut entries = Vec::new();
    for number in 0..feed.below(16) {
        entries.push((forge::id(ways.format, number as u64), 12 + u64::from(feed.byte())));
    }
    let pack = forge::pack(ways.format, entries.len() as u32, feed.rest());
    ground.pack("pack-a.pack", &pack);
    ground.pack("pack-a.idx", &forge::idx(ways.format, &entries));
    check(ground.objects(), ways, false);
}

fn several(feed: &mut Feed<'_>, ground: &Ground, ways: Ways, honest: bool) {
    let mut packs = vec![Forged::from_feed(ways.format, feed, 1, honest)];
    if !feed.is_over() {
        // Some of its objects have the same ids, and other content if anything is a lie.
        let first = if honest { 100 } else { 3 };
        packs.push(Forged::from_feed(ways.format, feed, first, honest));
    }
    for (name, forged) in ["a", "b"].iter().zip(&packs) {
        let (pack, idx) = forged.bytes();
        ground.pack(&format!("pack-{name}.pack"), &pack);
        ground.pack(&format!("pack-{name}.idx"), &idx);
    }
    let right = honest || (packs.len() == 1 && !packs[0].lies);
    let (store, fates) = check(ground.objects(), ways, right);
    if !right {
        return;
    }
    for (id, (kind, content)) in packs.iter().flat_map(|forged| &forged.made) {
        let number = store.number(id).expect("it is in the store");
        match &fates[&number] {
            Fate::Came(there, bytes) => assert!(there == kind && bytes == content),
            Fate::Failed(reason) => assert!(
                *reason == Reason::TooLarge && ways.largest <= 1 << 12,
                "{id} is right, but {reason:?}"
            ),
        }
    }
}
