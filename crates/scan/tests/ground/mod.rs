//! Real repositories to scan, built in temporary folders, with made-up secrets in them.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod rules;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, RepositoryInitOptions, Signature, Time};
use quietus_model::shape::{Stream, alphabet};
use quietus_model::{FingerprintKey, Location, Secret};
use quietus_scan::{Detector, Options, Scanned, Source, scan};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tempfile::TempDir;

/// A key, and two rules for passwords that are less sure.
pub(crate) static RULES: LazyLock<String> = LazyLock::new(|| {
    let doubtful = |id: &str, anchor: &str, pattern: &str| {
        let more = "precedence = 10\n";
        rules::rule(id, &[anchor], pattern).replace("\"high\"", "\"low\"") + more
    };
    rules::file(&[
        rules::key("24"),
        doubtful("any-password", "password", r#"password = "(?P<secret>[^"\n]{4,64})""#),
        doubtful("url-password", "://", r"https://[a-z]{1,20}:(?P<secret>[^@/\s]{4,64})@"),
    ])
});

/// A secret that nobody has.
pub(crate) fn secret(label: &str) -> String {
    let body = Stream::fixture(label).take(&alphabet("0-9a-f"), 24);
    format!("acme_{}", String::from_utf8(body).unwrap())
}

pub(crate) fn key() -> FingerprintKey {
    FingerprintKey::new([7; 32])
}

pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000).unwrap()
}

pub(crate) fn detector() -> Detector {
    Detector::new(rules::set(&RULES)).unwrap()
}

pub(crate) fn look(source: &Source) -> Scanned {
    look_with(source, &Options { threads: 2, ..Options::default() })
}

/// A scan by other rules than the usual ones.
pub(crate) fn look_by(file: &str, source: &Source, options: &Options) -> Scanned {
    let detector = Detector::new(rules::set(file)).unwrap();
    scan(source, &detector, &key(), options, now(), &(), &AtomicBool::new(false)).unwrap()
}

pub(crate) fn look_with(source: &Source, options: &Options) -> Scanned {
    scan(source, &detector(), &key(), options, now(), &(), &AtomicBool::new(false)).unwrap()
}

/// Where a secret was seen; empty when it was not.
pub(crate) fn places(scanned: &Scanned, secret: &str) -> Vec<Location> {
    let fingerprint = key().fingerprint(&Secret::from(secret));
    let mut hits = scanned.hits.iter().filter(|hit| hit.finding.fingerprint == fingerprint);
    let locations = hits.next().map(|hit| hit.finding.locations.clone()).unwrap_or_default();
    assert!(hits.next().is_none(), "one secret is one hit");
    locations
}

/// The only place of a secret.
pub(crate) fn only(scanned: &Scanned, secret: &str) -> Location {
    let mut places = places(scanned, secret);
    assert_eq!(places.len(), 1, "{places:#?}");
    places.remove(0)
}

/// The heads of a location, as text.
pub(crate) fn heads(location: &Location) -> Vec<&str> {
    location.at_head.iter().map(|head| head.as_str()).collect()
}

/// A repository on disk.
pub(crate) struct Ground {
    dir: TempDir,
    pub(crate) repository: Repository,
    clock: AtomicI64,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self::make(false)
    }

    pub(crate) fn bare() -> Self {
        Self::make(true)
    }

    fn make(bare: bool) -> Self {
        let dir = TempDir::new().unwrap();
        let mut options = RepositoryInitOptions::new();
        options.bare(bare).initial_head("main");
        let repository = Repository::init_opts(dir.path(), &options).unwrap();
        Self { dir, repository, clock: AtomicI64::new(1_700_000_000) }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn whole(&self) -> Source {
        Source::Whole(self.path())
    }

    pub(crate) fn history(&self) -> Source {
        Source::History(self.path())
    }

    pub(crate) fn signature(&self, name: &str) -> Signature<'static> {
        let seconds = self.clock.fetch_add(100, Ordering::Relaxed);
        let mail = format!("{}@example.org", name.to_lowercase());
        Signature::new(name, &mail, &Time::new(seconds, 0)).unwrap()
    }

    /// A commit by `name` on top of `parents`, with files changed; no content removes the file.
    pub(crate) fn commit_on(
        &self,
        parents: &[Oid],
        name: &str,
        message: &str,
        files: &[(&str, Option<&str>)],
    ) -> Oid {
        let parents: Vec<_> =
            parents.iter().map(|id| self.repository.find_commit(*id).unwrap()).collect();
        let base = match parents.first() {
            Some(parent) => parent.tree().unwrap(),
            None => {
                let empty = self.repository.treebuilder(None).unwrap().write().unwrap();
                self.repository.find_tree(empty).unwrap()
            }
        };
        let mut update = TreeUpdateBuilder::new();
        for (path, content) in files {
            match content {
                Some(text) => {
                    let blob = self.repository.blob(text.as_bytes()).unwrap();
                    update.upsert(*path, blob, FileMode::Blob);
                }
                None => {
                    update.remove(*path);
                }
            }
        }
        let tree = update.create_updated(&self.repository, &base).unwrap();
        let tree = self.repository.find_tree(tree).unwrap();
        let who = self.signature(name);
        let parents: Vec<_> = parents.iter().collect();
        self.repository.commit(None, &who, &who, message, &tree, &parents).unwrap()
    }

    /// A commit on top of a branch, which moves there.
    pub(crate) fn commit(&self, branch: &str, name: &str, files: &[(&str, Option<&str>)]) -> Oid {
        let parents: Vec<Oid> = self.tip(branch).into_iter().collect();
        let id = self.commit_on(&parents, name, "change", files);
        self.set(branch, id);
        id
    }

    pub(crate) fn tip(&self, branch: &str) -> Option<Oid> {
        self.repository.refname_to_id(&format!("refs/heads/{branch}")).ok()
    }

    pub(crate) fn set(&self, branch: &str, id: Oid) {
        self.repository.reference(&format!("refs/heads/{branch}"), id, true, "test").unwrap();
    }

    /// Puts the files of HEAD on disk and into the index.
    pub(crate) fn check_out(&self) {
        let mut options = git2::build::CheckoutBuilder::new();
        self.repository.checkout_head(Some(options.force())).unwrap();
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let whole = self.path().join(path);
        std::fs::create_dir_all(whole.parent().unwrap()).unwrap();
        std::fs::write(whole, text).unwrap();
    }

    /// Where a loose object lies.
    pub(crate) fn loose(&self, id: Oid) -> PathBuf {
        let hex = id.to_string();
        self.repository.path().join("objects").join(&hex[..2]).join(&hex[2..])
    }
}

/// Runs the system's git, with no configuration but its own.
pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    let output = std::process::Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([("GIT_AUTHOR_NAME", "G"), ("GIT_AUTHOR_EMAIL", "g@example.org")])
        .envs([("GIT_COMMITTER_NAME", "G"), ("GIT_COMMITTER_EMAIL", "g@example.org")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
