//! Real repositories made with git, and what git says is in them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses its part of it; a test's own parts are right or the test fails"
)]

use quietus_odb::{Format, Kind, Object, ObjectId, Problem, Selection, Store, Visitor};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

/// A repository in a folder that goes away with it.
pub(crate) struct Repository {
    folder: Option<tempfile::TempDir>,
    path: PathBuf,
    pub(crate) format: Format,
    seed: u64,
}

/// What there is, by id.
pub(crate) type Content = BTreeMap<ObjectId, (Kind, Vec<u8>)>;

impl Repository {
    pub(crate) fn new(format: Format) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let repository = Self { folder: Some(folder), path, format, seed: 1 };
        let format = if format == Format::Sha256 { "sha256" } else { "sha1" };
        repository.git(&["init", "-q", "-b", "main", "--object-format", format, "."]);
        for (key, value) in [("gc.auto", "0"), ("maintenance.auto", "false"), ("pack.threads", "1")]
        {
            repository.git(&["config", key, value]);
        }
        repository
    }

    /// One that is there, named by SHA-1.
    pub(crate) fn at(path: &Path) -> Self {
        Self { folder: None, path: path.to_owned(), format: Format::Sha1, seed: 2 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.path().join(".git/objects")
    }

    pub(crate) fn pack_folder(&self) -> PathBuf {
        self.objects().join("pack")
    }

    /// The files of the packs that end so, in order.
    pub(crate) fn pack_files(&self, extension: &str) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(self.pack_folder())
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == extension))
            .collect();
        files.sort();
        files
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments, b"")
    }

    pub(crate) fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        git(self.path(), arguments, input)
    }

    pub(crate) fn random(&mut self, below: u64) -> u64 {
        // The numbers of Steele, Lea and Flood's SplitMix64.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.seed;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ value >> 31) % below
    }

    /// Commits so many random edits of a few files, and some tags.
    pub(crate) fn edits(&mut self, commits: usize) {
        let mut stream = String::new();
        let head = self.git(&["for-each-ref", "--format=%(objectname)"]);
        let mut from = !head.is_empty();
        let mut files: Vec<Vec<String>> = Vec::new();
        for _ in 0..6 {
            let lines = 20 + self.random(200);
            files.push((0..lines).map(|_| self.line()).collect());
        }
        for commit in 0..commits {
            stream
                .push_str("commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\n");
            let message = self.line();
            stream.push_str(&format!("data {}\n{message}\n", message.len()));
            if std::mem::take(&mut from) {
                stream.push_str("from refs/heads/main^0\n");
            }
            let file = self.random(files.len() as u64) as usize;
            for _ in 0..1 + self.random(6) {
                let (at, line) = (self.random(files[file].len() as u64) as usize, self.line());
                match self.random(4) {
                    0 => files[file].insert(at, line),
                    1 if files[file].len() > 3 => drop(files[file].remove(at)),
                    2 => {
                        let to = self.random(files[file].len() as u64) as usize;
                        files[file].swap(at, to);
                    }
                    _ => files[file][at] = line,
                }
            }
            let text = files[file].concat();
            stream.push_str(&format!(
                "M 100644 inline folder{}/{file}\ndata {}\n{text}\n",
                file % 3,
                text.len()
            ));
            if commit % 10 == 3 {
                stream.push_str(&format!(
                    "M 100644 inline empty\ndata 0\n\nM 100644 inline n{commit}\ndata 1\nx\n"
                ));
            }
        }
        self.git_with(&["fast-import", "--quiet", "--force"], stream.as_bytes());
        let name = format!("v{}", self.random(1 << 40));
        self.git(&[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "tag",
            "-a",
            "-m",
            "x",
            &name,
            "main",
        ]);
    }

    /// Commits so many versions of one file, each made of the one before.
    pub(crate) fn one_file(&mut self, versions: usize) {
        let mut stream = String::new();
        let mut text: String = (0..30).map(|_| self.line()).collect();
        for _ in 0..versions {
            text += &self.line();
            stream += "commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\n";
            stream += &format!("data 1\nx\nM 100644 inline file\ndata {}\n{text}\n", text.len());
        }
        self.git_with(&["fast-import", "--quiet", "--depth=4095"], stream.as_bytes());
    }

    fn line(&mut self) -> String {
        let words = 1 + self.random(9);
        let words: Vec<_> = (0..words).map(|_| format!("{:x}", self.random(1 << 20))).collect();
        words.join(" ") + "\n"
    }

    /// Adds a blob as a loose object.
    pub(crate) fn blob(&self, content: &[u8]) -> ObjectId {
        let id = self.git_with(&["hash-object", "-w", "--stdin"], content);
        ObjectId::from_hex(id.trim().as_bytes()).unwrap()
    }

    /// What git says is there.
    pub(crate) fn content(&self) -> Content {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["cat-file", "--batch-all-objects", "--batch"])
            .env("GIT_NO_LAZY_FETCH", "1")
            .output()
            .unwrap();
        assert!(output.status.success());
        let mut content = Content::new();
        let mut rest = &output.stdout[..];
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line = std::str::from_utf8(&rest[..end]).unwrap();
            let words: Vec<_> = line.split(' ').collect();
            let size: usize = words[2].parse().unwrap();
            let kind = match words[1] {
                "commit" => Kind::Commit,
                "tree" => Kind::Tree,
                "blob" => Kind::Blob,
                "tag" => Kind::Tag,
                other => panic!("{other}"),
            };
            rest = &rest[end + 1..];
            let id = ObjectId::from_hex(words[0].as_bytes()).unwrap();
            content.insert(id, (kind, rest[..size].to_vec()));
            rest = &rest[size + 1..];
        }
        content
    }
}

