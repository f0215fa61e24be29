//! Google: the key of a service account, at a token endpoint that verifies who signed the assertion.
//!
//! Google gives out no emulator of its token endpoint, so this one is ours; the keys and both ends of
//! the signature are real.

use crate::server::{Server, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::World;
use serde_json::json;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = include_str!("google-token-endpoint.mjs");

/// The account whose keys it knows.
const ACCOUNT: &str = "deployer@fixture-project.iam.gserviceaccount.com";

struct TokenEndpoint {
    server: RefCell<Server>,
    log: PathBuf,
    told: RefCell<usize>,
    _front: crate::front::Front,
}

impl TokenEndpoint {
    fn start(world: &World) -> Option<Self> {
        let node = program("node")?;
        let script = world.sandbox.write("tmp/google.mjs", PROGRAM);
        let port = free_port();
        let front = world.list("gcp", port);
        let audience = format!("{}/token", front.url());
        let mut command = Command::new(node);
        command.arg(script).arg(port.to_string()).arg(audience).arg(ACCOUNT);
        let folder = world.sandbox.path("tmp");
        let mut server = Server::start(&mut command, &folder);
        server.until_http(port, "/", 404);
        let log = folder.join("server.log");
        Some(Self { server: RefCell::new(server), log, told: RefCell::new(0), _front: front })
    }

    /// Adds or deletes a key, and waits until that is done.
    fn tell(&self, line: &str) {
        let mut server = self.server.borrow_mut();
        *self.told.borrow_mut() += 1;
        server.tell(line);
        let told = *self.told.borrow();
        server.until(|| std::fs::read_to_string(&self.log).unwrap().lines().count() >= told);
    }

    fn set(&self, key: &Key, is_known: bool) {
        if is_known {
            self.tell(&format!("add {} {}", key.id, key.public.display()));
        } else {
            self.tell(&format!("delete {}", key.id));
        }
    }
}

/// A key of a service account, as the console gives it out.
struct Key {
    id: String,
    pem: String,
    public: PathBuf,
}

impl Key {
    fn new(folder: &Path, name: &str) -> Option<Self> {
        let openssl = program("openssl")?;
        let (private, public) = (folder.join(name), folder.join(format!("{name}.pub")));
        let made = |arguments: &[&str], out: &Path| {
            let mut command = Command::new(&openssl);
            let made = command.args(arguments).arg("-out").arg(out).output().unwrap();
            assert!(made.status.success(), "{made:?}");
        };
        made(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &private);
        made(&["pkey", "-in", private.to_str().unwrap(), "-pubout"], &public);
        let id = data_encoding::HEXLOWER.encode(&[name.as_bytes()[0]; 20]);
        Some(Self { id, pem: std::fs::read_to_string(&private).unwrap(), public })
    }

    fn leak(&self, file: &'static str, account: &str) -> Leak {
        let text = json!({
            "type": "service_account",
            "project_id": "fixture-project",
            "private_key_id": self.id,
            "private_key": self.pem,
            "client_email": account,
            "token_uri": "https://127.0.0.1:1/token",
        });
        // In the order in which the console writes it.
        let members =
            ["type", "project_id", "private_key_id", "private_key", "client_email", "token_uri"];
        let lines: Vec<String> =
            members.iter().map(|name| format!("  \"{name}\": {}", text[*name])).collect();
        let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
        Leak { file, text, secret: self.pem.lines().nth(3).unwrap().to_owned() }
    }
}

#[test]
fn a_deleted_key_of_a_service_account_is_dead_until_it_is_restored() {
    let Some(world) = World::new() else { return };
    let Some(google) = TokenEndpoint::start(&world) else { return };
    let Some(key) = Key::new(&world.sandbox.path("tmp"), "first") else { return };
    google.set(&key, true);
    life(
        &world,
        key.leak("service-account.json", ACCOUNT),
        || google.set(&key, false),
        || {
            google.set(&key, true);
            Again::Same
        },
    );
}

#[test]
fn a_key_that_signs_for_nobody_known_there_proves_nothing() {
    let Some(world) = World::new() else { return };
    let Some(_google) = TokenEndpoint::start(&world) else { return };
    let Some(key) = Key::new(&world.sandbox.path("tmp"), "other") else { return };
    let account = ACCOUNT.replace("deployer", "stranger");
    let story = Story::leaked(&world, key.leak("other.json", &account));
    story.removed();
    story.learns_nothing("unconfirmed");
}
