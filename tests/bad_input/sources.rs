//! Sources that are missing, empty, damaged or closed.

use crate::canary::token;
use crate::sandbox::{QUIETUS, Ran, Sandbox, skipped};
use crate::{ends_within, gaps, items, leaky, paths, spawned, verifies};
use std::process::Command;

#[test]
fn a_path_that_does_not_exist_stops_nothing_else() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    let ran = sandbox.run(&["scan", "/no/such/path", good.arg(), "--format", "jsonl"]);
    ran.exits(3).complains(&["/no/such/path", "check the path"]);
    assert_eq!(paths(&ran), ["app.env"]);
    let ran = sandbox.run(&["track", "/no/such/path", good.arg()]);
    ran.exits(3).complains(&["/no/such/path", "check the path"]);
    assert_eq!(items(&sandbox).len(), 1);
    assert_eq!(gaps(&sandbox), []);
    verifies(&sandbox);
}

#[test]
fn a_folder_has_no_history() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    sandbox.write("work/plain/app.env", token("plain"));
    let arguments = ["scan", "--history-only", "plain", good.arg(), "--format", "jsonl"];
    let ran = sandbox.run(&arguments);
    ran.exits(3).complains(&["plain: not a git repository", "name its top folder"]);
    assert_eq!(paths(&ran), ["app.env"]);
    sandbox.run(&["scan", "plain", "--staged"]).exits(3).complains(&["not a git repository"]);
    sandbox.run(&["scan", "plain"]).exits(1);
}

#[test]
fn an_empty_repository_or_folder_is_no_proof_of_anything() {
    let sandbox = Sandbox::new();
    sandbox.repository("work/empty");
    std::fs::create_dir(sandbox.path("work/nothing")).unwrap();
    // Git's own configuration is there to be read, and nothing else.
    sandbox.run(&["scan", "empty"]).exits(0);
    for arguments in [["scan", "empty", "--history-only"], ["scan", "nothing", "--tree-only"]] {
        let ran = sandbox.run(&arguments);
        ran.exits(5);
        assert!(ran.out().contains("nothing was read"), "{}", ran.out());
    }
    sandbox.run(&["track", "empty", "--history-only"]).exits(5);
    verifies(&sandbox);
}

#[test]
fn a_missing_object_is_named_and_the_rest_is_found() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox, "good");
    repository.commit("lost.env", format!("TOKEN={}\n", token("lost")), "second");
    let lost = repository.id("HEAD:lost.env");
    std::fs::remove_file(repository.loose(&lost)).unwrap();
    std::fs::remove_file(repository.path.join("lost.env")).unwrap();
    let ran = sandbox.run(&["scan", repository.arg(), "--format", "json"]);
    let report = ran.exits(5).json();
    assert_eq!(report["findings"][0]["path"], "app.env");
    assert_eq!(report["summary"]["exit"], serde_json::json!(["incomplete_scan", "findings"]));
    let ran = sandbox.run(&["track", repository.arg()]);
    ran.exits(5);
    assert!(ran.out().contains(&lost), "{}", ran.out());
    assert_eq!(gaps(&sandbox), [(lost, "missing".to_owned())]);
    assert_eq!(items(&sandbox).len(), 1);
    verifies(&sandbox);
}

#[test]
fn a_corrupt_pack_never_passes_for_a_clean_one() {
    for percent in [10, 50, 90] {
        let sandbox = Sandbox::new();
        let repository = leaky(&sandbox, "good");
        for number in 0..20 {
            let text = format!("{number}\n{}", token(&number.to_string()).repeat(20));
            repository.commit(&format!("{number}.bin"), text, "more");
        }
        repository.git(&["gc", "-q", "--prune=now"]);
        let packs = std::fs::read_dir(repository.path.join(".git/objects/pack")).unwrap();
        let mut packs = packs.map(|entry| entry.unwrap().path());
        let pack = packs.find(|path| path.extension().is_some_and(|e| e == "pack")).unwrap();
        let mut bytes = std::fs::read(&pack).unwrap();
        let from = bytes.len() * percent / 100;
        bytes[from..from + 30].iter_mut().for_each(|byte| *byte ^= 0x5a);
        std::fs::remove_file(&pack).unwrap();
        std::fs::write(&pack, bytes).unwrap();
        repository.write("on-disk.env", format!("TOKEN={}\n", token("disk")));
        let ran = sandbox.run(&["scan", repository.arg(), "--format", "jsonl"]);
        ran.exits(5);
        assert!(paths(&ran).iter().any(|path| path == "on-disk.env"), "{percent}");
        sandbox.run(&["track", repository.arg()]).exits(5);
        assert_ne!(gaps(&sandbox), [], "{percent}");
        verifies(&sandbox);
    }
}

