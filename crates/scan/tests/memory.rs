//! A scan that remembers the one before tells what one that remembers nothing tells.
//!
//! `QUIETUS_MEMORY_CASES` says how many repositories the random test changes, and
//! `QUIETUS_MEMORY_FIRST` the number of the first.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "delta/dice.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod dice;
mod ground;
#[path = "memory/look.rs"]
mod look;
#[path = "memory/packs.rs"]
mod packs;
#[path = "memory/sought.rs"]
mod sought;
#[path = "memory/steps.rs"]
mod steps;

use dice::Dice;
use ground::{Ground, RULES, git, now, places, secret};
use look::{Eye, Way};
use quietus_model::GapReason;
use quietus_scan::{Options, Source, scan};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use steps::Steps;

fn number(variable: &str, otherwise: u64) -> u64 {
    let told = std::env::var(variable).ok();
    told.map_or(otherwise, |told| told.parse().unwrap())
}

fn line(label: &str) -> String {
    format!("first\nkey: {}\n", secret(label))
}

/// Random cases are told among so many threads.
const THREADS: u64 = 4;

/// Sixteen things happen to a repository; counts which ways were taken.
fn live(case: u64, ways: &[AtomicUsize; 3]) {
    let mut steps = Steps::new(Dice::new(case));
    let mut eye = Eye::new();
    let memory = tempfile::tempdir().unwrap();
    let mut done = Vec::new();
    for _ in 0..16 {
        done.push(steps.step(&mut eye));
        let source = steps.source();
        let way = eye.look(&source, &format!("case {case}: {}", done.join(", ")));
        ways[way as usize].fetch_add(1, Ordering::Relaxed);
        if done.len().is_multiple_of(3) {
            // Values come and go; some are looked for every time.
            let labels = done.len() % 5..8 + done.len() % 4;
            let what = format!("case {case}: {}", done.join(", "));
            sought::whoever_is_at_a_head_is_shown(&source, memory.path(), labels, &what);
        }
    }
}

#[test]
fn whatever_happens_in_between_makes_no_difference() {
    let first = number("QUIETUS_MEMORY_FIRST", 0);
    let cases = first..first + number("QUIETUS_MEMORY_CASES", 10);
    let ways = [0; 3].map(AtomicUsize::new);
    // Most of the time goes into waiting for git.
    std::thread::scope(|scope| {
        for part in 0..THREADS {
            let (cases, ways) = (cases.clone(), &ways);
            scope.spawn(move || cases.filter(|n| n % THREADS == part).for_each(|n| live(n, ways)));
        }
    });
    let ways = ways.map(AtomicUsize::into_inner);
    if first == 0 {
        // All three ways are taken often enough to mean something.
        assert!(ways.iter().all(|count| *count >= 10), "{ways:?}");
    }
}

#[test]
fn what_has_not_changed_is_not_read_again_and_what_is_new_alone() {
    let ground = Ground::new();
    for number in 0..20 {
        let text = format!("{}{number}\n", line("a"));
        ground.commit("main", "Ann", &[("a", Some(&text)), ("b", Some("none"))]);
    }
    ground.check_out();
    let mut eye = Eye::new();
    assert_eq!(eye.look(&ground.whole(), "first"), Way::Anew);
    assert_eq!(eye.look(&ground.whole(), "again"), Way::Same);
    assert_eq!(eye.look(&ground.history(), "without files"), Way::Same);
    ground.commit("main", "Bob", &[("c", Some(&line("c"))), ("d/a", Some(&line("a")))]);
    assert_eq!(eye.look(&ground.whole(), "one more"), Way::Grown);
    assert_eq!(eye.look(&ground.whole(), "one more, again"), Way::Same);
    let side = ground.tip("main").unwrap();
    ground.set("side", side);
    assert_eq!(eye.look(&ground.whole(), "a branch more"), Way::Same);
    git(&ground.path(), &["repack", "-q", "-d"]);
    assert_eq!(eye.look(&ground.whole(), "packed"), Way::Same);
    git(&ground.path(), &["gc", "-q"]);
    assert_eq!(eye.look(&ground.whole(), "all in another pack"), Way::Same);
    eye.other_rules();
    assert_eq!(eye.look(&ground.whole(), "other rules"), Way::Anew);
    eye.other_key();
    assert_eq!(eye.look(&ground.whole(), "another key"), Way::Anew);
    eye.options.max_file_size = 60;
    assert_eq!(eye.look(&ground.whole(), "another limit"), Way::Anew);
}

