//! A repository's own configuration, where it does not lie among the files that are read: that of
//! a bare repository, and that of the main work tree of a linked one. Remotes may hold tokens.

use crate::guard;
use crate::located::Located;
use crate::reading::Subject;
use crate::repository::{Read, WORK_TREE};
use crate::run::Run;
use git2::Repository;
use quietus_model::{GapReason, Place, Stats};
use std::io::ErrorKind;
use std::path::Path;

/// Adds what the configuration of a repository at `path` holds.
pub(crate) fn extend(to: &mut Read, path: &Path, repository: &Repository, run: &Run<'_>) {
    let (stats, located) = read(path, repository, run);
    to.stats += stats;
    to.located.extend(located);
}

/// What it holds, and how much of it was read.
pub(crate) fn read(path: &Path, repository: &Repository, run: &Run<'_>) -> (Stats, Vec<Located>) {
    let (mut stats, mut found) = (Stats::default(), Vec::new());
    let common = repository.commondir();
    let is_own = common.canonicalize().ok() == path.canonicalize().ok();
    let mut files = vec![common.join("config"), common.join("config.worktree")];
    if repository.path() != common {
        files.push(repository.path().join("config.worktree"));
    }
    for file in files {
        let bytes = match guard::small_file(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                run.gaps.add(GapReason::Unreadable, file.as_os_str().as_encoded_bytes(), error);
                continue;
            }
        };
        let name = file.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
        let shown = if is_own { name.to_vec() } else { [b".git/", name].concat() };
        if !run.options.admits(&shown) {
            continue;
        }
        stats.files += 1;
        stats.bytes += bytes.len() as u64;
        found.extend(run.sight(Subject::Named(b"config"), &bytes).iter().map(|sighting| Located {
            at_head: vec![WORK_TREE.to_vec()],
            ..Located::new(Place::WorkTree, &shown, sighting)
        }));
    }
    (stats, found)
}