#[test]
fn a_truncated_index_is_a_gap_and_the_commits_are_read() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox, "good");
    let index = repository.path.join(".git/index");
    let bytes = std::fs::read(&index).unwrap();
    for length in [0, 5, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&index, &bytes[..length]).unwrap();
        let ran = sandbox.run(&["scan", repository.arg(), "--format", "jsonl"]);
        ran.exits(5);
        assert_eq!(paths(&ran), ["app.env"], "{length}");
    }
    sandbox.run(&["scan", repository.arg(), "--staged"]).exits(5);
    sandbox.run(&["track", repository.arg()]).exits(5);
    assert_eq!(gaps(&sandbox), [("index".to_owned(), "corrupt".to_owned())]);
    verifies(&sandbox);
}

#[test]
#[cfg(unix)]
fn pipes_and_dangling_links_neither_stop_nor_stall_a_scan() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox, "good");
    Ran::of(sandbox.program("mkfifo").arg(repository.path.join("pipe"))).exits(0);
    std::os::unix::fs::symlink("nowhere", repository.path.join("dangling")).unwrap();
    std::os::unix::fs::symlink(".", repository.path.join("loop")).unwrap();
    let child = spawned(&mut sandbox.command(&["scan", repository.arg()]));
    assert_eq!(ends_within(child, 30), Some(1));
}

/// A user without the power of root: whoever runs this, or `nobody` where root does.
#[cfg(unix)]
fn powerless(sandbox: &Sandbox) -> Option<Command> {
    use std::os::unix::fs::PermissionsExt;
    let closed = sandbox.write("tmp/closed", "x");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = std::fs::read(&closed).is_ok();
    std::fs::remove_file(closed).unwrap();
    if !is_root {
        return Some(sandbox.program(QUIETUS));
    }
    Ran::of(sandbox.program("chmod").args(["-R", "a+rwX"]).arg(sandbox.path(""))).exits(0);
    let program = sandbox.path("quietus");
    if std::fs::hard_link(QUIETUS, &program).is_err() {
        std::fs::copy(QUIETUS, &program).unwrap();
    }
    let mut command = sandbox.program("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    let works = sandbox.program("setpriv").arg("--version").output().is_ok();
    works.then_some(command)
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_is_a_gap() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.write("work/plain/open.env", format!("TOKEN={}\n", token("open")));
    let closed = sandbox.write("work/plain/closed.env", format!("TOKEN={}\n", token("closed")));
    let Some(mut command) = powerless(&sandbox) else {
        return skipped("no setpriv, and this is root");
    };
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let ran = Ran::of(command.args(["scan", "plain", "--format", "json"]));
    let report = ran.exits(5).json();
    let found = report["findings"].as_array().unwrap();
    assert_eq!(found.iter().map(|one| &one["path"]).collect::<Vec<_>>(), ["plain/open.env"]);
    assert_eq!(report["scopes"][0]["gaps"][0]["object"], "closed.env");
    assert_eq!(report["scopes"][0]["gaps"][0]["reason"], "unreadable");
}

#[test]
fn a_repository_that_is_gone_is_unobservable_and_not_clean() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    sandbox.run(&["track", good.arg()]).exits(1);
    std::fs::rename(&good.path, sandbox.path("work/moved")).unwrap();
    sandbox.run(&["track", good.arg()]).exits(3).complains(&[good.arg()]);
    assert_eq!(gaps(&sandbox), [(good.arg().to_owned(), "unobservable".to_owned())]);
    let [item] = &items(&sandbox)[..] else { panic!("one item") };
    assert_eq!(item["state"], "open");
    assert_ne!(item["locations"][0]["at_head"], serde_json::json!([]));
    let ran = sandbox.run(&["repos", "list"]);
    assert!(ran.exits(0).out().contains("unobservable"), "{}", ran.out());
    sandbox.run(&["retest", "--all"]).exits(3).complains(&[good.arg()]);
    verifies(&sandbox);
}