#[test]
fn no_secret_is_in_the_file() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    let mut eye = Eye::new();
    eye.look(&ground.history(), "first");
    let file = eye.file().unwrap();
    for label in ["a", "b"] {
        let secret = secret(label);
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    assert!(file.windows(4).any(|window| window == b"main") || file.len() > 100);
    // A path that holds one that was found elsewhere, where the name shows it to the rules.
    let path = format!("conf/{}", secret("a"));
    ground.commit("main", "Ann", &[(&path, Some(&line("b")))]);
    eye.look(&ground.history(), "in a path");
    assert_eq!(eye.file(), None);
}

#[test]
fn of_a_path_that_holds_a_secret_all_else_is_remembered() {
    let ground = Ground::new();
    // A password is one by what stands round it: no name shows it to the rules.
    let words = ["quokka-", "quokka-9", "9-numbat", "wombat-1"].map(|word| [word, "x7"].concat());
    let text: String = words.iter().map(|word| format!("password = \"{word}\"\n")).collect();
    let [a, b, c, d] = &words;
    let overlapping = format!("{b}/{c}{d}/{}{a}", &b[..b.len() - 2]);
    for path in [format!("{a}/b"), overlapping, "plain/c".to_owned(), format!("x{d}")] {
        ground.commit("main", "Ann", &[(&path, Some(&text))]);
    }
    let mut eye = Eye::new();
    assert_eq!(eye.look(&ground.history(), "first"), Way::Anew);
    let holds = |file: &[u8], word: &str| file.windows(word.len()).any(|w| w == word.as_bytes());
    let is_kept = |eye: &Eye| {
        let file = eye.file().unwrap();
        assert!(words.iter().all(|word| !holds(&file, word)) && holds(&file, "plain/c"));
    };
    is_kept(&eye);
    assert_eq!(eye.look(&ground.history(), "again"), Way::Same);
    ground.commit("main", "Ann", &[(&format!("more/{c}/d"), Some(&text))]);
    assert_eq!(eye.look(&ground.history(), "one more"), Way::Grown);
    is_kept(&eye);
    assert_eq!(eye.look(&ground.history(), "one more, again"), Way::Same);
    // The only file with a secret that stands in the path of another one.
    ground.commit("main", "Ann", &[("e", Some("password = \"dingo-41\"\n"))]);
    ground.commit("main", "Ann", &[("dingo-41/f", Some(&text)), ("e", None)]);
    assert_eq!(eye.look(&ground.history(), "a secret that is in the path of others"), Way::Grown);
    assert_eq!(eye.look(&ground.history(), "the same again"), Way::Same);
}

#[test]
fn a_plain_word_that_is_a_password_somewhere_may_be_a_name_elsewhere() {
    let ground = Ground::new();
    let text = format!("password = \"{}\"\n", ["quok", "kabox"].concat());
    ground.commit("main", "Ann", &[("src/quokkabox/a", Some(&text))]);
    let mut eye = Eye::new();
    assert_eq!(eye.look(&ground.history(), "first"), Way::Anew);
    assert_eq!(eye.look(&ground.history(), "again"), Way::Same);
}

