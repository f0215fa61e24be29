//! `quietus tickets`: one ticket for each item, whatever happens in between, and none that ends one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "tickets/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/stand_in.rs"]
mod stand_in;

use canary::token;
use desk::{Desk, Mishap, TOKEN};
use sandbox::Sandbox;
use serde_json::Value;

const KINDS: [&str; 4] = ["github", "gitlab", "jira-cloud", "jira-server"];

/// A tracked leak, and a desk that is configured.
fn tracked(desk: &Desk, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("deep/one.env", format!("TOKEN={}\n", token("one")), "first");
    sandbox.run(&["track", repository.arg()]).exits(1);
    desk.configure(&sandbox, more);
    sandbox
}

/// What a run did, as JSON.
fn did(sandbox: &Sandbox) -> Vec<String> {
    let ran = sandbox.run(&["tickets", "--format", "json"]);
    let told = ran.exits(0).json();
    assert!(!ran.out().contains(TOKEN) && !ran.err().contains(TOKEN));
    let tickets = told[0]["tickets"].as_array().unwrap().clone();
    tickets.iter().map(|one| one["did"].as_str().unwrap().to_owned()).collect()
}

fn shown(sandbox: &Sandbox) -> Value {
    sandbox.run(&["item", "show", "V-1", "--format", "json"]).exits(0).json()
}

