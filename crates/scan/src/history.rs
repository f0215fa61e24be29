//! Every object of a store once: blobs, and the messages of commits and tags.

use crate::graph::Graph;
use crate::parallel;
use crate::pieces;
use crate::reading::{Reading, Subject};
use crate::run::Run;
use crate::source::Stage;
use crate::store::{self, Commit, OidMap};
use crate::vault::Sighting;
use git2::{ObjectType, Repository};
use quietus_model::{GapReason, Stats};
use quietus_odb::{Kind, Kinds, Object, ObjectId, Problem, Selection, Store, Visitor};
use std::io::Read;
use std::path::Path;

/// Objects handed to a thread at a time.
const CHUNK: usize = 256;

/// What a person wrote.
const TEXTS: Kinds = Kinds::BLOBS.with(Kind::Commit).with(Kind::Tag);

/// A commit or tag whose message holds secrets.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) object: ObjectId,
    pub(crate) sightings: Vec<Sighting>,
}

/// What the objects of a store hold.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    /// Blobs that hold secrets.
    pub(crate) blobs: OidMap<Vec<Sighting>>,
    /// Commits and tags whose messages do.
    pub(crate) messages: Vec<Message>,
    /// All commits that could be read.
    pub(crate) commits: Vec<Commit>,
    pub(crate) stats: Stats,
    /// What each object added to these, where it is to be remembered.
    pub(crate) counts: Vec<Count>,
}

/// How many bytes the object of a number counted for.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    pub(crate) number: u32,
    pub(crate) bytes: u32,
}

/// In place of the bytes of an object of which it hangs on how it is stored how it is read.
pub(crate) const TOO_LARGE: u32 = u32::MAX;

impl Objects {
    pub(crate) fn append(&mut self, mut other: Self) {
        self.blobs.extend(other.blobs);
        self.messages.append(&mut other.messages);
        self.commits.append(&mut other.commits);
        self.stats += other.stats;
        self.counts.append(&mut other.counts);
    }

    /// The commits in their order; they are taken out.
    pub(crate) fn take_graph(&mut self) -> Graph {
        Graph::new(std::mem::take(&mut self.commits))
    }

    fn blob(&mut self, id: ObjectId, sightings: Vec<Sighting>) {
        if !sightings.is_empty() {
            self.blobs.insert(id, sightings);
        }
    }

    /// A commit or tag: its place in history, and its message.
    fn text(&mut self, id: ObjectId, is_commit: bool, data: &[u8], run: &Run<'_>) {
        if is_commit {
            match store::parse_commit(id, data) {
                Some(commit) => self.commits.push(commit),
                None => run.gaps.add(GapReason::Corrupt, id.to_string(), "not a commit"),
            }
        }
        let message = store::message(data);
        self.stats.objects += 1;
        self.stats.bytes += message.len() as u64;
        let sightings = run.sight(Subject::Object(id), message);
        if !sightings.is_empty() {
            self.messages.push(Message { object: id, sightings });
        }
    }
}

/// Reads and scans every blob, commit and tag of a store, or those of which `wanted` says so by
/// their number.
pub(crate) fn walk(store: &Store, wanted: Option<&[bool]>, run: &Run<'_>) -> Objects {
    let of = |wanted: &[bool]| wanted.iter().filter(|is_wanted| **is_wanted).count() as u64;
    run.progress.stage(Stage::Objects, Some(wanted.map_or(u64::from(store.len()), of)));
    let is_wanted = |number: u32| wanted.is_none_or(|wanted| wanted[number as usize]);
    let selection = Selection { kinds: TEXTS, wanted: wanted.is_some().then_some(&is_wanted) };
    let scanners = store.walk(&selection, run.options.thread_count(), run.cancel, || Scanner {
        run,
        found: Objects::default(),
        told: 0,
    });
    let mut all = Objects::default();
    scanners.into_iter().for_each(|scanner| all.append(scanner.found));
    all.stats.commits = all.commits.len() as u64;
    all
}

/// Scans what a walk hands over.
struct Scanner<'a> {
    run: &'a Run<'a>,
    found: Objects,
    /// The bytes that progress was told of.
    told: u64,
}

impl Scanner<'_> {
    /// Notes what an object of `len` bytes has added, of which there were `before`.
    fn note(&mut self, number: u32, len: u64, before: u64) {
        if self.run.options.memory.is_none() {
            return;
        }
        let bytes = match u32::try_from(self.found.stats.bytes - before) {
            Ok(bytes) if len <= self.run.options.max_file_size => bytes,
            _ => TOO_LARGE,
        };
        self.found.counts.push(Count { number, bytes });
    }
}

