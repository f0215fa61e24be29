//! Where a scan's time goes: the pass over all bytes alone, and with the rules behind it.
//!
//! `cargo run --release -p quietus-scan --example detect -- PATH [RULES.toml …]` reads the files
//! under PATH into memory first. It measures the shipped rules, then those with the rules of the
//! files named, or else with as many more of the same shapes as make 500.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    dead_code,
    reason = "a profile prints its figures, and has none when the shipped rules are unusable"
)]

use quietus_model::{Rule, RuleSet};
use quietus_scan::{Detector, RuleProblem};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pass as it stands in the library, which keeps it to itself.
#[path = "."]
mod detector {
    use quietus_model::RuleSet;
    use std::sync::Arc;

    #[path = "../src/detector/anchors/mod.rs"]
    mod anchors;
    #[path = "../src/detector/outlines.rs"]
    mod outlines;

    /// The pass over `files`, as a function that says how many occurrences count.
    pub(super) fn pass(
        rules: Arc<RuleSet>,
    ) -> Result<impl Fn(&[Vec<u8>]) -> usize + use<>, super::RuleProblem> {
        let anchors = anchors::Anchors::new(Arc::new(outlines::Outlines::new(rules)))?;
        Ok(move |files: &[Vec<u8>]| {
            let mut found = Vec::new();
            files
                .iter()
                .map(|file| {
                    found.clear();
                    anchors.find(file, 0..file.len(), &mut found);
                    found.len()
                })
                .sum()
        })
    }
}

/// How often each pass is run; the fastest counts, because others use the machine too.
const ROUNDS: usize = 5;

/// How many rules there are with the synthetic ones.
const MANY: usize = 500;

fn main() {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let root = arguments.next().unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let mut files = Vec::new();
    read_all(&root, &mut files);
    let megabytes = files.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let speed = |time: Duration| megabytes / time.as_secs_f64();
    println!("{} files, {megabytes:.1} MB under {}", files.len(), root.display());
    let lines = |file: &Vec<u8>| file.iter().filter(|byte| **byte == b'\n').count();
    let (lines, _) = fastest(|| files.iter().map(lines).sum());
    println!("counting line ends   {:8.0} MB/s", speed(lines));

    let shipped = quietus_catalogue::shipped().expect("shipped rules parse");
    let more: Vec<_> = arguments.flat_map(|path| rules_of(&path)).collect();
    let more = if more.is_empty() { synthetic(&shipped) } else { more };
    let many = RuleSet::new([shipped.rules(), &more].concat());
    for set in [shipped, many].map(Arc::new) {
        println!("{} rules", set.rules().len());
        let (time, _) = fastest(|| detector::pass(Arc::clone(&set)).map_or(0, |_| 1));
        println!("  making the tables  {:8.2} ms", time.as_secs_f64() * 1e3);
        let pass = detector::pass(Arc::clone(&set)).expect("the rules have anchors");
        let (time, found) = fastest(|| pass(&files));
        let found = found as f64 / megabytes;
        println!("  finding anchors    {:8.0} MB/s, {found:.1} count a MB", speed(time));
        let detector = Detector::new(set).expect("the rules are usable");
        let (time, found) = fastest(|| files.iter().map(|file| detector.detect(file).len()).sum());
        println!("  detecting          {:8.0} MB/s, {found} detections", speed(time));
    }
}

fn fastest(pass: impl Fn() -> usize) -> (Duration, usize) {
    let time = || {
        let start = Instant::now();
        let result = black_box(pass());
        (start.elapsed(), result)
    };
    (0..ROUNDS).map(|_| time()).min().unwrap_or_default()
}

fn rules_of(path: &Path) -> Vec<Arc<Rule>> {
    let text = std::fs::read_to_string(path).expect("the file of rules can be read");
    let name = path.to_string_lossy();
    RuleSet::parse([(&*name, &*text)]).expect("the file holds rules").rules().to_vec()
}

/// Rules of the shapes there are, with other letters in their anchors.
fn synthetic(shipped: &RuleSet) -> Vec<Arc<Rule>> {
    let rules = shipped.rules();
    let number = MANY.saturating_sub(rules.len());
    (0..number).map(|index| other(&rules[index % rules.len()], index / rules.len() + 1)).collect()
}

fn other(rule: &Rule, round: usize) -> Arc<Rule> {
    let mut other = rule.clone();
    other.id = format!("{}-{round}", rule.id).as_str().into();
    for anchor in &mut other.anchors {
        let turned = anchor.bytes().map(|byte| turn(byte, round)).map(char::from).collect();
        let was = std::mem::replace(anchor, turned);
        other.pattern = other.pattern.replace(&was, anchor);
    }
    Arc::new(other)
}

/// The letter so many places further in the alphabet.
fn turn(byte: u8, by: usize) -> u8 {
    let first = if byte.is_ascii_lowercase() { b'a' } else { b'A' };
    if byte.is_ascii_alphabetic() { first + (byte - first + 7 * by as u8) % 26 } else { byte }
}

fn read_all(path: &Path, files: &mut Vec<Vec<u8>>) {
    let Ok(meta) = path.symlink_metadata() else { return };
    if meta.is_file() {
        files.extend(std::fs::read(path));
    } else if meta.is_dir() && !path.ends_with(".git") {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| read_all(&entry.path(), files));
    }
}
