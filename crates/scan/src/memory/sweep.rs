//! What is remembered of repositories that are gone is forgotten after a while, and all of it
//! together takes no more room than it may.

use super::file;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// All memories together have no more bytes than this, but for the one that was just written.
pub(super) const MOST: u64 = 1 << 30;

pub(super) const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// For so long a repository may be away, on a disk that is not there or under another name, until
/// what is remembered of it is forgotten.
const AWAY: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Digits of the name of a memory.
const DIGITS: usize = 32;

/// What is remembered of a store, each in a file of its own.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// What rules find there.
    Rules,
    /// Where what is sought by its bytes stands.
    Sought,
    /// What of that was seen at its heads.
    Heads,
}

/// The name of the file for the objects in a folder.
pub(super) fn name(objects: &Path, of: Of) -> String {
    let mut name = Sha256::new();
    name.update(objects.as_os_str().as_encoded_bytes());
    // No path holds this byte.
    match of {
        Of::Rules => {}
        Of::Sought => name.update([0]),
        Of::Heads => name.update([0, 0]),
    }
    let name = name.finalize();
    data_encoding::HEXLOWER.encode(&name[..DIGITS / 2])
}

/// Whether something was written longer ago than this.
pub(super) fn is_older(written: SystemTime, now: SystemTime, than: Duration) -> bool {
    now.duration_since(written).is_ok_and(|age| age > than)
}

struct Memory {
    used: SystemTime,
    path: PathBuf,
    size: u64,
}

/// Removes memories of repositories that are gone, the halves that scans left which were killed,
/// and, while all others together have more than `most` bytes, those that were not of use for
/// longest. What is not a memory stays, and `own`, which was just written.
pub(super) fn sweep(folder: &Path, own: &Path, now: SystemTime, most: u64) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut all = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path != own) {
        let Some(memory) = look(path) else { continue };
        let is_partial = memory.path.extension().is_some();
        let is_old = is_older(memory.used, now, if is_partial { A_DAY } else { AWAY });
        if is_old && (is_partial || is_gone(&memory.path)) {
            let _ = fs::remove_file(&memory.path);
        } else if !is_partial {
            all.push(memory);
        }
    }
    all.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    let mut total: u64 = all.iter().map(|memory| memory.size).sum();
    for memory in all {
        if total <= most {
            break;
        }
        total -= memory.size;
        let _ = fs::remove_file(&memory.path);
    }
}

/// A memory, whole or in part, by its name and by what it begins with.
fn look(path: PathBuf) -> Option<Memory> {
    let stem = path.file_stem()?.to_str()?;
    let is_named = stem.len() == DIGITS
        && stem.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && path.extension().is_none_or(|extension| extension == file::PARTIAL);
    let metadata = fs::symlink_metadata(&path).ok().filter(|_| is_named)?;
    if !metadata.is_file() || !file::is_one(&path, path.extension().is_some()) {
        return None;
    }
    Some(Memory { used: metadata.modified().ok()?, size: metadata.len(), path })
}

/// Whether the objects that a memory is about are not where they were. One of another layout,
/// which nobody reads any more, says nothing of them.
fn is_gone(path: &Path) -> bool {
    let Some(objects) = file::place(path) else { return true };
    // It is the name of the file as well, so that no other place can be put there.
    let Some(objects) = of_bytes(&objects) else { return true };
    let named = |of| OsStr::new(&name(objects, of)) == path.file_name().unwrap_or_default();
    ![Of::Rules, Of::Sought, Of::Heads].into_iter().any(named)
        || fs::symlink_metadata(objects).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(unix)]
fn of_bytes(bytes: &[u8]) -> Option<&Path> {
    Some(Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn of_bytes(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

#[cfg(test)]
mod tests {
    use super::super::file::Parts;
    use super::*;
    use quietus_model::FingerprintKey;

    const SIZE: usize = 1000;

    struct Folder {
        dir: tempfile::TempDir,
        now: SystemTime,
    }

    impl Folder {
        fn new() -> Self {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
            Self { dir: tempfile::tempdir().unwrap(), now }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn age(&self, path: &Path, days: u32) {
            file::touch(path, self.now - A_DAY * days);
        }

        /// A memory of the objects at a path, last of use so many days ago.
        fn memory(&self, objects: &Path, days: u32) -> PathBuf {
            let path = self.path(&name(objects, Of::Rules));
            let place = objects.as_os_str().as_encoded_bytes();
            let parts = Parts { place, head: b"head", rest: &[1; SIZE] };
            file::write(&path, &FingerprintKey::new([7; 32]), &parts).unwrap();
            self.age(&path, days);
            path
        }

        fn other(&self, name: &str, bytes: &[u8], days: u32) -> PathBuf {
            let path = self.path(name);
            fs::write(&path, bytes).unwrap();
            self.age(&path, days);
            path
        }
    }

    #[test]
    fn what_is_gone_for_long_is_forgotten_and_nothing_else() {
        let folder = Folder::new();
        let there = folder.dir.path();
        let gone = |name: &str| there.join("gone").join(name);
        let own = folder.memory(&gone("own"), 400);
        let hex = |digit: &str| digit.repeat(DIGITS);
        let kept = [
            folder.memory(there, 400),
            folder.memory(&gone("of late"), 89),
            folder.other("notes.txt", file::FAMILY, 400),
            folder.other(&hex("a"), b"somebody's own file", 400),
            folder.other(&hex("A"), file::FAMILY, 400),
            folder.other(&format!("{}.txt", hex("b")), file::FAMILY, 400),
            folder.other(&format!("{}.part", hex("c")), file::FAMILY, 0),
            folder.other(&format!("{}.part", hex("d")), b"somebody's own file", 400),
        ];
        let removed = [
            folder.memory(&gone("long ago"), 91),
            folder.other(&hex("e"), b"quietus remembered scan 1\nof another layout", 91),
            folder.other(&format!("{}.part", hex("f")), &file::FAMILY[..9], 2),
            folder.other(&format!("{}.part", hex("0")), b"", 2),
        ];
        sweep(there, &own, folder.now, MOST);
        for path in kept.iter().chain([&own]) {
            assert!(path.exists(), "{}", path.display());
        }
        for path in removed {
            assert!(!path.exists(), "{}", path.display());
        }
    }

    #[test]
    fn what_was_not_of_use_for_longest_makes_room() {
        let folder = Folder::new();
        let places: Vec<PathBuf> = (0..6).map(|n| folder.path(&format!("place{n}"))).collect();
        places.iter().for_each(|place| fs::create_dir(place).unwrap());
        let days = [5, 1, 4, 2, 3, 9];
        let memories: Vec<PathBuf> =
            places.iter().zip(days).map(|(place, days)| folder.memory(place, days)).collect();
        let other = folder.other("large.txt", &[0; 9000], 99);
        let size = fs::metadata(&memories[0]).unwrap().len();
        // The last one was just written, however old it is made to look.
        sweep(folder.dir.path(), &memories[5], folder.now, size * 3 + size / 2);
        let left: Vec<bool> = memories.iter().map(|path| path.exists()).collect();
        assert_eq!(left, [false, true, false, true, true, true]);
        assert!(other.exists());
    }
}
