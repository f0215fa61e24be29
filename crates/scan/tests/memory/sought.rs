//! What is sought by its bytes is remembered as well, apart from what rules find.

use super::ground::{Ground, detector, git, key, now, secret};
use quietus_model::{Location, Rule, Secret};
use quietus_scan::{Options, Scanned, Source, scan, shown, stands};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// Secrets to look for, under the name of some rule.
fn known(texts: impl IntoIterator<Item = String>) -> Vec<(Arc<Rule>, Secret)> {
    let detector = detector();
    let rule = detector.rules().rules()[0].clone();
    texts.into_iter().map(|text| (Arc::clone(&rule), Secret::from(text.as_str()))).collect()
}

fn seek(source: &Source, known: Vec<(Arc<Rule>, Secret)>, options: &Options) -> Scanned {
    let (detector, cancel) = (detector(), AtomicBool::new(false));
    stands(source, known, detector.rules(), &key(), options, now(), &cancel).unwrap()
}

/// What may be seen at a head, of these; `None` when that cannot be told.
fn shown_of(
    source: &Source,
    known: &[(Arc<Rule>, Secret)],
    options: &Options,
) -> Option<Vec<Secret>> {
    let shown = shown(source, known, &key(), options, now(), &AtomicBool::new(false))?;
    Some(shown.into_iter().map(|(_, secret)| secret).collect())
}

/// Who stands at a head is shown, with a memory and without. Whether nobody else is without.
pub(crate) fn whoever_is_at_a_head_is_shown(
    source: &Source,
    memory: &Path,
    labels: std::ops::Range<usize>,
    what: &str,
) -> bool {
    let words = labels.clone().map(|label| format!("pw-{label}"));
    let known = known(labels.map(|label| secret(&label.to_string())).chain(words));
    let options = Options { threads: 2, ..Options::default() };
    let plain = shown_of(source, &known, &options);
    let told = Options { memory: Some(memory.to_owned()), ..options.clone() };
    let told = shown_of(source, &known, &told);
    let Some(plain) = plain else { return false };
    let found = seek(source, known, &options);
    let at_head = |hit: &&quietus_model::Hit| {
        hit.finding.locations.iter().any(|place| !place.at_head.is_empty())
    };
    let hits: Vec<_> = found.hits.iter().filter(at_head).collect();
    for shown in [Some(&plain), told.as_ref()].into_iter().flatten() {
        for hit in &hits {
            let is_named = |one: &Secret| key().names(one).iter().any(|n| hit.finding.is_named(n));
            assert!(shown.iter().any(is_named), "{what}: {:#?}", hit.finding);
        }
    }
    hits.len() == plain.len()
}

