//! Reads trees and commits one by one, keeping the latest trees.

use crate::bounds::Bounds;
use crate::graph::Graph;
use crate::run::Run;
use crate::source::Options;
use crate::store::{self, MOST_TREE, Shelf};
use crate::tree::Trees;
use git2::ObjectType;
use quietus_odb::{Format, ObjectId};
use std::collections::HashMap;
use std::rc::Rc;

/// How many bytes of trees are kept.
const CACHE: usize = 32 << 20;

/// More than any commit has.
const MOST_COMMIT: u64 = 16 << 20;

/// Reads trees, keeping the latest ones.
pub(crate) struct Reader<'a, S> {
    shelf: S,
    format: Format,
    run: &'a Run<'a>,
    /// Whether what cannot be read is a gap.
    pub(crate) is_noted: bool,
    kept: HashMap<ObjectId, Rc<[u8]>>,
    kept_bytes: usize,
}

impl<'a, S: Shelf> Reader<'a, S> {
    pub(crate) fn new(shelf: S, format: Format, run: &'a Run<'a>) -> Self {
        Self { shelf, format, run, is_noted: true, kept: HashMap::new(), kept_bytes: 0 }
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.run.bounds
    }

    pub(crate) fn options(&self) -> &'a Options {
        self.run.options
    }

    /// The tree of a commit, which may lie outside the graph. `None` for a commit that is not
    /// there, such as the parent of a shallow clone's last one.
    pub(crate) fn tree_of(&self, graph: &Graph, commit: &ObjectId) -> Option<ObjectId> {
        if let Some(number) = graph.number(commit) {
            return Some(graph.commit(number).tree);
        }
        let data = self.commit(commit)?;
        Some(store::parse_commit(*commit, &data)?.tree)
    }

    /// The bytes of a commit.
    pub(crate) fn commit(&self, id: &ObjectId) -> Option<Vec<u8>> {
        let (kind, data) = self.shelf.object(id, MOST_COMMIT).ok()?;
        (kind == ObjectType::Commit).then_some(data)
    }

    fn read(&self, id: &ObjectId) -> Option<Rc<[u8]>> {
        match self.shelf.object(id, MOST_TREE as u64) {
            Ok((_, data)) => Some(data.into()),
            Err(problem) => {
                if self.is_noted {
                    self.run.problem_gap(problem);
                }
                None
            }
        }
    }
}

impl<S: Shelf> Trees for Reader<'_, S> {
    fn tree(&mut self, id: &ObjectId) -> Option<Rc<[u8]>> {
        if let Some(kept) = self.kept.get(id) {
            return Some(Rc::clone(kept));
        }
        let data = self.read(id)?;
        if self.kept_bytes + data.len() > CACHE {
            self.kept.clear();
            self.kept_bytes = 0;
        }
        self.kept_bytes += data.len();
        self.kept.insert(*id, Rc::clone(&data));
        Some(data)
    }

    fn format(&self) -> Format {
        self.format
    }
}
