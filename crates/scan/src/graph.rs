//! The commits of a repository: which lead to which, in what order, and what reaches them.

use crate::store::{Commit, OidMap};
use quietus_odb::ObjectId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// All commits that could be read, parents before children.
pub(crate) struct Graph {
    commits: Vec<Commit>,
    index: OidMap<u32>,
}

/// Which commits some tips reach, by number.
#[derive(Clone)]
pub(crate) struct Reach(Vec<bool>);

impl Reach {
    pub(crate) fn holds(&self, commit: u32) -> bool {
        self.0.get(commit as usize).copied().unwrap_or(false)
    }
}

impl Graph {
    /// Orders commits: parents first, then by the committer's date, then by id, so that the order
    /// depends on nothing but the commits.
    pub(crate) fn new(commits: Vec<Commit>) -> Self {
        let mut commits = commits;
        commits.sort_by_key(|commit| commit.id);
        commits.dedup_by_key(|commit| commit.id);
        let number: OidMap<u32> = commits.iter().map(|commit| commit.id).zip(0..).collect();
        let mut waits: Vec<u32> = vec![0; commits.len()];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); commits.len()];
        for (child, commit) in (0u32..).zip(&commits) {
            for parent in commit.parents.iter().filter_map(|parent| number.get(parent)) {
                waits[child as usize] += 1;
                children[*parent as usize].push(child);
            }
        }
        let entry = |at: u32| Reverse((commits[at as usize].time, at));
        let mut ready: BinaryHeap<_> =
            (0..commits.len() as u32).filter(|at| waits[*at as usize] == 0).map(entry).collect();
        let mut order = Vec::with_capacity(commits.len());
        while let Some(Reverse((_, at))) = ready.pop() {
            order.push(at);
            for child in &children[at as usize] {
                waits[*child as usize] -= 1;
                if waits[*child as usize] == 0 {
                    ready.push(entry(*child));
                }
            }
        }
        let mut slots: Vec<Option<Commit>> = commits.into_iter().map(Some).collect();
        let commits: Vec<Commit> =
            order.into_iter().filter_map(|at| slots[at as usize].take()).collect();
        Self::in_order(commits)
    }

    /// The same from commits that are in that order already.
    pub(crate) fn in_order(commits: Vec<Commit>) -> Self {
        let index = commits.iter().map(|commit| commit.id).zip(0..).collect();
        Self { commits, index }
    }

    pub(crate) fn commits(&self) -> &[Commit] {
        &self.commits
    }

    pub(crate) fn number(&self, id: &ObjectId) -> Option<u32> {
        self.index.get(id).copied()
    }

    pub(crate) fn commit(&self, number: u32) -> &Commit {
        &self.commits[number as usize]
    }

    /// What `tips` reach.
    pub(crate) fn reach<'a>(&self, tips: impl IntoIterator<Item = &'a ObjectId>) -> Reach {
        let mut seen = vec![false; self.commits.len()];
        for tip in tips {
            if let Some(number) = self.number(tip) {
                seen[number as usize] = true;
            }
        }
        // Parents have lower numbers, so that one pass downwards is enough.
        for number in (0..self.commits.len()).rev() {
            if seen[number] {
                for parent in &self.commits[number].parents {
                    if let Some(parent) = self.number(parent) {
                        seen[parent as usize] = true;
                    }
                }
            }
        }
        Reach(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::from_bytes(&[byte; 20]).unwrap()
    }

    fn commit(of: u8, parents: &[u8], time: i64) -> Commit {
        let parents = parents.iter().map(|parent| id(*parent)).collect();
        Commit { id: id(of), tree: ObjectId::none(), parents, time }
    }

    fn order(graph: &Graph) -> Vec<u8> {
        graph.commits().iter().map(|commit| commit.id.as_bytes()[0]).collect()
    }

    #[test]
    fn parents_come_first_even_when_clocks_are_wrong() {
        let graph = Graph::new(vec![
            commit(1, &[2], 10),
            commit(2, &[3], 99),
            commit(3, &[], 50),
            commit(4, &[1, 5], 60),
            commit(5, &[3], 20),
            commit(6, &[77], 1),
        ]);
        assert_eq!(order(&graph), [6, 3, 5, 2, 1, 4]);
    }

    #[test]
    fn reach_follows_parents_only() {
        let graph = Graph::new(vec![
            commit(1, &[], 1),
            commit(2, &[1], 2),
            commit(3, &[1], 3),
            commit(4, &[2], 4),
        ]);
        let reach = graph.reach([&id(4)]);
        let reached: Vec<u8> = graph
            .commits()
            .iter()
            .filter(|c| reach.holds(graph.number(&c.id).unwrap()))
            .map(|c| c.id.as_bytes()[0])
            .collect();
        assert_eq!(reached, [1, 2, 4]);
    }
}
