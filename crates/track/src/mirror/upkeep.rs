//! Keeping mirrors in good order and within their room.

use super::claim::Claim;
use super::git::{Git, size};
use super::{Mirrors, failed, private_folder};
use crate::TrackError;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Says in a mirror that it was reduced and not fetched since.
const REDUCED: &str = "quietus-reduced";

/// Notes that the mirror at `path` is whole.
pub(super) fn fetched(path: &Path) {
    let _ = fs::remove_file(path.join(REDUCED));
}

impl Mirrors {
    /// Whether the mirror of the source `name` holds no more than what credentials stand in.
    pub fn is_reduced(&self, name: &str) -> bool {
        self.path(name).join(REDUCED).is_file()
    }

    /// The bytes of the mirror of the source `name`; 0 when there is none.
    pub fn size(&self, name: &str) -> u64 {
        size(&self.path(name))
    }

    /// Puts the packs of many nights into one, if there are more than `most`: many packs are slow to
    /// read. Nothing is dropped, whether or not a ref leads to it.
    ///
    /// # Errors
    /// [`TrackError::Fetch`] with git's own words. The mirror is as it was then.
    pub fn tend(&self, name: &str, most: usize) -> Result<(), TrackError> {
        let path = self.path(name);
        let Ok(entries) = fs::read_dir(path.join("objects/pack")) else { return Ok(()) };
        let is_pack = |path: PathBuf| path.extension().is_some_and(|end| end == "pack");
        if entries.filter_map(Result::ok).filter(|entry| is_pack(entry.path())).count() <= most {
            return Ok(());
        }
        let failed = |detail: String| failed(name, &detail);
        let mut claim = Claim::of(&path, self.fetching.time).map_err(failed)?;
        let git = Git::new(name, &self.fetching);
        let args = ["repack", "-a", "-d", "--keep-unreachable", "--quiet"];
        git.run(&path, &args, &mut claim).map_err(failed)
    }

    /// Leaves of the mirror of the source `name` the objects `kept` alone, with which credentials can
    /// be read again. The next fetch brings the rest back.
    ///
    /// # Errors
    /// [`TrackError::Fetch`] with git's own words. The mirror is as it was then.
    pub fn reduce(&self, name: &str, kept: &BTreeSet<String>) -> Result<(), TrackError> {
        let path = self.path(name);
        if !path.join("HEAD").is_file() || self.is_reduced(name) {
            return Ok(());
        }
        let failed = |detail: String| failed(name, &detail);
        let io = |error: std::io::Error| failed(error.to_string());
        let claim = Claim::of(&path, self.fetching.time).map_err(failed)?;
        let git = Git::new(name, &self.fetching);
        let partial = claim.partial(&path);
        let _ = fs::remove_dir_all(&partial);
        private_folder(&partial).map_err(io)?;
        let format = git
            .ask(&path, &["rev-parse", "--show-object-format"])
            .map_or("sha1".to_owned(), |format| format.trim().to_owned());
        git.ask(&partial, &["init", "-q", "--bare", &format!("--object-format={format}"), "."])
            .map_err(failed)?;
        let there: String = kept
            .iter()
            .filter(|oid| git.ask(&path, &["cat-file", "-e", oid]).is_ok())
            .map(|oid| format!("{oid}\n"))
            .collect();
        if !there.is_empty() {
            let base = partial.join("objects/pack/pack").display().to_string();
            git.feed(&path, &["pack-objects", "-q", &base], &there).map_err(failed)?;
        }
        fs::write(partial.join(REDUCED), "").map_err(io)?;
        let gone = path.with_extension("gone");
        let _ = fs::remove_dir_all(&gone);
        fs::rename(&path, &gone).map_err(io)?;
        fs::rename(&partial, &path).map_err(io)?;
        let _ = fs::remove_dir_all(&gone);
        Ok(())
    }
}
