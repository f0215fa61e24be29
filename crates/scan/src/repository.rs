//! Reads one repository or folder: its files, its objects, its index, or what is new in it.

use crate::attribute;
use crate::changes::{Changes, sight_name};
use crate::graph::{Graph, Reach};
use crate::heads::Tips;
use crate::history::{self, Objects};
use crate::identity;
use crate::located::Located;
use crate::memory::{self, Books, Past};
use crate::owners::Owners;
use crate::reader::Reader;
use crate::run::Run;
use crate::since as brought;
use crate::source::ScanError;
use crate::staged::{self, Staged};
use crate::store::{self, OidMap, OidSet, Shelf};
use crate::vault::Sighting;
use crate::worktree::{self, Nested, Seen};
use git2::{Repository, Tree};
use quietus_model::{GapReason, Place, RepositoryId, ScopeKind, Stats};
use quietus_odb::{Format, ObjectId};
use std::collections::BTreeSet;
use std::path::Path;

/// The name of the work tree among the heads that hold a secret now.
pub(crate) const WORK_TREE: &[u8] = b"work tree";

/// The name of the index among them.
const INDEX: &[u8] = b"index";

/// What was read of a source.
pub(crate) struct Read {
    pub(crate) repository: RepositoryId,
    pub(crate) source: String,
    pub(crate) kind: ScopeKind,
    pub(crate) refs: Vec<(Vec<u8>, String)>,
    pub(crate) stats: Stats,
    pub(crate) located: Vec<Located>,
}

/// Whether `path` is a work tree, and not the folder of a bare repository or a `.git`.
pub(crate) fn has_files(path: &Path, repository: &Repository) -> bool {
    let same = |a: &Path, b: &Path| a.canonicalize().ok() == b.canonicalize().ok();
    !repository.is_bare() && !same(repository.path(), path)
}

/// What stands behind the path of a URL may be a token, and no format would tell.
fn shown_source(path: &Path) -> String {
    let shown = path.display().to_string();
    match shown.find("://") {
        Some(_) => identity::without_query(&shown).to_owned(),
        None => shown,
    }
}

fn named_refs(tips: &Tips) -> Vec<(Vec<u8>, String)> {
    let named = tips.refs.iter().map(|r| (r.name.clone(), r.peeled.to_string()));
    named.collect()
}

/// The files below `path`. Those that the current commit has just so count as seen in it.
pub(crate) fn files(
    path: &Path,
    opened: Option<&Repository>,
    nested: Nested,
    run: &Run<'_>,
) -> Read {
    let root = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let files = worktree::read(&root, opened.map_or(Format::Sha1, store::format), nested, run);
    let name = run.options.name.as_ref();
    let mut read = Read {
        repository: match opened {
            Some(repository) => identity::identify(repository, name),
            None => name.cloned().unwrap_or_else(|| identity::of_folder(&root)),
        },
        source: shown_source(path),
        kind: ScopeKind::WorkTree,
        refs: Vec::new(),
        stats: files.stats,
        located: Vec::new(),
    };
    if files.seen.is_empty() {
        return read;
    }
    let owners = opened.map_or_else(Owners::none, Owners::read);
    let tips = opened.map(|repository| Tips::read(repository).0);
    let head = opened.and_then(store::head_tree);
    let current = tips.as_ref().and_then(Tips::current);
    for seen in &files.seen {
        let committed = current.filter(|_| is_committed(head.as_ref(), seen));
        let at_head = committed.map_or(WORK_TREE.to_vec(), |head| head.name.clone());
        let blob = seen.blob.filter(|_| committed.is_some());
        read.located.extend(seen.sightings.iter().map(|sighting| {
            let place = if committed.is_some() { Place::History } else { Place::WorkTree };
            Located {
                at_head: vec![at_head.clone()],
                code_owners: owners.of(&seen.path),
                blob: blob.map(|blob| blob.to_string()),
                ..Located::new(place, &seen.path, sighting)
            }
        }));
    }
    read
}

/// Whether HEAD has the same at the same path.
fn is_committed(head: Option<&Tree<'_>>, seen: &Seen) -> bool {
    let committed = head.and_then(|tree| attribute::head_entry(tree, &seen.path));
    match seen.blob {
        Some(blob) => committed == Some(blob),
        None => committed.is_some(),
    }
}

