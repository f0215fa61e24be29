//! The private key of a web server, with its certificate beside it: in use, and replaced.

use crate::server::{Papers, Server, free_port, program};
use crate::story::{Leak, Story, says};
use crate::world::World;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

/// A server of OpenSSL with these papers.
fn serve(papers: &Papers, port: u16, folder: &Path) -> Option<Server> {
    let mut command = Command::new(program("openssl")?);
    command.args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert"]);
    command.arg(&papers.certificate).arg("-key").arg(&papers.key);
    let mut server = Server::start(&mut command, folder);
    server.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    Some(server)
}

#[test]
fn a_key_is_live_while_a_server_uses_it_and_never_dead_because_it_does_not() {
    let Some(world) = World::new() else { return };
    let (folder, port) = (world.sandbox.path("tmp"), free_port());
    let made = |name: &str| {
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        (Papers::of("root", &folder), folder)
    };
    let ((papers, first), (next, second)) = (made("first"), made("second"));
    world.trust(&papers.ca_pem);
    world.trust(&next.ca_pem);
    world.list_url("x509", &format!("https://127.0.0.1:{port}"));
    let Some(server) = serve(&papers, port, &first) else { return };

    // The certificate lies beside the key, as it does on a server.
    let repository = world.sandbox.repository("work/app");
    let shown = std::fs::read_to_string(&papers.certificate).unwrap();
    repository.commit("tls/server.crt", &shown, "Add the certificate");
    let text = std::fs::read_to_string(&papers.key).unwrap();
    let secret = text.lines().nth(1).unwrap().to_owned();
    let story = Story::leaked(&world, Leak { file: "tls/server.key", text, secret });
    story.is_live();
    story.removed();
    story.is_live();

    drop(server);
    let Some(_server) = serve(&next, port, &second) else { return };
    story.learns_nothing("TLS with another key");
    let shown = world.run(&["item", "show", &story.id, "--format", "json"]);
    says(shown.exits(0), &["certified"]);
    story.is_open();
}
