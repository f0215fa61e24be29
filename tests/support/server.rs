//! A real server on loopback: started in a folder of its own, waited for, ended with all it started.

use crate::sandbox::skipped;
use crate::tools::installed;
pub(crate) use crate::tools::there;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take before it answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether the slow loops are wanted too.
pub(crate) fn slow_ones_are_wanted() -> bool {
    let wanted = std::env::var_os("QUIETUS_SLOW_LOOPS").is_some_and(|wanted| wanted == "1");
    if !wanted {
        skipped("this loop is slow; it runs with QUIETUS_SLOW_LOOPS=1");
    }
    wanted
}

/// What `tests/tools.sh` installed under this name in its own folder.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    installed(Path::new("loops").join(name))
}

/// A program of the system, looked for where servers are as well.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.exists());
    there(found.unwrap_or_else(|| PathBuf::from(name)))
}

/// Makes `command` run as the account of a service, where the tests are the superuser's, whom some
/// servers refuse to serve. The folder is given to it.
pub(crate) fn as_service(command: &mut Command, account: &str, folder: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (user, group) = ids(account);
    // What lies above was made for the superuser alone.
    for above in folder.ancestors().take_while(|path| path.starts_with("/tmp")).skip(1) {
        let mut open = std::fs::metadata(above).unwrap().permissions();
        open.set_mode(open.mode() | 0o011);
        std::fs::set_permissions(above, open).unwrap();
    }
    std::os::unix::fs::chown(folder, Some(user), Some(group)).unwrap();
    command.uid(user).gid(group).current_dir(folder);
}

/// Gives a file to the account of a service, where the tests are the superuser's.
fn give(account: &str, file: &Path) {
    if rustix::process::geteuid().is_root() {
        let (user, group) = ids(account);
        std::os::unix::fs::chown(file, Some(user), Some(group)).unwrap();
    }
}

/// The numbers of an account and of its group.
fn ids(account: &str) -> (u32, u32) {
    let id = |flag: &str| -> u32 {
        let told = Command::new("id").args([flag, account]).output().unwrap();
        String::from_utf8_lossy(&told.stdout).trim().parse().unwrap()
    };
    (id("-u"), id("-g"))
}

/// What a server shows who it is by, in files of its own folder: a certificate, of a CA that nobody
/// knows but who is told, and its key.
pub(crate) struct Papers {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) ca_pem: String,
}

impl Papers {
    /// Those of a server which runs as this account.
    pub(crate) fn of(account: &str, folder: &Path) -> Self {
        let made = crate::issuer::papers();
        let write = |name: &str, text: String| {
            let file = folder.join(name);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            give(account, &file);
            file
        };
        let certificate = write("certificate.pem", made.certificate.pem());
        let key = write("key.pem", made.key.serialize_pem());
        Self { certificate, key, ca_pem: made.ca_pem }
    }
}

/// A port of loopback that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A process with all its children. They end with it.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` in `folder`, which also gets its log.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Self {
        let log = folder.join("server.log");
        let file = std::fs::File::create(&log).unwrap();
        command.current_dir(folder).stdin(Stdio::piped()).stdout(file.try_clone().unwrap());
        let child = command.stderr(file).process_group(0).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), log }
    }

    /// Writes a line to its standard input.
    pub(crate) fn tell(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
        stdin.flush().unwrap();
    }

    /// Waits until `answers`.
    pub(crate) fn until(&mut self, answers: impl FnMut() -> bool) {
        let mut answers = answers;
        let begin = Instant::now();
        while !answers() {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                panic!("the server does not answer ({ended:?}):\n{log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until it answers `GET path` with this status.
    pub(crate) fn until_http(&mut self, port: u16, path: &str, status: u16) {
        self.until(|| Http::new(port).try_ask("GET", path, "").is_some_and(|a| a.status == status));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// How a test talks to a server as its administrator.
pub(crate) struct Http {
    port: u16,
    headers: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The text at a JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let value = self.json();
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("nothing at {pointer}: {value}")).to_owned()
    }
}

impl Http {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, headers: String::new() }
    }

    /// Sends this header with every request.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    /// Asks, and fails unless the answer is one of success.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let answer = self.try_ask(method, path, body).unwrap();
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        answer
    }

    /// Asks whoever listens.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        // Version 1.0: the answer ends with the connection and is never chunked.
        let (headers, length) = (&self.headers, body.len());
        let kind = if body.starts_with(['{', '[']) { "json" } else { "x-www-form-urlencoded" };
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1:{}\r\n{headers}accept: application/json\r\n\
             content-type: application/{kind}\r\ncontent-length: {length}\r\n\r\n",
            self.port
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(Answer { status, body: body.to_owned() })
    }
}
