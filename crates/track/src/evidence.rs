//! Files that show something, kept beside the ledger under the digest of their bytes.
//!
//! The ledger holds the digest; what a file holds now can be compared with it at any time. Nothing is
//! kept before it was looked through for credentials: that is for the caller.

use crate::private_folder;
use quietus_model::Digest;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// A folder of kept files.
#[derive(Clone, Debug)]
pub struct EvidenceFolder {
    root: PathBuf,
}

/// What is there of a kept file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// Its bytes, which have the digest.
    Whole(Vec<u8>),
    /// A file that has another digest.
    Altered,
    /// None.
    Missing,
}

impl EvidenceFolder {
    /// The folder at `root`, which is made when something is to be kept.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the file of this digest lies.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join(digest.as_str())
    }

    /// Keeps `bytes`; they are on the disk when this returns.
    ///
    /// # Errors
    /// What the file system says. Nothing half written has the name of a digest then.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        // A copy that was altered is replaced: these are the bytes that the digest names.
        if matches!(self.read(&digest)?, Kept::Whole(_)) {
            return Ok(digest);
        }
        private_folder(&self.root)?;
        let partial = self.root.join(format!("{digest}.{}.part", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&partial)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&partial, self.path(&digest)))
            .and_then(|()| File::open(&self.root)?.sync_all());
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written.map(|()| digest)
    }

    /// What is there under this digest.
    ///
    /// # Errors
    /// What the file system says, unless it is that there is no such file.
    pub fn read(&self, digest: &Digest) -> io::Result<Kept> {
        match fs::read(self.path(digest)) {
            Ok(bytes) if Digest::of(&bytes) == *digest => Ok(Kept::Whole(bytes)),
            Ok(_) => Ok(Kept::Altered),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Kept::Missing),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_is_read_back_whole_or_said_to_be_altered() {
        let dir = tempfile::tempdir().unwrap();
        let folder = EvidenceFolder::new(dir.path().join("evidence"));
        let digest = folder.keep(b"a page of the console").unwrap();
        assert_eq!(digest, Digest::of(b"a page of the console"));
        assert_eq!(folder.keep(b"a page of the console").unwrap(), digest);
        assert_eq!(folder.read(&digest).unwrap(), Kept::Whole(b"a page of the console".to_vec()));
        fs::write(folder.path(&digest), b"another page").unwrap();
        assert_eq!(folder.read(&digest).unwrap(), Kept::Altered);
        folder.keep(b"a page of the console").unwrap();
        assert!(matches!(folder.read(&digest).unwrap(), Kept::Whole(_)));
        fs::remove_file(folder.path(&digest)).unwrap();
        assert_eq!(folder.read(&digest).unwrap(), Kept::Missing);
        assert_eq!(fs::read_dir(dir.path().join("evidence")).unwrap().count(), 0);
    }
}
