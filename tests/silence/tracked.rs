//! `track`: what is silenced opens no item or sets one aside; nothing of that is absence.

use crate::canary::token;
use crate::fingerprint;
use crate::sandbox::{Repository, Sandbox};
use crate::{says, scan};
use serde_json::Value;

fn item(sandbox: &Sandbox) -> Value {
    sandbox.run(&["item", "show", "V-1", "--format", "json"]).exits(0).json()
}

fn milestone(item: &Value, name: &str) -> String {
    let all = item["milestones"].as_array().unwrap();
    let found = all.iter().find(|milestone| milestone["milestone"] == name).unwrap();
    found["progress"].as_str().unwrap().to_owned()
}

fn leak(sandbox: &Sandbox) -> Repository<'_> {
    let repository = sandbox.repository("work/app");
    repository.commit("src/a.env", format!("TOKEN={}\n", token("a")), "first");
    repository
}

#[test]
fn an_item_whose_path_or_rule_is_left_out_later_is_neither_gone_nor_closed() {
    for flags in [["--exclude", "src/"], ["--disable-rule", "github-pat-classic"]] {
        let sandbox = Sandbox::new();
        let repository = leak(&sandbox);
        sandbox.run(&["track", repository.arg()]).exits(1);
        let before = item(&sandbox);
        let words = [&["track", repository.arg(), "--format", "json"], &flags[..]].concat();
        let board = sandbox.run(&words).exits(1).json();
        assert_eq!(board["events"], 0, "{flags:?}: {board:#}");
        let after = item(&sandbox);
        assert_eq!(after, before, "{flags:?}");
        assert_ne!(milestone(&after, "remove"), "verified");
        // What is really gone is seen to be gone all the same.
        repository.git(&["rm", "-q", "src/a.env"]);
        repository.git(&["commit", "-q", "-m", "gone"]);
        sandbox.run(&words).exits(1);
        assert_eq!(milestone(&item(&sandbox), "remove"), "verified");
        assert_eq!(item(&sandbox)["closed"], Value::Null);
        // It comes back where nothing new is reported from, and is back.
        repository.commit("src/b.env", format!("TOKEN={}\n", token("a")), "again");
        sandbox.run(&words).exits(1);
        assert_ne!(milestone(&item(&sandbox), "remove"), "verified", "{flags:?}");
    }
}

#[test]
fn what_is_left_out_from_the_start_opens_no_item_and_is_counted() {
    let sandbox = Sandbox::new();
    let repository = leak(&sandbox);
    sandbox.write("config/quietus/config.toml", "[scan]\nexclude = [\"src/\"]\n");
    let ran = sandbox.run(&["track", repository.arg()]);
    says(ran.exits(0), &["not tracked: in excluded paths only: 1", "complete now"]);
    let board = sandbox.run(&["track", repository.arg(), "--format", "json"]).exits(0).json();
    assert_eq!(board["summary"]["silenced"]["not tracked: in excluded paths only"], 1);
    assert_eq!(board["items"].as_array().unwrap().len(), 0);
}

#[test]
fn a_suppressed_item_is_set_aside_with_its_approver_and_taken_up_by_a_person() {
    let sandbox = Sandbox::new();
    let repository = leak(&sandbox);
    sandbox.run(&["track", repository.arg()]).exits(1);
    let why = ["--reason", "only a sample", "--approver", "ann@example.org"];
    sandbox.run(&[&["suppress", "V-1", "--kind", "risk-accepted"], &why[..]].concat()).exits(0);
    let ran = sandbox.run(&["track", repository.arg()]);
    says(ran.exits(0), &["set aside: suppressed by fingerprint: 1", "risk accepted until"]);
    let item = || item(&sandbox);
    assert_eq!((&item()["state"], &item()["closed"]), (&"risk accepted".into(), &Value::Null));
    assert_ne!(milestone(&item(), "remove"), "verified");
    assert!(item()["history"].to_string().contains("approved by ann@example.org: only a sample"));
    let again = sandbox.run(&["track", repository.arg(), "--format", "json"]).exits(0).json();
    assert_eq!(again["events"], 0, "{again:#}");
    let reason = ["resume", "--reason", "it is used in production"];
    sandbox.run(&[&["item", "act", "V-1"], &reason[..]].concat()).exits(0);
    sandbox.run(&["track", repository.arg()]).exits(1);
    assert_ne!(item()["state"], "risk accepted");

    // One that was suppressed before it was first tracked is recorded, and set aside at once.
    repository.commit("src/b.env", format!("TOKEN={}\n", token("b")), "second");
    let print = fingerprint(&scan(&sandbox, 1, repository.arg(), &[]), "src/b.env");
    sandbox.run(&[&["suppress", &print], &why[..]].concat()).exits(0);
    sandbox.run(&["track", repository.arg()]).exits(1);
    let second = sandbox.run(&["item", "show", "V-2", "--format", "json"]).exits(0).json();
    assert_eq!(second["state"], "false positive");
}

#[test]
fn a_comment_proposes_only_about_what_is_not_certain() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    let weak = format!("password = \"{}\"  # gitleaks:allow\n", concat!("kx82", "mqlw"));
    let sure = format!("token = \"{}\"  # gitleaks:allow\n", token("sure"));
    repository.write("weak.py", weak);
    repository.commit("sure.py", sure, "first");
    let ran = sandbox.run(&["track", repository.arg(), "--honor", "gitleaks"]);
    says(ran.exits(1), &["only proposed: silenced by a gitleaks:allow comment: 1"]);
    let items = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    assert_eq!(items.as_array().unwrap().len(), 2, "{items:#}");
    for number in ["V-1", "V-2"] {
        let item = sandbox.run(&["item", "show", number, "--format", "json"]).exits(0).json();
        let proposed = item["history"].to_string().contains("gitleaks:allow comment proposes");
        assert_eq!(proposed, item["locations"][0]["path"] == "weak.py", "{item:#}");
    }
}
