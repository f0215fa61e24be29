//! Workers, the night and the database are killed at any moment: nothing is lost, nothing is recorded
//! twice, nothing is closed wrongly.

use crate::nights::{FEW, figure, fleet, items, leak, publish, url};
use crate::postgres::Postgres;
use crate::sandbox::Sandbox;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const FLEET: usize = 7;

/// How many rounds; `QUIETUS_KILLS` asks for more.
fn rounds() -> u64 {
    std::env::var("QUIETUS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// The ledger of `sandbox` is on the server from now on; its inventory is that of the file.
fn on_server(sandbox: &Sandbox, server: &Postgres) {
    sandbox.write("config/quietus/config.toml", format!("ledger = \"{}\"\n", server.url()));
    sandbox.run(&["repos", "import", sandbox.path("list").to_str().unwrap()]).exits(0);
}

fn begin(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = sandbox.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// What one who did all in order would hold.
fn in_order(sandbox: &Sandbox) -> Sandbox {
    let alone = Sandbox::new();
    std::fs::create_dir_all(alone.path("data/quietus")).unwrap();
    std::fs::copy(sandbox.key(), alone.key()).unwrap();
    for number in 0..FLEET {
        let name = format!("r{number:02}");
        alone.run(&["track", &url(sandbox, &name), "--name", &name]);
    }
    alone
}

/// Numbers that look like chance and are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

#[test]
fn whoever_is_killed_nothing_is_lost_and_nothing_counts_twice() {
    let Some(server) = Postgres::start("") else { return };
    let sandbox = fleet(FLEET);
    on_server(&sandbox, &server);
    let mut chance = Chance(7);
    let (mut killed, begun) = ([0; 3], Instant::now());
    for round in 0..rounds() {
        let name = format!("r{:02}", round % FLEET as u64);
        publish(
            &sandbox,
            &name,
            &[(&format!("new-{round}.env"), &leak(&format!("round {round}")))],
        );
        let mut night = begin(&sandbox, &["nightly", "--at-once", "2", "--rest", "0s"]);
        let mut worker = begin(&sandbox, &["worker", "--at-once", "2"]);
        std::thread::sleep(Duration::from_millis(50 + chance.below(900)));
        let victim = chance.below(3) as usize;
        match victim {
            0 => killed[0] += usize::from(night.kill().is_ok()),
            1 => killed[1] += usize::from(worker.kill().is_ok()),
            _ => {
                server.kill();
                killed[2] += 1;
            }
        }
        std::thread::sleep(Duration::from_millis(chance.below(300)));
        for child in [&mut night, &mut worker] {
            let _ = child.kill();
            child.wait().unwrap();
        }
        sandbox.run(&["ledger", "verify"]).exits(0);
    }
    assert!(killed.iter().sum::<usize>() as u64 == rounds(), "{killed:?} in {:?}", begun.elapsed());
    // What ended its workers three times in a night is parked, for nobody knows that it was not its fault.
    for number in 0..FLEET {
        let _ = sandbox.run(&["repos", "retry", &format!("r{number:02}")]);
    }
    let mut night = sandbox.run(&FEW).exits(1).json();
    if figure(&night, "complete") < FLEET as u64 {
        night = sandbox.run(&FEW).exits(1).json();
    }
    assert_eq!(
        (figure(&night, "left"), figure(&night, "complete")),
        (0, FLEET as u64),
        "{night:#}"
    );
    let alone = in_order(&sandbox);
    assert_eq!(items(&sandbox), items(&alone));
    let list = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    let closed = list.as_array().unwrap().iter().filter(|item| item["state"] == "closed").count();
    assert_eq!(closed, 0, "nobody proved anything dead");
    sandbox.run(&["ledger", "verify"]).exits(0);
}
