//! Every corner of a history is read, and what is found is put where it belongs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, git, heads, look, look_with, only, places, secret};
use quietus_model::{GapReason, Place, ScopeKind};
use quietus_scan::{Options, Source};

fn line(label: &str) -> String {
    format!("first\nkey: {}\n", secret(label))
}

#[test]
fn a_deleted_file_is_found_and_is_at_no_head() {
    let ground = Ground::new();
    let added = ground.commit("main", "Ann", &[("conf/a.txt", Some(&line("a")))]);
    ground.commit("main", "Bob", &[("conf/a.txt", None), ("b", Some("nothing"))]);
    let scanned = look(&ground.history());
    let place = only(&scanned, &secret("a"));
    assert_eq!((place.path.as_str(), place.line, place.column), ("conf/a.txt", 2, 6));
    assert_eq!((place.place, place.versions), (Place::History, 1));
    assert_eq!(heads(&place), [""; 0]);
    let introduced = place.introduced.unwrap();
    assert_eq!(introduced.commit, added.to_string());
    assert_eq!(introduced.author.as_str(), "Ann <ann@example.org>");
    assert_eq!(introduced.at.as_second(), 1_700_000_000);
    assert!(scanned.scope.is_complete());
    assert_eq!(scanned.scope.kind, ScopeKind::History);
    assert_eq!(scanned.scope.stats.commits, 2);
    assert_eq!(scanned.scope.refs.len(), 1);
}

#[test]
fn versions_of_one_path_are_one_location_as_it_is_at_the_head() {
    let ground = Ground::new();
    let one = line("a");
    ground.commit("main", "Ann", &[("a", Some(&one))]);
    ground.commit("main", "Bob", &[("a", Some(&format!("zero\n{one}")))]);
    ground.commit("main", "Cid", &[("a", Some(&format!("zero\nzero\n{one}")))]);
    ground.commit("main", "Dan", &[("a", Some(&format!("zero\nzero\n{one}"))), ("x", Some("y"))]);
    let place = only(&look(&ground.history()), &secret("a"));
    assert_eq!((place.line, place.versions), (4, 3));
    assert_eq!(heads(&place), ["main"]);
    assert_eq!(place.introduced.unwrap().author.as_str(), "Ann <ann@example.org>");
    assert_eq!(place.last_author.unwrap().as_str(), "Ann <ann@example.org>");
}

#[test]
fn the_last_author_is_who_last_changed_the_line() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    ground.commit("main", "Bob", &[("a", Some(&format!("{}more\n", line("a"))))]);
    ground.commit("main", "Cid", &[("a", Some(&line("a").replace("key", "the key")))]);
    ground.commit("main", "Dan", &[("b", Some("x"))]);
    let side = ground.tip("main").unwrap();
    ground.set("side", side);
    ground.commit("side", "Eve", &[("a", Some(&line("a").replace("key", "my key")))]);
    let place = only(&look(&ground.history()), &secret("a"));
    assert_eq!(heads(&place), ["main", "side"]);
    assert_eq!(place.introduced.unwrap().author.as_str(), "Ann <ann@example.org>");
    assert_eq!(place.last_author.unwrap().as_str(), "Cid <cid@example.org>");
}

#[test]
fn a_secret_twice_in_a_file_is_two_locations_and_in_two_files_more() {
    let ground = Ground::new();
    let two = format!("{}{}", line("a"), line("a"));
    ground.commit("main", "Ann", &[("a", Some(&two)), ("d/e/b", Some(&line("a")))]);
    let found = places(&look(&ground.history()), &secret("a"));
    let found: Vec<_> =
        found.iter().map(|place| (place.path.as_str(), place.ordinal, place.line)).collect();
    assert_eq!(found, [("a", 0, 2), ("a", 1, 4), ("d/e/b", 0, 2)]);
}

#[test]
fn a_change_that_only_a_merge_has_is_the_merges() {
    let ground = Ground::new();
    let base = ground.commit("main", "Ann", &[("a", Some("x"))]);
    let left = ground.commit_on(&[base], "Bob", "left", &[("l", Some("l"))]);
    let right = ground.commit_on(&[base], "Cid", "right", &[("r", Some("r"))]);
    let merge = ground.commit_on(
        &[left, right],
        "Dan",
        "merge",
        &[("r", Some("r")), ("a", Some(&line("evil")))],
    );
    ground.set("main", merge);
    let place = only(&look(&ground.history()), &secret("evil"));
    assert_eq!(place.introduced.unwrap().commit, merge.to_string());
}

#[test]
fn what_a_branch_brought_is_not_the_merges() {
    let ground = Ground::new();
    let base = ground.commit("main", "Ann", &[("a", Some("x"))]);
    let side = ground.commit_on(&[base], "Bob", "side", &[("s", Some(&line("s")))]);
    let main = ground.commit("main", "Cid", &[("m", Some("m"))]);
    let merge = ground.commit_on(&[main, side], "Dan", "merge", &[("s", Some(&line("s")))]);
    ground.set("main", merge);
    let place = only(&look(&ground.history()), &secret("s"));
    assert_eq!(heads(&place), ["main"]);
    assert_eq!(place.introduced.unwrap().commit, side.to_string());
}

