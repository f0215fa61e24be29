//! Files on disk, the index, and how they go together with history.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, git, heads, look, look_by, look_with, only, places, rules, secret};
use quietus_model::{Comment, GapReason, Place, ScopeKind};
use quietus_scan::{Options, Source};
use std::collections::BTreeSet;

fn line(label: &str) -> String {
    format!("key: {}\n", secret(label))
}

#[test]
fn a_file_as_it_is_committed_is_one_location_and_a_changed_one_two() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("same", Some(&line("same"))), ("a", Some(&line("a")))]);
    ground.check_out();
    ground.write("a", &format!("\n{}{}", line("a"), line("new")));
    ground.write("untracked", &line("untracked"));
    let scanned = look(&ground.whole());
    assert_eq!(scanned.scope.kind, ScopeKind::Whole);
    assert!(scanned.scope.is_complete(), "{:?}", scanned.scope.gaps);

    let same = only(&scanned, &secret("same"));
    assert_eq!((same.place, heads(&same)), (Place::History, vec!["main"]));
    let both = places(&scanned, &secret("a"));
    let both: Vec<_> = both.iter().map(|p| (p.place, p.line, heads(p))).collect();
    let wanted = [(Place::History, 1, vec!["main"]), (Place::WorkTree, 2, vec!["work tree"])];
    assert_eq!(both, wanted);
    for label in ["new", "untracked"] {
        let place = only(&scanned, &secret(label));
        assert_eq!((place.place, heads(&place)), (Place::WorkTree, vec!["work tree"]));
        assert_eq!(place.blob, None);
    }
}

#[test]
fn files_alone_name_the_same_location_as_files_with_history() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("d/same", Some(&line("same")))]);
    ground.check_out();
    ground.write("other", &line("other"));
    let whole = look(&ground.whole());
    let tree = look(&Source::Tree(ground.path()));
    assert_eq!(tree.scope.kind, ScopeKind::WorkTree);
    assert_eq!(tree.scope.repository, whole.scope.repository);
    for label in ["same", "other"] {
        let (a, b) = (only(&whole, &secret(label)), only(&tree, &secret(label)));
        assert_eq!((a.id(), heads(&a), &a.blob), (b.id(), heads(&b), &b.blob));
    }
}

#[test]
fn what_is_staged_is_found_in_the_index() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a"))), ("b", Some(&line("b")))]);
    ground.check_out();
    ground.write("a", &format!("{}{}", line("a"), line("staged")));
    ground.write("new", &line("new"));
    git(&ground.path(), &["add", "."]);
    ground.write("a", "changed since");
    ground.write("loose", &line("loose"));
    let scanned = look(&Source::Staged(ground.path()));
    assert_eq!(scanned.scope.kind, ScopeKind::Staged);
    assert_eq!(scanned.scope.stats.files, 2);
    assert_eq!(scanned.hits.len(), 3);
    let place = only(&scanned, &secret("staged"));
    assert_eq!(
        (place.place, place.path.as_str(), heads(&place)),
        (Place::Index, "a", vec!["index"])
    );
    assert_eq!(only(&scanned, &secret("new")).path.as_str(), "new");

    // The object is in the store without a commit, and still is the index's.
    let whole = look(&ground.whole());
    assert_eq!(only(&whole, &secret("staged")).place, Place::Index);
    let new: Vec<_> = places(&whole, &secret("new")).iter().map(|place| place.place).collect();
    assert_eq!(new, [Place::WorkTree, Place::Index]);
}

#[test]
fn a_first_commit_may_be_staged() {
    let ground = Ground::new();
    ground.write("a", &line("a"));
    git(&ground.path(), &["add", "."]);
    assert_eq!(only(&look(&Source::Staged(ground.path())), &secret("a")).place, Place::Index);
    assert!(look(&ground.whole()).scope.is_complete());
}

