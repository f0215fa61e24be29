//! Which known secrets may stand in what a repository shows now: at its heads, in its files, in its
//! index. History, which is most of what there is, need not be read to know that.

use crate::bounds::Bounds;
use crate::configuration;
use crate::detector::Detector;
use crate::gaps::Gaps;
use crate::heads::Tips;
use crate::history;
use crate::reading::Openings;
use crate::repository;
use crate::run::Run;
use crate::source::{Options, Source};
use crate::staged;
use crate::store::{self, MOST_TREE, Shelf};
use crate::tree::{Kind, entries};
use crate::vault::Vault;
use crate::worktree::{self, Nested};
use git2::{ObjectType, Repository};
use jiff::Timestamp;
use quietus_model::{Fingerprint, FingerprintKey, GapReason, Rule, RuleSet, Secret};
use quietus_odb::{Format, ObjectId, Store};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Those of `known` whose bytes stand, or may stand, in what `source` shows now; `None` when not all
/// of that can be read, and nothing is known.
///
/// Who is not among them has no place that [`stands`](crate::stands()) would give with a head. Where
/// the others stand only that tells.
pub fn shown(
    source: &Source,
    known: &[(Arc<Rule>, Secret)],
    key: &FingerprintKey,
    options: &Options,
    now: Timestamp,
    cancel: &AtomicBool,
) -> Option<Vec<(Arc<Rule>, Secret)>> {
    let plain = known.iter().map(|(rule, secret)| (as_format(rule), secret.clone())).collect();
    let detector = Detector::seeking(Arc::new(RuleSet::new(Vec::new())), plain).ok()?;
    // What is remembered of a scan is of all objects, and of no use here.
    let options = &Options { memory: None, path_filter: Vec::new(), ..options.clone() };
    let run = Run {
        vault: Vault::new(&detector, key, now),
        options,
        gaps: Gaps::default(),
        bounds: Bounds::default(),
        openings: Openings::default(),
        progress: &(),
        cancel,
    };
    run.gaps.listen();
    read(source, &run)?;
    let is_whole = run.gaps.heard().keys().all(|(reason, _)| !reason.is_omission());
    if !is_whole || run.is_cancelled() {
        return None;
    }
    let seen = run.vault.into_known();
    let names: BTreeSet<Fingerprint> =
        seen.iter().flat_map(|one| one.aliases.iter().copied().chain([one.fingerprint])).collect();
    let is_seen = |secret: &Secret| key.names(secret).iter().any(|name| names.contains(name));
    Some(known.iter().filter(|(_, secret)| is_seen(secret)).cloned().collect())
}

/// Of a value without a format less would be told where it stands in something encoded.
fn as_format(rule: &Rule) -> Arc<Rule> {
    Arc::new(Rule { judge: None, precedence: u8::MAX, ..rule.clone() })
}

/// Reads what a source shows; secrets that are seen are kept. `None` when that cannot be told.
fn read(source: &Source, run: &Run<'_>) -> Option<()> {
    match source {
        Source::Tree(path) => {
            files(path, store::open(path).ok().as_ref(), run);
        }
        Source::History(path) => heads(&store::open(path).ok()?, false, run)?,
        Source::Whole(path) => {
            let repository = store::open(path).ok()?;
            let has_files = repository::has_files(path, &repository);
            heads(&repository, has_files, run)?;
            if has_files {
                files(path, Some(&repository), run);
            }
            if !path.join(".git").is_dir() {
                configuration::read(path, &repository, run);
            }
        }
        Source::Staged(_) | Source::Since { .. } | Source::Stdin(_) => return None,
    }
    Some(())
}

fn files(path: &Path, repository: Option<&Repository>, run: &Run<'_>) {
    let root = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let format = repository.map_or(Format::Sha1, store::format);
    worktree::read(&root, format, Nested::Told, run);
}

/// What the branches have now, and with `with_index` what is staged; their names as well.
fn heads(repository: &Repository, with_index: bool, run: &Run<'_>) -> Option<()> {
    // The heads of submodules are those of other stores.
    if repository.commondir().join("modules").exists() {
        return None;
    }
    let (tips, failed) = Tips::read(repository);
    if !failed.is_empty() {
        return None;
    }
    let store = store::objects(repository, run.options).ok()?;
    let mut wanted = vec![false; store.len() as usize];
    let mut trees = Trees::new(&store, run);
    for head in &tips.heads {
        run.sight_name(&head.name);
        trees.commit(&head.commit)?;
    }
    trees.read(&mut wanted)?;
    if with_index {
        let head = store::head_tree(repository);
        for staged in staged::list(repository, head.as_ref(), run) {
            wanted[store.number(&staged.blob)? as usize] = true;
        }
    }
    if wanted.contains(&true) {
        history::walk(&store, Some(&wanted), run);
    }
    Some(())
}

/// The trees of some commits, each read once.
struct Trees<'a> {
    store: &'a Store,
    run: &'a Run<'a>,
    is_seen: Vec<bool>,
    open: Vec<u32>,
    names: HashSet<Box<[u8]>>,
}

impl<'a> Trees<'a> {
    fn new(store: &'a Store, run: &'a Run<'a>) -> Self {
        let is_seen = vec![false; store.len() as usize];
        Self { store, run, is_seen, open: Vec::new(), names: HashSet::new() }
    }

    /// The tree of a commit is to be read.
    fn commit(&mut self, id: &ObjectId) -> Option<()> {
        let (kind, data) = self.store.object(id, MOST_TREE as u64).ok()?;
        let commit = store::parse_commit(*id, &data).filter(|_| kind == ObjectType::Commit)?;
        self.open(self.store.number(&commit.tree)?);
        Some(())
    }

    fn open(&mut self, tree: u32) {
        if !std::mem::replace(&mut self.is_seen[tree as usize], true) {
            self.open.push(tree);
        }
    }

    /// Reads all that are to be read, with what lies in them: `wanted` are the blobs there.
    fn read(mut self, wanted: &mut [bool]) -> Option<()> {
        let mut reader = self.store.reader();
        while let Some(tree) = self.open.pop() {
            if self.run.is_cancelled() {
                return None;
            }
            let (kind, data) = reader.read(tree, MOST_TREE as u64).ok()?;
            if kind != quietus_odb::Kind::Tree {
                return None;
            }
            let mut end = 0;
            for entry in entries(data, self.store.format()) {
                end += entry.len;
                self.name(entry.name);
                match entry.kind {
                    Kind::Submodule => {}
                    Kind::Tree => self.open(self.store.number(&entry.id)?),
                    Kind::Blob => wanted[self.store.number(&entry.id)? as usize] = true,
                }
            }
            if end != data.len() {
                self.run.gaps.add(GapReason::Corrupt, "tree", "not a tree throughout");
            }
        }
        Some(())
    }

    fn name(&mut self, name: &[u8]) {
        let is_long = name.len() >= self.run.vault.detector().shortest();
        if is_long && !self.names.contains(name) {
            self.run.sight_name(name);
            self.names.insert(name.into());
        }
    }
}
