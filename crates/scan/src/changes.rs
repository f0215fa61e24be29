//! One pass over the commits: which brought what to which path, and what is missing.

use crate::graph::{Graph, Reach};
use crate::parallel;
use crate::run::Run;
use crate::source::Stage;
use crate::store::{self, Key, OidMap, OidSet, oid};
use crate::tree::{self, Trees};
use crate::vault::Sighting;
use git2::Repository;
use quietus_model::GapReason;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// Commits handed to a thread at a time: neighbours share most of their trees.
const CHUNK: usize = 128;

/// How many bytes of trees a thread keeps.
const CACHE: usize = 32 << 20;

/// A commit gave a path a blob that no parent of it had there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: Vec<u8>,
    pub(crate) blob: Key,
    /// What the parents had there.
    pub(crate) before: Vec<Key>,
    pub(crate) commit: u32,
}

/// A commit brought in a path whose last name holds secrets.
pub(crate) struct Named {
    pub(crate) path: Vec<u8>,
    pub(crate) commit: u32,
    pub(crate) sightings: Vec<Sighting>,
}

/// Which blobs are worth a [`Change`].
#[derive(Clone, Copy)]
pub(crate) enum Interest<'a> {
    /// Those that hold secrets.
    Blobs(&'a OidMap<Vec<Sighting>>),
    /// All of them.
    All,
}

/// What the commits brought, in their order.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) changes: Vec<Change>,
    pub(crate) named: Vec<Named>,
}

/// Walks what each commit has otherwise than its parents.
///
/// `present`, where given, are all objects of the store: a blob that is not among them is a gap,
/// unless only commits that nothing reaches want it.
pub(crate) fn collect(
    path: &Path,
    graph: &Graph,
    reaches: [&Reach; 2],
    interest: Interest<'_>,
    present: Option<&OidSet>,
    run: &Run<'_>,
) -> Changes {
    let numbers: Vec<u32> = (0..graph.commits().len() as u32).collect();
    run.progress.stage(Stage::Attribution, Some(numbers.len() as u64));
    let chunks = parallel::chunks(
        &numbers,
        CHUNK,
        run.options.thread_count(),
        run.cancel,
        || store::reopen(path).map(|repository| Reader::new(repository, run)),
        |reader, share| {
            let mut collector = Collector {
                interest,
                present,
                run,
                commit: 0,
                is_reached: false,
                found: Changes::default(),
            };
            for number in share {
                collector.commit = *number;
                collector.is_reached = reaches.iter().any(|reach| reach.holds(*number));
                reader.is_noted = collector.is_reached;
                let commit = graph.commit(*number);
                let parents: Vec<Key> =
                    commit.parents.iter().filter_map(|id| reader.tree_of(graph, id)).collect();
                tree::changes(&commit.tree, &parents, reader, &mut collector);
            }
            run.progress.advance(share.len() as u64, 0);
            collector.found
        },
    );
    let mut all = Changes::default();
    match chunks {
        Ok(chunks) => {
            for mut chunk in chunks {
                all.changes.append(&mut chunk.changes);
                all.named.append(&mut chunk.named);
            }
        }
        Err(error) => run.gaps.add(GapReason::Unobservable, "commits", error.message()),
    }
    all
}

struct Collector<'a> {
    interest: Interest<'a>,
    present: Option<&'a OidSet>,
    run: &'a Run<'a>,
    commit: u32,
    is_reached: bool,
    found: Changes,
}

impl tree::Visitor for Collector<'_> {
    fn blob(&mut self, path: &[u8], id: &Key, before: &[Key]) {
        if !self.run.options.admits(path) {
            return;
        }
        if self.is_reached && self.present.is_some_and(|present| !present.contains(id)) {
            let detail = format!("it belongs at {}", String::from_utf8_lossy(path));
            self.run.gaps.add(GapReason::Missing, oid(id).to_string(), detail);
        }
        let is_wanted = match self.interest {
            Interest::Blobs(blobs) => blobs.contains_key(id),
            Interest::All => true,
        };
        if is_wanted {
            self.found.changes.push(Change {
                path: path.to_vec(),
                blob: *id,
                before: before.to_vec(),
                commit: self.commit,
            });
        }
    }

    fn name(&mut self, path: &[u8]) {
        if self.run.options.admits(path) {
            let sightings = sight_name(path, self.run);
            if !sightings.is_empty() {
                self.found.named.push(Named {
                    path: path.to_vec(),
                    commit: self.commit,
                    sightings,
                });
            }
        }
    }

    fn cut(&mut self, path: &[u8]) {
        let path = String::from_utf8_lossy(path).chars().take(200).collect::<String>();
        let detail = format!("commit number {}: too many files or folders", self.commit);
        self.run.gaps.add(GapReason::TooLarge, path, detail);
    }
}

/// Occurrences in a path are numbered from here, so that they are never taken for those in the
/// file itself.
pub(crate) const NAME_ORDINAL: u32 = 1 << 20;

/// Secrets in the last name of a path; those of the folders above are theirs.
pub(crate) fn sight_name(path: &[u8], run: &Run<'_>) -> Vec<Sighting> {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let mut sightings = run.vault.sight(path);
    sightings.retain(|sighting| u64::from(sighting.end_column) > name as u64 + 1);
    sightings.iter_mut().for_each(|sighting| sighting.ordinal += NAME_ORDINAL);
    sightings
}

/// Reads trees, keeping the latest ones.
pub(crate) struct Reader<'a> {
    repository: Repository,
    run: &'a Run<'a>,
    /// Whether what cannot be read is a gap.
    pub(crate) is_noted: bool,
    kept: HashMap<Key, Rc<[u8]>>,
    kept_bytes: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(repository: Repository, run: &'a Run<'a>) -> Self {
        Self { repository, run, is_noted: true, kept: HashMap::new(), kept_bytes: 0 }
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tree of a commit, which may lie outside the graph. `None` for a commit that is not
    /// there, such as the parent of a shallow clone's last one.
    pub(crate) fn tree_of(&self, graph: &Graph, commit: &Key) -> Option<Key> {
        if let Some(number) = graph.number(commit) {
            return Some(graph.commit(number).tree);
        }
        let commit = self.repository.find_commit(oid(commit)).ok()?;
        Some(store::key(commit.tree_id()))
    }

    fn read(&self, id: &Key) -> Option<Rc<[u8]>> {
        let id = oid(id);
        match self.repository.odb().and_then(|odb| odb.read(id).map(|object| object.data().into()))
        {
            Ok(data) => Some(data),
            Err(error) => {
                if self.is_noted {
                    self.run.object_gap(id, &error);
                }
                None
            }
        }
    }
}

impl Trees for Reader<'_> {
    fn tree(&mut self, id: &Key) -> Option<Rc<[u8]>> {
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
}
