//! Suppressions by fingerprint: from a finding to an entry, until its date, and what is told of it.

use crate::canary::{Search, password, token};
use crate::sandbox::Sandbox;
use crate::{fingerprint, hidden, paths, says, scan};

const WHY: [&str; 4] = ["--reason", "a sample of the documentation", "--approver", "ann"];

/// Runs `suppress` with more words.
fn suppress(sandbox: &Sandbox, code: i32, more: &[&str]) -> String {
    let ran = sandbox.run(&[&["suppress"], &WHY[..], more].concat());
    ran.exits(code).out() + &ran.err()
}

fn ground(sandbox: &Sandbox) -> String {
    sandbox.run(&["init"]).exits(0);
    let repository = sandbox.repository("work/app");
    repository.write("a.env", format!("TOKEN={}\n", token("a")));
    repository.commit("b.env", format!("TOKEN={}\n", token("b")), "first");
    repository.arg().to_owned()
}

#[test]
fn a_finding_is_suppressed_by_what_the_terminal_prints() {
    let sandbox = Sandbox::new();
    let source = ground(&sandbox);
    let shown = sandbox.run(&["scan", &source]).exits(1).out();
    let found = scan(&sandbox, 1, &source, &[]);
    let print = fingerprint(&found, "a.env");
    assert!(shown.contains(&format!("fingerprint {print}")), "{shown}");
    let said = suppress(&sandbox, 2, &[&print, "--expires", "2099-01-01"]);
    assert!(said.contains("--expires must lie between"), "{said}");
    suppress(&sandbox, 0, &[&print, "--path", "b.env"]);
    assert_eq!(paths(&scan(&sandbox, 1, &source, &[])), ["a.env", "b.env"]);
    suppress(&sandbox, 0, &[&print, "--path", "a.env", "--rule", "github-pat-classic"]);
    assert_eq!(paths(&scan(&sandbox, 1, &source, &[])), ["b.env"]);
}

