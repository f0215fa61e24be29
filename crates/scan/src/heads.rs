//! The branches of a repository and the trees they show now.

use crate::graph::{Graph, Reach};
use crate::store::{self, Ref};
use git2::Repository;
use quietus_odb::ObjectId;

/// A branch, or the detached HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// As people name it: `main`, `origin/main`.
    pub(crate) name: Vec<u8>,
    pub(crate) commit: ObjectId,
    /// It is the one that is checked out, or a bare repository's default.
    pub(crate) is_current: bool,
}

/// The refs of a repository, sorted by what they mean for a finding.
pub(crate) struct Tips {
    pub(crate) refs: Vec<Ref>,
    pub(crate) heads: Vec<Head>,
}

const NOTES: &[u8] = b"refs/notes/";

impl Tips {
    /// Reads all refs; also what of them could not be read.
    pub(crate) fn read(repository: &Repository) -> (Self, Vec<(Vec<u8>, git2::Error)>) {
        let (refs, failed) = store::refs(repository);
        let current = current_branch(repository);
        let mut heads: Vec<Head> = refs
            .iter()
            .filter_map(|reference| {
                let name = head_name(&reference.name)?;
                let is_current = reference.name == current;
                Some(Head { name: name.to_vec(), commit: reference.peeled, is_current })
            })
            .collect();
        heads.sort_by(|a, b| (!a.is_current, &a.name).cmp(&(!b.is_current, &b.name)));
        (Self { refs, heads }, failed)
    }

    /// The head that is checked out, when it has a commit.
    pub(crate) fn current(&self) -> Option<&Head> {
        self.heads.first().filter(|head| head.is_current)
    }

    /// Commits reached by refs other than notes.
    pub(crate) fn reach(&self, graph: &Graph) -> Reach {
        let ordinary = self.refs.iter().filter(|reference| !reference.name.starts_with(NOTES));
        graph.reach(ordinary.map(|reference| &reference.peeled))
    }

    /// Commits reached by notes.
    pub(crate) fn notes_reach(&self, graph: &Graph) -> Reach {
        let notes = self.refs.iter().filter(|reference| reference.name.starts_with(NOTES));
        graph.reach(notes.map(|reference| &reference.peeled))
    }
}

pub(crate) fn head_name(name: &[u8]) -> Option<&[u8]> {
    match name {
        b"HEAD" => Some(name),
        _ => name.strip_prefix(b"refs/heads/").or_else(|| name.strip_prefix(b"refs/remotes/")),
    }
}

/// The full name of the branch that HEAD names, or `HEAD` when it is detached.
fn current_branch(repository: &Repository) -> Vec<u8> {
    repository
        .find_reference("HEAD")
        .ok()
        .and_then(|head| head.symbolic_target_bytes().map(<[u8]>::to_vec))
        .unwrap_or_else(|| b"HEAD".to_vec())
}
