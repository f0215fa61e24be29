//! Stores of several folders, and stores that have only a part of what there is.

use crate::canary::token;
use crate::layouts::count;
use crate::sandbox::{Ran, Repository, Sandbox};
use crate::scan;
use std::path::PathBuf;

fn line(key: &str) -> String {
    format!("TOKEN={key}\n")
}

/// A repository with a key in a deleted file and another in a file that is still there.
fn origin(sandbox: &Sandbox) -> Repository<'_> {
    let repository = sandbox.repository("origin");
    repository.commit("plain.txt", "Nothing to see.\n", "Begin");
    repository.commit("old.env", line(&token("old")), "Add");
    repository.git(&["rm", "-q", "old.env"]);
    repository.git(&["commit", "-q", "-m", "Delete"]);
    repository.commit("new.env", line(&token("new")), "Add another");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    repository
}

/// A clone of it below `work`, made with these arguments.
fn clone(sandbox: &Sandbox, arguments: &[&str]) -> PathBuf {
    let path = sandbox.path("work/clone");
    let mut git = sandbox.program("git");
    git.args(["-c", "gc.auto=0", "clone", "-q"]).args(arguments);
    Ran::of(git.arg(format!("file://{}", sandbox.path("origin").display())).arg(&path)).exits(0);
    path
}

#[test]
fn a_plain_clone_has_both_keys() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let told = scan(&sandbox, &clone(&sandbox, &[]));
    told.is_only_at(&token("old"), "old.env");
    told.is_only_at(&token("new"), "new.env");
}

#[test]
fn alternates() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let path = sandbox.path("work/clone");
    let mut git = sandbox.program("git");
    git.args(["clone", "-q", "--shared"]).arg(sandbox.path("origin")).arg(&path);
    Ran::of(&mut git).exits(0);
    let borrower = sandbox.repository("work/clone");
    assert_eq!(count(&borrower, "count") + count(&borrower, "in-pack"), 0);
    scan(&sandbox, &path).is_only_at(&token("old"), "old.env");
}

#[test]
fn alternates_of_alternates() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let middle = sandbox.repository("middle");
    let last = sandbox.repository("work/last");
    for (borrower, lender) in [(&middle, "origin"), (&last, "middle")] {
        let objects = format!("{}\n", sandbox.path(lender).join(".git/objects").display());
        borrower.write(".git/objects/info/alternates", objects);
    }
    let tip = sandbox.repository("origin").id("main");
    last.git(&["update-ref", "refs/heads/main", &tip]);
    assert_eq!(count(&last, "count") + count(&last, "in-pack"), 0);
    scan(&sandbox, &last.path).is_only_at(&token("old"), "old.env");
}

#[test]
fn shallow() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let told = scan(&sandbox, &clone(&sandbox, &["--depth", "2"]));
    assert_eq!(told.paths(&token("new")), ["new.env"]);
    // What lies beyond is not there to be found; that there is something is told.
    assert_eq!(told.paths(&token("old")), [""; 0]);
    assert_eq!(told.gaps(), [("shallow", "history")]);
}

#[test]
fn partial_without_old_blobs() {
    let sandbox = Sandbox::new();
    let old = origin(&sandbox).id("main~2:old.env");
    let path = clone(&sandbox, &["--filter=blob:none"]);
    let repository = sandbox.repository("work/clone");
    let stored = count(&repository, "in-pack");
    let told = scan(&sandbox, &path);
    assert_eq!(told.paths(&token("new")), ["new.env"]);
    assert_eq!(told.paths(&token("old")), [""; 0]);
    assert_eq!(told.gaps(), [("missing", old.as_str())]);
    // A scan fetches nothing.
    assert_eq!(count(&repository, "in-pack") + count(&repository, "count"), stored);
}

#[test]
fn partial_without_trees() {
    let sandbox = Sandbox::new();
    let origin = origin(&sandbox);
    let mut trees: Vec<_> =
        ["main~1^{tree}", "main~2^{tree}"].map(|name| ("missing", origin.id(name))).into();
    trees.sort();
    let told = scan(&sandbox, &clone(&sandbox, &["--filter=tree:0"]));
    assert_eq!(told.paths(&token("new")), ["new.env"]);
    let gaps: Vec<_> = told.gaps().into_iter().map(|(why, id)| (why, id.to_owned())).collect();
    assert_eq!(gaps, trees);
}

/// The repository with a pack for each commit.
fn packs(sandbox: &Sandbox) -> Repository<'_> {
    let repository = sandbox.repository("work/app");
    repository.commit("plain.txt", "Nothing to see.\n", "Begin");
    repository.git(&["repack", "-dq"]);
    repository.commit("old.env", line(&token("old")), "Add");
    repository.git(&["repack", "-dq"]);
    repository.git(&["rm", "-q", "old.env"]);
    repository.git(&["commit", "-q", "-m", "Delete"]);
    repository.git(&["repack", "-dq"]);
    assert_eq!((count(&repository, "packs"), count(&repository, "count")), (3, 0));
    repository
}