#[test]
fn a_deleted_branch_and_a_blob_of_no_commit_are_found() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some("x"))]);
    let lost = ground.commit("gone", "Bob", &[("d/lost", Some(&line("lost")))]);
    ground.repository.find_reference("refs/heads/gone").unwrap().delete().unwrap();
    let loose = ground.repository.blob(line("loose").as_bytes()).unwrap();
    let scanned = look(&ground.history());
    let place = only(&scanned, &secret("lost"));
    assert_eq!((place.path.as_str(), heads(&place).len()), ("d/lost", 0));
    assert_eq!(place.introduced.unwrap().commit, lost.to_string());
    let place = only(&scanned, &secret("loose"));
    assert_eq!((place.path.as_str(), place.introduced), ("", None));
    assert_eq!(place.blob.unwrap(), loose.to_string());
}

#[test]
fn stash_messages_tags_and_notes_are_read() {
    let ground = Ground::new();
    let message = format!("subject\n\n{}", line("message"));
    let first = ground.commit_on(&[], "Ann", &message, &[("a", Some("x"))]);
    ground.set("main", first);
    ground.check_out();
    ground.write("a", &line("stash"));
    git(&ground.path(), &["stash", "push", "-m", "for later"]);
    git(&ground.path(), &["tag", "-a", "v1", "-m", &line("tag")]);
    git(&ground.path(), &["notes", "add", "-m", &line("note")]);
    let scanned = look(&ground.history());

    let place = only(&scanned, &secret("message"));
    assert_eq!((place.place, place.path.as_str(), place.line), (Place::Message, "", 4));
    assert_eq!(place.introduced.unwrap().commit, first.to_string());
    assert_eq!(place.blob.unwrap(), first.to_string());
    let place = only(&scanned, &secret("stash"));
    assert_eq!((place.place, place.path.as_str()), (Place::History, "a"));
    assert_eq!(heads(&place), [""; 0]);
    assert_eq!(only(&scanned, &secret("tag")).place, Place::Message);
    let place = only(&scanned, &secret("note"));
    assert_eq!((place.place, place.path.as_str()), (Place::Message, ""));
    assert!(scanned.scope.is_complete(), "{:?}", scanned.scope.gaps);
}

#[test]
fn one_secret_in_many_messages_is_one_location() {
    let ground = Ground::new();
    let mut parents = vec![];
    for name in ["Ann", "Bob", "Cid"] {
        parents = vec![ground.commit_on(&parents, name, &line("m"), &[("a", Some(name))])];
    }
    ground.set("main", parents[0]);
    let place = only(&look(&ground.history()), &secret("m"));
    assert_eq!(place.versions, 3);
    assert_eq!(place.introduced.unwrap().author.as_str(), "Ann <ann@example.org>");
}

#[test]
fn packed_and_loose_bare_and_linked_give_the_same() {
    let ground = Ground::new();
    for number in 0..20 {
        let text = format!("{}{number}\n", line("a"));
        ground.commit("main", "Ann", &[("a", Some(&text)), ("b", Some(&line("b")))]);
    }
    ground.commit("main", "Bob", &[("b", None)]);
    ground.check_out();
    let loose = look(&ground.history());
    assert_eq!(only(&loose, &secret("a")).versions, 20);
    git(&ground.path(), &["gc", "-q", "--prune=now"]);
    let packed = look(&ground.history());
    let bare = tempfile::tempdir().unwrap();
    let url = format!("file://{}", ground.path().display());
    git(bare.path(), &["clone", "-q", "--mirror", &url, "m.git"]);
    let mirror = look(&Source::Whole(bare.path().join("m.git")));
    git(
        &ground.path(),
        &["worktree", "add", "-q", "-b", "other", bare.path().join("w").to_str().unwrap()],
    );
    let linked = look(&Source::Whole(bare.path().join("w")));
    for label in ["a", "b"] {
        let wanted = only(&loose, &secret(label));
        assert_eq!(only(&packed, &secret(label)), wanted);
        let mut same = only(&mirror, &secret(label));
        same.repository = wanted.repository.clone();
        assert_eq!(same, wanted);
    }
    assert_eq!(mirror.scope.kind, ScopeKind::History);
    assert_eq!(heads(&only(&linked, &secret("a"))), ["other", "main"]);
}

