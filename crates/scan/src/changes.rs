//! Which commits brought what that is wanted to which path.

use crate::bounds::{MOST_PLACES, NEW_ENTRY, Places};
use crate::folders::{Edge, Leads};
use crate::graph::{Graph, Reach};
use crate::lead::Leading;
use crate::run::Run;
use crate::source::Stage;
use crate::store::OidMap;
use crate::tree::DEEPEST;
use crate::vault::Sighting;
use quietus_model::GapReason;
use quietus_odb::{ObjectId, Store};

/// A commit gave a path a blob that no parent of it had there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: Vec<u8>,
    pub(crate) blob: ObjectId,
    /// What the parents had there, of what is of interest.
    pub(crate) before: Vec<ObjectId>,
    pub(crate) commit: u32,
}

/// A commit brought in a path whose last name holds secrets.
pub(crate) struct Named {
    pub(crate) path: Vec<u8>,
    pub(crate) commit: u32,
    pub(crate) sightings: Vec<Sighting>,
}

/// What the commits brought, in their order.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) changes: Vec<Change>,
    pub(crate) named: Vec<Named>,
    /// Whether a commit wants an object that is not there, reached or not.
    pub(crate) is_missing: bool,
}

/// Finds what each commit has otherwise than its parents, of what `lead` leads to: of the commits
/// that `is_asked` says yes to, beyond what `found` tells of the others.
///
/// Objects that are not there become gaps, unless only commits that nothing reaches want them.
pub(crate) fn collect(
    store: &Store,
    graph: &Graph,
    lead: &mut dyn Leading,
    reaches: [&Reach; 2],
    is_asked: &dyn Fn(&ObjectId) -> bool,
    found: Changes,
    run: &Run<'_>,
) -> Changes {
    run.progress.stage(Stage::Attribution, Some(graph.commits().len() as u64));
    run.bounds.expect(graph.commits().len());
    let mut counts = OidMap::default();
    for change in &found.changes {
        *counts.entry(change.blob).or_default() += 1;
    }
    let places = Places::default();
    let mut walk = Walk {
        store,
        lead,
        run,
        commit: 0,
        is_reached: false,
        path: Vec::new(),
        counts,
        places,
        found,
    };
    for (number, commit) in (0u32..).zip(graph.commits()) {
        if !is_asked(&commit.id) {
            continue;
        }
        walk.commit = number;
        walk.is_reached = reaches.iter().any(|reach| reach.holds(number));
        let Some(tree) = store.number(&commit.tree) else {
            walk.missing(&commit.tree, &format!("the files of {}", commit.id));
            continue;
        };
        let sum = walk.lead.sum(tree);
        let parents: Vec<u32> = commit
            .parents
            .iter()
            .filter_map(|parent| graph.number(parent))
            .filter_map(|parent| store.number(&graph.commit(parent).tree))
            .collect();
        let is_same = parents.iter().any(|parent| walk.lead.sum(*parent) == sum);
        if sum != 0 && !is_same && !walk.level(tree, &parents, 0) {
            break;
        }
    }
    run.progress.advance(graph.commits().len() as u64, 0);
    walk.found
}

struct Walk<'a> {
    store: &'a Store,
    lead: &'a mut dyn Leading,
    run: &'a Run<'a>,
    commit: u32,
    is_reached: bool,
    path: Vec<u8>,
    /// How often each blob was brought in.
    counts: OidMap<u32>,
    /// How many names hold each secret.
    places: Places,
    found: Changes,
}

