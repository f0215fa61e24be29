//! Nothing is scanned twice: what the objects of a store hold is remembered from scan to scan.
//!
//! ```text
//! inventory of the store ── the same ──▶ recall   only the witnesses of each secret are read
//!    against the one of    ── grown ───▶ grown    the new objects as well, and what they changed
//!    the last scan         ── else ────▶ anew     every object
//! ```
//!
//! The outcome is that of a scan of everything, and whenever that is not certain everything is
//! scanned: other rules, another program, another key, packs that are gone, a file that is damaged
//! or was written by somebody else. No byte of a secret is kept: only which objects bear witness to
//! it, and these are read again.

mod bytes;
mod file;
mod fresh;
mod grown;
mod place;
mod record;

use crate::changes::{self, Changes};
use crate::folders;
use crate::gaps::Told;
use crate::graph::{Graph, Reach};
use crate::heads::Tips;
use crate::history::{self, Objects};
use crate::lead::Lead;
use crate::parallel;
use crate::run::Run;
use crate::store::{self, Shelf};
use git2::{ObjectType, Repository};
use place::{Change, Place};
use quietus_model::GapReason;
use quietus_odb::{ObjectId, OpenError, Problem, Store};
use record::Record;
use std::path::Path;

/// What the objects of a repository hold, and which commits brought it.
pub(crate) struct Past {
    pub(crate) objects: Objects,
    pub(crate) graph: Graph,
    pub(crate) changes: Changes,
    /// What refs other than notes reach.
    pub(crate) reach: Reach,
    pub(crate) notes: Reach,
    /// What could not be read, if that and all else may be remembered.
    told: Option<Told>,
}

/// Where single objects are read when that is done.
pub(crate) enum Books<'r> {
    Store(Box<Store>),
    Repository(&'r Repository),
}

impl Books<'_> {
    /// Whether there is an object of this name.
    pub(crate) fn holds(&self, id: &ObjectId) -> bool {
        match self {
            Self::Store(store) => store.number(id).is_some(),
            Self::Repository(one) => one.odb().is_ok_and(|odb| odb.exists(store::oid(id))),
        }
    }
}

impl Shelf for Books<'_> {
    fn object(&self, id: &ObjectId, limit: u64) -> Result<(ObjectType, Vec<u8>), Problem> {
        match self {
            Self::Store(store) => store.object(id, limit),
            Self::Repository(repository) => repository.object(id, limit),
        }
    }
}

/// The past of the repository at `path`, from memory as far as that can be.
///
/// # Errors
/// Its objects cannot be read at all.
pub(crate) fn past<'r>(
    path: &Path,
    repository: &'r Repository,
    tips: &Tips,
    run: &Run<'_>,
) -> Result<(Past, Books<'r>), OpenError> {
    let Some(place) = Place::of(repository, run) else {
        let store = store::objects(repository, run.options)?;
        return Ok((anew(&store, tips, run), Books::Store(Box::new(store))));
    };
    let mut last = place.recall();
    let change = last.as_ref().map_or(Change::Other, |record| place.change(record));
    if change == Change::None
        && let Some(past) = last.take().and_then(|record| recall(record, path, tips, run))
    {
        return Ok((past, Books::Repository(repository)));
    }
    let store = store::objects(repository, run.options)?;
    let grown = last
        .filter(|_| change == Change::Grown)
        .and_then(|record| grown::grow(record, &store, path, tips, run));
    let past = grown.unwrap_or_else(|| {
        run.bounds.renew();
        anew(&store, tips, run)
    });
    match lasting(&past, &place, tips, run) {
        Some(record) => place.keep(&record),
        None => place.forget(),
    }
    Ok((past, Books::Store(Box::new(store))))
}

