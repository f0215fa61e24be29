//! Which trees lead to what is wanted, and whether two of them lead to the same.

use crate::folders::{Edge, Folders, Leads, NONE};
use crate::tree::DEEPEST;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

/// How many trees' edges are remembered.
const REMEMBERED: usize = 50_000;

/// What a tree leads to, as a sum over its edges: 0 for nothing, and two trees with the same sum
/// have the same wanted things in the same places below them.
///
/// The hashes are keyed anew in each run, so that nobody can make trees whose sums agree though
/// they do not.
type Sum = u128;

/// The trees of a store that lead to what is wanted.
pub(crate) struct Lead {
    folders: Folders,
    /// The step of each tree, by the tree's number.
    step_of: Vec<u32>,
    sums: Vec<Sum>,
    remembered: HashMap<u32, Rc<Vec<Edge>>>,
    /// Whether folders lie in folders without end, so that what lies below is not all known.
    pub(crate) is_endless: bool,
}

impl Lead {
    /// Follows the folders of a store of `objects` objects up from what is wanted.
    pub(crate) fn new(folders: Folders, objects: u32) -> Self {
        let mut step_of = vec![NONE; objects as usize];
        for (number, step) in (0u32..).zip(&folders.steps) {
            step_of[step.tree as usize] = number;
        }
        let mut summing = Summing::new(&folders, &step_of);
        // One level of folders more becomes right with each pass.
        let mut is_endless = true;
        for pass in 1..=DEEPEST as u32 {
            if !summing.pass(pass) {
                is_endless = false;
                break;
            }
        }
        let sums = summing.sums;
        Self { folders, step_of, sums, remembered: HashMap::new(), is_endless }
    }

    fn step(&self, tree: u32) -> Option<u32> {
        self.step_of.get(tree as usize).copied().filter(|step| *step != NONE)
    }

    fn is_wanted(&self, edge: &Edge) -> bool {
        match edge.leads {
            Leads::Folder(tree) => self.sum(tree) != 0,
            _ => true,
        }
    }
}

/// Trees that lead to what is wanted.
pub(crate) trait Leading {
    /// The names and ids that edges are about.
    fn folders(&self) -> &Folders;
    /// What the tree of this number leads to: 0 for nothing, and trees of the same sum lead to the
    /// same in the same places.
    fn sum(&self, tree: u32) -> u128;
    /// The edges of a tree that lead to what is wanted, by name; and what it cost to look.
    fn edges(&mut self, tree: u32) -> (Rc<Vec<Edge>>, u64);
}

impl Leading for Lead {
    fn folders(&self) -> &Folders {
        &self.folders
    }

    fn sum(&self, tree: u32) -> u128 {
        self.step(tree).map_or(0, |step| self.sums[step as usize])
    }

    fn edges(&mut self, tree: u32) -> (Rc<Vec<Edge>>, u64) {
        if let Some(edges) = self.remembered.get(&tree) {
            return (Rc::clone(edges), edges.len() as u64);
        }
        let mut counts: HashMap<Edge, i32> = HashMap::new();
        let mut cost = 0;
        let mut at = self.step(tree);
        while let Some(number) = at {
            let step = &self.folders.steps[number as usize];
            for (range, sign) in [(&step.added, 1), (&step.removed, -1)] {
                cost += u64::from(range.end - range.start);
                for edge in &self.folders.edges[range.start as usize..range.end as usize] {
                    if self.is_wanted(edge) {
                        *counts.entry(*edge).or_default() += sign;
                    }
                }
            }
            cost += 1;
            at = self.step(step.base);
        }
        let there = counts.into_iter().filter(|(_, count)| *count > 0);
        let mut edges: Vec<Edge> = there.map(|(edge, _)| edge).collect();
        let name = |edge: &Edge| &self.folders.names[edge.name as usize];
        edges.sort_by(|a, b| (name(a), a.leads).cmp(&(name(b), b.leads)));
        let edges = Rc::new(edges);
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(tree, Rc::clone(&edges));
        (edges, cost)
    }
}

