//! Scans a repository's history and tells how long each stage took:
//! `history PATH [THREADS] [new|whole|objects] [MEMORY]`, the last a folder to remember it in.
//!
//! `new` is what the program does; `whole` looks at every byte of every object; `objects` ends when
//! all objects have been read, before it is asked who brought in what was found. The environment
//! variable `RULES` names folders of rules beside those that ship.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for measuring"
)]

use objects::ObjectsOnly;
use quietus_model::{FingerprintKey, Hit};
use quietus_scan::{Detector, Options, Progress, Scanned, Source, Stage, scan};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

#[path = "../../../benches/stages/objects.rs"]
mod objects;
#[path = "../../../benches/stages/rules.rs"]
mod rules;

struct Stages {
    start: Instant,
    seen: Mutex<Vec<(Stage, f64)>>,
    only: Option<ObjectsOnly>,
}

impl Progress for Stages {
    fn stage(&self, stage: Stage, _: Option<u64>) {
        let at = self.start.elapsed().as_secs_f64();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push((stage, at));
    }

    fn advance(&self, items: u64, bytes: u64) {
        self.only.iter().for_each(|only| only.advance(items, bytes));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().expect("a repository");
    let threads = arguments.get(1).map_or(2, |text| text.parse().expect("a number of threads"));
    let (whole_objects, only) = match arguments.get(2).map_or("new", String::as_str) {
        "new" => (false, None),
        "whole" => (true, None),
        "objects" => (false, Some(ObjectsOnly::new(threads))),
        other => panic!("{other}: new, whole or objects"),
    };
    let start = Instant::now();
    let detector = Detector::new(rules::rules()).expect("the rules are usable");
    let ready = start.elapsed().as_secs_f64();
    let stages = Stages { start, seen: Mutex::default(), only };
    let memory = arguments.get(3).map(Into::into);
    let options = Options { threads, whole_objects, memory, ..Options::default() };
    let never = AtomicBool::new(false);
    let scanned = scan(
        &Source::History(path.into()),
        &detector,
        &FingerprintKey::new([7; 32]),
        &options,
        jiff::Timestamp::UNIX_EPOCH,
        &stages,
        stages.only.as_ref().map_or(&never, ObjectsOnly::cancel),
    )
    .expect("it can be scanned");
    println!("{} rules ready at {ready:.3}", detector.rules().rules().len());
    for (stage, at) in stages.seen.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("{stage:?} from {at:.3}");
    }
    println!("end {:.3}: {:?}", start.elapsed().as_secs_f64(), scanned.scope.stats);
    tell(&scanned);
}

fn tell(scanned: &Scanned) {
    let places: usize = scanned.hits.iter().map(|hit| hit.finding.locations.len()).sum();
    // Two scans that print the same number found the same in the same places.
    let mut all = DefaultHasher::new();
    let of_hit = |hit: &Hit| format!("{:?} {:?}", hit.finding, hit.secret.expose());
    scanned.hits.iter().for_each(|hit| of_hit(hit).hash(&mut all));
    format!("{:?}", scanned.scope).hash(&mut all);
    println!("all of it as one number: {:016x}", all.finish());
    println!("{} secrets, {places} places, {} gaps", scanned.hits.len(), scanned.scope.gaps.len());
}
