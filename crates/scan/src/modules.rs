//! The histories of submodules, which git keeps inside the repository above them.

use crate::repository::{self, Read};
use crate::run::Run;
use crate::store;
use git2::Repository;
use quietus_model::GapReason;
use std::path::{Path, PathBuf};

/// Submodules within submodules, and names with slashes: deeper than anybody goes.
const DEEPEST: usize = 16;

/// Adds what the submodules of a repository hold, under the names of the submodules. Their work
/// trees are files like any others, and are read with those.
pub(crate) fn extend(read: &mut Read, repository: &Repository, run: &Run<'_>) {
    let mut found = Vec::new();
    find(&repository.commondir().join("modules"), &mut Vec::new(), DEEPEST, &mut found);
    found.sort();
    for (name, path) in found {
        if !is_asked_for(&name, run) {
            continue;
        }
        let opened = match store::open(&path) {
            Ok(opened) => opened,
            Err(error) => {
                run.gaps.add(GapReason::Unobservable, name, error);
                continue;
            }
        };
        let inner = repository::objects(&path, &opened, false, run);
        read.stats += inner.stats;
        for mut located in inner.located {
            if !located.path.is_empty() {
                located.path = [&name, &b"/"[..], &located.path].concat();
            }
            for head in &mut located.at_head {
                *head = [&name, &b":"[..], head].concat();
            }
            read.located.push(located);
        }
    }
}

/// Paths that were asked for are those of the repository above: no part of a submodule can be
/// told from the rest, and a gap says so.
fn is_asked_for(name: &[u8], run: &Run<'_>) -> bool {
    let filters = &run.options.path_filter;
    let is_below = |filter: &String| {
        let rest = filter.trim_start_matches("./").as_bytes().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    if !filters.is_empty() && (run.options.admits(name) || filters.iter().any(is_below)) {
        let detail = "its history is read only when no paths are named; name it as a repository";
        run.gaps.add(GapReason::Unobservable, name, detail);
    }
    filters.is_empty()
}

/// The folders below `folder` that are those of a repository, with their names.
fn find(folder: &Path, name: &mut Vec<u8>, depth: usize, found: &mut Vec<(Vec<u8>, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // A link may lead anywhere.
        if depth == 0 || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let (path, len) = (entry.path(), name.len());
        if len > 0 {
            name.push(b'/');
        }
        name.extend_from_slice(entry.file_name().as_encoded_bytes());
        if path.join("HEAD").is_file() && path.join("objects").is_dir() {
            found.push((name.clone(), path.clone()));
            find(&path.join("modules"), name, depth - 1, found);
        } else {
            find(&path, name, depth - 1, found);
        }
        name.truncate(len);
    }
}
