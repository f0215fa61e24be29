//! The file that a memory lies in: written whole or not at all, and believed only with its code.
//!
//! It is the text [`MAGIC`]; an HMAC-SHA-256 over what comes next up to the end of the head; the
//! lengths of the place and of the head; an HMAC-SHA-256 over the rest; the place, which is where
//! the objects lie that it is about; the head; and the rest, which is read only where it is needed.

use quietus_model::FingerprintKey;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

/// What files of every layout begin with.
pub(super) const FAMILY: &[u8] = b"quietus remembered scan ";

/// What the file begins with; the number is that of its layout.
const MAGIC: &[u8] = b"quietus remembered scan 3\n";

const CODE: usize = 32;

/// Two lengths and the code of the rest.
const SIZES: usize = 4 + 8 + CODE;

/// No more than this is read or written.
const MOST: u64 = 1 << 30;

/// No place has a longer name.
const LONGEST: u64 = 1 << 16;

/// What is to be written.
pub(super) struct Parts<'a> {
    pub(super) place: &'a [u8],
    pub(super) head: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// The part of a file that has not been read yet.
pub(super) struct Rest {
    file: File,
    at: u64,
    code: [u8; CODE],
}

impl Rest {
    /// What was written there under this key.
    pub(super) fn read(mut self, key: &FingerprintKey) -> Option<Vec<u8>> {
        self.file.seek(SeekFrom::Start(self.at)).ok()?;
        let mut bytes = Vec::new();
        self.file.take(MOST).read_to_end(&mut bytes).ok()?;
        is_code(&self.code, &bytes, key).then_some(bytes)
    }
}

/// The head that was written there under this key for this place, and what reads the rest; `None`
/// for anything else.
pub(super) fn read(path: &Path, key: &FingerprintKey, place: &[u8]) -> Option<(Vec<u8>, Rest)> {
    let (mut file, start) = open(path)?;
    let sizes = Sizes::parse(&start)?;
    let mut bytes = start[MAGIC.len() + CODE..].to_vec();
    let more = sizes.place + sizes.head;
    // What was lied about ends with the file.
    if (&mut file).take(more.min(MOST)).read_to_end(&mut bytes).ok()? as u64 != more {
        return None;
    }
    if !is_code(&start[MAGIC.len()..][..CODE], &bytes, key) {
        return None;
    }
    if bytes[SIZES..][..sizes.place as usize] != *place {
        return None;
    }
    bytes.drain(..SIZES + place.len());
    Some((bytes, Rest { file, at: start.len() as u64 + more, code: sizes.code }))
}

/// The place that a file says it is about, whoever wrote that; `None` if it says nothing.
pub(super) fn place(path: &Path) -> Option<Vec<u8>> {
    let (file, start) = open(path)?;
    let len = Sizes::parse(&start)?.place;
    let mut place = Vec::new();
    let read = file.take(len.min(LONGEST)).read_to_end(&mut place).ok()?;
    (read as u64 == len).then_some(place)
}

/// Whether a file begins as one of ours does, or, if it may be cut short, with as much of that as
/// there is of it.
pub(super) fn is_one(path: &Path, may_be_short: bool) -> bool {
    let mut start = Vec::new();
    let len = FAMILY.len() as u64;
    let read = File::open(path).and_then(|file| file.take(len).read_to_end(&mut start));
    read.is_ok() && FAMILY.starts_with(&start) && (may_be_short || start.len() == FAMILY.len())
}

fn open(path: &Path) -> Option<(File, [u8; MAGIC.len() + CODE + SIZES])> {
    // Opening a pipe would wait for a writer.
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let mut start = [0; MAGIC.len() + CODE + SIZES];
    file.read_exact(&mut start).ok()?;
    start.starts_with(MAGIC).then_some((file, start))
}

struct Sizes {
    place: u64,
    head: u64,
    code: [u8; CODE],
}

