//! What is broken, missing, foreign or cut short gets a clear word, a gap and its exit code, and
//! the rest is still done.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use sandbox::{QUIETUS, Ran, Repository, Sandbox, skipped};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const POLICY: &str = include_str!("../crates/poam/policies/default.toml");

/// A repository with one leak in its only commit.
fn leaky<'s>(sandbox: &'s Sandbox, name: &str) -> Repository<'s> {
    let repository = sandbox.repository(&format!("work/{name}"));
    repository.commit("app.env", format!("TOKEN={}\n", token(name)), "first");
    repository
}

/// The paths at which a scan in JSON lines found something.
fn paths(ran: &Ran) -> Vec<String> {
    ran.json_lines().iter().map(|line| line["path"].as_str().unwrap().to_owned()).collect()
}

/// The gaps of the latest scan of the only repository, as `(object, reason)`.
fn gaps(sandbox: &Sandbox) -> Vec<(String, String)> {
    let list = sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
    let [repository] = &list.as_array().unwrap()[..] else { panic!("{list:#}") };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let gap = |gap: &Value| (text(&gap["object"]), text(&gap["reason"]));
    repository["gaps"].as_array().unwrap().iter().map(gap).collect()
}

fn items(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.run(&["item", "list", "--all", "--format", "json"]).exits(0).json();
    list.as_array().unwrap().clone()
}

fn verifies(sandbox: &Sandbox) {
    sandbox.run(&["ledger", "verify"]).exits(0);
}

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
    assert_eq!(found.iter().map(|one| &one["path"]).collect::<Vec<_>>(), ["open.env"]);
    assert_eq!(report["scopes"][0]["gaps"][0]["object"], "closed.env");
    assert_eq!(report["scopes"][0]["gaps"][0]["reason"], "unreadable");
}

#[test]
fn a_rule_file_with_a_mistake_is_named() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    let rule = |more: &str| {
        format!(
            "provider = {{ id = \"acme\", name = \"Acme\" }}\n[[rule]]\nid = \"acme-key\"\n\
             name = \"Acme key\"\nseverity = \"high\"\nconfidence = \"high\"\n\
             anchors = [\"acme_\"]\n{more}\n"
        )
    };
    let fine = "pattern = '\\b(?P<secret>acme_[0-9a-f]{8})\\b'";
    for (text, words) in [
        ("[provider\n".to_owned(), vec!["acme.toml", "line 1"]),
        (rule(&format!("{fine}\nseverty = \"low\"")), vec!["acme.toml", "severty"]),
        (rule("pattern = '(?P<secret>acme_['"), vec!["acme.toml", "acme-key", "unclosed"]),
        (rule(fine).replace("\"high\"", "\"huge\""), vec!["acme.toml", "huge"]),
    ] {
        let path = sandbox.write("config/rules/acme.toml", &text);
        let folder = path.parent().unwrap().to_str().unwrap();
        for command in ["scan", "track"] {
            sandbox.run(&[command, good.arg(), "--rules", folder]).exits(2).complains(&words);
        }
        let ran = sandbox.run(&["rules", "check", path.to_str().unwrap()]);
        ran.exits(2);
        for word in &words {
            assert!(ran.out().contains(word) || ran.err().contains(word), "{word}: {}", ran.out());
        }
    }
    let path = sandbox.write("config/rules/acme.toml", rule(fine));
    let folder = path.parent().unwrap().to_str().unwrap();
    sandbox.run(&["scan", good.arg(), "--rules", folder]).exits(1);
    let ran = sandbox.run(&["scan", good.arg(), "--rules", "/no/such/rules"]);
    ran.exits(2).complains(&["/no/such/rules"]);
}