impl Visitor for Scanner<'_> {
    type State = Reading;

    fn object(&mut self, object: Object<'_>, base: Option<&Reading>, reading: &mut Reading) {
        let (len, before) = (object.data.len() as u64, self.found.stats.bytes);
        if object.kind != Kind::Blob {
            if object.wanted {
                let is_commit = object.kind == Kind::Commit;
                self.found.text(object.id(), is_commit, object.data, self.run);
                self.note(object.number, len, before);
            }
            return;
        }
        let opener = self.run.opener();
        match (object.delta, base) {
            (Some(delta), Some(base)) if !self.run.options.whole_objects => {
                opener.reread(object.data, base, delta.copies, reading);
            }
            _ => opener.read(object.data, reading),
        }
        if object.wanted {
            self.found.stats.objects += 1;
            self.found.stats.bytes += len;
            self.note(object.number, len, before);
            let opened = opener.open(object.data);
            if !(reading.is_clean() && opened.is_clean()) {
                let id = object.id();
                let subject = Subject::Object(id);
                let sightings = self.run.sightings(subject, object.data, reading, &opened);
                self.found.blob(id, sightings);
            }
        }
    }

    fn stream(&mut self, number: u32, id: ObjectId, kind: Kind, size: u64, bytes: &mut dyn Read) {
        if kind != Kind::Blob {
            let detail = format!("a message of {size} bytes");
            self.run.gaps.add(GapReason::TooLarge, id.to_string(), detail);
            return;
        }
        let (read, before) =
            (pieces::sight(Subject::Object(id), bytes, self.run), self.found.stats.bytes);
        self.found.stats.objects += 1;
        self.found.stats.bytes += read.bytes;
        self.note(number, size, before);
        self.found.blob(id, read.sightings);
        if let Some(error) = read.error {
            self.run.gaps.add(GapReason::Corrupt, id.to_string(), error);
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.run.problem_gap(problem);
    }

    fn progress(&mut self, objects: u64) {
        let bytes = self.found.stats.bytes - self.told;
        self.told = self.found.stats.bytes;
        self.run.progress.advance(objects, bytes);
    }
}

/// Reads and scans a few objects; trees are left out.
pub(crate) fn read(path: &Path, order: &[ObjectId], run: &Run<'_>) -> Objects {
    run.progress.stage(Stage::Objects, Some(order.len() as u64));
    let chunks = parallel::chunks(
        order,
        CHUNK,
        run.options.thread_count(),
        run.cancel,
        || store::reopen(path),
        |repository, share| read_share(repository, share, run),
    );
    let mut all = Objects::default();
    match chunks {
        Ok(chunks) => chunks.into_iter().for_each(|objects| all.append(objects)),
        Err(error) => run.gaps.add(GapReason::Unobservable, "objects", error.message()),
    }
    all.stats.commits = all.commits.len() as u64;
    all
}

fn read_share(repository: &Repository, share: &[ObjectId], run: &Run<'_>) -> Objects {
    let mut objects = Objects::default();
    let odb = match repository.odb() {
        Ok(odb) => odb,
        Err(error) => {
            run.gaps.add(GapReason::Unobservable, "objects", error.message());
            return objects;
        }
    };
    for id in share {
        if run.is_cancelled() {
            break;
        }
        if let Err(error) = read_object(&odb, *id, run, &mut objects) {
            run.problem_gap(store::problem(id, &error));
        }
    }
    run.progress.advance(share.len() as u64, objects.stats.bytes);
    objects
}

fn read_object(
    odb: &git2::Odb<'_>,
    id: ObjectId,
    run: &Run<'_>,
    objects: &mut Objects,
) -> Result<(), git2::Error> {
    // The header first: trees are most of the objects, and a huge blob must not be inflated.
    let (len, kind) = odb.read_header(store::oid(&id))?;
    if kind == ObjectType::Tree {
        return Ok(());
    }
    let limit = run.options.max_file_size;
    if len as u64 > limit {
        let detail = format!("{len} bytes are more than the limit of {limit}");
        run.gaps.add(GapReason::TooLarge, id.to_string(), detail);
        return Ok(());
    }
    let object = odb.read(store::oid(&id))?;
    if kind == ObjectType::Blob {
        objects.stats.objects += 1;
        objects.stats.bytes += object.data().len() as u64;
        objects.blob(id, run.sight(Subject::Object(id), object.data()));
    } else {
        objects.text(id, kind == ObjectType::Commit, object.data(), run);
    }
    Ok(())
}
