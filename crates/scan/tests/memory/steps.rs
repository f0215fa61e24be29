//! Random things that happen to a repository between two scans.

use crate::dice::Dice;
use crate::ground::{Ground, git, secret};
use crate::look::Eye;
use git2::Oid;
use quietus_scan::Source;
use std::path::PathBuf;
use tempfile::TempDir;

const BRANCHES: [&str; 3] = ["main", "side", "topic"];
/// Some of them hold what is a password in some file, or begins as one does.
const PATHS: [&str; 8] =
    ["a", "b.txt", "d/a", "d/e/f", "d/g", "h/i/j/k", "pw-3/a", "d/on-pw-7.pw-4/pw-11"];

/// A repository with another one that it fetches from.
pub(crate) struct Steps {
    dice: Dice,
    ground: Ground,
    other: TempDir,
    commits: Vec<Oid>,
    /// Loose objects that were taken away, and where they lay.
    taken: Vec<(PathBuf, Vec<u8>)>,
    /// Whether it may want objects that it once borrowed.
    is_broken: bool,
    steps: usize,
}

impl Steps {
    pub(crate) fn new(mut dice: Dice) -> Self {
        let ground = if dice.once_in(3) { Ground::bare() } else { Ground::new() };
        let other = TempDir::new().unwrap();
        git(other.path(), &["init", "-q", "-b", "main", "."]);
        let mut all = Self {
            dice,
            ground,
            other,
            commits: Vec::new(),
            taken: Vec::new(),
            is_broken: false,
            steps: 0,
        };
        for _ in 0..all.dice.from(1, 12) {
            all.commit();
        }
        all
    }

    pub(crate) fn source(&self) -> Source {
        self.ground.whole()
    }

    /// Something happens; its name.
    pub(crate) fn step(&mut self, eye: &mut Eye) -> String {
        self.steps += 1;
        let kind = self.dice.below(33);
        match kind {
            0..=4 => (0..self.dice.from(1, 4)).for_each(|_| self.commit()),
            5 => self.merge(),
            6 => self.branch(),
            7 => self.delete_branch(),
            8 => self.tag(),
            9 => self.amend(),
            10 => self.run(&["gc", "-q", "--prune=now"]),
            11 => self.run(&["repack", "-q", "-d"]),
            12 => self.run(&["repack", "-q", "-a", "-d", "-f", "--depth=3"]),
            13 | 14 => self.fetch(),
            15 => self.run(&["prune", "--expire=now"]),
            16 => eye.other_rules(),
            17 => eye.other_key(),
            18 => self.configure(),
            19 => self.spoil(eye),
            20 => self.write(),
            21 => self.note(),
            22 => self.index_packs(),
            23 => self.take(),
            24 => self.put_back(),
            // All once more, beside what there is.
            25 => self.run(&["repack", "-q", "-a", "-f"]),
            26 => self.touch(),
            27 => self.run(&["gc", "-q"]),
            28 => self.pack_otherwise(),
            29 => self.take_pack(),
            30 => self.borrow(),
            31 => self.stop_borrowing(),
            _ => eye.options.max_file_size = if self.dice.once_in(2) { 90 } else { 1 << 20 },
        }
        format!("step {} of kind {kind}", self.steps)
    }

