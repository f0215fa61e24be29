//! Indexes of packs: any bytes, and right ones with lies in them, each for a pack that is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::check::{begin, check};
use quietus_fuzz::feed::Feed;
use quietus_fuzz::forge::{self, be, fanout};
use quietus_fuzz::{bound_memory, packs};
use quietus_odb::ObjectId;

fuzz_target!(init: bound_memory(64 << 20), |data: &[u8]| {
    let (mut feed, ways, ground) = begin(data);
    let right = packs::few(ways.format);
    let (pack, _) = right.bytes();
    ground.pack("pack-a.pack", &pack);
    let idx = match feed.byte() % 4 {
        0 => feed.rest().to_vec(),
        1 => [forge::IDX_HEAD, feed.rest()].concat(),
        _ => made(&mut feed, &right.entries),
    };
    ground.pack("pack-a.idx", &idx);
    check(ground.objects(), ways, false);
});

/// An index of the right make, with some of its numbers chosen.
fn made(feed: &mut Feed<'_>, right: &[(ObjectId, u64)]) -> Vec<u8> {
    let format = right[0].0.format();
    let mut entries = Vec::new();
    for _ in 0..feed.below(20) {
        let (id, offset) = right[feed.below(right.len())];
        let id = if feed.once_in(4) { forge::id(format, feed.number()) } else { id };
        let offset = match feed.byte() {
            0..=199 => offset as u32,
            200..=219 => feed.number() as u32,
            large => 1 << 31 | u32::from(large - 220),
        };
        entries.push((id, offset));
    }
    if !feed.once_in(8) {
        entries.sort();
    }
    let mut counts = fanout(entries.iter().map(|entry| &entry.0));
    if feed.once_in(6) {
        counts[feed.below(256)] = feed.number() as u32;
    }
    if feed.once_in(6) {
        // All that come after a place, which may still be in order.
        let (from, more) = (feed.below(256), feed.byte());
        counts[from..].iter_mut().for_each(|count| *count = count.wrapping_add(more.into()));
    }
    let mut bytes = forge::IDX_HEAD.to_vec();
    bytes.extend(be(&counts));
    entries.iter().for_each(|entry| bytes.extend(entry.0.as_bytes()));
    entries.iter().for_each(|_| bytes.extend([0; 4]));
    bytes.extend(be(&entries.iter().map(|entry| entry.1).collect::<Vec<_>>()));
    for _ in 0..feed.below(8) {
        let offset = if feed.once_in(2) { feed.number() } else { right[feed.below(right.len())].1 };
        bytes.extend(offset.to_be_bytes());
    }
    let sums = [vec![forge::CHECKSUM; format.id_len()], vec![8; format.id_len()]].concat();
    bytes.extend(if feed.once_in(8) { feed.bytes() } else { &sums });
    if feed.once_in(8) {
        bytes.truncate(bytes.len().saturating_sub(feed.below(1100)));
    }
    bytes
}
