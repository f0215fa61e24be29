//! Stores of several folders, and parts of stores that are missing, broken or not what they seem.
#![expect(clippy::unwrap_used, reason = "a test's own parts are right or the test fails")]

mod forged;
mod repository;

use forged::{Forged, adding, id, open};
use quietus_odb::{Format, Kind, Kinds, Object, ObjectId, Options, Problem, Reason, Selection};
use quietus_odb::{Store, Visitor};
use repository::{Repository, assert_same, walk};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

const ALL: Selection<'static> = Selection { kinds: Kinds::ALL, wanted: None };

fn reasons(store: &Store) -> Vec<Reason> {
    store.problems().iter().map(|problem| problem.reason).collect()
}

fn borrow(from: &Path, objects: &[&str]) {
    fs::create_dir_all(from.join("info")).unwrap();
    fs::write(from.join("info/alternates"), objects.join("\n")).unwrap();
}

#[test]
fn objects_are_borrowed() {
    let mut origin = Repository::new(Format::Sha1);
    origin.edits(40);
    origin.git(&["repack", "-adq"]);
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let path = origin.path().to_str().unwrap();
    repository::git(folder.path(), &["clone", "-q", "-s", path, "clone"], b"");
    let mut clone = Repository::at(&clone);
    clone.edits(40);
    clone.blob(b"of its own\n");
    // What is packed now may be stored as a change to what is borrowed.
    clone.git(&["repack", "-q", "-l", "-d"]);
    let expected = clone.content();
    let store = open(&clone.objects(), &Options::default());
    assert_eq!(store.problems(), []);
    let kept = walk(&store, &ALL, 2);
    assert_eq!(kept.problems, []);
    assert_same(&kept.content(), &expected, "borrowed");
    assert!(expected.len() > origin.content().len());
}

#[test]
fn folders_are_followed_once_and_not_too_far() {
    let folder = tempfile::tempdir().unwrap();
    let objects = |at: usize| folder.path().join(format!("{at}/objects"));
    for at in 0..9 {
        fs::create_dir_all(objects(at)).unwrap();
        let mut forged = Forged::new();
        forged.blob(id(at as u32), b"x");
        forged.write(&objects(at), &format!("{at}"));
        // Each borrows from the next, from itself and from the first, by other ways too.
        let next = format!("../../{}/objects", at + 1);
        borrow(&objects(at), &["# said", &next, "../objects/.", "", "../../0/objects"]);
    }
    symlink(objects(1), folder.path().join("again")).unwrap();
    borrow(&objects(0), &["../../again", "\"../../\\061/objects\"", "../../none"]);
    let store = open(&objects(0), &Options::default());
    assert_eq!(reasons(&store), [Reason::Missing]);
    assert!(store.problems()[0].subject.ends_with("none"));
    let packs: Vec<_> = store.packs().iter().map(|pack| pack.name.as_str()).collect();
    assert_eq!(packs, ["pack-0", "pack-1", "pack-2", "pack-3", "pack-4", "pack-5"]);
    assert_eq!(walk(&store, &ALL, 1).wanted.len(), 6);
}

#[test]
fn what_is_no_part_of_a_store_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("pack");
    let mut forged = Forged::new();
    forged.blob(id(1), b"good");
    for name in ["alone", "index", "text", "other", "pipe", "good"] {
        forged.write(folder.path(), name);
    }
    fs::remove_file(pack.join("pack-alone.idx")).unwrap();
    fs::remove_file(pack.join("pack-index.pack")).unwrap();
    fs::write(pack.join("pack-text.idx"), "text").unwrap();
    fs::write(pack.join("pack-other.pack"), "PACKtext of some length or other, text").unwrap();
    fs::remove_file(pack.join("pack-pipe.pack")).unwrap();
    let pipe = pack.join("pack-pipe.pack");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(pack.join("tmp_pack_1"), "being made").unwrap();
    fs::write(pack.join("pack-good.promisor"), "").unwrap();
    let store = open(folder.path(), &Options::default());
    let mut problems: Vec<_> = store
        .problems()
        .iter()
        .map(|problem| (problem.subject.rsplit('/').next().unwrap(), problem.reason))
        .collect();
    problems.sort();
    let expected = [
        ("pack-alone.pack", Reason::Missing),
        ("pack-index.idx", Reason::Missing),
        ("pack-other.pack", Reason::Corrupt),
        ("pack-pipe.pack", Reason::Unreadable),
        ("pack-text.idx", Reason::Corrupt),
    ];
    assert_eq!(problems, expected);
    assert!(store.is_partial());
    assert_eq!(store.packs().len(), 1);
    assert_eq!(store.packs()[0].checksum.as_bytes(), [9; 20]);
    assert_eq!(walk(&store, &ALL, 1).wanted.len(), 1);
    let error = Store::open(&folder.path().join("none"), Format::Sha1, &Options::default());
    assert!(error.unwrap_err().to_string().contains("none"));
}

