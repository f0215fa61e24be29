//! The trees of new commits, read as they are needed.

use crate::folders::{Edge, Folders, Leads};
use crate::lead::Leading;
use crate::run::Run;
use crate::store::{MOST_TREE, OidMap};
use crate::tree::{Entry, Kind, entries};
use crate::vault::Sighting;
use quietus_odb::{Format, Kinds, Object, ObjectId, Problem, Reader, Selection, Store, Visitor};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::rc::Rc;

/// How many trees' edges are remembered.
const REMEMBERED: usize = 10_000;

/// Trees that lead to blobs that hold secrets or to what is not there, one by one. Every tree
/// counts as leading somewhere, and as to the same place only as itself.
pub(super) struct Fresh<'a> {
    store: &'a Store,
    reader: Reader<'a>,
    wanted: &'a OidMap<Vec<Sighting>>,
    folders: Folders,
    names: HashMap<Box<[u8]>, u32>,
    missing: OidMap<u32>,
    remembered: HashMap<u32, Rc<Vec<Edge>>>,
    /// Whether a tree could not be read, so that not all is known.
    pub(super) is_broken: bool,
}

impl<'a> Fresh<'a> {
    pub(super) fn new(store: &'a Store, wanted: &'a OidMap<Vec<Sighting>>) -> Self {
        Self {
            store,
            reader: store.reader(),
            wanted,
            folders: Folders::default(),
            names: HashMap::new(),
            missing: OidMap::default(),
            remembered: HashMap::new(),
            is_broken: false,
        }
    }

    fn look(&mut self, entry: &Entry<'_>) -> Option<Edge> {
        let leads = match (entry.kind, self.store.number(&entry.id)) {
            (Kind::Submodule, _) => return None,
            (Kind::Tree, Some(number)) => Leads::Folder(number),
            (Kind::Blob, Some(number)) if self.wanted.contains_key(&entry.id) => {
                Leads::Blob(number)
            }
            (Kind::Blob, Some(_)) => return None,
            (_, None) => {
                let all = &mut self.folders.missing;
                Leads::Missing(*self.missing.entry(entry.id).or_insert_with(|| {
                    all.push(entry.id);
                    all.len() as u32 - 1
                }))
            }
        };
        let all = &mut self.folders.names;
        let name = match self.names.get(entry.name) {
            Some(name) => *name,
            None => {
                all.push(entry.name.into());
                self.names.insert(entry.name.into(), all.len() as u32 - 1);
                all.len() as u32 - 1
            }
        };
        Some(Edge { name, leads })
    }
}

impl Leading for Fresh<'_> {
    fn folders(&self) -> &Folders {
        &self.folders
    }

    fn sum(&self, tree: u32) -> u128 {
        u128::from(tree) + 1
    }

    fn edges(&mut self, tree: u32) -> (Rc<Vec<Edge>>, u64) {
        if let Some(edges) = self.remembered.get(&tree) {
            return (Rc::clone(edges), edges.len() as u64);
        }
        let data = match self.reader.read(tree, MOST_TREE as u64) {
            Ok((quietus_odb::Kind::Tree, data)) => data.to_vec(),
            _ => {
                self.is_broken = true;
                Vec::new()
            }
        };
        let mut edges: Vec<Edge> =
            entries(&data, self.store.format()).filter_map(|entry| self.look(&entry)).collect();
        let name = |edge: &Edge| &self.folders.names[edge.name as usize];
        edges.sort_by(|a, b| (name(a), a.leads).cmp(&(name(b), b.leads)));
        edges.dedup();
        let edges = Rc::new(edges);
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(tree, Rc::clone(&edges));
        let cost = edges.len() as u64;
        (edges, cost)
    }
}

/// Whether all trees that `wanted` says yes to can be read to their end, and no name in them holds
/// a secret.
pub(super) fn are_plain(
    store: &Store,
    wanted: &(dyn Fn(u32) -> bool + Sync),
    run: &Run<'_>,
) -> bool {
    let kinds = Kinds::NONE.with(quietus_odb::Kind::Tree);
    let selection = Selection { kinds, wanted: Some(wanted) };
    let threads = run.options.thread_count();
    let format = store.format();
    let visit = || Plain { run, format, seen: HashSet::new(), is_plain: true };
    let visitors = store.walk(&selection, threads, run.cancel, visit);
    visitors.iter().all(|visitor| visitor.is_plain)
}

struct Plain<'a> {
    run: &'a Run<'a>,
    format: Format,
    seen: HashSet<Box<[u8]>>,
    is_plain: bool,
}

impl Visitor for Plain<'_> {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<&()>, (): &mut ()) {
        if !object.wanted {
            return;
        }
        let detector = self.run.vault.detector();
        let mut end = 0;
        for entry in entries(object.data, self.format) {
            end += entry.len;
            if entry.name.len() >= detector.shortest() && self.seen.insert(entry.name.into()) {
                self.is_plain &= detector.detect(entry.name).is_empty();
            }
        }
        self.is_plain &= end == object.data.len();
    }

    fn stream(&mut self, _: u32, _: ObjectId, _: quietus_odb::Kind, _: u64, _: &mut dyn Read) {
        self.is_plain = false;
    }

    fn problem(&mut self, _: Problem) {
        self.is_plain = false;
    }
}
