//! A scan that is killed while it remembers leaves nothing behind that changes the next one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use sandbox::{Repository, Sandbox};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A scan's own words, without the time at which they were said.
fn report(sandbox: &Sandbox, repository: &Repository<'_>, more: &[&str]) -> Value {
    let arguments = [&["scan", repository.arg(), "--format", "json"], more].concat();
    let ran = sandbox.run(&arguments);
    ran.exits(1);
    let mut report: Value = serde_json::from_str(&ran.out()).unwrap();
    report["summary"]["taken_at"] = Value::Null;
    report
}

fn scans(sandbox: &Sandbox) -> Vec<PathBuf> {
    let folder = sandbox.path("cache/quietus/scans");
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    files.map(|file| file.unwrap().path()).collect()
}

fn filled<'s>(sandbox: &'s Sandbox, name: &str) -> Repository<'s> {
    let repository = sandbox.repository(&format!("work/{name}"));
    for number in 0..400 {
        let text = format!("line {number}\n").repeat(2000);
        repository
            .write(&format!("{number}.txt"), format!("{text}{}\n", token(&number.to_string())));
    }
    repository.commit("first.txt", "first", "first");
    repository
}

#[test]
fn a_scan_that_is_killed_leaves_nothing_that_changes_the_next() {
    let sandbox = Sandbox::new();
    let repository = filled(&sandbox, "many");
    sandbox.run(&["init"]).exits(0);
    let begun = Instant::now();
    let mut expected = report(&sandbox, &repository, &["--no-memory"]);
    let whole = begun.elapsed() + Duration::from_millis(30);
    assert!(scans(&sandbox).is_empty(), "--no-memory remembers nothing");
    let mut killed = 0;
    for part in 1..=16u32 {
        if part % 4 == 0 {
            // So that there is an old memory to go on from.
            repository.commit("more.txt", format!("{}\n", token(&format!("m{part}"))), "more");
            expected = report(&sandbox, &repository, &["--no-memory"]);
        }
        let mut command = sandbox.command(&["scan", repository.arg(), "--format", "json"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (part % 8 + 8) / 16);
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        assert_eq!(report(&sandbox, &repository, &[]), expected, "after part {part}");
        assert_eq!(scans(&sandbox).len(), 1, "after part {part}");
        if part % 3 == 0 {
            scans(&sandbox).iter().for_each(|file| std::fs::remove_file(file).unwrap());
        }
    }
    assert!(killed > 4, "{killed} runs were killed in time");
}

#[test]
fn without_a_key_and_by_tracking_alike() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/one");
    repository.commit("a", format!("{}\n", token("one")), "first");
    report(&sandbox, &repository, &[]);
    assert!(scans(&sandbox).is_empty(), "fingerprints of a passing key are of no use later");
    sandbox.run(&["track", repository.arg(), "--no-memory"]).exits(1);
    assert!(scans(&sandbox).is_empty());
    sandbox.run(&["track", repository.arg()]).exits(1);
    assert_eq!(scans(&sandbox).len(), 1);
    let secret = token("one");
    let bytes = std::fs::read(&scans(&sandbox)[0]).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
}