/// Every object, and with `with_files` the work tree and the index as well.
pub(crate) fn objects(
    path: &Path,
    repository: &Repository,
    with_files: bool,
    run: &Run<'_>,
) -> Read {
    let (tips, failed) = Tips::read(repository);
    for (name, error) in failed {
        run.gaps.add(GapReason::Corrupt, name, error.message());
    }
    let name = run.options.name.as_ref();
    let source = shown_source(path);
    let refs = named_refs(&tips);
    let kind = if with_files { ScopeKind::Whole } else { ScopeKind::History };
    // Objects first: what a file tells of a secret is gone when the file is, and must not stand for
    // what objects tell of it.
    let past = memory::past(path, repository, &tips, run);
    let files = if with_files {
        let root = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        worktree::read(&root, store::format(repository), Nested::Told, run)
    } else {
        worktree::Files::default()
    };
    let (Past { objects, graph, changes, reach, notes, .. }, books) = match past {
        Ok(past) => past,
        Err(error) => {
            run.gaps.add(GapReason::Unobservable, "objects", error);
            let stats = files.stats;
            let located = Vec::new();
            let identity = identity::identify(repository, name);
            return Read { repository: identity, source, kind, refs, stats, located };
        }
    };
    let boundary = store::shallow_boundary(repository).unwrap_or_else(|error| {
        run.gaps.add(GapReason::Shallow, "shallow", error);
        Vec::new()
    });
    missing_commits(&tips, &graph, [&reach, &notes], &boundary, &books, run);

    let head = store::head_tree(repository);
    let index = if with_files { staged::list(repository, head.as_ref(), run) } else { Vec::new() };
    for blob in run.bounds.crowded_blobs() {
        let held = objects.blobs.get(&blob).into_iter().flatten();
        run.bounds.crowd(held.map(|sighting| sighting.secret));
    }
    let scene = Scene { tips: &tips, graph: &graph, reach: &reach, notes: &notes };
    let claimed: OidSet = index.iter().map(|staged| staged.blob).collect();
    let owners = Owners::read(repository);
    let mut reader = Reader::new(&books, store::format(repository), run);
    let mut located = scene.locate(&objects, &changes, &claimed, &owners, &mut reader);
    for seen in files.seen.iter().filter(|seen| {
        let is_scanned = seen.blob.is_none_or(|blob| objects.blobs.contains_key(&blob));
        !(is_scanned && is_committed(head.as_ref(), seen))
    }) {
        located.extend(seen.sightings.iter().map(|sighting| Located {
            at_head: vec![WORK_TREE.to_vec()],
            code_owners: owners.of(&seen.path),
            ..Located::new(Place::WorkTree, &seen.path, sighting)
        }));
    }
    located.extend(indexed(&index, &objects.blobs, &owners, run));
    let mut stats = objects.stats;
    stats += files.stats;
    let current = tips.current().map(|head| &head.commit);
    let identity = identity::in_history(repository, name, &graph, current);
    Read { repository: identity, source, kind, refs, stats, located }
}

/// Commits that something leads to and that are not there.
fn missing_commits(
    tips: &Tips,
    graph: &Graph,
    reaches: [&Reach; 2],
    boundary: &[ObjectId],
    books: &Books<'_>,
    run: &Run<'_>,
) {
    if !boundary.is_empty() {
        let detail = format!(
            "history ends at {} commits of a shallow clone; `git fetch --unshallow` brings the rest",
            boundary.len()
        );
        run.gaps.add(GapReason::Shallow, "history", detail);
    }
    let missing = |id: &ObjectId, detail: String| {
        run.gaps.add(GapReason::Missing, id.to_string(), detail);
    };
    let holds = |id: &ObjectId| graph.number(id).is_some() || books.holds(id);
    for tip in tips.refs.iter().filter(|tip| !holds(&tip.direct)) {
        missing(&tip.direct, format!("{} leads to it", String::from_utf8_lossy(&tip.name)));
    }
    for (number, commit) in (0u32..).zip(graph.commits()) {
        let is_reached = reaches.iter().any(|reach| reach.holds(number));
        if !is_reached || boundary.contains(&commit.id) {
            continue;
        }
        for parent in commit.parents.iter().filter(|parent| !holds(parent)) {
            missing(parent, format!("the parent of {}", commit.id));
        }
    }
}

/// A repository with its commits, ready to say where blobs lay.
struct Scene<'a> {
    tips: &'a Tips,
    graph: &'a Graph,
    reach: &'a Reach,
    notes: &'a Reach,
}

impl Scene<'_> {
    fn locate<'r>(
        &self,
        objects: &Objects,
        changes: &Changes,
        claimed: &OidSet,
        owners: &Owners,
        reader: &mut Reader<'r, impl Shelf>,
    ) -> Vec<Located> {
        let current = self.graph.reach(self.tips.current().map(|head| &head.commit));
        let mut located = attribute::Repository {
            graph: self.graph,
            tips: self.tips,
            reach: self.reach,
            notes: self.notes,
            current: &current,
            owners,
        }
        .locate(objects, changes, claimed, reader);
        // What has no path cannot lie under one that was asked for.
        let options = reader.options();
        located.retain(|one| options.admits(&one.path));
        located
    }
}

