//! OpenSSH: a private key whose public half is taken out of `authorized_keys` and put back.

use crate::server::{Server, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::World;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        for name in ["host", "leak"] {
            let mut command = Command::new(&keygen);
            command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(name));
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

    fn trust(&self, is_trusted: bool) {
        let key = std::fs::read_to_string(self.folder.join("leak.pub")).unwrap();
        let text = if is_trusted { key } else { String::new() };
        std::fs::write(self.folder.join("trusted"), text).unwrap();
    }

    /// The line of `known_hosts` for this host.
    fn known(&self) -> String {
        let key = std::fs::read_to_string(self.folder.join("host.pub")).unwrap();
        format!("[127.0.0.1]:{} {key}", self.port)
    }

    fn leak(&self) -> Leak {
        let text = std::fs::read_to_string(self.folder.join("leak")).unwrap();
        let secret = text.lines().nth(2).unwrap().to_owned();
        Leak { file: "id_ed25519", text, secret }
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
    server.trust(true);
    life(
        &world,
        server.leak(),
        || server.trust(false),
        || {
            server.trust(true);
            Again::Same
        },
    );
}

#[test]
fn a_host_whose_key_is_not_known_is_never_asked() {
    let Some((world, server)) = world() else { return };
    server.trust(false);
    let story = Story::leaked(&world, server.leak());
    story.removed();
    story.learns_nothing("the host's key is not known");
}