/// An edge to a folder, by the step of that.
struct Below {
    step: u32,
    name: u32,
    is_added: bool,
}

/// Trees in terms of each other. They are gone through several times, so what does not change is
/// reckoned once, and what does lies close together.
struct Summing {
    /// For each step the one that it is a change to, or [`NONE`].
    bases: Vec<u32>,
    /// What the edges that lead to no folder come to.
    fixed: Vec<Sum>,
    /// The other edges of all steps, one step after the other.
    below: Vec<Below>,
    /// Where those of each step end.
    ends: Vec<u32>,
    sums: Vec<Sum>,
    /// The sums as the pass before left them. A tree and the one that it is a change to must see
    /// the same sum of a folder, or taking it out of the one does not undo what the other put in.
    before: Vec<Sum>,
    /// In which pass each sum changed last.
    changed: Vec<u32>,
    keys: [RandomState; 2],
}

impl Summing {
    fn new(folders: &Folders, step_of: &[u32]) -> Self {
        let count = folders.steps.len();
        let mut all = Self {
            bases: Vec::with_capacity(count),
            fixed: Vec::with_capacity(count),
            below: Vec::new(),
            ends: Vec::with_capacity(count),
            sums: vec![0; count],
            before: vec![0; count],
            changed: vec![0; count],
            keys: [RandomState::new(), RandomState::new()],
        };
        let step = |tree: u32| step_of.get(tree as usize).copied().unwrap_or(NONE);
        for of in &folders.steps {
            let mut fixed: Sum = 0;
            for (range, is_added) in [(&of.added, true), (&of.removed, false)] {
                for edge in &folders.edges[range.start as usize..range.end as usize] {
                    let name = edge.name;
                    let weight = match edge.leads {
                        Leads::Folder(tree) => {
                            let step = step(tree);
                            all.below.extend((step != NONE).then_some(Below {
                                step,
                                name,
                                is_added,
                            }));
                            continue;
                        }
                        Leads::Blob(number) => all.weight(name, 1, Sum::from(number)),
                        Leads::Missing(number) => all.weight(name, 2, Sum::from(number)),
                        Leads::Named => all.weight(name, 3, 0),
                    };
                    fixed = if is_added {
                        fixed.wrapping_add(weight)
                    } else {
                        fixed.wrapping_sub(weight)
                    };
                }
            }
            all.bases.push(step(of.base));
            all.fixed.push(fixed);
            all.ends.push(all.below.len() as u32);
        }
        all
    }

    /// Sums up every tree of which a part has changed. Whether any sum is another one now.
    fn pass(&mut self, pass: u32) -> bool {
        let mut all_changed = Vec::new();
        let mut start = 0;
        for number in 0..self.bases.len() {
            let end = self.ends[number] as usize;
            let below = &self.below[std::mem::replace(&mut start, end)..end];
            let base = self.bases[number];
            // What has changed since the pass before began.
            let is_new = |step: u32| self.changed[step as usize] + 1 >= pass;
            let is_stale = pass == 1
                || (base != NONE && is_new(base))
                || below.iter().any(|edge| is_new(edge.step));
            if !is_stale {
                continue;
            }
            let mut sum = if base == NONE { 0 } else { self.sums[base as usize] };
            sum = sum.wrapping_add(self.fixed[number]);
            for edge in below {
                let there = self.before[edge.step as usize];
                if there != 0 {
                    let weight = self.weight(edge.name, 0, there);
                    sum = if edge.is_added {
                        sum.wrapping_add(weight)
                    } else {
                        sum.wrapping_sub(weight)
                    };
                }
            }
            if sum != self.sums[number] {
                self.sums[number] = sum;
                self.changed[number] = pass;
                all_changed.push(number);
            }
        }
        for number in &all_changed {
            self.before[*number] = self.sums[*number];
        }
        !all_changed.is_empty()
    }