/// What was recorded about tickets, in order.
fn recorded(sandbox: &Sandbox) -> Vec<String> {
    let shown = shown(sandbox);
    let events = shown["history"].as_array().unwrap().iter();
    let tickets = events.filter(|one| one["event"] == "ticketed");
    tickets.map(|one| one["ticket"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_desk_has_one_ticket_that_is_kept_up_to_date_and_ends_nothing() {
    for kind in KINDS {
        let desk = Desk::start(kind);
        let sandbox = tracked(&desk, "");
        let dry = sandbox.run(&["tickets", "--dry-run"]).exits(0).out();
        assert!(dry.contains("1 ticket to be touched"), "{kind}: {dry}");
        assert_eq!((desk.writes(), recorded(&sandbox).len()), (0, 0), "{kind}");

        assert_eq!(did(&sandbox), ["open"], "{kind}");
        let [ticket] = &desk.tickets()[..] else { panic!("{kind}") };
        assert!(ticket.title.starts_with("[V-1] ") && ticket.labels[0] == "quietus", "{ticket:?}");
        assert!(ticket.body.contains("does not close the item"), "{}", ticket.body);
        assert!(!ticket.body.contains("deep/"), "{kind}: where it stands is not told");
        assert_eq!(recorded(&sandbox), ["claimed", "opened"], "{kind}");
        let known = shown(&sandbox)["tickets"][0].clone();
        assert_eq!((&known["desk"], &known["open"]), (&"board".into(), &true.into()), "{kind}");

        let writes = desk.writes();
        assert!(did(&sandbox).is_empty() && desk.writes() == writes, "{kind}: nothing is news");
        sandbox.run(&["item", "assign", "V-1", "ann"]).exits(0);
        assert_eq!(did(&sandbox), ["update"], "{kind}");
        assert!(desk.tickets()[0].body.contains("Owner: ann"), "{kind}");

        // Closed by hand: noted, opened again and told why. The item stays as it is.
        let before = shown(&sandbox);
        desk.by_hand(|tickets| tickets[0].open = false);
        assert_eq!(did(&sandbox), ["closed_by_hand"], "{kind}");
        let ticket = &desk.tickets()[0];
        assert!(ticket.open && ticket.comments[0].contains("V-1 is not over"), "{ticket:?}");
        let after = shown(&sandbox);
        assert_eq!((&after["state"], &after["closed"]), (&before["state"], &Value::Null), "{kind}");
        assert_eq!(after["milestones"], before["milestones"], "{kind}");
        assert!(did(&sandbox).is_empty(), "{kind}");

        // Lost there: that is recorded, and there is a new one.
        desk.by_hand(Vec::clear);
        assert_eq!(did(&sandbox), ["gone", "open"], "{kind}");
        assert_eq!((desk.tickets().len(), desk.opened()), (1, 2), "{kind}");
        let everything = desk.everything();
        assert!(!everything.contains(&token("one")) && !everything.contains(TOKEN), "{kind}");
        let ledger = std::fs::read(sandbox.ledger()).unwrap();
        assert!(!String::from_utf8_lossy(&ledger).contains(TOKEN), "{kind}");
        sandbox.run(&["ledger", "verify"]).exits(0);
    }
}

/// A run that ends between opening a ticket and recording it leaves no second one behind.
#[test]
fn what_was_opened_and_not_recorded_is_found_again() {
    for kind in KINDS {
        let desk = Desk::start(kind);
        let sandbox = tracked(&desk, "");
        desk.set_mishap(Mishap::CutAfter);
        sandbox.run(&["tickets"]).exits(4);
        assert_eq!((desk.opened(), recorded(&sandbox)), (1, vec!["claimed".to_owned()]), "{kind}");
        // What it says is brought up to date, because nobody knows what it says.
        assert_eq!(did(&sandbox), ["find", "update"], "{kind}");
        assert!(did(&sandbox).is_empty(), "{kind}");
        assert_eq!((desk.opened(), desk.tickets().len()), (1, 1), "{kind}");
    }
    let desk = Desk::start("github");
    let sandbox = tracked(&desk, "");
    desk.set_mishap(Mishap::HangAfter);
    let mut run = sandbox.command(&["tickets"]).spawn().unwrap();
    while desk.opened() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(did(&sandbox), ["find", "update"]);
    assert_eq!(desk.opened(), 1);
}

/// Nobody knows whether a call that got no answer was heard: for a while nothing is opened.
#[test]
fn what_may_have_been_opened_is_waited_for() {
    let desk = Desk::start("gitlab");
    let sandbox = tracked(&desk, "");
    desk.set_mishap(Mishap::CutBefore);
    sandbox.run(&["tickets"]).exits(4);
    assert_eq!(did(&sandbox), ["wait"]);
    assert_eq!(desk.opened(), 0);
}

#[test]
fn runs_at_the_same_time_open_one() {
    let desk = Desk::start("github");
    let sandbox = tracked(&desk, "");
    let quiet = std::process::Stdio::null;
    let run = |_| sandbox.command(&["tickets"]).stdout(quiet()).stderr(quiet()).spawn().unwrap();
    let runs: Vec<_> = (0..4).map(run).collect();
    for mut run in runs {
        run.wait().unwrap();
    }
    assert_eq!(desk.opened(), 1);
}

#[test]
fn a_desk_that_asks_to_wait_is_waited_for_and_not_for_long() {
    let desk = Desk::start("github");
    let sandbox = tracked(&desk, "");
    desk.set_mishap(Mishap::Limited(1));
    assert_eq!(did(&sandbox), ["open"]);
    let desk = Desk::start("gitlab");
    let sandbox = tracked(&desk, "");
    desk.set_mishap(Mishap::Limited(3600));
    let ran = sandbox.run(&["tickets"]);
    assert!(ran.exits(4).out().contains("no more calls left"), "{}", ran.out());
    let desk = Desk::start("github");
    let sandbox = tracked(&desk, "");
    desk.set_mishap(Mishap::Moved);
    let ran = sandbox.run(&["tickets"]);
    assert!(ran.exits(4).out().contains("redirects are not followed"), "{}", ran.out());
}

/// What is done about a ticket that somebody closed is the configuration's to say.
#[test]
fn a_ticket_closed_by_hand_is_answered_as_the_configuration_says() {
    for (answer, comments) in [("comment", 1), ("note", 0)] {
        let desk = Desk::start("github");
        let sandbox = tracked(&desk, &format!("when_closed_by_hand = \"{answer}\""));
        did(&sandbox);
        desk.by_hand(|tickets| tickets[0].open = false);
        assert_eq!(did(&sandbox), ["closed_by_hand"]);
        let ticket = &desk.tickets()[0];
        assert!(!ticket.open && ticket.comments.len() == comments, "{answer}: {ticket:?}");
        // Once, not every night.
        assert!(did(&sandbox).is_empty());
        assert_eq!(shown(&sandbox)["tickets"][0]["open"], false);
        desk.by_hand(|tickets| tickets[0].open = true);
        assert_eq!(did(&sandbox)[0], "opened_by_hand");
        assert_ne!(shown(&sandbox)["state"], "closed");
    }
}

/// A ticket goes to its end with its item, and comes back with it.
#[test]
fn a_ticket_closes_with_its_item_and_opens_with_it_again() {
    for kind in ["gitlab", "jira-cloud"] {
        let desk = Desk::start(kind);
        let sandbox = Sandbox::new();
        sandbox.run(&["init"]).exits(0);
        desk.configure(&sandbox, "");
        let words = ["--title", "Keys are not replaced", "--source", "SOC 2", "--reference", "F-1"];
        let add = [&["item", "add", "--playbook", "missing-rotation"], &words[..]].concat();
        sandbox.run(&add).exits(0);
        assert_eq!(did(&sandbox), ["open"], "{kind}");
        let own = sandbox.write("own.toml", "people.break_glass = true\n");
        let paper = sandbox.write("policy.txt", "keys are replaced every 90 days");
        for step in ["policy", "automate", "control-test"] {
            let mut claim =
                vec!["--policy", own.to_str().unwrap(), "item", "act", "V-1", "claim", step];
            claim.extend(["--note", "done and shown", "--evidence", paper.to_str().unwrap()]);
            if step == "control-test" {
                claim.extend(["--break-glass", "there is nobody else here"]);
            }
            sandbox.run(&claim).exits(0);
        }
        assert_eq!(did(&sandbox), ["close"], "{kind}");
        let ticket = &desk.tickets()[0];
        assert!(!ticket.open && ticket.comments[0].contains("V-1 is over"), "{ticket:?}");
        assert!(did(&sandbox).is_empty(), "{kind}");
        let why = "the control was switched off again";
        sandbox.run(&["item", "act", "V-1", "reopen", "--reason", why]).exits(0);
        assert_eq!(did(&sandbox), ["reopen"], "{kind}");
        assert!(desk.tickets()[0].open && desk.opened() == 1, "{kind}");
    }
}

#[test]
fn only_the_configuration_names_a_desk_and_only_a_safe_one() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init"]).exits(0);
    sandbox.write("config/quietus/config.toml", "");
    sandbox.run(&["tickets"]).exits(2).complains(&["[[tickets]]"]);
    let with = |text: &str| {
        let text = format!("[[tickets]]\nname = \"a\"\n{text}\n");
        sandbox.write("config/quietus/config.toml", text);
        sandbox.run(&["tickets"]).exits(2).err()
    };
    let token = sandbox.write("token", TOKEN);
    let token = format!("token_file = \"{}\"", token.display());
    let jira = format!("kind = \"jira-server\"\nproject = \"SEC\"\n{token}");
    assert!(with(&jira).contains("give api"));
    assert!(with(&format!("{jira}\napi = \"http://127.0.0.1:1/rest/api/2\"")).contains("https"));
    assert!(with("kind = \"github\"\nproject = \"a/b\"").contains("token_env or token_file"));
    assert!(
        with(&format!("kind = \"github\"\nproject = \"a b\"\n{token}"))
            .contains("owner/repository")
    );
    assert!(with(&format!("kind = \"trello\"\nproject = \"a\"\n{token}")).contains("jira-cloud"));
    let wrong = with(&format!("kind = \"github\"\nproject = \"a/b\"\n{token}\nonly = [\"x\"]"));
    assert!(wrong.contains("WHAT=VALUE") && !wrong.contains(TOKEN), "{wrong}");
    sandbox.run(&["tickets", "--desk", "b"]).exits(2).complains(&["\"b\"", "a"]);
}