#[test]
fn hidden_ignored_and_configuration_files_are_read() {
    let ground = Ground::new();
    ground.write(".gitignore", "*.log\nbuild/\n");
    ground.write(".ignore", "*\n");
    ground.write(".git/info/exclude", "excluded\n");
    ground.write(".env", &line("hidden"));
    ground.write("build/x.log", &line("ignored"));
    ground.write("excluded", &line("excluded"));
    ground.write("binary", &format!("\0\u{1}{}", line("binary")));
    ground.write(".git/hooks/pre-commit", &line("hook"));
    let url = format!("https://bob:{}@git.example.org/app", "kQ8zrT2m".to_owned() + "Wx5v");
    git(&ground.path(), &["remote", "add", "origin", &url]);
    let tree = Source::Tree(ground.path());
    let scanned = look(&tree);
    for label in ["hidden", "ignored", "excluded", "binary"] {
        assert_eq!(places(&scanned, &secret(label)).len(), 1, "{label}");
    }
    assert!(places(&scanned, &secret("hook")).is_empty());
    let place = only(&scanned, &("kQ8zrT2m".to_owned() + "Wx5v"));
    assert_eq!(place.path.as_str(), ".git/config");
    assert_eq!(scanned.scope.repository.as_str(), "git.example.org/app");

    let options = Options { respect_gitignore: true, ..Options::default() };
    let scanned = look_with(&tree, &options);
    assert_eq!(places(&scanned, &secret("hidden")).len(), 1);
    for label in ["ignored", "excluded"] {
        assert!(places(&scanned, &secret(label)).is_empty(), "{label}");
    }
}

#[test]
fn a_folder_that_is_no_repository_and_a_single_file_are_scanned() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    std::fs::write(folder.path().join("d/f"), line("a")).unwrap();
    let scanned = look(&Source::Whole(folder.path().to_owned()));
    assert_eq!(scanned.scope.kind, ScopeKind::WorkTree);
    assert_eq!(only(&scanned, &secret("a")).path.as_str(), "d/f");
    assert!(scanned.scope.repository.as_str().starts_with("dir:"));
    let scanned = look(&Source::Tree(folder.path().join("d/f")));
    assert_eq!(only(&scanned, &secret("a")).path.as_str(), "f");
}

#[test]
fn a_secret_in_a_file_name_is_found_beside_those_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}.pem", secret("a"));
    std::fs::write(folder.path().join(name), line("a")).unwrap();
    let scanned = look(&Source::Tree(folder.path().to_owned()));
    let found = places(&scanned, &secret("a"));
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|place| place.path.as_str() == "[secret].pem"));
    assert_ne!(found[0].id(), found[1].id());
}

#[test]
fn bytes_from_elsewhere_are_scanned() {
    let text = format!("a\nb {}\n# {} quietus:allow", secret("a"), secret("b"));
    let scanned = look(&Source::Stdin(text.into_bytes()));
    assert_eq!(scanned.scope.kind, ScopeKind::Stdin);
    let place = only(&scanned, &secret("a"));
    assert_eq!((place.place, place.line, place.column, place.end_column), (Place::Stdin, 2, 3, 32));
    assert!(place.allowed_inline.is_empty());
    assert_eq!(only(&scanned, &secret("b")).allowed_inline, Comment::Quietus.into());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_pipes_do_not_hang() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("f"), line("outside")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("f"), folder.path().join("file")).unwrap();
    std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(folder.path().join("f"), line("inside")).unwrap();
    let scanned = look(&Source::Tree(folder.path().to_owned()));
    assert_eq!(scanned.hits.len(), 1);
    assert!(scanned.scope.is_complete(), "{:?}", scanned.scope.gaps);
    assert_eq!(scanned.scope.stats.files, 1);
}

#[test]
fn one_secret_that_two_rules_see_is_one_hit_under_the_better_rule() {
    let value = ["kQ8zr", "T2mWx"].concat();
    let url = format!("https://bob:{value}@git.example.org");
    let assigned = format!("password = \"{value}\"");
    for (first, second) in [(&url, &assigned), (&assigned, &url)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), first).unwrap();
        std::fs::write(folder.path().join("b"), second).unwrap();
        let options = Options { threads: 1, ..Options::default() };
        let scanned = look_with(&Source::Tree(folder.path().to_owned()), &options);
        assert_eq!(scanned.hits.len(), 1);
        assert_eq!(scanned.hits[0].finding.rule.as_str(), "any-password");
        assert_eq!(scanned.hits[0].finding.locations.len(), 2);
    }
}

