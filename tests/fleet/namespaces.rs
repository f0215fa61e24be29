//! Workers on machines of their own, as far as the network goes: one is cut off in the middle of its work,
//! and what it brings when it is back is fenced off.

use crate::nights::{FEW, figure, fleet, items};
use crate::postgres::Postgres;
use crate::sandbox::{QUIETUS, Sandbox, skipped};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Two ends of a wire: one here, one in a network of its own. Taken down when dropped.
struct Wire {
    name: String,
    here: String,
}

fn ip(arguments: &[&str]) -> bool {
    let ran =
        Command::new("ip").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ran.is_ok_and(|status| status.success())
}

impl Wire {
    /// `None` where networks cannot be made: that takes the superuser, and `ip`.
    fn new() -> Option<Self> {
        let id = std::process::id();
        let (name, net) = (format!("qt{id}"), format!("10.213.{}", id % 250));
        let (far, here, there) = (format!("{name}f"), format!("{net}.1"), format!("{net}.2/24"));
        let wire = Self { name: name.clone(), here: here.clone() };
        let made = ip(&["netns", "add", &name])
            && ip(&["link", "add", &name, "type", "veth", "peer", "name", &far])
            && ip(&["link", "set", &far, "netns", &name])
            && ip(&["addr", "add", &format!("{here}/24"), "dev", &name])
            && ip(&["link", "set", &name, "up"])
            && ip(&["-n", &name, "addr", "add", &there, "dev", &far])
            && ip(&["-n", &name, "link", "set", &far, "up"]);
        made.then_some(wire)
    }

    fn cut(&self) {
        assert!(ip(&["link", "set", &self.name, "down"]));
    }

    fn mend(&self) {
        assert!(ip(&["link", "set", &self.name, "up"]));
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        ip(&["link", "del", &self.name]);
        ip(&["netns", "del", &self.name]);
    }
}

/// A git that waits for a file before it fetches, so that a worker is in the middle of its work.
fn slow_git(far: &Sandbox) -> String {
    let path = std::env::var("PATH").unwrap();
    let git =
        std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists());
    let (waits, goes) = (far.path("waits"), far.path("goes"));
    let script = format!(
        "#!/bin/sh\ntouch '{}'\nwhile ! [ -e '{}' ]; do sleep 0.1; done\nexec '{}' \"$@\"\n",
        waits.display(),
        goes.display(),
        git.unwrap().display()
    );
    let file = far.write("slow/git", script);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{path}", file.parent().unwrap().display())
}

/// Until a worker of `sandbox` is in the middle of its work.
fn until_it_waits(sandbox: &Sandbox) {
    for _ in 0..600 {
        if sandbox.path("waits").exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("it has not begun");
}

#[test]
fn who_was_cut_off_comes_too_late() {
    let Some(wire) = Wire::new() else {
        return skipped("no network of its own can be made here: not the superuser, or no ip");
    };
    let Some(server) = Postgres::start(&wire.here) else { return };
    let near = fleet(1);
    near.write("config/quietus/config.toml", format!("ledger = \"{}\"\n", server.url()));
    near.run(&["repos", "import", near.path("list").to_str().unwrap()]).exits(0);
    // Another machine: another home and other mirrors, the same key, the database over the wire.
    let far = Sandbox::new();
    let url = format!("postgres://quietus@{}/fleet?sslmode=disable", wire.here);
    far.write("config/quietus/config.toml", format!("ledger = \"{url}\"\n"));
    far.run(&["init", "--key-from", near.key().to_str().unwrap()]).exits(0);

    // A night begins and is killed at once; its list stays. The far worker takes the only piece.
    let mut command = near.command(&["nightly", "--at-once", "1"]);
    command.env("PATH", slow_git(&near)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut night = command.spawn().unwrap();
    until_it_waits(&near);
    night.kill().unwrap();
    night.wait().unwrap();
    server.sql("UPDATE night_work SET state = 'waiting', until = 0, starts = 0");
    let mut command = far.program("ip");
    command.args(["netns", "exec", &wire.name]).arg(QUIETUS).env("PATH", slow_git(&far));
    let late = command
        .args(["worker", "--drain", "--log", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until_it_waits(&far);

    wire.cut();
    // Five minutes go by.
    server.sql("UPDATE night_work SET until = 1");
    let summary = near.run(&FEW).exits(1).json();
    assert_eq!((figure(&summary, "complete"), figure(&summary, "left")), (1, 0), "{summary:#}");
    let before = items(&near);

    wire.mend();
    std::fs::write(far.path("goes"), "").unwrap();
    let output = late.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let outcome = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["event"] == "repository");
    assert_eq!(outcome.unwrap()["outcome"], "fenced", "{log}");
    assert_eq!(items(&near), before);
    near.run(&["ledger", "verify"]).exits(0);
    // The script that the killed night left goes its way.
    std::fs::write(near.path("goes"), "").unwrap();
}
