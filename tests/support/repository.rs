//! A real repository, made and changed by the git binary at dates that a test names.

#![allow(dead_code, reason = "each test that includes this file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test's own parts are right or the test fails")]

use jiff::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with a work tree. Nothing of the user's own git configuration reaches it.
pub(crate) struct Repository {
    path: PathBuf,
}

impl Repository {
    /// An empty one at `path`, on the branch `main`.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        fs::create_dir_all(&path).unwrap();
        let repository = Self { path };
        repository.git(Timestamp::UNIX_EPOCH, &["init", "-q", "-b", "main"]);
        repository
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it lies, as it is named to the program.
    pub(crate) fn source(&self) -> String {
        self.path.display().to_string()
    }

    /// Runs git in it; everything git does is dated `at`.
    pub(crate) fn git(&self, at: Timestamp, args: &[&str]) -> String {
        let date = at.to_string();
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.path)
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {words}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes the file and commits everything.
    pub(crate) fn commit(&self, at: Timestamp, path: &str, text: &str) {
        let file = self.path.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self.commit_all(at, &format!("Write {path}"));
    }

    /// Deletes the file and commits that.
    pub(crate) fn delete(&self, at: Timestamp, path: &str) {
        fs::remove_file(self.path.join(path)).unwrap();
        self.commit_all(at, &format!("Delete {path}"));
    }

    fn commit_all(&self, at: Timestamp, message: &str) {
        self.git(at, &["add", "--all"]);
        self.git(at, &["commit", "-q", "-m", message]);
    }

    /// Makes one new commit of what lies in the work tree all there is, and lets git drop the
    /// objects of everything before.
    pub(crate) fn rewrite_history(&self, at: Timestamp) {
        self.git(at, &["checkout", "-q", "--orphan", "clean"]);
        self.commit_all(at, "Begin anew");
        self.git(at, &["branch", "-q", "-D", "main"]);
        self.git(at, &["branch", "-q", "-m", "clean", "main"]);
        self.git(at, &["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
        self.git(at, &["gc", "-q", "--prune=now"]);
    }
}
