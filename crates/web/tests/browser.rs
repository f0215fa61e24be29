//! A real browser goes through every page and action; schemathesis calls the API in every way that
//! its description allows, and in some that it does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/served.rs"]
mod served;
#[path = "../../../tests/support/tools.rs"]
mod tools;

use quietus_poam::{Duty, PoamItem, Role};
use serde_json::{Map, Value, json};
use served::Served;
use std::path::Path;
use tokio::process::Command;
use tools::{installed, there};

async fn runs(command: &mut Command) {
    let ran = command.kill_on_drop(true).output().await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
}

/// What each role is offered on an open item that somebody owns.
const OFFERED: [(&str, Duty); 4] = [
    ("assign", Duty::Assign),
    ("waive", Duty::Waive),
    ("cause", Duty::Evidence),
    ("note", Duty::Remark),
];

#[tokio::test(flavor = "multi_thread")]
async fn people_find_their_way() {
    let Some(chromium) = there("/usr/bin/chromium".into()) else { return };
    let Some(modules) = installed("browser/node_modules") else { return };
    let served = Served::start(150, 0, false).await;
    let items = served.ledger.items().await.unwrap();
    let is_plain = |item: &&PoamItem| {
        item.is_active() && item.owner.is_some() && item.phase().to_string() == "open"
    };
    let open: Vec<String> = items.iter().filter(is_plain).map(PoamItem::id).collect();
    let mut looked_at = vec![open[0].clone()];
    // In several phases of their life: the samples repeat.
    looked_at.extend([24, 28, 29, 32].map(|at: usize| items[at].id()));
    let mut roles = Map::new();
    for (role, item) in Role::ALL.into_iter().zip(&open[3..]) {
        let token = served.token(&format!("{role}@example.org"), [role]).await;
        let duties: Map<String, Value> = OFFERED
            .iter()
            .map(|(deed, duty)| ((*deed).to_owned(), role.has(*duty).into()))
            .collect();
        roles.insert(role.to_string(), json!({ "token": token, "duties": duties, "item": item }));
    }
    let given = json!({
        "base": format!("http://{}", served.address),
        "link": served.link,
        "chromium": chromium,
        "modules": modules.join("x.js"),
        "items": looked_at,
        "forms": [open[1], open[2]],
        "later": "2026-04-01",
        "roles": roles,
        "shots": std::env::var("QUIETUS_SHOTS").ok(),
    });
    let walk = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/walk.mjs");
    runs(Command::new("node").arg(walk).env("WALK", given.to_string())).await;
    served.ledger.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_makes_the_server_fail() {
    let Some(program) = installed("schemathesis/bin/schemathesis") else { return };
    let served = Served::start(40, 0, false).await;
    let token = served.token("robot@example.org", [Role::Analyst]).await;
    let description = format!("http://{}/api/v1/openapi.json", served.address);
    let mut command = Command::new(program);
    command.args(["run", &description, "--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"]);
    command.args(["--max-examples", "25", "--seed", "1", "--generation-database", "none"]);
    command.current_dir(served.folder.path()).env("SCHEMATHESIS_HOOKS", "");
    runs(&mut command).await;
    served.ledger.verify().await.unwrap();
}
