//! Evidence files: looked through before anything is recorded, kept beside the ledger, found again in
//! listings, exports and bundles.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use quietus_model::Digest;
use sandbox::{Ran, Sandbox};
use serde_json::Value;
use std::path::PathBuf;

fn tracked() -> Sandbox {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("one")), "first");
    sandbox.run(&["track", repository.arg()]).exits(1);
    sandbox
}

fn attach(sandbox: &Sandbox, file: &str, more: &[&str]) -> Ran {
    let path = sandbox.path(file);
    let act = ["item", "act", "V-1", "attach", path.to_str().unwrap()];
    sandbox.run(&[&act[..], more].concat())
}

/// Every copy that is kept.
fn copies(sandbox: &Sandbox) -> Vec<PathBuf> {
    let folder = sandbox.path("data/quietus/evidence");
    let found = std::fs::read_dir(folder).into_iter().flatten();
    found.map(|entry| entry.unwrap().path()).collect()
}

const SHOWS: [&str; 2] = ["--shows", "the key is deleted in the console"];

#[test]
fn a_file_is_kept_listed_exported_and_checked() {
    let sandbox = tracked();
    let page = b"deleted by ann on 2020-01-02";
    sandbox.write("work/console.txt", page);
    let about = ["--collected", "2020-01-02", "--expires", "2099-12-31", "--scope", "account 12"];
    attach(&sandbox, "work/console.txt", &[&SHOWS[..], &about].concat()).exits(0);
    attach(&sandbox, "work/console.txt", &SHOWS).exits(2).complains(&["attached as console.txt"]);
    let digest = Digest::of(page);
    assert_eq!(copies(&sandbox), [sandbox.path("data/quietus/evidence").join(digest.as_str())]);

    let shown = sandbox.run(&["item", "show", "V-1"]).exits(0).out();
    assert!(shown.contains("console.txt") && shown.contains("as of 2020-01-02"), "{shown}");
    let list = || sandbox.run(&["item", "evidence", "V-1", "--format", "json"]);
    let one = list().exits(0).json()[0].clone();
    assert_eq!((&one["sha256"], &one["copy"]), (&digest.as_str().into(), &"whole".into()));
    assert_eq!((&one["expired"], &one["scope"]), (&false.into(), &"account 12".into()));
    assert!(one["collector"].as_str().unwrap().starts_with("os:") && one["recorded"].is_string());

    let oscal = sandbox.run(&["export", "oscal"]).exits(0).out();
    let oscal: Value = serde_json::from_str(&oscal).unwrap();
    let back = oscal["plan-of-action-and-milestones"]["back-matter"]["resources"].clone();
    let hash = &back[0]["rlinks"][0]["hashes"][0];
    assert_eq!((&hash["algorithm"], &hash["value"]), (&"SHA-256".into(), &digest.as_str().into()));

    let bundle = sandbox.path("tmp/bundle.json");
    let to = ["--output", bundle.to_str().unwrap()];
    sandbox.run(&[&["export", "bundle", "V-1"], &to[..]].concat()).exits(0);
    let verify = |path: &str| sandbox.run(&["export", "verify", path, "--format", "json"]).json();
    let files = |checks: &Value| {
        let check = checks.as_array().unwrap().iter().find(|check| check["check"] == "files");
        check.unwrap()["outcome"].clone()
    };
    assert_eq!(files(&verify(bundle.to_str().unwrap())), "holds");
    let text = std::fs::read_to_string(&bundle).unwrap();
    let mut forged: Value = serde_json::from_str(&text).unwrap();
    forged["files"][0]["base64"] = "Zm9yZ2Vk".into();
    let forged = sandbox.write("tmp/forged.json", forged.to_string());
    assert_eq!(files(&verify(forged.to_str().unwrap())), "fails");

    sandbox.run(&["item", "evidence", "V-1", "--to", "copies"]).exits(0);
    let copy = std::fs::read_dir(sandbox.path("work/copies")).unwrap().next().unwrap().unwrap();
    assert_eq!(std::fs::read(copy.path()).unwrap(), page);
    std::fs::write(&copies(&sandbox)[0], "something else").unwrap();
    assert_eq!(list().exits(3).json()[0]["copy"], "altered");
    std::fs::remove_file(&copies(&sandbox)[0]).unwrap();
    assert_eq!(list().exits(3).json()[0]["copy"], "missing");
}

