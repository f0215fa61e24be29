//! Policies on the command line: chosen, explained, checked, and obeyed by `item`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use sandbox::Sandbox;

const REASON: &str = "the vendor ships a fix next week";

#[test]
fn a_policy_is_chosen_by_name_or_by_file() {
    let sandbox = Sandbox::new();
    let says = |arguments: &[&str]| sandbox.run(arguments).exits(0).out();
    assert!(says(&["policy", "explain"]).starts_with("Policy \"default\": "));
    assert!(says(&["--policy", "strict", "policy", "explain"]).starts_with("Policy \"strict\": "));
    let file = sandbox.write("own.toml", "extends = \"cmmc-l2\"\nname = \"ours\"\n");
    let file = file.to_str().unwrap();
    let text = says(&["policy", "explain", file]);
    assert!(text.starts_with("Policy \"ours\": ") && text.contains("shipped policy \"cmmc-l2\""));
    sandbox.write("config/quietus/config.toml", "policy = \"fedramp-high\"\n");
    assert!(says(&["policy", "explain"]).starts_with("Policy \"fedramp-high\": "));
    assert!(says(&["doctor"]).contains("fedramp-high: 3 denials"));
    let ran = sandbox.run(&["--policy", "fedramp", "policy", "explain"]);
    ran.exits(2).complains(&["reading the policy fedramp", "fedramp-moderate"]);
}

#[test]
fn a_policy_is_explained_in_sentences() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["policy", "explain", "fedramp-moderate"]);
    let text = ran.exits(0).out().split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "denied it twice, the first and the last at least 20 hours apart",
        "when a person approves it who is neither its owner nor completed a milestone",
        "how it leaked is recorded",
        "- live and privileged: rotate 24 hours, revoke 4 hours, remove 2 days, retest 2 days.",
        "twice in a round, all together at most 100 % of what its class allows",
        "- as operational requirement: for 90 days at most, with another person's consent; once \
         live: never.",
        "there is no break-glass",
        "nobody is named one",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
}

#[test]
fn what_is_wrong_with_a_policy_is_said_with_its_line_and_what_to_write() {
    let sandbox = Sandbox::new();
    let weak = sandbox.write("weak.toml", "name = \"weak\"\n\n[proof]\nconfirmations = 1\n");
    let typo = sandbox.write("typo.toml", "[poof]\nspread = \"1h\"\n");
    let sound = sandbox.write("sound.toml", "name = \"sound\"\n");
    let [weak, typo, sound] = [&weak, &typo, &sound].map(|path| path.to_str().unwrap());
    let ran = sandbox.run(&["policy", "check", weak, typo, sound, "strict"]);
    let text = ran.exits(2).out();
    for told in [
        "weak.toml, line 4: proof.confirmations = 1: below the floor of 2 denials",
        "typo.toml, line 1: unknown field `poof`",
        "policy \"sound\" is sound, digest ",
        "policy \"strict\" is sound, digest ",
        "note: ",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    // And it is not used for anything.
    sandbox.run(&["--policy", weak, "policy", "explain"]).exits(2).complains(&["line 4"]);
    sandbox.run(&["policy", "check", sound]).exits(0);
}

/// One account cannot be two people, so what takes two is asked for and granted by nobody here.
#[test]
fn what_takes_two_people_is_asked_for_and_not_granted_to_oneself() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("head")), "first");
    let run = |arguments: &[&str]| {
        let all = [&["--policy", "fedramp-moderate"], arguments].concat();
        sandbox.run(&all)
    };
    run(&["track", repository.arg()]).exits(1);
    let ran = run(&["item", "dismiss", "V-1", "--reason", REASON]);
    assert!(ran.exits(0).out().contains("asked to set it aside as false positive until"));
    let list = run(&["item", "show", "V-1", "--format", "json"]).exits(0).json();
    assert_eq!(list["requests"][0]["subject"], "deviation");
    assert_ne!(list["state"], "false positive");
    let ran = run(&["item", "act", "V-1", "grant", "deviation", "--note", "looked at it"]);
    ran.exits(2).complains(&["asked for it", "independent"]);
    let glass = ["--break-glass", "nobody else is on duty today"];
    let act = ["item", "act", "V-1", "grant", "deviation", "--note", "looked at it"];
    run(&[&act[..], &glass].concat()).exits(2).complains(&["has no break-glass"]);
    let own = "extends = \"fedramp-moderate\"\npeople.break_glass = true\n";
    let own = sandbox.write("own.toml", own);
    let all = [&["--policy", own.to_str().unwrap()], &act[..], &glass].concat();
    let ran = sandbox.run(&all);
    assert!(ran.exits(0).out().contains("(break-glass: os:"), "{}", ran.out());
    let why = run(&["item", "why", "V-1"]).exits(0).out();
    assert!(why.contains("it is set aside (false positive)"), "{why}");

    // Evidence is named by its digest.
    let log = sandbox.write("audit.csv", "time,who\n");
    let act = ["item", "act", "V-1", "impact", "unused", "--note", "the issuer's audit log"];
    let ran = run(&[&act[..], &["--evidence", log.to_str().unwrap()]].concat());
    assert!(ran.exits(0).out().contains("no use by others is on record"), "{}", ran.out());
    let shown = run(&["item", "show", "V-1", "--format", "json"]).exits(0).json();
    let digest = quietus_model::Digest::of(b"time,who\n");
    let history = shown["history"].as_array().unwrap();
    assert_eq!(history.last().unwrap()["digest"], digest.as_str());
}

/// Where nobody gives out roles everybody has all of them; once somebody does, others only look.
#[test]
fn roles_are_given_out_by_the_configuration() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("head")), "first");
    sandbox.run(&["track", repository.arg()]).exits(1);
    sandbox.run(&["item", "assign", "V-1", "team-a"]).exits(0);
    sandbox.write("config/quietus/config.toml", "[roles]\nanalyst = [\"ann@example.org\"]\n");
    let ran = sandbox.run(&["item", "assign", "V-1", "team-b"]);
    ran.exits(2).complains(&["holds viewer", "may not assign items", "owner, analyst, admin"]);
    sandbox.run(&["item", "show", "V-1"]).exits(0);
    let account = sandbox.run(&["item", "show", "V-1", "--format", "json"]).exits(0).json();
    let me = account["history"].as_array().unwrap().last().unwrap()["by"]["id"].clone();
    let roles = format!("[roles]\nanalyst = [{me}]\n");
    sandbox.write("config/quietus/config.toml", roles);
    sandbox.run(&["item", "assign", "V-1", "team-b"]).exits(0);
    let ran = sandbox.run(&["item", "act", "V-1", "approve", "--note", "looked at it"]);
    ran.exits(2).complains(&["may not approve closures", "approver"]);
    let typo = sandbox.write("config/quietus/config.toml", "[roles]\nboss = []\n");
    sandbox.run(&["item", "list"]).exits(2).complains(&[typo.to_str().unwrap(), "boss"]);
}
