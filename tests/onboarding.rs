//! The first night: what is found waits to be sorted, many at once; and what newer rules find is told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use sandbox::Sandbox;

const REASON: &str = "an example of the documentation";
const GUIDE: &str = include_str!("../docs/rules.md");

#[test]
fn a_first_night_is_sorted_before_its_clocks_start() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    for name in ["one", "two", "three"] {
        repository.commit(&format!("{name}.env"), format!("TOKEN={}\n", token(name)), name);
    }
    sandbox.run(&["onboard", repository.arg(), "--triage-within", "10d"]).exits(1);
    let show = |id: &str| sandbox.run(&["item", "show", id, "--format", "json"]).exits(0).json();
    let waiting = show("V-1");
    assert!(waiting["untriaged_until"].is_string(), "{waiting}");
    let due = |item: &serde_json::Value| -> jiff::Timestamp {
        item["milestones"][1]["due"].as_str().unwrap().parse().unwrap()
    };
    let found: jiff::Timestamp = waiting["detected_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(due(&waiting).duration_since(found).as_hours(), 24 * (10 + 7));
    let why = sandbox.run(&["item", "why", "V-1"]);
    assert!(why.exits(0).out().contains("quietus item triage"), "{}", why.out());

    // Many at once: shown first, then done.
    let dismiss = ["item", "dismiss", "--where", "repository=", "--reason", REASON];
    let name = format!("repository={}", waiting["repositories"][0].as_str().unwrap());
    let dismiss: Vec<&str> = dismiss
        .iter()
        .map(|word| if *word == "repository=" { name.as_str() } else { word })
        .collect();
    let ran = sandbox.run(&[&dismiss[..], &["--dry-run"]].concat());
    assert!(ran.exits(0).out().contains("3 items would be changed, 0 refused"), "{}", ran.out());
    assert_ne!(show("V-2")["state"], "false positive", "a dry run does nothing");
    sandbox.run(&["item", "dismiss", "V-2", "V-3", "--reason", REASON]).exits(0);
    assert_eq!(show("V-3")["state"], "false positive");
    sandbox.run(&["item", "dismiss", "--reason", REASON]).exits(2).complains(&["--where"]);
    sandbox.run(&["item", "dismiss", "--where", "colour=red", "--reason", REASON]).exits(2);

    let ran = sandbox.run(&["item", "triage"]);
    assert!(ran.exits(0).out().contains("sorted; its clock starts"), "{}", ran.out());
    let sorted = show("V-1");
    assert!(sorted["untriaged_until"].is_null());
    assert_eq!(due(&sorted).duration_since(found).as_hours() / 24, 7);
    assert_eq!(sorted["milestones"][1]["due"], sorted["milestones"][1]["original_due"]);
    assert_eq!(sorted["detected_at"], waiting["detected_at"], "it was found when it was found");
    sandbox.run(&["item", "triage", "V-1"]).exits(2).complains(&["clock runs already"]);
}

#[test]
fn what_only_newer_rules_found_is_labelled() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("head")), "first");
    let own = format!("see acme_{}{}\n", "K7dP2xQ9mW4vB8nT", "3zR6yJ5hG1sL0cFa");
    repository.commit("own.txt", own, "second");
    sandbox.run(&["track", repository.arg()]).exits(1);
    let rule = GUIDE.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    sandbox.write("rules/own.toml", rule);
    let folder = sandbox.path("rules");
    sandbox.run(&["--rules", folder.to_str().unwrap(), "track", repository.arg()]).exits(1);
    let list = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    let tags = |id: &str| {
        let item = list.as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
        item["tags"].to_string()
    };
    assert!(tags("V-2").contains("found-by-newer-rules"), "{}", tags("V-2"));
    assert!(!tags("V-1").contains("found-by-newer-rules"));
}