#[test]
fn a_policy_below_the_floor_and_a_typo_in_a_setting_are_refused() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    for (from, to, words) in [
        ("confirmations = 2", "confirmations = 0", ["proof.confirmations", "floor"]),
        ("spread = \"20h\"", "spread = \"1m\"", ["proof.spread", "floor"]),
        ("closure = \"automatic\"", "closure = \"never\"", ["never", "automatic"]),
        ("[cadence]", "[cadense]", ["cadense", "policy"]),
    ] {
        assert!(POLICY.contains(from), "{from}");
        let path = sandbox.write("config/policy.toml", POLICY.replace(from, to));
        let ran = sandbox.run(&["track", good.arg(), "--policy", path.to_str().unwrap()]);
        ran.exits(2).complains(&words).complains(&["policy.toml"]);
    }
    sandbox.run(&["track", good.arg(), "--policy", "/no/such"]).exits(2).complains(&["/no/such"]);
    for (text, word) in [
        ("ledgr = \"x\"\n", "ledgr"),
        ("\n[validate]\ntime_out = 3\n", "time_out"),
        ("\n\n[issuers\n", "line 3"),
    ] {
        sandbox.write("config/quietus/config.toml", text);
        let ran = sandbox.run(&["scan", good.arg()]);
        ran.exits(2).complains(&["config.toml", "line", word]);
    }
    std::fs::remove_file(sandbox.path("config/quietus/config.toml")).unwrap();
    sandbox.run(&["scan", good.arg(), "--config", "/no/such"]).exits(2).complains(&["/no/such"]);
}