#[test]
fn loose_objects_that_are_none() {
    let repository = Repository::new(Format::Sha1);
    let good = repository.blob(b"good\n");
    let at = |number: u32| {
        let hex = id(number).to_string();
        let path = repository.objects().join(&hex[..2]).join(&hex[2..]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let cases: [&[u8]; 7] = [
        b"blob 5\0four",
        b"blob 4\0fives",
        b"blob four\0four",
        b"blub 4\0four",
        b"blob 18446744073709551616\0four",
        b"blob 00000000000000000000000000000000000004\0four",
        b"",
    ];
    for (number, content) in (0..).zip(cases) {
        fs::write(at(number), forged::deflate(content)).unwrap();
    }
    fs::write(at(100), "text").unwrap();
    fs::write(at(101), "").unwrap();
    let whole = forged::deflate(b"blob 4\0four");
    fs::write(at(102), &whole[..whole.len() - 2]).unwrap();
    fs::create_dir_all(at(103)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at(104)).status().unwrap().success());
    fs::write(at(105), forged::deflate(b"blob 8589934592\0four")).unwrap();
    fs::write(at(106), whole).unwrap();
    fs::write(repository.objects().join("ab"), "no folder").unwrap();
    let store = open(&repository.objects(), &Options::default());
    assert_eq!(store.problems(), []);
    let kept = walk(&store, &ALL, 1);
    let mut wanted: Vec<_> = kept.wanted.iter().map(|it| it.1).collect();
    wanted.sort();
    let mut expected = vec![good, id(106)];
    expected.sort();
    assert_eq!(wanted, expected);
    assert_eq!(kept.problems.len(), 13);
    for number in 0..store.len() {
        assert_eq!(store.read(number, u64::MAX).is_ok(), expected.contains(&store.id(number)));
    }
}

#[test]
fn a_long_loose_object_comes_in_pieces() {
    let repository = Repository::new(Format::Sha1);
    let long = repository.blob(&b"long".repeat(1000));
    let options = Options { largest: 1000, ..Options::default() };
    let kept = walk(&open(&repository.objects(), &options), &ALL, 1);
    assert_eq!(kept.streamed, [long]);
    assert_same(&kept.content(), &repository.content(), "in pieces");
}

/// One family of many: a star of chains below one root.
fn family() -> Forged {
    let mut forged = Forged::new();
    let root = forged.blob(id(0), &b"root ".repeat(2000));
    let mut number = 0;
    for _ in 0..40 {
        let (mut base, mut len) = (root, 10_000);
        for _ in 0..50 {
            number += 1;
            base = forged.at(id(number), base, &adding(len, b"x"));
            len += 1;
        }
    }
    forged
}

/// Counts, and takes its time with each object, so that threads run dry.
#[derive(Default)]
struct Slow(u64);

impl Visitor for Slow {
    type State = u32;

    fn object(&mut self, object: Object<'_>, base: Option<&u32>, state: &mut u32) {
        *state = base.map_or(0, |base| base + 1);
        assert_eq!(object.data.len(), 10_000 + *state as usize);
        self.0 += 1;
        std::thread::sleep(std::time::Duration::from_micros(50));
    }

    fn stream(&mut self, _: u32, _: ObjectId, _: Kind, _: u64, _: &mut dyn Read) {}

    fn problem(&mut self, problem: Problem) {
        unreachable!("{problem:?}");
    }
}

#[test]
fn threads_share_a_large_family() {
    let folder = tempfile::tempdir().unwrap();
    family().write(folder.path(), "a");
    for memory in [0, 192 << 20] {
        let store = open(folder.path(), &Options { memory, ..Options::default() });
        let visitors = store.walk(&ALL, 4, &AtomicBool::new(false), Slow::default);
        assert_eq!(visitors.iter().map(|it| it.0).sum::<u64>(), 2001);
        let busy = visitors.iter().filter(|it| it.0 > 100).count();
        assert!(busy >= 3, "{:?}", visitors.iter().map(|it| it.0).collect::<Vec<_>>());
    }
}

/// Does something in the middle of a walk.
struct Midway<'a>(&'a AtomicU64, &'a (dyn Fn() + Sync));

impl Visitor for Midway<'_> {
    type State = ();

    fn object(&mut self, _: Object<'_>, _: Option<&()>, _: &mut ()) {
        if self.0.fetch_add(1, Relaxed) == 500 {
            self.1();
        }
        std::thread::sleep(std::time::Duration::from_micros(20));
    }

    fn stream(&mut self, _: u32, _: ObjectId, _: Kind, _: u64, _: &mut dyn Read) {}

    fn problem(&mut self, _: Problem) {}
}

#[test]
fn a_walk_can_be_ended() {
    let folder = tempfile::tempdir().unwrap();
    family().write(folder.path(), "a");
    let store = open(folder.path(), &Options::default());
    for threads in [1, 4] {
        let (cancel, count) = (AtomicBool::new(false), AtomicU64::new(0));
        let end = || cancel.store(true, Relaxed);
        store.walk(&ALL, threads, &cancel, || Midway(&count, &end));
        assert!((500..1500).contains(&count.load(Relaxed)), "{count:?}");
    }
}

#[test]
fn a_visitor_that_panics_ends_the_walk() {
    let folder = tempfile::tempdir().unwrap();
    family().write(folder.path(), "a");
    let store = open(folder.path(), &Options::default());
    let (cancel, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let end = || panic!("as it should");
    let walk = std::panic::AssertUnwindSafe(|| {
        store.walk(&ALL, 4, &cancel, || Midway(&count, &end));
    });
    assert!(std::panic::catch_unwind(walk).is_err());
}

#[test]
fn a_partial_clone_has_what_it_has() {
    let mut origin = Repository::new(Format::Sha1);
    origin.edits(60);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", origin.path().display());
    let arguments = ["clone", "-q", "--no-checkout", "--filter=blob:limit=500", &url, "clone"];
    repository::git(folder.path(), &arguments, b"");
    let clone = Repository::at(&folder.path().join("clone"));
    let expected = clone.content();
    assert!(expected.len() < origin.content().len());
    let store = open(&clone.objects(), &Options::default());
    assert!(store.is_partial());
    assert_eq!(store.problems(), []);
    let kept = walk(&store, &ALL, 2);
    assert_eq!(kept.problems, []);
    assert_same(&kept.content(), &expected, "partial");
}
