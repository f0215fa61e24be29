//! A repository that was made to harm whoever scans it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use git2::{ObjectType, Oid};
use ground::{Ground, detector, git, key, look, now, only, places, secret};
use quietus_model::{GapReason, Secret};
use quietus_scan::{Options, Progress, ScanError, Scanned, Source, Stage, scan};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn line(label: &str) -> String {
    format!("key: {}\n", secret(label))
}

fn gaps(scanned: &Scanned) -> Vec<(GapReason, &str, &str)> {
    let gaps = scanned.scope.gaps.iter();
    gaps.map(|gap| (gap.reason, gap.object.as_str(), gap.detail.as_str())).collect()
}

fn refused(source: &Source) -> String {
    let cancel = AtomicBool::new(false);
    let error = scan(source, &detector(), &key(), &Options::default(), now(), &(), &cancel);
    let error = error.unwrap_err();
    assert!(matches!(error, ScanError::Unsupported { .. }), "{error}");
    error.to_string()
}

fn tree_of(ground: &Ground, entries: &[(String, &str, Oid)]) -> Oid {
    let mut data = Vec::new();
    for (name, mode, id) in entries {
        data.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        data.extend_from_slice(id.as_bytes());
    }
    ground.repository.odb().unwrap().write(ObjectType::Tree, &data).unwrap()
}

fn commit_of(ground: &Ground, tree: Oid) -> Oid {
    let who = "A <a@example.org> 1700000000 +0000";
    let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nm\n");
    let id = ground.repository.odb().unwrap().write(ObjectType::Commit, text.as_bytes()).unwrap();
    ground.set("main", id);
    id
}

/// `levels` folders in each other, each with 8 names for the next: 8 to the power of `levels`
/// files.
fn bomb(ground: &Ground, levels: u32) -> Oid {
    let blob = ground.repository.blob(line("bomb").as_bytes()).unwrap();
    let names = || (0..8).map(|n| n.to_string());
    let leaves: Vec<_> = names().map(|name| (name, "100644", blob)).collect();
    let mut tree = tree_of(ground, &leaves);
    for _ in 1..levels {
        let folders: Vec<_> = names().map(|name| (name, "40000", tree)).collect();
        tree = tree_of(ground, &folders);
    }
    tree
}

#[test]
fn a_file_in_a_hundred_thousand_places_is_named_in_some_of_them() {
    let ground = Ground::new();
    let tree = bomb(&ground, 5);
    commit_of(&ground, tree);
    let scanned = look(&ground.history());
    assert_eq!(places(&scanned, &secret("bomb")).len(), 10_000);
    let print = key().fingerprint(&Secret::from(secret("bomb").as_str())).to_string();
    let gaps = gaps(&scanned);
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].0, gaps[0].1), (GapReason::Overflow, print.as_str()));
}

#[test]
fn a_name_in_a_hundred_thousand_places_is_told_of_in_some_of_them() {
    let ground = Ground::new();
    let blob = ground.repository.blob(b"nothing").unwrap();
    let leaf = |label: &str| (secret(label), "100644", blob);
    let mut tree = tree_of(&ground, &[leaf("name")]);
    for _ in 0..5 {
        let folders: Vec<_> = (0..8).map(|n| (n.to_string(), "40000", tree)).collect();
        tree = tree_of(&ground, &folders);
    }
    commit_of(&ground, tree);
    let scanned = look(&ground.history());
    assert_eq!(places(&scanned, &secret("name")).len(), 10_000);
    assert_eq!(gaps(&scanned).len(), 1);
}

/// Sets the flag a little after the walk over the commits has begun.
struct CancelSoon(Arc<AtomicBool>);

impl Progress for CancelSoon {
    fn stage(&self, stage: Stage, _: Option<u64>) {
        if stage == Stage::Attribution {
            let flag = Arc::clone(&self.0);
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(200));
                flag.store(true, Ordering::Relaxed);
            });
        }
    }
    fn advance(&self, _: u64, _: u64) {}
}

#[test]
fn a_walk_without_end_can_be_interrupted() {
    let ground = Ground::new();
    let tree = bomb(&ground, 40);
    commit_of(&ground, tree);
    let cancel = Arc::new(AtomicBool::new(false));
    let progress = CancelSoon(Arc::clone(&cancel));
    let options = Options { threads: 1, ..Options::default() };
    let scanned =
        scan(&ground.history(), &detector(), &key(), &options, now(), &progress, &cancel).unwrap();
    let gaps = gaps(&scanned);
    let is_told = |reason, object| gaps.iter().any(|gap| (gap.0, gap.1) == (reason, object));
    assert!(is_told(GapReason::Interrupted, "scan"), "{gaps:?}");
    // It did not go on until everything was used up.
    assert!(!is_told(GapReason::Overflow, "history"), "{gaps:?}");
}

