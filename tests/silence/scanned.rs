//! `scan`: comments, paths, rules, severities, and one finding for several rules.

use crate::canary::token;
use crate::sandbox::Sandbox;
use crate::{hidden, paths, says, scan};

/// A file with one token for each comment.
fn commented() -> String {
    let line = |comment: &str| format!("token = '{}'  # {comment}\n\n", token(comment));
    ["quietus:allow", "gitleaks:allow", "betterleaks:allow", "trufflehog:ignore"]
        .into_iter()
        .chain(["kingfisher:ignore", "pragma: allowlist secret"])
        .map(line)
        .collect::<String>()
        + &format!("# pragma: allowlist nextline secret\ntoken = '{}'\n", token("next"))
}

#[test]
fn comments_of_other_tools_are_heeded_on_request_and_counted() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.commit("app.py", commented(), "first");
    let count = |more: &[&str]| paths(&scan(&sandbox, 1, repository.arg(), more)).len();
    assert_eq!(count(&[]), 6);
    assert_eq!(count(&["--honor", "gitleaks"]), 5);
    assert_eq!(count(&["--honor", "betterleaks"]), 4);
    assert_eq!(count(&["--honor", "trufflehog,kingfisher"]), 4);
    assert_eq!(count(&["--honor", "detect-secrets"]), 4);
    let all = ["--honor", "betterleaks,trufflehog,kingfisher", "--honor", "detect-secrets"];
    let report = scan(&sandbox, 0, repository.arg(), &all);
    for comment in ["quietus:allow", "gitleaks:allow", "betterleaks:allow", "trufflehog:ignore"] {
        assert_eq!(*hidden(&report, &format!("silenced by a {comment} comment")), 1);
    }
    assert_eq!(*hidden(&report, "silenced by a pragma: allowlist secret comment"), 2);
    // The same as a setting.
    let config =
        "[scan]\nhonor = [\"betterleaks\", \"trufflehog\", \"kingfisher\", \"detect-secrets\"]";
    sandbox.write("config/quietus/config.toml", config);
    let ran = sandbox.run(&["scan", repository.arg()]);
    says(ran.exits(0), &["not shown: 1 silenced by a kingfisher:ignore comment"]);
    // Formats without a summary say it beside.
    for format in ["jsonl", "sarif"] {
        let ran = sandbox.run(&["scan", repository.arg(), "--format", format]);
        ran.exits(0).complains(&["not shown: 1 silenced by a gitleaks:allow comment"]);
    }
    let wrong = sandbox.run(&["scan", repository.arg(), "--honor", "gitguardian"]);
    wrong.exits(2).complains(&["gitguardian", "detect-secrets"]);
}

#[test]
fn a_scanned_repository_silences_nothing_unless_it_is_trusted() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    repository.write("vendor/a.env", format!("TOKEN={}\n", token("vendor")));
    repository.write("src/b.env", format!("TOKEN={}\n", token("src")));
    let own = "[scan]\nexclude = [\"*\"]\ndisable_rules = [\"github-pat-classic\"]\n";
    for name in [".quietus.toml", "config.toml", "quietus.toml", ".gitleaks.toml"] {
        repository.write(name, own);
    }
    repository.commit("suppressions.toml", "", "first");
    let source = repository.arg();
    assert_eq!(paths(&scan(&sandbox, 1, source, &[])), ["src/b.env", "vendor/a.env"]);
    let mut inside = sandbox.command(&["scan", "--format", "json"]);
    let ran = crate::sandbox::Ran::of(inside.current_dir(&repository.path));
    assert_eq!(paths(&ran.exits(1).json()).len(), 2);
    let trusted = scan(&sandbox, 0, source, &["--trust-target-config"]);
    assert_eq!(*hidden(&trusted, "of rules that are switched off"), 2);

    repository.write(".quietus.toml", "[scan]\nexclude = [\"vendor/\"]\n");
    let trusted = scan(&sandbox, 1, source, &["--trust-target-config"]);
    assert_eq!(paths(&trusted), ["src/b.env"]);
    assert_eq!(*hidden(&trusted, "in excluded paths only"), 1);
    // It says what it may and no more, and leads nowhere else.
    for (text, why) in [
        ("ledger = \"x\"", "unknown field"),
        ("[scan]\nsuppressions = \"../../known.toml\"", "leads out of the folder"),
        ("[scan]\nsuppressions = \"/etc/hostname\"", "leads out of the folder"),
        ("[scan]\nexclude = [\"[z-a]\"]", "no pattern"),
    ] {
        sandbox.write("known.toml", "");
        repository.write(".quietus.toml", text);
        let ran = sandbox.run(&["scan", source, "--trust-target-config"]);
        ran.exits(2).complains(&[why]);
    }
    let ran = sandbox.run(&["scan", source, source, "--trust-target-config"]);
    ran.exits(2).complains(&["one source"]);
}

