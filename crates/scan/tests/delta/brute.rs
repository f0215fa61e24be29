//! Every object by itself, all of it, with no store or delta in between.

use crate::history::Store;
use crate::{DETECTOR, Told, key};
use quietus_model::{Fingerprint, Place};
use std::collections::{HashMap, HashSet};

/// How many blobs with secrets there were.
#[derive(Debug, Default)]
pub(crate) struct Share {
    pub(crate) blobs: usize,
    /// Those stored as a change to one with the same secret.
    pub(crate) inherited: usize,
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

/// Fails unless what was told is what stands in the objects.
pub(crate) fn check(
    store: &Store,
    told: &Told,
    bases: &HashMap<String, String>,
    share: &mut Share,
) {
    let mut found: HashMap<String, HashSet<(Fingerprint, u64)>> = HashMap::new();
    let mut secrets: HashSet<Fingerprint> = HashSet::new();
    for (id, kind, bytes) in objects(store) {
        let bytes = match &*kind {
            "tree" => continue,
            "blob" => &bytes[..],
            _ => {
                let blank = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
                &bytes[blank + 2..]
            }
        };
        for detection in DETECTOR.detect(bytes) {
            let secret = key().fingerprint(&detection.secret);
            secrets.insert(secret);
            if kind == "blob" {
                let at = detection.secret_span.start as u64;
                found.entry(id.clone()).or_default().insert((secret, at));
            }
        }
    }
    let told_secrets: HashSet<Fingerprint> = told.findings.iter().map(|f| f.fingerprint).collect();
    assert_eq!(told_secrets, secrets);
    for finding in &told.findings {
        for place in finding.locations.iter().filter(|place| place.place == Place::History) {
            let blob = place.blob.as_ref().unwrap();
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
