//! What single commits have otherwise than their parents: one walk over the trees of each.

use crate::bounds::{MOST_PLACES, Places};
use crate::changes::{Change, Changes, Named, admit, cut, sight_name, spend, too_deep};
use crate::graph::Graph;
use crate::parallel;
use crate::reader::Reader;
use crate::run::Run;
use crate::source::Stage;
use crate::store::{self, OidMap};
use crate::tree;
use quietus_model::GapReason;
use quietus_odb::{Format, ObjectId};
use std::path::Path;

/// Commits handed to a thread at a time: neighbours share most of their trees.
const CHUNK: usize = 128;

/// Walks what each commit of `graph` has otherwise than its parents.
pub(crate) fn collect(path: &Path, format: Format, graph: &Graph, run: &Run<'_>) -> Changes {
    let numbers: Vec<u32> = (0..graph.commits().len() as u32).collect();
    run.progress.stage(Stage::Attribution, Some(numbers.len() as u64));
    run.bounds.expect(numbers.len());
    let chunks = parallel::chunks(
        &numbers,
        CHUNK,
        run.options.thread_count(),
        run.cancel,
        || store::reopen(path).map(|repository| Reader::new(repository, format, run)),
        |reader, share| {
            let mut collector = Collector {
                run,
                commit: 0,
                counts: OidMap::default(),
                places: Places::default(),
                found: Changes::default(),
            };
            for number in share {
                collector.commit = *number;
                let commit = graph.commit(*number);
                let parents: Vec<ObjectId> =
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
                all.changes.extend(kept.filter(|one| is_kept(&one.blob, &mut counts, run)));
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
fn is_kept(blob: &ObjectId, counts: &mut OidMap<u32>, run: &Run<'_>) -> bool {
    let count = counts.entry(*blob).or_default();
    *count += 1;
    if *count > MOST_PLACES {
        // What it holds is not known yet.
        let detail = format!("more than {MOST_PLACES} changes made files just this");
        run.gaps.add(GapReason::Overflow, blob.to_string(), detail);
    }
    *count <= MOST_PLACES
}

struct Collector<'a> {
    run: &'a Run<'a>,
    commit: u32,
    /// How often each blob was brought in.
    counts: OidMap<u32>,
    /// How many names hold each secret.
    places: Places,
    found: Changes,
}

impl tree::Visitor for Collector<'_> {
    fn blob(&mut self, path: &[u8], id: &ObjectId, before: &[ObjectId]) {
        if !self.run.options.admits(path) || !is_kept(id, &mut self.counts, self.run) {
            return;
        }
        if self.run.bounds.keep_change() {
            let (path, before) = (path.to_vec(), before.to_vec());
            self.found.changes.push(Change { path, blob: *id, before, commit: self.commit });
        } else {
            cut(self.run);
        }
    }

    fn name(&mut self, path: &[u8]) {
        if self.run.options.admits(path) {
            let mut sightings = sight_name(path, self.run);
            admit(&mut sightings, &mut self.places, self.run);
            if !sightings.is_empty() {
                let (path, commit) = (path.to_vec(), self.commit);
                self.found.named.push(Named { path, commit, sightings });
            }
        }
    }

    fn spend(&mut self, cost: u64) -> bool {
        spend(cost, self.run)
    }

    fn too_deep(&mut self, path: &[u8]) {
        too_deep(path, self.run);
    }
}