#[test]
fn several_packs() {
    let sandbox = Sandbox::new();
    let repository = packs(&sandbox);
    scan(&sandbox, &repository.path).is_only_at(&token("old"), "old.env");
}

#[test]
fn multi_pack_index() {
    let sandbox = Sandbox::new();
    let repository = packs(&sandbox);
    repository.git(&["multi-pack-index", "write"]);
    assert!(repository.path.join(".git/objects/pack/multi-pack-index").is_file());
    scan(&sandbox, &repository.path).is_only_at(&token("old"), "old.env");
}

#[test]
fn multi_pack_index_and_a_later_pack() {
    let sandbox = Sandbox::new();
    let repository = packs(&sandbox);
    repository.git(&["multi-pack-index", "write"]);
    repository.commit("new.env", line(&token("new")), "Add another");
    repository.git(&["repack", "-dq"]);
    let told = scan(&sandbox, &repository.path);
    told.is_only_at(&token("old"), "old.env");
    told.is_only_at(&token("new"), "new.env");
}

/// A repository and a linked work tree of it, on a detached commit.
fn linked(sandbox: &Sandbox) -> (Repository<'_>, Repository<'_>) {
    let main = sandbox.repository("work/app");
    main.commit("plain.txt", "Nothing to see.\n", "Begin");
    let path = sandbox.path("work/linked");
    main.git(&["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
    let linked = sandbox.repository("work/linked");
    (main, linked)
}

#[test]
fn linked_worktree_uncommitted_file() {
    let sandbox = Sandbox::new();
    let (_, linked) = linked(&sandbox);
    linked.write("app.env", line(&token("uncommitted")));
    scan(&sandbox, &linked.path).is_only_at(&token("uncommitted"), "app.env");
}

#[test]
fn linked_worktree_head() {
    let sandbox = Sandbox::new();
    let (main, linked) = linked(&sandbox);
    linked.commit("app.env", line(&token("head")), "Add");
    for repository in [&linked, &main] {
        scan(&sandbox, &repository.path).is_only_at(&token("head"), "app.env");
    }
}

#[test]
fn linked_worktree_index() {
    let sandbox = Sandbox::new();
    let (main, linked) = linked(&sandbox);
    linked.write("app.env", line(&token("index")));
    linked.git(&["add", "app.env"]);
    std::fs::remove_file(linked.path.join("app.env")).unwrap();
    scan(&sandbox, &linked.path).is_only_at(&token("index"), "app.env");
    // Asked for the main work tree, its path is another index's business.
    assert_eq!(scan(&sandbox, &main.path).paths(&token("index")).len(), 1);
}

#[test]
fn linked_worktree_own_configuration() {
    let sandbox = Sandbox::new();
    let (main, linked) = linked(&sandbox);
    let key = token("remote");
    let url = format!("https://deploy:{key}@git.coverage.invalid/app.git");
    main.git(&["remote", "add", "origin", &url]);
    // The file lies in the folder of the main work tree, and is this one's as well.
    assert_eq!(scan(&sandbox, &linked.path).paths(&key).len(), 1);
}

/// A repository with a submodule whose history has a deleted key.
fn superproject(sandbox: &Sandbox) -> Repository<'_> {
    let origin = origin(sandbox);
    origin.git(&["rm", "-q", "new.env"]);
    origin.git(&["commit", "-q", "-m", "Delete another"]);
    let repository = sandbox.repository("work/app");
    repository.commit("plain.txt", "Nothing to see.\n", "Begin");
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    repository.git(&[&add[..], &["../../origin", "lib/sub"]].concat());
    repository.git(&["commit", "-q", "-m", "Add a submodule"]);
    assert!(repository.path.join(".git/modules/lib/sub/HEAD").is_file());
    repository
}

#[test]
fn submodule() {
    let sandbox = Sandbox::new();
    let repository = superproject(&sandbox);
    let told = scan(&sandbox, &repository.path);
    for label in ["old", "new"] {
        let paths = told.paths(&token(label));
        assert_eq!(paths.len(), 1, "{:#}", told.0);
        assert!(paths[0].ends_with(&format!("{label}.env")), "{paths:?}");
    }
    assert_eq!(told.gaps(), []);
}

#[test]
fn submodule_that_is_not_checked_out() {
    let sandbox = Sandbox::new();
    let repository = superproject(&sandbox);
    repository.git(&["submodule", "--quiet", "deinit", "--force", "--all"]);
    assert!(!repository.path.join("lib/sub/.git").exists());
    let told = scan(&sandbox, &repository.path);
    assert_eq!(told.paths(&token("old")).len(), 1, "{:#}", told.0);
}