#[test]
fn folders_without_end_are_cut_for_all_commits_together() {
    let ground = Ground::new();
    let tree = bomb(&ground, 40);
    let second = ground.repository.blob(line("other").as_bytes()).unwrap();
    let both = [("a".to_owned(), "40000", tree), ("z".to_owned(), "100644", second)];
    let both = tree_of(&ground, &both);
    commit_of(&ground, both);
    let side = commit_of(&ground, tree);
    ground.set("side", side);
    let started = std::time::Instant::now();
    let scanned = look(&ground.history());
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
    let gaps = gaps(&scanned);
    assert!(gaps.iter().any(|gap| (gap.0, gap.1) == (GapReason::Overflow, "history")), "{gaps:?}");
    // Every blob is still read, though nothing says where it lies.
    assert_eq!(places(&scanned, &secret("other")).len(), 1);
}

#[test]
fn a_folder_of_many_millions_of_bytes_is_a_gap() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let odb = ground.repository.odb().unwrap();
    let huge = odb.write(ObjectType::Tree, &vec![b'1'; (32 << 20) + 1]).unwrap();
    commit_of(&ground, huge);
    let scanned = look(&ground.history());
    let gaps = gaps(&scanned);
    // It says nothing that could be read, and is more than a head's folder may be.
    let reasons: Vec<_> = gaps.iter().map(|gap| gap.0).collect();
    assert!(reasons.contains(&GapReason::Corrupt), "{gaps:?}");
    assert!(gaps.iter().all(|gap| gap.1 == huge.to_string().as_str()), "{gaps:?}");
    assert_eq!(places(&scanned, &secret("a")).len(), 1);
}

#[cfg(unix)]
fn pipe(at: &Path) {
    let _ = std::fs::remove_file(at);
    assert!(std::process::Command::new("mkfifo").arg(at).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_where_git_would_read_do_not_hang() {
    let places = ["shallow", "HEAD", "config", "packed-refs", "refs/heads/x", "objects/info/x"];
    for place in places {
        for is_link in [false, true] {
            let ground = Ground::new();
            ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
            ground.write("f", &line("f"));
            let at = ground.repository.path().join(place);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            if is_link {
                let _ = std::fs::remove_file(&at);
                std::os::unix::fs::symlink("/dev/zero", &at).unwrap();
            } else {
                pipe(&at);
            }
            assert!(refused(&ground.history()).contains(place), "{place}");
            let scanned = look(&ground.whole());
            let gaps = gaps(&scanned);
            assert!(gaps.iter().any(|g| (g.0, g.1) == (GapReason::Unobservable, "history")));
            assert_eq!(only(&scanned, &secret("f")).path.as_str(), "f");
        }
    }
}

#[cfg(unix)]
#[test]
fn pipes_behind_links_and_in_borrowed_stores_do_not_hang() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    ground.write("store/pack/x", "");
    ground.write(".git/objects/info/alternates", "../../store\n");
    assert!(look(&ground.history()).scope.is_complete());
    pipe(&ground.path().join("store/pack/p.idx"));
    assert!(refused(&ground.history()).contains("p.idx"));
    std::fs::remove_file(ground.path().join(".git/objects/info/alternates")).unwrap();
    std::os::unix::fs::symlink("../../../store", ground.path().join(".git/refs/heads/s")).unwrap();
    assert!(refused(&ground.history()).contains("p.idx"));
}

#[test]
fn a_list_of_ends_without_end_is_refused() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let file = std::fs::File::create(ground.repository.path().join("shallow")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(refused(&ground.history()).contains("shallow"));
}

#[test]
fn a_configuration_that_includes_other_files_is_not_obeyed() {
    for include in ["[include]\npath = x\n", "[a] [INCLUDE] path = x\n", "[includeIf \"a:b\"]\n"] {
        let ground = Ground::new();
        ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
        ground.write("f", &line("f"));
        let config = ground.repository.path().join("config");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text + include).unwrap();
        assert!(refused(&ground.history()).contains("includes other files"));
        let scanned = look(&ground.whole());
        let gaps = gaps(&scanned);
        assert_eq!((gaps[0].0, gaps[0].1), (GapReason::Unobservable, "history"));
        assert!(gaps[0].2.contains("includes other files"));
        assert_eq!(only(&scanned, &secret("f")).path.as_str(), "f");
    }
}

#[test]
fn a_linked_work_tree_is_looked_at_where_its_configuration_lies() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let other = tempfile::tempdir().unwrap();
    let linked = other.path().join("w");
    git(&ground.path(), &["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "side"]);
    assert_eq!(places(&look(&Source::Whole(linked.clone())), &secret("a")).len(), 1);
    let config = ground.repository.path().join("config");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + "[include]\npath = x\n").unwrap();
    assert!(refused(&Source::History(linked)).contains("includes other files"));
}
