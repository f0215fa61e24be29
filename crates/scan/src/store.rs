//! A repository as git2 opens it, its object store, and what objects say of themselves.

use crate::guard;
use crate::source::{Options, ScanError};
use git2::{ErrorCode, ObjectFormat, ObjectType, Oid, Repository, RepositoryOpenFlags, Tree};
use quietus_odb::{Format, ObjectId, OpenError, Problem, Reason, Store};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::Path;

/// How many bytes a tree may have: several hundred thousand files in one folder.
pub(crate) const MOST_TREE: usize = 32 << 20;

/// Opens the repository at `path` itself: nothing above it is looked at.
pub(crate) fn open(path: &Path) -> Result<Repository, ScanError> {
    let shown = path.display().to_string();
    let none: [&Path; 0] = [];
    if let Err(error) = std::fs::metadata(path) {
        return Err(ScanError::Unreadable { path: shown, error });
    }
    if let Err(detail) = guard::inspect(path) {
        return Err(ScanError::Unsupported { path: shown, detail });
    }
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none)
        .map_err(|error| open_error(shown, &error))
}

/// Opens a repository that has been opened before, for another thread.
pub(crate) fn reopen(path: &Path) -> Result<Repository, git2::Error> {
    let none: [&Path; 0] = [];
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none)
}

fn open_error(path: String, error: &git2::Error) -> ScanError {
    let detail = error.message().to_owned();
    match error.code() {
        ErrorCode::NotFound => ScanError::NotARepository { path },
        ErrorCode::Owner => ScanError::OwnedByOther { path },
        _ if detail.contains("extension") || detail.contains("object format") => {
            ScanError::Unsupported { path, detail }
        }
        _ => ScanError::Damaged { path, detail },
    }
}

/// Opens the objects of a repository for reading them all.
pub(crate) fn objects(repository: &Repository, options: &Options) -> Result<Store, OpenError> {
    let options =
        quietus_odb::Options { largest: options.max_file_size, ..quietus_odb::Options::default() };
    Store::open(&repository.commondir().join("objects"), format(repository), &options)
}

/// By what hash the objects of a repository are named.
pub(crate) fn format(repository: &Repository) -> Format {
    match repository.object_format() {
        ObjectFormat::Sha1 => Format::Sha1,
        ObjectFormat::Sha256 => Format::Sha256,
    }
}

/// The same as git2 names it.
pub(crate) fn git_format(format: Format) -> ObjectFormat {
    match format {
        Format::Sha1 => ObjectFormat::Sha1,
        Format::Sha256 => ObjectFormat::Sha256,
    }
}

/// Where single objects are read.
pub(crate) trait Shelf {
    /// The bytes of an object, unless there are more than `limit`.
    fn object(&self, id: &ObjectId, limit: u64) -> Result<(ObjectType, Vec<u8>), Problem>;
}

impl<S: Shelf> Shelf for &S {
    fn object(&self, id: &ObjectId, limit: u64) -> Result<(ObjectType, Vec<u8>), Problem> {
        S::object(self, id, limit)
    }
}

impl Shelf for Repository {
    fn object(&self, id: &ObjectId, limit: u64) -> Result<(ObjectType, Vec<u8>), Problem> {
        let read = || {
            let odb = self.odb()?;
            let git = oid(id);
            // The header first: a few bytes can be inflated to gigabytes.
            let (len, _) = odb.read_header(git)?;
            if len as u64 > limit {
                return Ok(None);
            }
            odb.read(git).map(|object| Some((object.kind(), object.data().to_vec())))
        };
        read().map_err(|error: git2::Error| problem(id, &error))?.ok_or_else(|| Problem {
            subject: id.to_string(),
            reason: Reason::TooLarge,
            detail: format!("more than the limit of {limit} bytes"),
        })
    }
}

impl Shelf for Store {
    fn object(&self, id: &ObjectId, limit: u64) -> Result<(ObjectType, Vec<u8>), Problem> {
        let number = self.number(id).ok_or_else(|| Problem {
            subject: id.to_string(),
            reason: Reason::Missing,
            detail: "it is not in the store".into(),
        })?;
        let (kind, bytes) = self.read(number, limit)?;
        let kind = match kind {
            quietus_odb::Kind::Commit => ObjectType::Commit,
            quietus_odb::Kind::Tree => ObjectType::Tree,
            quietus_odb::Kind::Blob => ObjectType::Blob,
            quietus_odb::Kind::Tag => ObjectType::Tag,
        };
        Ok((kind, bytes))
    }
}

/// What git2 says of an object that it could not read.
pub(crate) fn problem(id: &ObjectId, error: &git2::Error) -> Problem {
    let reason = match error.code() {
        ErrorCode::NotFound => Reason::Missing,
        _ => Reason::Corrupt,
    };
    Problem { subject: id.to_string(), reason, detail: error.message().to_owned() }
}

/// Object ids hash to their first bytes already.
#[derive(Default)]
pub(crate) struct OidHasher(u64);

impl Hasher for OidHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A set of object ids.
pub(crate) type OidSet = HashSet<ObjectId, BuildHasherDefault<OidHasher>>;
/// A map from object ids.
pub(crate) type OidMap<V> = std::collections::HashMap<ObjectId, V, BuildHasherDefault<OidHasher>>;

/// An object's id as git2 has it.
pub(crate) fn oid(id: &ObjectId) -> Oid {
    Oid::from_bytes(id.as_bytes()).unwrap_or(Oid::ZERO_SHA1)
}

/// An object's id from git2's.
pub(crate) fn id(oid: Oid) -> ObjectId {
    // What git2 gives has one of the two lengths.
    ObjectId::from_bytes(oid.as_bytes()).unwrap_or_else(ObjectId::none)
}

