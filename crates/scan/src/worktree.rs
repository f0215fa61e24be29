//! The files of a folder, as they lie on disk.

use crate::changes::sight_name;
use crate::pieces;
use crate::reading::Subject;
use crate::run::Run;
use crate::source::Stage;
use crate::store::{git_format, id};
use crate::vault::Sighting;
use git2::{ObjectFormat, ObjectType, Oid};
use ignore::{DirEntry, WalkBuilder, WalkState};
use quietus_model::{GapReason, Stats};
use quietus_odb::{Format, ObjectId};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path};
use std::sync::{Mutex, PoisonError};

/// Folders of a `.git` that hold nothing a person wrote; the objects are read as objects.
const SKIPPED: [&str; 7] = ["objects", "refs", "logs", "hooks", "info", "lfs", "rr-cache"];

/// As long as nearly all files are, in bytes.
const LEAST_BUFFER: usize = 256 << 10;

/// Whether a repository inside the folder, whose history is not read, is worth a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nested {
    /// Only files were asked for.
    Silent,
    Told,
}

/// A file, or a name, that holds secrets.
pub(crate) struct Seen {
    /// The path below the folder, with `/`.
    pub(crate) path: Vec<u8>,
    pub(crate) sightings: Vec<Sighting>,
    /// What the file would be called as a blob; `None` when the secret is in the name.
    pub(crate) blob: Option<ObjectId>,
}

/// What the files of a folder hold, in the order of their paths.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) seen: Vec<Seen>,
    pub(crate) stats: Stats,
}

/// Reads and scans every regular file below `root`, hidden ones included. Links are not followed.
/// `format` is that of the objects which files are compared with.
pub(crate) fn read(root: &Path, format: Format, nested: Nested, run: &Run<'_>) -> Files {
    run.progress.stage(Stage::Files, None);
    let obey = run.options.respect_gitignore;
    let walker = WalkBuilder::new(root)
        .standard_filters(false)
        .git_ignore(obey)
        .git_exclude(obey)
        .git_global(obey)
        .parents(obey)
        .require_git(false)
        .threads(run.options.thread_count())
        .filter_entry(is_wanted)
        .build_parallel();
    let all: Mutex<Files> = Mutex::default();
    walker.run(|| {
        let format = git_format(format);
        let mut reader = FileReader { root, format, nested, run, buffer: Vec::new(), all: &all };
        Box::new(move |entry| {
            if run.is_cancelled() {
                return WalkState::Quit;
            }
            match entry {
                Ok(entry) => reader.entry(&entry),
                Err(error) => run.gaps.add(GapReason::Unreadable, failed_path(&error), &error),
            }
            WalkState::Continue
        })
    });
    let mut files = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    files.seen.sort_by(|a, b| (&a.path, a.blob).cmp(&(&b.path, b.blob)));
    files
}

/// Of a `.git` folder only the configuration files, whose remotes may hold tokens.
fn is_wanted(entry: &DirEntry) -> bool {
    let inside = entry
        .path()
        .components()
        .rev()
        .take(entry.depth())
        .skip(1)
        .any(|component| component == Component::Normal(".git".as_ref()));
    if !inside {
        return true;
    }
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    let is_skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
    if is_folder { !is_skipped } else { entry.file_name() == "config" }
}

fn failed_path(error: &ignore::Error) -> Vec<u8> {
    match error {
        ignore::Error::WithPath { path, .. } => path.as_os_str().as_encoded_bytes().to_vec(),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            failed_path(err)
        }
        _ => b"files".to_vec(),
    }
}

struct FileReader<'a> {
    root: &'a Path,
    format: ObjectFormat,
    nested: Nested,
    run: &'a Run<'a>,
    /// What it holds beyond a file's own bytes is of files before.
    buffer: Vec<u8>,
    all: &'a Mutex<Files>,
}

impl FileReader<'_> {
    fn entry(&mut self, entry: &DirEntry) {
        let path = relative(entry.path(), self.root);
        if path.is_empty() || !self.run.options.admits(&path) {
            return;
        }
        let in_name = sight_name(&path, self.run);
        if !in_name.is_empty() {
            self.keep(Seen { path: path.clone(), sightings: in_name, blob: None });
        }
        // A submodule has a file of that name, and its history in the repository above.
        if let Some(repository) = path.strip_suffix(b"/.git")
            && self.nested == Nested::Told
            && entry.file_type().is_some_and(|kind| kind.is_dir())
        {
            let detail = "a repository of its own; name it to read its history";
            self.run.gaps.add(GapReason::Unobservable, repository, detail);
        }
        // Pipes and devices would make the scan wait; a link's target is scanned by its own name.
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            self.file(entry.path(), path);
        }
    }

    fn file(&mut self, on_disk: &Path, path: Vec<u8>) {
        let limit = self.run.options.max_file_size;
        let opened = File::open(on_disk).and_then(|mut file| {
            let len = fill(&mut self.buffer, &mut file, limit)?;
            Ok((file, len))
        });
        let (sightings, bytes, is_long) = match opened {
            Err(error) => return self.run.gaps.add(GapReason::Unreadable, path, error),
            Ok((rest, len)) if len as u64 > limit => {
                let mut start = std::mem::take(&mut self.buffer);
                start.truncate(len);
                let read = pieces::sight(
                    Subject::Named(&path),
                    &mut start.as_slice().chain(rest),
                    self.run,
                );
                if let Some(error) = read.error {
                    self.run.gaps.add(GapReason::Unreadable, path.clone(), error);
                }
                (read.sightings, read.bytes, true)
            }
            Ok((_, len)) => {
                let subject = Subject::Named(&path);
                (self.run.sight(subject, &self.buffer[..len]), len as u64, false)
            }
        };
        self.run.progress.advance(1, bytes);
        if !sightings.is_empty() {
            let blob = if is_long {
                Oid::hash_file_ext(ObjectType::Blob, on_disk, self.format)
            } else {
                let whole = &self.buffer[..bytes as usize];
                Oid::hash_object_ext(ObjectType::Blob, whole, self.format)
            };
            self.keep(Seen { path, sightings, blob: blob.ok().map(id) });
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.stats.files += 1;
        all.stats.bytes += bytes;
    }

    fn keep(&self, seen: Seen) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).seen.push(seen);
    }
}

/// Reads into the beginning of `buffer` until the end, or until there are more bytes than `limit`;
/// how many there are. Most files are had at one go, and the next one is the end.
fn fill(buffer: &mut Vec<u8>, from: &mut impl Read, limit: u64) -> std::io::Result<usize> {
    let mut len = 0;
    while len as u64 <= limit {
        if len == buffer.len() {
            buffer.resize((len * 2).max(LEAST_BUFFER), 0);
        }
        match from.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// The path below `root`, with `/`; the file's own name when it is the root.
fn relative(path: &Path, root: &Path) -> Vec<u8> {
    let below = match path.strip_prefix(root) {
        Ok(below) if below.as_os_str().is_empty() && path.is_file() => {
            path.file_name().map_or(Path::new(""), Path::new)
        }
        Ok(below) => below,
        Err(_) => path,
    };
    let names: Vec<&[u8]> = below
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.as_encoded_bytes()),
            _ => None,
        })
        .collect();
    names.join(&b'/')
}
