//! Every object of a store once: blobs, and the messages of commits and tags.

use crate::graph::Graph;
use crate::parallel;
use crate::run::Run;
use crate::source::Stage;
use crate::store::{self, Commit, Key, OidMap, OidSet, key, oid};
use crate::vault::Sighting;
use git2::{ObjectType, Oid, Repository};
use quietus_model::{GapReason, Stats};
use std::path::Path;

/// Objects handed to a thread at a time.
const CHUNK: usize = 256;

/// A commit or tag whose message holds secrets.
pub(crate) struct Message {
    pub(crate) object: Key,
    pub(crate) sightings: Vec<Sighting>,
}

/// What the objects of a store hold.
#[derive(Default)]
pub(crate) struct Objects {
    /// Blobs that hold secrets.
    pub(crate) blobs: OidMap<Vec<Sighting>>,
    /// Commits and tags whose messages do.
    pub(crate) messages: Vec<Message>,
    /// All commits that could be read.
    pub(crate) commits: Vec<Commit>,
    pub(crate) stats: Stats,
}

/// Lists every object of the store, packed and loose, in the order in which they lie there.
pub(crate) fn list(repository: &Repository, run: &Run<'_>) -> (Vec<Key>, OidSet) {
    let mut order = Vec::new();
    let mut all = OidSet::default();
    let listed = repository.odb().and_then(|odb| {
        odb.foreach(|oid| {
            if all.insert(key(*oid)) {
                order.push(key(*oid));
            }
            !run.is_cancelled()
        })
    });
    if let Err(error) = listed
        && !run.is_cancelled()
    {
        run.gaps.add(GapReason::Corrupt, "objects", error.message());
    }
    (order, all)
}

/// Reads and scans the objects of `order`; trees are left out.
pub(crate) fn read(path: &Path, order: &[Key], run: &Run<'_>) -> Objects {
    run.progress.stage(Stage::Objects, Some(order.len() as u64));
    let chunks = parallel::chunks(
        order,
        CHUNK,
        run.options.thread_count(),
        run.cancel,
        || store::reopen(path),
        |repository, share| read_share(repository, share, run),
    );
    let mut all = Objects::default();
    match chunks {
        Ok(chunks) => chunks.into_iter().for_each(|objects| all.append(objects)),
        Err(error) => run.gaps.add(GapReason::Unobservable, "objects", error.message()),
    }
    all.stats.commits = all.commits.len() as u64;
    all
}

impl Objects {
    pub(crate) fn append(&mut self, mut other: Self) {
        self.blobs.extend(other.blobs);
        self.messages.append(&mut other.messages);
        self.commits.append(&mut other.commits);
        self.stats += other.stats;
    }

    /// The commits in their order; they are taken out.
    pub(crate) fn take_graph(&mut self) -> Graph {
        Graph::new(std::mem::take(&mut self.commits))
    }
}

fn read_share(repository: &Repository, share: &[Key], run: &Run<'_>) -> Objects {
    let mut objects = Objects::default();
    let odb = match repository.odb() {
        Ok(odb) => odb,
        Err(error) => {
            run.gaps.add(GapReason::Unobservable, "objects", error.message());
            return objects;
        }
    };
    for id in share.iter().map(oid) {
        if run.is_cancelled() {
            break;
        }
        if let Err(error) = read_object(&odb, id, run, &mut objects) {
            run.object_gap(id, &error);
        }
    }
    run.progress.advance(share.len() as u64, objects.stats.bytes);
    objects
}

fn read_object(
    odb: &git2::Odb<'_>,
    id: Oid,
    run: &Run<'_>,
    objects: &mut Objects,
) -> Result<(), git2::Error> {
    // The header first: trees are most of the objects, and a huge blob must not be inflated.
    let (len, kind) = odb.read_header(id)?;
    if kind == ObjectType::Tree {
        return Ok(());
    }
    let limit = run.options.max_file_size;
    if len as u64 > limit {
        let detail = format!("{len} bytes are more than the limit of {limit}");
        run.gaps.add(GapReason::TooLarge, id.to_string(), detail);
        return Ok(());
    }
    let object = odb.read(id)?;
    let data = object.data();
    objects.stats.objects += 1;
    if kind == ObjectType::Blob {
        objects.stats.bytes += data.len() as u64;
        let sightings = run.vault.sight(data);
        if !sightings.is_empty() {
            objects.blobs.insert(key(id), sightings);
        }
        return Ok(());
    }
    if kind == ObjectType::Commit {
        match store::parse_commit(id, data) {
            Some(commit) => objects.commits.push(commit),
            None => run.gaps.add(GapReason::Corrupt, id.to_string(), "not a commit"),
        }
    }
    let message = store::message(data);
    objects.stats.bytes += message.len() as u64;
    let sightings = run.vault.sight(message);
    if !sightings.is_empty() {
        objects.messages.push(Message { object: key(id), sightings });
    }
    Ok(())
}
