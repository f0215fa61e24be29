//! Commands that are killed in the middle of a transaction: the ledger verifies, what was acknowledged is
//! there, and the rest is there whole or not at all. `QUIETUS_KILLS` says how often each deed is killed.

use crate::configured::configure;
use crate::issuer::Issuer;
use crate::postgres::Postgres;
use crate::sandbox::Sandbox;
use crate::world::{accepted, issuer, token};
use quietus_model::FingerprintKey;
use quietus_poam::{Event, PoamItem};
use quietus_store::Ledger;
use rustix::process::{Flock, FlockType, Pid, Signal, fcntl_getlk, kill_process};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// Credentials in each repository that is tracked.
const LEAKS: usize = 12;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Deed {
    Track,
    Act,
    Retest,
    Migrate,
}

const DEEDS: [Deed; 4] = [Deed::Track, Deed::Act, Deed::Retest, Deed::Migrate];

/// Tells whether somebody is in the middle of a write.
enum Watch {
    /// The file in which SQLite's processes lock each other out.
    File(std::path::PathBuf),
    /// A session with the server.
    Session { child: Child, to: ChildStdin, from: BufReader<ChildStdout> },
}

/// Where the one who writes locks that file (SQLite's `WAL_WRITE_LOCK`).
const WRITER: u64 = 120;

/// Where whoever opens the file first locks it as well, before anything is written
/// (`WAL_RECOVER_LOCK`).
const RECOVERY: u64 = 122;

impl Watch {
    fn session(server: &Postgres) -> Self {
        let mut child = server.session();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        Self::Session { child, to, from }
    }

    fn sees_a_write(&mut self) -> bool {
        match self {
            Self::File(path) => {
                let Ok(file) = File::options().read(true).write(true).open(path) else {
                    return false;
                };
                let is_locked = |start| {
                    let lock = Flock { start, length: 1, ..FlockType::WriteLock.into() };
                    fcntl_getlk(&file, &lock).unwrap().is_some()
                };
                is_locked(WRITER) && !is_locked(RECOVERY)
            }
            Self::Session { to, from, .. } => {
                let ask = "SELECT count(*) FROM pg_stat_activity \
                           WHERE application_name = 'quietus' AND backend_xid IS NOT NULL;\n";
                to.write_all(ask.as_bytes()).unwrap();
                let mut line = String::new();
                from.read_line(&mut line).unwrap();
                line.trim() != "0"
            }
        }
    }

    /// What a killed command had sent may still be done by the server.
    fn settle(&mut self) {
        while matches!(self, Self::Session { .. }) && self.sees_a_write() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Self::Session { child, .. } = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

struct Ground {
    sandbox: Sandbox,
    url: String,
    watch: Watch,
    /// Held so that it answers.
    issuer: Issuer,
    /// How many repositories there are.
    repositories: usize,
    chance: u64,
}

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    /// Killed in the middle of a write.
    Inside,
    /// Killed before or after it.
    Outside,
    /// By itself, and well: what it did is acknowledged.
    Acknowledged,
}

impl Ground {
    fn new(sandbox: Sandbox, url: String, watch: Watch) -> Self {
        let issuer = issuer();
        configure(&sandbox, &issuer);
        let chance = 0x9E37_79B9_7F4A_7C15;
        let mut ground = Self { sandbox, url, watch, issuer, repositories: 0, chance };
        let first = ground.leaky();
        ground.sandbox.run(&["track", &first, "--ledger", &ground.url]).exits(1);
        ground
    }

    /// Another repository with leaks of its own, which the issuer knows.
    fn leaky(&mut self) -> String {
        self.repositories += 1;
        let number = self.repositories;
        let tokens: Vec<String> =
            (0..LEAKS).map(|leak| token(&format!("leak {leak} of {number}"))).collect();
        tokens.iter().for_each(|token| self.issuer.set(token, accepted()));
        let lines: String = tokens.iter().map(|token| format!("GITLAB_TOKEN={token}\n")).collect();
        let repository = self.sandbox.repository(&format!("work/app{number}"));
        repository.commit("ci.env", lines, &format!("Add CI {number}"));
        repository.arg().to_owned()
    }

    /// A moment of up to `most`.
    fn pause(&mut self, most: Duration) -> Duration {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        Duration::from_micros(self.chance % u64::try_from(most.as_micros()).unwrap())
    }