#[test]
fn an_entry_silences_until_its_date_and_is_told_of_when_it_does_nothing() {
    let sandbox = Sandbox::new();
    let source = ground(&sandbox);
    let found = scan(&sandbox, 1, &source, &[]);
    let (a, b) = (fingerprint(&found, "a.env"), fingerprint(&found, "b.env"));
    assert!(suppress(&sandbox, 0, &[&a]).contains("1 credential suppressed until"));
    assert!(suppress(&sandbox, 0, &[&a]).contains("left out: 1 suppressed already"));
    let file = sandbox.path("config/quietus/suppressions.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("[[suppression]]").count(), 1);

    let report = scan(&sandbox, 1, &source, &[]);
    assert_eq!(paths(&report), ["b.env"]);
    assert_eq!(*hidden(&report, "suppressed by fingerprint"), 1);
    assert_eq!(report["summary"]["suppressions"]["matched"], 1);
    let entry = |print: &str, expires: &str| {
        format!(
            "[[suppression]]\nfingerprint = \"{print}\"\nreason = \"old\"\napprover = \"bob\"\n\
             expires = \"{expires}\"\n"
        )
    };
    // One that has ended, one that matches nothing, one that reaches too far.
    let more = entry(&b, "2020-01-01") + &entry(&"0".repeat(64), "2026-12-31");
    let other = sandbox.write("work/other.toml", more.replace("2026-12-31", &tomorrow(&text)));
    let flag = ["--suppressions", other.to_str().unwrap()];
    let report = scan(&sandbox, 1, &source, &flag);
    assert_eq!(paths(&report), ["a.env", "b.env"]);
    let told = &report["summary"]["suppressions"];
    assert_eq!(
        (&told["expired"][0]["line"], &told["expired"][0]["fingerprint"]),
        (&1.into(), &b.as_str().into())
    );
    assert_eq!((&told["unmatched"][0]["line"], &told["matched"]), (&6.into(), &0.into()));
    let ran = sandbox.run(&[&["scan", &source][..], &flag].concat());
    says(ran.exits(1), &["line 1: expired", "line 6: matched nothing", "approved by bob: old"]);
    // Where not everything was read, nothing is said to match nothing.
    for part in [&["--tree-only"][..], &["--path", "a.env"], &["--staged"]] {
        let words = [&["scan", &source, "--format", "json"], &flag[..], part].concat();
        let report = sandbox.run(&words).json();
        assert_eq!(report["summary"]["suppressions"]["unmatched"].as_array().unwrap().len(), 0);
    }
    let beyond = sandbox.write("work/beyond.toml", entry(&a, "2199-01-01"));
    let flag = ["--suppressions", beyond.to_str().unwrap()];
    let report = scan(&sandbox, 1, &source, &flag);
    assert_eq!(report["summary"]["suppressions"]["beyond_policy"][0]["line"], 1);
}

/// The date in what `suppress` wrote: a day that lies ahead.
fn tomorrow(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("expires")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn bad_files_are_refused_and_nothing_works_without_the_key() {
    let sandbox = Sandbox::new();
    let source = ground(&sandbox);
    let bad = sandbox.write("work/bad.toml", "[[suppression]]\nfingerprint = \"beef\"\n");
    let ran = sandbox.run(&["scan", &source, "--suppressions", bad.to_str().unwrap()]);
    ran.exits(2).complains(&["bad.toml, line 1", "reason"]);
    let ran = sandbox.run(&["scan", &source, "--suppressions", "nowhere.toml"]);
    ran.exits(2).complains(&["nowhere.toml"]);
    let found = scan(&sandbox, 1, &source, &[]);
    suppress(&sandbox, 0, &[&fingerprint(&found, "a.env")]);
    std::fs::rename(sandbox.key(), sandbox.path("data/quietus/old")).unwrap();
    sandbox.run(&["scan", &source]).exits(2).complains(&["suppressions.toml", "init --key-from"]);
    sandbox.run(&["init", "--ledger", "sqlite:///tmp/none/none"]);
    let other = sandbox.run(&["scan", &source]);
    other.exits(2).complains(&["line 3: key", "another key"]);
}

#[test]
fn all_that_is_known_today_is_suppressed_in_one_go() {
    let sandbox = Sandbox::new();
    let source = ground(&sandbox);
    let words = [&["suppress", "--from", "-", "--kind", "risk-accepted"], &WHY[..]].concat();
    let told = ["json", "jsonl"]
        .map(|format| sandbox.run(&["scan", &source, "--format", format]).exits(1).out());
    for (told, added) in
        told.iter().zip(["2 credentials suppressed", "left out: 2 suppressed already"])
    {
        says(sandbox.feed(&words, told.as_bytes()).exits(0), &[added]);
    }
    let text = std::fs::read_to_string(sandbox.path("config/quietus/suppressions.toml")).unwrap();
    assert_eq!(text.matches("[[suppression]]").count(), 2);
    assert!(text.contains("# github-pat-classic ") && text.contains("repository = "), "{text}");
    let report = scan(&sandbox, 0, &source, &[]);
    assert_eq!(*hidden(&report, "suppressed by fingerprint"), 2);
    // What comes later is told, and so is what is known when it stands in another repository.
    let repository = sandbox.repository("work/app");
    repository.commit("c.env", format!("TOKEN={}\n", token("c")), "second");
    assert_eq!(paths(&scan(&sandbox, 1, &source, &[])), ["c.env"]);
    let elsewhere = sandbox.repository("work/elsewhere");
    elsewhere.commit("a.env", format!("TOKEN={}\n", token("a")), "first");
    assert_eq!(paths(&scan(&sandbox, 1, elsewhere.arg(), &[])), ["a.env"]);
    sandbox.feed(&words, b"{\"no\": 1}").exits(2).complains(&["line 1"]);
    sandbox.feed(&words, b"").exits(0);
}

#[test]
fn no_secret_comes_into_the_file_or_is_repeated() {
    let sandbox = Sandbox::new();
    let source = ground(&sandbox);
    let (a, b, pasted) = (token("a"), token("b"), password("pasted"));
    let search = Search::new([("a", a.as_str()), ("b", b.as_str()), ("pasted", pasted.as_str())]);
    let quiet = |bytes: &[u8]| assert_eq!(search.found(bytes), Vec::<String>::new());
    let words = [&["suppress", "--from", "-"], &WHY[..]].concat();
    let shown = ["json", "jsonl"]
        .map(|format| sandbox.run(&["scan", &source, "--show-secrets", "--format", format]));
    for shown in shown {
        assert!(!search.found(shown.stdout()).is_empty());
        let ran = sandbox.feed(&words, shown.stdout());
        ran.exits(0);
        [ran.stdout(), ran.stderr()].iter().for_each(|bytes| quiet(bytes));
        // Cut off in the middle of a line.
        let cut = &shown.stdout()[..shown.stdout().len() - 20];
        let ran = sandbox.feed(&words, cut);
        [ran.stdout(), ran.stderr()].iter().for_each(|bytes| quiet(bytes));
    }
    // A secret in place of a fingerprint, by mistake.
    for mistake in [&a, &pasted] {
        let ran = sandbox.run(&[&["suppress", mistake], &WHY[..]].concat());
        ran.exits(2).complains(&["argument 1"]);
        quiet(ran.stderr());
        for text in [
            format!("[[suppression]]\nfingerprint = \"{mistake}\"\n"),
            format!("[[suppression]]\nfingerprint = [\"{mistake}\"]\n"),
            format!("[[suppression]]\nfingerprint = {mistake}\n"),
            format!("[[suppression]]\n{mistake} = 1\n"),
            format!("suppression = \"{mistake}\"\n"),
            format!("key = \"{mistake}\"\n"),
        ] {
            let file = sandbox.write("work/bad.toml", text);
            let ran = sandbox.run(&["scan", &source, "--suppressions", file.to_str().unwrap()]);
            ran.exits(2).complains(&["bad.toml, line "]);
            quiet(ran.stderr());
        }
    }
    let found = search.files(&sandbox.path("config"), &|_| false);
    assert!(found.is_empty(), "{found:#?}");
    assert!(sandbox.path("config/quietus/suppressions.toml").exists());
}
