//! Runs that are cut short: by a full disk, by the user, by a kill.

use crate::canary::token;
use crate::sandbox::{QUIETUS, Ran, Sandbox, skipped};
use crate::{ends_within, gaps, items, leaky, spawned, verifies};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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
