//! What is staged: blobs of the index that HEAD does not have at their path.

use crate::run::Run;
use crate::store::id;
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
