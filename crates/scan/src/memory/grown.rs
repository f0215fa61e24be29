//! A store that has other objects than it had: only what is new is read.

use super::fresh::{self, Fresh};
use super::known::Compared;
use super::record::Record;
use super::{Past, read, stable};
use crate::changes::{self, Changes};
use crate::heads::Tips;
use crate::history;
use crate::run::Run;
use crate::store::OidSet;
use quietus_model::Stats;
use quietus_odb::{ObjectId, Store};
use std::path::Path;

/// Whether an object is there and need not be read.
fn is_kept(id: &ObjectId, compared: &Compared, store: &Store) -> bool {
    store.number(id).is_some_and(|number| !compared.is_new[number as usize])
}

/// What was remembered and what is new, where nothing is gone. `None` when what is new changes what
/// was known of the old, or cannot be read in part: then more must be read.
pub(super) fn grow(
    mut record: Record,
    compared: &Compared,
    store: &Store,
    path: &Path,
    tips: &Tips,
    run: &Run<'_>,
) -> Option<Past> {
    // Which objects are missed is known anew only when all folders are looked at.
    if record.is_missing || record.thin(|id| is_kept(id, compared, store)) {
        return None;
    }
    let record = record.testified(path, run)?.filled(run)?;
    let is_new = &compared.is_new;
    run.gaps.listen();
    let mut new = history::walk(store, Some(is_new), run);
    let walked = run.gaps.heard();
    let is_plain = fresh::are_plain(store, &|number| is_new[number as usize], run);
    if !is_plain || stable(&walked, walked.clone()).is_none() {
        return None;
    }
    let brought: OidSet = new.commits.iter().map(|commit| commit.id).collect();
    let mut wanted_before = record.commits.iter().flat_map(|commit| &commit.parents);
    if wanted_before.any(|parent| brought.contains(parent)) {
        return None;
    }
    let old: Vec<ObjectId> = record.commits.iter().map(|commit| commit.id).collect();
    let kept = Stats { commits: old.len() as u64, ..compared.kept };
    new.commits.extend(record.commits);
    let graph = new.take_graph();
    let mut objects = record.objects;
    objects.stats = kept;
    objects.append(new);
    let (reach, notes) = (tips.reach(&graph), tips.notes_reach(&graph));
    let mut known = Changes { changes: record.changes, ..Changes::default() };
    for change in &mut known.changes {
        change.commit = graph.number(old.get(change.commit as usize)?)?;
        if !run.bounds.keep_change() {
            return None;
        }
    }
    let mut fresh = Fresh::new(store, &objects.blobs);
    let (reaches, asked) = ([&reach, &notes], |id: &ObjectId| brought.contains(id));
    let mut changes = changes::collect(store, &graph, &mut fresh, reaches, &asked, known, run);
    let is_cut = fresh.is_broken || !run.bounds.crowded_blobs().is_empty();
    // Where all might be too much to look at, all is looked at, to know whether it is.
    if is_cut || !run.bounds.spend(record.spent) || !run.bounds.is_ample() {
        return None;
    }
    let mut told = stable(&walked, run.gaps.heard())?;
    changes.changes.sort_by_key(|change| change.commit);
    let is_again = |object: &[u8]| {
        let number = ObjectId::from_hex(object).and_then(|id| store.number(&id));
        number.is_some_and(|number| is_new[number as usize])
    };
    for ((reason, object), detail) in record.told {
        // What could not be read was tried again.
        if !is_again(&object) {
            run.gaps.add(reason, object.clone(), &detail);
            told.entry((reason, object)).or_insert(detail);
        }
    }
    Some(Past { objects, graph, changes, reach, notes, told: Some(told), walked })
}

/// What was remembered of the objects that are still there, and what is new. All folders are read,
/// for which of them lead to what is there is another matter now.
pub(super) fn reread(
    mut record: Record,
    compared: &Compared,
    store: &Store,
    path: &Path,
    tips: &Tips,
    run: &Run<'_>,
) -> Option<Past> {
    record.thin(|id| is_kept(id, compared, store));
    let record = record.testified(path, run)?;
    let commits = record.commits.len() as u64;
    let mut objects = record.objects;
    objects.stats = Stats { commits, ..compared.kept };
    objects.commits = record.commits;
    let past = read(store, Some((objects, &compared.is_new)), tips, run);
    past.told.is_some().then_some(past)
}