#[test]
fn the_user_leaves_out_paths_and_rules_and_grades_them() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    let line = format!("TOKEN={}\n", token("both"));
    repository.write("vendor/a.env", format!("{line}OTHER={}\n", token("vendor")));
    repository.commit("src/b.env", line, "first");
    let source = repository.arg();
    let report = scan(&sandbox, 1, source, &["--exclude", "vendor/"]);
    // What stands elsewhere too is told with all its places.
    assert_eq!(paths(&report), ["src/b.env", "vendor/a.env"]);
    assert_eq!(*hidden(&report, "in excluded paths only"), 1);
    let report = scan(&sandbox, 0, source, &["--disable-rule", "github-pat-classic"]);
    assert_eq!(*hidden(&report, "of rules that are switched off"), 2);
    let ran = sandbox.run(&["scan", source, "--disable-rule", "github-pat"]);
    ran.exits(2).complains(&["github-pat", "quietus rules list"]);
    let config = "[scan]\nexclude = [\"/vendor\"]\n[severity]\ngithub-pat-classic = \"low\"\n";
    sandbox.write("other/config.toml", config);
    let file = sandbox.path("other/config.toml");
    let report = scan(&sandbox, 1, source, &["--config", file.to_str().unwrap()]);
    assert_eq!(*hidden(&report, "in excluded paths only"), 1);
    assert_eq!(report["findings"][0]["severity"], "low");
}

#[test]
fn several_rules_on_one_secret_are_one_finding_with_tags() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    let secret = token("tagged");
    // A password by its name, and a token by its format.
    repository.commit("app.py", format!("password = \"{secret}\"\n"), "first");
    let report = scan(&sandbox, 1, repository.arg(), &["--confidence", "low"]);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report:#}");
    assert_eq!(findings[0]["rule"], "github-pat-classic");
    let tags: Vec<&str> =
        findings[0]["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    let shipped = sandbox.run(&["rules", "list", "--format", "json"]).exits(0).json();
    let is_rule = |tag: &&&str| {
        shipped.as_array().unwrap().iter().any(|rule| rule["id"].as_str() == Some(**tag))
    };
    let others: Vec<&str> = tags.iter().filter(is_rule).copied().collect();
    assert!(!others.is_empty(), "{tags:?}");
    let ran = sandbox.run(&["scan", repository.arg()]);
    says(ran.exits(1), &[&format!("also seen by: {}", others.join(", "))]);
    let sarif = sandbox.run(&["scan", repository.arg(), "--format", "sarif"]).exits(1).json();
    let of_sarif = &sarif["runs"][0]["results"][0]["properties"]["tags"];
    assert!(of_sarif.as_array().unwrap().iter().any(|tag| tag == others[0]), "{of_sarif}");
    sandbox.run(&["track", repository.arg()]).exits(1);
    says(sandbox.run(&["item", "show", "V-1"]).exits(0), &others);
    // However many threads there are.
    for threads in ["1", "3"] {
        let again = scan(&sandbox, 1, repository.arg(), &["--threads", threads]);
        assert_eq!(again["findings"][0]["tags"], findings[0]["tags"]);
    }
}
