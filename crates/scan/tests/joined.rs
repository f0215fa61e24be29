//! One secret is one finding: under the most specific rule of all its places, with the other rules
//! as tags, whatever the number of threads and however the objects are stored.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, RULES, git, key, look_by, look_with, rules, secret};
use quietus_model::{Finding, Secret};
use quietus_scan::{Options, Scanned};

/// The finding of a secret.
fn finding(scanned: &Scanned, secret: &str) -> Finding {
    let fingerprint = key().fingerprint(&Secret::from(secret));
    let mut hits = scanned.hits.iter().filter(|hit| hit.finding.fingerprint == fingerprint);
    let finding = hits.next().unwrap().finding.clone();
    assert!(hits.next().is_none(), "one secret is one finding");
    finding
}

fn told(finding: &Finding) -> (&str, Vec<&str>, Vec<&str>) {
    let tags = finding.tags.iter().map(String::as_str).collect();
    let paths = finding.locations.iter().map(|location| location.path.as_str()).collect();
    (finding.rule.as_str(), tags, paths)
}

fn threads(threads: usize) -> Options {
    Options { threads, ..Options::default() }
}

#[test]
fn rules_that_claim_the_same_bytes_are_tags_of_the_one_that_wins() {
    let ground = Ground::new();
    let key = secret("both");
    ground.write("a", &format!("password = \"{key}\"\n"));
    ground.write("b", &format!("key: {}\n", secret("alone")));
    let scanned = look_with(&ground.whole(), &threads(1));
    assert_eq!(scanned.hits.len(), 2);
    assert_eq!(told(&finding(&scanned, &key)), ("acme-key", vec!["any-password"], vec!["a"]));
    assert_eq!(told(&finding(&scanned, &secret("alone"))), ("acme-key", vec![], vec!["b"]));
}

#[test]
fn the_most_specific_rule_of_all_places_names_it() {
    let ground = Ground::new();
    let word = "quokka-9x";
    // The place with the best rule is one of many.
    for number in 0..20 {
        ground.write(&format!("a{number:02}"), &format!("https://me:{word}@example.org\n"));
    }
    ground.write("m", &format!("password = \"{word}\"\n"));
    let paths = || (0..20).map(|number| format!("a{number:02}")).chain(["m".to_owned()]);
    let sure =
        rules::rule("of-acme", &["acme:"], r"acme: (?P<secret>\S{4,64})") + "precedence = 60\n";
    let file = format!("{}{sure}", *RULES);
    for count in [1, 2, 8] {
        // Both have the same precedence: the first by name.
        let found = finding(&look_with(&ground.whole(), &threads(count)), word);
        let (rule, tags, places) = told(&found);
        assert_eq!((rule, tags), ("any-password", vec!["url-password"]));
        assert_eq!(places, paths().collect::<Vec<_>>());
    }
    ground.write("n", &format!("acme: {word}\n"));
    for count in [1, 2, 8] {
        let found = finding(&look_by(&file, &ground.whole(), &threads(count)), word);
        let (rule, tags, places) = told(&found);
        assert_eq!((rule, tags), ("of-acme", vec!["any-password", "url-password"]));
        assert_eq!(places, paths().chain(["n".to_owned()]).collect::<Vec<_>>());
    }
}

/// What another rule says of a secret may change where nothing else does: far above it.
#[test]
fn a_tag_is_seen_where_only_the_lesser_rule_has_something_new() {
    let lesser = rules::rule(
        "above",
        &["passphrase"],
        r"passphrase:\n(?:[0-9]{4}\n){100}(?P<secret>\S{4,64})",
    )
    .replace("\"high\"", "\"low\"")
        + "precedence = 10\n";
    let file = rules::file(&[rules::key("24"), lesser]);
    assert!(RULES.contains("acme-key"));
    let ground = Ground::new();
    let lines =
        |from: usize, to: usize| -> String { (from..to).map(|n| format!("{n}\n")).collect() };
    let text = |name: &str| {
        let (before, between, after) = (lines(1000, 1400), lines(2000, 2100), lines(5000, 5400));
        format!("{before}{name}\n{between}{}\n{after}", secret("below"))
    };
    ground.commit("main", "Ann", &[("a", Some(&text("passphrase:")))]);
    ground.commit("main", "Ann", &[("a", Some(&text("something::")))]);
    git(&ground.path(), &["repack", "-adfq", "--depth=50", "--window=50"]);
    for whole_objects in [true, false] {
        let options = Options { whole_objects, ..threads(1) };
        let scanned = look_by(&file, &ground.history(), &options);
        let found = finding(&scanned, &secret("below"));
        assert_eq!(told(&found), ("acme-key", vec!["above"], vec!["a"]), "{whole_objects}");
    }
}
