//! Every action of people on an item, really recorded; beside each, the refusal that guards it.

use crate::ground::Ground;
use crate::issuer::Issuer;
use crate::sandbox::{QUIETUS, Ran, skipped};
use serde_json::Value;

/// A reason that is long enough for every action, and that no other test records.
const REASON: &str = "agreed with the platform team on Monday";

/// The policy that ships.
const POLICY: &str = include_str!("../../crates/poam/policies/default.toml");

/// Does everything to items of `ground` that people can do, once `issuer` was asked about them.
pub(crate) fn record_all(ground: &Ground, issuer: &Issuer) {
    work(ground, &one(ground, "bob.txt"), issuer);
    set_aside(ground, &one(ground, "message"), &one(ground, ".env"));
    attest(ground, &one(ground, "deploy.pem"));
    close_and_reopen(ground, &one(ground, "gone.pem"));
    approve(ground, &one(ground, "gone.key"));
    // What the search of the disk goes through is where the actions are.
    let is_kept = [ground.sandbox.ledger(), ground.sandbox.path("data/quietus/ledger.db-wal")]
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .any(|bytes| bytes.windows(REASON.len()).any(|part| part == REASON.as_bytes()));
    assert!(is_kept, "the ledger does not keep reasons where they can be searched");
    ground.disk_is_quiet();
}

/// The work on a credential that its issuer denies.
fn work(ground: &Ground, id: &str, issuer: &Issuer) {
    records(ground, &["assigned"], &["item", "assign", id, "robin", "--as", "ann"]);
    act(ground, "started", id, &["start", "rotate"]);
    act(ground, "claimed", id, &["claim", "rotate", "--note", REASON]);
    act(ground, "claimed", id, &["claim", "revoke", "--note", REASON]);
    act(ground, "noted", id, &["note", REASON]);
    let due = day_after_due(ground, id);
    let extend = |reason| ["extend", "remove", "--due", &due, "--reason", reason];
    refused(ground, "at least 15 characters", id, &extend("later"));
    act(ground, "extended", id, &extend(REASON));
    act(ground, "cause_found", id, &["cause", "configuration", "--note", REASON]);
    act(ground, "impact_checked", id, &["impact", "unused", "--note", REASON]);
    refused(ground, "nobody asked for that", id, &["grant", "deviation", "--note", REASON]);
    let shown = ground.quiet(0, &["item", "show", id]).out();
    assert!(shown.contains(&issuer.url()), "no endpoint to bind: {shown}");
    refused(ground, "leave out user name", id, &["bind", "https://u:p@nowhere", "--note", REASON]);
    refused(ground, "nobody bound it", id, &["unbind", "https://nowhere", "--note", REASON]);
    refused(ground, "at least 15 characters", id, &["bind", &issuer.url(), "--note", "seen"]);
    act(ground, "bound", id, &["bind", &issuer.url(), "--note", REASON]);
    act(ground, "bound", id, &["bind", "nowhere", "--note", REASON]);
    act(ground, "unbound", id, &["unbind", "https://nowhere", "--note", REASON]);
    refused(ground, "can be asked", id, &["attest", "--note", REASON]);
    refused(ground, "not claimed by people", id, &["claim", "retest", "--note", REASON]);
    refused(ground, "cannot be waived", id, &["waive", "revoke", "--reason", REASON]);
}

/// The day after the one on which removal is due: as far as any policy lets it be put off.
fn day_after_due(ground: &Ground, id: &str) -> String {
    let item = ground.quiet(0, &["item", "show", id, "--format", "json"]).json();
    let milestones = item["milestones"].as_array().unwrap();
    let remove = milestones.iter().find(|one| one["milestone"] == "remove").unwrap();
    let due: jiff::Timestamp = remove["due"].as_str().unwrap().parse().unwrap();
    let next = due.checked_add(jiff::SignedDuration::from_hours(24)).unwrap();
    next.strftime("%Y-%m-%d").to_string()
}

/// What nobody could ask about is set aside, taken up, and set aside again; what is live is not.
fn set_aside(ground: &Ground, id: &str, live: &str) {
    fn dismiss<'a>(id: &'a str, kind: &'a str, reason: &'a str) -> [&'a str; 7] {
        ["item", "dismiss", id, "--kind", kind, "--reason", reason]
    }
    let refuses = |words: &[&str], why: &str| {
        ground.quiet(2, words).complains(&[why]);
    };
    refuses(&dismiss(live, "false-positive", REASON), "it is live and cannot be set aside");
    refuses(&dismiss(id, "false-positive", "example"), "at least 15 characters");
    refused(ground, "not set aside", id, &["resume", "--reason", REASON]);
    records(ground, &["deviated"], &dismiss(id, "false-positive", REASON));
    refused(ground, "set aside (false positive)", id, &["start", "rotate"]);
    act(ground, "deviation_ended", id, &["resume", "--reason", REASON]);
    // Where another person must agree it is asked for, and may be taken back.
    let strict = [&dismiss(id, "false-positive", REASON)[..], &["--policy", "strict"]].concat();
    records(ground, &["requested"], &strict);
    act(ground, "declined", id, &["decline", "deviation", "--reason", REASON]);
    records(ground, &["deviated"], &dismiss(id, "risk-accepted", REASON));
}

