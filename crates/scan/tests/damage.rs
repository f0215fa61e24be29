//! What is damaged or missing is named, and the rest is still scanned.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, detector, git, key, look, look_with, now, only, places, secret};
use quietus_model::{Gap, GapReason};
use quietus_scan::{Options, Progress, ScanError, Scanned, Source, Stage, scan};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

fn line(label: &str) -> String {
    format!("key: {}\n", secret(label))
}

fn gap(scanned: &Scanned, object: &str) -> Gap {
    let gaps = &scanned.scope.gaps;
    gaps.iter()
        .find(|gap| gap.object.as_str() == object)
        .cloned()
        .unwrap_or_else(|| panic!("{gaps:?}"))
}

fn fails(source: &Source) -> ScanError {
    let cancel = AtomicBool::new(false);
    scan(source, &detector(), &key(), &Options::default(), now(), &(), &cancel).unwrap_err()
}

#[test]
fn no_such_path_and_no_repository_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    for source in
        [Source::Tree(nowhere.clone()), Source::Whole(nowhere.clone()), Source::History(nowhere)]
    {
        assert!(matches!(fails(&source), ScanError::Unreadable { .. }));
    }
    let error = fails(&Source::History(folder.path().to_owned()));
    assert!(matches!(error, ScanError::NotARepository { .. }));
    assert!(error.to_string().contains("not a git repository"));
    // A folder inside a repository is not that repository.
    let ground = Ground::new();
    ground.write("d/f", "x");
    let error = fails(&Source::History(ground.path().join("d")));
    assert!(matches!(error, ScanError::NotARepository { .. }));
    let since = Source::Since { path: ground.path(), revision: "nosuch".into() };
    assert!(fails(&since).to_string().contains("nosuch"));
}

#[test]
fn a_missing_object_is_a_gap_and_the_rest_is_found() {
    let ground = Ground::new();
    let head = ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    let tree = ground.repository.find_commit(head).unwrap().tree().unwrap();
    let blob = tree.get_name("a").unwrap().id();
    std::fs::remove_file(ground.loose(blob)).unwrap();
    let scanned = look(&ground.history());
    assert_eq!(gap(&scanned, &blob.to_string()).reason, GapReason::Missing);
    assert_eq!(scanned.scope.gaps.len(), 1);
    assert!(places(&scanned, &secret("a")).is_empty());
    assert_eq!(only(&scanned, &secret("b")).path.as_str(), "b");
}

#[test]
fn a_gap_shows_no_secret_of_the_path_it_names() {
    let ground = Ground::new();
    let path = format!("{}.pem", secret("path"));
    let head = ground.commit("main", "Ann", &[(&path, Some(&"large ".repeat(100)))]);
    ground.check_out();
    let tree = ground.repository.find_commit(head).unwrap().tree().unwrap();
    std::fs::remove_file(ground.loose(tree.get_name(&path).unwrap().id())).unwrap();
    let scanned = look(&ground.whole());
    let detail = |gap: &Gap| gap.detail.as_str() == "it belongs at [secret].pem";
    assert!(scanned.scope.gaps.iter().any(detail), "{:?}", scanned.scope.gaps);
    assert!(!format!("{:?}", scanned.scope).contains(&secret("path")));
}

#[test]
fn missing_trees_and_commits_are_gaps_too() {
    let ground = Ground::new();
    let first = ground.commit("main", "Ann", &[("d/a", Some(&line("a")))]);
    let second = ground.commit("main", "Bob", &[("b", Some(&line("b")))]);
    let folder = ground.repository.find_commit(second).unwrap().tree().unwrap();
    let folder = folder.get_name("d").unwrap().id();
    std::fs::remove_file(ground.loose(first)).unwrap();
    std::fs::remove_file(ground.loose(folder)).unwrap();
    let scanned = look(&ground.history());
    for id in [first, folder] {
        assert_eq!(gap(&scanned, &id.to_string()).reason, GapReason::Missing);
    }
    // The blob is there, though nothing says any more where it lay.
    assert_eq!(only(&scanned, &secret("a")).path.as_str(), "");
    assert_eq!(only(&scanned, &secret("b")).path.as_str(), "b");
}

