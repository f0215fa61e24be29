//! The ways in which one and the same repository can be stored.

use crate::sandbox::{Repository, Sandbox};
use std::path::PathBuf;

/// How the objects are named and where they lie.
pub(crate) struct Layout {
    format: &'static str,
    packed: bool,
    bare: bool,
}

/// Every object in a file of its own.
pub(crate) fn loose() -> Layout {
    Layout { format: "sha1", packed: false, bare: false }
}

/// Every object in one pack, those that nothing leads to as well.
pub(crate) fn packed() -> Layout {
    Layout { packed: true, ..loose() }
}

/// Packed, and without a work tree.
pub(crate) fn bare() -> Layout {
    Layout { bare: true, ..packed() }
}

/// As [`loose`], with objects named by SHA-256.
pub(crate) fn sha256_loose() -> Layout {
    Layout { format: "sha256", ..loose() }
}

/// As [`packed`], with objects named by SHA-256.
pub(crate) fn sha256_packed() -> Layout {
    Layout { format: "sha256", ..packed() }
}

impl Layout {
    /// An empty repository.
    pub(crate) fn begin<'s>(&self, sandbox: &'s Sandbox) -> Repository<'s> {
        let path = sandbox.path("work/app");
        let format = format!("--object-format={}", self.format);
        let mut init = sandbox.program("git");
        let made = init.args(["init", "-q", "-b", "main", &format]).arg(&path).status().unwrap();
        assert!(made.success());
        let repository = sandbox.repository("work/app");
        repository.git(&["config", "user.name", "Ann Author"]);
        repository.git(&["config", "user.email", "ann@example.org"]);
        repository.git(&["config", "gc.auto", "0"]);
        repository
    }

    /// Brings a repository with loose objects into this layout; what is to be scanned.
    pub(crate) fn finish(&self, repository: &Repository<'_>) -> PathBuf {
        assert_eq!(count(repository, "in-pack"), 0);
        if self.packed {
            // What nothing leads to is kept only where there is a pack to begin with.
            repository.git(&["repack", "-dq"]);
            repository.git(&["repack", "-adkfq"]);
            assert_eq!(count(repository, "count"), 0);
            assert_eq!(count(repository, "packs"), 1);
        }
        if !self.bare {
            return repository.path.clone();
        }
        repository.git(&["config", "core.bare", "true"]);
        let bare = repository.path.with_extension("git");
        std::fs::rename(repository.path.join(".git"), &bare).unwrap();
        bare
    }

    /// How a scan names a path of the work tree or of the repository's own folder.
    pub(crate) fn shown<'p>(&self, path: &'p str) -> &'p str {
        if self.bare { path.strip_prefix(".git/").unwrap_or(path) } else { path }
    }
}

/// A line of `git count-objects -v`.
pub(crate) fn count(repository: &Repository<'_>, what: &str) -> usize {
    let told = repository.git(&["count-objects", "-v"]);
    let line = told.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(": "));
    line.unwrap().parse().unwrap()
}
