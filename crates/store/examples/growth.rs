//! How a ledger grows: `cargo run --release -p quietus-store --example growth -- ITEMS EVENTS [URL]`
//! fills a ledger, then measures what commands need of it. Nothing of it is real.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example ends when it fails")]

#[path = "../tests/ledger/samples.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod samples;

use quietus_metrics::Metrics;
use quietus_model::{Assessment, SafeText, Scope, ScopeKind, Stats, Survey, Trust};
use quietus_poam::{Class, Event, Lane, PoamItem, Policy, Recorded, reconcile};
use quietus_store::{Append, Ledger};
use samples::{asked, at, fingerprint, key, noted, opened, survey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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
    let begin = Span::begin();
    let mut first = 0;
    while first < items {
        let lot = first..(first + LOT).min(items);
        let batch = lot.map(|number| Append::events(fingerprint(number), 0, life(number, events)));
        ledger.append(batch.collect(), at(1)).await.unwrap();
        first += LOT;
    }
    begin.told("filled");
    if let Some(path) = url.strip_prefix("sqlite://") {
        println!(
            "{:28} {:8.1} MB",
            "the file",
            std::fs::metadata(path).unwrap().len() as f64 / 1e6
        );
    }
    let begin = Span::begin();
    ledger.abridge().await.unwrap();
    begin.told("abridged, all of it, once");
    drop(ledger);

    // From here on the most that is held in memory is counted anew.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let ledger = Ledger::open_existing(url, &key()).await.unwrap();
    let begin = Span::begin();
    let current = ledger.current().await.unwrap();
    begin.told("all items, a fresh process");
    memory();
    let kept: usize = current.items().iter().map(|item| item.history.len()).sum();
    println!("{:28} {:8.1}", "events kept of each", kept as f64 / items as f64);
    let (policy, now) = (Policy::default(), at(5000));
    let begin = Span::begin();
    let overdue = current.items().iter().filter(|item| item.is_overdue(now)).count();
    begin.told("a filter over all");
    let begin = Span::begin();
    let lanes: BTreeMap<Lane, usize> =
        current.items().iter().fold(BTreeMap::new(), |mut all, one| {
            *all.entry(one.lane(now)).or_default() += 1;
            all
        });
    begin.told("the lanes of the board");
    assert_eq!((overdue as u64, lanes.values().sum::<usize>() as u64), (items, items));
    let begin = Span::begin();
    let metrics = Metrics::of(current.items().iter().map(AsRef::as_ref), 12, &policy, now);
    begin.told("metrics");
    assert_eq!(metrics.all.items as u64, items);
    let begin = Span::begin();
    let survey = nightly(current.items());
    let events = reconcile(current.items(), &survey, &policy, now);
    begin.told("reconcile of a survey");
    println!("{:28} {:8}", "events of that", events.len());
    let begin = Span::begin();
    let mut whole = Vec::new();
    for one in survey.assessments.iter().filter_map(|one| current.get(&one.finding.fingerprint)) {
        whole.push(ledger.whole(one).await.unwrap());
    }
    assert_eq!(reconcile(&whole, &survey, &policy, now).len(), events.len());
    begin.told("the same, decided on whole");
    drop(whole);
    memory();
    let begin = Span::begin();
    let item = ledger.item(&fingerprint(items / 2)).await.unwrap().unwrap();
    begin.told("one item, every event");
    let begin = Span::begin();
    let append = Append::events(item.fingerprint(), item.version, vec![noted("more")]);
    ledger.append(vec![append], at(5000)).await.unwrap();
    begin.told("one append");
    drop(current);
    let begin = Span::begin();
    ledger.current().await.unwrap();
    begin.told("all items again, after it");
    let begin = Span::begin();
    ledger.verify().await.unwrap();
    begin.told("verify");
    memory();
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

/// A complete look at a repository: it saw a thousand of them, and issuers were asked about these.
fn nightly(items: &[Arc<PoamItem>]) -> Survey {
    let seen = items.iter().step_by((items.len() / 1000).max(1)).map(|item| {
        let Event::Judged { judgement } = asked(208).event else { unreachable!() };
        Assessment {
            finding: item.detection.finding(Vec::new()),
            kind: item.detection.kind.clone(),
            judgements: vec![*judgement],
            silence: None,
            sealed: None,
        }
    });
    let assessments = seen.collect();
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
        assessments,
        unrecognised: BTreeSet::new(),
    }
}

/// A stretch of time, on the wall and of the processors.
struct Span {
    begin: Instant,
    ticks: u64,
}

impl Span {
    fn begin() -> Self {
        Self { begin: Instant::now(), ticks: ticks() }
    }

    fn told(&self, what: &str) {
        let wall = self.begin.elapsed().as_secs_f64();
        let cpu = (ticks() - self.ticks) as f64 / 100.0;
        println!("{what:28} {wall:8.3} s, {cpu:6.2} s of CPU");
    }
}

/// Hundredths of a second that all threads had a processor for, as Linux counts them.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// The most that this process held in memory since it opened the full ledger, as Linux counts it.
fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
}
