//! What scripts rely on: names of fields, exit codes, formats that other programs read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::{credential, password, token};
use sandbox::{Ran, Repository, Sandbox, skipped};
use serde_json::Value;
use std::collections::BTreeSet;

/// The official schema.
const SARIF: &str = include_str!("schemas/sarif/sarif-schema-2.1.0.json");

/// A repository with leaks on two branches, in a message, only in history, and uncommitted.
fn leaky(sandbox: &Sandbox) -> Repository<'_> {
    let repository = sandbox.repository("work/app");
    repository.commit("app.env", format!("TOKEN={}\n", token("head")), "first");
    repository.commit("old.env", format!("TOKEN={}\n", token("history")), "second");
    repository.git(&["rm", "-q", "old.env"]);
    repository.git(&["commit", "-q", "-m", &format!("drop {}", token("message"))]);
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit("side é.pem", credential("pem-rsa-key", "side"), "third");
    repository.git(&["checkout", "-q", "main"]);
    let url = format!("a: 1\nurl: https://me:{}@db.invalid/\n", password("url"));
    repository.write("settings.yaml", url);
    repository
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().map(String::as_str).collect()
}

fn fingerprints(ran: &Ran) -> BTreeSet<String> {
    let lines = ran.json_lines();
    lines.iter().map(|line| line["fingerprint"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_finding_has_exactly_the_promised_fields() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    let mut fields: BTreeSet<&str> = [
        "fingerprint",
        "rule",
        "severity",
        "confidence",
        "path",
        "line",
        "column",
        "end_line",
        "end_column",
        "commit",
        "blob",
        "author",
        "introduced",
        "at_head",
        "repository",
        "redacted",
        "tags",
        "verdict",
        "facts",
        "decoded",
    ]
    .into();
    let ran = sandbox.run(&["scan", repository.arg(), "--format", "jsonl"]);
    let lines = ran.exits(1).json_lines();
    assert!(lines.len() > 4, "{lines:#?}");
    for line in &lines {
        assert_eq!(names(line), fields);
        assert!(names(&line["verdict"]).contains("state"));
        assert!(names(&line["verdict"]).contains("reason"));
    }
    let at = |path: &str| lines.iter().find(|line| line["path"] == path).unwrap();
    assert_eq!(at("app.env")["line"], 1);
    assert_eq!((&at("app.env")["column"], &at("app.env")["end_column"]), (&7.into(), &47.into()));
    assert_eq!(at("app.env")["commit"], repository.id("main~2").as_str());
    assert_eq!(at("app.env")["blob"], repository.id("main:app.env").as_str());
    assert_eq!(at("app.env")["author"], "Ann Author <ann@example.org>");
    assert_eq!(at("old.env")["at_head"], serde_json::json!([]));
    assert_eq!(at("settings.yaml")["commit"], Value::Null);
    assert_eq!(at("settings.yaml")["line"], 2);
    // The value itself only when asked for.
    fields.insert("secret");
    let ran = sandbox.run(&["scan", repository.arg(), "--format", "jsonl", "--show-secrets"]);
    for line in &ran.exits(1).json_lines() {
        assert_eq!(names(line), fields);
    }
    assert!(ran.out().contains(&token("head")));
    // The document holds the same, with what was read.
    let document = sandbox.run(&["scan", repository.arg(), "--format", "json"]).exits(1).json();
    assert_eq!(names(&document), ["findings", "scopes", "summary"].into());
    assert_eq!(document["findings"].as_array().unwrap().len(), lines.len());
    assert_eq!(document["summary"]["exit"], serde_json::json!(["findings"]));
}

#[test]
fn every_listing_is_an_array_of_objects_with_the_promised_names() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    for command in ["item list", "item lint", "repos list"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--format", "json"]);
        // No ledger yet: an error, not an empty list.
        sandbox.run(&arguments).exits(2).complains(&["quietus init"]);
    }
    sandbox.run(&["track", repository.arg()]).exits(1);
    let item = [
        "id",
        "fingerprint",
        "state",
        "severity",
        "kind",
        "owner",
        "next",
        "next_due",
        "overdue",
        "locations",
        "milestones",
        "liveness",
        "tags",
        "redacted",
        "rule",
        "closed",
    ];
    let repos = ["repository", "source", "last_scan", "last_complete_scan", "gaps", "credentials"];
    let rules = ["id", "name", "severity", "confidence", "can_ask", "tags"];
    let policies = ["name", "summary", "closure", "confirmations", "digest"];
    let plan = ["rule", "host", "port", "method", "url", "items", "calls"];
    for (command, code, promised) in [
        ("item list", 0, &item[..]),
        ("item list --all", 0, &item),
        ("item lint", 1, &["id", "fingerprint", "code", "mistake"]),
        ("repos list", 0, &repos),
        ("rules list", 0, &rules),
        ("policy list", 0, &policies),
        ("validate --plan", 0, &plan),
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        let table = sandbox.run(&arguments);
        assert!(!table.exits(code).out().is_empty());
        arguments.extend(["--format", "json"]);
        let list = sandbox.run(&arguments).exits(code).json();
        let list = list.as_array().unwrap_or_else(|| panic!("{command} gives no array"));
        assert!(!list.is_empty(), "{command}");
        for one in list {
            let missing: Vec<_> = promised.iter().filter(|name| one.get(name).is_none()).collect();
            assert!(missing.is_empty(), "{command} lacks {missing:?}: {one:#}");
        }
    }
    let one = sandbox.run(&["item", "show", "V-1", "--format", "json"]).exits(0).json();
    assert!(!one["history"].as_array().unwrap().is_empty());
    sandbox.run(&["item", "show", "V-999"]).exits(2).complains(&["V-999", "item list --all"]);
    sandbox.run(&["item", "show", "x"]).exits(2).complains(&["x", "V-12"]);
}

#[test]
fn sarif_is_valid_and_says_the_same_as_json_lines() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    // Errata 01 of the standard corrected this pattern, which strict readers refuse.
    let (wrong, right) = ("{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "{2}(-[a-zA-Z]{2})?$");
    assert!(SARIF.contains(wrong));
    let schema: Value = serde_json::from_str(&SARIF.replace(wrong, right)).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let valid = |document: &Value| {
        let errors: Vec<String> = validator
            .iter_errors(document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    };
    let sarif = || sandbox.run(&["scan", repository.arg(), "--format", "sarif"]).exits(1).json();
    let before = sarif();
    valid(&before);
    let results = |document: &Value| document["runs"][0]["results"].as_array().unwrap().clone();
    assert!(results(&before).iter().all(|result| result.get("partialFingerprints").is_none()));
    // With a key of the organisation the fingerprints last.
    sandbox.run(&["init"]).exits(0);
    let document = sarif();
    valid(&document);
    let prints: BTreeSet<String> = results(&document)
        .iter()
        .map(|one| one["partialFingerprints"]["quietusFingerprint/v1"].as_str().unwrap().to_owned())
        .collect();
    let lines = sandbox.run(&["scan", repository.arg(), "--format", "jsonl"]);
    assert_eq!(prints, fingerprints(&lines));
    assert_eq!(results(&document).len(), lines.json_lines().len());
    let uris: Vec<String> = results(&document)
        .iter()
        .map(|one| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].to_string())
        .collect();
    assert!(uris.contains(&"\"side%20%C3%A9.pem\"".to_owned()), "{uris:?}");
    // An invalid document is seen to be one.
    let mut spoilt = document;
    spoilt["runs"][0]["results"][0]["level"] = "dreadful".into();
    assert!(!validator.is_valid(&spoilt));
    valid(&sandbox.feed(&["scan", "-", "--format", "sarif"], b"nothing").exits(0).json());
}

#[test]
fn what_is_scanned_is_what_was_asked_for() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    sandbox.run(&["init"]).exits(0);
    let paths = |arguments: &[&str]| -> BTreeSet<String> {
        let all = [&["scan", repository.arg(), "--format", "jsonl"], arguments].concat();
        let lines = sandbox.run(&all).json_lines();
        lines.iter().map(|line| line["path"].as_str().unwrap().to_owned()).collect()
    };
    let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    let everything: BTreeSet<String> =
        set(&["", "app.env", "old.env", "settings.yaml", "side é.pem"]);
    assert_eq!(paths(&[]), everything);
    assert_eq!(paths(&["--tree-only"]), set(&["app.env", "settings.yaml"]));
    assert_eq!(paths(&["--history-only"]), set(&["", "app.env", "old.env", "side é.pem"]));
    assert_eq!(paths(&["--path", "old.env"]), set(&["old.env"]));
    assert_eq!(paths(&["--staged"]), set(&[]));
    repository.git(&["add", "settings.yaml"]);
    assert_eq!(paths(&["--staged"]), set(&["settings.yaml"]));
    assert_eq!(paths(&["--since", "main"]), set(&[]));
    assert_eq!(paths(&["--since", "main~1"]), set(&[""]));
    assert_eq!(paths(&["--since", "main~2"]), set(&["", "old.env"]));
    assert_eq!(paths(&["--confidence", "high"]), &everything - &set(&["settings.yaml"]));
    for number in ["1", "2", "4", "9"] {
        let of = |threads: &str, format: &str| {
            let arguments = ["scan", repository.arg(), "--format", format, "--threads", threads];
            sandbox.run(&arguments).exits(1).out()
        };
        assert_eq!(of("1", "jsonl"), of(number, "jsonl"));
        assert_eq!(of("1", "terminal"), of(number, "terminal"));
    }
    for wrong in [
        &["--staged", "--since", "main"][..],
        &["--tree-only", "--history-only"],
        &["--confidence", "huge"],
        &["--no-such-flag"],
    ] {
        let all = [&["scan", repository.arg()], wrong].concat();
        sandbox.run(&all).exits(2).complains(&["error"]);
    }
}

