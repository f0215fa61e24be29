//! Which repository a scan speaks of, whatever folder it lies in.

use crate::graph::Graph;
use git2::Repository;
use quietus_model::RepositoryId;
use quietus_odb::ObjectId;
use std::path::Path;

/// The identity of a repository: the configured `name`, else its remote `origin`, else its first
/// commits, else the folder it lies in.
///
/// A shallow clone does not know its first commits, and a repository without commits has none:
/// both fall back to the folder.
pub fn identify(repository: &Repository, name: Option<&RepositoryId>) -> RepositoryId {
    name.cloned()
        .or_else(|| origin(repository))
        .or_else(|| roots(repository))
        .unwrap_or_else(|| of_folder(own_folder(repository)))
}

/// The identity of the repository at `path`, by what lies there alone; `None` when it is none that
/// can be opened.
pub fn identify_at(path: &Path) -> Option<RepositoryId> {
    crate::store::open(path).ok().map(|repository| identify(&repository, None))
}

/// The same from commits that have been read already, of which `head` is the one checked out.
pub(crate) fn in_history(
    repository: &Repository,
    name: Option<&RepositoryId>,
    graph: &Graph,
    head: Option<&ObjectId>,
) -> RepositoryId {
    let roots = || {
        let head = head.filter(|_| !repository.is_shallow())?;
        let mut roots = Vec::new();
        let reach = graph.reach([head]);
        graph.number(head)?;
        for commit in (0u32..).zip(graph.commits()).filter(|(at, _)| reach.holds(*at)) {
            // A missing commit means that the first ones are not known.
            commit.1.parents.iter().try_for_each(|id| graph.number(id).map(drop))?;
            roots.extend(commit.1.parents.is_empty().then(|| commit.1.id.to_string()));
        }
        RepositoryId::from_roots(roots.iter().map(String::as_str))
    };
    name.cloned()
        .or_else(|| origin(repository))
        .or_else(roots)
        .unwrap_or_else(|| of_folder(own_folder(repository)))
}

/// The same without looking into history: for what is only shown and not recorded.
pub(crate) fn at_hand(repository: &Repository, name: Option<&RepositoryId>) -> RepositoryId {
    name.cloned()
        .or_else(|| origin(repository))
        .unwrap_or_else(|| of_folder(own_folder(repository)))
}

/// The folder a person would name. Not the work tree that its configuration names, which may be
/// anywhere; and that of the main work tree for a linked one.
fn own_folder(repository: &Repository) -> &Path {
    let store = repository.commondir();
    match (store.file_name(), store.parent()) {
        (Some(name), Some(parent)) if name == ".git" => parent,
        _ => store,
    }
}

/// The identity of a folder that is no repository.
pub(crate) fn of_folder(path: &Path) -> RepositoryId {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    RepositoryId::from_dir(&whole.to_string_lossy())
}

fn origin(repository: &Repository) -> Option<RepositoryId> {
    // From this repository's own file alone: `url.*.insteadOf` elsewhere must not rename it.
    let config = git2::Config::open(&repository.commondir().join("config")).ok()?;
    RepositoryId::from_remote(without_query(&config.get_string("remote.origin.url").ok()?))
}

/// A URL without what may follow its path: that is no part of the identity, and may be a token.
pub(crate) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn roots(repository: &Repository) -> Option<RepositoryId> {
    if repository.is_shallow() {
        return None;
    }
    let mut walk = repository.revwalk().ok()?;
    walk.push_head().ok()?;
    let mut roots = Vec::new();
    for oid in walk {
        // A missing commit means that the first ones are not known.
        let commit = repository.find_commit(oid.ok()?).ok()?;
        if commit.parent_count() == 0 {
            roots.push(commit.id().to_string());
        }
    }
    RepositoryId::from_roots(roots.iter().map(String::as_str))
}
