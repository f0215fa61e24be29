//! A scan that looks only at what is new in each object tells what one that looks at all tells.
//!
//! Repositories of random changes are stored in many ways, and scanned in each of them, whole and
//! by changes, on one thread and on several. All outcomes must be the one of the same objects lying
//! loose, where no object is a change to another. `QUIETUS_DELTA_CASES` says how many repositories
//! each test makes, `QUIETUS_DELTA_FIRST` the number of the first.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says how much it compared"
)]

#[path = "delta/brute.rs"]
mod brute;
#[path = "delta/dice.rs"]
mod dice;
mod ground;
#[path = "delta/history.rs"]
mod history;
#[path = "../src/trial/sample.rs"]
#[allow(dead_code, reason = "the tests of the rules use the rest")]
mod samples;
#[path = "delta/texts.rs"]
mod texts;

use brute::Share;
use dice::Dice;
use ground::{key, now};
use history::Store;
use quietus_model::{Companion, Finding, Rule, Scope};
use quietus_scan::{Detector, Options, Source, scan};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use texts::Palette;

/// The shipped rules.
static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::new(Arc::new(quietus_catalogue::shipped().unwrap())).unwrap());

/// How many repositories a test makes when nobody says. Each rule has its turn in one of them.
const CASES: u64 = 8;

fn number(variable: &str, otherwise: u64) -> u64 {
    let told = std::env::var(variable).ok();
    told.map_or(otherwise, |told| told.parse().unwrap())
}

/// Everything that a scan tells.
#[derive(Debug, PartialEq)]
struct Told {
    findings: Vec<Finding>,
    secrets: Vec<Vec<u8>>,
    parts: Vec<Vec<Companion>>,
    scope: Scope,
}

fn look(store: &Store, threads: usize, whole_objects: bool) -> Told {
    let options = Options { threads, whole_objects, ..Options::default() };
    let source = Source::History(store.path().to_owned());
    let cancel = AtomicBool::new(false);
    let scanned = scan(&source, &DETECTOR, &key(), &options, now(), &(), &cancel).unwrap();
    let mut told =
        Told { findings: Vec::new(), secrets: Vec::new(), parts: Vec::new(), scope: scanned.scope };
    for hit in scanned.hits {
        told.findings.push(hit.finding);
        told.secrets.push(hit.secret.expose().to_owned());
        told.parts.push(hit.parts);
    }
    told
}

impl Told {
    /// Fails with the first difference, and how to see it again.
    fn is(&self, expected: &Self, what: &str) {
        if self == expected {
            return;
        }
        for (at, (a, b)) in self.findings.iter().zip(&expected.findings).enumerate() {
            assert_eq!(a, b, "{what}: finding {at}");
        }
        let rules = |told: &Self| -> Vec<String> {
            told.findings.iter().map(|finding| finding.rule.to_string()).collect()
        };
        assert_eq!(rules(self), rules(expected), "{what}");
        assert_eq!(self.scope, expected.scope, "{what}");
        assert!(self.secrets == expected.secrets, "{what}: the bytes of secrets");
        assert_eq!(self.parts, expected.parts, "{what}: the parts of secrets");
    }
}

/// The rules whose credentials stand in the repository of this number: all of them in turn.
fn rules(case: u64) -> Vec<&'static Rule> {
    let all = DETECTOR.rules().rules();
    let number = all.len().div_ceil(CASES as usize);
    let from = case as usize * number;
    (from..from + number).map(|number| &*all[number % all.len()]).collect()
}

/// One way of storing: brings a repository into it.
type Arrange = fn(&Store, &mut Dice);

