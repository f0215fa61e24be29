//! Playbooks and findings of audits on the command line: brought in, followed, exported, closed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use sandbox::Sandbox;

const REASON: &str = "a reason that a reviewer can follow";

#[test]
fn what_an_audit_found_is_brought_in_once_and_closes_on_its_steps() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init"]).exits(0);
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("head")), "first");
    sandbox.run(&["track", repository.arg()]).exits(1);
    let file = sandbox.write(
        "findings.jsonl",
        "{\"title\":\"Deploy keys never change\",\"source\":\"SOC 2, 2026\",\"reference\":\"F-12\",\
         \"playbook\":\"missing-rotation\",\"severity\":\"high\",\"found\":\"2026-01-05\",\
         \"owner\":\"olga\",\"affects\":[\"ci.example.org\"]}\n\
         {\"title\":\"Ann left\",\"source\":\"SOC 2, 2026\",\"reference\":\"F-13\",\
         \"playbook\":\"offboarding-gap\"}\n",
    );
    let file = file.to_str().unwrap();
    let ran = sandbox.run(&["item", "import", file, "--dry-run"]);
    assert!(ran.exits(0).out().contains("2 findings would be brought in"), "{}", ran.out());
    sandbox.run(&["item", "show", "V-2"]).exits(2);
    sandbox.run(&["item", "import", file]).exits(0);
    let ran = sandbox.run(&["item", "import", file]);
    assert!(ran.exits(0).out().contains("0 findings brought in, 2 known already"));
    let bad = sandbox.write("bad.json", "[{\"title\":\"x\",\"playbook\":\"nothing\"}]");
    sandbox.run(&["item", "import", bad.to_str().unwrap()]).exits(2).complains(&["bad.json"]);
    let shown = sandbox.run(&["item", "show", "V-2", "--format", "json"]).exits(0).json();
    assert_eq!(shown["audit"]["reference"], "F-12");
    assert_eq!(shown["detected_at"], "2026-01-05T23:59:59Z");
    assert_eq!(shown["playbooks"][0]["steps"][2]["exit"], "confirmed");

    let paper = sandbox.write("policy.pdf", "credentials are replaced every 90 days");
    let show = ["--note", "written and signed", "--evidence", paper.to_str().unwrap()];
    let act = |step: &str, more: &[&str]| {
        sandbox.run(&[&["item", "act", "V-2", "claim", step], more].concat())
    };
    act("automate", &show).exits(2).complains(&["comes after policy"]);
    act("policy", &show[..2]).exits(2).complains(&["--evidence FILE"]);
    act("policy", &show).exits(0);
    act("automate", &show).exits(0);
    act("control-test", &show).exits(2).complains(&["did what is to be confirmed"]);
    let own = sandbox.write("own.toml", "people.break_glass = true\n");
    let glass = [&show[..], &["--break-glass", "there is nobody else here"]].concat();
    let ran = sandbox.run(
        &[
            &["--policy", own.to_str().unwrap(), "item", "act", "V-2", "claim", "control-test"],
            &glass[..],
        ]
        .concat(),
    );
    assert!(ran.exits(0).out().contains("closed (attested)"), "{}", ran.out());
    let export = sandbox.run(&["export", "oscal"]).exits(0).json();
    let items = export["plan-of-action-and-milestones"]["poam-items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["title"] == "Deploy keys never change"));
}

#[test]
fn a_playbook_is_followed_beside_the_milestones() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("head")), "first");
    sandbox.run(&["track", repository.arg()]).exits(1);
    let act = |more: &[&str]| sandbox.run(&[&["item", "act", "V-1"], more].concat());
    act(&["follow", "leaked-secret", "--because", REASON]).exits(2).complains(&["open already"]);
    act(&["follow", "nothing", "--because", REASON]).exits(2).complains(&["offboarding-gap"]);
    act(&["follow", "third-party-shared-secret", "--because", REASON]).exits(0);
    let ran = sandbox.run(&["item", "why", "V-1"]);
    let text = ran.exits(0).out().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("third-party-shared-secret/inventory (owner) is planned"), "{text}");
    act(&["start", "inventory"]).exits(0);
    act(&["waive", "inventory", "--reason", REASON]).exits(0);
    act(&["waive", "confirm", "--reason", REASON]).exits(2).complains(&["cannot be waived"]);
    act(&["claim", "rotate", "--note", "new one in the vault"]).exits(0);
    let table = sandbox.run(&["item", "show", "V-1"]);
    assert!(table.exits(0).out().contains("one-place"), "{}", table.out());
    let list = sandbox.run(&["policy", "playbooks", "--format", "json"]).exits(0).json();
    assert_eq!(list.as_array().unwrap().len(), 5);
    assert!(sandbox.run(&["policy", "playbooks"]).exits(0).out().contains("control-test"));
}