impl Walk<'_> {
    /// What a tree has otherwise than all of `parents`. False when the whole walk must end.
    fn level(&mut self, tree: u32, parents: &[u32], depth: usize) -> bool {
        if depth > DEEPEST {
            too_deep(&self.path, self.run);
            return true;
        }
        let (edges, mut cost) = self.lead.edges(tree);
        let mut before = Vec::with_capacity(parents.len());
        for parent in parents {
            let (edges, more) = self.lead.edges(*parent);
            before.push(edges);
            cost += more;
        }
        if !spend(cost, self.run) {
            return false;
        }
        for edge in edges.iter() {
            let had: Vec<Leads> =
                before.iter().flat_map(|old| self.named_alike(old, edge)).collect();
            if had.contains(&edge.leads) {
                continue;
            }
            if !(spend(NEW_ENTRY, self.run) && self.edge(edge, &had, depth)) {
                return false;
            }
        }
        true
    }

    /// Where the edges of the same name and kind lead.
    fn named_alike<'e>(&self, edges: &'e [Edge], edge: &Edge) -> impl Iterator<Item = Leads> + 'e {
        let names = &self.lead.folders().names;
        let name = &names[edge.name as usize];
        let first = edges.partition_point(|other| names[other.name as usize] < *name);
        let (number, leads) = (edge.name, edge.leads);
        edges[first..]
            .iter()
            .take_while(move |other| other.name == number)
            .filter(move |other| kind(other.leads) == kind(leads))
            .map(|other| other.leads)
    }

    fn edge(&mut self, edge: &Edge, had: &[Leads], depth: usize) -> bool {
        let len = self.path.len();
        if len > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(&self.lead.folders().names[edge.name as usize]);
        let goes_on = match edge.leads {
            Leads::Folder(tree) => {
                let before: Vec<u32> = had
                    .iter()
                    .filter_map(|had| if let Leads::Folder(old) = had { Some(*old) } else { None })
                    .collect();
                let sum = self.lead.sum(tree);
                let is_same = before.iter().any(|old| self.lead.sum(*old) == sum);
                is_same || self.level(tree, &before, depth + 1)
            }
            Leads::Blob(number) => {
                let before = had.iter().filter_map(|had| match had {
                    Leads::Blob(old) => Some(self.store.id(*old)),
                    _ => None,
                });
                let before = before.collect();
                self.blob(self.store.id(number), before);
                true
            }
            Leads::Missing(number) => {
                let id = self.lead.folders().missing[number as usize];
                if self.run.options.admits(&self.path) {
                    let path = String::from_utf8_lossy(&self.path).into_owned();
                    self.missing(&id, &path);
                }
                true
            }
            Leads::Named => {
                self.name(edge.name, len);
                true
            }
        };
        self.path.truncate(len);
        goes_on
    }

    fn missing(&mut self, id: &ObjectId, place: &str) {
        self.found.is_missing = true;
        if self.is_reached {
            let detail = format!("it belongs at {place}");
            self.run.gaps.add(GapReason::Missing, id.to_string(), detail);
        }
    }

    fn blob(&mut self, blob: ObjectId, before: Vec<ObjectId>) {
        if !self.run.options.admits(&self.path) {
            return;
        }
        let count = self.counts.entry(blob).or_default();
        *count += 1;
        if *count > MOST_PLACES {
            self.run.bounds.crowd_blob(blob);
        } else if self.run.bounds.keep_change() {
            let (path, commit) = (self.path.clone(), self.commit);
            self.found.changes.push(Change { path, blob, before, commit });
        } else {
            cut(self.run);
        }
    }

    fn name(&mut self, name: u32, folder: usize) {
        if !self.run.options.admits(&self.path) {
            return;
        }
        let mut sightings = self.lead.folders().named.get(&name).cloned().unwrap_or_default();
        place_name(&mut sightings, if folder == 0 { 0 } else { folder + 1 });
        admit(&mut sightings, &mut self.places, self.run);
        if !sightings.is_empty() {
            let (path, commit) = (self.path.clone(), self.commit);
            self.found.named.push(Named { path, commit, sightings });
        }
    }
}

/// Takes what looking at entries costs; false when the walk must end here.
pub(crate) fn spend(cost: u64, run: &Run<'_>) -> bool {
    if run.is_cancelled() {
        return false;
    }
    let is_paid = run.bounds.spend(cost);
    if !is_paid {
        cut(run);
    }
    is_paid
}

/// The walk was cut short at this path, which lies deeper than anything can.
pub(crate) fn too_deep(path: &[u8], run: &Run<'_>) {
    let path = String::from_utf8_lossy(path).chars().take(200).collect::<String>();
    run.gaps.add(GapReason::TooLarge, path, "folders within folders without end");
}

/// Missing objects and blobs take the place of each other.
fn kind(leads: Leads) -> u8 {
    match leads {
        Leads::Folder(_) => 0,
        Leads::Blob(_) | Leads::Missing(_) => 1,
        Leads::Named => 2,
    }
}

/// The walk ended before all of it was seen.
pub(crate) fn cut(run: &Run<'_>) {
    let detail = "the commits name more files than can be looked at: paths and authors of some of \
                  what was found are not known, and names were not read";
    run.gaps.add(GapReason::Overflow, "history", detail);
}

/// Leaves out the sightings of secrets that stand in enough names.
pub(crate) fn admit(sightings: &mut Vec<Sighting>, places: &mut Places, run: &Run<'_>) {
    sightings.retain(|sighting| {
        let is_admitted = places.is_open() && places.admit(sighting.secret);
        if !is_admitted {
            run.bounds.crowd([sighting.secret]);
        }
        is_admitted
    });
}

/// Occurrences in a path are numbered from here, so that they are never taken for those in the
/// file itself.
pub(crate) const NAME_ORDINAL: u32 = 1 << 20;

/// Secrets in the last name of a path; those of the folders above are theirs.
pub(crate) fn sight_name(path: &[u8], run: &Run<'_>) -> Vec<Sighting> {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    if path.len() - name < run.vault.detector().shortest() {
        return Vec::new();
    }
    let mut sightings = run.sight_name(&path[name..]);
    place_name(&mut sightings, name);
    sightings
}

/// Sightings in a name as they are in the path that it ends, where it begins at `at`.
fn place_name(sightings: &mut [Sighting], at: usize) {
    for sighting in sightings {
        sighting.ordinal += NAME_ORDINAL;
        sighting.offset += at as u64;
        sighting.column = sighting.column.saturating_add(at as u32);
        sighting.end_column = sighting.end_column.saturating_add(at as u32);
    }
}
