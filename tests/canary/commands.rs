//! Every command, over items on which every action was recorded.

use crate::actions;
use crate::ground::Ground;
use crate::issuer::{Behaviour, Issuer};
use crate::sandbox::Ran;

#[test]
fn no_command_shows_or_keeps_a_secret() {
    let ground = Ground::new();
    let issuer = configured(&ground);
    std::fs::create_dir(ground.sandbox.path("out")).unwrap();
    tracked(&ground);
    assert!(issuer.asked_about(ground.secret("file")) > 0, "the issuer was never asked");
    let list = ground.quiet(0, &["item", "list", "--format", "json"]).out();
    assert!(list.contains("\"liveness\": \"live\""), "no verdict was kept: {list}");
    actions::record_all(&ground, &issuer);
    every_command(&ground);
    let shown = every_item(&ground);
    assert!(shown > 10, "only {shown} items were shown");
    ground.disk_is_quiet();
}

/// Tracks the repository and a mirror of it, and asks the issuer.
fn tracked(ground: &Ground) {
    let repository = ground.repository();
    let path = repository.arg();
    let remote = format!("file://{path}");
    ground.quiet(0, &["init"]);
    ground.quiet(1, &["track", path]);
    ground.quiet(1, &["track", path, "--format", "json"]);
    // A clone and a fetch.
    ground.quiet(1, &["track", &remote, "--name", "mirrored"]);
    repository.commit("later.txt", ground.secret("everywhere"), "later");
    ground.quiet(1, &["track", &remote, "--name", "mirrored", "--format", "json"]);
    ground.quiet(6, &["track", path, "--validate"]);
    // What is found once and then removed.
    let tidy = ground.tidy();
    ground.quiet(1, &["track", tidy.arg()]);
    tidy.git(&["rm", "-q", "gone.key", "gone.pem"]);
    tidy.git(&["commit", "-q", "-m", "neither"]);
    ground.quiet(1, &["track", tidy.arg()]);
}

fn every_command(ground: &Ground) {
    let out = |name: &str| ground.sandbox.path("out").join(name).to_str().unwrap().to_owned();
    let (plain, fedramp, copy) = (out("plain.json"), out("fedramp.json"), out("copy.db"));
    for (code, line) in [
        (0, "item list"),
        (0, "item list --all --format json"),
        (0, "item show V-1"),
        (0, "item show V-1 --format json"),
        (0, "item why V-1"),
        // Nobody owns what stands in no line of a file.
        (1, "item lint"),
        (1, "item lint --format json"),
        (0, "metrics"),
        (0, "metrics --format json"),
        (0, "metrics --format prometheus"),
        (0, "remind --soon 400d"),
        (0, "remind --soon 400d --format json"),
        (0, "remind --soon 400d --format markdown"),
        // Credentials that work are known, whether or not somebody asks again.
        (0, "retest"),
        (6, "retest --all"),
        (6, "retest --all --format json"),
        (6, "retest --all --validate"),
        (6, "retest --all --validate --format json --expect dead"),
        (0, "export oscal"),
        (0, &format!("export oscal --output {plain}")),
        (2, "export oscal --fedramp"),
        (0, &format!("export oscal --fedramp --import-ssp ssp.json --output {fedramp}")),
        (0, "export fedramp-poam"),
        (0, "export fedramp-ver --package https://trust.invalid/cpo.json --report history"),
        (0, "export emass --layout navy"),
        (0, "export csv"),
        (0, "export sarif"),
        (0, "export junit"),
        (0, "export markdown"),
        (0, "export html"),
        (0, "export bundle V-1"),
        (0, &format!("export check {plain}")),
        (0, &format!("export read {plain}")),
        (0, "repos list"),
        (0, "repos list --format json"),
        (0, "rules list"),
        (0, "rules list --format json"),
        (0, "rules list --format markdown"),
        (0, "rules check"),
        (0, "rules test"),
        (0, "rules new acme"),
        (0, "doctor"),
        (0, "init"),
        (0, "ledger verify"),
        (0, &format!("ledger backup {copy}")),
        (0, "validate --plan"),
        (0, "validate --plan --format json"),
        (0, "completions bash"),
        (0, "man"),
        (0, "--help"),
    ] {
        ground.quiet_line(code, line);
    }
    let list = ground.quiet(0, &["item", "list", "--all", "--format", "json"]).json();
    for item in list.as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        // What was found on standard input only, or is gone, cannot be read again.
        let ran = Ran::of(&mut ground.sandbox.command(&["revoke", id, "--dry-run"]));
        assert!(matches!(ran.code(), Some(1 | 2)), "{}", ran.told());
        ground.checked(ran.code().unwrap(), ran);
    }
    for (place, code) in [("file", 6), ("carrier", 0), ("message", 0), ("note", 4)] {
        let ask = ["validate", "--rule", "github-pat-classic", "-"];
        for format in [&[][..], &["--format", "json"]] {
            let input = ground.secret(place).as_bytes();
            let asked = ground.sandbox.feed(&[&ask[..], format].concat(), input);
            ground.checked(code, asked);
            let found = ground.sandbox.feed(&[&["find", "-"][..], format].concat(), input);
            ground.checked(1, found);
        }
    }
    for file in [plain, fedramp, copy] {
        assert!(std::fs::metadata(&file).is_ok_and(|about| about.len() > 0), "no {file}");
    }
}

/// Shows every item in every way; how many there are.
fn every_item(ground: &Ground) -> usize {
    let list = ground.quiet(0, &["item", "list", "--all", "--format", "json"]).json();
    let items = list.as_array().unwrap();
    for item in items {
        let id = item["id"].as_str().unwrap();
        ground.quiet(0, &["item", "show", id]);
        ground.quiet(0, &["item", "show", id, "--format", "json"]);
        ground.quiet(0, &["item", "why", id]);
    }
    items.len()
}

/// An issuer that repeats what it was sent wherever an answer is kept.
pub(crate) fn configured(ground: &Ground) -> Issuer {
    let issuer = Issuer::start();
    let ca = ground.sandbox.write("config/ca.pem", issuer.ca_pem());
    let text = format!(
        "[issuers]\ngithub = [\"{url}\"]\naws = [\"{url}\"]\n[validate]\n\
         allow_private = [\"127.0.0.1\"]\ntimeout_seconds = 2\nca_file = \"{}\"\n",
        ca.display(),
        url = issuer.url(),
    );
    ground.sandbox.write("config/quietus/config.toml", text);
    let echo = |token: &str, status| {
        let body = format!(
            "{{\"login\":\"{token}\",\"id\":7,\"name\":\"{token}\",\"message\":\"{token}\"}}"
        );
        Behaviour::answer(status, body)
            .with_header("x-oauth-scopes", &format!("repo, {token}"))
            .with_header("x-github-request-id", token)
            .with_header("x-request-id", token)
            .with_header("date", token)
            .with_header("location", &format!("https://{token}.invalid/{token}"))
    };
    for (place, status) in [("file", 200), ("carrier", 401), ("message", 302), ("tag", 500)] {
        issuer.set(ground.secret(place), echo(ground.secret(place), status));
    }
    issuer.set(ground.secret("note"), Behaviour::Cut);
    issuer.set(ground.secret("staged"), Behaviour::Live);
    issuer
}
