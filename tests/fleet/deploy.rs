//! What lies under `deploy/` is tried with the tools that read it, where they are installed.

use crate::sandbox::{QUIETUS, Sandbox, skipped};
use std::path::{Path, PathBuf};
use std::process::Command;

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

/// Flags that do not exist would be found out at a quarter past one.
fn is_understood(line: &str) {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let ran = Sandbox::new().run(&[&words[..], &["--help"]].concat());
    ran.exits(0);
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        let flag = flag.split('=').next().unwrap();
        assert!(ran.out().contains(flag), "{line}: {flag} is not in the help");
    }
}

#[test]
fn the_service_and_its_timer_are_what_systemd_understands() {
    let unit = std::fs::read_to_string(deploy("systemd/quietus-nightly.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    is_understood(start);
    let sandbox = Sandbox::new();
    let service = sandbox.write(
        "units/quietus-nightly.service",
        unit.replace("/usr/local/bin/quietus", QUIETUS)
            .replace("User=quietus\nGroup=quietus\n", ""),
    );
    let timer = std::fs::read(deploy("systemd/quietus-nightly.timer")).unwrap();
    let timer = sandbox.write("units/quietus-nightly.timer", timer);
    let verify = Command::new("systemd-analyze").arg("verify").args([&service, &timer]).output();
    let Ok(output) = verify else { return skipped("there is no systemd-analyze") };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // What it says of the machine's own units is none of ours.
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("quietus")).collect();
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn the_crontab_and_the_manifests_call_what_there_is() {
    let crontab = std::fs::read_to_string(deploy("crontab")).unwrap();
    let line = crontab.lines().find(|line| line.contains("quietus nightly")).unwrap();
    let command = line.split_once("quietus").unwrap().1;
    is_understood(&format!("quietus{command}"));
    for (file, command) in
        [("kubernetes/nightly.yaml", "nightly"), ("kubernetes/workers.yaml", "worker")]
    {
        let text = std::fs::read_to_string(deploy(file)).unwrap();
        let args: Vec<&str> = text
            .lines()
            .skip_while(|line| line.trim() != "args:")
            .skip(1)
            .map_while(|line| line.trim().strip_prefix("- "))
            .collect();
        assert_eq!(args.first(), Some(&command), "{file}");
        is_understood(&format!("quietus {}", args.join(" ")));
    }
}
