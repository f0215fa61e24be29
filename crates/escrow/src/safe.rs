//! The folder that sealed values lie in: one file each, for its owner alone.

use crate::EscrowError;
use quietus_model::SealId;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What the name of a sealed file ends with: `age -d` opens it as it is.
const EXTENSION: &str = "age";

#[derive(Debug)]
pub(crate) struct Safe {
    root: PathBuf,
}

impl Safe {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, id: SealId) -> PathBuf {
        self.root.join(format!("{id}.{EXTENSION}"))
    }

    /// Writes a new file. One that an interruption cut short is recorded nowhere.
    pub(crate) fn put(&self, id: SealId, sealed: &[u8]) -> Result<(), EscrowError> {
        let path = self.path(id);
        let written = make_private(&self.root).and_then(|()| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&path)?.write_all(sealed)
        });
        written.map_err(|error| EscrowError::File { path, error })
    }

    pub(crate) fn sync(&self, ids: &[SealId]) -> Result<(), EscrowError> {
        if ids.is_empty() {
            return Ok(());
        }
        for id in ids {
            let path = self.path(*id);
            let synced = File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(|error| EscrowError::File { path, error })?;
        }
        self.sync_folder()
    }

    pub(crate) fn get(&self, id: SealId) -> Result<Vec<u8>, EscrowError> {
        let path = self.path(id);
        fs::read(&path).map_err(|error| EscrowError::File { path, error })
    }

    pub(crate) fn remove(&self, id: SealId) -> Result<(), EscrowError> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Ok(()) => self.sync_folder(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(EscrowError::File { path, error }),
        }
    }

    pub(crate) fn ids(&self) -> Result<Vec<SealId>, EscrowError> {
        let failed = |error| EscrowError::File { path: self.root.clone(), error };
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let is_sealed = path.extension().is_some_and(|extension| extension == EXTENSION);
            let name = path.file_stem().and_then(|name| name.to_str());
            let id = name.filter(|_| is_sealed).and_then(|name| Uuid::parse_str(name).ok());
            ids.extend(id.map(SealId));
        }
        ids.sort();
        Ok(ids)
    }

    /// That a file was made or removed lasts once its folder is on the disk.
    fn sync_folder(&self) -> Result<(), EscrowError> {
        #[cfg(unix)]
        File::open(&self.root)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| EscrowError::File { path: self.root.clone(), error })?;
        Ok(())
    }
}

/// Makes a folder that its owner alone can enter; one that others can is refused.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder)?.permissions().mode();
        if mode & 0o077 != 0 {
            let what = format!(
                "others can enter it (mode {:o}); run `chmod 700 {}`",
                mode & 0o777,
                folder.display()
            );
            return Err(io::Error::new(ErrorKind::PermissionDenied, what));
        }
    }
    Ok(())
}
