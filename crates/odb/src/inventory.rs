//! Which files a store is made of, without opening any: enough to tell whether anything changed.

use crate::{Format, ObjectId, Reason, alternates, loose};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The files of an object store at one moment.
///
/// Git never writes to a pack or an object once it has its name. So two inventories that are the
/// same mean the same objects, as far as files are not written to in ways that git does not know
/// and that leave their size, time and place as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The folder itself and those that it borrows from.
    pub folders: Vec<PathBuf>,
    /// What cannot be had of these: folders and lists that are not there.
    pub missing: Vec<String>,
    /// Packs and what belongs to them, in the order of folders and names.
    pub pieces: Vec<Piece>,
    /// The objects that lie loose in any of the folders, each once, in their order.
    pub loose: Vec<ObjectId>,
}

/// A file of a pack, or one that is about several packs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// The place of its folder in [`Inventory::folders`].
    pub folder: u32,
    /// Its name, as `pack-1f2e….idx`.
    pub name: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
    /// When it was written to last: seconds and nanoseconds since 1970 in UTC.
    pub modified: (i64, u32),
    /// The device and the number that it has there; zeros where the system has no such thing.
    pub node: (u64, u64),
}

impl Piece {
    /// The name of the pack that it is the file of; `None` for an index or anything else.
    pub fn pack(&self) -> Option<&[u8]> {
        self.name.strip_suffix(b".pack")
    }
}

impl Inventory {
    /// Lists the folder `objects` of a repository, and the folders that it borrows from.
    ///
    /// # Errors
    ///
    /// A folder or a list of folders is there and cannot be read.
    pub fn read(objects: &Path, format: Format) -> io::Result<Self> {
        fs::read_dir(objects)?;
        let mut problems = Vec::new();
        let folders = alternates::follow(objects, &mut problems);
        let mut inventory = Self::default();
        for problem in problems {
            if problem.reason != Reason::Missing {
                return Err(io::Error::other(problem.detail));
            }
            inventory.missing.push(problem.subject);
        }
        for (number, folder) in (0u32..).zip(&folders) {
            pieces(number, &folder.join("pack"), &mut inventory.pieces)?;
            inventory.loose.append(&mut loose::list(folder, format));
        }
        inventory.folders = folders;
        inventory.missing.sort();
        inventory.pieces.sort();
        inventory.loose.sort_unstable();
        inventory.loose.dedup();
        Ok(inventory)
    }
}

fn pieces(number: u32, folder: &Path, into: &mut Vec<Piece>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().map(OsStr::as_encoded_bytes) else { continue };
        let ending = path.extension().and_then(OsStr::to_str);
        let is_of_pack =
            name.starts_with(b"pack-") && matches!(ending, Some("pack" | "idx" | "promisor"));
        if !is_of_pack && name != b"multi-pack-index" {
            continue;
        }
        // A link counts as what it leads to, and one that leads nowhere as nothing.
        let (size, modified, node) = match fs::metadata(&path) {
            Ok(metadata) => (metadata.len(), modified(&metadata), node(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, (0, 0), (0, 0)),
            Err(error) => return Err(error),
        };
        into.push(Piece { folder: number, name: name.to_vec(), size, modified, node });
    }
    Ok(())
}

fn modified(metadata: &Metadata) -> (i64, u32) {
    let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
    let since = metadata.modified().ok().and_then(since).unwrap_or_default();
    (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}

#[cfg(unix)]
fn node(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn node(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(objects: &Path) -> Inventory {
        Inventory::read(objects, Format::Sha1).unwrap()
    }

    #[test]
    fn whatever_comes_goes_or_is_written_to_makes_another_inventory() {
        let folder = tempfile::tempdir().unwrap();
        let objects = folder.path().join("objects");
        let lent = folder.path().join("lent");
        for below in ["pack", "ab", "info"] {
            fs::create_dir_all(objects.join(below)).unwrap();
        }
        let mut seen = vec![read(&objects)];
        let mut differs = |what: &str| {
            let now = read(&objects);
            assert!(!seen.contains(&now), "{what}");
            assert_eq!(now, read(&objects));
            seen.push(now);
        };
        fs::write(objects.join("pack/pack-1.pack"), "one").unwrap();
        differs("a pack");
        fs::write(objects.join("pack/pack-1.idx"), "one").unwrap();
        differs("an index");
        fs::write(objects.join("pack/pack-1.pack"), "other").unwrap();
        differs("another size");
        fs::write(objects.join("ab").join("1".repeat(38)), "loose").unwrap();
        differs("a loose object");
        fs::write(objects.join("info/alternates"), "../lent\n").unwrap();
        differs("a folder to borrow from that is not there");
        fs::create_dir_all(lent.join("pack")).unwrap();
        differs("a folder to borrow from");
        fs::write(lent.join("pack/multi-pack-index"), "").unwrap();
        differs("a file there");
        let before = fs::metadata(objects.join("pack/pack-1.idx")).unwrap().modified().unwrap();
        let file = fs::File::options().write(true).open(objects.join("pack/pack-1.idx")).unwrap();
        file.set_modified(before + std::time::Duration::from_secs(1)).unwrap();
        differs("another time");
        fs::remove_file(objects.join("ab").join("1".repeat(38))).unwrap();
        differs("a loose object less");
    }

    #[test]
    fn no_folder_is_no_inventory() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Inventory::read(&folder.path().join("none"), Format::Sha1).is_err());
        assert!(read(folder.path()).pieces.is_empty());
    }
}
