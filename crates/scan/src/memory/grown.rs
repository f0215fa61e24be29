//! A store that has what it had and more: only the new objects are read.

use super::fresh::{self, Fresh};
use super::record::Record;
use super::{Past, stable};
use crate::changes::{self, Changes};
use crate::heads::Tips;
use crate::history;
use crate::run::Run;
use crate::store::OidSet;
use quietus_odb::{ObjectId, Store};
use std::collections::HashSet;
use std::path::Path;

/// What was remembered and what is new. `None` when what is new changes what was known of the old,
/// or cannot be read in part: then all of it must be read.
pub(super) fn grow(
    record: Record,
    store: &Store,
    path: &Path,
    tips: &Tips,
    run: &Run<'_>,
) -> Option<Past> {
    let is_new = new_objects(&record, store)?;
    let record = record.testified(path, run)?;
    run.gaps.listen();
    let mut new = history::walk(store, Some(&is_new), run);
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
    new.commits.extend(record.commits);
    let graph = new.take_graph();
    let mut objects = record.objects;
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
    let mut told = stable(&walked, run.gaps.heard()).filter(|_| !is_cut)?;
    changes.changes.sort_by_key(|change| change.commit);
    for ((reason, object), detail) in record.told {
        run.gaps.add(reason, object.clone(), &detail);
        told.entry((reason, object)).or_insert(detail);
    }
    Some(Past { objects, graph, changes, reach, notes, told: Some(told) })
}

/// Tells of each object whether it is new. `None` if anything is gone, or wrong with the packs.
fn new_objects(record: &Record, store: &Store) -> Option<Vec<bool>> {
    let old = &record.inventory;
    let old_packs: HashSet<&[u8]> = old.pieces.iter().filter_map(|piece| piece.pack()).collect();
    let is_old = |pack: usize| old_packs.contains(store.packs()[pack].name.as_bytes());
    let still = (0..store.packs().len()).filter(|pack| is_old(*pack)).count();
    let lost = old.loose.iter().any(|id| store.number(id).is_none());
    if !store.problems().is_empty() || still != old_packs.len() || lost {
        return None;
    }
    let loose: OidSet = old.loose.iter().copied().collect();
    let is_new = |number: u32| {
        let mut packs = store.packs_of(number).flatten();
        !packs.any(is_old) && !loose.contains(&store.id(number))
    };
    Some((0..store.len()).map(is_new).collect())
}
