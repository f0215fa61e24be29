//! A client of an OpenID provider.

use crate::server::{Http, Server, free_port, program, tool};
use crate::story::{Again, Leak, life};
use crate::world::World;
use data_encoding::BASE64;
use std::cell::RefCell;
use std::process::Command;

const PROGRAM: &str = include_str!("oidc-provider.mjs");

struct Provider {
    server: RefCell<Server>,
    port: u16,
}

impl Provider {
    fn start(world: &World) -> Option<Self> {
        let (node, npm) = (program("node")?, tool("npm")?);
        let script = world.sandbox.write("tmp/provider.mjs", PROGRAM);
        let port = free_port();
        let mut command = Command::new(node);
        command.arg(script).arg(port.to_string()).arg(npm.canonicalize().unwrap());
        let mut server = Server::start(&mut command, &world.sandbox.path("tmp"));
        server.until_http(port, "/.well-known/openid-configuration", 200);
        Some(Self { server: RefCell::new(server), port })
    }

    /// From now on the client has this secret.
    fn set(&self, secret: &str) {
        let mut server = self.server.borrow_mut();
        server.tell(secret);
        let pair = BASE64.encode(format!("deployer:{secret}").as_bytes());
        let client = Http::new(self.port).with("authorization", &format!("Basic {pair}"));
        let ask = || client.try_ask("POST", "/token", "grant_type=client_credentials");
        server.until(|| ask().is_some_and(|answer| answer.status == 200));
    }
}

#[test]
fn an_old_secret_of_a_client_is_dead_until_the_client_has_it_again() {
    let Some(world) = World::new() else { return };
    let Some(provider) = Provider::start(&world) else { return };
    let _front = world.list("oidc", provider.port);
    let first = ["u7Qe", "2ZbK", "x9Vm", "4Rth", "n6Wd", "8Jcy"].concat();
    provider.set(&first);
    let text = format!("OIDC_CLIENT_ID=deployer\nOIDC_CLIENT_SECRET={first}\n");
    let leak = Leak { file: "sso.env", text, secret: first.clone() };
    let revive = || {
        provider.set(&first);
        Again::Same
    };
    life(&world, leak, || provider.set("another-secret-of-this-client"), revive);
}
