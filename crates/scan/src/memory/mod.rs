//! Nothing is scanned twice: what the objects of a store hold is remembered from scan to scan.
//!
//! ```text
//! files of the store ── the same ──▶ recall   only the witnesses of each secret are read
//!   against those of    ── else: names of objects against those that were scanned
//!   the last scan            the same ──▶ recall
//!                            more ──────▶ grow     the new objects as well, and what they changed
//!                            else ──────▶ reread   the new objects, and all folders and commits
//!                            unsure ────▶ anew     every object
//! ```
//!
//! The outcome is that of a scan of everything, and whenever that is not certain everything is
//! scanned: other rules, another program, another key, something that cannot be read, a file that
//! is damaged or was written by somebody else. No byte of a secret is kept: only which objects bear
//! witness to it, and these are read again. Where it stands in a path, a hole is kept.
//!
//! Two things are believed, as git believes them: objects of one name are one object, and a pack or
//! an index that kept its name, its length and the check sums at its end was not written to.

mod bytes;
mod file;
mod fresh;
mod grown;
mod heads;
mod holes;
mod known;
mod place;
mod record;
mod sweep;

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
pub(crate) use heads::{Heads, Shown};
use holes::Masks;
use known::{Compared, Known};
use place::{Last, Place};
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
    /// What of the objects that were scanned could not be read.
    walked: Told,
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
        return Ok((read(&store, None, tips, run), Books::Store(Box::new(store))));
    };
    let mut last = place.recall();
    if last.as_ref().is_some_and(|last| place.is_same(&last.record)) {
        let same = last.take().and_then(|last| recall(last.record, path, tips, run));
        if let Some(past) = same {
            place.note();
            return Ok((past, Books::Repository(repository)));
        }
        last = place.recall();
    }
    let store = store::objects(repository, run.options)?;
    let mark = run.bounds.mark();
    let partly = last.and_then(|last| partly(last, &place, &store, path, tips, run));
    let (mut past, before) = match partly {
        Some((past, known, compared)) => (past, Some((known, compared))),
        None => {
            run.bounds.back_to(&mark);
            (read(&store, None, tips, run), None)
        }
    };
    let counts = std::mem::take(&mut past.objects.counts);
    match lasting(&past, &place, tips, run.bounds.spent_since(&mark), run) {
        Some(record) => {
            let before = before.as_ref().map(|(known, compared)| (known, compared));
            let known = Known::of(&store, &place.tags, before, &counts, &past.walked);
            place.keep(&record, known.as_ref());
        }
        None => place.forget(),
    }
    Ok((past, Books::Store(Box::new(store))))
}

/// What still holds of the last scan, and the rest read: with what was known then, and what of it
/// is there now.
fn partly(
    last: Last,
    place: &Place,
    store: &Store,
    path: &Path,
    tips: &Tips,
    run: &Run<'_>,
) -> Option<(Past, Known, Compared)> {
    if !store.problems().is_empty() || !place.goes_by_names(&last.record) {
        return None;
    }
    let (record, known) = last.open(place)?;
    let compared = known.compare(store, &place.tags);
    let mark = run.bounds.mark();
    let again = |record: Record| grown::reread(record, &compared, store, path, tips, run);
    let past = if compared.is_any_gone {
        again(record)
    } else {
        let past = if compared.is_any_new() {
            grown::grow(record, &compared, store, path, tips, run)
        } else {
            recall(record, path, tips, run)
        };
        past.or_else(|| {
            run.bounds.back_to(&mark);
            again(place.recall()?.record)
        })
    };
    Some((past?, known, compared))
}