    /// Starts a command and kills it soon after it began to write.
    fn kill(&mut self, arguments: &[&str]) -> End {
        let url = self.url.clone();
        let arguments = [arguments, &["--ledger", &url]].concat();
        let mut command = self.sandbox.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !self.watch.sees_a_write() && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(120), "{arguments:?} hangs");
            std::thread::sleep(Duration::from_micros(50));
        }
        let most = if matches!(self.watch, Watch::File(_)) { 300 } else { 4000 };
        std::thread::sleep(self.pause(Duration::from_micros(most)));
        // It stands still while it is looked at, so that what is seen is what the kill meets.
        let pid = Pid::from_child(&child);
        let _ = kill_process(pid, Signal::STOP);
        let is_inside = child.try_wait().unwrap().is_none() && self.watch.sees_a_write();
        let _ = child.kill();
        let status = child.wait().unwrap();
        self.watch.settle();
        match status.code() {
            None if is_inside => End::Inside,
            None => End::Outside,
            Some(code) => {
                assert!(matches!(code, 0 | 1 | 6), "{arguments:?} ended with {code}");
                End::Acknowledged
            }
        }
    }

    fn items(&self, runtime: &tokio::runtime::Runtime) -> Vec<PoamItem> {
        let text = std::fs::read_to_string(self.sandbox.key()).unwrap();
        let key = FingerprintKey::from_text(&text).unwrap().id();
        runtime.block_on(async {
            let ledger = Ledger::open_existing(&self.url, &key).await.unwrap();
            let items = ledger.items().await.unwrap();
            ledger.close().await;
            items
        })
    }

    /// Kills each deed so many times; how often that was inside a write, deed by deed.
    fn tell(&mut self, kills: usize) -> [usize; DEEDS.len()] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut inside = [0; DEEDS.len()];
        let mut notes = BTreeSet::new();
        for round in 0..kills {
            for (deed, inside) in DEEDS.into_iter().zip(&mut inside) {
                let before = self.items(&runtime);
                let note = format!("note {round}");
                let repository = if deed == Deed::Track { self.leaky() } else { String::new() };
                let end = match deed {
                    Deed::Track => self.kill(&["track", &repository]),
                    Deed::Act => self.kill(&["item", "act", "V-1", "note", &note]),
                    Deed::Retest => self.kill(&["retest", "V-1", "V-2", "V-3", "--validate"]),
                    Deed::Migrate => self.kill(&["ledger", "migrate", "--to", "1"]),
                };
                *inside += usize::from(end == End::Inside);
                if deed == Deed::Migrate {
                    self.sandbox.run(&["ledger", "migrate", "--ledger", &self.url]).exits(0);
                }
                self.sandbox.run(&["ledger", "verify", "--ledger", &self.url]).exits(0);
                let after = self.items(&runtime);
                whole_or_not_at_all(deed, end, &before, &after);
                if deed == Deed::Act && end == End::Acknowledged {
                    notes.insert(note);
                }
            }
        }
        // Nothing that was acknowledged is missing at the end of it all.
        let item = &self.items(&runtime)[0];
        let told = item.history.iter().filter_map(|recorded| match &recorded.event {
            Event::Noted { note } => Some(note.clone()),
            _ => None,
        });
        let told: BTreeSet<String> = told.collect();
        assert!(told.is_superset(&notes), "{notes:?} in {told:?}");
        inside
    }
}

fn whole_or_not_at_all(deed: Deed, end: End, before: &[PoamItem], after: &[PoamItem]) {
    let events = |items: &[PoamItem]| items.iter().map(|item| item.version).sum::<u64>();
    let is_there = match deed {
        Deed::Track => {
            let new = after.len() - before.len();
            assert!(new == 0 || new == LEAKS, "{new} new items");
            new == LEAKS
        }
        Deed::Act => {
            let new = events(after) - events(before);
            assert!(new <= 1, "{new} new events");
            new == 1
        }
        // The answers about all three, or none.
        Deed::Retest => {
            let asked = before.iter().zip(after).filter(|(old, new)| old.version < new.version);
            let asked = asked.count();
            assert!(asked == 0 || asked == 3, "{asked} of 3");
            asked == 3
        }
        Deed::Migrate => {
            assert_eq!(before, after);
            true
        }
    };
    assert!(is_there || end != End::Acknowledged, "{deed:?} was acknowledged and is lost");
}

fn kills() -> usize {
    std::env::var("QUIETUS_KILLS").map_or(3, |kills| kills.parse().unwrap())
}

#[allow(clippy::print_stderr, reason = "how often is the point of it")]
fn told(engine: &str, kills: usize, inside: [usize; DEEDS.len()]) {
    eprintln!("{engine}: of {kills} kills of each of {DEEDS:?} {inside:?} inside a write");
    let all: usize = inside.iter().sum();
    assert!(all * 4 >= kills, "only {all} of {kills} kills of each met a write");
    // A write takes a millisecond: of a few kills of one deed all may miss it.
    for (deed, inside) in DEEDS.iter().zip(inside) {
        assert!(inside > 0 || kills < 20, "no kill of {deed:?} met a write");
    }
}

#[test]
fn a_command_that_is_killed_while_it_writes_a_file_loses_nothing() {
    let sandbox = Sandbox::new();
    let ledger = sandbox.path("ledger.db");
    let watch = Watch::File(sandbox.path("ledger.db-shm"));
    let mut ground = Ground::new(sandbox, format!("sqlite://{}", ledger.display()), watch);
    told("SQLite", kills(), ground.tell(kills()));
}

#[test]
fn a_command_that_is_killed_while_it_writes_to_a_server_loses_nothing() {
    let Some(server) = Postgres::start("") else { return };
    let watch = Watch::session(&server);
    let mut ground = Ground::new(Sandbox::new(), server.url(), watch);
    // Each write takes a while, so that a kill meets it.
    server.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(0.003); RETURN NEW; END $$; \
         CREATE TRIGGER slow BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION slow(); \
         CREATE FUNCTION slow_too() RETURNS event_trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(0.005); END $$; \
         CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION slow_too()",
    );
    told("PostgreSQL", kills(), ground.tell(kills()));
}