    /// Text with an old secret, a new one, one that differs in its line, or none.
    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.dice.from(1, 4) {
            let label = self.dice.below(12).to_string();
            text += &match self.dice.below(9) {
                0 => format!("key: {}\n", secret(&label)),
                1 => format!("my key is {}\n", secret(&label)),
                // One secret by two rules, of which one is the better, and by its parts.
                2 => format!("password = \"pw-{label}\"\n"),
                3 => format!("at https://bob:pw-{label}@example.org\n"),
                4 => format!("pair-{label} and id-{}\n", self.dice.below(4)),
                5 => format!("pair-{label}{}\n", "\nnothing".repeat(9)),
                6 => format!("key: {} quietus:allow\n", secret(&label)),
                _ => format!("line {}\n", self.dice.below(40)),
            };
        }
        text
    }

    fn files(&mut self) -> Vec<(&'static str, Option<String>)> {
        let mut files: Vec<(&str, Option<String>)> = Vec::new();
        for _ in 0..self.dice.from(1, 3) {
            let path = *self.dice.pick(&PATHS);
            if files.iter().all(|(other, _)| *other != path) {
                let text = self.text();
                files.push((path, Some(text)));
            }
        }
        files
    }

    fn add(&mut self, branch: &str, parents: &[Oid]) {
        let files = self.files();
        let files: Vec<(&str, Option<&str>)> =
            files.iter().map(|(path, text)| (*path, text.as_deref())).collect();
        let message = if self.dice.once_in(5) { self.text() } else { "change".to_owned() };
        let name = *self.dice.pick(&["Ann", "Bob"]);
        // What it builds on may have been taken away or pruned.
        let is_whole = parents.iter().all(|parent| self.is_readable(*parent));
        let parents = if is_whole { parents } else { &[] };
        let id = self.ground.commit_on(parents, name, &message, &files);
        self.commits.push(id);
        self.ground.set(branch, id);
    }

    fn is_readable(&self, id: Oid) -> bool {
        let commit = self.ground.repository.find_commit(id);
        let tree = commit.and_then(|commit| commit.tree());
        tree.is_ok_and(|tree| {
            let mut is_whole = true;
            let walked = tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
                is_whole &= self.ground.repository.odb().unwrap().exists(entry.id());
                git2::TreeWalkResult::Ok
            });
            walked.is_ok() && is_whole
        })
    }

    fn commit(&mut self) {
        let branch = *self.dice.pick(&BRANCHES);
        let parents: Vec<Oid> = self.ground.tip(branch).into_iter().collect();
        self.add(branch, &parents);
    }

    fn merge(&mut self) {
        let parents: Vec<Oid> =
            ["main", "side"].into_iter().filter_map(|branch| self.ground.tip(branch)).collect();
        let branch = *self.dice.pick(&BRANCHES);
        // A branch must lead to its first parent, or git2 would not move it.
        self.add(branch, &parents);
    }

    fn any_commit(&mut self) -> Oid {
        let there: Vec<Oid> =
            self.commits.iter().copied().filter(|id| self.is_readable(*id)).collect();
        if there.is_empty() {
            self.add("main", &[]);
            return *self.commits.last().unwrap();
        }
        *self.dice.pick(&there)
    }

    fn branch(&mut self) {
        let id = self.any_commit();
        let branch = *self.dice.pick(&BRANCHES);
        self.ground.set(branch, id);
    }

    fn delete_branch(&mut self) {
        let name = format!("refs/heads/{}", self.dice.pick(&BRANCHES));
        if let Ok(mut reference) = self.ground.repository.find_reference(&name) {
            reference.delete().unwrap();
        }
    }

    fn tag(&mut self) {
        let id = self.any_commit();
        let (name, message) = (format!("v{}", self.steps), self.text());
        let repository = &self.ground.repository;
        let target = repository.find_object(id, None).unwrap();
        repository.tag(&name, &target, &self.ground.signature("Ann"), &message, true).unwrap();
    }

    fn amend(&mut self) {
        let Some(tip) = self.ground.tip("main").filter(|tip| self.is_readable(*tip)) else {
            return self.commit();
        };
        let parents: Vec<Oid> =
            self.ground.repository.find_commit(tip).unwrap().parent_ids().collect();
        self.add("main", &parents);
    }

    /// A command that git refuses when something is missing.
    fn run(&self, arguments: &[&str]) {
        if self.taken.is_empty() && !self.is_broken {
            git(&self.ground.path(), arguments);
        }
    }

    fn objects(&self) -> PathBuf {
        self.ground.repository.path().join("objects")
    }

    /// The files of all packs.
    fn packs(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.objects().join("pack")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    }

    fn index_packs(&self) {
        if self.packs().iter().any(|path| path.extension().is_some_and(|end| end == "pack")) {
            self.run(&["multi-pack-index", "write"]);
        }
    }

    /// Packs are as they were, but younger.
    fn touch(&self) {
        let now = std::fs::metadata(self.ground.path()).unwrap().modified().unwrap();
        let later = now + std::time::Duration::from_secs(self.steps as u64);
        for path in self.packs() {
            let bytes = std::fs::read(&path).unwrap();
            // By another name and back: they are other files as well then.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        }
    }

    fn pack_otherwise(&mut self) {
        let depth = format!("--depth={}", self.dice.pick(&[1, 10, 50]));
        let window = format!("--window={}", self.dice.pick(&[0, 2, 20]));
        self.run(&["repack", "-q", "-a", "-d", "-f", &depth, &window]);
    }

    /// A pack is gone, with its index or without it.
    fn take_pack(&mut self) {
        let packs = self.packs();
        let all = packs.iter().filter(|path| path.extension().is_some_and(|end| end == "pack"));
        let all: Vec<PathBuf> = all.cloned().collect();
        if all.is_empty() {
            return;
        }
        let pack = self.dice.pick(&all).clone();
        let index = if self.dice.once_in(5) { None } else { Some(pack.with_extension("idx")) };
        for path in [Some(pack), index].into_iter().flatten().filter(|path| path.exists()) {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            self.taken.push((path, bytes));
        }
    }

    fn borrow(&mut self) {
        let from = self.other.path().join(".git/objects");
        let list = self.objects().join("info/alternates");
        std::fs::create_dir_all(list.parent().unwrap()).unwrap();
        std::fs::write(list, format!("{}\n", from.display())).unwrap();
        self.is_broken = false;
    }

    fn stop_borrowing(&mut self) {
        if std::fs::remove_file(self.objects().join("info/alternates")).is_ok() {
            self.is_broken = true;
        }
    }

    fn fetch(&mut self) {
        if !self.taken.is_empty() || self.is_broken {
            return;
        }
        let text = self.text();
        let path = self.other.path().join(self.dice.pick(&["x", "y"]));
        std::fs::write(path, text).unwrap();
        git(self.other.path(), &["add", "."]);
        git(self.other.path(), &["commit", "-q", "--allow-empty", "-m", "there"]);
        let from = self.other.path().display().to_string();
        let limit = format!("fetch.unpackLimit={}", if self.dice.once_in(2) { 1 } else { 100 });
        let to = "+refs/heads/*:refs/remotes/other/*";
        git(&self.ground.path(), &["-c", &limit, "fetch", "-q", &from, to]);
    }

    fn configure(&mut self) {
        let url = format!("https://example.org/{}", self.dice.below(3));
        let mut config = self.ground.repository.config().unwrap();
        config.set_str("remote.origin.url", &url).unwrap();
    }

    /// One byte of the memory is another, or its end is cut off.
    fn spoil(&mut self, eye: &Eye) {
        let Some(mut bytes) = eye.file() else { return };
        let at = self.dice.below(bytes.len());
        if self.dice.once_in(2) {
            bytes[at] ^= 1;
        } else {
            bytes.truncate(at);
        }
        std::fs::write(eye.path().unwrap(), bytes).unwrap();
    }

    /// A file that is not committed, or staged as well.
    fn write(&mut self) {
        if self.ground.repository.is_bare() {
            return;
        }
        let text = self.text();
        let path = *self.dice.pick(&["loose.txt", "a"]);
        self.ground.write(path, &text);
        if self.dice.once_in(2) {
            let mut index = self.ground.repository.index().unwrap();
            index.add_path(std::path::Path::new(path)).unwrap();
            index.write().unwrap();
        }
    }

    fn note(&mut self) {
        let id = self.any_commit();
        let text = self.text();
        let who = self.ground.signature("Ann");
        // The tree of the notes may have been taken away.
        let _ = self.ground.repository.note(&who, &who, None, id, &text, true);
    }

    fn loose(&self) -> Vec<PathBuf> {
        let objects = self.ground.repository.path().join("objects");
        let folders = std::fs::read_dir(objects).unwrap().map(|folder| folder.unwrap().path());
        let folders = folders.filter(|folder| folder.file_name().unwrap().len() == 2);
        let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    }

    fn take(&mut self) {
        let loose = self.loose();
        if !loose.is_empty() {
            let path = self.dice.pick(&loose).clone();
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            self.taken.push((path, bytes));
        }
    }

    fn put_back(&mut self) {
        for (path, bytes) in self.taken.drain(..) {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if !path.exists() {
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}
