//! `quietus remind`: who is told what, once, and what never leaves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use issuer::{Behaviour, Issuer, Seen};
use quietus_model::Secret;
use quietus_validate::signature;
use sandbox::Sandbox;
use serde_json::Value;

/// What protects a hook: nobody may see it.
const HOOK: &str = "hook-word-that-nobody-may-see";

const KEY: &str = "a key that is long enough";

/// All dates of a credential that nobody knows lie within this.
const SOON: [&str; 2] = ["--soon", "8d"];

/// Two tracked leaks, and three routes to `chat`.
fn tracked(chat: &Issuer) -> Sandbox {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("deep/one.env", format!("TOKEN={}\n", token("one")), "first");
    repository.commit("deep/two.env", format!("TOKEN={}\n", token("two")), "second");
    sandbox.run(&["track", repository.arg()]).exits(1);
    let ca = sandbox.write("ca.pem", chat.ca_pem());
    let key = sandbox.write("key-of-route", format!("{KEY}\n"));
    let url = sandbox.write("url-of-route", format!("{}/{HOOK}?s={HOOK}\n", chat.url()));
    let mut text = format!(
        "[validate]\nca_file = \"{}\"\nallow_private = [\"{}\"]\n",
        ca.display(),
        chat.host()
    );
    for (name, more) in [
        ("machine", format!("key_file = \"{}\"", key.display())),
        ("slack", "format = \"slack\"".to_owned()),
        ("teams", "format = \"teams\"\nplaces = true".to_owned()),
        ("late", "reminders = [\"overdue\"]".to_owned()),
    ] {
        let url = url.display();
        text += &format!("[[route]]\nname = \"{name}\"\nurl_file = \"{url}\"\n{more}\n");
    }
    sandbox.write("config/quietus/config.toml", text);
    chat.set_otherwise(Behaviour::answer(200, "ok"));
    sandbox
}

fn header<'a>(seen: &'a Seen, name: &str) -> Option<&'a str> {
    seen.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

#[test]
fn a_digest_is_told_to_people_and_programs() {
    let sandbox = tracked(&Issuer::start());
    assert!(sandbox.run(&["remind"]).exits(0).out().contains("0 reminders"));
    let page = sandbox.run(&[&["remind"], &SOON[..]].concat()).exits(0).out();
    assert!(page.contains("due soon") && page.contains("2 reminders"), "{page}");
    let json = sandbox.run(&[&["remind", "--format", "json"], &SOON[..]].concat()).exits(0).json();
    assert_eq!(json["reminders"].as_array().unwrap().len(), 2);
    assert_eq!(json["reminders"][0]["reminder"], "due_soon");
    assert!(json["reminders"][0]["place"].as_str().unwrap().contains("deep/"));
    let markdown = sandbox.run(&[&["remind", "--format", "markdown"], &SOON[..]].concat());
    assert!(markdown.exits(0).out().contains("## due soon (2)"), "{}", markdown.out());
    for ran in [page, json.to_string(), markdown.out()] {
        assert!(!ran.contains(&token("one")) && !ran.contains(HOOK));
    }
}

