//! OpenSSH: a private key, in its own format or in PEM, whose public half is taken out of
//! `authorized_keys` and put back.

use crate::server::{Server, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::World;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Keys that are made, each with the arguments that make it.
type Made = (&'static str, &'static [&'static str]);
const HOST: Made = ("host", &["ed25519"]);
const OWN: Made = ("leak", &["ed25519"]);
const PEM: [Made; 3] = [
    ("pem-rsa", &["rsa", "-b", "2048", "-m", "PEM"]),
    ("pem-ec", &["ecdsa", "-m", "PEM"]),
    ("pem-pkcs8", &["ecdsa", "-m", "PKCS8"]),
];

struct Sshd {
    _server: Server,
    folder: PathBuf,
    account: String,
    port: u16,
}

impl Sshd {
    fn start(folder: &Path) -> Option<Self> {
        let sshd = program("sshd")?;
        let keygen = program("ssh-keygen")?;
        let (folder, port) = (folder.join("ssh"), free_port());
        std::fs::create_dir(&folder).unwrap();
        for (name, kind) in [HOST, OWN].into_iter().chain(PEM) {
            let mut command = Command::new(&keygen);
            command.args(["-q", "-N", "", "-t"]).args(kind).arg("-f").arg(folder.join(name));
            assert!(command.status().unwrap().success());
        }
        let place = folder.display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nPidFile {place}/pid\n\
             AuthorizedKeysFile {place}/trusted\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        );
        std::fs::write(folder.join("config"), config).unwrap();
        // It changes to an empty folder that the package's service would make.
        let _ = std::fs::create_dir_all("/run/sshd");
        let mut command = Command::new(sshd);
        command.arg("-D").arg("-f").arg(folder.join("config"));
        let mut server = Server::start(&mut command, &folder);
        server.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let who = Command::new("id").arg("-un").output().unwrap();
        let account = String::from_utf8(who.stdout).unwrap().trim().to_owned();
        Some(Self { _server: server, folder, account, port })
    }

    /// From now on the account takes these keys and no other.
    fn trust(&self, names: &[&str]) {
        let public =
            |name| std::fs::read_to_string(self.folder.join(format!("{name}.pub"))).unwrap();
        let text: String = names.iter().map(public).collect();
        std::fs::write(self.folder.join("trusted"), text).unwrap();
    }

    /// The line of `known_hosts` for this host.
    fn known(&self) -> String {
        let key = std::fs::read_to_string(self.folder.join("host.pub")).unwrap();
        format!("[127.0.0.1]:{} {key}", self.port)
    }

    fn leak(&self, name: &'static str) -> Leak {
        let text = std::fs::read_to_string(self.folder.join(name)).unwrap();
        let secret = text.lines().nth(2).unwrap().to_owned();
        Leak { file: name, text, secret }
    }
}

fn world() -> Option<(World, Sshd)> {
    let world = World::new()?;
    let server = Sshd::start(&world.sandbox.path("tmp"))?;
    world.list_url("ssh", &format!("ssh://{}@127.0.0.1:{}", server.account, server.port));
    world.ask_once_a_day();
    Some((world, server))
}

#[test]
fn a_key_that_is_trusted_no_more_is_dead_until_it_is_trusted_again() {
    let Some((world, server)) = world() else { return };
    world.know_hosts(&server.known());
    let name = OWN.0;
    server.trust(&[name]);
    life(
        &world,
        server.leak(name),
        || server.trust(&[]),
        || {
            server.trust(&[name]);
            Again::Same
        },
    );
}

#[test]
fn a_host_whose_key_is_not_known_is_never_asked() {
    let Some((world, server)) = world() else { return };
    server.trust(&[]);
    let story = Story::leaked(&world, server.leak(OWN.0));
    story.removed();
    story.learns_nothing("the host's key is not known");
}

#[test]
fn a_key_in_pem_is_live_where_it_opens_and_never_dead_because_it_does_not() {
    for (name, _) in PEM {
        let Some((world, server)) = world() else { return };
        world.know_hosts(&server.known());
        server.trust(&[name]);
        let story = Story::leaked(&world, server.leak(name));
        story.is_live();
        story.removed();
        // It may sign and open elsewhere: for one host to take it no more says nothing of that.
        server.trust(&[]);
        story.learns_nothing("SSH denied");
        server.trust(&[name]);
        world.wait_to_ask();
        story.is_live();
    }
}
