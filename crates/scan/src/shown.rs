//! Which known secrets may stand in what a repository shows now: at its heads, in its files, in its
//! index. History, which is most of what there is, need not be read to know that.

use crate::bounds::Bounds;
use crate::configuration;
use crate::detector::Detector;
use crate::gaps::Gaps;
use crate::heads::Tips;
use crate::history;
use crate::memory::{Heads, Shown};
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

/// Something that is looked for.
type Sought = (Arc<Rule>, Secret);

/// Those of `known` whose bytes stand, or may stand, in what `source` shows now; `None` when not all
/// of that can be read, and nothing is known.
///
/// Who is not among them has no place that [`stands`](crate::stands()) would give with a head. Where
/// the others stand only that tells. With a memory, no value is looked for twice in an object.
pub fn shown(
    source: &Source,
    known: &[(Arc<Rule>, Secret)],
    key: &FingerprintKey,
    options: &Options,
    now: Timestamp,
    cancel: &AtomicBool,
) -> Option<Vec<(Arc<Rule>, Secret)>> {
    let ground = Ground::of(source)?;
    let memory = ground.history.as_ref().and_then(|history| {
        let folder = options.memory.as_deref()?;
        Heads::of(&history.repository, folder, key, options.max_file_size, now)
    });
    // What is remembered of a scan is of all objects, and of no use here.
    let options = &Options { memory: None, path_filter: Vec::new(), ..options.clone() };
    let look = Look { ground, memory, key, options, now, cancel };
    let before = look.memory.as_ref().and_then(Heads::recall).unwrap_or_default();
    let name = |secret: &Secret| key.fingerprint(secret);
    let is_old = |one: &&Sought| before.values.contains_key(&name(&one.1));
    let (old, new): (Vec<&Sought>, Vec<&Sought>) = known.iter().partition(is_old);
    let mut seen: BTreeSet<Fingerprint> =
        before.values.iter().filter(|(_, is_seen)| **is_seen).map(|(name, _)| *name).collect();
    // New values first, in everything: what is there then has been looked at for all of them.
    let of_new = if new.is_empty() { None } else { Some(look.read(&new, None)?) };
    let of_old = if old.is_empty() { None } else { Some(look.read(&old, Some(&before))?) };
    let mut after = match (of_new, of_old) {
        (Some((found, read)), None) => {
            seen.extend(found);
            read
        }
        (Some((found, read)), Some((again, _))) => {
            seen.extend(found.into_iter().chain(again));
            read
        }
        (None, Some((found, read))) => {
            seen.extend(found);
            before.with(read)
        }
        (None, None) => return Some(Vec::new()),
    };
    after.values = known.iter().map(|(_, one)| (name(one), seen.contains(&name(one)))).collect();
    if let Some(memory) = &look.memory {
        memory.keep(&after);
    }
    Some(known.iter().filter(|(_, secret)| seen.contains(&name(secret))).cloned().collect())
}

/// What a source shows now.
struct Ground<'a> {
    path: &'a Path,
    format: Format,
    history: Option<History>,
    has_files: bool,
    /// Its configuration does not lie among its files.
    has_configuration: bool,
}

/// A repository whose heads are read. They are listed once: all is asked of the same ones.
struct History {
    repository: Repository,
    tips: Tips,
}

impl<'a> Ground<'a> {
    /// `None` when that cannot be told.
    fn of(source: &'a Source) -> Option<Self> {
        let has_history =
            |path| History::open(path).map(|one| (store::format(&one.repository), one));
        match source {
            Source::Tree(path) => {
                let format = store::open(path).map_or(Format::Sha1, |one| store::format(&one));
                let has_configuration = false;
                Some(Self { path, format, history: None, has_files: true, has_configuration })
            }
            Source::History(path) => {
                let (format, history) = has_history(path)?;
                let history = Some(history);
                Some(Self { path, format, history, has_files: false, has_configuration: false })
            }
            Source::Whole(path) => {
                let (format, history) = has_history(path)?;
                let has_files = repository::has_files(path, &history.repository);
                let has_configuration = !path.join(".git").is_dir();
                Some(Self { path, format, history: Some(history), has_files, has_configuration })
            }
            Source::Staged(_) | Source::Since { .. } | Source::Stdin(_) => None,
        }
    }
}

impl History {
    fn open(path: &Path) -> Option<Self> {
        let repository = store::open(path).ok()?;
        // The heads of submodules are those of other stores.
        if repository.commondir().join("modules").exists() {
            return None;
        }
        let (tips, failed) = Tips::read(&repository);
        failed.is_empty().then_some(Self { repository, tips })
    }
}

/// Where is looked, and how.
struct Look<'a> {
    ground: Ground<'a>,
    memory: Option<Heads>,
    key: &'a FingerprintKey,
    options: &'a Options,
    now: Timestamp,
    cancel: &'a AtomicBool,
}

