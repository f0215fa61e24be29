//! Repositories with a history of random changes, made by one run of `git fast-import` each.

use crate::dice::Dice;
use crate::ground::git;
use crate::texts::Palette;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A bare repository.
pub(crate) struct Store {
    folder: TempDir,
}

/// The files of a branch, by path.
type Files = Vec<(String, Vec<u8>)>;

/// Writes the stream that `git fast-import` reads.
struct Importer<'a> {
    dice: &'a mut Dice,
    palette: &'a Palette,
    out: Vec<u8>,
    marks: usize,
    /// Versions that were; some come back.
    old: Vec<Vec<u8>>,
}

impl Store {
    /// A repository whose objects lie in one pack, changes to each other as the importer made them.
    pub(crate) fn new(dice: &mut Dice, palette: &Palette, format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let format = format!("--object-format={format}");
        git(folder.path(), &["init", "-q", "--bare", "--template=", "-b", "main", &format, "."]);
        let store = Self { folder };
        let mut importer =
            Importer { dice, palette, out: Vec::new(), marks: 0, old: vec![Vec::new()] };
        importer.history();
        let stream = importer.out;
        store.feed(&["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet"], &stream);
        git(store.path(), &["update-ref", "-d", "refs/heads/gone"]);
        store
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        git(self.path(), arguments);
    }

    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.path()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let mut child = git.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        assert!(child.wait().unwrap().success(), "git {arguments:?}");
    }

    /// What git says on standard output.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Vec<u8> {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.path()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        output.stdout
    }

    /// The packs there are.
    pub(crate) fn packs(&self) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.path().join("objects/pack")).unwrap();
        let files = folder.map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|end| end == "pack")).collect()
    }

    /// Puts every object into a file of its own: no object is a change to another any more.
    pub(crate) fn unpack(&self) {
        let packs: Vec<Vec<u8>> =
            self.packs().iter().map(|path| std::fs::read(path).unwrap()).collect();
        let folder = self.path().join("objects/pack");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        for pack in packs {
            self.feed(&["unpack-objects", "-q"], &pack);
        }
    }
}

impl Importer<'_> {
    fn history(&mut self) {
        let mut files = Files::new();
        let mut before = None;
        let mut side: Option<(usize, Files)> = None;
        for _ in 0..self.dice.from(10, 50) {
            let merged = match self.dice.below(8) {
                0 if side.is_none() && before.is_some() => {
                    let mut theirs = files.clone();
                    let tip = self.commit("side", before, None, &mut theirs);
                    side = Some((tip, theirs));
                    None
                }
                1 => side.take().map(|(tip, theirs)| {
                    files.extend(theirs);
                    files.sort();
                    files.dedup_by(|a, b| a.0 == b.0);
                    tip
                }),
                _ => None,
            };
            before = Some(self.commit("main", before, merged, &mut files));
        }
        let tip = before.unwrap();
        self.commit("gone", before, None, &mut files.clone());
        let message = self.message();
        self.say(format!("tag v1\nfrom :{tip}\ntagger {WHO} 1700009000 +0000\n"));
        self.data(&message);
        let note = self.message();
        self.say(format!("commit refs/notes/commits\ncommitter {WHO} 1700009000 +0000\n"));
        self.data(b"Note");
        self.say(format!("N inline :{tip}\n"));
        self.data(&note);
    }

    /// One commit with a few changed files; its mark.
    fn commit(
        &mut self,
        branch: &str,
        parent: Option<usize>,
        merged: Option<usize>,
        files: &mut Files,
    ) -> usize {
        for _ in 0..self.dice.from(1, 4) {
            self.change(files);
        }
        self.marks += 1;
        let (mark, time) = (self.marks, 1_700_000_000 + self.marks * 100);
        let who = *self.dice.pick(&[WHO, "Bob <bob@example.org>"]);
        self.say(format!("commit refs/heads/{branch}\nmark :{mark}\n"));
        self.say(format!("committer {who} {time} +0000\n"));
        let message = self.message();
        self.data(&message);
        for (word, mark) in [("from", parent), ("merge", merged)] {
            if let Some(mark) = mark {
                self.say(format!("{word} :{mark}\n"));
            }
        }
        self.say("deleteall\n".to_owned());
        for (path, text) in files.iter() {
            self.say(format!("M 100644 inline {path}\n"));
            self.data(text);
        }
        mark
    }

    fn change(&mut self, files: &mut Files) {
        let at = self.dice.below(files.len());
        match self.dice.below(12) {
            0 if files.len() > 1 => {
                files.remove(at);
            }
            1 if !files.is_empty() => files[at].0 = self.path(files),
            2 if !files.is_empty() => files[at].1 = self.dice.pick(&self.old).clone(),
            3 if !files.is_empty() => {
                let copy = (self.path(files), files[at].1.clone());
                files.push(copy);
            }
            4..=11 if files.len() > 1 => {
                let other = self.dice.pick(files).1.clone();
                let text = &mut files[at].1;
                self.old.push(text.clone());
                self.palette.edit(self.dice, text, &other);
            }
            _ => {
                let file = (self.path(files), self.palette.file(self.dice));
                files.push(file);
            }
        }
    }

    /// A path that is not there yet and is no folder of others.
    fn path(&mut self, files: &Files) -> String {
        let folder = *self.dice.pick(&["", "src/", "src/deep/er/", "conf/"]);
        let name = self.dice.pick(&["main.rs", "app.env", "settings.yaml", "a.min.js", "key.pem"]);
        let mut path = format!("{folder}{name}");
        while files.iter().any(|(known, _)| *known == path) {
            path = format!("{folder}{}-{name}", self.dice.below(1 << 20));
        }
        path
    }

    fn message(&mut self) -> Vec<u8> {
        let mut message = b"Change\n\nA few words.\n".to_vec();
        if self.dice.once_in(4) {
            message.extend_from_slice(self.palette.plant(self.dice));
        }
        message
    }

    fn say(&mut self, words: String) {
        self.out.extend_from_slice(words.as_bytes());
    }

    fn data(&mut self, bytes: &[u8]) {
        self.say(format!("data {}\n", bytes.len()));
        self.out.extend_from_slice(bytes);
        self.out.push(b'\n');
    }
}

const WHO: &str = "Ann <ann@example.org>";
