//! Redis: the password of a user and that of everybody, changed and changed back; and a server that
//! takes any.

use crate::server::{Papers, Server, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::{Password, World};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

pub(crate) struct Redis {
    _server: Server,
    port: u16,
}

impl Redis {
    fn start(folder: &Path) -> Option<Self> {
        Self::start_with(folder, &[])
    }

    fn start_with(folder: &Path, more: &[(&str, String)]) -> Option<Self> {
        let port = free_port();
        let mut command = Command::new(program("redis-server")?);
        command.args(more.iter().flat_map(|(name, value)| [*name, value.as_str()]));
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
        // A second user for the administrator, whatever becomes of the first.
        command.args(["--user", "admin", "on", "nopass", "~*", "+@all"]);
        let mut server = Server::start(&mut command, folder);
        server.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self { _server: server, port })
    }

    pub(crate) fn tell(&self, command: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "AUTH admin any\r\n{command}\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        for _ in 0..2 {
            assert_eq!(lines.next().unwrap().unwrap(), "+OK", "{command}");
        }
    }

    pub(crate) fn leak(&self, user: &str, password: &Password) -> Leak {
        let text = format!("CACHE=redis://{user}:{password}@127.0.0.1:{}/0\n", self.port);
        Leak { file: "cache.env", text, secret: password.to_string() }
    }
}

pub(crate) fn world() -> Option<(World, Redis)> {
    let world = World::new()?;
    let server = Redis::start(&world.sandbox.path("tmp"))?;
    world.list_url("redis", &format!("redis://127.0.0.1:{}", server.port));
    Some((world, server))
}

#[test]
fn a_changed_password_of_a_user_is_dead_until_it_is_changed_back() {
    let Some((world, server)) = world() else { return };
    let password = Password::new("user");
    let set = |how: char| server.tell(&format!("ACL SETUSER app on {how}{password} ~* +@all"));
    set('>');
    life(
        &world,
        server.leak("app", &password),
        || set('<'),
        || {
            set('>');
            Again::Same
        },
    );
}

#[test]
fn a_changed_password_of_everybody_is_dead_and_one_that_any_server_takes_is_not() {
    let Some((world, server)) = world() else { return };
    let (one, other) = (Password::new("one"), Password::new("other"));
    let set = |password: &Password| server.tell(&format!("CONFIG SET requirepass {password}"));
    set(&one);
    life(
        &world,
        server.leak("", &one),
        || set(&other),
        || {
            set(&one);
            Again::Same
        },
    );
    server.tell("ACL SETUSER app on nopass ~* +@all");
    let story = Story::leaked(&world, server.leak("app", &Password::new("any")));
    story.removed();
    story.learns_nothing("non_discriminating");
}

#[test]
fn over_tls_a_server_is_believed_whose_certificate_a_ca_of_the_users_signed() {
    let Some(world) = World::new() else { return };
    let folder = world.sandbox.path("tmp");
    let papers = Papers::of("root", &folder);
    let tls = free_port();
    let file = |path: &Path| path.display().to_string();
    let arguments = [
        ("--tls-port", tls.to_string()),
        ("--tls-cert-file", file(&papers.certificate)),
        ("--tls-key-file", file(&papers.key)),
        ("--tls-ca-cert-file", file(&papers.certificate)),
        ("--tls-auth-clients", "no".to_owned()),
    ];
    // Without TLS it is talked to by its administrator alone.
    let Some(server) = Redis::start_with(&folder, &arguments) else { return };
    world.list_url("redis", &format!("rediss://127.0.0.1:{tls}"));
    let password = Password::new("private");
    let set = |how: char| server.tell(&format!("ACL SETUSER app on {how}{password} ~* +@all"));
    set('>');
    let leak = server.leak("app", &password);
    let own = |text: &str| text.replace("redis://", "rediss://");
    let text = own(&leak.text).replace(&server.port.to_string(), &tls.to_string());
    let story = Story::leaked(&world, Leak { text, ..leak });
    story.learns_nothing("not trusted");
    world.trust(&papers.ca_pem);
    story.is_live();
    story.removed();
    set('<');
    story.is_denied_once();
    story.is_closed_by_the_second_denial();
    set('>');
    story.is_reopened();
}
