//! Every object by itself, all of it, with no store or delta in between.
//!
//! What lies bare in the bytes must be told, and what is told must lie there or be hidden there. What
//! counts where both tell of one credential is not asked again here.

use crate::history::Store;
use crate::{DETECTOR, Told, key};
use quietus_model::{Fingerprint, Place};
use quietus_odb::{Format, Kind, Kinds, Object, ObjectId, Options, Problem, Selection, Visitor};
use quietus_scan::Detection;
use quietus_unpack::{Bounds, Charset, Text, members, spans};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Read;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// What the repositories held: a comparison says nothing of what was not there.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// Blobs with secrets.
    pub(crate) blobs: usize,
    /// Those stored as a change to one with the same secret.
    pub(crate) inherited: usize,
    /// Secrets right where their blob begins, and where it ends.
    pub(crate) at_start: usize,
    pub(crate) at_end: usize,
    /// Secrets of which parts were copied from different places, or are new.
    pub(crate) across: usize,
    /// Secrets that end or begin right where a copy does.
    pub(crate) beside: usize,
    pub(crate) rules: BTreeSet<String>,
    /// Objects in which something is encoded or contained, and all that has to be undone for it.
    pub(crate) hidden: usize,
    pub(crate) encodings: BTreeSet<String>,
}

/// Where copies begin and end in each object that is stored as a change, in order.
pub(crate) type Seams = HashMap<String, BTreeSet<usize>>;

struct SeamKeeper(Seams);

impl Visitor for SeamKeeper {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<&()>, _: &mut ()) {
        let copies = object.delta.map_or(&[][..], |delta| delta.copies);
        let ends = copies.iter().flat_map(|copied| [copied.target, copied.target + copied.len]);
        self.0.insert(object.id().to_string(), ends.map(|end| end as usize).collect());
    }

    fn stream(&mut self, _: u32, id: ObjectId, _: Kind, _: u64, _: &mut dyn Read) {
        panic!("{id} is small");
    }

    fn problem(&mut self, problem: Problem) {
        panic!("{problem:?}");
    }
}

pub(crate) fn seams(store: &Store, format: &str) -> Seams {
    let format = if format == "sha1" { Format::Sha1 } else { Format::Sha256 };
    let objects = store.path().join("objects");
    let store = quietus_odb::Store::open(&objects, format, &Options::default()).unwrap();
    let blobs = Selection { kinds: Kinds::BLOBS, wanted: None };
    let walked = store.walk(&blobs, 1, &AtomicBool::new(false), || SeamKeeper(Seams::new()));
    walked.into_iter().flat_map(|keeper| keeper.0).collect()
}

/// Which object each object is stored as a change to.
pub(crate) fn bases(store: &Store) -> HashMap<String, String> {
    let mut bases = HashMap::new();
    for pack in store.packs() {
        let index = pack.with_extension("idx");
        let told = store.ask(&["verify-pack", "-v", index.to_str().unwrap()]);
        for line in String::from_utf8(told).unwrap().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [id, "blob", _, _, _, _, base] = words[..] {
                bases.insert(id.to_owned(), base.to_owned());
            }
        }
    }
    bases
}

/// Every object: its id, its kind and its bytes.
fn objects(store: &Store) -> Vec<(String, String, Vec<u8>)> {
    let all = store.ask(&["cat-file", "--batch-all-objects", "--batch", "--buffer"]);
    let mut rest = &all[..];
    let mut objects = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        let [id, kind, size] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
        let from = end + 1;
        let to = from + size.parse::<usize>().unwrap();
        objects.push((id.to_owned(), kind.to_owned(), rest[from..to].to_owned()));
        rest = &rest[to + 1..];
    }
    objects
}

/// Whether a rule knows what it finds by its format; more than a value with a name.
fn has_format(detection: &Detection) -> bool {
    detection.rule.judge.is_none() && detection.rule.precedence > 20
}

