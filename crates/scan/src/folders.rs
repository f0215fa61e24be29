//! What each tree of a store has otherwise than the one that it is stored as a change to.
//!
//! Trees are most of a store's bytes, and a tree is nearly always another one with an entry or two
//! changed. So only those entries are looked at: whether what they name is there, whether it is
//! wanted, and whether the name itself holds a secret. What is kept are the differences, from
//! which [`Lead`](crate::lead::Lead) finds out which trees lead to what is wanted.

use crate::run::Run;
use crate::store::OidMap;
use crate::tree::{Entry, Kind, entry_at};
use crate::vault::Sighting;
use quietus_model::GapReason;
use quietus_odb::{Copied, Object, ObjectId, Problem, Store, Visitor};
use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// No tree.
pub(crate) const NONE: u32 = u32::MAX;

/// What an entry leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Leads {
    /// To another tree, by its number in the store.
    Folder(u32),
    /// To a blob that holds secrets, by its number in the store.
    Blob(u32),
    /// To an object that is not in the store, by its number among those.
    Missing(u32),
    /// Nowhere: the name itself holds secrets.
    Named,
}

/// An entry worth keeping: its name by number, and where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Edge {
    pub(crate) name: u32,
    pub(crate) leads: Leads,
}

/// One tree as a difference from another.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its number in the store.
    pub(crate) tree: u32,
    /// The tree that it is stored as a change to, or [`NONE`].
    pub(crate) base: u32,
    /// How many changes lie between it and a tree that is stored whole.
    depth: u32,
    /// The edges that the other one has not.
    pub(crate) added: Range<u32>,
    /// The edges that only the other one has.
    pub(crate) removed: Range<u32>,
}

#[cfg(test)]
impl Step {
    pub(crate) fn new(tree: u32, base: u32, added: Range<u32>, removed: Range<u32>) -> Self {
        Self { tree, base, depth: 0, added, removed }
    }
}

/// All trees of a store.
#[derive(Default)]
pub(crate) struct Folders {
    /// What a tree is a change to comes before it.
    pub(crate) steps: Vec<Step>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) names: Vec<Box<[u8]>>,
    /// The secrets in names that hold any, by the number of the name.
    pub(crate) named: HashMap<u32, Vec<Sighting>>,
    /// The objects that trees name and that are not in the store.
    pub(crate) missing: Vec<ObjectId>,
}

/// Reads every tree of a store. `wanted` tells of a number whether it is a blob that holds secrets.
pub(crate) fn read(store: &Store, wanted: &(dyn Fn(u32) -> bool + Sync), run: &Run<'_>) -> Folders {
    let missing = Missing::default();
    let selection = quietus_odb::Selection {
        kinds: quietus_odb::Kinds::NONE.with(quietus_odb::Kind::Tree),
        wanted: None,
    };
    let collectors = store.walk(&selection, run.options.thread_count(), run.cancel, || {
        let (names, found) = (HashMap::new(), Folders::default());
        Collector { store, wanted, run, missing: &missing, ids: Vec::new(), names, found }
    });
    let mut all = Folders::default();
    let mut names = HashMap::new();
    for collector in collectors {
        all.append(collector.found, &mut names);
    }
    // Of several copies of a tree one is enough, and a base comes before what is made from it.
    all.steps.sort_by_key(|step| (step.depth, step.tree));
    let mut seen = vec![false; store.len() as usize];
    all.steps.retain(|step| !std::mem::replace(&mut seen[step.tree as usize], true));
    all.missing = missing.0.into_inner().unwrap_or_else(PoisonError::into_inner).1;
    all
}

impl Folders {
    fn append(&mut self, other: Self, names: &mut HashMap<Box<[u8]>, u32>) {
        let renamed: Vec<u32> =
            other.names.iter().map(|name| number_of(name, names, &mut self.names)).collect();
        let offset = self.edges.len() as u32;
        self.edges.extend(
            other.edges.iter().map(|edge| Edge { name: renamed[edge.name as usize], ..*edge }),
        );
        let moved = |range: Range<u32>| range.start + offset..range.end + offset;
        self.steps.extend(other.steps.into_iter().map(|step| Step {
            added: moved(step.added),
            removed: moved(step.removed),
            ..step
        }));
        for (name, sightings) in other.named {
            self.named.insert(renamed[name as usize], sightings);
        }
    }
}

