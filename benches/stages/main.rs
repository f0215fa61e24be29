//! How fast each stage of a scan reads, as a ratio to counting line ends in the same run.
//!
//! `cargo bench --bench stages -- [PATH …]` takes clones, bare or not, and mere folders (default:
//! this repository). `RULES` names folders of rules beside those that ship. What counts is the CPU
//! time of the process: others use the machine too.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and has none when something is unusable"
)]

use git2::ObjectFormat;
use objects::ObjectsOnly;
use quietus_model::{FingerprintKey, RuleSet};
use quietus_odb::{Format, Kind, Kinds, Object, ObjectId, Problem, Selection, Store, Visitor};
use quietus_scan::{Detector, Options, Progress, Source, scan};
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

mod objects;
mod rules;

/// How often each pass is run; the cheapest counts.
const ROUNDS: usize = 3;

/// Threads of whatever reads a store or a folder.
const THREADS: usize = 2;

/// How many bytes are held to be looked at in memory.
const SAMPLE: usize = 256 << 20;

/// What a scan reads before it asks who brought in what was found.
const TEXTS: Kinds = Kinds::BLOBS.with(Kind::Commit).with(Kind::Tag);

fn main() {
    let mut paths: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).map(Into::into).collect();
    if paths.is_empty() {
        paths.push(env!("CARGO_MANIFEST_DIR").into());
    }
    let rules = rules::rules();
    let number = rules.rules().len();
    let detector = Detector::new(rules).expect("the rules are usable");
    for path in &paths {
        println!("{}, {number} rules, {THREADS} threads", path.display());
        println!("{:44} {:>9} {:>8} {:>8} {:>8}", "", "MB", "CPU ms", "MB/s", "÷ lines");
        measure(path, &detector);
    }
}

fn measure(path: &Path, detector: &Detector) {
    let opened = git2::Repository::open(path).ok();
    let has_files = opened.as_ref().is_none_or(|one| !one.is_bare());
    let store = opened.as_ref().map(open);
    let mut sample = Sample::default();
    match &store {
        Some(store) => sample.of_store(store),
        None => sample.of_folder(path),
    }
    let mut table = Table::default();
    table.row("in memory: line ends counted", || {
        let lines = |text: &Vec<u8>| text.iter().filter(|byte| **byte == b'\n').count();
        black_box(sample.texts.iter().map(lines).sum::<usize>());
        sample.bytes
    });
    table.row("in memory: searched by all rules", || {
        black_box(sample.texts.iter().map(|text| detector.detect(text).len()).sum::<usize>());
        sample.bytes
    });
    if let (Some(repository), Some(store)) = (&opened, &store) {
        stored(path, repository, store, detector, &mut table);
    }
    if has_files {
        let tree = Source::Tree(path.to_owned());
        table.row("files: walked, read, searched for one string", || read(&tree, &nothing()));
        table.row("files: walked, read, searched by all rules", || read(&tree, detector));
    }
}

/// The stages of a history.
fn stored(
    path: &Path,
    repository: &git2::Repository,
    store: &Store,
    detector: &Detector,
    table: &mut Table,
) {
    table.row("objects: opened, and what hangs on what", || {
        let none = Selection { kinds: Kinds::ALL, wanted: Some(&|_| false) };
        walk(&open(repository), &none)
    });
    table.row("objects: resolved", || walk(store, &Selection { kinds: TEXTS, wanted: None }));
    let trees = Kinds::NONE.with(Kind::Tree);
    table.row("trees: resolved", || walk(store, &Selection { kinds: trees, wanted: None }));
    let changes = objects_of(path, &nothing(), false);
    table.row("objects: opened, searched for one string", || objects_of(path, &nothing(), false));
    table.row("objects: opened, changes searched", || objects_of(path, detector, false));
    table.row("objects: opened, searched whole", || objects_of(path, detector, true));
    table.row("history: with who brought what in", || {
        let read = read(&Source::History(path.to_owned()), detector);
        assert_eq!(changes, read, "a scan that is ended after the objects has read all of them");
        read
    });
}

/// Scans to the end, and says how many bytes were read.
fn read(source: &Source, detector: &Detector) -> u64 {
    bytes(source, detector, false, &(), &AtomicBool::new(false))
}

/// Scans the objects of a history and nothing after them.
fn objects_of(path: &Path, detector: &Detector, whole: bool) -> u64 {
    let only = ObjectsOnly::new(THREADS);
    bytes(&Source::History(path.to_owned()), detector, whole, &only, only.cancel())
}

