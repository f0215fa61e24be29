//! Mirrors of remote repositories, fetched by the system git with everything hostile switched off.

use crate::TrackError;
use quietus_model::{Digest, SafeText};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Configuration that no remote may change. `ext` would run commands, hooks and fsmonitor as well;
/// `fsckObjects` refuses malformed objects before anything reads them.
const HARDENING: [&str; 10] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "transfer.fsckObjects=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    // A server that sends nothing for a minute is given up.
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
];

/// Faults of old commits that harm nobody and stand in many public histories.
const OLD_FAULTS: [&str; 6] = [
    "badTimezone",
    "missingSpaceBeforeDate",
    "zeroPaddedFilemode",
    "missingTaggerEntry",
    "badDateOverflow",
    "gitmodulesUrl",
];

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

/// Mirrors under one folder of the user's cache.
#[derive(Clone, Debug)]
pub struct Mirrors {
    root: PathBuf,
}

impl Mirrors {
    /// Mirrors under `root`, which is made when the first one is.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the mirror of `url` lies, whether or not it exists.
    pub fn path(&self, url: &str) -> PathBuf {
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
        self.root
            .join(format!("{tail}-{}.git", &Digest::of(shown.as_str().as_bytes()).as_str()[..16]))
    }

    /// Makes or updates the mirror of `url`; where it lies.
    ///
    /// # Errors
    /// [`TrackError::SecretInUrl`] when the URL holds a password, which must not stand in a process
    /// list; [`TrackError::Fetch`] with git's own words, without user-info.
    pub fn fetch(&self, url: &str) -> Result<PathBuf, TrackError> {
        if has_password(url) {
            // Neither what stands before an @ nor a query is repeated.
            let shown = url.rsplit('@').next().and_then(|rest| rest.split('?').next());
            return Err(TrackError::SecretInUrl {
                url: SafeText::plain(shown.unwrap_or("the URL")),
            });
        }
        private_folder(&self.root).map_err(|error| self.failed(url, &error.to_string()))?;
        let path = self.path(url);
        if path.join("HEAD").is_file() {
            // `--` because a URL may not begin with a dash and become an option.
            let args = [
                "fetch",
                "--prune",
                "--force",
                "--no-tags",
                "--no-write-fetch-head",
                "--",
                "origin",
            ];
            let all = "+refs/*:refs/*";
            self.git(url, Some(&path), &[&args[..], &[all]].concat())?;
        } else {
            let partial = path.with_extension(format!("{}.part", std::process::id()));
            let _ = fs::remove_dir_all(&partial);
            let to = partial.to_string_lossy().into_owned();
            self.git(url, None, &["clone", "--mirror", "--no-hardlinks", "--", url, &to])?;
            // Only a whole clone gets the name that later runs trust.
            fs::rename(&partial, &path).map_err(|error| self.failed(url, &error.to_string()))?;
        }
        Ok(path)
    }

    fn git(&self, url: &str, dir: Option<&Path>, args: &[&str]) -> Result<(), TrackError> {
        let mut command = Command::new("git");
        for setting in HARDENING {
            command.args(["-c", setting]);
        }
        for fault in OLD_FAULTS {
            command.args(["-c", &format!("fetch.fsck.{fault}=ignore")]);
        }
        if let Some(dir) = dir {
            command.arg("-C").arg(dir);
        }
        command
            .args(args)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_OBJECT_DIRECTORY")
            .env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES")
            .env_remove("GIT_CONFIG_PARAMETERS")
            .stdin(Stdio::null());
        match command.output() {
            Ok(Output { status, .. }) if status.success() => Ok(()),
            Ok(output) => Err(self.failed(url, last_words(&output))),
            Err(error) => Err(self.failed(url, &format!("the git program cannot be run: {error}"))),
        }
    }

    fn failed(&self, url: &str, detail: &str) -> TrackError {
        TrackError::Fetch {
            url: SafeText::scrubbed(url.as_bytes(), []),
            detail: SafeText::scrubbed(detail.as_bytes(), []),
        }
    }
}

/// The last line git wrote that says something.
fn last_words(output: &Output) -> &str {
    let text = std::str::from_utf8(&output.stderr).unwrap_or("");
    text.lines()
        .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
        .or_else(|| text.lines().rfind(|line| !line.trim().is_empty()))
        .unwrap_or("git gave no reason")
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
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths_are_told_apart() {
        assert!(is_remote("https://git.example.org/a.git"));
        assert!(is_remote("git@git.example.org:team/a.git"));
        assert!(is_remote("file:///srv/a.git"));
        for path in [".", "/srv/a.git", "../a", "a", "C:\\a", "./a:b"] {
            assert!(!is_remote(path), "{path}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let root = tempfile::tempdir().unwrap();
        for url in [
            format!("https://bob:{}@git.invalid/a.git", "hunter2hunter2"),
            format!("https://bob:hunter2/{}@git.invalid/a.git", "hunter2"),
            format!("https://git.invalid/a.git?private_token={}", "hunter2hunter2"),
            format!("ssh://git:{}@git.invalid/a.git", "hunter2hunter2"),
        ] {
            let error = Mirrors::new(root.path()).fetch(&url).unwrap_err();
            assert!(matches!(error, TrackError::SecretInUrl { .. }));
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_mirror_follows_its_source_and_a_failure_leaves_no_half_clone() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("source");
        let git = |args: &[&str]| {
            let status = Command::new("git")
                .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
                .args(args)
                .current_dir(root.path())
                .output()
                .unwrap();
            assert!(
                status.status.success(),
                "{args:?}: {}",
                String::from_utf8_lossy(&status.stderr)
            );
        };
        let dir = source.to_str().unwrap();
        git(&["init", "-q", "-b", "main", dir]);
        git(&["-C", dir, "commit", "-q", "--allow-empty", "-m", "one"]);
        let mirrors = Mirrors::new(root.path().join("cache"));
        let url = format!("file://{dir}");
        let path = mirrors.fetch(&url).unwrap();
        git(&["-C", dir, "branch", "second"]);
        assert_eq!(mirrors.fetch(&url).unwrap(), path);
        git(&["-C", path.to_str().unwrap(), "rev-parse", "--verify", "refs/heads/second"]);

        let missing = format!("file://{dir}-missing");
        let error = mirrors.fetch(&missing).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
        assert!(!mirrors.path(&missing).exists());
    }
}