/// Where the secret of `label` stands, with this memory.
fn places(source: &Source, label: &str, memory: Option<&Path>) -> Vec<Location> {
    let memory = memory.map(Path::to_owned);
    let options = Options { threads: 2, memory, ..Options::default() };
    let found = seek(source, known([secret(label)]), &options);
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

#[test]
fn what_is_shown_now_is_known_without_its_history() {
    let ground = Ground::new();
    let text = |label: &str| format!("({})\n", secret(label));
    let wide = |label: &str| -> String { text(label).chars().flat_map(|c| [c, '\0']).collect() };
    let encoded = data_encoding::BASE64.encode(text("encoded").as_bytes());
    let named = format!("conf/{}/x", secret("folder"));
    ground.commit("main", "Ann", &[("a", Some(&text("gone"))), ("b", Some(&text("kept")))]);
    ground.commit(
        "main",
        "Ann",
        &[
            ("a", None),
            ("d/e", Some(&format!("{}\n", encoded))),
            ("wide", Some(&format!("\u{feff}{}", wide("never")))),
            (&named, Some("nothing")),
        ],
    );
    ground.commit("side", "Ann", &[("deep/er/c", Some(&text("side")))]);
    ground.commit("other", "Ann", &[("c", Some(&text("left")))]);
    ground.commit("other", "Ann", &[("c", Some("nothing"))]);
    ground.repository.reference("refs/tags/v", ground.tip("other").unwrap(), true, "t").unwrap();
    let branch = format!("fix-{}", secret("branch"));
    ground.set(&branch, ground.tip("other").unwrap());
    ground.check_out();
    ground.write("new", &text("file"));
    ground.write("staged", &text("staged"));
    git(&ground.path(), &["add", "staged"]);
    std::fs::remove_file(ground.path().join("staged")).unwrap();
    let labels =
        ["gone", "kept", "encoded", "folder", "side", "left", "branch", "file", "staged", "none"];
    let check = |source: &Source, expected: &[&str]| {
        let known = known(labels.iter().map(|label| secret(label)));
        let shown = shown_of(source, &known, &Options::default()).unwrap();
        let is_shown =
            |label: &&str| shown.iter().any(|one| one.expose() == secret(label).as_bytes());
        assert_eq!(labels.into_iter().filter(is_shown).collect::<Vec<_>>(), expected);
    };
    check(&ground.history(), &["kept", "encoded", "folder", "side", "branch"]);
    let all = ["kept", "encoded", "folder", "side", "branch", "file", "staged"];
    check(&ground.whole(), &all);
    check(&Source::Tree(ground.path()), &["kept", "encoded", "folder", "file"]);
    let memory = TempDir::new().unwrap();
    assert!(whoever_is_at_a_head_is_shown(&ground.whole(), memory.path(), 0..12, "by hand"));
    // What cannot be read says nothing.
    let tip = ground.repository.find_commit(ground.tip("side").unwrap()).unwrap();
    let tree = tip.tree().unwrap().get_name("deep").unwrap().id();
    std::fs::remove_file(ground.loose(tree)).unwrap();
    assert_eq!(shown_of(&ground.history(), &known([secret("gone")]), &Options::default()), None);
}

/// One that remembers is told what one that does not is.
#[test]
fn what_is_shown_is_looked_for_once_in_each_object() {
    let ground = Ground::bare();
    let text = |label: &str| format!("({})\n", secret(label));
    ground.commit("main", "Ann", &[("a", Some(&text("a"))), ("d/b", Some(&text("b")))]);
    ground.commit("main", "Ann", &[("a", None), ("d/c", Some(&text("c")))]);
    let memory = TempDir::new().unwrap();
    let plain = Options { threads: 2, ..Options::default() };
    let told = Options { memory: Some(memory.path().to_owned()), ..plain.clone() };
    let source = ground.history();
    let check = |labels: &[&str], expected: &[&str]| {
        let known = known(labels.iter().map(|label| secret(label)));
        let shown = shown_of(&source, &known, &told).unwrap();
        assert_eq!(Some(&shown), shown_of(&source, &known, &plain).as_ref(), "{labels:?}");
        let expected: Vec<Secret> =
            expected.iter().map(|label| Secret::from(secret(label).as_str())).collect();
        assert_eq!(shown, expected);
    };
    check(&["a", "b"], &["b"]);
    let first = files(memory.path());
    assert_eq!(first.len(), 1);
    check(&["a", "b"], &["b"]);
    assert_eq!(files(memory.path()), first);
    // A value that nobody looked for, in an object that was read long ago.
    check(&["a", "b", "c"], &["b", "c"]);
    check(&["a"], &[]);
    // One that vanished from the list, and what came meanwhile.
    ground.commit("main", "Ann", &[("e", Some(&text("b")))]);
    check(&["a"], &[]);
    check(&["b", "a"], &["b"]);
    ground.commit("side", "Ann", &[("f", Some(&text("a")))]);
    check(&["a", "b"], &["a", "b"]);
    // What is gone is not proof of anything: an object that cannot be read makes all unknown.
    let head = ground.commit("main", "Ann", &[("g/h", Some("nothing"))]);
    let folder = ground.repository.find_commit(head).unwrap().tree().unwrap();
    let folder = ground.loose(folder.get_name("g").unwrap().id());
    let whole = std::fs::read(&folder).unwrap();
    std::fs::remove_file(&folder).unwrap();
    let all = known([secret("a"), secret("n")]);
    for _ in 0..2 {
        assert_eq!(shown_of(&source, &all, &told), None);
    }
    std::fs::write(&folder, whole).unwrap();
    check(&["a", "n"], &["a"]);
    // Half a file, as a scan leaves it that is killed, and a file that somebody wrote to.
    let (path, bytes) = files(memory.path()).remove(0);
    for at in (0..bytes.len()).step_by(7) {
        std::fs::write(&path, &bytes[..at]).unwrap();
        check(&["a", "n"], &["a"]);
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 1;
        std::fs::write(&path, spoilt).unwrap();
        check(&["a", "n"], &["a"]);
    }
    for label in ["a", "b", "n"] {
        let secret = secret(label).into_bytes();
        let holds = |file: &[u8]| file.windows(secret.len()).any(|window| window == secret);
        assert!(!files(memory.path()).iter().any(|(_, file)| holds(file)), "no secret is in it");
    }
}
