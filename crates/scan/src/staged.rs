//! What is staged: blobs of the index that HEAD does not have at their path.

use crate::index;
use crate::run::Run;
use crate::store::{self, id};
use git2::{Delta, Repository, Tree};
use quietus_model::GapReason;
use quietus_odb::ObjectId;

/// A staged file.
pub(crate) struct Staged {
    pub(crate) path: Vec<u8>,
    pub(crate) blob: ObjectId,
    /// HEAD has nothing at this path.
    pub(crate) is_new: bool,
}

/// The same as [`list`], of contents that HEAD has not: in milliseconds, where the index is of a
/// kind that allows it.
pub(crate) fn quick(
    repository: &Repository,
    head: Option<&Tree<'_>>,
    run: &Run<'_>,
) -> Vec<Staged> {
    let path = repository.path().join("index");
    let read = || {
        // Opening a pipe would wait for a writer.
        let bytes = path.metadata().ok()?.is_file().then(|| std::fs::read(&path).ok())??;
        let tree = head.map(|tree| id(tree.id()));
        index::staged(&bytes, tree.as_ref(), store::format(repository), repository)
    };
    read().unwrap_or_else(|| list(repository, head, run))
}

/// Files of the index that are not so in HEAD, in the order of their paths.
pub(crate) fn list(repository: &Repository, head: Option<&Tree<'_>>, run: &Run<'_>) -> Vec<Staged> {
    read(repository, head).unwrap_or_else(|error| {
        let detail = format!("{}; `git read-tree HEAD` makes it anew", error.message());
        run.gaps.add(GapReason::Corrupt, "index", detail);
        Vec::new()
    })
}

fn read(repository: &Repository, head: Option<&Tree<'_>>) -> Result<Vec<Staged>, git2::Error> {
    let index = repository.index()?;
    let diff = repository.diff_tree_to_index(head, Some(&index), None)?;
    let mut staged: Vec<Staged> = diff
        .deltas()
        .filter(|delta| delta.status() != Delta::Conflicted)
        .filter(|delta| delta.new_file().mode() != git2::FileMode::Commit)
        .filter(|delta| !delta.new_file().id().is_zero())
        .filter_map(|delta| {
            Some(Staged {
                path: delta.new_file().path_bytes()?.to_vec(),
                blob: id(delta.new_file().id()),
                is_new: delta.status() == Delta::Added,
            })
        })
        .collect();
    // The sides of a conflict are staged too, each under its own stage.
    for entry in index.iter().filter(|entry| (entry.flags >> 12) & 3 != 0) {
        staged.push(Staged { path: entry.path, blob: id(entry.id), is_new: false });
    }
    staged.sort_by(|a, b| (&a.path, a.blob).cmp(&(&b.path, b.blob)));
    Ok(staged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    fn git(at: &Path, arguments: &[&str]) -> bool {
        let nobody = ["-c", "user.name=Ann", "-c", "user.email=a@b", "-c", "core.autocrlf=false"];
        let mut command = Command::new("git");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.current_dir(at).args(nobody).args(arguments);
        command.output().unwrap().status.success()
    }

    fn write(at: &Path, name: &str, text: &str) {
        let path = at.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn told(staged: Vec<Staged>) -> Vec<(String, String, bool)> {
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        staged.iter().map(|s| (text(&s.path), s.blob.to_string(), s.is_new)).collect()
    }

    /// What both ways say; whether the quick one could be taken.
    fn both(at: &Path) -> bool {
        let repository = Repository::open(at).unwrap();
        let head = store::head_tree(&repository);
        let bytes = std::fs::read(repository.path().join("index")).unwrap();
        let tree = head.as_ref().map(|tree| id(tree.id()));
        let format = store::format(&repository);
        let quick = index::staged(&bytes, tree.as_ref(), format, &repository);
        let is_quick = quick.is_some();
        if let Some(quick) = quick {
            // git2 takes the promise to add a file later for an empty file.
            let mut slow = told(read(&repository, head.as_ref()).unwrap());
            let is_empty = |id: &str| id.starts_with("e69de29b") || id.starts_with("473a0f4c");
            slow.retain(|(_, blob, _)| !is_empty(blob));
            assert_eq!(told(quick), slow);
        }
        // No index that is cut short or spoilt may do harm.
        for cut in 0..bytes.len().min(700) {
            let mut spoilt = bytes.clone();
            spoilt[cut] ^= 0x55;
            index::staged(&spoilt, tree.as_ref(), format, &repository);
            index::staged(&bytes[..cut], tree.as_ref(), format, &repository);
        }
        is_quick
    }

    #[test]
    fn the_quick_way_says_what_git_says() {
        for (version, format) in [("2", "sha1"), ("3", "sha1"), ("4", "sha1"), ("4", "sha256")] {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path();
            git(at, &["init", "-q", &format!("--object-format={format}"), "."]);
            git(at, &["config", "index.version", version]);
            for name in ["a", "d/b", "d/e/c", "d/e/f/g", "d.x", "d-/y", "h/i"] {
                write(at, name, name);
            }
            git(at, &["add", "."]);
            assert!(both(at), "before the first commit");
            git(at, &["commit", "-qm", "one"]);
            assert!(both(at));
            write(at, "d/e/c", "changed");
            write(at, "d/new", "new");
            git(at, &["add", "."]);
            git(at, &["rm", "-q", "h/i"]);
            assert!(both(at));
            write(at, "later", "promised");
            git(at, &["add", "-N", "later"]);
            assert!(both(at));
            git(at, &["commit", "-qm", "two"]);
            git(at, &["checkout", "-qb", "side", "HEAD~1"]);
            write(at, "d/e/c", "otherwise");
            git(at, &["commit", "-qam", "three"]);
            git(at, &["checkout", "-qf", "-"]);
            assert!(!git(at, &["merge", "-q", "side"]), "it must conflict");
            assert!(both(at));
            git(at, &["reset", "-q", "--hard"]);
            // A file where a folder was, and a folder where a file was.
            git(at, &["rm", "-rq", "d/e", "a"]);
            write(at, "d/e", "now a file");
            write(at, "a/b", "now a folder");
            git(at, &["add", "."]);
            assert!(both(at));
            git(at, &["update-index", "--split-index"]);
            write(at, "z", "z");
            git(at, &["add", "z"]);
            assert!(!both(at), "a shared index is left to git2");
        }
    }
}
