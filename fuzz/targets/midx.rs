//! Indexes of several packs: any bytes, and right ones with lies in them, for packs that are right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::check::{Fate, begin, check};
use quietus_fuzz::feed::Feed;
use quietus_fuzz::forge::{self, be, fanout};
use quietus_fuzz::{bound_memory, packs};
use quietus_odb::{Format, ObjectId};

fuzz_target!(init: bound_memory(64 << 20), |data: &[u8]| {
    let (mut feed, ways, ground) = begin(data);
    let right = packs::few(ways.format);
    let (pack, idx) = right.bytes();
    ground.pack("pack-a.pack", &pack);
    ground.pack("pack-b.pack", &pack);
    if feed.once_in(4) {
        ground.pack("pack-b.idx", &idx);
    }
    let choice = feed.byte() % 4;
    let midx = match choice {
        0 => feed.rest().to_vec(),
        1 => [b"MIDX\x01", feed.rest()].concat(),
        2 => made(&mut Feed::new(&[]), ways.format, &right.entries),
        _ => made(&mut feed, ways.format, &right.entries),
    };
    ground.pack("multi-pack-index", &midx);
    let (store, fates) = check(ground.objects(), ways, choice == 2);
    if choice == 2 {
        for (id, (kind, content)) in &right.made {
            let number = store.number(id).expect("it is in the store");
            assert!(fates[&number] == Fate::Came(*kind, content.clone()), "{id} is right");
        }
    }
});

/// One of the right make, with some of its numbers and the order of its parts chosen.
fn made(feed: &mut Feed<'_>, format: Format, right: &[(ObjectId, u64)]) -> Vec<u8> {
    let mut entries: Vec<(ObjectId, u32, u32)> =
        right.iter().map(|&(id, offset)| (id, u32::from(feed.byte() % 3), offset as u32)).collect();
    for _ in 0..feed.below(8) {
        let at = feed.below(entries.len());
        match feed.byte() % 4 {
            0 => entries[at].0 = forge::id(format, feed.number()),
            1 => entries[at].1 = feed.number() as u32,
            2 => entries[at].2 = feed.number() as u32,
            _ => entries[at].2 = 1 << 31 | feed.number() as u32 % 8,
        }
    }
    if !feed.once_in(8) {
        entries.sort();
    }
    let mut counts = fanout(entries.iter().map(|entry| &entry.0));
    if feed.once_in(6) {
        counts[feed.below(256)] = feed.number() as u32;
    }
    let ids = entries.iter().flat_map(|entry| entry.0.as_bytes()).copied().collect();
    let offsets = entries.iter().flat_map(|entry| be(&[entry.1, entry.2])).collect();
    let large = right.iter().take(feed.below(9)).flat_map(|entry| entry.1.to_be_bytes()).collect();
    let mut names = b"pack-a.idx\0pack-b.idx\0pack-c.idx\0".to_vec();
    if feed.once_in(6) {
        names = feed.bytes().to_vec();
    }
    let mut parts: Vec<(&[u8; 4], Vec<u8>)> = vec![
        (b"PNAM", names),
        (b"OIDF", be(&counts)),
        (b"OIDL", ids),
        (b"OOFF", offsets),
        (b"LOFF", large),
    ];
    if feed.once_in(4) {
        let at = feed.below(parts.len());
        parts.rotate_left(at);
        if feed.once_in(2) {
            parts.pop();
        }
    }
    assemble(feed, format, &parts)
}

fn assemble(feed: &mut Feed<'_>, format: Format, parts: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let version = [1, 2][usize::from(format == Format::Sha256) ^ usize::from(feed.once_in(16))];
    let chunks = if feed.once_in(8) { feed.byte() } else { parts.len() as u8 };
    let packs = if feed.once_in(8) { feed.number() as u32 } else { 3 };
    let mut bytes = b"MIDX".to_vec();
    bytes.extend([1 + feed.byte() % 3, version, chunks, 0]);
    bytes.extend(packs.to_be_bytes());
    let mut at = 12 + 12 * (parts.len() as u64 + 1);
    for (name, part) in parts {
        let said = if feed.once_in(12) { feed.number() } else { at };
        bytes.extend(*name);
        bytes.extend(said.to_be_bytes());
        at += part.len() as u64;
    }
    bytes.extend([0; 4]);
    bytes.extend(at.to_be_bytes());
    parts.iter().for_each(|part| bytes.extend(&part.1));
    bytes.extend(vec![8; format.id_len()]);
    if feed.once_in(8) {
        bytes.truncate(bytes.len().saturating_sub(feed.below(1100)));
    }
    bytes
}