#[test]
fn standard_input_is_scanned_and_stands_alone() {
    let sandbox = Sandbox::new();
    let input = format!("one\nTOKEN={}\n", token("stdin"));
    let ran = sandbox.feed(&["scan", "-", "--format", "jsonl"], input.as_bytes());
    let lines = ran.exits(1).json_lines();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["path"], &lines[0]["line"]), (&"".into(), &2.into()));
    sandbox.feed(&["scan", "-"], b"nothing\n").exits(0);
    sandbox.feed(&["scan", "-"], b"").exits(0);
    sandbox.feed(&["scan", "-", "."], b"").exits(2).complains(&["stands alone"]);
}

#[test]
fn what_is_silenced_is_counted_aloud() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    let generic = format!("password = \"{}\" # quietus:allow test\n", password("generic"));
    repository.commit("settings.py", generic, "first");
    let ran = sandbox.run(&["scan", repository.arg(), "--confidence", "low"]);
    ran.exits(0);
    assert!(
        ran.out().contains("not shown: 1 silenced by a quietus:allow comment"),
        "{}",
        ran.out()
    );
    let arguments = ["scan", repository.arg(), "--confidence", "low", "--format", "json"];
    let summary = &sandbox.run(&arguments).exits(0).json()["summary"];
    assert_eq!(summary["hidden"]["silenced by a quietus:allow comment"], 1);
    // Below the confidence asked for is counted as well.
    let weak = format!("password: {}\n", concat!("kx82", "mqlw"));
    repository.commit("more.yml", weak, "second");
    let ran = sandbox.run(&["scan", repository.arg(), "--confidence", "high"]);
    assert!(ran.exits(0).out().contains("below the confidence asked for"), "{}", ran.out());
}