fn number_of(
    name: &[u8],
    numbers: &mut HashMap<Box<[u8]>, u32>,
    names: &mut Vec<Box<[u8]>>,
) -> u32 {
    if let Some(number) = numbers.get(name) {
        return *number;
    }
    let number = names.len() as u32;
    names.push(name.into());
    numbers.insert(name.into(), number);
    number
}

/// Numbers for objects that are not there, the same for all threads.
#[derive(Default)]
struct Missing(Mutex<(OidMap<u32>, Vec<ObjectId>)>);

impl Missing {
    fn number(&self, id: ObjectId) -> u32 {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (numbers, ids) = &mut *guard;
        *numbers.entry(id).or_insert_with(|| {
            ids.push(id);
            ids.len() as u32 - 1
        })
    }
}

/// The entries of one tree, for the trees that are stored as changes to it.
#[derive(Clone, Default)]
struct Tree {
    number: u32,
    depth: u32,
    entries: Vec<Known>,
}

/// One entry: where it ends, which is where the next one begins, and where it leads if that is of
/// interest.
#[derive(Clone, Copy)]
struct Known {
    end: u32,
    leads: Option<Leads>,
    is_named: bool,
}

impl Tree {
    /// Where an entry begins, or would begin after the last one.
    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |e| e.end as usize)
    }
}

struct Collector<'a> {
    store: &'a Store,
    wanted: &'a (dyn Fn(u32) -> bool + Sync),
    run: &'a Run<'a>,
    missing: &'a Missing,
    ids: Vec<ObjectId>,
    names: HashMap<Box<[u8]>, u32>,
    found: Folders,
}

impl Visitor for Collector<'_> {
    type State = Tree;

    fn object(&mut self, object: Object<'_>, base: Option<&Tree>, tree: &mut Tree) {
        let none = Tree::default();
        let (old, copies, base) = match (object.delta, base) {
            (Some(delta), Some(base)) => (delta.base, delta.copies, Some(base)),
            _ => (&b""[..], &[][..], None),
        };
        tree.number = object.number;
        tree.depth = base.map_or(0, |base| base.depth + 1);
        tree.entries.clear();
        let first = self.found.edges.len() as u32;
        let older = Older { data: old, copies, tree: base.unwrap_or(&none) };
        let removed = self.compare(object.data, &older, tree);
        if object.wanted && tree.start(tree.entries.len()) < object.data.len() {
            self.run.gaps.add(GapReason::Corrupt, object.id().to_string(), "not a tree throughout");
        }
        let middle = self.found.edges.len() as u32;
        for (entry, known) in &removed {
            self.keep(entry, known);
        }
        let last = self.found.edges.len() as u32;
        self.found.steps.push(Step {
            tree: object.number,
            base: base.map_or(NONE, |base| base.number),
            depth: tree.depth,
            added: first..middle,
            removed: middle..last,
        });
    }

    fn stream(&mut self, _: u32, id: ObjectId, _: quietus_odb::Kind, size: u64, _: &mut dyn Read) {
        let detail = format!("a folder of {size} bytes");
        self.run.gaps.add(GapReason::TooLarge, id.to_string(), detail);
    }

    fn problem(&mut self, problem: Problem) {
        self.run.problem_gap(problem);
    }

    fn progress(&mut self, objects: u64) {
        self.run.progress.advance(objects, 0);
    }
}

/// The tree that another one is stored as a change to.
struct Older<'a> {
    data: &'a [u8],
    copies: &'a [Copied],
    tree: &'a Tree,
}

impl Older<'_> {
    /// The entries that stand at `at` in the newer tree because they were copied there whole, by
    /// their numbers. `copies` are those that do not end before.
    fn copied_to(&self, at: usize, copies: &[Copied]) -> Option<Range<usize>> {
        let copied = copies.first().filter(|copied| copied.target as usize <= at)?;
        let source = at - copied.target as usize + copied.source as usize;
        let entries = &self.tree.entries;
        let first = entries.partition_point(|known| known.end as usize <= source);
        let last = entries.partition_point(|known| known.end <= copied.source + copied.len);
        (self.tree.start(first) == source && first < last).then_some(first..last)
    }
}