    fn weight(&self, name: u32, kind: u8, below: Sum) -> Sum {
        let half = |key: &RandomState| Sum::from(key.hash_one((name, kind, below)));
        half(&self.keys[0]) << 64 | half(&self.keys[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folders::Step;

    /// Trees as lists of edges, each stored as a change to the one that `base` says.
    fn lead(trees: &[&[(&str, Leads)]], base: impl Fn(u32) -> u32) -> Lead {
        let mut folders = Folders::default();
        let mut names: HashMap<Box<[u8]>, u32> = HashMap::new();
        let mut known: Vec<Vec<Edge>> = Vec::new();
        for (number, tree) in (0u32..).zip(trees) {
            let edges: Vec<Edge> = tree
                .iter()
                .map(|(name, leads)| {
                    let all = &mut folders.names;
                    let name = *names.entry(name.as_bytes().into()).or_insert_with_key(|name| {
                        all.push(name.clone());
                        all.len() as u32 - 1
                    });
                    Edge { name, leads: *leads }
                })
                .collect();
            let base = base(number);
            let old = known.get(base as usize).cloned().unwrap_or_default();
            let mut range = |from: &[Edge], without: &[Edge]| {
                let start = folders.edges.len() as u32;
                folders.edges.extend(from.iter().filter(|edge| !without.contains(edge)));
                start..folders.edges.len() as u32
            };
            let (added, removed) = (range(&edges, &old), range(&old, &edges));
            folders.steps.push(Step::new(number, base, added, removed));
            known.push(edges);
        }
        Lead::new(folders, trees.len() as u32)
    }

    #[test]
    fn sums_agree_when_the_same_lies_in_the_same_places() {
        use Leads::{Blob, Folder, Missing, Named};
        let trees: &[&[(&str, Leads)]] = &[
            &[("sub", Folder(4)), ("x", Folder(5))],
            &[("sub", Folder(4))],
            &[("other", Folder(4))],
            &[("sub", Folder(6))],
            &[("k", Blob(90))],
            &[],
            &[("k", Blob(90)), ("empty", Folder(5))],
            &[("k", Missing(90))],
            &[("k", Named)],
            &[("deep", Folder(0)), ("deep2", Folder(10))],
            &[("y", Folder(0))],
        ];
        for chained in [false, true] {
            let before = |number: u32| number.checked_sub(1).filter(|_| chained).unwrap_or(NONE);
            let mut lead = lead(trees, before);
            assert!(!lead.is_endless);
            assert_eq!(lead.sum(0), lead.sum(1));
            assert_eq!(lead.sum(3), lead.sum(1));
            assert_eq!(lead.sum(4), lead.sum(6));
            assert_eq!(lead.sum(5), 0);
            let apart = [1, 2, 4, 7, 8, 9, 10].map(|tree| lead.sum(tree));
            for (at, sum) in apart.iter().enumerate() {
                assert!(*sum != 0 && !apart[..at].contains(sum), "{at}");
            }
            let leads: Vec<Leads> = lead.edges(9).0.iter().map(|edge| edge.leads).collect();
            assert_eq!(leads, [Folder(0), Folder(10)]);
            assert_eq!(lead.edges(0).0.len(), 1);
        }
    }

    #[test]
    fn trees_that_hold_each_other_come_to_an_end() {
        use Leads::{Blob, Folder};
        let lead = lead(&[&[("a", Folder(1)), ("k", Blob(9))], &[("b", Folder(0))]], |_| NONE);
        assert!(lead.is_endless);
    }

    #[test]
    fn a_tree_may_be_stored_as_a_change_to_one_far_above_it() {
        use Leads::{Blob, Folder};
        let trees: &[&[(&str, Leads)]] =
            &[&[("k", Blob(9)), ("c", Folder(1))], &[("a", Folder(2))], &[("k", Blob(9))]];
        let mut lead = lead(trees, |number| if number == 2 { 0 } else { NONE });
        assert!(!lead.is_endless);
        assert_eq!(lead.edges(0).0.len(), 2);
        assert_eq!(lead.edges(1).0.len(), 1);
        assert_eq!(lead.edges(2).0.len(), 1);
    }
}
