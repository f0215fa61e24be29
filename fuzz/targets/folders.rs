//! Trees as changes to others: what they are found to lead to is what stands in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::feed::Feed;
use quietus_fuzz::ground::Ground;
use quietus_fuzz::packs::Forged;
use quietus_fuzz::texts::{self, DETECTOR};
use quietus_fuzz::{bound_memory, forge};
use quietus_odb::{Format, Kind, Options, Store};
use quietus_scan::fuzz::{Edge, Led};
use std::collections::{HashMap, HashSet};

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
    let mut told: HashMap<u32, Vec<Edge>> = HashMap::new();
    let led = quietus_scan::fuzz::folders(&store, &DETECTOR, threads, |tree, compared, all| {
        assert_eq!(compared, all, "tree {tree}");
        told.insert(tree, all);
    });
    let led = led.expect("nothing is taken away that was not there");
    assert_eq!(told.len(), trees.len());
    below(&led, &told);
});

/// What is said of all that lies below each tree is so: all of it is looked at.
fn below(led: &Led, told: &HashMap<u32, Vec<Edge>>) {
    let mut shapes = Shapes { told, known: HashMap::new(), numbers: HashMap::new() };
    let is_endless = told.keys().any(|tree| shapes.of(*tree).is_none());
    assert_eq!(led.is_endless, is_endless);
    if is_endless {
        return;
    }
    let mut shape_of: HashMap<u128, u32> = HashMap::from([(0, 0)]);
    let mut sum_of: HashMap<u32, u128> = HashMap::from([(0, 0)]);
    for (&tree, edges) in told {
        let (sum, led) = &led.trees[&tree];
        let shape = shapes.of(tree).expect("there is no circle");
        assert_eq!(*shape_of.entry(*sum).or_insert(shape), shape, "tree {tree}");
        assert_eq!(*sum_of.entry(shape).or_insert(*sum), *sum, "tree {tree}");
        let mut wanted: Vec<&Edge> =
            edges.iter().filter(|edge| shapes.part(edge) != Some(None)).collect();
        let mut led: Vec<&Edge> = led.iter().collect();
        wanted.sort();
        wanted.dedup();
        led.sort();
        assert_eq!(led, wanted, "tree {tree}");
    }
}

/// Numbers for all that lies below a tree, 0 for nothing of interest; none for what goes round in
/// a circle.
struct Shapes<'a> {
    told: &'a HashMap<u32, Vec<Edge>>,
    known: HashMap<u32, Option<u32>>,
    numbers: HashMap<Vec<(&'a [u8], String)>, u32>,
}

impl<'a> Shapes<'a> {
    fn of(&mut self, tree: u32) -> Option<u32> {
        let Some(edges) = self.told.get(&tree) else { return Some(0) };
        if !self.leads_on(tree, &mut HashSet::new()) {
            return Some(0);
        }
        if let Some(known) = self.known.get(&tree) {
            return *known;
        }
        // Until it is known it is a circle to whoever comes back to it.
        self.known.insert(tree, None);
        let mut parts = Vec::new();
        for edge in edges {
            if let Some(part) = self.part(edge)? {
                parts.push((&*edge.0, part));
            }
        }
        parts.sort();
        let next = self.numbers.len() as u32 + 1;
        let shape = Some(*self.numbers.entry(parts).or_insert(next));
        self.known.insert(tree, shape);
        shape
    }

    /// Where an edge leads, without the names of trees; if anywhere, and unless in a circle.
    fn part(&mut self, edge: &Edge) -> Option<Option<String>> {
        match folder(edge) {
            None => Some(Some(edge.1.clone())),
            Some(tree) => {
                let shape = self.of(tree)?;
                Some((shape != 0).then(|| format!("shape {shape}")))
            }
        }
    }

    /// Whether anything but folders lies below.
    fn leads_on(&self, tree: u32, seen: &mut HashSet<u32>) -> bool {
        let edges = self.told.get(&tree).map_or(&[][..], Vec::as_slice);
        seen.insert(tree)
            && edges.iter().any(|edge| folder(edge).is_none_or(|tree| self.leads_on(tree, seen)))
    }
}

/// Which tree an edge leads to, if it does.
fn folder(edge: &Edge) -> Option<u32> {
    edge.1.strip_prefix("folder ").map(|number| number.parse().expect("it is a number"))
}

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