#[test]
fn a_secret_that_stands_beside_two_ids_keeps_both() {
    let (one, two) = (secret("one"), secret("two"));
    let shared = ["kQ8zr", "T2mWx"].concat();
    for order in [["a", "b"], ["b", "a"]] {
        let folder = tempfile::tempdir().unwrap();
        for (name, id) in order.iter().zip([&one, &two]) {
            let text = format!("login {id} code = {shared}\n");
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let options = Options { threads: 1, ..Options::default() };
        let source = Source::Tree(folder.path().to_owned());
        let id = rules::rule("acme-pair", &["acme_"], r"\b(?P<id>acme_[0-9a-f]{24})\b");
        let code = rules::beside("secret", "code = (?P<secret>[0-9a-zA-Z]{10})", 100);
        let scanned = look_by(&rules::file(&[id, code]), &source, &options);
        assert_eq!(scanned.hits.len(), 1);
        let parts = scanned.hits[0].parts.iter();
        let parts: BTreeSet<_> = parts.map(|part| part.secret.expose().to_vec()).collect();
        assert_eq!(parts, BTreeSet::from([one.clone().into_bytes(), two.clone().into_bytes()]));
        assert_eq!(scanned.hits[0].parts.len(), 2);
    }
}

#[test]
fn a_web_token_tells_nothing_of_what_its_claims_hold() {
    let part = |text: String| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let (inner, host) = (secret("inner"), secret("host").replace('_', "."));
    let claims = format!(r#"{{"sub":"{inner}","iss":"https://{host}/x","exp":1900000000}}"#);
    let token = [part(r#"{"alg":"HS256"}"#.into()), part(claims), "kQ8zrT2mWx5v".into()].join(".");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), format!("jwt {token}\nkey {host}\n")).unwrap();
    let source = Source::Tree(folder.path().to_owned());
    // A key that could stand in the name of a host.
    let key = rules::rule("acme-key", &["acme."], r"\b(?P<secret>acme\.[0-9a-f]{24})");
    let rules = rules::file(&[rules::token(), key]);
    let scanned = look_by(&rules, &source, &Options::default());
    let facts: Vec<_> = scanned.hits.iter().flat_map(|hit| &hit.finding.decoded).collect();
    let told: Vec<_> = facts.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
    let wanted =
        [("expires", "2030-03-17T17:46:40Z"), ("algorithm", "HS256"), ("issuer", "[secret]")];
    assert_eq!(told, wanted);
    assert!(!format!("{:?}", scanned.hits).contains(&inner));
}

#[test]
fn history_that_is_not_read_is_told() {
    let outer = tempfile::tempdir().unwrap();
    let (app, folder) = (outer.path().join("app"), outer.path().join("app/d"));
    std::fs::create_dir_all(&folder).unwrap();
    git(&app, &["init", "-q", "."]);
    std::fs::create_dir_all(outer.path().join("sub")).unwrap();
    std::fs::write(outer.path().join("sub/.git"), "gitdir: elsewhere\n").unwrap();
    std::fs::write(folder.join("f"), line("a")).unwrap();

    let told = |source: &Source| -> Vec<(String, String)> {
        let gaps = look(source).scope.gaps.into_iter();
        gaps.filter(|gap| gap.reason == GapReason::Unobservable)
            .map(|gap| (gap.object.as_str().to_owned(), gap.detail.as_str().to_owned()))
            .collect()
    };
    let above = told(&Source::Whole(outer.path().to_owned()));
    assert_eq!(above.len(), 1, "{above:?}");
    assert_eq!(above[0].0, "app");
    assert!(above[0].1.contains("a repository of its own"));
    let inside = told(&Source::Whole(folder.clone()));
    assert_eq!(inside.len(), 1, "{inside:?}");
    assert_eq!(inside[0].0, "history");
    assert!(inside[0].1.contains(&app.canonicalize().unwrap().display().to_string()));
    assert_eq!(told(&Source::Whole(app)), []);
    for silent in [folder, outer.path().to_owned()] {
        assert_eq!(told(&Source::Tree(silent)), []);
    }
}
