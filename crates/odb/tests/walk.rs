//! A walk hands over what git says is there: every object once, with its kind and its bytes.
#![expect(clippy::unwrap_used, reason = "a test's own parts are right or the test fails")]

mod repository;

use quietus_odb::{Format, Kind, Kinds, Options, Selection, Store};
use repository::{Content, Repository, assert_same, walk};
use std::fs;

const ALL: Selection<'static> = Selection { kinds: Kinds::ALL, wanted: None };

/// Walks a store in every way there is, and compares.
fn check(repository: &Repository, of: &str) {
    let expected = repository.content();
    for (memory, mapped, threads) in [
        (192 << 20, true, 1),
        (192 << 20, false, 2),
        (0, true, 2),
        (40_000, true, 4),
        (9_000, false, 3),
    ] {
        let of = format!("{of}, {memory} bytes, mapped {mapped}, {threads} threads");
        let options = Options { memory, mapped, ..Options::default() };
        let store = Store::open(&repository.objects(), repository.format, &options).unwrap();
        assert_eq!(store.problems(), [], "{of}");
        let kept = walk(&store, &ALL, threads);
        assert_eq!(kept.problems, [], "{of}");
        assert_same(&kept.content(), &expected, &of);
        assert!(kept.passed >= expected.len() as u64, "{of}");
        for (number, id, _, _) in &kept.wanted {
            assert_eq!(store.id(*number), *id);
        }
    }
    let store = Store::open(&repository.objects(), repository.format, &Options::default()).unwrap();
    numbers(&store, &expected, of);
    filters(&store, &expected, of);
}

fn numbers(store: &Store, expected: &Content, of: &str) {
    assert_eq!(store.len() as usize, expected.len(), "{of}");
    let mut reader = store.reader();
    for (number, (id, (kind, data))) in (0..).zip(expected) {
        assert_eq!(store.number(id), Some(number), "{of}");
        assert_eq!(store.id(number), *id, "{of}");
        assert_eq!(store.kind(number), Some(*kind), "{of}");
        assert!(store.pack_of(number).is_none_or(|pack| pack < store.packs().len()));
        let read = reader.read(number, u64::MAX).unwrap();
        assert!(read == (*kind, &data[..]), "{of}: {id}");
        if number % 50 == 0 && !data.is_empty() {
            assert!(store.read(number, data.len() as u64).unwrap() == (*kind, data.clone()));
            let problem = store.read(number, data.len() as u64 - 1).unwrap_err();
            assert_eq!(problem.reason, quietus_odb::Reason::TooLarge);
            assert_eq!(problem.subject, id.to_string());
        }
        let mut other = id.as_bytes().to_vec();
        *other.last_mut().unwrap() ^= 1;
        let other = quietus_odb::ObjectId::from_bytes(&other).unwrap();
        assert_eq!(store.number(&other).is_some(), expected.contains_key(&other));
    }
}

fn filters(store: &Store, expected: &Content, of: &str) {
    for kind in [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag] {
        let wanted = |number: u32| number % 7 == 2;
        let kinds = Kinds::NONE.with(kind);
        for wanted in [None, Some(&wanted as &(dyn Fn(u32) -> bool + Sync))] {
            let kept = walk(store, &Selection { kinds, wanted }, 2);
            assert_eq!(kept.problems, []);
            let mut expected = expected.clone();
            expected.retain(|id, content| {
                let number = store.number(id).unwrap();
                content.0 == kind && wanted.is_none_or(|wanted| wanted(number))
            });
            assert_same(&kept.content(), &expected, of);
            // Further copies of what is wanted may be needed as bases in other packs.
            let twice = store.packs().len() > 1;
            assert!(twice || kept.others.iter().all(|id| !expected.contains_key(id)));
        }
    }
}

#[test]
fn every_depth_and_window() {
    for format in [Format::Sha1, Format::Sha256] {
        let mut repository = Repository::new(format);
        repository.edits(300);
        for (depth, window) in
            [("1", "10"), ("50", "10"), ("50", "250"), ("4095", "10"), ("0", "0")]
        {
            let arguments = ["repack", "-adfq", "--depth", depth, "--window", window];
            repository.git(&arguments);
            check(&repository, &format!("{format:?}, depth {depth}, window {window}"));
        }
    }
}

#[test]
fn long_chains() {
    let mut repository = Repository::new(Format::Sha1);
    repository.one_file(1500);
    check(&repository, "long chains");
    let store = Store::open(&repository.objects(), Format::Sha1, &Options::default()).unwrap();
    assert!(walk(&store, &ALL, 1).depth > 1000);
}

#[test]
fn bases_called_by_name() {
    let mut repository = Repository::new(Format::Sha1);
    repository.edits(200);
    repository.git(&["config", "repack.useDeltaBaseOffset", "false"]);
    repository.git(&["repack", "-adfq", "--depth", "50"]);
    check(&repository, "bases by name");
}

#[test]
fn loose_objects_and_several_packs() {
    let mut repository = Repository::new(Format::Sha1);
    repository.edits(50);
    for pack in repository.pack_files("pack") {
        let content = fs::read(&pack).unwrap();
        fs::remove_file(&pack).unwrap();
        fs::remove_file(pack.with_extension("idx")).unwrap();
        repository.git_with(&["unpack-objects", "-q"], &content);
    }
    assert_eq!(repository.pack_files("pack").len(), 0);
    check(&repository, "all loose");
    repository.git(&["repack", "-q", "-l"]);
    check(&repository, "packed and loose");
    for _ in 0..4 {
        repository.edits(40);
    }
    repository.blob(b"loose\n");
    assert!(repository.pack_files("pack").len() > 3);
    check(&repository, "several packs");
    // All again in one more pack, so that each object is there twice.
    repository.git(&["repack", "-aq", "--depth", "20"]);
    repository.git(&["config", "repack.packKeptObjects", "true"]);
    check(&repository, "twice");
    repository.git(&["gc", "-q", "--prune=now"]);
    check(&repository, "after gc");
}

#[test]
fn several_packs_with_one_index() {
    for format in [Format::Sha1, Format::Sha256] {
        let mut repository = Repository::new(format);
        for _ in 0..4 {
            repository.edits(30);
        }
        // The same objects in two packs, so that the index leaves some out.
        let ids = repository.git(&["rev-list", "--objects", "--all", "--max-count=20"]);
        repository.git_with(&["pack-objects", "-q", ".git/objects/pack/pack"], ids.as_bytes());
        repository.git(&["multi-pack-index", "write"]);
        check(&repository, "with both");
        let expected = repository.content();
        for idx in repository.pack_files("idx") {
            fs::remove_file(idx).unwrap();
        }
        for mapped in [true, false] {
            let options = Options { mapped, ..Options::default() };
            let store = Store::open(&repository.objects(), format, &options).unwrap();
            assert_eq!(store.problems(), []);
            assert_eq!(store.len() as usize, expected.len());
            let kept = walk(&store, &ALL, 2);
            assert_eq!(kept.problems, []);
            assert_same(&kept.content(), &expected, "without idx");
        }
    }
}
