//! The same life through the command itself, in a home of its own.

use crate::configured::configure;
use crate::issuer::Behaviour;
use crate::sandbox::{Ran, Sandbox};
use crate::world::{accepted, issuer, issuer_kind, revoked, token};
use quietus_export::oscal;
use quietus_poam::Phase;

fn says(ran: &Ran, words: &[&str]) {
    let out = ran.out();
    for word in words {
        assert!(out.contains(word), "{} does not say {word:?}:\n{out}", ran.told());
    }
}

#[test]
fn the_command_tells_live_from_denied_and_denied_from_proven() {
    let sandbox = Sandbox::new();
    let (issuer, token) = (issuer(), token("by command"));
    issuer.set(&token, accepted());
    let repository = sandbox.repository("work/app");
    repository.commit("ci.env", format!("GITLAB_TOKEN={token}\n"), "Add CI");
    let app = repository.arg();

    sandbox.run(&["init"]).exits(0);
    configure(&sandbox, &issuer);
    // Nothing is asked unless wanted.
    let tracked = sandbox.run(&["track", app]);
    says(tracked.exits(1), &["V-1", "not known to be live or dead"]);
    assert_eq!(issuer.connections(), 0);
    let tracked = sandbox.run(&["track", app, "--validate"]);
    says(tracked.exits(6), &["V-1", "live", "ci.env"]);
    let listed = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["liveness"]), (1, &"live".into()));
    says(sandbox.run(&["item", "why", "V-1"]).exits(0), &["cannot close yet", "accepted it at"]);

    issuer.set(&token, revoked());
    let retested = sandbox.run(&["retest", "V-1", "--validate"]);
    says(retested.exits(0), &["denied, not yet proven", "1 of 2 denials", "provisionally revoked"]);
    let retested = sandbox.run(&["retest", "V-1", "--validate", "--expect", "dead"]);
    says(retested.exits(1), &["denied, not yet proven"]);
    says(sandbox.run(&["item", "show", "V-1"]).exits(0), &["denied ", "state        open"]);

    let file = sandbox.path("poam.json");
    sandbox.run(&["export", "oscal", "--output", file.to_str().unwrap()]).exits(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(oscal::check(&serde_json::from_str(&text).unwrap()), Vec::new());
    let items = oscal::read(&text).unwrap();
    assert_eq!(items.len(), 1);
    assert!(!matches!(items[0].phase, Phase::Closed(_)) && items[0].closure.is_none());
    says(sandbox.run(&["ledger", "verify"]).exits(0), &["internally consistent, unanchored"]);
}

#[test]
fn an_issuer_that_nobody_listed_is_no_proof_and_a_silent_one_fails_the_run() {
    let sandbox = Sandbox::new();
    let (issuer, token) = (issuer(), token("unlisted"));
    let repository = sandbox.repository("work/app");
    repository.commit("ci.env", format!("GITLAB_TOKEN={token}\n"), "Add CI");
    configure(&sandbox, &issuer);
    let config = std::fs::read_to_string(sandbox.path("config/quietus/config.toml")).unwrap();
    let url = issuer.url();
    let listed = format!("[issuers]\n{} = [\"{url}\"]", issuer_kind());
    assert!(config.contains(&listed));
    let over = format!("[endpoints]\n{} = \"{url}\"", issuer_kind());
    sandbox.write("config/quietus/config.toml", config.replace(&listed, &over));
    sandbox.run(&["track", repository.arg(), "--validate"]).exits(1);
    assert_eq!(issuer.asked_about(&token), 1);
    let why = sandbox.run(&["item", "why", "V-1"]);
    says(why.exits(0), &["so a denial there proves nothing"]);

    drop(issuer);
    let tracked = sandbox.run(&["track", repository.arg(), "--validate"]);
    tracked.exits(4);
    sandbox.run(&["retest", "--all", "--validate"]).exits(4);
    std::fs::remove_dir_all(&repository.path).unwrap();
    let lost = sandbox.run(&["retest", "--all", "--validate", "--expect", "dead"]);
    lost.exits(3);
    let why = sandbox.run(&["item", "why", "V-1"]);
    says(why.exits(0), &["so a denial there proves nothing", "cannot close yet"]);
}