impl Collector<'_> {
    /// Finds the entries of `data`, looking only at those that were not copied whole, and keeps
    /// these. Gives what only the older tree has.
    fn compare<'d>(
        &mut self,
        data: &[u8],
        older: &Older<'d>,
        tree: &mut Tree,
    ) -> Vec<(Entry<'d>, Known)> {
        let mut removed = Vec::new();
        let mut fresh = Vec::new();
        let mut looked = Vec::new();
        let mut copies = older.copies;
        // Entries of the older tree before this one are settled.
        let mut settled = 0;
        let mut at = 0;
        loop {
            while copies.first().is_some_and(|copied| (copied.target + copied.len) as usize <= at) {
                copies = &copies[1..];
            }
            let same = older.copied_to(at, copies).filter(|same| same.start >= settled);
            if let Some(same) = same {
                let gone = settled..same.start;
                self.merge(&mut fresh, older, gone, tree, &mut removed, &mut looked);
                let shift = at as i64 - older.tree.start(same.start) as i64;
                settled = same.end;
                tree.entries.extend(
                    older.tree.entries[same].iter().map(|known| Known {
                        end: (i64::from(known.end) + shift) as u32,
                        ..*known
                    }),
                );
                at = tree.start(tree.entries.len());
            } else if let Some(entry) = entry_at(data, at, self.store.format()) {
                at += entry.len;
                fresh.push((entry, at as u32));
            } else {
                let rest = settled..older.tree.entries.len();
                self.merge(&mut fresh, older, rest, tree, &mut removed, &mut looked);
                self.look(&looked, tree);
                return removed;
            }
        }
    }

    /// Puts new entries beside those of the older tree that stood in their place, both in git's
    /// order.
    fn merge<'d, 'n>(
        &mut self,
        fresh: &mut Vec<(Entry<'n>, u32)>,
        older: &Older<'d>,
        gone: Range<usize>,
        tree: &mut Tree,
        removed: &mut Vec<(Entry<'d>, Known)>,
        looked: &mut Vec<(Entry<'n>, usize)>,
    ) {
        let format = self.store.format();
        let mut before = gone
            .filter_map(|number| {
                let entry = entry_at(older.data, older.tree.start(number), format)?;
                Some((entry, older.tree.entries[number]))
            })
            .peekable();
        for (entry, end) in fresh.drain(..) {
            while let Some(gone) = before.next_if(|(other, _)| other.order(&entry).is_lt()) {
                removed.push(gone);
            }
            // A changed file keeps its name.
            let twin = before.next_if(|(other, _)| other.order(&entry).is_eq());
            let known = match twin {
                Some((other, known)) if other.id == entry.id && other.kind == entry.kind => {
                    Known { end, ..known }
                }
                twin => {
                    let was_named = twin.map(|(_, known)| known.is_named);
                    removed.extend(twin);
                    let is_named = was_named.unwrap_or_else(|| self.sight(entry.name));
                    looked.push((entry, tree.entries.len()));
                    Known { end, leads: None, is_named }
                }
            };
            tree.entries.push(known);
        }
        removed.extend(before);
    }

    /// Finds out where new entries of a tree lead, and keeps them. They come with their numbers.
    fn look(&mut self, entries: &[(Entry<'_>, usize)], tree: &mut Tree) {
        self.ids.clear();
        self.ids.extend(entries.iter().map(|(entry, _)| entry.id));
        let ids = std::mem::take(&mut self.ids);
        for ((entry, at), number) in entries.iter().zip(self.store.numbers(&ids)) {
            let leads = match (entry.kind, number) {
                (Kind::Submodule, _) => None,
                (Kind::Tree, Some(number)) => Some(Leads::Folder(number)),
                (Kind::Blob, Some(number)) => (self.wanted)(number).then_some(Leads::Blob(number)),
                (_, None) => Some(Leads::Missing(self.missing.number(entry.id))),
            };
            let known = &mut tree.entries[*at];
            known.leads = leads;
            self.keep(entry, &known.clone());
        }
        self.ids = ids;
    }

    /// Whether a name holds secrets.
    fn sight(&mut self, name: &[u8]) -> bool {
        if name.len() < self.run.vault.detector().shortest() {
            return false;
        }
        let sightings = self.run.sight_name(name);
        if sightings.is_empty() {
            return false;
        }
        let number = number_of(name, &mut self.names, &mut self.found.names);
        self.found.named.insert(number, sightings);
        true
    }

    fn keep(&mut self, entry: &Entry<'_>, known: &Known) {
        let named = known.is_named.then_some(Leads::Named);
        for leads in known.leads.into_iter().chain(named) {
            let name = number_of(entry.name, &mut self.names, &mut self.found.names);
            self.found.edges.push(Edge { name, leads });
        }
    }
}