/// Reads everything but the objects that need not be, of which `kept` has all there is to know.
fn read(store: &Store, kept: Option<(Objects, &[bool])>, tips: &Tips, run: &Run<'_>) -> Past {
    run.gaps.listen();
    store.problems().iter().cloned().for_each(|problem| run.problem_gap(problem));
    let mut objects = history::walk(store, kept.as_ref().map(|(_, is_new)| *is_new), run);
    if let Some((kept, _)) = kept {
        objects.append(kept);
    }
    let walked = run.gaps.heard();
    let commits = std::mem::take(&mut objects.commits);
    let order = || {
        let graph = Graph::new(commits);
        let (reach, notes) = (tips.reach(&graph), tips.notes_reach(&graph));
        (graph, reach, notes)
    };
    if run.is_cancelled() {
        let ((graph, reach, notes), changes) = (order(), Changes::default());
        return Past { objects, graph, changes, reach, notes, told: None, walked };
    }
    let mut is_wanted = vec![false; store.len() as usize];
    for number in objects.blobs.keys().filter_map(|blob| store.number(blob)) {
        is_wanted[number as usize] = true;
    }
    let lead = || {
        let folders = folders::read(store, &|number| is_wanted[number as usize], run);
        let is_named = !folders.named.is_empty();
        (Lead::new(folders, store.len()), is_named)
    };
    let threads = run.options.thread_count();
    let ((graph, reach, notes), (mut lead, is_named)) = parallel::both(threads, order, lead);
    if lead.is_endless {
        let detail = "folders within folders without end: not all that lies below is known";
        run.gaps.add(GapReason::TooLarge, "history", detail);
    }
    let reaches = [&reach, &notes];
    let none = Changes::default();
    let changes = changes::collect(store, &graph, &mut lead, reaches, &|_| true, none, run);
    let told = stable(&walked, run.gaps.heard()).filter(|_| !is_named);
    Past { objects, graph, changes, reach, notes, told, walked }
}

/// Gaps that last as long as the objects do. What is damaged may be mended in its place.
fn stable(walked: &Told, all: Told) -> Option<Told> {
    let lasts = |of: &(GapReason, Vec<u8>)| match of.0 {
        GapReason::Missing => true,
        GapReason::TooLarge | GapReason::Opaque => walked.contains_key(of),
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
    let record = record.testified(path, run)?.filled(run)?;
    run.bounds.expect(record.commits.len());
    let is_paid =
        run.bounds.spend(record.spent) && record.changes.iter().all(|_| run.bounds.keep_change());
    if !is_paid {
        return None;
    }
    for ((reason, object), detail) in &record.told {
        run.gaps.add(*reason, object.clone(), detail);
    }
    let graph = Graph::in_order(record.commits);
    let (reach, notes) = (tips.reach(&graph), tips.notes_reach(&graph));
    let (objects, told) = (record.objects, Some(record.told));
    let changes =
        Changes { changes: record.changes, named: Vec::new(), is_missing: record.is_missing };
    Some(Past { objects, graph, changes, reach, notes, told, walked: Told::new() })
}

/// What is to be remembered of it, if it may be.
fn lasting(past: &Past, place: &Place, tips: &Tips, spent: u64, run: &Run<'_>) -> Option<Record> {
    let told = past.told.as_ref()?;
    let is_cut = run.is_cancelled()
        || !past.changes.named.is_empty()
        || !run.bounds.crowded_blobs().is_empty()
        || !run.vault.detector().failed().is_empty();
    if is_cut {
        return None;
    }
    let seals = place.seals();
    if !place.is_unchanged() {
        return None;
    }
    let masks = Masks::of(&run.vault)?;
    let gaps = told.iter().flat_map(|((_, object), detail)| [object, detail.as_bytes()]);
    let blobs = past.objects.blobs.values().flatten();
    let sightings = past.objects.messages.iter().flat_map(|m| &m.sightings).chain(blobs);
    let inside = sightings.filter_map(|one| Some(one.hidden.as_ref()?.inside.as_bytes()));
    if gaps.chain(inside).any(|text| masks.is_any_in(text)) {
        return None;
    }
    let (changes, holes) = masks.hide(&past.changes.changes);
    Some(Record {
        inventory: place.inventory.clone(),
        seals,
        spent,
        tips: place::digest(tips),
        is_missing: past.changes.is_missing,
        secrets: run.vault.witnesses()?,
        commits: past.graph.commits().to_vec(),
        objects: past.objects.clone(),
        changes,
        holes,
        told: told.clone(),
    })
}
