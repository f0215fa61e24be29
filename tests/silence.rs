//! What is not reported is told aloud, is never absence, and never hides what is live.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/configured.rs"]
mod configured;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/world.rs"]
mod world;

#[path = "silence/live.rs"]
mod live;
#[path = "silence/scanned.rs"]
mod scanned;
#[path = "silence/suppressed.rs"]
mod suppressed;
#[path = "silence/tracked.rs"]
mod tracked;

use sandbox::{Ran, Sandbox};
use serde_json::Value;

/// What `scan --format json` says of a source, with more flags.
fn scan(sandbox: &Sandbox, code: i32, source: &str, more: &[&str]) -> Value {
    let words = [&["scan", source, "--format", "json"], more].concat();
    sandbox.run(&words).exits(code).json()
}

/// The paths of all findings, in order.
fn paths(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    let mut paths: Vec<&str> =
        findings.iter().map(|finding| finding["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    paths
}

fn hidden<'r>(report: &'r Value, reason: &str) -> &'r Value {
    &report["summary"]["hidden"][reason]
}

fn says(ran: &Ran, words: &[&str]) {
    let out = ran.out();
    for word in words {
        assert!(out.contains(word), "{} does not say {word:?}:\n{out}", ran.told());
    }
}

/// The fingerprint of the only finding at a path.
fn fingerprint(report: &Value, path: &str) -> String {
    let findings = report["findings"].as_array().unwrap();
    let mut here = findings.iter().filter(|finding| finding["path"] == path);
    here.next().unwrap()["fingerprint"].as_str().unwrap().to_owned()
}