/// Reads everything.
fn anew(store: &Store, tips: &Tips, run: &Run<'_>) -> Past {
    run.gaps.listen();
    store.problems().iter().cloned().for_each(|problem| run.problem_gap(problem));
    let mut objects = history::walk(store, None, run);
    let walked = run.gaps.heard();
    let commits = std::mem::take(&mut objects.commits);
    let threads = run.options.thread_count();
    let (graph, (mut lead, is_named)) =
        parallel::both(threads, || Graph::new(commits), || lead(store, &objects, run));
    let (reach, notes) = (tips.reach(&graph), tips.notes_reach(&graph));
    if run.is_cancelled() {
        let changes = Changes::default();
        return Past { objects, graph, changes, reach, notes, told: None };
    }
    if lead.is_endless {
        let detail = "folders within folders without end: not all that lies below is known";
        run.gaps.add(GapReason::TooLarge, "history", detail);
    }
    let reaches = [&reach, &notes];
    let none = Changes::default();
    let changes = changes::collect(store, &graph, &mut lead, reaches, &|_| true, none, run);
    let told = stable(&walked, run.gaps.heard()).filter(|_| !is_named);
    Past { objects, graph, changes, reach, notes, told }
}

/// What leads to the blobs that hold secrets, and whether the name of any entry holds one.
fn lead(store: &Store, objects: &Objects, run: &Run<'_>) -> (Lead, bool) {
    let mut is_wanted = vec![false; store.len() as usize];
    for number in objects.blobs.keys().filter_map(|blob| store.number(blob)) {
        is_wanted[number as usize] = true;
    }
    let folders = folders::read(store, &|number| is_wanted[number as usize], run);
    let is_named = !folders.named.is_empty();
    (Lead::new(folders, store.len()), is_named)
}

/// Gaps that last as long as the objects do. What is damaged may be mended in its place.
fn stable(walked: &Told, all: Told) -> Option<Told> {
    let lasts = |of: &(GapReason, Vec<u8>)| match of.0 {
        GapReason::Missing => true,
        GapReason::TooLarge => walked.contains_key(of),
        _ => false,
    };
    all.keys().all(lasts).then_some(all)
}

/// The same objects as in the last scan: nothing is read but who bears witness to secrets.
fn recall(record: Record, path: &Path, tips: &Tips, run: &Run<'_>) -> Option<Past> {
    // Whether an object is missed hangs on whether a ref leads to who wants it.
    if record.is_missing && record.tips != place::digest(tips) {
        return None;
    }
    let record = record.testified(path, run)?;
    for ((reason, object), detail) in &record.told {
        run.gaps.add(*reason, object.clone(), detail);
    }
    let graph = Graph::in_order(record.commits);
    let (reach, notes) = (tips.reach(&graph), tips.notes_reach(&graph));
    let (objects, told) = (record.objects, Some(record.told));
    let changes =
        Changes { changes: record.changes, named: Vec::new(), is_missing: record.is_missing };
    Some(Past { objects, graph, changes, reach, notes, told })
}

/// What is to be remembered of it, if it may be.
fn lasting(past: &Past, place: &Place, tips: &Tips, run: &Run<'_>) -> Option<Record> {
    let told = past.told.as_ref()?;
    let is_cut = run.is_cancelled()
        || !past.changes.named.is_empty()
        || !run.bounds.crowded_blobs().is_empty()
        || !run.vault.detector().failed().is_empty();
    if is_cut || !place.is_unchanged() {
        return None;
    }
    let paths = past.changes.changes.iter().map(|change| change.path.as_slice());
    let gaps = told.iter().flat_map(|((_, object), detail)| [object, detail.as_bytes()]);
    if run.vault.holds_any(paths.chain(gaps)) {
        return None;
    }
    Some(Record {
        inventory: place.inventory.clone(),
        tips: place::digest(tips),
        is_missing: past.changes.is_missing,
        secrets: run.vault.witnesses()?,
        commits: past.graph.commits().to_vec(),
        objects: past.objects.clone(),
        changes: past.changes.changes.clone(),
        told: told.clone(),
    })
}