#[test]
fn a_tip_that_is_missing_is_a_gap() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let side = ground.commit("side", "Ann", &[("b", Some(&line("b")))]);
    std::fs::remove_file(ground.loose(side)).unwrap();
    let scanned = look(&ground.history());
    assert_eq!(gap(&scanned, &side.to_string()).reason, GapReason::Missing);
    assert_eq!(only(&scanned, &secret("a")).path.as_str(), "a");
}

#[test]
fn a_damaged_loose_object_is_a_gap() {
    let ground = Ground::new();
    let head = ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    let tree = ground.repository.find_commit(head).unwrap().tree().unwrap();
    let blob = tree.get_name("a").unwrap().id();
    overwrite(&ground.loose(blob), |bytes| bytes.truncate(10));
    let scanned = look(&ground.history());
    assert_eq!(gap(&scanned, &blob.to_string()).reason, GapReason::Corrupt);
    assert_eq!(places(&scanned, &secret("b")).len(), 1);
}

fn overwrite(path: &Path, spoil: impl Fn(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    spoil(&mut bytes);
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn packed(ground: &Ground, ending: &str) -> PathBuf {
    git(&ground.path(), &["gc", "-q", "--prune=now"]);
    let packs = ground.repository.path().join("objects/pack");
    let mut all = std::fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path());
    all.find(|path| path.extension().is_some_and(|e| e == ending)).unwrap()
}

#[test]
fn a_damaged_pack_never_passes_for_a_clean_one() {
    for (ending, percent) in [("pack", 0), ("pack", 25), ("pack", 50), ("idx", 0), ("idx", 50)] {
        let ground = Ground::new();
        for number in 0..30 {
            let text = format!("{}{number}\n", line("a"));
            ground.commit("main", "Ann", &[("a", Some(&text)), ("b", Some(&line("b")))]);
        }
        let file = packed(&ground, ending);
        overwrite(&file, |bytes| {
            let from = bytes.len() * percent / 100;
            let to = (from + 40).min(bytes.len());
            bytes[from..to].iter_mut().for_each(|byte| *byte ^= 0x5a);
        });
        ground.write("on-disk", &line("disk"));
        let scanned = look(&ground.whole());
        assert!(!scanned.scope.gaps.is_empty(), "{ending} at {percent} %");
        assert!(!scanned.scope.covers_heads());
        assert_eq!(
            only(&scanned, &secret("disk")).path.as_str(),
            "on-disk",
            "{ending} at {percent} %"
        );
    }
}

#[test]
fn a_pack_cut_short_never_passes_for_a_clean_one() {
    let ground = Ground::new();
    for number in 0..30 {
        ground.commit("main", "Ann", &[("a", Some(&format!("{}{number}\n", line("a"))))]);
    }
    overwrite(&packed(&ground, "pack"), |bytes| bytes.truncate(bytes.len() / 3));
    let scanned = look(&ground.history());
    assert!(!scanned.scope.gaps.is_empty());
}

#[test]
fn a_truncated_index_is_a_gap() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    ground.check_out();
    overwrite(&ground.repository.path().join("index"), |bytes| bytes.truncate(40));
    for source in [ground.whole(), Source::Staged(ground.path())] {
        let scanned = look(&source);
        let gap = gap(&scanned, "index");
        assert_eq!(gap.reason, GapReason::Corrupt);
        assert!(gap.detail.as_str().contains("git read-tree"));
    }
    assert_eq!(only(&look(&ground.whole()), &secret("a")).path.as_str(), "a");
}

