//! Mirrors of remote repositories, fetched by the system git with everything hostile switched off.
//!
//! A mirror only grows: what a remote drops stays, so that what leaked can be read again. It is made
//! smaller by [`Mirrors::reduce`], which leaves the objects that credentials stand in.

mod claim;
mod git;
mod upkeep;

use crate::TrackError;
use claim::Claim;
use git::Git;
use quietus_model::{Digest, SafeText, Secret};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a fetch takes: every ref as it is there, and none that is there no more.
const ALL: &str = "+refs/*:refs/*";

/// Whether an argument names a remote repository rather than a path on this machine.
///
/// `scheme://…` always does; `host:path` does unless a file of that name exists.
pub fn is_remote(source: &str) -> bool {
    if source.contains("://") {
        return true;
    }
    let scp_like = source
        .split_once(':')
        .is_some_and(|(host, path)| host.len() > 1 && !host.contains('/') && !path.is_empty());
    scp_like && !Path::new(source).exists()
}

/// The host that `source` is fetched from, with its port; empty for what lies on this machine.
pub fn host_of(source: &str) -> String {
    if !is_remote(source) {
        return String::new();
    }
    let place = match source.split_once("://") {
        Some(("file", _)) => "",
        Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
        None => source.split(':').next().unwrap_or_default(),
    };
    place.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// Refuses a URL that holds a password, which would stand in process lists and in the ledger.
///
/// # Errors
/// [`TrackError::SecretInUrl`].
pub fn check_url(url: &str) -> Result<(), TrackError> {
    if !has_password(url) {
        return Ok(());
    }
    // Neither what stands before an @ nor a query is repeated.
    let shown = url.rsplit('@').next().and_then(|rest| rest.split('?').next());
    Err(TrackError::SecretInUrl { url: SafeText::plain(shown.unwrap_or("the URL")) })
}

/// What one host is to be shown so that it lets git in.
#[derive(Clone, Debug)]
pub struct HostToken {
    /// Scheme, host and, where it is not the usual one, port: `https://git.example.org:8443`. It goes
    /// nowhere else.
    pub origin: String,
    /// The user name that goes with it.
    pub user: String,
    /// The token.
    pub token: Secret,
}

/// How mirrors are fetched.
#[derive(Clone, Debug)]
pub struct Fetching {
    /// How long one fetch may take.
    pub time: Duration,
    /// How many bytes a mirror may have.
    pub bytes: u64,
    /// Where a source is fetched from, if not from where its name says: it has moved.
    pub urls: BTreeMap<String, String>,
    /// What hosts are to be shown.
    pub tokens: Vec<HostToken>,
    /// Set when the user wants to stop.
    pub cancel: Option<&'static AtomicBool>,
}

impl Default for Fetching {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(4 * 3600),
            bytes: 64 << 30,
            urls: BTreeMap::new(),
            tokens: Vec::new(),
            cancel: None,
        }
    }
}

/// Mirrors under one folder of the user's cache.
#[derive(Clone, Debug)]
pub struct Mirrors {
    root: PathBuf,
    fetching: Fetching,
}

