//! What the fuzz targets need beneath the public interface: nothing else may use it.

use crate::bounds::Bounds;
use crate::detector::{Detection, Detector};
use crate::folders::{Folders, Leads, NONE};
use crate::gaps::Gaps;
use crate::lead::{Lead, Leading};
use crate::reading::{Opener, Openings, Reading};
use crate::run::Run;
use crate::source::Options;
use crate::tree::{self, Kind};
use crate::vault::Vault;
use quietus_model::FingerprintKey;
use quietus_odb::{Copied, ObjectId, Store};
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

/// Bytes that were made from others by copying ranges of them.
pub type Version = (Vec<u8>, Vec<Copied>);

/// Detects in each version twice: by what changed since the one before it, and in all of it. Tells
/// what both found, and where the secrets stand.
pub fn carry(
    detector: &Detector,
    versions: &[Version],
    mut tell: impl FnMut(Vec<(usize, Detection)>, Vec<(usize, Detection)>),
) {
    let openings = Openings::default();
    let opener = Opener { detector, openings: &openings };
    let mut base = Reading::default();
    for (number, (bytes, copies)) in versions.iter().enumerate() {
        let (mut carried, mut whole) = (Reading::default(), Reading::default());
        opener.read(bytes, &mut whole);
        if number == 0 {
            opener.read(bytes, &mut carried);
        } else {
            opener.reread(bytes, &base, copies, &mut carried);
        }
        tell(carried.told(bytes), whole.told(bytes));
        base = carried;
    }
}

/// A name in a tree, and in words where it leads.
pub type Edge = (Vec<u8>, String);

/// What trees are said to lead to, all in all.
#[derive(Debug)]
pub struct Led {
    /// Whether folders are said to lie in folders without end.
    pub is_endless: bool,
    /// For each tree its sum, and its entries that lead to anything.
    pub trees: HashMap<u32, (u128, Vec<Edge>)>,
}

/// Tells of each tree of a store where its entries lead: as found by comparing it with the one that
/// it is stored as a change to, and as found by reading all of it. The blobs with an even number
/// count as holding secrets.
///
/// # Errors
/// What was taken away from a tree that had it not.
pub fn folders(
    store: &Store,
    detector: &Detector,
    threads: usize,
    mut tell: impl FnMut(u32, Vec<Edge>, Vec<Edge>),
) -> Result<Led, Edge> {
    let (key, options) = (FingerprintKey::new([7; 32]), Options { threads, ..Options::default() });
    let cancel = AtomicBool::new(false);
    let run = Run {
        vault: Vault::new(detector, &key, jiff::Timestamp::UNIX_EPOCH),
        options: &options,
        gaps: Gaps::default(),
        bounds: Bounds::default(),
        openings: Openings::default(),
        progress: &(),
        cancel: &cancel,
    };
    let folders = crate::folders::read(store, &wanted, &run);
    let mut known: HashMap<u32, Vec<Edge>> = HashMap::new();
    for step in &folders.steps {
        let mut edges = match step.base {
            NONE => Vec::new(),
            base => known.get(&base).cloned().unwrap_or_default(),
        };
        for number in step.removed.clone() {
            let gone = edge(&folders, folders.edges[number as usize]);
            let at = edges.iter().position(|one| *one == gone).ok_or(gone)?;
            edges.swap_remove(at);
        }
        let added = &folders.edges[step.added.start as usize..step.added.end as usize];
        edges.extend(added.iter().map(|added| edge(&folders, *added)));
        edges.sort();
        let mut all = match store.read(step.tree, 1 << 20) {
            Ok((_, data)) => all_edges(store, &run, &data),
            Err(_) => edges.clone(),
        };
        all.sort();
        tell(step.tree, edges.clone(), all);
        known.insert(step.tree, edges);
    }
    let mut lead = Lead::new(folders, store.len());
    let trees = known.into_keys().map(|tree| {
        let edges = lead.edges(tree).0;
        let edges = edges.iter().map(|one| edge(lead.folders(), *one)).collect();
        (tree, (lead.sum(tree), edges))
    });
    let trees = trees.collect();
    Ok(Led { is_endless: lead.is_endless, trees })
}

fn wanted(number: u32) -> bool {
    number.is_multiple_of(2)
}

fn edge(folders: &Folders, edge: crate::folders::Edge) -> Edge {
    let leads = match edge.leads {
        Leads::Folder(number) => format!("folder {number}"),
        Leads::Blob(number) => format!("blob {number}"),
        Leads::Missing(number) => missing(&folders.missing[number as usize]),
        Leads::Named => "named".to_owned(),
    };
    (folders.names[edge.name as usize].to_vec(), leads)
}

fn missing(id: &ObjectId) -> String {
    format!("missing {id}")
}

fn all_edges(store: &Store, run: &Run<'_>, data: &[u8]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for entry in tree::entries(data, store.format()) {
        let leads = match (entry.kind, store.number(&entry.id)) {
            (Kind::Submodule, _) => None,
            (Kind::Tree, Some(number)) => Some(format!("folder {number}")),
            (Kind::Blob, Some(number)) => wanted(number).then(|| format!("blob {number}")),
            (_, None) => Some(missing(&entry.id)),
        };
        let named = !run.sight_name(entry.name).is_empty();
        let named = named.then(|| "named".to_owned());
        edges.extend(leads.into_iter().chain(named).map(|leads| (entry.name.to_vec(), leads)));
    }
    edges
}
