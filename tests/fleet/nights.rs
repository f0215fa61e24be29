//! `quietus nightly` over repositories that change, vanish, hang and break; killed, and helped by
//! workers.

use crate::canary::{Search, token};
use crate::sandbox::{QUIETUS, Sandbox};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

pub(crate) const FEW: [&str; 3] = ["nightly", "--format", "json"];

pub(crate) fn url(sandbox: &Sandbox, name: &str) -> String {
    format!("file://{}", sandbox.path(format!("forge/{name}.git")).display())
}

/// A bare repository on the forge, with these commits.
pub(crate) fn publish(sandbox: &Sandbox, name: &str, commits: &[(&str, &str)]) {
    let repository = sandbox.repository(&format!("work/{name}"));
    for (file, text) in commits {
        repository.commit(file, text, "a commit");
    }
    let bare = sandbox.path(format!("forge/{name}.git"));
    std::fs::create_dir_all(bare.parent().unwrap()).unwrap();
    let to = bare.to_str().unwrap();
    if bare.exists() {
        repository.git(&["push", "-q", "--mirror", to]);
    } else {
        repository.git(&["clone", "-q", "--mirror", ".", to]);
    }
}

pub(crate) fn leak(label: &str) -> String {
    format!("TOKEN={}\n", token(label))
}

/// A night counts what happened since it began, to the second: two in one second are one to it.
pub(crate) fn a_second_later() {
    std::thread::sleep(Duration::from_millis(1100));
}

/// A forge of `count` repositories, every third with a leak, all of them listed.
pub(crate) fn fleet(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut list = String::new();
    for number in 0..count {
        let name = format!("r{number:02}");
        let text = if number % 3 == 0 { leak(&name) } else { format!("number {number}\n") };
        publish(&sandbox, &name, &[("readme", "hello\n"), ("deep/app.env", &text)]);
        list += &format!("{} {name}\n", url(&sandbox, &name));
    }
    let list = sandbox.write("list", list);
    sandbox.run(&["repos", "import", list.to_str().unwrap()]).exits(0);
    sandbox
}

/// Each item's credential with its places, whatever the order in which they were found.
pub(crate) fn items(sandbox: &Sandbox) -> BTreeSet<String> {
    let list = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    let told = |item: &Value| {
        let place = |at: &Value| format!("{} {} {}", at["path"], at["at_head"], at["blob"]);
        let places: BTreeSet<String> =
            item["locations"].as_array().unwrap().iter().map(place).collect();
        format!("{} {} {} {places:?}", item["fingerprint"], item["state"], item["repositories"])
    };
    list.as_array().unwrap().iter().map(told).collect()
}

pub(crate) fn figure(night: &Value, name: &str) -> u64 {
    night["figures"][name].as_u64().unwrap_or_else(|| panic!("{name} in {night:#}"))
}