/// A commit's place in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: ObjectId,
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    /// The committer's date, in seconds.
    pub(crate) time: i64,
}

/// Reads the head of a commit object. `None` when it is not one.
pub(crate) fn parse_commit(id: ObjectId, data: &[u8]) -> Option<Commit> {
    let mut commit = Commit { id, tree: ObjectId::none(), parents: Vec::new(), time: 0 };
    let mut has_tree = false;
    for line in data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty()) {
        if let Some(hex) = line.strip_prefix(b"tree ") {
            commit.tree = ObjectId::from_hex(hex)?;
            has_tree = true;
        } else if let Some(hex) = line.strip_prefix(b"parent ") {
            commit.parents.push(ObjectId::from_hex(hex)?);
        } else if let Some(committer) = line.strip_prefix(b"committer ") {
            commit.time = person_time(committer).unwrap_or(0);
        }
    }
    has_tree.then_some(commit)
}

/// Who wrote a commit, as `Name <mail>`.
pub(crate) fn author(data: &[u8]) -> Option<&[u8]> {
    let head = data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let person = head.filter_map(|line| line.strip_prefix(b"author ")).next()?;
    Some(&person[..=person.iter().rposition(|byte| *byte == b'>')?])
}

/// The seconds in `Name <mail> SECONDS ZONE`.
fn person_time(person: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(&person[person.iter().rposition(|b| *b == b'>')? + 1..]).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The message of a commit or tag: what follows the first empty line.
pub(crate) fn message(data: &[u8]) -> &[u8] {
    match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => &data[at + 2..],
        None => &[],
    }
}

/// A ref that was found, and what it leads to when tags are followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ref {
    /// The full name.
    pub(crate) name: Vec<u8>,
    /// What it points to, tags not followed.
    pub(crate) direct: ObjectId,
    /// What it points to, tags followed; the same as `direct` when they cannot be.
    pub(crate) peeled: ObjectId,
}

/// All refs in the order of their names, HEAD among them when no branch is checked out; and what
/// could not be read of them.
pub(crate) fn refs(repository: &Repository) -> (Vec<Ref>, Vec<(Vec<u8>, git2::Error)>) {
    let mut found = Vec::new();
    let mut failed = Vec::new();
    let odb = repository.odb().ok();
    let read_ref = |reference: &git2::Reference<'_>| read_ref(reference, odb.as_ref());
    match repository.references() {
        Ok(all) => {
            for reference in all {
                match reference {
                    Ok(reference) => found.extend(read_ref(&reference)),
                    Err(error) => failed.push((b"refs".to_vec(), error)),
                }
            }
        }
        Err(error) => failed.push((b"refs".to_vec(), error)),
    }
    if repository.head_detached().unwrap_or(false)
        && let Ok(head) = repository.find_reference("HEAD")
    {
        found.extend(read_ref(&head));
    }
    found.sort();
    found.dedup();
    (found, failed)
}

fn read_ref(reference: &git2::Reference<'_>, odb: Option<&git2::Odb<'_>>) -> Option<Ref> {
    // A symbolic ref, such as a remote's HEAD, leads to another one that is listed by itself.
    let direct = reference.target()?;
    // Nearly all lead to commits, and there may be very many: only tags are read.
    let is_tag = odb
        .is_some_and(|odb| odb.read_header(direct).is_ok_and(|(_, kind)| kind == ObjectType::Tag));
    let peel = || Some(reference.peel(ObjectType::Any).ok()?.id());
    let peeled = Some(direct).filter(|_| !is_tag).or_else(peel).unwrap_or(direct);
    Some(Ref { name: reference.name_bytes().to_vec(), direct: id(direct), peeled: id(peeled) })
}

/// The commits at which a shallow clone ends.
///
/// # Errors
/// When the file that names them is there and cannot be read.
pub(crate) fn shallow_boundary(repository: &Repository) -> std::io::Result<Vec<ObjectId>> {
    let path = repository.commondir().join("shallow");
    let text = match guard::small_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    Ok(text.split(|byte| *byte == b'\n').filter_map(ObjectId::from_hex).collect())
}

/// The tree of the commit that HEAD names, unless it is too large to be one.
pub(crate) fn head_tree(repository: &Repository) -> Option<Tree<'_>> {
    let id = repository.head().ok()?.peel_to_commit().ok()?.tree_id();
    let (len, _) = repository.odb().ok()?.read_header(id).ok()?;
    (len <= MOST_TREE).then(|| repository.find_tree(id).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_read_from_its_head_alone() {
        let tree = "11".repeat(20);
        let parent = "22".repeat(20);
        let text = format!(
            "tree {tree}\nparent {parent}\nauthor A <a@b> 1 +0000\n\
             committer C <c@d> 1700000000 +0100\n\nparent {tree}\n\nmore"
        );
        let none = ObjectId::none();
        let of = |byte: u8| ObjectId::from_bytes(&[byte; 20]).unwrap();
        let commit = parse_commit(none, text.as_bytes()).unwrap();
        assert_eq!((commit.tree, commit.time), (of(0x11), 1_700_000_000));
        assert_eq!(commit.parents, [of(0x22)]);
        assert_eq!(author(text.as_bytes()), Some(&b"A <a@b>"[..]));
        assert_eq!(author(b"tree 1\n\nauthor A <a@b> 1"), None);
        assert_eq!(message(text.as_bytes()), format!("parent {tree}\n\nmore").as_bytes());
        assert_eq!(parse_commit(none, b"tree zz\n"), None);
        assert_eq!(parse_commit(none, b"blob"), None);
    }
}