impl Look<'_> {
    /// Which of `known` are seen in all that is shown, but for the objects that were read `before`; and
    /// what was read. `None` when not all could be.
    fn read(&self, known: &[&Sought], before: Option<&Shown>) -> Option<(Vec<Fingerprint>, Shown)> {
        let plain = known.iter().map(|(rule, secret)| (as_format(rule), secret.clone())).collect();
        let detector = Detector::seeking(Arc::new(RuleSet::new(Vec::new())), plain).ok()?;
        let run = Run {
            vault: Vault::new(&detector, self.key, self.now),
            options: self.options,
            gaps: Gaps::default(),
            bounds: Bounds::default(),
            openings: Openings::default(),
            progress: &(),
            cancel: self.cancel,
        };
        run.gaps.listen();
        let mut read = Shown::default();
        let Ground { path, history, .. } = &self.ground;
        if let Some(history) = history {
            self.heads(history, before, &mut read, &run)?;
            if self.ground.has_configuration {
                configuration::read(path, &history.repository, &run);
            }
        }
        if self.ground.has_files {
            let root = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
            worktree::read(&root, self.ground.format, Nested::Told, &run);
        }
        let is_whole = run.gaps.heard().keys().all(|(reason, _)| !reason.is_omission());
        if !is_whole || run.is_cancelled() {
            return None;
        }
        let seen = run.vault.into_known();
        let names =
            seen.iter().flat_map(|one| one.aliases.iter().copied().chain([one.fingerprint]));
        let names: BTreeSet<Fingerprint> = names.collect();
        let is_seen =
            |secret: &Secret| self.key.names(secret).iter().any(|one| names.contains(one));
        let seen = known.iter().filter(|(_, secret)| is_seen(secret));
        Some((seen.map(|(_, secret)| self.key.fingerprint(secret)).collect(), read))
    }

    /// What the branches have now, and what is staged; their names as well.
    fn heads(
        &self,
        history: &History,
        before: Option<&Shown>,
        read: &mut Shown,
        run: &Run<'_>,
    ) -> Option<()> {
        let History { repository, tips } = history;
        for head in &tips.heads {
            run.sight_name(&head.name);
        }
        let mut staged = Vec::new();
        if self.ground.has_files {
            staged = staged::list(repository, store::head_tree(repository).as_ref(), run);
        }
        read.date(tips);
        let is_same = before.is_some_and(|before| before.is_as_of(tips));
        if is_same && staged.is_empty() {
            return Some(());
        }
        let store = store::objects(repository, run.options).ok()?;
        let mut wanted = vec![false; store.len() as usize];
        if !is_same {
            let memory = self.memory.as_ref();
            let mut trees = Trees::new(&store, memory, before, read, run);
            for head in &tips.heads {
                trees.commit(&head.commit)?;
            }
            trees.read(&mut wanted)?;
        }
        for staged in staged {
            wanted[store.number(&staged.blob)? as usize] = true;
        }
        if wanted.contains(&true) {
            history::walk(&store, Some(&wanted), run);
        }
        Some(())
    }
}

/// Of a value without a format less would be told where it stands in something encoded.
fn as_format(rule: &Rule) -> Arc<Rule> {
    Arc::new(Rule { judge: None, precedence: u8::MAX, ..rule.clone() })
}

/// The trees of some commits, each read once.
struct Trees<'a> {
    store: &'a Store,
    memory: Option<&'a Heads>,
    before: Option<&'a Shown>,
    /// What is read.
    read: &'a mut Shown,
    run: &'a Run<'a>,
    is_seen: Vec<bool>,
    open: Vec<u32>,
    names: HashSet<Box<[u8]>>,
}

impl<'a> Trees<'a> {
    fn new(
        store: &'a Store,
        memory: Option<&'a Heads>,
        before: Option<&'a Shown>,
        read: &'a mut Shown,
        run: &'a Run<'a>,
    ) -> Self {
        let is_seen = vec![false; store.len() as usize];
        Self { store, memory, before, read, run, is_seen, open: Vec::new(), names: HashSet::new() }
    }

    /// The tree of a commit is to be read.
    fn commit(&mut self, id: &ObjectId) -> Option<()> {
        let (kind, data) = self.store.object(id, MOST_TREE as u64).ok()?;
        let commit = store::parse_commit(*id, &data).filter(|_| kind == ObjectType::Commit)?;
        if self.is_to_be_read(&commit.tree)? {
            self.open.push(self.store.number(&commit.tree)?);
        }
        Some(())
    }

    /// Whether an object was not read, before or now; it will be. `None` if it is not there.
    fn is_to_be_read(&mut self, id: &ObjectId) -> Option<bool> {
        let number = self.store.number(id)?;
        let is_seen = std::mem::replace(&mut self.is_seen[number as usize], true);
        let was_read =
            self.memory.zip(self.before).is_some_and(|(m, before)| m.is_read(before, id));
        if is_seen || was_read {
            return Some(false);
        }
        if let Some(memory) = self.memory {
            memory.note(self.read, id);
        }
        Some(true)
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
                if entry.kind == Kind::Submodule || !self.is_to_be_read(&entry.id)? {
                    continue;
                }
                let number = self.store.number(&entry.id)?;
                match entry.kind {
                    Kind::Tree => self.open.push(number),
                    _ => wanted[number as usize] = true,
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