#[test]
fn a_night_tells_what_it_read_and_what_it_could_not() {
    let sandbox = fleet(6);
    let metrics = sandbox.path("night.prom");
    let oscal = sandbox.path("poam.json");
    let text =
        format!("[nightly]\nexports = [[\"oscal\", \"--output\", \"{}\"]]\n", oscal.display());
    sandbox.write("config/quietus/config.toml", text);
    let plan = sandbox.run(&["nightly", "--plan"]).exits(0).out();
    assert!(plan.contains("6 repositories to fetch and scan"), "{plan}");
    assert!(!oscal.exists());

    let night = sandbox
        .run(&[&FEW[..], &["--log", "json", "--metrics-file", metrics.to_str().unwrap()]].concat());
    let first = night.exits(1).json();
    assert_eq!((figure(&first, "complete"), figure(&first, "opened")), (6, 2), "{first:#}");
    let search = Search::new([("a leak", &*token("r00")), ("another", &*token("r03"))]);
    for told in [night.stdout(), night.stderr(), &std::fs::read(&metrics).unwrap()] {
        assert_eq!(search.found(told), Vec::<String>::new());
    }
    let log: Vec<Value> =
        night.err().lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    assert_eq!(
        log.iter().filter(|line| line["outcome"] == "complete").count(),
        6,
        "{}",
        night.err()
    );
    let page = std::fs::read_to_string(&metrics).unwrap();
    assert!(page.contains("quietus_night_repositories{state=\"complete\"} 6\n"), "{page}");
    assert!(oscal.exists());
    sandbox.run(&["repos", "gaps"]).exits(0);

    // Another one leaks, one vanishes, one is not what it was.
    publish(&sandbox, "r01", &[("new.env", &leak("new"))]);
    std::fs::remove_dir_all(sandbox.path("forge/r02.git")).unwrap();
    publish(&sandbox, "r04", &[("new", "never to be read\n")]);
    let pack = sandbox.path("forge/r04.git/objects");
    std::fs::remove_dir_all(&pack).unwrap();
    std::fs::create_dir_all(pack).unwrap();
    a_second_later();
    let second = sandbox.run(&FEW).exits(3).json();
    assert_eq!(
        ["due", "complete", "unobservable", "opened"].map(|name| figure(&second, name)),
        [6, 4, 2, 1],
        "{second:#}"
    );
    let gaps = sandbox.run(&["repos", "gaps", "--format", "json"]).exits(5).json();
    let lost: Vec<&str> =
        gaps.as_array().unwrap().iter().filter_map(|one| one["repository"].as_str()).collect();
    assert_eq!(lost, ["r02", "r04"]);
    assert!(gaps[0]["last_complete_scan"].is_string(), "it was complete once");
    sandbox.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn what_is_lost_shows_nothing_gone_and_what_moved_keeps_its_items() {
    let sandbox = fleet(1);
    sandbox.run(&FEW).exits(1);
    let before = items(&sandbox);
    assert_eq!(before.len(), 1);
    let (old, new) = (sandbox.path("forge/r00.git"), sandbox.path("forge/moved.git"));
    std::fs::rename(&old, &new).unwrap();
    sandbox.run(&FEW).exits(3);
    assert_eq!(items(&sandbox), before, "a lost repository is not a clean one");
    sandbox.run(&["repos", "rename", "r00", &url(&sandbox, "moved")]).exits(0);
    // The leak leaves its head at the new place.
    let repository = sandbox.repository("work/r00");
    repository.git(&["rm", "-q", "deep/app.env"]);
    repository.git(&["commit", "-q", "-m", "gone"]);
    repository.git(&["push", "-q", "--mirror", new.to_str().unwrap()]);
    sandbox.run(&FEW).exits(1);
    let item = sandbox.run(&["item", "show", "V-1", "--format", "json"]).exits(0).json();
    assert!(item.to_string().contains("left_head"), "{item:#}");
    assert_eq!(items(&sandbox).len(), 1);
}

#[test]
fn a_flood_is_held_back_and_told() {
    let sandbox = Sandbox::new();
    let text: String = (0..9).map(|number| leak(&format!("flood {number}"))).collect();
    publish(&sandbox, "flood", &[("a.env", &text)]);
    sandbox.run(&["repos", "add", &url(&sandbox, "flood"), "--name", "flood"]).exits(0);
    let night = sandbox.run(&[&FEW[..], &["--most-new", "4"]].concat()).exits(5).json();
    assert_eq!((figure(&night, "opened"), figure(&night, "incomplete")), (4, 1), "{night:#}");
    assert!(night["not_read"][0]["why"].as_str().unwrap().contains("overflow"), "{night:#}");
    a_second_later();
    // What is known takes nobody's place: the next nights bring the rest.
    let night = sandbox.run(&[&FEW[..], &["--most-new", "5"]].concat()).exits(1).json();
    assert_eq!((figure(&night, "opened"), figure(&night, "complete")), (5, 1), "{night:#}");
}

#[test]
fn of_two_nights_at_once_one_ends_and_one_that_hangs_holds_up_nobody() {
    let sandbox = fleet(3);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs = format!("git://{}/hangs.git", silent.local_addr().unwrap());
    sandbox.run(&["repos", "add", &hangs]).exits(0);
    let mut slow = sandbox
        .command(&[&FEW[..], &["--fetch-time", "6s"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Held, and never answered.
    let _held = silent.accept().unwrap();
    sandbox.run(&FEW).exits(5).complains(&["another process"]);
    let list = || sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
    // The others are done while it hangs.
    let mut complete = 0;
    for _ in 0..40 {
        complete = list().as_array().unwrap().iter().filter(|one| one["complete"] == true).count();
        if complete == 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(complete, 3);
    assert!(slow.try_wait().unwrap().is_none(), "it still hangs");
    let output = slow.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let night: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((figure(&night, "complete"), figure(&night, "unobservable")), (3, 1), "{night:#}");
}

/// Killed again and again, a night comes to what one worker came to who did all in order.
#[test]
fn a_night_that_is_killed_goes_on_where_it_stopped() {
    let sandbox = fleet(9);
    let mut killed = 0;
    for round in 0..6_u64 {
        let mut night = sandbox
            .command(&["nightly", "--at-once", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(120 + 140 * round));
        if night.try_wait().unwrap().is_none() {
            night.kill().unwrap();
            killed += 1;
        }
        night.wait().unwrap();
        sandbox.run(&["ledger", "verify"]).exits(0);
    }
    assert!(killed > 0, "the rounds were too long to kill anything");
    let ran = sandbox.run(&FEW);
    let night = ran.exits(1).json();
    assert_eq!((figure(&night, "left"), figure(&night, "complete")), (0, 9), "{night:#}");

    let alone = Sandbox::new();
    std::fs::create_dir_all(alone.path("data/quietus")).unwrap();
    std::fs::copy(sandbox.key(), alone.key()).unwrap();
    for number in 0..9 {
        let name = format!("r{number:02}");
        let source = url(&sandbox, &name);
        alone.run(&["track", &source, "--name", &name]);
    }
    assert_eq!(items(&sandbox), items(&alone));
}

#[test]
fn workers_share_a_night_and_each_repository_is_recorded_once() {
    let sandbox = fleet(8);
    sandbox.run(&["worker", "--drain"]).exits(0).complains(&["no night is under way"]);
    // Its coordinator dies at once; workers do what it left on its list.
    let mut night = sandbox
        .command(&["nightly", "--at-once", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let is_begun = || sandbox.run(&["nightly", "--plan"]).out().contains("going on");
    for _ in 0..100 {
        if is_begun() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = night.kill();
    night.wait().unwrap();
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let mut command = sandbox.program(QUIETUS);
            let command = command.args(["worker", "--drain", "--log", "json"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut recorded = Vec::new();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{log}");
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        recorded.extend(lines.map(|line| line["repository"].as_str().unwrap().to_owned()));
    }
    let once: BTreeSet<&String> = recorded.iter().collect();
    assert_eq!(once.len(), recorded.len(), "{recorded:?}");
    let summary = sandbox.run(&FEW).exits(1).json();
    assert_eq!((figure(&summary, "complete"), figure(&summary, "left")), (8, 0), "{summary:#}");
    assert_eq!(items(&sandbox).len(), 3);
    sandbox.run(&["ledger", "verify"]).exits(0);
}