#[test]
fn tracking_twice_changes_nothing() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    sandbox.run(&["track", repository.arg()]).exits(1);
    let items = || sandbox.run(&["item", "list", "--all", "--format", "json"]).exits(0).out();
    let before = items();
    assert!(before.contains("V-4"), "{before}");
    for format in ["json", "table"] {
        let ran = sandbox.run(&["track", repository.arg(), "--format", format]);
        ran.exits(1);
        if format == "json" {
            assert_eq!(ran.json()["events"], 0, "{}", ran.out());
            assert_eq!(ran.json()["opened"], serde_json::json!([]));
        }
        assert_eq!(items(), before);
    }
    // From another folder, by another spelling of its path, it is the same repository.
    let mut command = sandbox.command(&["track", "../app/."]);
    Ran::of(command.current_dir(&repository.path)).exits(1);
    assert_eq!(items(), before);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    let escapes = |bytes: &[u8]| bytes.contains(&0x1b);
    let ran = sandbox.run(&["scan", repository.arg()]);
    assert!(!escapes(ran.stdout()) && !escapes(ran.stderr()));
    let on_terminal = || {
        let words = format!("'{}' scan '{}'", sandbox::QUIETUS, repository.arg());
        let mut command = sandbox.program("script");
        command.args(["-qec", &words, "/dev/null"]).env("TERM", "xterm-256color");
        command.output().ok().map(|output| escapes(&output.stdout))
    };
    let Some(coloured) = on_terminal() else { return skipped("no script(1)") };
    assert!(coloured, "no colour on a terminal");
}

