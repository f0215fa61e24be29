//! What is sought by its bytes is remembered as well, apart from what rules find.

use super::ground::{Ground, detector, key, now, secret};
use quietus_model::{Location, Secret};
use quietus_scan::{Options, Source, scan, stands};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// Where the secret of `label` stands, with this memory.
fn places(source: &Source, label: &str, memory: Option<&Path>) -> Vec<Location> {
    let memory = memory.map(Path::to_owned);
    let options = Options { threads: 2, memory, ..Options::default() };
    let detector = detector();
    let rules = detector.rules();
    let rule = rules.rules()[0].clone();
    let known = vec![(rule, Secret::from(secret(label).as_str()))];
    let cancel = AtomicBool::new(false);
    let found = stands(source, known, rules, &key(), &options, now(), &cancel).unwrap();
    assert_eq!(found.scope.gaps, []);
    found.hits.into_iter().flat_map(|hit| hit.finding.locations).collect()
}

/// The files of a memory with their texts.
fn files(memory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> =
        fs::read_dir(memory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn what_is_sought_by_its_bytes_is_remembered_for_the_same_secrets_only() {
    let ground = Ground::new();
    // No rule sees these: nothing names them.
    for label in ["a", "b"] {
        let text = format!("({})\n", secret(label));
        ground.commit("main", "Ann", &[(label, Some(&text))]);
    }
    let (memory, source) = (TempDir::new().unwrap(), ground.history());
    let memory = memory.path();
    let check = |label: &str, count: usize| {
        let told = places(&source, label, Some(memory));
        assert_eq!(told, places(&source, label, None));
        assert_eq!(told.len(), count, "{told:#?}");
        files(memory)
    };
    let first = check("a", 1);
    assert_eq!(first.len(), 1);
    assert_eq!(check("a", 1), first, "nothing was written anew");
    assert_ne!(check("b", 1), first, "another secret");
    check("a", 1);
    ground.commit("main", "Ann", &[("c", Some(&format!("({})\n", secret("a"))))]);
    check("a", 2);
    let options = Options { threads: 2, memory: Some(memory.to_owned()), ..Options::default() };
    let cancel = AtomicBool::new(false);
    scan(&source, &detector(), &key(), &options, now(), &(), &cancel).unwrap();
    assert_eq!(files(memory).len(), 2, "what rules find is remembered apart");
    check("a", 2);
    for label in ["a", "b"] {
        let secret = secret(label).into_bytes();
        let holds = |file: &[u8]| file.windows(secret.len()).any(|window| window == secret);
        assert!(!files(memory).iter().any(|(_, file)| holds(file)), "no secret is in the files");
    }
}