pub(crate) fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is kept of an object, so that it would be noticed if that of another one came.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    data: Vec<u8>,
    depth: u32,
}

/// Keeps all that is handed over.
#[derive(Default)]
pub(crate) struct Keep {
    pub(crate) wanted: Vec<(u32, ObjectId, Kind, Vec<u8>)>,
    pub(crate) others: Vec<ObjectId>,
    pub(crate) streamed: Vec<ObjectId>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) deltas: usize,
    pub(crate) copied: usize,
    pub(crate) passed: u64,
    pub(crate) depth: u32,
}

impl Visitor for Keep {
    type State = Seen;

    fn object(&mut self, object: Object<'_>, base: Option<&Seen>, state: &mut Seen) {
        object.data.clone_into(&mut state.data);
        state.depth = base.map_or(0, |base| base.depth + 1);
        self.depth = self.depth.max(state.depth);
        assert_eq!(base.is_some(), object.delta.is_some());
        if let (Some(delta), Some(base)) = (object.delta, base) {
            assert_eq!(delta.base, base.data);
            self.deltas += 1;
            let mut last: Option<quietus_odb::Copied> = None;
            for &copy in delta.copies {
                assert!(copy.len > 0);
                let source = copy.source as usize..(copy.source + copy.len) as usize;
                let target = copy.target as usize..(copy.target + copy.len) as usize;
                assert_eq!(delta.base[source], object.data[target]);
                if let Some(last) = last {
                    assert!(last.target + last.len <= copy.target);
                    let joined = last.target + last.len == copy.target
                        && last.source + last.len == copy.source;
                    assert!(!joined, "neighbours are joined");
                }
                last = Some(copy);
                self.copied += copy.len as usize;
            }
        }
        if object.wanted {
            self.wanted.push((object.number, object.id(), object.kind, object.data.to_vec()));
        } else {
            self.others.push(object.id());
        }
    }

    fn stream(&mut self, number: u32, id: ObjectId, kind: Kind, size: u64, bytes: &mut dyn Read) {
        let mut data = Vec::new();
        match bytes.read_to_end(&mut data) {
            Ok(read) => {
                assert_eq!(read as u64, size);
                self.streamed.push(id);
                self.wanted.push((number, id, kind, data));
            }
            Err(error) => self.problems.push(Problem {
                subject: id.to_string(),
                reason: quietus_odb::Reason::Corrupt,
                detail: error.to_string(),
            }),
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn progress(&mut self, objects: u64) {
        self.passed += objects;
    }
}

impl Keep {
    /// What several threads kept, as one.
    pub(crate) fn joined(parts: Vec<Self>) -> Self {
        parts.into_iter().fold(Self::default(), |mut all, part| {
            all.wanted.extend(part.wanted);
            all.others.extend(part.others);
            all.streamed.extend(part.streamed);
            all.problems.extend(part.problems);
            all.deltas += part.deltas;
            all.copied += part.copied;
            all.passed += part.passed;
            all.depth = all.depth.max(part.depth);
            all
        })
    }

    /// What was wanted, by id; each object is there once.
    pub(crate) fn content(&self) -> Content {
        let mut content = Content::new();
        for (_, id, kind, data) in &self.wanted {
            let before = content.insert(*id, (*kind, data.clone()));
            assert!(before.is_none(), "{id} came twice");
        }
        content
    }
}

pub(crate) fn walk(store: &Store, selection: &Selection<'_>, threads: usize) -> Keep {
    Keep::joined(store.walk(selection, threads, &AtomicBool::new(false), Keep::default))
}

/// Compares without printing megabytes.
pub(crate) fn assert_same(actual: &Content, expected: &Content, of: &str) {
    for (id, there) in expected {
        let found = actual.get(id).unwrap_or_else(|| panic!("{of}: {id} did not come"));
        assert!(found == there, "{of}: {id} is not what it should be");
    }
    assert_eq!(actual.len(), expected.len(), "{of}");
}
