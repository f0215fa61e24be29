//! Trees as changes to others: what they are found to lead to is what stands in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::feed::Feed;
use quietus_fuzz::ground::Ground;
use quietus_fuzz::packs::Forged;
use quietus_fuzz::texts::{self, DETECTOR};
use quietus_fuzz::{bound_memory, forge};
use quietus_odb::{Format, Kind, Options, Store};
use std::collections::HashMap;

/// The first tree's number; blobs come before it.
const TREES: u64 = 8;

fuzz_target!(init: bound_memory(512 << 20), |data: &[u8]| {
    let mut feed = Feed::new(data);
    let choice = feed.byte();
    let format = if choice & 1 == 0 { Format::Sha1 } else { Format::Sha256 };
    // Sorted, and every entry right, as git makes them; or anything at all.
    let right = choice & 6 != 6;
    let mut forged = Forged::new(format);
    for number in 0..TREES {
        forged.add(number, Kind::Blob, vec![number as u8], 1);
    }
    let mut trees: Vec<Vec<Entry>> = Vec::new();
    let mut contents: Vec<Vec<u8>> = Vec::new();
    while !feed.is_over() && trees.len() < 40 {
        let base = trees.len().checked_sub(1).map(|last| last - feed.below(last + 1));
        let mut entries = base.map_or_else(Vec::new, |base| trees[base].clone());
        for _ in 0..1 + feed.below(6) {
            edit(&mut feed, &mut entries, right);
        }
        if right {
            entries.sort_by_cached_key(Entry::key);
            entries.dedup_by(|a, b| a.name == b.name);
        }
        let mut content: Vec<u8> = entries.iter().flat_map(|entry| entry.bytes(format)).collect();
        if !right && feed.once_in(4) {
            content.extend_from_slice(feed.bytes());
        }
        let number = TREES + trees.len() as u64;
        match base.filter(|_| !feed.once_in(8)) {
            None => forged.add(number, Kind::Tree, content.clone(), 1),
            Some(base) => {
                let delta = delta(&mut feed, &contents[base], &content);
                forged.change(number, TREES as usize + base, &delta, feed.once_in(4));
            }
        }
        trees.push(entries);
        contents.push(content);
    }
    let ground = Ground::new();
    let (pack, idx) = forged.bytes();
    ground.pack("pack-a.pack", &pack);
    ground.pack("pack-a.idx", &idx);
    let store = Store::open(ground.objects(), format, &Options::default()).expect("it is there");
    let threads = if choice >= 240 { 2 } else { 1 };
    let mut told = 0;
    let gone = quietus_scan::fuzz::folders(&store, &DETECTOR, threads, |tree, compared, all| {
        assert_eq!(compared, all, "tree {tree}");
        told += 1;
    });
    assert_eq!(gone, Ok(()), "what was not there was taken away");
    assert_eq!(told, trees.len());
});

#[derive(Clone)]
struct Entry {
    mode: &'static str,
    name: Vec<u8>,
    /// Of an object that is there, or of one that is not.
    id: u64,
}

impl Entry {
    /// Git's order.
    fn key(&self) -> Vec<u8> {
        let slash: &[u8] = if self.mode == "40000" { b"/" } else { b"" };
        [&self.name, slash].concat()
    }

    fn bytes(&self, format: Format) -> Vec<u8> {
        let id = forge::id(format, self.id);
        [self.mode.as_bytes(), b" ", &self.name, b"\0", id.as_bytes()].concat()
    }
}

fn edit(feed: &mut Feed<'_>, entries: &mut Vec<Entry>, right: bool) {
    let modes = ["100644", "40000", "160000", "120000", "040000", "", "1"];
    let mode = |feed: &mut Feed<'_>| modes[feed.below(if right { 4 } else { 7 })];
    let id = |feed: &mut Feed<'_>| u64::from(feed.byte()) % (TREES + 60);
    match (feed.byte(), entries.len()) {
        (0..=127, _) | (_, 0) => {
            let at = feed.below(entries.len() + 1);
            let (mode, name) = (mode(feed), name(feed, right));
            entries.insert(at, Entry { mode, name, id: id(feed) });
        }
        (128..=159, len) => drop(entries.remove(feed.below(len))),
        (160..=199, len) => entries[feed.below(len)].id = id(feed),
        (200..=219, len) => entries[feed.below(len)].mode = mode(feed),
        (220..=239, len) => entries[feed.below(len)].name = name(feed, right),
        (_, len) => {
            let (from, to) = (feed.below(len), feed.below(len));
            let entry = entries[from].clone();
            entries.insert(to, entry);
        }
    }
}

fn name(feed: &mut Feed<'_>, right: bool) -> Vec<u8> {
    let mut name = match feed.byte() {
        letter @ 0..=99 => vec![b'a' + letter % 26],
        100..=149 => feed.bytes().to_vec(),
        pair @ 150..=219 => vec![b'a' + pair % 5, b'-' + feed.byte() % 3, b'a' + feed.byte() % 3],
        _ => texts::secret(feed).to_vec(),
    };
    name.retain(|&byte| byte != 0 && !(right && byte == b'/'));
    if right && name.is_empty() {
        name.push(b'x');
    }
    name
}

/// A delta that copies what is alike: wherever so many bytes are, as git looks for them, and in
/// whichever of the places.
fn delta(feed: &mut Feed<'_>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let least = [16, 4, 8, 30][feed.below(4)];
    let last = feed.once_in(2);
    let mut places: HashMap<&[u8], usize> = HashMap::new();
    for (at, start) in old.windows(least).enumerate() {
        let place = places.entry(start).or_insert(at);
        if last {
            *place = at;
        }
    }
    let mut delta = forge::length(old.len() as u64);
    delta.extend(forge::length(new.len() as u64));
    let (mut at, mut own) = (0, 0);
    while at < new.len() {
        let place = new.get(at..at + least).and_then(|start| places.get(start));
        let Some(&from) = place else {
            at += 1;
            continue;
        };
        insert(&mut delta, &new[own..at]);
        let alike = old[from..].iter().zip(&new[at..]).take_while(|(a, b)| a == b).count();
        delta.extend(forge::copy(from as u64, alike as u64));
        at += alike;
        own = at;
    }
    insert(&mut delta, &new[own..]);
    delta
}

fn insert(delta: &mut Vec<u8>, bytes: &[u8]) {
    for piece in bytes.chunks(127) {
        delta.push(piece.len() as u8);
        delta.extend(piece);
    }
}