#[test]
fn objects_named_by_sha_256_are_read_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| git(folder.path(), arguments);
    run(&["init", "-q", "--object-format=sha256", "."]);
    for (label, packed) in [("a", true), ("b", false)] {
        std::fs::write(folder.path().join("f"), line(label)).unwrap();
        run(&["add", "."]);
        run(&["-c", "user.name=Ann", "-c", "user.email=a@b", "commit", "-q", "-m", label]);
        if packed {
            run(&["repack", "-adfq"]);
        }
    }
    let scanned = look(&Source::Whole(folder.path().to_owned()));
    assert_eq!(scanned.scope.gaps, []);
    let gone = only(&scanned, &secret("a"));
    assert_eq!((gone.path.as_str(), gone.at_head.len()), ("f", 0));
    assert_eq!(gone.introduced.unwrap().commit.len(), 64);
    assert_eq!(only(&scanned, &secret("b")).at_head.len(), 1);
}

#[test]
fn refs_that_cannot_be_read_are_named_and_files_are_scanned() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "--ref-format=reftable", "."]);
    std::fs::write(folder.path().join("f"), line("a")).unwrap();
    let error = fails(&Source::History(folder.path().to_owned()));
    assert!(matches!(error, ScanError::Unsupported { .. }), "{error}");
    let scanned = look(&Source::Whole(folder.path().to_owned()));
    assert_eq!(gap(&scanned, "history").reason, GapReason::Unobservable);
    assert_eq!(only(&scanned, &secret("a")).path.as_str(), "f");
}

#[test]
fn what_is_too_large_to_be_held_is_read_in_pieces() {
    let ground = Ground::new();
    let large = format!("{}\n{}{}", "x".repeat(500), line("large"), "y".repeat(500));
    let old = large.replace('y', "z");
    ground.commit("main", "Ann", &[("large", Some(&old))]);
    ground.commit("main", "Ann", &[("large", Some(&large)), ("a", Some(&line("a")))]);
    ground.check_out();
    let whole = look(&ground.whole());
    assert_eq!(only(&whole, &secret("large")).line, 2);
    let options = Options { max_file_size: 400, ..Options::default() };
    let pieces = look_with(&ground.whole(), &options);
    assert_eq!(format!("{:?}", pieces.hits), format!("{:?}", whole.hits));
    assert_eq!(pieces.scope.gaps, []);
}

struct CancelAt<'a>(Stage, &'a AtomicBool);

impl Progress for CancelAt<'_> {
    fn stage(&self, stage: Stage, _: Option<u64>) {
        if stage == self.0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
    fn advance(&self, _: u64, _: u64) {}
}

#[test]
fn an_interrupted_scan_gives_what_it_has_and_says_so() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    for (stage, found) in [(Stage::Files, 1), (Stage::Objects, 0), (Stage::Attribution, 1)] {
        let cancel = AtomicBool::new(false);
        let progress = CancelAt(stage, &cancel);
        let scanned = scan(
            &ground.whole(),
            &detector(),
            &key(),
            &Options::default(),
            now(),
            &progress,
            &cancel,
        );
        let scanned = scanned.unwrap();
        assert_eq!(scanned.hits.len(), found, "{stage:?}");
        assert_eq!(gap(&scanned, "scan").reason, GapReason::Interrupted);
    }
}

#[cfg(unix)]
#[test]
fn a_repository_of_somebody_else_is_refused_with_the_way_out() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    ground.write("f", &line("f"));
    let store = ground.repository.path().to_owned();
    // Only the superuser can give a folder away.
    if [store.clone(), ground.path()]
        .iter()
        .any(|p| std::os::unix::fs::chown(p, Some(54321), None).is_err())
    {
        return;
    }
    let error = fails(&ground.history());
    assert!(matches!(error, ScanError::OwnedByOther { .. }), "{error}");
    assert!(error.to_string().contains("safe.directory"));
    let scanned = look(&ground.whole());
    assert!(gap(&scanned, "history").detail.as_str().contains("safe.directory"));
    assert_eq!(only(&scanned, &secret("f")).path.as_str(), "f");
}