#[test]
fn a_shallow_clone_that_gets_the_rest_is_read_again() {
    let ground = Ground::new();
    for label in ["a", "b", "c"] {
        ground.commit("main", "Ann", &[(label, Some(&line(label)))]);
    }
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let from = format!("file://{}", ground.path().display());
    git(folder.path(), &["clone", "-q", "--depth", "1", &from, "clone"]);
    let mut eye = Eye::new();
    let source = Source::Whole(clone.clone());
    eye.look(&source, "shallow");
    assert_eq!(eye.look(&source, "shallow, again"), Way::Same);
    ground.commit("main", "Ann", &[("d", Some(&line("d")))]);
    git(&clone, &["fetch", "-q", "--depth", "2"]);
    eye.look(&source, "two commits");
    git(&clone, &["fetch", "-q", "--unshallow"]);
    assert_eq!(eye.look(&source, "all of them"), Way::Grown);
    assert_eq!(eye.look(&source, "all of them, again"), Way::Same);
}

#[test]
fn what_a_folder_borrows_counts() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let folder = tempfile::tempdir().unwrap();
    let lender = ground.path().display().to_string();
    git(folder.path(), &["clone", "-q", "--shared", &lender, "clone"]);
    let source = Source::History(folder.path().join("clone"));
    let mut eye = Eye::new();
    eye.look(&source, "first");
    assert_eq!(eye.look(&source, "again"), Way::Same);
    ground.commit("main", "Ann", &[("b", Some(&line("b")))]);
    assert_eq!(eye.look(&source, "the lender has more"), Way::Grown);
    std::fs::remove_file(folder.path().join("clone/.git/objects/info/alternates")).unwrap();
    assert_eq!(eye.look(&source, "nothing is borrowed any more"), Way::Anew);
}

#[test]
fn a_repository_of_sha_256_is_remembered_too() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main", "--object-format=sha256", "."]);
    let source = Source::Whole(folder.path().to_owned());
    let mut eye = Eye::new();
    for (label, way) in [("a", Way::Anew), ("b", Way::Grown)] {
        std::fs::write(folder.path().join(label), line(label)).unwrap();
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "-q", "-m", label]);
        assert_eq!(eye.look(&source, label), way);
        assert_eq!(eye.look(&source, "again"), Way::Same);
    }
}

#[test]
fn what_was_missing_and_comes_is_looked_at() {
    let ground = Ground::new();
    let head = ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    let tree = ground.repository.find_commit(head).unwrap().tree().unwrap();
    let blob = ground.loose(tree.get_name("a").unwrap().id());
    let bytes = std::fs::read(&blob).unwrap();
    std::fs::remove_file(&blob).unwrap();
    let mut eye = Eye::new();
    eye.look(&ground.history(), "without it");
    assert_eq!(eye.look(&ground.history(), "without it, again"), Way::Same);
    // Nothing leads to the commit any more, so nobody misses what it wants.
    let other = ground.commit("other", "Ann", &[("c", Some(&line("c")))]);
    eye.look(&ground.history(), "something else");
    ground.set("main", other);
    eye.look(&ground.history(), "nobody misses it");
    ground.set("main", head);
    eye.look(&ground.history(), "it is missed again");
    std::fs::write(&blob, bytes).unwrap();
    assert_eq!(eye.look(&ground.history(), "with it"), Way::Grown);
    assert_eq!(eye.read, Some(1));
}

#[test]
fn what_is_damaged_is_read_every_time() {
    let ground = Ground::new();
    let head = ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    let tree = ground.repository.find_commit(head).unwrap().tree().unwrap();
    let blob = ground.loose(tree.get_name("a").unwrap().id());
    let whole = std::fs::read(&blob).unwrap();
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&blob, &whole[..10]).unwrap();
    let mut eye = Eye::new();
    for _ in 0..2 {
        assert_eq!(eye.look(&ground.history(), "damaged"), Way::Anew);
    }
    std::fs::write(&blob, whole).unwrap();
    eye.look(&ground.history(), "mended");
}