#[test]
fn no_color_is_obeyed() {
    let sandbox = Sandbox::new();
    let repository = leaky(&sandbox);
    let words = format!("'{}' --quiet scan '{}'", sandbox::QUIETUS, repository.arg());
    let mut command = sandbox.program("script");
    command.args(["-qec", &words, "/dev/null"]).env("TERM", "xterm-256color").env("NO_COLOR", "1");
    let Ok(output) = command.output() else { return skipped("no script(1)") };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("app.env"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn completions_and_the_manual_page_can_be_read() {
    let sandbox = Sandbox::new();
    for (shell, check) in [("bash", "bash -n"), ("zsh", "zsh -n"), ("fish", "fish -n")] {
        let script = sandbox.run(&["completions", shell]);
        let text = script.exits(0).out();
        for word in ["track", "history-only", "retest"] {
            assert!(text.contains(word), "{shell}: {word}");
        }
        let file = sandbox.write(&format!("work/completion.{shell}"), &text);
        let (program, flag) = check.split_once(' ').unwrap();
        // A shell that is not installed cannot judge.
        if sandbox.program(program).arg("--version").output().is_ok() {
            Ran::of(sandbox.program(program).arg(flag).arg(file)).exits(0);
        }
    }
    let page = sandbox.run(&["man"]);
    assert!(page.exits(0).out().starts_with(".ie") || page.out().contains(".TH"), "{}", page.out());
    let file = sandbox.write("work/quietus.1", page.stdout());
    if sandbox.program("groff").arg("--version").output().is_ok() {
        let ran = Ran::of(
            sandbox.program("groff").args(["-K", "utf8", "-man", "-Tutf8", "-ww"]).arg(file),
        );
        ran.exits(0);
        assert_eq!(ran.err(), "");
        assert!(ran.out().contains("track"), "{}", ran.out());
    }
}

#[test]
fn set_up_is_explained_and_nothing_is_overwritten() {
    let sandbox = Sandbox::new();
    let before = sandbox.run(&["doctor"]);
    assert!(before.exits(0).out().contains("quietus init"), "{}", before.out());
    assert!(!sandbox.key().exists(), "doctor makes nothing");
    sandbox.run(&["init"]).exits(0);
    let key = std::fs::read(sandbox.key()).unwrap();
    sandbox.write("config/quietus/config.toml", "# mine\n");
    sandbox.run(&["init"]).exits(0);
    assert_eq!(std::fs::read(sandbox.key()).unwrap(), key);
    let config = std::fs::read_to_string(sandbox.path("config/quietus/config.toml")).unwrap();
    assert_eq!(config, "# mine\n");
    sandbox.run(&["doctor"]).exits(0);
    // An export is written whole or not at all.
    let repository = leaky(&sandbox);
    sandbox.run(&["export", "oscal"]).exits(2).complains(&["no item to export"]);
    sandbox.run(&["track", repository.arg()]).exits(1);
    let out = sandbox.path("work/none/poam.json");
    let ran = sandbox.run(&["export", "oscal", "--output", out.to_str().unwrap()]);
    ran.exits(2).complains(&["poam.json"]);
    // A reader that goes away is no error to report.
    let mut rules = sandbox.program("sh");
    let words = format!("'{}' rules list --format json | head -c 10", sandbox::QUIETUS);
    let ran = Ran::of(rules.args(["-c", &words]));
    assert_eq!((ran.out().len(), ran.err().as_str()), (10, ""));
}
