//! What is broken, missing, foreign or cut short gets a clear word, a gap and its exit code, and
//! the rest is still done.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

#[path = "bad_input/interruption.rs"]
mod interruption;
#[path = "bad_input/settings.rs"]
mod settings;
#[path = "bad_input/sources.rs"]
mod sources;

use canary::token;
use sandbox::{Ran, Repository, Sandbox};
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A repository with one leak in its only commit.
pub(crate) fn leaky<'s>(sandbox: &'s Sandbox, name: &str) -> Repository<'s> {
    let repository = sandbox.repository(&format!("work/{name}"));
    repository.commit("app.env", format!("TOKEN={}\n", token(name)), "first");
    repository
}

/// The paths at which a scan in JSON lines found something.
pub(crate) fn paths(ran: &Ran) -> Vec<String> {
    ran.json_lines().iter().map(|line| line["path"].as_str().unwrap().to_owned()).collect()
}

/// The gaps of the latest scan of the only repository, as `(object, reason)`.
pub(crate) fn gaps(sandbox: &Sandbox) -> Vec<(String, String)> {
    let list = sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
    let [repository] = &list.as_array().unwrap()[..] else { panic!("{list:#}") };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let gap = |gap: &Value| (text(&gap["object"]), text(&gap["reason"]));
    repository["gaps"].as_array().unwrap().iter().map(gap).collect()
}

pub(crate) fn items(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.run(&["item", "list", "--all", "--format", "json"]).exits(0).json();
    list.as_array().unwrap().clone()
}

pub(crate) fn verifies(sandbox: &Sandbox) {
    sandbox.run(&["ledger", "verify"]).exits(0);
}

pub(crate) fn spawned(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The exit code of a child that ends by itself in time.
pub(crate) fn ends_within(mut child: Child, seconds: u64) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("still running after {seconds} s");
}