/// What no recipe can ask is closed on people's word, of whom there is one so far.
fn attest(ground: &Ground, id: &str) {
    act(ground, "waived", id, &["waive", "remove", "--reason", REASON]);
    refused(ground, "at least 15 characters", id, &["attest", "--note", "seen"]);
    act(ground, "attested", id, &["attest", "--note", REASON]);
    refused(ground, "has attested already", id, &["attest", "--note", REASON]);
}

/// A policy that says something else than the one that ships.
fn policy(ground: &Ground, name: &str, changes: &[(&str, &str)]) -> String {
    let text = changes.iter().fold(POLICY.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    ground.sandbox.write(&format!("config/{name}.toml"), text).to_str().unwrap().to_owned()
}

const ONE_WORD: (&str, &str) = ("attestors = 2", "attestors = 1");

/// What stands nowhere any more closes on one word where a policy says so, and opens again.
fn close_and_reopen(ground: &Ground, id: &str) {
    let policy = policy(ground, "one-word", &[ONE_WORD]);
    let attest = ["item", "act", id, "attest", "--note", REASON, "--policy", &policy];
    records(ground, &["attested", "verified", "closed"], &attest);
    refused(ground, "the item is closed", id, &["attest", "--note", REASON]);
    refused(ground, "at least 15 characters", id, &["reopen", "--reason", "again"]);
    act(ground, "reopened", id, &["reopen", "--reason", REASON]);
}

/// Where a policy asks for it, somebody else approves before the item closes.
fn approve(ground: &Ground, id: &str) {
    let approved = ("closure = \"automatic\"", "closure = \"approved\"");
    let policy = policy(ground, "approved", &[ONE_WORD, approved]);
    let words = |verb| ["item", "act", id, verb, "--note", REASON, "--policy", &policy];
    let approval = words("approve");
    let refused = |why: &str| {
        let before = history(ground, id);
        ground.quiet(2, &approval).complains(&[why]);
        assert_eq!(history(ground, id), before, "the approval was refused and recorded");
    };
    refused("not yet to be approved");
    records(ground, &["attested", "verified"], &words("attest"));
    refused("completed a milestone");
    let before = history(ground, id);
    let Some(ran) = by_another(ground, &approval) else {
        return skipped("no second account to approve with: unshare(1) makes none here");
    };
    ground.checked(0, ran);
    is_recorded(ground, &["approved", "closed"], id, &before);
}

/// Runs the command under another account, which owns the same files.
fn by_another(ground: &Ground, words: &[&str]) -> Option<Ran> {
    let account = |program: &str| {
        let mut command = ground.sandbox.program("unshare");
        command.args(["--user", "--map-user=4242", program]);
        command
    };
    let works = account("true").output().is_ok_and(|output| output.status.success());
    works.then(|| Ran::of(account(QUIETUS).args(words)))
}

/// Runs `item act ID` with `words`, which must record `event`.
fn act(ground: &Ground, event: &str, id: &str, words: &[&str]) {
    records(ground, &[event], &[&["item", "act", id], words].concat());
}

/// Runs `item act ID` with `words`, which must be refused because of `why`.
fn refused(ground: &Ground, why: &str, id: &str, words: &[&str]) {
    let before = history(ground, id);
    ground.quiet(2, &[&["item", "act", id], words].concat()).complains(&[why]);
    assert_eq!(history(ground, id), before, "{words:?} was refused and recorded");
}

/// Runs `item VERB ID …`, which must record each of `events`.
fn records(ground: &Ground, events: &[&str], words: &[&str]) {
    let id = words[2];
    let before = history(ground, id);
    ground.quiet(0, words);
    is_recorded(ground, events, id, &before);
}

/// Fails unless each of `events`, and the reason that was given, stands in what is new since
/// `before`.
fn is_recorded(ground: &Ground, events: &[&str], id: &str, before: &[Value]) {
    let after = history(ground, id);
    assert_eq!(&after[..before.len()], before, "what was recorded has changed");
    let new = &after[before.len()..];
    for event in events {
        assert!(new.iter().any(|one| one["event"] == *event), "{id}: no {event} in {new:#?}");
    }
    let bare = ["assigned", "started"];
    let is_bare = new.iter().all(|one| bare.iter().any(|event| one["event"] == *event));
    assert!(is_bare || new.iter().any(|one| one.to_string().contains(REASON)), "{new:#?}");
}

fn history(ground: &Ground, id: &str) -> Vec<Value> {
    let item = ground.quiet(0, &["item", "show", id, "--format", "json"]).json();
    item["history"].as_array().unwrap().clone()
}

/// An item that was seen in a file of this path, or in a place of this name.
fn one(ground: &Ground, spot: &str) -> String {
    let items = ground.quiet(0, &["item", "list", "--format", "json"]).json();
    let is_here = |location: &Value| location["path"] == spot || location["place"] == spot;
    let found = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["locations"].as_array().unwrap().iter().any(is_here));
    let found = found.unwrap_or_else(|| panic!("no item in {spot}: {items:#}"));
    found["id"].as_str().unwrap().to_owned()
}