#[test]
fn a_foreign_ledger_is_refused_and_left_as_it_is() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    sandbox.run(&["item", "list"]).exits(2).complains(&["quietus init"]);
    sandbox.run(&["track", good.arg()]).exits(1);
    let copy = sandbox.path("work/copy.db");
    sandbox.run(&["ledger", "backup", copy.to_str().unwrap()]).exits(0);
    let ours = std::fs::read(&copy).unwrap();

    let refused = |name: &str, bytes: &[u8], words: &[&str]| {
        let path = sandbox.write(&format!("work/{name}"), bytes);
        let url = format!("sqlite://{}", path.display());
        for command in [vec!["item", "list"], vec!["track", good.arg()], vec!["ledger", "verify"]] {
            let ran = sandbox.run(&[&command[..], &["--ledger", &url]].concat());
            ran.exits(2).complains(words).complains(&[name]);
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name} was written to");
    };
    // The name and the value of a setting stand side by side in SQLite's records.
    let at = ours.windows(7).position(|part| part == b"schema1").unwrap();
    let mut newer = ours.clone();
    newer[at + 6] = b'9';
    refused("newer.db", &newer, &["schema 9", "upgrade"]);
    refused("text.db", &b"no database at all\n".repeat(100), &["not a Quietus ledger"]);
    // Another organisation's key.
    std::fs::rename(sandbox.path("data/quietus"), sandbox.path("data/before")).unwrap();
    sandbox.run(&["init"]).exits(0);
    refused("copy.db", &ours, &["belongs to key", "init --key-from"]);
    // What the advice says helps.
    std::fs::remove_dir_all(sandbox.path("data/quietus")).unwrap();
    let key = sandbox.path("data/before/key");
    sandbox.run(&["init", "--key-from", key.to_str().unwrap()]).exits(0);
    let url = format!("sqlite://{}", copy.display());
    sandbox.run(&["ledger", "verify", "--ledger", &url]).exits(0);
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

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_nothing_that_was_recorded() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    let many: Vec<String> = (0..300).map(|n| format!("{}\n", token(&n.to_string()))).collect();
    let more = sandbox.repository("work/more");
    more.commit("many.txt", many.concat(), "many");
    // First no room at all, then room for the ledger's own index but not for 300 items.
    let script = format!(
        "mount -t tmpfs -o size=2m none \"$XDG_DATA_HOME\" || exit 99
         track() {{ '{QUIETUS}' track \"$1\" >/dev/null; echo track $?; }}
         verify() {{
             '{QUIETUS}' ledger verify >/dev/null; echo verify $?
             '{QUIETUS}' item list --format json | grep -c '\"id\": \"V-'
         }}
         ballast=\"$XDG_DATA_HOME/ballast\"
         track '{good}'
         cat /dev/zero >\"$ballast\" 2>/dev/null; track '{more}'
         rm \"$ballast\"; verify
         head -c $(($(df -k --output=avail \"$XDG_DATA_HOME\" | tail -1) - 200))k /dev/zero >\"$ballast\"
         track '{more}'
         rm \"$ballast\"; verify; track '{more}'; verify",
        good = good.arg(),
        more = more.arg(),
    );
    let ran = Ran::of(sandbox.program("unshare").args(["-rm", "sh", "-c", &script]));
    // Without namespaces for users no disk can be filled here.
    if ran.code() == Some(99) || ran.err().contains("unshare failed") {
        return skipped("no disk can be mounted here");
    }
    ran.exits(0).complains(&["no room is left", "make room"]);
    let lines = ran.out();
    let lines: Vec<&str> = lines.lines().collect();
    let told = [
        "track 1", "track 2", "verify 0", "1", "track 2", "verify 0", "1", "track 1", "verify 0",
        "301",
    ];
    assert_eq!(lines, told, "{}", ran.err());
    assert_eq!(ran.err().matches("no room is left").count(), 2, "{}", ran.err());
}

fn spawned(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The exit code of a child that ends by itself in time.
fn ends_within(mut child: Child, seconds: u64) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("still running after {seconds} s");
}

/// A folder that takes a while to read: one file under many names.
fn large(sandbox: &Sandbox) -> PathBuf {
    let line = "nothing to see in this line, nor in the one that follows it\n";
    let file = sandbox.write("work/large/0", line.repeat(70_000));
    for number in 1..3000 {
        std::fs::hard_link(&file, file.with_file_name(number.to_string())).unwrap();
    }
    file.parent().unwrap().to_owned()
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let mut kill = Command::new("kill");
    assert!(kill.args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_ends_soon_and_says_so() {
    let sandbox = Sandbox::new();
    let folder = large(&sandbox);
    let folder = folder.to_str().unwrap();
    sandbox.run(&["init"]).exits(0);
    let output = sandbox.path("work/out.json");
    let mut scan = sandbox.command(&["scan", folder, "--format", "json"]);
    scan.stdout(std::fs::File::create(&output).unwrap()).stderr(Stdio::null());
    for (mut command, is_track) in [(scan, false), (sandbox.command(&["track", folder]), true)] {
        if is_track {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1500));
        assert!(child.try_wait().unwrap().is_none(), "it was over before it was interrupted");
        interrupt(&child);
        assert_eq!(ends_within(child, 15), Some(5));
    }
    let report: Value = serde_json::from_slice(&std::fs::read(&output).unwrap()).unwrap();
    assert_eq!(report["scopes"][0]["gaps"][0]["reason"], "interrupted");
    assert_eq!(gaps(&sandbox), [("scan".to_owned(), "interrupted".to_owned())]);
    verifies(&sandbox);
}

#[test]
fn a_run_that_is_killed_while_it_records_leaves_a_whole_ledger() {
    let sandbox = Sandbox::new();
    let many: Vec<String> = (0..400).map(|n| format!("{}\n", token(&n.to_string()))).collect();
    let repository = sandbox.repository("work/many");
    repository.commit("many.txt", many.concat(), "many");
    sandbox.run(&["init"]).exits(0);
    let begun = Instant::now();
    let other = format!("sqlite://{}", sandbox.path("work/other.db").display());
    sandbox.run(&["track", repository.arg(), "--ledger", &other]).exits(1);
    let whole = begun.elapsed();
    let mut killed = 0;
    for part in 1..=12 {
        let mut child = spawned(&mut sandbox.command(&["track", repository.arg()]));
        std::thread::sleep(whole * part / 12);
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        verifies(&sandbox);
        // A survey counts whole or not at all.
        let count = items(&sandbox).len();
        assert!(count == 0 || count == 400, "{count} items after {part}/12");
    }
    assert!(killed > 3, "{killed} runs were killed in time");
    sandbox.run(&["track", repository.arg()]).exits(1);
    verifies(&sandbox);
    assert_eq!(items(&sandbox).len(), 400);
    assert_eq!(gaps(&sandbox), []);
    assert!(Path::new(&sandbox.ledger()).exists());
}