fn indexed(
    index: &[Staged],
    blobs: &OidMap<Vec<Sighting>>,
    owners: &Owners,
    run: &Run<'_>,
) -> Vec<Located> {
    let mut located = Vec::new();
    for staged in index.iter().filter(|staged| run.options.admits(&staged.path)) {
        let sightings = blobs.get(&staged.blob).map_or(&[][..], Vec::as_slice);
        located.extend(sightings.iter().map(|sighting| Located {
            blob: Some(staged.blob.to_string()),
            at_head: vec![INDEX.to_vec()],
            code_owners: owners.of(&staged.path),
            ..Located::new(Place::Index, &staged.path, sighting)
        }));
    }
    located
}

/// What is staged and not committed.
pub(crate) fn staged(path: &Path, repository: &Repository, run: &Run<'_>) -> Read {
    let index = staged::quick(repository, store::head_tree(repository).as_ref(), run);
    let order: BTreeSet<ObjectId> = index
        .iter()
        .filter(|staged| run.options.admits(&staged.path))
        .map(|staged| staged.blob)
        .collect();
    let order: Vec<ObjectId> = order.into_iter().collect();
    let objects = history::read(path, &order, run);
    let owners = if objects.blobs.is_empty() { Owners::none() } else { Owners::read(repository) };
    let mut located = indexed(&index, &objects.blobs, &owners, run);
    for staged in index.iter().filter(|staged| staged.is_new && run.options.admits(&staged.path)) {
        located.extend(sight_name(&staged.path, run).iter().map(|sighting| Located {
            at_head: vec![INDEX.to_vec()],
            ..Located::new(Place::Index, &staged.path, sighting)
        }));
    }
    Read {
        repository: identity::at_hand(repository, run.options.name.as_ref()),
        source: shown_source(path),
        kind: ScopeKind::Staged,
        refs: Vec::new(),
        stats: Stats { files: index.len() as u64, ..objects.stats },
        located,
    }
}

/// What the commits that HEAD reaches and `revision` does not brought in.
pub(crate) fn since(
    path: &Path,
    repository: &Repository,
    revision: &str,
    run: &Run<'_>,
) -> Result<Read, ScanError> {
    let commits = commits_since(repository, revision).map_err(|error| ScanError::Revision {
        path: path.display().to_string(),
        revision: revision.to_owned(),
        detail: error.message().to_owned(),
    })?;
    let mut objects = history::read(path, &commits, run);
    let graph = objects.take_graph();
    let (tips, _) = Tips::read(repository);
    let reach = graph.reach(&commits);
    let notes = graph.reach([]);
    let format = store::format(repository);
    let mut changes = brought::collect(path, format, &graph, run);
    let blobs: BTreeSet<ObjectId> = changes.changes.iter().map(|change| change.blob).collect();
    let blobs: Vec<ObjectId> = blobs.into_iter().collect();
    let brought = history::read(path, &blobs, run);
    objects.append(brought);
    // What the parents had there is needed too, or else it would seem to be new.
    let before: BTreeSet<ObjectId> = changes
        .changes
        .iter()
        .filter(|change| objects.blobs.contains_key(&change.blob))
        .flat_map(|change| change.before.iter().copied())
        .filter(|blob| !objects.blobs.contains_key(blob))
        .collect();
    let before: Vec<ObjectId> = before.into_iter().collect();
    let had = history::read(path, &before, run);
    objects.blobs.extend(had.blobs);
    changes.changes.retain(|change| objects.blobs.contains_key(&change.blob));

    let scene = Scene { tips: &tips, graph: &graph, reach: &reach, notes: &notes };
    let owners = Owners::read(repository);
    let mut reader = Reader::new(repository, format, run);
    let claimed = before.into_iter().collect();
    let located = scene.locate(&objects, &changes, &claimed, &owners, &mut reader);
    let current = tips.current().map(|head| (head.name.clone(), head.commit.to_string()));
    Ok(Read {
        repository: identity::identify(repository, run.options.name.as_ref()),
        source: shown_source(path),
        kind: ScopeKind::Since,
        refs: current.into_iter().collect(),
        stats: objects.stats,
        located,
    })
}

fn commits_since(repository: &Repository, revision: &str) -> Result<Vec<ObjectId>, git2::Error> {
    let last = repository.revparse_single(revision)?.peel_to_commit()?;
    let mut walk = repository.revwalk()?;
    walk.push_head()?;
    walk.hide(last.id())?;
    walk.map(|id| id.map(store::id)).collect()
}
