//! One pass over the commits: which brought what to which path, and what is missing.

use crate::bounds::{Bounds, MOST_PLACES, Places};
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
    run.bounds.expect(numbers.len());
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
                counts: OidMap::default(),
                places: Places::default(),
                found: Changes::default(),
            };
            for number in share {
                collector.commit = *number;
                collector.is_reached = reaches.iter().any(|reach| reach.holds(*number));
                reader.is_noted = collector.is_reached;
                let commit = graph.commit(*number);
                let parents: Vec<Key> =
                    commit.parents.iter().filter_map(|id| reader.tree_of(graph, id)).collect();
                if !tree::changes(&commit.tree, &parents, reader, &mut collector) {
                    break;
                }
            }
            run.progress.advance(share.len() as u64, 0);
            collector.found
        },
    );
    let mut all = Changes::default();
    match chunks {
        Ok(chunks) => {
            let mut counts = OidMap::default();
            let mut places = Places::default();
            for chunk in chunks {
                let kept = chunk.changes.into_iter();
                all.changes.extend(kept.filter(|one| is_kept(one, &mut counts, interest, run)));
                for mut named in chunk.named {
                    admit(&mut named.sightings, &mut places, run);
                    all.named.extend((!named.sightings.is_empty()).then_some(named));
                }
            }
        }
        Err(error) => run.gaps.add(GapReason::Unobservable, "commits", error.message()),
    }
    all
}

/// Whether a change is among the first of its blob; what is not, a gap tells of.
fn is_kept(
    change: &Change,
    counts: &mut OidMap<u32>,
    interest: Interest<'_>,
    run: &Run<'_>,
) -> bool {
    let count = counts.entry(change.blob).or_default();
    *count += 1;
    if *count > MOST_PLACES {
        crowd(&change.blob, interest, run);
    }
    *count <= MOST_PLACES
}

/// Leaves out the sightings of secrets that stand in enough names.
fn admit(sightings: &mut Vec<Sighting>, places: &mut Places, run: &Run<'_>) {
    sightings.retain(|sighting| {
        let is_admitted = places.is_open() && places.admit(sighting.secret);
        if !is_admitted {
            run.bounds.crowd([sighting.secret]);
        }
        is_admitted
    });
}

fn crowd(blob: &Key, interest: Interest<'_>, run: &Run<'_>) {
    match interest {
        Interest::Blobs(blobs) => {
            let secrets = blobs.get(blob).into_iter().flatten().map(|sighting| sighting.secret);
            run.bounds.crowd(secrets);
        }
        // What it holds is not known yet.
        Interest::All => {
            let detail = format!("more than {MOST_PLACES} changes made files just this");
            run.gaps.add(GapReason::Overflow, oid(blob).to_string(), detail);
        }
    }
}

struct Collector<'a> {
    interest: Interest<'a>,
    present: Option<&'a OidSet>,
    run: &'a Run<'a>,
    commit: u32,
    is_reached: bool,
    /// How often each blob was brought in.
    counts: OidMap<u32>,
    /// How many names hold each secret.
    places: Places,
    found: Changes,
}

impl Collector<'_> {
    /// The walk ended before all of it was seen.
    fn cut(&self) {
        let detail = "the commits name more files than can be looked at: paths and authors of \
                      some of what was found are not known, and names were not read";
        self.run.gaps.add(GapReason::Overflow, "history", detail);
    }
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
        if !is_wanted {
            return;
        }
        let count = self.counts.entry(*id).or_default();
        *count += 1;
        if *count > MOST_PLACES {
            crowd(id, self.interest, self.run);
        } else if self.run.bounds.keep_change() {
            self.found.changes.push(Change {
                path: path.to_vec(),
                blob: *id,
                before: before.to_vec(),
                commit: self.commit,
            });
        } else {
            self.cut();
        }
    }

    fn name(&mut self, path: &[u8]) {
        if self.run.options.admits(path) {
            let mut sightings = sight_name(path, self.run);
            admit(&mut sightings, &mut self.places, self.run);
            if !sightings.is_empty() {
                self.found.named.push(Named {
                    path: path.to_vec(),
                    commit: self.commit,
                    sightings,
                });
            }
        }
    }

    fn spend(&mut self, cost: u64) -> bool {
        if self.run.is_cancelled() {
            return false;
        }
        let is_paid = self.run.bounds.spend(cost);
        if !is_paid {
            self.cut();
        }
        is_paid
    }

    fn too_deep(&mut self, path: &[u8]) {
        let path = String::from_utf8_lossy(path).chars().take(200).collect::<String>();
        self.run.gaps.add(GapReason::TooLarge, path, "folders within folders without end");
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

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.run.bounds
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
        let read = || {
            let odb = self.repository.odb()?;
            // The header first: a few bytes can be inflated to gigabytes.
            if odb.read_header(id)?.0 > store::MOST_TREE {
                return Ok(None);
            }
            odb.read(id).map(|object| Some(object.data().into()))
        };
        match read() {
            Ok(Some(data)) => Some(data),
            Ok(None) => {
                if self.is_noted {
                    let detail = format!("a folder of more than {} bytes", store::MOST_TREE);
                    self.run.gaps.add(GapReason::TooLarge, id.to_string(), detail);
                }
                None
            }
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