#[test]
fn commands_at_the_same_time_lose_nothing() {
    const RUNS: usize = 4;
    let sandbox = Sandbox::new();
    sandbox.run(&["init"]).exits(0);
    let shared = token("shared by commands");
    let children: Vec<_> = (0..RUNS)
        .map(|number| {
            let repository = sandbox.repository(&format!("work/app{number}"));
            let own = token(&format!("of command {number}"));
            repository.commit("ci.env", format!("A={shared}\nB={own}\n"), &format!("{number}"));
            sandbox.command(&["track", "--quiet", repository.arg()])
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|mut command| std::thread::spawn(move || Ran::of(&mut command)))
        .collect();
    for child in children {
        child.join().unwrap().exits(1);
    }
    let items = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    assert_eq!(items.as_array().unwrap().len(), RUNS + 1);
    let repositories = sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
    assert_eq!(repositories.as_array().unwrap().len(), RUNS);
    sandbox.run(&["ledger", "verify"]).exits(0);
    let export = sandbox.run(&["export", "oscal"]);
    let text = export.exits(0).out();
    assert!((0..RUNS).all(|number| text.contains(&format!("app{number}"))), "{text}");
}

#[test]
fn an_incident_begins_with_a_value_on_standard_input() {
    let sandbox = Sandbox::new();
    let (issuer, token) = (issuer(), token("incident"));
    issuer.set(&token, accepted());
    let (app, tool) = (sandbox.repository("work/app"), sandbox.repository("work/tool"));
    app.commit("ci.env", format!("USER=robot-7f3a9c\nGITLAB_TOKEN={token}\n"), "Add CI");
    tool.commit("run.sh", format!("push {token}\n"), "Add");
    tool.git(&["rm", "-q", "run.sh"]);
    tool.git(&["commit", "-q", "-m", "Clean"]);
    sandbox.run(&["init"]).exits(0);
    configure(&sandbox, &issuer);

    // Before anything was tracked it can be asked about.
    let asked =
        sandbox.feed(&["validate", "--rule", "gitlab-pat", "-"], format!("{token}\n").as_bytes());
    says(asked.exits(6), &["live", &issuer.url()]);
    assert!(!asked.out().contains(&token));
    let nothing = sandbox.feed(&["find", "-"], token.as_bytes());
    says(nothing.exits(0), &["no item is kept for it", "0 places in 0 repositories"]);

    sandbox.run(&["track", app.arg(), tool.arg()]).exits(1);
    let found = sandbox.feed(&["find", "-"], format!("{token}\n").as_bytes());
    says(found.exits(1), &["V-1", "ci.env:2:14", "run.sh:1:6", "only in history", "2 places in 2"]);
    assert!(!found.out().contains(&token));
    // What is no credential by itself leads to the one beside it.
    let json = sandbox.feed(&["find", "-", "--format", "json"], b"robot-7f3a9c").exits(1).json();
    assert_eq!(json["item"], serde_json::Value::Null);
    assert_eq!(json["beside"][0]["id"], "V-1");
    let places = json["repositories"].as_array().unwrap().iter().flat_map(|repository| {
        repository["locations"].as_array().unwrap().iter().map(|place| place["path"].clone())
    });
    assert_eq!(places.collect::<Vec<_>>(), ["ci.env"]);

    issuer.set(&token, revoked());
    let asked = sandbox.feed(&["validate", "--rule", "gitlab-pat", "-"], token.as_bytes());
    says(asked.exits(0), &["denied"]);
    for (args, input, words) in [
        (vec!["find", "-"], "abc", "too short or too plain"),
        (vec!["find", "-"], "", "nothing on standard input"),
        (vec!["validate", "--rule", "no-such", "-"], "x", "there is no rule"),
    ] {
        sandbox.feed(&args, input.as_bytes()).exits(2).complains(&[words]);
    }
    for args in [vec!["find", &token], vec!["validate", "--rule", "gitlab-pat", &token]] {
        let refused = sandbox.run(&args);
        refused.exits(2).complains(&["standard input only"]);
        assert!(!refused.err().contains(&token));
    }
}

#[test]
fn what_is_revoked_is_dead_after_one_denial_and_only_then() {
    let sandbox = Sandbox::new();
    let (issuer, token) = (issuer(), token("revoked"));
    let repository = sandbox.repository("work/app");
    repository.commit("ci.env", format!("GITLAB_TOKEN={token}\n"), "Add CI");
    sandbox.run(&["init"]).exits(0);
    configure(&sandbox, &issuer);
    sandbox.run(&["track", repository.arg()]).exits(1);
    repository.git(&["rm", "-q", "ci.env"]);
    repository.git(&["commit", "-q", "-m", "Remove"]);
    sandbox.run(&["track", repository.arg()]).exits(1);

    // What no issuer accepts is not revoked, and nobody is asked to.
    let refused = sandbox.run(&["revoke", "V-1", "--yes"]);
    says(refused.exits(1), &["nothing to revoke"]);
    issuer.set(&token, accepted());
    let shown = sandbox.run(&["revoke", "V-1", "--dry-run"]);
    says(shown.exits(1), &["DELETE", "/api/v4/personal_access_tokens/self", "final", "afterwards"]);
    sandbox.run(&["revoke", "V-1"]).exits(2).complains(&["nobody is there"]);
    let strange = sandbox.run(&["revoke", "V-1", "--yes"]);
    strange.exits(1).complains(&["does not name an account"]);
    let deletions = || {
        let requests = issuer.requests();
        requests.iter().filter(|seen| seen.line.starts_with("DELETE")).count()
    };
    assert_eq!(deletions(), 0);

    let config = std::fs::read_to_string(sandbox.path("config/quietus/config.toml")).unwrap();
    let ours = |by: &str| format!("{config}[revoke]\naccounts = [\"3\"]\n{by}");
    sandbox.write("config/quietus/config.toml", ours("by = [\"os:0@elsewhere\"]\n"));
    sandbox.run(&["revoke", "V-1", "--yes"]).exits(2).complains(&["may not revoke"]);
    sandbox.write("config/quietus/config.toml", ours(""));
    // The question is answered, then the call; and then it is denied.
    issuer.set_after(&token, 1, Behaviour::answer(204, ""), revoked());
    let ended = sandbox.run(&["revoke", "V-1", "--yes"]);
    says(ended.exits(0), &["closed"]);
    assert_eq!(deletions(), 1);
    let history = sandbox.run(&["item", "show", "V-1"]);
    says(history.exits(0), &["revoked it: HTTP 204", "closed (verified)"]);
    sandbox.run(&["revoke", "V-1", "--yes"]).exits(1);
    assert_eq!(deletions(), 1);
}

#[test]
fn many_are_revoked_in_one_run_and_what_cannot_be_stands_in_nobodys_way() {
    let sandbox = Sandbox::new();
    let (issuer, names) = (issuer(), ["ours", "ours as well", "of others", "dead", "lost"]);
    let tokens = names.map(token);
    let repository = sandbox.repository("work/app");
    for (number, token) in tokens[..4].iter().enumerate() {
        let name = format!("{number}.env");
        repository.commit(&name, format!("GITLAB_TOKEN={token}\n"), "Add CI");
    }
    // No commit holds this one, so that nothing is left of it once the file is gone.
    repository.write("4.env", format!("GITLAB_TOKEN={}\n", tokens[4]));
    let elsewhere = sandbox.repository("work/elsewhere");
    let other = token("in another repository");
    elsewhere.commit("ci.env", format!("GITLAB_TOKEN={other}\n"), "Add CI");
    configure(&sandbox, &issuer);
    sandbox.run(&["track", repository.arg(), "--name", "app", "--tree-only"]).exits(1);
    sandbox.run(&["track", elsewhere.arg(), "--name", "elsewhere"]).exits(1);
    let Behaviour::Answer { status, body, .. } = accepted() else { panic!("no answer") };
    let body = String::from_utf8(body).unwrap();
    let of_others = Behaviour::answer(status, body.replace("\"user_id\":3", "\"user_id\":4"));
    for token in [&tokens[0], &tokens[1], &other] {
        issuer.set(token, accepted());
    }
    issuer.set(&tokens[2], of_others);
    std::fs::remove_file(repository.path.join("4.env")).unwrap();
    let config = std::fs::read_to_string(sandbox.path("config/quietus/config.toml")).unwrap();
    let ours = format!("{config}[revoke]\naccounts = [\"3\"]\n");
    sandbox.write("config/quietus/config.toml", ours);

    let deletions = || {
        let requests = issuer.requests().into_iter();
        let deleted = requests.filter(|seen| seen.line.starts_with("DELETE"));
        deleted.map(|seen| seen.token).collect::<Vec<_>>()
    };
    let all = &["revoke", "--where", "repository=app", "--where", "rule=gitlab-pat"][..];
    let none = sandbox.run(&["revoke", "--where", "repository=nowhere", "--dry-run"]);
    none.exits(2).complains(&["no open item is like that"]);
    sandbox.run(&["revoke", "--where", "colour=red"]).exits(2).complains(&["is none of: rule"]);
    let shown = sandbox.run(&[all, &["--dry-run"]].concat());
    let words =
        ["3 of 5 items can be revoked", "nothing to revoke", "its bytes can no longer be read"];
    says(shown.exits(1), &words);
    sandbox.run(&[all, &["--yes"]].concat()).exits(2).complains(&["--limit 5"]);
    assert!(deletions().is_empty());
    for token in &tokens[..2] {
        issuer.set_after(token, 1, Behaviour::answer(204, ""), revoked());
    }
    let ended = sandbox.run(&[all, &["--yes", "--limit", "5"]].concat());
    ended.exits(1).complains(&["does not name an account"]);
    let mut deleted = deletions();
    deleted.sort();
    let mut expected = vec![tokens[0].clone(), tokens[1].clone()];
    expected.sort();
    assert_eq!(deleted, expected, "neither of others, nor of another repository");
    sandbox.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn a_mirror_is_as_fresh_as_it_says_and_is_fetched_where_that_is_wanted() {
    let (sandbox, token) = (Sandbox::new(), token("mirrored"));
    let repository = sandbox.repository("work/app");
    repository.commit("ci.env", format!("GITLAB_TOKEN={token}\n"), "Add CI");
    sandbox.run(&["init"]).exits(0);
    sandbox.run(&["track", &format!("file://{}", repository.arg())]).exits(1);
    repository.commit("later.env", format!("GITLAB_TOKEN={token}\n"), "Again");
    let places = |words: &[&str]| {
        let found = sandbox.feed(&[words, &["--format", "json"]].concat(), token.as_bytes());
        let found = found.exits(1).json();
        assert_eq!(found["item"]["id"], "V-1");
        let one = found["repositories"][0].clone();
        assert!(one["as_of"].is_string(), "{one}");
        let places = one["locations"].as_array().unwrap().iter();
        let mut paths: Vec<String> =
            places.map(|place| place["path"].as_str().unwrap().to_owned()).collect();
        paths.sort();
        (paths, one["locations"][0]["at_head"].clone())
    };
    let (known, heads) = places(&["find", "-"]);
    assert_eq!(known, ["ci.env"]);
    assert!(heads.to_string().contains("main"), "{heads}");
    assert_eq!(places(&["find", "-", "--fetch"]).0, ["ci.env", "later.env"]);
}

#[test]
fn what_was_answered_lately_is_not_asked_again_where_that_is_enough() {
    let sandbox = Sandbox::new();
    let (issuer, token) = (issuer(), token("lately"));
    issuer.set(&token, accepted());
    let repository = sandbox.repository("work/app");
    repository.commit("ci.env", format!("GITLAB_TOKEN={token}\n"), "Add CI");
    sandbox.run(&["init"]).exits(0);
    configure(&sandbox, &issuer);
    let ask = ["track", repository.arg(), "--validate"];
    sandbox.run(&ask).exits(6);
    let asked = issuer.asked_about(&token);
    assert!(asked > 0);
    let again = sandbox.run(&[&ask[..], &["--max-age", "12h"]].concat());
    says(again.exits(6), &["live"]);
    assert_eq!(issuer.asked_about(&token), asked);
    sandbox.run(&ask).exits(6);
    assert!(issuer.asked_about(&token) > asked);
}
