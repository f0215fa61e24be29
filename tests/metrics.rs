//! `quietus metrics` and `quietus item lint`: what scripts and scrapers rely on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::token;
use regex::Regex;
use sandbox::Sandbox;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The documented schema.
const SCHEMA: &str = include_str!("../docs/schemas/metrics.json");

/// Two tracked leaks in a repository whose name asks for escaping.
fn tracked(sandbox: &Sandbox) {
    let repository = sandbox.repository(r#"work/a "b" \ c"#);
    repository.commit("one.env", format!("TOKEN={}\n", token("one")), "first");
    repository.commit("two.env", format!("TOKEN={}\n", token("two")), "second");
    repository.git(&["rm", "-q", "two.env"]);
    repository.git(&["commit", "-q", "-m", "drop it"]);
    sandbox.run(&["track", repository.arg()]).exits(1);
}

#[test]
fn the_object_is_the_documented_one() {
    let sandbox = Sandbox::new();
    sandbox.run(&["metrics"]).exits(2).complains(&["quietus init"]);
    tracked(&sandbox);
    let found = sandbox.run(&["metrics", "--format", "json", "--weeks", "3"]).exits(0).json();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let schema = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&found).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut spoilt = found.clone();
    spoilt["all"]["closures"]["verifed"] = 1.into();
    assert!(!schema.is_valid(&spoilt));
    assert_eq!(found["all"]["items"], 2);
    assert_eq!(found["all"]["backlog"]["open"], 2);
    assert_eq!(found["all"]["half_done"]["removed_not_revoked"], 1);
    assert_eq!(found["weeks"].as_array().unwrap().len(), 3);
    assert_eq!(found["weeks"][2]["opened"], 2);
    assert_eq!(found["repositories"].as_object().unwrap().len(), 1);
    // Nobody was watched for a day yet: nothing is known, which is not the same as nothing.
    assert_eq!(found["all"]["still_valid"]["all"]["after"][0]["share"], Value::Null);
}

#[test]
fn the_page_for_people_says_the_same() {
    let sandbox = Sandbox::new();
    tracked(&sandbox);
    let page = sandbox.run(&["metrics"]).exits(0).out();
    for words in
        ["still valid after", "more than 90 % after 5 days", "open 2", "removed and not revoked: 1"]
    {
        assert!(page.contains(words), "no {words:?} in\n{page}");
    }
    assert!(!page.contains(&token("one")) && !page.contains('\u{1b}'), "{page}");
}

/// A reading of the text format by its own rules: every family is told once, typed, and together;
/// every label is closed; every sample is one of its family and differs from all others.
#[test]
fn the_page_for_prometheus_keeps_to_its_format() {
    let sandbox = Sandbox::new();
    tracked(&sandbox);
    let page = sandbox.run(&["metrics", "--format", "prometheus"]).exits(0).out();
    assert!(page.ends_with('\n'));
    let sample = Regex::new(
        r#"^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (-?[0-9.e+-]+)$"#,
    )
    .unwrap();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let (mut family, mut seen) = (String::new(), BTreeSet::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
            family = name.to_owned();
        } else if !line.starts_with("# HELP ") {
            let parts = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line}"));
            let name = &parts[1];
            let summary = types[&family] == "summary";
            let own = name == family
                || (summary
                    && [format!("{family}_sum"), format!("{family}_count")]
                        .contains(&name.to_owned()));
            assert!(own, "{name} under {family}");
            let labels = parts.get(2).map_or("", |labels| labels.as_str());
            assert!(seen.insert((name.to_owned(), labels.to_owned())), "{line} twice");
            assert!(parts[3].parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        }
    }
    assert!(page.contains("quietus_items{state=\"open\"} 2\n"), "{page}");
    assert!(page.contains(r#"a \"b\" \\ c"#), "{page}");
    assert!(!page.contains(&token("one")));
}

#[test]
fn lint_is_a_gate_and_names_its_mistakes() {
    let sandbox = Sandbox::new();
    tracked(&sandbox);
    sandbox.run(&["item", "lint"]).exits(0);
    // An owner of nothing but blanks is none.
    sandbox.run(&["item", "assign", "V-1", " "]).exits(2);
    // The one that still stands at a head: nothing of it is done.
    let list = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    let standing = |item: &&Value| item["locations"][0]["at_head"] != serde_json::json!([]);
    let item = list.as_array().unwrap().iter().find(standing).unwrap();
    let id = item["id"].as_str().unwrap();
    // Three days more than it has, which every policy leaves room for.
    let due: jiff::Timestamp = item["milestones"][1]["due"].as_str().unwrap().parse().unwrap();
    let due = (due + jiff::SignedDuration::from_hours(72)).strftime("%Y-%m-%d").to_string();
    let milestone = ["item", "act", id, "extend", "revoke", "--due", &due];
    let reason = ["--reason", "the vendor needs more time"];
    sandbox.run(&[&milestone[..], &reason[..]].concat()).exits(0);
    let found = sandbox.run(&["item", "lint", "--format", "json"]).exits(1).json();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(found[0]["code"], "dates_without_progress");
    assert_eq!(found[0]["id"], id);
    sandbox.run(&["item", "act", id, "start", "revoke"]).exits(0);
    sandbox.run(&["item", "lint"]).exits(0);
}