#[test]
fn each_route_is_told_once_a_period_and_no_more_than_it_may_know() {
    let chat = Issuer::start();
    let sandbox = tracked(&chat);
    let send = [&["remind", "--send"], &SOON[..]].concat();
    let dry = sandbox.run(&[&send[..], &["--dry-run"]].concat());
    assert_eq!(dry.exits(0).out().matches("2 reminders").count(), 6, "{}", dry.out());
    assert_eq!(chat.connections(), 0, "a dry run sends nothing");

    let sent = sandbox.run(&send);
    assert_eq!(sent.exits(0).out().matches("2 reminders taken").count(), 3, "{}", sent.out());
    let seen = chat.requests();
    assert_eq!(seen.len(), 3);
    let (machine, slack, teams) = (&seen[0], &seen[1], &seen[2]);
    assert_eq!(body(machine)["type"], "quietus.reminders/v1");
    assert_eq!(body(machine)["reminders"][0]["place"], Value::Null);
    assert!(body(slack)["blocks"].as_array().unwrap().len() > 1);
    assert_eq!(body(teams)["attachments"][0]["content"]["type"], "AdaptiveCard");
    for (one, told) in [(machine, false), (slack, false), (teams, true)] {
        let text = String::from_utf8_lossy(&one.body);
        assert_eq!(text.contains("deep"), told, "{text}");
        assert!(!text.contains(&token("one")) && text.contains("V-1"), "{text}");
    }
    // The receiver computes the same signature from its key, the time and the body.
    let signed = header(machine, "quietus-signature").unwrap();
    let at = signed.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
    let at = jiff::Timestamp::from_second(at).unwrap();
    assert_eq!(signature(&Secret::from(KEY), at, &machine.body), signed);
    assert_eq!(header(slack, "quietus-signature"), None);

    let again = sandbox.run(&send).exits(0).out();
    assert_eq!(chat.requests().len(), 3, "once a period");
    sandbox.run(&["ledger", "verify"]).exits(0);
    let ledger = std::fs::read(sandbox.ledger()).unwrap();
    for text in [dry.out(), sent.out(), again, String::from_utf8_lossy(&ledger).into_owned()] {
        assert!(!text.contains(HOOK) && !text.contains(KEY), "the address is nobody's business");
    }
}

#[test]
fn what_was_not_taken_is_sent_again_as_the_same_message() {
    let chat = Issuer::start();
    let sandbox = tracked(&chat);
    chat.set_otherwise(Behaviour::answer(500, HOOK));
    let send = [&["remind", "--send", "--route", "slack"], &SOON[..]].concat();
    let failed = sandbox.run(&send);
    assert!(failed.exits(4).out().contains("HTTP 500"), "{}", failed.out());
    assert!(!failed.out().contains(HOOK));
    chat.set_otherwise(Behaviour::answer(302, "").with_header("location", "/elsewhere"));
    sandbox.run(&send).exits(4);
    chat.set_otherwise(Behaviour::answer(204, ""));
    sandbox.run(&send).exits(0);
    sandbox.run(&send).exits(0);
    let seen = chat.requests();
    assert_eq!(seen.len(), 3, "a redirect is not followed, what was taken not sent again");
    let ids: Vec<_> = seen.iter().map(|one| header(one, "quietus-delivery").unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn runs_at_the_same_time_tell_each_route_once() {
    let chat = Issuer::start();
    let sandbox = tracked(&chat);
    let send = [&["remind", "--send", "--route", "slack"], &SOON[..]].concat();
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let quiet = std::process::Stdio::null;
            sandbox.command(&send).stdout(quiet()).stderr(quiet()).spawn().unwrap()
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(chat.requests().len(), 1);
    sandbox.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn only_the_configuration_names_a_way_out_and_only_a_safe_one() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init"]).exits(0);
    let send = ["remind", "--send"];
    sandbox.write("config/quietus/config.toml", "");
    sandbox.run(&send).exits(2).complains(&["[[route]]"]);
    let with = |route: &str| {
        sandbox.write("config/quietus/config.toml", format!("[[route]]\nname = \"a\"\n{route}\n"));
        let ran = sandbox.run(&send);
        assert!(!ran.err().contains("pass-word"), "{}", ran.err());
        ran.exits(2);
        ran.err()
    };
    assert!(with("url = \"http://pass-word.example.org/\"").contains("https"));
    assert!(with("url = \"https://u:pass-word@example.org/\"").contains("leave out"));
    assert!(with("").contains("url or url_file"));
    assert!(with("url = \"https://example.org/\"\nevery = \"soon\"").contains("soon"));
    assert!(with("url = \"https://example.org/\"\nreminders = [\"x\"]").contains("line 4"));
    let short = sandbox.write("short", "abc");
    let short = format!("url = \"https://example.org/\"\nkey_file = \"{}\"", short.display());
    assert!(with(&short).contains("shorter"));
    sandbox
        .write("config/quietus/config.toml", "[[route]]\nname = \"a\"\nurl = \"https://e.org\"\n");
    sandbox.run(&["remind", "--send", "--route", "b"]).exits(2).complains(&["\"b\"", "a"]);
}
