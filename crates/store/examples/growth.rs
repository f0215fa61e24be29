//! How a ledger grows: `cargo run --release -p quietus-store --example growth -- ITEMS EVENTS [URL]`
//! fills a ledger, then measures what commands need of it. Nothing of it is real.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example ends when it fails")]

#[path = "../tests/ledger/samples.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod samples;

use quietus_model::{SafeText, Scope, ScopeKind, Stats, Survey, Trust};
use quietus_poam::{Class, Event, Policy, Recorded, reconcile};
use quietus_store::{Append, Ledger};
use samples::{asked, at, fingerprint, key, noted, opened, survey};
use std::collections::BTreeSet;
use std::time::Instant;

/// How many items are filled in one append.
const LOT: u64 = 200;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |or| arguments.next().map_or(or, |text: String| text.parse().unwrap());
    let (items, events): (u64, u64) = (number(1_000), number(50));
    let folder = tempfile::tempdir().unwrap();
    let url = arguments.next();
    let url = url.unwrap_or_else(|| format!("sqlite://{}/ledger.db", folder.path().display()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(&url, items, events));
}

async fn measure(url: &str, items: u64, events: u64) {
    println!("{items} items, {events} events each");
    let ledger = Ledger::open(url, &key(), at(0)).await.unwrap();
    let begin = Instant::now();
    let mut first = 0;
    while first < items {
        let lot = first..(first + LOT).min(items);
        let batch = lot.map(|number| Append::events(fingerprint(number), 0, life(number, events)));
        ledger.append(batch.collect(), at(1)).await.unwrap();
        first += LOT;
    }
    told("filled", begin);
    if let Some(path) = url.strip_prefix("sqlite://") {
        println!(
            "{:28} {:8.1} MB",
            "the file",
            std::fs::metadata(path).unwrap().len() as f64 / 1e6
        );
    }
    let begin = Instant::now();
    ledger.abridge().await.unwrap();
    told("abridged, all of it, once", begin);
    drop(ledger);

    let ledger = Ledger::open_existing(url, &key()).await.unwrap();
    let begin = Instant::now();
    let current = ledger.current().await.unwrap();
    told("all items, a fresh process", begin);
    memory();
    let kept: usize = current.items().iter().map(|item| item.history.len()).sum();
    println!("{:28} {:8.1}", "events kept of each", kept as f64 / items as f64);
    let begin = Instant::now();
    assert_eq!(
        current.items().iter().filter(|item| item.is_overdue(at(5000))).count() as u64,
        items
    );
    told("a filter over all", begin);
    let begin = Instant::now();
    let events = reconcile(current.items(), &nightly(), &Policy::default(), at(5000));
    told("reconcile of a survey", begin);
    println!("{:28} {:8}", "events of that", events.len());
    let begin = Instant::now();
    let item = ledger.item(&fingerprint(items / 2)).await.unwrap().unwrap();
    told("one item, every event", begin);
    let begin = Instant::now();
    let append = Append::events(item.fingerprint(), item.version, vec![noted("more")]);
    ledger.append(vec![append], at(5000)).await.unwrap();
    told("one append", begin);
    drop(current);
    let begin = Instant::now();
    ledger.current().await.unwrap();
    told("all items again, after it", begin);
    if items <= 10_000 {
        let begin = Instant::now();
        ledger.verify().await.unwrap();
        told("verify", begin);
    }
}

/// An item that was asked about night after night, with some remarks in between.
fn life(number: u64, events: u64) -> Vec<Recorded> {
    let mut first = opened(fingerprint(number));
    if let Event::Opened { class, .. } = &mut first.event {
        *class = Class::Live;
    }
    let mut life = vec![first];
    for night in 1..events.cast_signed() {
        life.push(if night % 25 == 0 { noted("still at it") } else { asked(night) });
    }
    life
}

/// A complete look at a repository that holds none of them.
fn nightly() -> Survey {
    let scope = samples::scan("git.example.org/a", 9, 5000, true).scope;
    Survey {
        id: survey(9),
        key_id: key(),
        taken_at: at(5000),
        rules_digest: quietus_model::Digest::of(b"rules"),
        rules: vec!["sample".into()],
        tool: "0.1.0".to_owned(),
        trust: Trust::Own,
        scopes: vec![Scope {
            kind: ScopeKind::Whole,
            source: SafeText::plain("a"),
            stats: Stats::default(),
            ..scope
        }],
        assessments: Vec::new(),
        unrecognised: BTreeSet::new(),
    }
}

fn told(what: &str, begin: Instant) {
    println!("{what:28} {:8.3} s", begin.elapsed().as_secs_f64());
}

/// The most that this process ever held in memory, as Linux counts it.
fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
}