#[test]
fn a_shallow_clone_says_that_history_ends() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("old", Some(&line("old"))), ("kept", Some(&line("kept")))]);
    ground.commit("main", "Bob", &[("old", None), ("new", Some(&line("new")))]);
    let copy = tempfile::tempdir().unwrap();
    let url = format!("file://{}", ground.path().display());
    git(copy.path(), &["clone", "-q", "--depth", "1", &url, "c"]);
    let scanned = look(&Source::History(copy.path().join("c")));
    assert!(places(&scanned, &secret("old")).is_empty());
    assert_eq!(places(&scanned, &secret("new")).len(), 1);
    assert_eq!(places(&scanned, &secret("kept")).len(), 1);
    let reasons: Vec<_> = scanned.scope.gaps.iter().map(|gap| gap.reason).collect();
    assert_eq!(reasons, [GapReason::Shallow]);
    assert!(!scanned.scope.covers_heads());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let ground = Ground::new();
    for number in 0..60 {
        let branch = format!("b{}", number % 5);
        let path = format!("d{}/f{}", number % 3, number % 7);
        let text = format!("{}{}", line(&format!("s{}", number % 11)), line("all"));
        ground.commit(&branch, "Ann", &[(&path, Some(&text))]);
    }
    let with = |threads| {
        let scanned = look_with(&ground.history(), &Options { threads, ..Options::default() });
        let hits: Vec<_> = scanned.hits.into_iter().map(|hit| hit.finding).collect();
        (hits, scanned.scope)
    };
    let one = with(1);
    assert_eq!(one.0.len(), 12);
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one);
    }
}

#[test]
fn owners_come_from_the_default_branch_and_the_mailmap() {
    let ground = Ground::new();
    let owners = "*  @all\n/conf/ @ops team@example.org\n";
    let mailmap = "Ann Now <now@example.org> <ann@example.org>\n";
    ground.commit(
        "main",
        "Ann",
        &[
            (".github/CODEOWNERS", Some(owners)),
            (".mailmap", Some(mailmap)),
            ("conf/x", Some(&line("x"))),
            ("y", Some(&line("y"))),
        ],
    );
    ground.commit("evil", "Eve", &[("CODEOWNERS", Some("* @eve"))]);
    let scanned = look(&ground.history());
    let place = only(&scanned, &secret("x"));
    let owners: Vec<_> = place.code_owners.iter().map(|owner| owner.as_str()).collect();
    assert_eq!(owners, ["@ops", "team@example.org"]);
    assert_eq!(place.last_author.unwrap().as_str(), "Ann Now <now@example.org>");
    assert_eq!(only(&scanned, &secret("y")).code_owners[0].as_str(), "@all");
}

#[test]
fn a_secret_in_a_path_is_found_and_shown_nowhere() {
    let ground = Ground::new();
    let folder = format!("keys/{}", secret("path"));
    let file = format!("{folder}/a");
    ground.commit("main", "Ann", &[(&file, Some("x"))]);
    ground.commit("main", "Bob", &[(&format!("{folder}/b"), Some(&line("b")))]);
    let scanned = look(&ground.history());
    let place = only(&scanned, &secret("path"));
    assert_eq!((place.path.as_str(), place.line), ("keys/[secret]", 1));
    assert_eq!(heads(&place), ["main"]);
    assert_eq!(place.introduced.unwrap().author.as_str(), "Ann <ann@example.org>");
    assert_eq!(only(&scanned, &secret("b")).path.as_str(), "keys/[secret]/b");
    let findings: Vec<_> = scanned.hits.iter().map(|hit| &hit.finding).collect();
    let shown = format!("{findings:?} {:?}", scanned.scope);
    assert!(!shown.contains(&secret("path")) && !shown.contains(&secret("b")));
}

#[test]
fn only_paths_that_were_asked_for_are_told() {
    let ground = Ground::new();
    let files = [("a/x", "a"), ("ab/x", "ab"), ("b/x", "b")];
    for (path, label) in files {
        ground.commit("main", "Ann", &[(path, Some(&line(label)))]);
    }
    let options = Options { path_filter: vec!["a".into(), "b/x".into()], ..Options::default() };
    let scanned = look_with(&ground.history(), &options);
    let told: Vec<_> =
        files.iter().filter(|(_, label)| !places(&scanned, &secret(label)).is_empty()).collect();
    assert_eq!(told, [&files[0], &files[2]]);
    assert!(!scanned.scope.is_complete());
}

#[test]
fn since_tells_what_later_commits_brought() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("m", Some(&line("moved")))]);
    let base = ground.tip("main").unwrap().to_string();
    let two = format!("{}{}", line("a"), line("b"));
    ground.commit("main", "Bob", &[("a", Some(&two)), ("c", Some(&line("c")))]);
    ground.commit("main", "Cid", &[("c", None), ("n", Some(&line("moved")))]);
    let source = Source::Since { path: ground.path(), revision: base };
    let scanned = look(&source);
    assert_eq!(scanned.scope.kind, ScopeKind::Since);
    assert!(!scanned.scope.covers_heads());
    assert_eq!(
        only(&scanned, &secret("b")).introduced.unwrap().author.as_str(),
        "Bob <bob@example.org>"
    );
    assert_eq!(heads(&only(&scanned, &secret("c"))), [""; 0]);
    assert_eq!(only(&scanned, &secret("moved")).path.as_str(), "n");
    assert_eq!(only(&scanned, &secret("a")).introduced, None);
}