impl Sizes {
    fn parse(start: &[u8]) -> Option<Self> {
        let (place, left) = start[MAGIC.len() + CODE..].split_first_chunk()?;
        let (head, left) = left.split_first_chunk()?;
        let place = u64::from(u32::from_le_bytes(*place));
        let head = Some(u64::from_le_bytes(*head)).filter(|head| *head <= MOST)?;
        Some(Self { place, head, code: left.try_into().ok()? })
    }
}

fn is_code(code: &[u8], bytes: &[u8], key: &FingerprintKey) -> bool {
    // Hashed once more, so that how long it takes to find a difference tells nothing of the code.
    let twice = |code: &[u8]| key.authenticate(code);
    twice(code) == twice(&key.authenticate(bytes))
}

/// Writes beside the file first, and puts it in its place when all of it is on disk.
pub(super) fn write(path: &Path, key: &FingerprintKey, parts: &Parts<'_>) -> io::Result<()> {
    let Parts { place, head, rest } = parts;
    if (place.len() + head.len() + rest.len()) as u64 > MOST / 2 || place.len() as u64 > LONGEST {
        return Err(io::Error::other("too much to remember"));
    }
    let mut bytes = Vec::with_capacity(SIZES + place.len() + head.len());
    bytes.extend_from_slice(&(place.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&key.authenticate(rest));
    bytes.extend_from_slice(place);
    bytes.extend_from_slice(head);
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    // What a scan that was killed left there goes. Should another one be writing just now, one of
    // them is in vain, and no half of one passes for a whole.
    let partial = path.with_extension(PARTIAL);
    let _ = fs::remove_file(&partial);
    let written = private_file(&partial).and_then(|mut file| {
        file.write_all(MAGIC)?;
        file.write_all(&key.authenticate(&bytes))?;
        file.write_all(&bytes)?;
        file.write_all(rest)?;
        file.sync_all()
    });
    let written = written.and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

/// How the name of a file ends that is not yet written whole.
pub(super) const PARTIAL: &str = "part";

/// Notes that a file was of use.
pub(super) fn touch(path: &Path, now: SystemTime) {
    // Who may not, may not: it is forgotten somewhat earlier then.
    let _ = OpenOptions::new().write(true).open(path).and_then(|file| file.set_modified(now));
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(head: &'a [u8], rest: &'a [u8]) -> Parts<'a> {
        Parts { place: b"/srv/one", head, rest }
    }

    /// Head and rest, if both are to be believed.
    fn both(path: &Path, key: &FingerprintKey) -> Option<(Vec<u8>, Vec<u8>)> {
        let (head, rest) = read(path, key, b"/srv/one")?;
        Some((head, rest.read(key)?))
    }

    #[test]
    fn only_what_was_written_whole_under_the_same_key_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/memory");
        let key = FingerprintKey::new([7; 32]);
        assert!(both(&path, &key).is_none());
        write(&path, &key, &parts(b"one", b"")).unwrap();
        write(&path, &key, &parts(b"other", b"more")).unwrap();
        assert_eq!(both(&path, &key).unwrap(), (b"other".to_vec(), b"more".to_vec()));
        assert_eq!(place(&path).unwrap(), b"/srv/one");
        assert!(read(&path, &FingerprintKey::new([8; 32]), b"/srv/one").is_none());
        assert!(read(&path, &key, b"/srv/two").is_none());
        let whole = fs::read(&path).unwrap();
        let head = whole.len() - b"more".len();
        for at in 0..whole.len() {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1;
            fs::write(&path, &spoilt).unwrap();
            assert!(both(&path, &key).is_none(), "byte {at}");
            assert_eq!(read(&path, &key, b"/srv/one").is_none(), at < head, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(both(&path, &key).is_none(), "cut at {at}");
        }
        fs::write(path.with_extension(PARTIAL), "left over").unwrap();
        write(&path, &key, &parts(b"last", b"")).unwrap();
        assert_eq!(both(&path, &key).unwrap().0, b"last");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans/memory");
        write(&path, &FingerprintKey::new([7; 32]), &parts(b"one", b"")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
}
