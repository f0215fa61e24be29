//! A user's machine in a temporary folder: a home, repositories, and the built command.

#![allow(dead_code, reason = "each test that includes this file uses its own part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Says that a test could not do its work here, and why.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// The command under test.
pub(crate) const QUIETUS: &str = env!("CARGO_BIN_EXE_quietus");

/// A folder that is all the command knows of the machine.
pub(crate) struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "config", "data", "cache", "tmp", "work"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    /// A path below the folder; `tmp`, `data`, `config` and `cache` are the command's own.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// The ledger that is used when none is named.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.path("data/quietus/ledger.db")
    }

    /// The key that `init` makes.
    pub(crate) fn key(&self) -> PathBuf {
        self.path("data/quietus/key")
    }

    /// Writes a file below the folder, with the folders it needs.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A program that sees nothing of the real environment.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("TMPDIR", self.path("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.path("work"))
            .stdin(Stdio::null());
        command
    }

    /// The command under test with `arguments`.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.program(QUIETUS);
        command.args(arguments);
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Runs the command with `input` on its standard input.
    pub(crate) fn feed<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let told = format!("{command:?}");
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        Ran { told, output }
    }

    /// A repository below the folder, made if it is not there yet.
    pub(crate) fn repository(&self, name: &str) -> Repository<'_> {
        let repository = Repository { sandbox: self, path: self.path(name) };
        if !repository.path.exists() {
            std::fs::create_dir_all(&repository.path).unwrap();
            repository.git(&["init", "-q", "-b", "main"]);
            repository.git(&["config", "user.name", "Ann Author"]);
            repository.git(&["config", "user.email", "ann@example.org"]);
            repository.git(&["config", "gc.auto", "0"]);
        }
        repository
    }
}

/// A real repository with a work tree.
pub(crate) struct Repository<'s> {
    sandbox: &'s Sandbox,
    pub(crate) path: PathBuf,
}

impl Repository<'_> {
    /// The path as an argument.
    pub(crate) fn arg(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Runs git here; what it says on standard output.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = self.sandbox.program("git");
        let ran = Ran::of(command.args(arguments).current_dir(&self.path));
        ran.exits(0);
        ran.out().trim().to_owned()
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Writes a file and commits everything; the commit's id.
    pub(crate) fn commit(&self, name: &str, bytes: impl AsRef<[u8]>, message: &str) -> String {
        self.write(name, bytes);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The id of what `revision` names.
    pub(crate) fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision])
    }

    /// The file of a loose object.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.path.join(".git/objects").join(&id[..2]).join(&id[2..])
    }
}

/// A command that came to its end.
pub(crate) struct Ran {
    told: String,
    output: Output,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let told = format!("{:?}", command.get_args().collect::<Vec<_>>());
        Self { told, output: command.output().unwrap_or_else(|e| panic!("{command:?}: {e}")) }
    }

    /// The arguments, for messages.
    pub(crate) fn told(&self) -> &str {
        &self.told
    }

    pub(crate) fn stdout(&self) -> &[u8] {
        &self.output.stdout
    }

    pub(crate) fn stderr(&self) -> &[u8] {
        &self.output.stderr
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The exit code; `None` when a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Fails unless it ended with `code`.
    pub(crate) fn exits(&self, code: i32) -> &Self {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.code(), Some(code), "{}\n{out}\n{err}", self.told);
        self
    }

    /// Fails unless standard error says each of `words`.
    pub(crate) fn complains(&self, words: &[&str]) -> &Self {
        let err = self.err();
        for word in words {
            assert!(err.contains(word), "{} does not say {word:?}:\n{err}", self.told);
        }
        assert!(!err.contains("panicked"), "{}\n{err}", self.told);
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|e| panic!("{}: {e}\n{}\n{}", self.told, self.out(), self.err()))
    }

    /// Standard output as one JSON value a line.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}: {line}", self.told))
        };
        self.out().lines().map(parse).collect()
    }
}
