//! A PostgreSQL server of its own for a test: a temporary folder, a socket in it, no network.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A running server. Stopped when dropped.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    /// The user that runs it, when the test runs as root: PostgreSQL refuses root.
    user: Option<&'static str>,
}

impl Server {
    /// Starts one. `None`, with a word on standard output, when PostgreSQL is not installed;
    /// where `CI` is set to `true` that is a failure, so that no run passes without it unnoticed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert_ne!(env::var("CI").as_deref(), Ok("true"), "CI must have a PostgreSQL server");
            println!("skipped: no PostgreSQL server is installed (initdb, pg_ctl)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("quietus-pg-").tempdir().unwrap();
        let user = is_root().then(|| ["postgres", "nobody"].into_iter().find(|user| exists(user)));
        let server = Self { folder, programs, user: user.flatten() };
        if let Some(user) = server.user {
            succeed(Command::new("chown").arg(user).arg(server.folder.path()));
        }
        let data = server.path("data");
        succeed(
            server
                .command("initdb")
                .args(["--auth=trust", "--username=quietus", "--encoding=UTF8", "--no-sync"])
                .arg(format!("--pgdata={data}")),
        );
        server.run();
        Some(server)
    }

    fn run(&self) {
        // Speed is welcome, durability is not what these tests are about.
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off",
            self.folder.path().display()
        );
        succeed(
            self.command("pg_ctl")
                .args(["start", "--wait", "--silent", "--pgdata", &self.path("data")])
                .args(["--log", &self.path("log"), "--options", &options]),
        );
    }

    fn stop(&self) -> std::io::Result<Output> {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata", &self.path("data")]);
        stop.output()
    }

    /// Ends it as a crash does, in the middle of whatever it does, and starts it again.
    pub(crate) fn crash_and_restart(&self) {
        assert!(self.stop().unwrap().status.success());
        self.run();
    }

    /// A disk of its own for some of its tables, of so many megabytes. `None`, with a word on standard
    /// output, where nothing may be mounted.
    #[cfg(target_os = "linux")]
    pub(crate) fn disk(&self, megabytes: u32) -> Option<Disk> {
        let disk = Disk(tempfile::Builder::new().prefix("quietus-disk-").tempdir().unwrap());
        if !is_root() || !disk.resize(megabytes, &[]) {
            println!("skipped: no disk can be mounted here");
            return None;
        }
        // PostgreSQL wants a folder of its user's.
        let owner = format!("--reference={}", self.path("data"));
        succeed(Command::new("chown").args([&owner, &disk.path()]));
        Some(disk)
    }

    /// Makes an empty database and gives its URL.
    pub(crate) async fn database(&self, name: &str) -> String {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        self.url(name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://quietus@localhost/{database}?host={}", self.folder.path().display())
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir("/").env("LC_ALL", "C");
        command
    }
}

/// A disk in memory. Taken away when dropped, which must be after the server.
#[cfg(target_os = "linux")]
pub(crate) struct Disk(TempDir);

#[cfg(target_os = "linux")]
impl Disk {
    pub(crate) fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    /// Gives it more room.
    pub(crate) fn grow(&self, megabytes: u32) {
        assert!(self.resize(megabytes, &["-o", "remount"]));
    }

    fn resize(&self, megabytes: u32, how: &[&str]) -> bool {
        let size = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size]).args(how).arg("none").arg(self.0.path());
        mount.output().is_ok_and(|output| output.status.success())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).output();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A panic in a drop would hide the test's own.
        let _ = self.stop();
    }
}

/// The folder of PostgreSQL's programs: on the path, else where Debian and Red Hat keep them.
fn programs() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&on_path).collect();
    folders.extend(versions(Path::new("/usr/lib/postgresql")));
    folders.extend(versions(Path::new("/usr")));
    folders.into_iter().find(|folder| folder.join("initdb").exists())
}

/// `15/bin` or `pgsql-15/bin` below `folder`, the newest first.
fn versions(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found.reverse();
    found
}

fn is_root() -> bool {
    succeed(Command::new("id").arg("-u")).stdout.trim_ascii() == b"0"
}

fn exists(user: &str) -> bool {
    Command::new("id").arg(user).output().is_ok_and(|output| output.status.success())
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
