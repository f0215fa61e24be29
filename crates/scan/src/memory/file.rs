//! The file that a memory lies in: written whole or not at all, and believed only with its code.
//!
//! It is the text [`MAGIC`], 32 bytes of an HMAC-SHA-256 over all that follows, and that.

use quietus_model::FingerprintKey;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// What the file begins with; the number is that of its layout.
const MAGIC: &[u8] = b"quietus remembered scan 1\n";

const CODE: usize = 32;

/// No more than this is read or written.
const MOST: u64 = 1 << 30;

/// What was written there under this key; `None` for anything else.
pub(super) fn read(path: &Path, key: &FingerprintKey) -> Option<Vec<u8>> {
    // Opening a pipe would wait for a writer.
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    let start = MAGIC.len() + CODE;
    let code = bytes.strip_prefix(MAGIC)?.get(..CODE)?;
    // Hashed once more, so that how long it takes to find a difference tells nothing of the code.
    let twice = |code: &[u8]| key.authenticate(code);
    if twice(code) != twice(&key.authenticate(&bytes[start..])) {
        return None;
    }
    bytes.drain(..start);
    Some(bytes)
}

/// Writes beside the file first, and puts it in its place when all of it is on disk.
pub(super) fn write(path: &Path, key: &FingerprintKey, bytes: Vec<u8>) -> io::Result<()> {
    if bytes.len() as u64 > MOST / 2 {
        return Err(io::Error::other("too much to remember"));
    }
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    // What a scan that was killed left there goes. Should another one be writing just now, one of
    // them is in vain, and no half of one passes for a whole.
    let partial = path.with_extension("part");
    let _ = fs::remove_file(&partial);
    let written = private_file(&partial).and_then(|mut file| {
        file.write_all(MAGIC)?;
        file.write_all(&key.authenticate(&bytes))?;
        file.write_all(&bytes)?;
        file.sync_all()
    });
    let written = written.and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
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

    #[test]
    fn only_what_was_written_whole_under_the_same_key_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/memory");
        let key = FingerprintKey::new([7; 32]);
        assert_eq!(read(&path, &key), None);
        write(&path, &key, b"one".to_vec()).unwrap();
        write(&path, &key, b"other".to_vec()).unwrap();
        assert_eq!(read(&path, &key).unwrap(), b"other");
        assert_eq!(read(&path, &FingerprintKey::new([8; 32])), None);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1;
            fs::write(&path, &spoilt).unwrap();
            assert_eq!(read(&path, &key), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(read(&path, &key), None, "cut at {at}");
        }
        fs::write(path.with_extension("part"), "left over").unwrap();
        write(&path, &key, b"last".to_vec()).unwrap();
        assert_eq!(read(&path, &key).unwrap(), b"last");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans/memory");
        write(&path, &FingerprintKey::new([7; 32]), b"one".to_vec()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
}
