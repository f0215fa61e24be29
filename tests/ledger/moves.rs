//! `quietus ledger copy`, `migrate` and `rebuild`, between both databases and both schemas.

use crate::postgres::Postgres;
use crate::sandbox::Sandbox;
use crate::world::token;
use serde_json::Value;

fn list(sandbox: &Sandbox, url: &str) -> Value {
    sandbox.run(&["item", "list", "--all", "--format", "json", "--ledger", url]).exits(0).json()
}

#[test]
fn a_ledger_moves_to_a_server_and_back_and_from_schema_to_schema() {
    let Some(server) = Postgres::start("") else { return };
    let (sandbox, there) = (Sandbox::new(), server.url());
    let app = sandbox.repository("work/app");
    app.commit("ci.env", format!("GITLAB_TOKEN={}\n", token("moved")), "Add CI");
    sandbox.run(&["track", app.arg()]).exits(1);
    let here = format!("sqlite://{}", sandbox.ledger().display());
    let verified = sandbox.run(&["ledger", "verify"]).exits(0).out();
    let head = verified.split_once(": ").unwrap().1;
    let items = list(&sandbox, &here);

    sandbox.run(&["ledger", "copy", &there]).exits(0);
    sandbox.run(&["ledger", "copy", &there]).exits(0);
    let copied = sandbox.run(&["ledger", "verify", "--ledger", &there]).exits(0).out();
    assert!(copied.ends_with(head), "{copied} is not {verified}");
    assert_eq!(list(&sandbox, &there), items);

    // Back a version: whoever comes next is told what to do, and nothing is lost.
    sandbox.run(&["ledger", "migrate", "--to", "1", "--ledger", &there]).exits(0);
    let old = sandbox.run(&["item", "list", "--ledger", &there]);
    old.exits(2).complains(&["quietus ledger migrate"]);
    sandbox.run(&["ledger", "migrate", "--ledger", &there]).exits(0);
    sandbox.run(&["ledger", "rebuild", "--ledger", &there]).exits(0);
    assert_eq!(list(&sandbox, &there), items);

    sandbox.run(&["item", "act", "V-1", "note", "on the server", "--ledger", &there]).exits(0);
    let back = format!("sqlite://{}", sandbox.path("back.db").display());
    sandbox.run(&["ledger", "copy", &back, "--ledger", &there]).exits(0);
    assert_eq!(list(&sandbox, &back), list(&sandbox, &there));
    // The one it came from has no such note, so that what follows is another history.
    sandbox.run(&["item", "act", "V-1", "note", "in the file"]).exits(0);
    sandbox.run(&["ledger", "copy", &there]).exits(2).complains(&["another history"]);
    sandbox.run(&["ledger", "verify", "--ledger", &there]).exits(0);
}
