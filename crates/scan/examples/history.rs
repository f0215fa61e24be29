//! Scans a repository's history and tells how long each stage took:
//! `history PATH [THREADS] [whole|new] [MEMORY]`, the last a folder to remember it in.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for measuring"
)]

use quietus_model::{FingerprintKey, Hit};
use quietus_scan::{Detector, Options, Progress, Source, Stage, scan};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

struct Stages(Instant, Mutex<Vec<(Stage, f64)>>);

impl Progress for Stages {
    fn stage(&self, stage: Stage, _: Option<u64>) {
        let at = self.0.elapsed().as_secs_f64();
        self.1.lock().expect("not poisoned").push((stage, at));
    }
    fn advance(&self, _: u64, _: u64) {}
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().expect("a repository");
    let threads = arguments.get(1).map_or(2, |text| text.parse().expect("a number of threads"));
    let whole_objects = arguments.get(2).is_some_and(|word| word == "whole");
    let start = Instant::now();
    let rules = quietus_catalogue::shipped().expect("shipped rules parse");
    let detector = Detector::new(Arc::new(rules)).expect("shipped rules are usable");
    let ready = start.elapsed().as_secs_f64();
    let stages = Stages(start, Mutex::default());
    let memory = arguments.get(3).map(Into::into);
    let options = Options { threads, whole_objects, memory, ..Options::default() };
    let scanned = scan(
        &Source::History(path.into()),
        &detector,
        &FingerprintKey::new([7; 32]),
        &options,
        jiff::Timestamp::UNIX_EPOCH,
        &stages,
        &AtomicBool::new(false),
    )
    .expect("it can be scanned");
    println!("rules {ready:.3}");
    for (stage, at) in stages.1.lock().expect("not poisoned").iter() {
        println!("{stage:?} from {at:.3}");
    }
    let end = start.elapsed().as_secs_f64();
    let places: usize = scanned.hits.iter().map(|hit| hit.finding.locations.len()).sum();
    println!("end {end:.3}: {:?}", scanned.scope.stats);
    // Two scans that print the same number found the same in the same places.
    let mut all = DefaultHasher::new();
    let of_hit = |hit: &Hit| format!("{:?} {:?}", hit.finding, hit.secret.expose());
    scanned.hits.iter().for_each(|hit| of_hit(hit).hash(&mut all));
    format!("{:?}", scanned.scope).hash(&mut all);
    println!("all of it as one number: {:016x}", all.finish());
    println!("{} secrets, {places} places, {} gaps", scanned.hits.len(), scanned.scope.gaps.len());
}
