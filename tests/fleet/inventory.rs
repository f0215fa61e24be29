//! `quietus repos`: who is listed, from where, and what happens when they move.

use crate::canary::token;
use crate::sandbox::Sandbox;
use serde_json::Value;

/// The inventory, by name.
fn listed(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
    list.as_array().unwrap().clone()
}

fn url(sandbox: &Sandbox, name: &str) -> String {
    format!("file://{}", sandbox.path(name).display())
}

#[test]
fn an_inventory_begins_with_a_file_or_a_folder_of_clones() {
    let sandbox = Sandbox::new();
    sandbox.repository("work/clones/a").commit("a", "a", "a");
    sandbox.repository("work/clones/team/b").commit("b", "b", "b");
    let file = sandbox.write(
        "work/repositories",
        "# ours\nhttps://git.example.org/team/app.git\ngit@git.example.org:team/app\n\
         ssh://git@git.example.org/team/shop.git  the-shop   # by another name\n",
    );
    let import = ["repos", "import", file.to_str().unwrap(), "--clones", "clones"];
    let dry = sandbox.run(&[&import[..], &["--dry-run"]].concat()).exits(0).out();
    assert!(dry.contains("4 repositories would be added"), "{dry}");
    assert!(listed(&sandbox).is_empty());
    sandbox.run(&import).exits(0);
    let names: Vec<String> =
        listed(&sandbox).iter().map(|one| one["repository"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names.contains(&"git.example.org/team/app".to_owned()), "{names:?}");
    assert!(names.contains(&"the-shop".to_owned()), "{names:?}");
    let again = sandbox.run(&[&import[..], &["--format", "json"]].concat()).exits(0).json();
    assert_eq!(again["added"], serde_json::json!([]));
    assert_eq!(again["known"].as_array().unwrap().len(), 5);
    // What nobody has read is a gap, and says so to scripts.
    let gaps = sandbox.run(&["repos", "gaps"]);
    assert_eq!(gaps.exits(5).out().matches("never scanned").count(), 4, "{}", gaps.out());
    sandbox.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn a_password_in_a_url_is_refused_and_kept_nowhere() {
    let sandbox = Sandbox::new();
    let word = "hunter2hunter2";
    let url = format!("https://bob:{word}@git.example.org/a.git");
    let file = sandbox.write("work/list", format!("{url}\n"));
    let added = sandbox.run(&["repos", "add", &url]);
    let imported = sandbox.run(&["repos", "import", file.to_str().unwrap()]);
    for ran in [&added, &imported] {
        ran.exits(2).complains(&["password"]);
        assert!(!ran.err().contains(word) && !ran.out().contains(word));
    }
    assert!(listed(&sandbox).is_empty());
}

#[test]
fn a_repository_that_moved_keeps_its_name_and_its_items() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("moved")), "first");
    let (old, new) = (url(&sandbox, "work/app"), url(&sandbox, "work/renamed"));
    sandbox.run(&["repos", "add", &old, "--name", "team/app"]).exits(0);
    sandbox.run(&["track", &old]).exits(1);
    sandbox.run(&["repos", "rename", "team/app", &new]).exits(3);
    std::fs::rename(sandbox.path("work/app"), sandbox.path("work/renamed")).unwrap();
    sandbox.run(&["repos", "rename", "team/app", &new]).exits(0).complains(&["first commit"]);
    sandbox.repository("work/other").commit("a", "a", "no kin");
    let other = url(&sandbox, "work/other");
    sandbox
        .run(&["repos", "rename", "team/app", &other])
        .exits(3)
        .complains(&["no first commit in common", "--reason"]);
    let one = &listed(&sandbox)[0];
    assert_eq!(one["url"].as_str(), Some(new.as_str()));
    assert_eq!(one["moves"][0]["evidence"]["basis"], "commit");

    let item = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    assert_eq!(item.as_array().unwrap().len(), 1);
    sandbox.run(&["repos", "retire", "team/app", "--reason", " "]).exits(2);
    sandbox.run(&["repos", "retire", &new, "--reason", "it was archived"]).exits(0);
    let one = &listed(&sandbox)[0];
    assert_eq!(
        (one["state"].as_str(), &one["retired"]["reason"]),
        (Some("retired"), &"it was archived".into())
    );
    sandbox.run(&["repos", "gaps"]).exits(0);
    sandbox.run(&["repos", "add", &new]).exits(0).complains(&["watched again"]);
    assert_eq!(listed(&sandbox)[0]["state"], "watched");
}
