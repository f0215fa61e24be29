//! What is sealed stands nowhere as it was, before it is opened and after.

use crate::commands::configured;
use crate::ground::Ground;
use std::fs;

#[test]
fn what_is_sealed_and_opened_shows_nothing() {
    let ground = Ground::new();
    let _issuer = configured(&ground);
    let identity = ground.sandbox.path("identity").to_str().unwrap().to_owned();
    let recipient = ground.quiet(0, &["escrow", "keygen", &identity]).out();
    let config = ground.sandbox.path("config/quietus/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let escrow = format!("[escrow]\nrecipients = [\"{}\"]\n", recipient.trim());
    fs::write(&config, text + &escrow).unwrap();
    ground.quiet(0, &["init"]);
    ground.quiet(1, &["track", ground.repository().arg()]);
    let list = ground.quiet(0, &["escrow", "list", "--format", "json"]).json();
    let sealed = list.as_array().unwrap().len();
    assert!(sealed > 5, "only {sealed} are sealed: {list}");
    ground.disk_is_quiet();

    // The repository is gone: what is asked about now comes out of escrow.
    fs::remove_dir_all(ground.sandbox.path("work/app")).unwrap();
    let ask = ["retest", "--all", "--validate", "--identity", &identity];
    let asked = ground.quiet(6, &ask);
    assert!(asked.out().contains("live"), "{}", asked.out());
    ground.quiet(6, &[&ask[..], &["--format", "json"]].concat());
    for item in list.as_array().unwrap() {
        let id = item["item"].as_str().unwrap();
        let revoke = ["revoke", id, "--dry-run", "--identity", &identity];
        ground.quiet(1, &revoke);
        let shown = ground.quiet(0, &["item", "show", id, "--format", "json"]).out();
        assert_eq!(shown.matches("\"escrow_opened\"").count(), 3, "{shown}");
        ground.quiet(0, &["item", "show", id]);
        ground.quiet(0, &["item", "why", id]);
    }
    ground.quiet(0, &["export", "oscal"]);
    ground.quiet(0, &["escrow", "list"]);
    let all: Vec<&str> =
        list.as_array().unwrap().iter().filter_map(|item| item["item"].as_str()).collect();
    let reason = ["--reason", "what it was kept for is over"];
    ground.quiet(0, &[&["escrow", "destroy"][..], &all[..], &reason[..]].concat());
    ground.quiet(0, &["escrow", "destroy", "--unrecorded"]);
    assert_eq!(fs::read_dir(ground.sandbox.path("data/quietus/escrow")).unwrap().count(), 0);
    ground.quiet(0, &["ledger", "verify"]);
    ground.disk_is_quiet();
}
