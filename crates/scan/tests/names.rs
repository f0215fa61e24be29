//! A secret in the name of a branch or an author is found and masked like any other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, heads, look, only, places, secret};
use quietus_model::Place;
use quietus_scan::Source;

#[test]
fn a_branch_and_an_author_that_are_called_after_a_secret_give_nothing_away() {
    let ground = Ground::new();
    let (branch, author) = (secret("branch"), secret("author"));
    let name = format!("Bob {author}");
    let head = ground.commit("main", &name, &[("a", Some(&format!("key: {}\n", secret("a"))))]);
    ground.set(&format!("leak/{branch}"), head);
    ground.check_out();
    for source in [ground.history(), ground.whole(), Source::Tree(ground.path())] {
        let scanned = look(&source);
        let told = format!("{:?} {:?}", scanned.scope, scanned.hits);
        for secret in [&branch, &author] {
            assert!(!told.contains(secret.as_str()), "{source:?}: {told}");
        }
        if !matches!(source, Source::Tree(_)) {
            let place = only(&scanned, &branch);
            assert_eq!((place.place, heads(&place)), (Place::Message, vec!["leak/[secret]"]));
            assert_eq!(heads(&only(&scanned, &author)), Vec::<&str>::new());
        }
    }
    // The branch that is checked out is named by a scan of the files alone as well.
    ground.repository.set_head(&format!("refs/heads/leak/{branch}")).unwrap();
    let scanned = look(&Source::Tree(ground.path()));
    assert_eq!(heads(&only(&scanned, &secret("a"))), ["leak/[secret]"]);
    assert_eq!(places(&scanned, &branch).len(), 1);
}

#[test]
fn a_remote_with_a_secret_in_its_path_names_the_repository_without_it() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some("password = \"team\""))]);
    let (token, other) = (secret("remote"), secret("other"));
    let url = format!("https://git.example.org/team/{token}/{other}/app.git");
    ground.repository.remote("origin", &url).unwrap();
    for source in [ground.history(), ground.whole(), Source::Tree(ground.path())] {
        let scanned = look(&source);
        let id = scanned.scope.repository.as_str();
        // Its other parts stay, though one of them is a password somewhere.
        assert_eq!(id, "git.example.org/team/[secret]/[secret]/app", "{source:?}");
        assert!(!places(&scanned, &token).is_empty(), "{source:?}");
        assert!(!format!("{:?}", scanned.hits).contains(&token), "{source:?}");
    }
}

#[test]
fn what_follows_the_path_of_a_remote_is_not_told() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some("nothing"))]);
    let token = ["kQ8zr", "T2mWx"].concat();
    let url = format!("https://git.example.org/team/app.git?private_token={token}");
    ground.repository.remote("origin", &url).unwrap();
    let scanned = look(&ground.history());
    assert_eq!(scanned.scope.repository.as_str(), "git.example.org/team/app");
}

#[test]
fn a_secret_in_the_path_that_was_scanned_is_not_told() {
    let outer = tempfile::tempdir().unwrap();
    let token = secret("folder");
    let folder = outer.path().join(format!("clone-of:{token}"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("f"), "x").unwrap();
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some("nothing"))]);
    ground.repository.remote("origin", "https://git.example.org/team/app").unwrap();
    let moved = outer.path().join(&token);
    std::fs::rename(ground.path(), &moved).unwrap();
    for source in
        [Source::Whole(folder), Source::Whole(moved.clone()), Source::History(moved.clone())]
    {
        let scanned = look(&source);
        assert!(scanned.scope.source.as_str().ends_with("[secret]"), "{:?}", scanned.scope);
        assert!(!format!("{:?} {:?}", scanned.scope, scanned.hits).contains(&token));
    }
    std::fs::rename(moved, ground.path()).unwrap();
}
