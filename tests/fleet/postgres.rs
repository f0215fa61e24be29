//! A PostgreSQL server for the ledger of a fleet: it can be killed, and comes up again.
#![allow(dead_code, reason = "each test that includes this file uses its own part of it")]

use crate::sandbox::skipped;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The account that runs it, when the tests are the superuser's, whom it refuses.
const ACCOUNT: &str = "postgres";

/// A server of its own.
pub(crate) struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    address: String,
}

/// Where Debian keeps the programs of the server, or where they are found by name.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = versions.filter_map(Result::ok).map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = debian.chain(named).filter(|folder| folder.join("initdb").exists()).max()?;
    found.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned)
}

impl Postgres {
    /// Starts one on a socket, and on `address` as well where it is not empty.
    pub(crate) fn start(address: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI must have PostgreSQL");
            skipped("there is no PostgreSQL server");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("quietus-fleet-").tempdir().unwrap();
        let server = Self { folder, programs, address: address.to_owned() };
        if rustix::process::geteuid().is_root() {
            let mut chown = Command::new("chown");
            assert!(chown.arg(ACCOUNT).arg(server.folder.path()).status().unwrap().success());
        }
        let data = server.path("data");
        server.run("initdb", &["-U", "quietus", "--auth=trust", "--encoding=UTF8", "-D", &data]);
        if !address.is_empty() {
            let rules = Path::new(&data).join("pg_hba.conf");
            let text = std::fs::read_to_string(&rules).unwrap();
            std::fs::write(rules, text + "host all all samenet trust\n").unwrap();
        }
        server.begin();
        server.run("createdb", &["-h", &server.path(""), "-U", "quietus", "fleet"]);
        Some(server)
    }

    /// Begins it, and waits until it answers.
    fn begin(&self) {
        assert!(self.try_to_begin(), "it does not begin");
    }

    fn try_to_begin(&self) -> bool {
        let options = format!("-c listen_addresses='{}' -k {}", self.address, self.path(""));
        let (data, log) = (self.path("data"), self.path("log"));
        self.is_done("pg_ctl", &["-D", &data, "-l", &log, "-o", &options, "-w", "start"])
    }

    /// Ends all of it at once, as a power cut does, and begins it again.
    pub(crate) fn kill(&self) {
        let lines = std::fs::read_to_string(self.path("data/postmaster.pid")).unwrap();
        let process = lines.lines().next().unwrap();
        let killed = Command::new("kill").args(["-9", process]).status().unwrap();
        assert!(killed.success());
        // Its children notice that it is gone, and the next one waits until they have ended.
        for _ in 0..100 {
            std::thread::sleep(std::time::Duration::from_millis(100));
            if self.try_to_begin() {
                return;
            }
        }
        panic!("it does not begin again");
    }

    /// The ledger's URL, by the socket.
    pub(crate) fn url(&self) -> String {
        format!("postgres://quietus@localhost/fleet?host={}", self.folder.path().display())
    }

    /// Tells the server to do something.
    pub(crate) fn sql(&self, text: &str) {
        let folder = self.path("");
        self.run("psql", &["-h", &folder, "-U", "quietus", "-d", "fleet", "-q", "-c", text]);
    }

    /// A session that answers each statement on its standard output, values only.
    pub(crate) fn session(&self) -> Child {
        let mut command = self.command("psql");
        command.args(["-h", &self.path(""), "-U", "quietus", "-d", "fleet", "-qAtX"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string().trim_end_matches('/').to_owned()
    }

    fn command(&self, program: &str) -> Command {
        let own = self.programs.join(program);
        let own = if own.exists() { own } else { PathBuf::from(program) };
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", ACCOUNT, "--"]).arg(own);
            command
        } else {
            Command::new(own)
        };
        command.current_dir("/").stdin(std::process::Stdio::null());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        assert!(self.is_done(program, arguments), "{program} {arguments:?}");
    }

    fn is_done(&self, program: &str, arguments: &[&str]) -> bool {
        // What stays behind must not hold our pipes open.
        let out = tempfile::tempfile().unwrap();
        let mut command = self.command(program);
        command.args(arguments).stdout(out.try_clone().unwrap()).stderr(out);
        command.status().unwrap().success()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.path("data");
        let mut stop = self.command("pg_ctl");
        let _ = stop.args(["-D", &data, "-m", "immediate", "-w", "stop"]).output();
    }
}