fn bytes(
    source: &Source,
    detector: &Detector,
    whole_objects: bool,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> u64 {
    // What a build left in a clone would else be nearly all of its files.
    let respect_gitignore = true;
    let options =
        Options { threads: THREADS, respect_gitignore, whole_objects, ..Options::default() };
    let (key, now) = (FingerprintKey::new([7; 32]), jiff::Timestamp::UNIX_EPOCH);
    let scanned = scan(source, detector, &key, &options, now, progress, cancel);
    black_box(scanned).expect("it can be scanned").scope.stats.bytes
}

/// A detector of one rule that finds nothing: what is left is the reading.
fn nothing() -> Detector {
    let rules = RuleSet::parse([(
        "one.toml",
        r#"
        provider = { id = "one", name = "One" }
        [[rule]]
        id = "one"
        name = "One"
        severity = "low"
        confidence = "low"
        anchors = ["zqxjkvwzqxj"]
        pattern = '(?P<secret>zqxjkvwzqxj[0-9]{20})'
        "#,
    )]);
    Detector::new(Arc::new(rules.expect("it is a rule"))).expect("it is usable")
}

fn open(repository: &git2::Repository) -> Store {
    let format = match repository.object_format() {
        ObjectFormat::Sha1 => Format::Sha1,
        ObjectFormat::Sha256 => Format::Sha256,
    };
    let objects = repository.commondir().join("objects");
    Store::open(&objects, format, &quietus_odb::Options::default()).expect("it has objects")
}

fn walk(store: &Store, selection: &Selection<'_>) -> u64 {
    let visitors = store.walk(selection, THREADS, &AtomicBool::new(false), Count::default);
    visitors.iter().map(|visitor| visitor.0).sum()
}

/// Counts the bytes of what is handed over.
#[derive(Default)]
struct Count(u64);

impl Visitor for Count {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<&()>, (): &mut ()) {
        self.0 += if object.wanted { object.data.len() as u64 } else { 0 };
    }

    fn stream(&mut self, _: u32, _: ObjectId, _: Kind, _: u64, bytes: &mut dyn Read) {
        self.0 += std::io::copy(bytes, &mut std::io::sink()).unwrap_or(0);
    }

    fn problem(&mut self, _: Problem) {}
}

/// Texts held in memory.
#[derive(Default)]
struct Sample {
    texts: Vec<Vec<u8>>,
    bytes: u64,
}

impl Sample {
    fn keep(&mut self, text: Vec<u8>) {
        self.bytes += text.len() as u64;
        self.texts.push(text);
    }

    fn is_full(&self) -> bool {
        self.bytes >= SAMPLE as u64
    }

    /// Blobs from all over the store, one of seven.
    fn of_store(&mut self, store: &Store) {
        let is_taken = |number: u32| number.is_multiple_of(7);
        let selection = Selection { kinds: Kinds::BLOBS, wanted: Some(&is_taken) };
        let cancel = AtomicBool::new(false);
        let mut kept = store.walk(&selection, 1, &cancel, Self::default);
        *self = kept.pop().unwrap_or_default();
    }

    fn of_folder(&mut self, path: &Path) {
        let Ok(meta) = path.symlink_metadata() else { return };
        if self.is_full() {
            return;
        }
        if meta.is_file() {
            std::fs::read(path).into_iter().for_each(|text| self.keep(text));
        } else if meta.is_dir() && !path.ends_with(".git") {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            entries.for_each(|entry| self.of_folder(&entry.path()));
        }
    }
}

impl Visitor for Sample {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<&()>, (): &mut ()) {
        if object.wanted && !self.is_full() {
            self.keep(object.data.to_vec());
        }
    }

    fn stream(&mut self, _: u32, _: ObjectId, _: Kind, _: u64, _: &mut dyn Read) {}

    fn problem(&mut self, _: Problem) {}
}

/// Prints a line for each pass.
#[derive(Default)]
struct Table {
    /// Seconds a byte of the first pass.
    least: Option<f64>,
}

impl Table {
    fn row(&mut self, name: &str, pass: impl Fn() -> u64) {
        let round = || {
            let start = clock();
            let bytes = black_box(pass());
            (clock() - start, bytes)
        };
        let (time, bytes) = (0..ROUNDS).map(|_| round()).min().expect("there are rounds");
        let (seconds, megabytes) = (time.as_secs_f64(), bytes as f64 / 1e6);
        print!("  {name:42} {megabytes:9.1} {:8.1}", seconds * 1e3);
        if bytes == 0 {
            println!();
            return;
        }
        let each = seconds / bytes as f64;
        let least = *self.least.get_or_insert(each);
        println!(" {:8.0} {:8.2}", megabytes / seconds, each / least);
    }
}

/// The CPU time of this process, all its threads together.
fn clock() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