/// What is found in all that bytes say when they are decoded or opened, and that again.
fn hidden(bytes: &[u8]) -> Vec<Detection> {
    fn look(bytes: &[u8], depth: u32, found: &mut Vec<Detection>) {
        found.extend(DETECTOR.detect(bytes));
        if depth < 3 {
            spans(bytes).iter().for_each(|span| open(&span.bytes, depth + 1, found));
        }
    }
    fn open(bytes: &[u8], depth: u32, found: &mut Vec<Detection>) {
        look(bytes, depth, found);
        beyond(bytes, depth, found);
    }
    fn beyond(bytes: &[u8], depth: u32, found: &mut Vec<Detection>) {
        let text = Text::of(bytes);
        if matches!(text.charset(), Charset::Utf16Le | Charset::Utf16Be) {
            look(text.bytes(), depth, found);
        }
        members(bytes, &Bounds::default(), &mut |member| {
            look(member.bytes, depth, found);
            let text = Text::of(member.bytes);
            look(text.bytes(), depth, found);
            look(member.path.as_bytes(), 3, found);
        });
    }
    let mut found = Vec::new();
    spans(bytes).iter().for_each(|span| open(&span.bytes, 1, &mut found));
    beyond(bytes, 0, &mut found);
    found
}

/// Whether a secret says the same when escapes are undone in it and right before and after it.
fn is_plain(bytes: &[u8], secret: &Range<usize>) -> bool {
    let around = secret.start.saturating_sub(8)..(secret.end + 1).min(bytes.len());
    !bytes[around].iter().any(|byte| b"%\\&=".contains(byte))
}

/// Fails unless what was told is what stands in the objects.
pub(crate) fn check(
    store: &Store,
    told: &Told,
    (bases, seams): (&HashMap<String, String>, &Seams),
    share: &mut Share,
) {
    let mut found: HashMap<String, HashSet<(Fingerprint, u64)>> = HashMap::new();
    let (mut must, mut may) = (HashSet::new(), HashSet::<Fingerprint>::new());
    let mut inside: HashMap<String, HashSet<Fingerprint>> = HashMap::new();
    for (id, kind, bytes) in objects(store) {
        let bytes = match &*kind {
            "tree" => continue,
            "blob" => &bytes[..],
            _ => {
                let blank = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
                &bytes[blank + 2..]
            }
        };
        let within = hidden(bytes);
        share.hidden += usize::from(!within.is_empty());
        for detection in &within {
            let secret = key().fingerprint(detection.canonical());
            if has_format(detection) {
                must.insert(secret);
            }
            may.insert(secret);
            inside.entry(id.clone()).or_default().insert(secret);
        }
        for detection in DETECTOR.detect(bytes) {
            let secret = key().fingerprint(detection.canonical());
            if has_format(&detection) && is_plain(bytes, &detection.secret_span) {
                must.insert(secret);
            }
            may.insert(secret);
            if kind == "blob" {
                let at = detection.secret_span;
                found.entry(id.clone()).or_default().insert((secret, at.start as u64));
                share.at_start += usize::from(at.start == 0);
                share.at_end += usize::from(at.end == bytes.len());
                let seams = &seams[&id];
                share.across += usize::from(seams.range(at.start + 1..at.end).next().is_some());
                let is_inside = |end: &usize| 0 < *end && *end < bytes.len();
                let ends = [at.start, at.end].into_iter().filter(is_inside);
                share.beside += ends.filter(|end| seams.contains(end)).count();
                share.rules.insert(detection.rule.id.to_string());
            }
        }
    }
    let told_secrets: HashSet<Fingerprint> = told.findings.iter().map(|f| f.fingerprint).collect();
    assert_eq!(must.difference(&told_secrets).count(), 0, "what is there is told");
    assert_eq!(told_secrets.difference(&may).count(), 0, "what is told is there");
    for finding in &told.findings {
        for place in finding.locations.iter().filter(|place| place.place == Place::History) {
            let blob = place.blob.as_ref().unwrap();
            if !place.decoded.is_empty() {
                let is_there = |all: &HashSet<_>| all.contains(&finding.fingerprint);
                assert!(inside.get(blob).is_some_and(is_there), "{place:?}");
                share.encodings.extend(place.decoded.iter().cloned());
                continue;
            }
            let is_there = |all: &HashSet<_>| all.contains(&(finding.fingerprint, place.offset));
            assert!(found.get(blob).is_some_and(is_there), "{place:?}");
        }
    }
    for (id, here) in &found {
        share.blobs += 1;
        let theirs = bases.get(id).and_then(|base| found.get(base));
        let is_there = |(secret, _): &&(Fingerprint, u64)| {
            theirs.is_some_and(|theirs| theirs.iter().any(|(other, _)| other == secret))
        };
        share.inherited += usize::from(here.iter().any(|one| is_there(&one)));
    }
}
