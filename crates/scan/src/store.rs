//! A repository's object store, read through git2, and what is known of its commits.

use crate::guard;
use crate::source::ScanError;
use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags, Tree};
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

/// Object ids are hashes already.
#[derive(Default)]
pub(crate) struct OidHasher(u64);

impl Hasher for OidHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8).take(1) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A set of object ids.
pub(crate) type OidSet = HashSet<Key, BuildHasherDefault<OidHasher>>;
/// A map from object ids.
pub(crate) type OidMap<V> = std::collections::HashMap<Key, V, BuildHasherDefault<OidHasher>>;

/// An object id as a key: its bytes.
pub(crate) type Key = [u8; 20];

pub(crate) fn key(oid: Oid) -> Key {
    let mut key = [0; 20];
    let bytes = oid.as_bytes();
    let len = bytes.len().min(key.len());
    key[..len].copy_from_slice(&bytes[..len]);
    key
}

pub(crate) fn oid(key: &Key) -> Oid {
    Oid::from_bytes(key).unwrap_or(Oid::ZERO_SHA1)
}

/// A commit's place in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: Key,
    pub(crate) tree: Key,
    pub(crate) parents: Vec<Key>,
    /// The committer's date, in seconds.
    pub(crate) time: i64,
}

/// Reads the head of a commit object. `None` when it is not one.
pub(crate) fn parse_commit(id: Oid, data: &[u8]) -> Option<Commit> {
    let mut commit = Commit { id: key(id), tree: [0; 20], parents: Vec::new(), time: 0 };
    let mut has_tree = false;
    for line in data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty()) {
        if let Some(hex) = line.strip_prefix(b"tree ") {
            commit.tree = hex_key(hex)?;
            has_tree = true;
        } else if let Some(hex) = line.strip_prefix(b"parent ") {
            commit.parents.push(hex_key(hex)?);
        } else if let Some(committer) = line.strip_prefix(b"committer ") {
            commit.time = person_time(committer).unwrap_or(0);
        }
    }
    has_tree.then_some(commit)
}

fn hex_key(hex: &[u8]) -> Option<Key> {
    data_encoding::HEXLOWER.decode(hex).ok()?.try_into().ok()
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
    pub(crate) direct: Key,
    /// What it points to, tags followed; the same as `direct` when they cannot be.
    pub(crate) peeled: Key,
}

/// All refs in the order of their names, HEAD among them when no branch is checked out; and what
/// could not be read of them.
pub(crate) fn refs(repository: &Repository) -> (Vec<Ref>, Vec<(Vec<u8>, git2::Error)>) {
    let mut found = Vec::new();
    let mut failed = Vec::new();
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

fn read_ref(reference: &git2::Reference<'_>) -> Option<Ref> {
    // A symbolic ref, such as a remote's HEAD, leads to another one that is listed by itself.
    let direct = reference.target()?;
    let peeled = reference.peel(ObjectType::Any).map_or(direct, |object| object.id());
    Some(Ref { name: reference.name_bytes().to_vec(), direct: key(direct), peeled: key(peeled) })
}

/// The commits at which a shallow clone ends.
///
/// # Errors
/// When the file that names them is there and cannot be read.
pub(crate) fn shallow_boundary(repository: &Repository) -> std::io::Result<Vec<Key>> {
    let path = repository.commondir().join("shallow");
    let text = match guard::small_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    Ok(text.split(|byte| *byte == b'\n').filter_map(hex_key).collect())
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
        let commit = parse_commit(Oid::ZERO_SHA1, text.as_bytes()).unwrap();
        assert_eq!((commit.tree, commit.time), ([0x11; 20], 1_700_000_000));
        assert_eq!(commit.parents, [[0x22; 20]]);
        assert_eq!(message(text.as_bytes()), format!("parent {tree}\n\nmore").as_bytes());
        assert_eq!(parse_commit(Oid::ZERO_SHA1, b"tree zz\n"), None);
        assert_eq!(parse_commit(Oid::ZERO_SHA1, b"blob"), None);
    }
}