/// Evidence is read by many and kept for years: no credential gets into it.
#[test]
fn a_file_that_holds_a_credential_is_refused_and_nothing_of_it_is_kept() {
    let sandbox = tracked();
    let other = token("other");
    sandbox.write("work/log.txt", format!("12:00 used {other}\n"));
    sandbox.write("work/own.txt", format!("12:00 used {}\n", token("one")));
    for file in ["work/log.txt", "work/own.txt"] {
        for more in [&[][..], &["--reference"]] {
            let ran = attach(&sandbox, file, &[&SHOWS[..], more].concat());
            ran.exits(2).complains(&["holds a credential", "line 1"]);
            assert!(!ran.err().contains(&other), "{}", ran.err());
        }
    }
    let own = sandbox.path("work/log.txt");
    let cause = ["item", "act", "V-1", "cause", "hard-coded", "--note", "it stood in a script"];
    let ran = sandbox.run(&[&cause[..], &["--evidence", own.to_str().unwrap()]].concat());
    ran.exits(2).complains(&["holds a credential"]);
    assert!(copies(&sandbox).is_empty());
    let shown = sandbox.run(&["item", "show", "V-1", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&shown["attachments"], &shown["root_cause"]),
        (&Value::Array(vec![]), &Value::Null)
    );
}

#[test]
fn what_is_refused_leaves_no_copy_and_a_reference_none_either() {
    let sandbox = tracked();
    sandbox.write("work/a.txt", "nothing in it");
    let blank = attach(&sandbox, "work/a.txt", &["--shows", " "]);
    blank.exits(2).complains(&["blank"]);
    let future = [&SHOWS[..], &["--collected", "2099-01-01"]].concat();
    attach(&sandbox, "work/a.txt", &future).exits(2).complains(&["future"]);
    let nonsense = [&SHOWS[..], &["--collected", "yesterday"]].concat();
    attach(&sandbox, "work/a.txt", &nonsense).exits(2).complains(&["YYYY-MM-DD"]);
    assert!(copies(&sandbox).is_empty());
    attach(&sandbox, "work/a.txt", &[&SHOWS[..], &["--reference"]].concat()).exits(0);
    let list = sandbox.run(&["item", "evidence", "V-1", "--format", "json"]).exits(0).json();
    assert_eq!((&list[0]["kept"], &list[0]["copy"]), (&false.into(), &"elsewhere".into()));
    assert!(copies(&sandbox).is_empty());
}

/// Many items at once are assigned like they are dismissed.
#[test]
fn items_are_assigned_in_bulk_with_a_dry_run() {
    let sandbox = tracked();
    let repository = sandbox.repository("work/other");
    repository.commit("b.env", format!("TOKEN={}\n", token("two")), "first");
    sandbox.run(&["track", repository.arg()]).exits(1);
    let owner = |id: &str| {
        let shown = sandbox.run(&["item", "show", id, "--format", "json"]).exits(0).json();
        shown["owner"]["name"].as_str().unwrap_or_default().to_owned()
    };
    let bulk = ["item", "assign", "--where", "severity=critical", "--to", "cid"];
    let dry = sandbox.run(&[&bulk[..], &["--dry-run"]].concat());
    assert!(dry.exits(0).out().contains("2 items would be changed"), "{}", dry.out());
    assert_ne!(owner("V-1"), "cid");
    sandbox.run(&bulk).exits(0);
    assert_eq!((owner("V-1"), owner("V-2")), ("cid".to_owned(), "cid".to_owned()));
    sandbox.run(&["item", "assign", "V-2", "dora"]).exits(0);
    assert_eq!((owner("V-1"), owner("V-2")), ("cid".to_owned(), "dora".to_owned()));
    sandbox.run(&["item", "assign", "V-1"]).exits(2).complains(&["name items"]);
}
