//! What is live breaks through whatever silences it.

use crate::configured::configure;
use crate::sandbox::Sandbox;
use crate::world::{accepted, issuer, revoked, token};
use crate::{fingerprint, hidden, says, scan};

const WHY: [&str; 4] = ["--reason", "known for years", "--approver", "ann"];

#[test]
fn a_live_credential_is_reported_whatever_silences_it() {
    let sandbox = Sandbox::new();
    let issuer = issuer();
    sandbox.run(&["init"]).exits(0);
    configure(&sandbox, &issuer);
    let repository = sandbox.repository("work/app");
    let names = ["comment", "path", "print"];
    let line = |name: &str| format!("GITLAB_TOKEN={}", token(name));
    repository.write("comment.env", format!("{} # quietus:allow\n", line("comment")));
    repository.write("path.env", line("path") + "\n");
    repository.commit("print.env", line("print") + "\n", "first");
    let source = repository.arg();
    let print = fingerprint(&scan(&sandbox, 1, source, &[]), "print.env");
    sandbox.run(&[&["suppress", &print], &WHY[..]].concat()).exits(0);

    let exclude = ["--exclude", "path.env"];
    let report = scan(&sandbox, 0, source, &exclude);
    let reasons = [
        "silenced by a quietus:allow comment",
        "in excluded paths only",
        "suppressed by fingerprint",
    ];
    reasons.iter().for_each(|reason| assert_eq!(*hidden(&report, reason), 1, "{reason}"));
    assert_eq!(issuer.connections(), 0);
    // Each is asked about; who is denied stays silent.
    names.iter().for_each(|name| issuer.set(&token(name), revoked()));
    let validate = [&exclude[..], &["--validate"]].concat();
    let report = scan(&sandbox, 0, source, &validate);
    reasons.iter().for_each(|reason| assert_eq!(*hidden(&report, reason), 1, "{reason}"));
    for name in names {
        issuer.set(&token(name), accepted());
        let report = scan(&sandbox, 6, source, &validate);
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{report:#}");
        assert_eq!(findings[0]["path"], format!("{name}.env"));
        assert!(findings[0]["silenced"]["by"].is_string(), "{report:#}");
        let ran = sandbox.run(&[&["scan", source], &validate[..]].concat());
        says(ran.exits(6), &["shown because it is live"]);
        issuer.set(&token(name), revoked());
    }
    let off = ["--disable-rule", "gitlab-pat", "--validate"];
    issuer.set(&token("path"), accepted());
    assert_eq!(scan(&sandbox, 6, source, &off)["findings"].as_array().unwrap().len(), 1);

    // The same for items, opened in spite of everything.
    let words = [&["track", source, "--format", "json"], &validate[..]].concat();
    let board = sandbox.run(&words).exits(6).json();
    let of = |path: &str| {
        let items = board["items"].as_array().unwrap();
        items.iter().find(|item| item["locations"][0]["path"] == path).cloned()
    };
    assert_eq!(of("path.env").unwrap()["liveness"], "live");
    assert_eq!(of("print.env").unwrap()["state"], "false positive");
    issuer.set(&token("print"), accepted());
    let board = sandbox.run(&words).exits(6).json();
    let items = board["items"].as_array().unwrap();
    let back = items.iter().find(|item| item["locations"][0]["path"] == "print.env").unwrap();
    assert_eq!((&back["liveness"], &back["lane"]), (&"live".into(), &"open".into()), "{back:#}");
}

#[test]
fn what_is_live_is_not_taken_for_known() {
    let sandbox = Sandbox::new();
    let issuer = issuer();
    sandbox.run(&["init"]).exits(0);
    configure(&sandbox, &issuer);
    let repository = sandbox.repository("work/app");
    repository.write("live.env", format!("GITLAB_TOKEN={}\n", token("live")));
    repository.commit("dead.env", format!("GITLAB_TOKEN={}\n", token("dead")), "first");
    issuer.set(&token("live"), accepted());
    issuer.set(&token("dead"), revoked());
    let lines = sandbox.run(&["scan", repository.arg(), "--validate", "--format", "jsonl"]);
    let words = [&["suppress", "--from", "-"], &WHY[..]].concat();
    let ran = sandbox.feed(&words, lines.exits(6).stdout());
    says(ran.exits(0), &["1 credential suppressed", "left out: 1 live, which nothing suppresses"]);
    let report = scan(&sandbox, 1, repository.arg(), &[]);
    assert_eq!(crate::paths(&report), ["live.env"]);
}