/// Makes repositories, stores each in this way, and compares all ways of looking at it.
fn compare(name: &str, format: &str, arrange: Arrange) -> Share {
    let first = number("QUIETUS_DELTA_FIRST", 0);
    let mut share = Share::default();
    for case in first..first + number("QUIETUS_DELTA_CASES", CASES) {
        let mut dice = Dice::new(case);
        let palette = Palette::new(&rules(case));
        let store = Store::new(&mut dice, &palette, format);
        arrange(&store, &mut dice);
        let mut told = Vec::new();
        for (threads, whole_objects) in [(1, true), (1, false), (2, false), (4, false), (4, true)] {
            let how = format!(
                "{name}, QUIETUS_DELTA_FIRST={case}, {threads} threads, whole: {whole_objects}"
            );
            told.push((how, look(&store, threads, whole_objects)));
        }
        let (bases, seams) = (brute::bases(&store), brute::seams(&store, format));
        store.unpack();
        let expected = look(&store, 1, true);
        for (how, told) in &told {
            told.is(&expected, how);
        }
        brute::check(&store, &expected, (&bases, &seams), &mut share);
    }
    let Share { blobs, inherited, at_start, at_end, across, beside, rules, .. } = &share;
    println!(
        "{name}: {blobs} blobs with secrets, {inherited} inherited; {at_start} at the start, \
         {at_end} at the end, {across} across seams, {beside} beside; {} rules; {} objects hide \
         something: {:?}",
        rules.len(),
        share.hidden,
        share.encodings,
    );
    share
}

fn as_imported(_: &Store, _: &mut Dice) {}

/// One pack; chains and the search for them as long as a throw says.
fn repacked(store: &Store, dice: &mut Dice) {
    let depth = format!("--depth={}", dice.pick(&[1, 5, 50, 50, 250]));
    let window = format!("--window={}", dice.pick(&[2, 10, 50]));
    store.git(&["repack", "-adfkq", &depth, &window]);
}

/// One pack in which bases are named by their ids and not by their places.
fn by_id(store: &Store, _: &mut Dice) {
    store.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfkq", "--window=50"]);
}

/// As the usual housekeeping leaves what lay loose, with what nothing leads to in a pack of its own.
fn collected(store: &Store, _: &mut Dice) {
    store.unpack();
    store.git(&["-c", "gc.cruftPacks=true", "gc", "-q", "--prune=never"]);
}

/// Several packs that have some objects twice; now and then all of them lie loose as well.
fn several(store: &Store, dice: &mut Dice) {
    store.unpack();
    store.git(&["repack", "-afq", "--window=20"]);
    let older = store.ask(&["rev-list", "--objects", "refs/heads/main~3"]);
    let mut ids = String::new();
    for line in String::from_utf8(older).unwrap().lines().filter(|_| dice.once_in(2)) {
        ids.push_str(line.split(' ').next().unwrap());
        ids.push('\n');
    }
    store.feed(&["pack-objects", "-q", "--window=20", "objects/pack/pack"], ids.as_bytes());
    if dice.once_in(2) {
        store.git(&["multi-pack-index", "write"]);
    }
    if !dice.once_in(3) {
        store.git(&["prune-packed", "-q"]);
    }
}

/// Fails if there was too little of something: then the comparison says little.
fn says_enough(share: &Share) {
    let cases = number("QUIETUS_DELTA_CASES", CASES);
    if cases < CASES {
        return;
    }
    assert!(share.inherited * 2 > share.blobs, "most secrets came anew: {share:?}");
    let all = DETECTOR.rules().rules().len();
    assert!(share.rules.len() * 6 > all, "{} rules of {all}", share.rules.len());
    let ways =
        ["base64", "hex", "percent", "escapes", "entities", "base64url", "gzip", "tar", "utf-16le"];
    let seen = ways.iter().filter(|way| share.encodings.contains(**way)).count();
    assert!(seen * 3 >= ways.len() * 2, "{seen} ways to hide: {share:?}");
    for number in [share.at_start, share.at_end, share.across, share.beside] {
        assert!(number > 0, "{share:?}");
    }
}

#[test]
fn objects_as_the_importer_left_them() {
    compare("as_imported", "sha1", as_imported);
}

#[test]
fn one_pack() {
    says_enough(&compare("repacked", "sha1", repacked));
}

#[test]
fn bases_by_id() {
    says_enough(&compare("by_id", "sha1", by_id));
}

#[test]
fn after_housekeeping() {
    says_enough(&compare("collected", "sha1", collected));
}

#[test]
fn several_packs() {
    says_enough(&compare("several", "sha1", several));
}

#[test]
fn one_pack_of_sha256() {
    says_enough(&compare("sha256", "sha256", repacked));
}
