//! AWS: an access key at moto, which plays IAM and STS and enforces who may.

use crate::server::{Server, free_port, there, tool};
use crate::story::{Again, Leak, Story, life, says};
use crate::world::World;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// moto with one user, and a line of JSON for each line it is told.
const PROGRAM: &str = include_str!("strict_moto.py");

struct Moto {
    server: Server,
    port: u16,
    answers: std::path::PathBuf,
    told: usize,
}

impl Moto {
    fn start(folder: &Path) -> Option<Self> {
        let python = tool("venv/bin/python")?;
        there(python.with_file_name("moto_server"))?;
        let port = free_port();
        let program = folder.join("strict_moto.py");
        std::fs::write(&program, PROGRAM).unwrap();
        let answers = folder.join("answers");
        std::fs::write(&answers, "").unwrap();
        let mut command = Command::new(python);
        command.arg(program).arg(port.to_string()).arg(&answers);
        let mut server = Server::start(&mut command, folder);
        server.until_http(port, "/moto-api/", 200);
        Some(Self { server, port, answers, told: 0 })
    }

    fn tell(&mut self, line: &str) -> Value {
        self.told += 1;
        self.server.tell(line);
        let (answers, told) = (self.answers.clone(), self.told);
        let answer = move || std::fs::read_to_string(&answers).unwrap();
        self.server.until(|| answer().lines().count() >= told);
        serde_json::from_str(answer().lines().last().unwrap()).unwrap()
    }
}

fn leak(key: &Value) -> Leak {
    let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let text = format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n");
    Leak { file: "deploy.env", text, secret: secret.to_owned() }
}

#[test]
fn an_inactive_access_key_is_dead_until_it_is_active_again() {
    let Some(world) = World::new() else { return };
    let Some(moto) = Moto::start(&world.sandbox.path("tmp")) else { return };
    let moto = std::cell::RefCell::new(moto);
    let _front = world.list("aws", moto.borrow().port);
    let key = moto.borrow_mut().tell("create");
    let set = |status: &str| {
        moto.borrow_mut().tell(&format!("{status} {}", key["id"].as_str().unwrap()));
    };
    life(
        &world,
        leak(&key),
        || set("Inactive"),
        || {
            set("Active");
            Again::Same
        },
    );
}

#[test]
fn a_bogus_key_id_beside_a_real_secret_does_not_make_it_dead() {
    let Some(world) = World::new() else { return };
    let Some(mut moto) = Moto::start(&world.sandbox.path("tmp")) else { return };
    let _front = world.list("aws", moto.port);
    let real = moto.tell("create");
    let secret = real["secret"].as_str().unwrap();
    let bogus = ["AK", "IA", "QXMPVW3KD7ZRNTY5"].concat();
    let planted = serde_json::json!({ "id": bogus, "secret": secret });
    let story = Story::leaked(&world, leak(&planted));
    story.removed();
    story.is_never_proven("look whether they belong together");

    // Where it stands beside its own id as well, the bogus one takes nothing away.
    let repository = world.sandbox.repository("work/app");
    repository.commit("own.env", leak(&real).text, "Add");
    says(world.run(&["track", repository.arg(), "--validate"]).exits(6), &["live"]);
    story.is_open();
}