#[test]
fn a_secret_that_only_a_file_tells_of_is_not_remembered_of_the_objects() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    ground.check_out();
    // The same secret by a better rule in a file of the work tree.
    let better = format!("password = \"{}\"\n", secret("a"));
    ground.write("untracked", &better);
    let mut eye = Eye::new();
    eye.look(&ground.whole(), "with the file");
    std::fs::remove_file(ground.path().join("untracked")).unwrap();
    assert_eq!(eye.look(&ground.whole(), "without the file"), Way::Same);
}

#[test]
fn the_memory_of_one_repository_is_none_of_another() {
    let (one, other) = (Ground::new(), Ground::new());
    one.commit("main", "Ann", &[("a", Some("nothing"))]);
    other.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let mut eye = Eye::new();
    eye.look(&other.history(), "other");
    let place = eye.path().unwrap();
    eye.forget();
    eye.look(&one.history(), "one");
    std::fs::rename(eye.path().unwrap(), place).unwrap();
    assert_eq!(eye.look(&other.history(), "by the memory of one"), Way::Anew);
}

#[test]
fn a_file_that_somebody_wrote_to_is_not_believed() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    let mut eye = Eye::new();
    eye.look(&ground.history(), "first");
    let whole = eye.file().unwrap();
    // Eight bytes for each of two blobs, a tree, an empty tree and a commit, one more for its size,
    // and their number.
    let names = 5 * 9 + 1;
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1;
        std::fs::write(eye.path().unwrap(), spoilt).unwrap();
        // The names of the objects come last, and are not asked for while nothing has changed.
        let way = if whole.len() - at <= names { Way::Same } else { Way::Anew };
        assert_eq!(eye.look(&ground.history(), "spoilt"), way, "byte {at}");
    }
    for at in whole.len() - names..whole.len() {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1;
        std::fs::write(eye.path().unwrap(), spoilt).unwrap();
        git(&ground.path(), &["repack", "-q", "-a", "-d", "-f"]);
        eye.look(&ground.history(), "spoilt and packed");
    }
}

#[test]
fn what_is_known_of_a_secret_by_many_objects_is_known_by_its_witnesses() {
    let ground = Ground::new();
    // Each tells something that the others do not: the better rule, another part.
    for number in 0..6 {
        let pair = format!("pair-1 and id-{number}\n");
        ground.commit("main", "Ann", &[(&format!("pair{number}"), Some(&pair))]);
    }
    ground.commit("main", "Ann", &[("url", Some("at https://bob:pw-1@example.org\n"))]);
    ground.commit("main", "Ann", &[("word", Some("password = \"pw-1\"\n"))]);
    ground.commit("main", "Ann", &[("alone", Some("pair-1\n"))]);
    let mut eye = Eye::new();
    eye.look(&ground.history(), "first");
    assert_eq!(eye.look(&ground.history(), "again"), Way::Same);
    let more = "pair-1 and id-7\n";
    ground.commit("main", "Ann", &[("more", Some(more))]);
    assert_eq!(eye.look(&ground.history(), "more"), Way::Grown);
    assert_eq!(eye.look(&ground.history(), "more, again"), Way::Same);
}

#[test]
fn what_was_interrupted_is_not_remembered() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let mut eye = Eye::new();
    let options = Options { memory: Some(eye.folder().to_owned()), ..Options::default() };
    let cancel = AtomicBool::new(true);
    let detector = ground::detector();
    let source = ground.history();
    let scanned = scan(&source, &detector, &ground::key(), &options, now(), &(), &cancel).unwrap();
    assert!(scanned.scope.gaps.iter().any(|gap| gap.reason == GapReason::Interrupted));
    assert_eq!(eye.file(), None);
    assert_eq!(eye.look(&source, "after that"), Way::Anew);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_no_error() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let options = Options { memory: Some(file.join("below")), ..Options::default() };
    let scanned = ground::look_by(&RULES, &ground.history(), &options);
    assert_eq!(places(&scanned, &secret("a")).len(), 1);
    assert!(Path::new(&file).is_file());
}
