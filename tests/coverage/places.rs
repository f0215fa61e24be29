//! The places of a repository that a key can stand in, each planted with nothing else around.

use crate::sandbox::Repository;

/// What a scan is to tell of a planted key.
pub(crate) struct Planted {
    /// The path of the only place; empty for the message of a commit, a tag or a note.
    pub(crate) path: &'static str,
}

const FILE: Planted = Planted { path: "app.env" };
const MESSAGE: Planted = Planted { path: "" };
const CONFIGURATION: Planted = Planted { path: ".git/config" };

fn line(key: &str) -> String {
    format!("TOKEN={key}\n")
}

/// A file of the checked-out commit.
pub(crate) fn head(repository: &Repository<'_>, key: &str) -> Planted {
    repository.commit(FILE.path, line(key), "Add");
    FILE
}

/// A file that a later commit deleted.
pub(crate) fn deleted_file(repository: &Repository<'_>, key: &str) -> Planted {
    repository.commit(FILE.path, line(key), "Add");
    delete(repository);
    FILE
}

fn delete(repository: &Repository<'_>) {
    repository.git(&["rm", "-q", FILE.path]);
    repository.git(&["commit", "-q", "-m", "Delete"]);
}

/// A file that came and went on a branch before it was merged.
pub(crate) fn deleted_on_a_merged_branch(repository: &Repository<'_>, key: &str) -> Planted {
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit(FILE.path, line(key), "Add");
    delete(repository);
    repository.commit("side.txt", "Side.\n", "Other work");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("main.txt", "Main.\n", "Work");
    repository.git(&["merge", "-q", "--no-ff", "-m", "Merge", "side"]);
    repository.git(&["branch", "-q", "-D", "side"]);
    FILE
}

/// A file that a merge has and neither of its parents, gone in the next commit.
pub(crate) fn only_in_a_merge(repository: &Repository<'_>, key: &str) -> Planted {
    repository.commit(FILE.path, "TOKEN=\n", "Add");
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit("side.txt", "Side.\n", "Other work");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("main.txt", "Main.\n", "Work");
    repository.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    repository.commit(FILE.path, line(key), "Merge");
    assert_eq!(repository.git(&["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 3);
    repository.commit(FILE.path, "TOKEN=\n", "Clean");
    FILE
}

/// A change of a known file that was put aside.
pub(crate) fn stash(repository: &Repository<'_>, key: &str) -> Planted {
    repository.commit(FILE.path, "TOKEN=\n", "Add");
    repository.write(FILE.path, line(key));
    repository.git(&["stash", "push", "-q"]);
    FILE
}

/// A new file that was put aside: the stash keeps it in a commit of its own.
pub(crate) fn stash_untracked(repository: &Repository<'_>, key: &str) -> Planted {
    repository.write(FILE.path, line(key));
    repository.git(&["stash", "push", "-q", "--include-untracked"]);
    FILE
}

/// A commit that only the reflog knows.
pub(crate) fn reflog(repository: &Repository<'_>, key: &str) -> Planted {
    let commit = repository.commit(FILE.path, line(key), "Add");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repository.git(&["update-ref", "-d", "ORIG_HEAD"]);
    assert!(repository.git(&["rev-list", "--all", "--reflog"]).contains(&commit));
    assert!(!repository.git(&["rev-list", "--all"]).contains(&commit));
    FILE
}

/// A commit that nothing leads to.
pub(crate) fn unreachable(repository: &Repository<'_>, key: &str) -> Planted {
    reflog(repository, key);
    let expire = ["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"];
    repository.git(&expire);
    let told = repository.git(&["fsck"]);
    let commit = told.split("dangling commit ").nth(1).unwrap();
    assert!(!repository.git(&["rev-list", "--all", "--reflog"]).contains(commit));
    FILE
}

/// The message of a commit.
pub(crate) fn commit_message(repository: &Repository<'_>, key: &str) -> Planted {
    repository.commit("other.txt", "Other.\n", &format!("Work\n\n{}", line(key)));
    // Git keeps the last message in a file of its own as well.
    repository.commit("other.txt", "Another.\n", "More work");
    MESSAGE
}

/// The message of an annotated tag.
pub(crate) fn tag_message(repository: &Repository<'_>, key: &str) -> Planted {
    repository.git(&["tag", "-a", "v1", "-m", &line(key)]);
    MESSAGE
}

/// A note to a commit.
pub(crate) fn note(repository: &Repository<'_>, key: &str) -> Planted {
    repository.git(&["notes", "add", "-m", &line(key)]);
    MESSAGE
}

/// A file that is staged, not committed, and no longer on disk.
pub(crate) fn index(repository: &Repository<'_>, key: &str) -> Planted {
    repository.write(FILE.path, line(key));
    repository.git(&["add", FILE.path]);
    std::fs::remove_file(repository.path.join(FILE.path)).unwrap();
    FILE
}

/// The URL of a remote in the repository's own configuration.
pub(crate) fn own_configuration(repository: &Repository<'_>, key: &str) -> Planted {
    let url = format!("https://deploy:{key}@git.coverage.invalid/app.git");
    repository.git(&["remote", "add", "origin", &url]);
    CONFIGURATION
}
