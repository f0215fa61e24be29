//! Where things are: configuration, key, ledger, mirrors. Nothing is read from the working
//! directory or from a scanned repository.

use anyhow::{Context, Result, bail};
use quietus_model::FingerprintKey;
use quietus_track::private_folder;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The user's folders.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    config: PathBuf,
    data: PathBuf,
    cache: PathBuf,
}

impl Places {
    /// The folders of the current user, by the platform's own rules.
    pub(crate) fn of_user() -> Result<Self> {
        let dirs = directories::ProjectDirs::from("", "", "quietus").context(
            "no home directory is known; set HOME, or name the files with --config and --ledger",
        )?;
        Ok(Self {
            config: dirs.config_dir().to_owned(),
            data: dirs.data_dir().to_owned(),
            cache: dirs.cache_dir().to_owned(),
        })
    }

    /// The configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The file of suppressions that is used when none is named.
    pub(crate) fn suppressions_file(&self) -> PathBuf {
        self.config.join("suppressions.toml")
    }

    /// The organisation's key.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.data.join("key")
    }

    /// Where sealed values lie when no other folder is named.
    pub(crate) fn escrow(&self) -> PathBuf {
        self.data.join("escrow")
    }

    /// Where copies of attached files are kept when the ledger is no file.
    pub(crate) fn evidence(&self) -> PathBuf {
        self.data.join("evidence")
    }

    /// The ledger that is used when none is named.
    pub(crate) fn ledger_url(&self) -> String {
        format!("sqlite://{}", self.data.join("ledger.db").display())
    }

    /// The mirrors of remote repositories.
    pub(crate) fn mirrors(&self) -> PathBuf {
        self.cache.join("mirrors")
    }

    /// What is remembered of scans.
    pub(crate) fn scans(&self) -> PathBuf {
        self.cache.join("scans")
    }
}

/// The organisation's key, when there is one.
pub(crate) fn read_key(path: &Path) -> Result<Option<FingerprintKey>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    refuse_if_others_can_read(path)?;
    let key = FingerprintKey::from_text(&text)
        .with_context(|| format!("{} does not hold a key; restore it", path.display()))?;
    Ok(Some(key))
}

#[cfg(unix)]
pub(crate) fn refuse_if_others_can_read(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "{} can be read by others (mode {:o}); run `chmod 600 {}`",
            path.display(),
            mode & 0o777,
            path.display()
        );
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn refuse_if_others_can_read(_: &Path) -> Result<()> {
    Ok(())
}

/// A new key from the system's random source.
pub(crate) fn new_key() -> Result<FingerprintKey> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(FingerprintKey::new(*bytes))
}

/// Writes a key where none is yet; the owner alone can read it.
pub(crate) fn write_key(path: &Path, key: &FingerprintKey) -> Result<()> {
    write_new(path, key.to_text().as_bytes())
        .with_context(|| format!("writing the key to {}", path.display()))
}

/// Writes a file where none is yet, readable by its owner only, in a folder of the same kind.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        private_folder(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

/// Writes a whole file or nothing: beside it first, then renamed into place. A device or pipe is
/// written to as it is, and a link is followed.
pub(crate) fn write_whole(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let content = content.as_ref();
    let target = fs::canonicalize(path);
    let path = target.as_deref().unwrap_or(path);
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(content))
            .with_context(|| format!("writing {}", path.display()));
    }
    let mut name = path.file_name().context("the output has no file name")?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let partial = path.with_file_name(name);
    let written = fs::File::create_new(&partial)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written.with_context(|| format!("writing {}", path.display()))
}