impl Mirrors {
    /// Mirrors under `root`, which is made when the first one is.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::fetched(root, Fetching::default())
    }

    /// Mirrors under `root` that are fetched in this way.
    pub fn fetched(root: impl Into<PathBuf>, fetching: Fetching) -> Self {
        Self { root: root.into(), fetching }
    }

    /// Where the mirror of `url` lies, whether or not it exists.
    pub fn path(&self, url: &str) -> PathBuf {
        self.root.join(name_of(url))
    }

    /// Makes or updates the mirror of the source `name`; where it lies.
    ///
    /// # Errors
    /// [`TrackError::SecretInUrl`] when the URL holds a password, which must not stand in a process
    /// list; [`TrackError::Fetch`] with git's own words, without user-info.
    pub fn fetch(&self, name: &str) -> Result<PathBuf, TrackError> {
        let url = self.fetching.urls.get(name).map_or(name, String::as_str);
        check_url(url)?;
        let failed = |detail: String| failed(url, &detail);
        private_folder(&self.root).map_err(|error| failed(error.to_string()))?;
        let path = self.path(name);
        // Of two runs at one mirror the second waits and then finds little to do.
        let mut claim = Claim::of(&path, self.fetching.time).map_err(failed)?;
        claim.tidy(&path);
        let git = Git::new(url, &self.fetching);
        if path.join("HEAD").is_file() {
            // `--` because a URL may not begin with a dash and become an option.
            let args = [
                "fetch",
                "--prune",
                "--force",
                "--no-tags",
                "--no-write-fetch-head",
                "--",
                url,
                ALL,
            ];
            git.run(&path, &args, &mut claim).map_err(failed)?;
        } else {
            let partial = claim.partial(&path);
            private_folder(&partial).map_err(|error| failed(error.to_string()))?;
            let to = partial.to_string_lossy().into_owned();
            let args = ["clone", "--mirror", "--no-hardlinks", "--", url, &to];
            if let Err(detail) = git.run(&partial, &args, &mut claim) {
                let _ = fs::remove_dir_all(&partial);
                return Err(failed(detail));
            }
            // Only a whole clone gets the name that later runs trust.
            fs::rename(&partial, &path).map_err(|error| failed(error.to_string()))?;
        }
        upkeep::fetched(&path);
        Ok(path)
    }

    /// A first commit of what lies at `url` that the mirror of the source `name` has too: what shows
    /// that the repository moved there. `None` when there is none, or no mirror.
    ///
    /// # Errors
    /// As [`Mirrors::fetch`], of `url`.
    pub fn first_commit_in_common(
        &self,
        name: &str,
        url: &str,
    ) -> Result<Option<String>, TrackError> {
        let old = if is_remote(name) { self.path(name) } else { PathBuf::from(name) };
        if !old.exists() {
            return Ok(None);
        }
        let was_there = !is_remote(url) || self.path(url).exists();
        let new = if is_remote(url) { self.fetch(url)? } else { PathBuf::from(url) };
        let git = Git::new(url, &self.fetching);
        let roots = git.ask(&new, &["rev-list", "--max-parents=0", "--all"]);
        let common = roots.map(|roots| {
            let mut oids = roots.lines().take(MOST_ROOTS).map(str::to_owned);
            oids.find(|oid| {
                git.ask(&old, &["cat-file", "-e", &format!("{oid}^{{commit}}")]).is_ok()
            })
        });
        if !was_there {
            let _ = fs::remove_dir_all(&new);
        }
        common.map_err(|detail| failed(url, &detail))
    }
}

/// How many first commits of a repository are looked for.
const MOST_ROOTS: usize = 64;

/// The folder of the mirror of `url`.
fn name_of(url: &str) -> String {
    // By the URL as the ledger shows it, so that a retest finds it again.
    let shown = SafeText::scrubbed(url.as_bytes(), []);
    let tail: String = url
        .trim_end_matches('/')
        .rsplit(['/', ':'])
        .next()
        .unwrap_or("repository")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(40)
        .collect();
    format!("{tail}-{}.git", &Digest::of(shown.as_str().as_bytes()).as_str()[..16])
}

fn failed(url: &str, detail: &str) -> TrackError {
    TrackError::Fetch {
        url: SafeText::scrubbed(url.as_bytes(), []),
        detail: SafeText::scrubbed(detail.as_bytes(), []),
    }
}

/// Whether the user-info of a URL holds more than a name.
fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let http = url.starts_with("http");
    // A query may hold a token, and a slash in a password moves the end of the host.
    let odd = rest.contains('?') || (http && rest.contains('@'));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    // For https a bare user name is most often a token.
    odd || authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// Makes a folder, and those above it, that its owner alone can enter.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder, and those above it.
///
/// # Errors
/// What the system says.
#[cfg(not(unix))]
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests;
