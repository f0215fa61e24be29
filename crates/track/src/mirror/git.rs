//! Running the system git: nothing hostile obeyed, and an end to it in time and in bytes.

use super::claim::Claim;
use super::{Fetching, HostToken};
use data_encoding::BASE64;
use quietus_model::Secret;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Configuration that no remote may change. `ext` would run commands, hooks and fsmonitor as well;
/// `fsckObjects` refuses malformed objects before anything reads them.
const HARDENING: [&str; 11] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "transfer.fsckObjects=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    // A few thousand loose objects a night would be slow to read.
    "fetch.unpackLimit=1",
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

/// How often it is looked whether git has ended.
const LOOK: Duration = Duration::from_millis(10);

/// How often it is looked how large the mirror is.
const MEASURE: Duration = Duration::from_secs(2);

/// How much of git's words is kept.
const WORDS: u64 = 64 << 10;

/// The system git, for one remote.
pub(super) struct Git<'a> {
    fetching: &'a Fetching,
    token: Option<&'a HostToken>,
}

impl<'a> Git<'a> {
    /// For the remote at `url`, which is shown the token of its host and no other.
    pub(super) fn new(url: &str, fetching: &'a Fetching) -> Self {
        let token = fetching.tokens.iter().find(|token| {
            let rest = url.strip_prefix(token.origin.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        Self { fetching, token }
    }

    /// Runs git in `folder` until it ends, or its time or its room is used up.
    pub(super) fn run(
        &self,
        folder: &Path,
        args: &[&str],
        claim: &mut Claim,
    ) -> Result<(), String> {
        let mut command = self.command(folder, args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = spawn(&mut command)?;
        claim.note(child.id());
        let words = child.stderr.take().map(|stderr| {
            std::thread::spawn(move || {
                let mut words = Vec::new();
                let mut stderr = stderr;
                let _ = stderr.by_ref().take(WORDS).read_to_end(&mut words);
                // What is not read would stop git.
                let _ = std::io::copy(&mut stderr, &mut std::io::sink());
                words
            })
        });
        let ended = self.watch(&mut child, folder);
        let words = words.and_then(|words| words.join().ok()).unwrap_or_default();
        match ended? {
            true => Ok(()),
            false => Err(last_words(&String::from_utf8_lossy(&words)).to_owned()),
        }
    }

    /// What git says on standard output in a moment.
    pub(super) fn ask(&self, folder: &Path, args: &[&str]) -> Result<String, String> {
        let output = self.command(folder, args).output().map_err(|error| cannot_run(&error))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(last_words(&String::from_utf8_lossy(&output.stderr)).to_owned()),
        }
    }

    /// Gives git `input` and waits for its end.
    pub(super) fn feed(&self, folder: &Path, args: &[&str], input: &str) -> Result<(), String> {
        use std::io::Write;
        let mut command = self.command(folder, args);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = spawn(&mut command)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).map_err(|error| error.to_string())?;
        }
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(last_words(&String::from_utf8_lossy(&output.stderr)).to_owned()),
        }
    }

    fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        for setting in HARDENING {
            command.args(["-c", setting]);
        }
        for fault in OLD_FAULTS {
            command.args(["-c", &format!("fetch.fsck.{fault}=ignore")]);
        }
        command.arg("-C").arg(folder);
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
            .env_remove("GIT_TRACE_CURL")
            .stdin(Stdio::null());
        self.let_in(&mut command);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    /// Shows the token: in the environment, which only this user can read, and for its host alone.
    fn let_in(&self, command: &mut Command) {
        let Some(HostToken { origin, user, token }) = self.token else { return };
        let mut pair = format!("{user}:").into_bytes();
        pair.extend_from_slice(token.expose());
        let pair = Secret::new(pair);
        let header = format!("Authorization: Basic {}", BASE64.encode(pair.expose()));
        command
            .env("GIT_CONFIG_COUNT", "2")
            .env("GIT_CONFIG_KEY_0", format!("http.{}/.extraHeader", origin.trim_end_matches('/')))
            .env("GIT_CONFIG_VALUE_0", header)
            // Nobody may send us, and the token, elsewhere.
            .env("GIT_CONFIG_KEY_1", "http.followRedirects")
            .env("GIT_CONFIG_VALUE_1", "false");
    }

    /// Waits for git; whether it succeeded.
    fn watch(&self, child: &mut Child, folder: &Path) -> Result<bool, String> {
        let begun = Instant::now();
        let mut measured = begun;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
            let limit = self.fetching.time;
            if begun.elapsed() > limit {
                end(child);
                return Err(format!("it took longer than {} s and was given up", limit.as_secs()));
            }
            if self.fetching.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
                end(child);
                return Err("it was interrupted".to_owned());
            }
            if measured.elapsed() > MEASURE {
                measured = Instant::now();
                if size(folder) > self.fetching.bytes {
                    end(child);
                    let most = self.fetching.bytes >> 20;
                    return Err(format!("it is larger than {most} MiB, the limit for one mirror"));
                }
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.spawn().map_err(|error| cannot_run(&error))
}

fn cannot_run(error: &std::io::Error) -> String {
    format!("the git program cannot be run: {error}")
}

/// Ends git and what it has started.
fn end(child: &mut Child) {
    end_group(child.id());
    let _ = child.kill();
    let _ = child.wait();
}

/// Ends the processes of a group.
pub(super) fn end_group(leader: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// The bytes of all files below `folder`.
pub(super) fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            match entry.metadata() {
                Ok(data) if data.is_dir() => folders.push(entry.path()),
                Ok(data) => bytes += data.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// The line git wrote that says most.
fn last_words(text: &str) -> &str {
    text.lines()
        .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
        .or_else(|| text.lines().rfind(|line| !line.trim().is_empty()))
        .unwrap_or("git gave no reason")
}
