//! `quietus export` as people run it: every format from a real repository, and the check of others'
//! documents.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "../crates/export/tests/samples/mod.rs"]
mod samples;
#[path = "support/sandbox.rs"]
mod sandbox;

#[path = "exports/broken.rs"]
mod broken;

use canary::token;
use sandbox::Sandbox;
use serde_json::Value;

/// The official schema.
const SARIF: &str = include_str!("schemas/sarif/sarif-schema-2.1.0.json");

/// Each format with its arguments.
const FORMATS: [&[&str]; 11] = [
    &["oscal"],
    &["fedramp-poam"],
    &["fedramp-ver", "--package", "https://trust.example.com/cpo.json"],
    &["fedramp-ver", "--package", "https://trust.example.com/cpo.json", "--report", "history"],
    &["emass", "--layout", "navy"],
    &["emass", "--layout", "army", "--contact", "Ann Other, 555-0100, ann@example.org"],
    &["csv"],
    &["sarif"],
    &["junit"],
    &["markdown"],
    &["html"],
];

/// One credential in one file of one branch, in the ledger.
fn tracked() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    // A repository without a remote is named by its first commit, which is no place of the leak.
    repository.commit("README", "an application\n", "begin");
    let line = format!("TOKEN={}\n", token("export"));
    let commit = repository.commit("deploy/leaky.env", line, "second");
    sandbox.run(&["track", repository.arg()]).exits(1);
    (sandbox, commit)
}

fn export(sandbox: &Sandbox, format: &[&str], more: &[&str]) -> Vec<u8> {
    let file = sandbox.path("work/out");
    let to = ["--output", file.to_str().unwrap()];
    sandbox.run(&[&["export"], format, &to, more].concat()).exits(0);
    std::fs::read(file).unwrap()
}

#[test]
fn every_format_is_written_to_a_file_and_to_standard_output() {
    let (sandbox, _) = tracked();
    for format in FORMATS {
        let bytes = export(&sandbox, format, &[]);
        assert!(bytes.len() > 200, "{format:?}");
        let workbook = bytes.starts_with(b"PK");
        assert_eq!(workbook, format[0].starts_with("emass") || format[0] == "fedramp-poam");
        if !workbook {
            let text = String::from_utf8(bytes).unwrap();
            let place = text.contains("leaky.env");
            // A summary names repositories only.
            assert!(place || format[0] == "markdown", "{format:?}: {text}");
            let printed = sandbox.run(&[&["export"], format].concat()).exits(0).out();
            assert_eq!(printed.is_empty(), text.is_empty());
        }
    }
}

#[test]
fn readers_outside_see_no_place_in_any_format() {
    let (sandbox, commit) = tracked();
    for format in FORMATS {
        let bytes = export(&sandbox, format, &["--audience", "external"]);
        if bytes.starts_with(b"PK") {
            continue; // Its parts are compressed; tests/exports reads them.
        }
        let text = String::from_utf8(bytes).unwrap();
        for word in ["leaky.env", "deploy/", "refs/heads", commit.as_str(), &commit[..12]] {
            assert!(!text.contains(word), "{format:?}: {word}");
        }
        assert!(
            text.contains("external") || ["csv", "markdown"].contains(&format[0]),
            "{format:?}"
        );
    }
}

#[test]
fn sarif_is_valid_and_carries_what_is_set_aside_as_suppressed() {
    let (sandbox, _) = tracked();
    // Errata 01 of the standard corrected this pattern, which strict readers refuse.
    let (wrong, right) = ("{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "{2}(-[a-zA-Z]{2})?$");
    let schema: Value = serde_json::from_str(&SARIF.replace(wrong, right)).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let document = || sandbox.run(&["export", "sarif"]).exits(0).json();
    let open = document();
    let errors: Vec<String> = validator.iter_errors(&open).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let result = &open["runs"][0]["results"][0];
    assert!(result.get("suppressions").is_none(), "{result}");
    let reason = "a documented example that never worked";
    sandbox.run(&["item", "dismiss", "V-1", "--kind", "false-positive", "--reason", reason]);
    let aside = document();
    assert!(validator.is_valid(&aside));
    let suppression = &aside["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["kind"], "external", "{aside:#}");
    assert!(suppression["justification"].as_str().unwrap().contains(reason), "{suppression}");
}

#[test]
fn twenty_broken_documents_are_each_refused_for_the_right_reason() {
    let sandbox = Sandbox::new();
    let good = broken::good();
    let file = sandbox.path("work/poam.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let path = file.to_str().unwrap();
    std::fs::write(&file, good.to_string()).unwrap();
    sandbox.run(&["export", "check", path]).exits(0);
    let mutants = broken::mutants();
    assert!(mutants.len() >= 20, "{}", mutants.len());
    for mutant in mutants {
        let mut document = good.clone();
        (mutant.spoil)(&mut document);
        assert_ne!(document, good, "{} changes nothing", mutant.name);
        std::fs::write(&file, document.to_string()).unwrap();
        let found = sandbox.run(&["export", "check", path, "--format", "json"]).exits(1).json();
        let kinds: Vec<&str> =
            found.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&mutant.kind), "{}: {found:#}", mutant.name);
        let told = sandbox.run(&["export", "check", path]).exits(1).out();
        assert!(told.contains(mutant.says), "{}: {told}", mutant.name);
    }
}

#[test]
fn what_is_no_document_is_told_apart_from_a_broken_one() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("work/poam.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let path = file.to_str().unwrap();
    sandbox.run(&["export", "check", path]).exits(3).complains(&["reading", "poam.json"]);
    std::fs::write(&file, "no json").unwrap();
    sandbox.run(&["export", "check", path]).exits(3).complains(&["is no JSON", "export oscal"]);
    std::fs::write(&file, "{\"catalog\": {}}").unwrap();
    let told = sandbox.run(&["export", "check", path]).exits(1).out();
    assert!(told.contains("not-a-poam"), "{told}");
}

#[test]
fn a_wrong_period_or_package_writes_nothing() {
    let (sandbox, _) = tracked();
    let file = sandbox.path("work/none.json");
    let to = file.to_str().unwrap();
    let ver = ["export", "fedramp-ver", "--output", to];
    sandbox
        .run(&[&ver[..], &["--package", "cpo.json"]].concat())
        .exits(2)
        .complains(&["--package"]);
    let backwards = ["--package", "https://a.example/cpo.json", "--from", "2030-01-01T00:00:00Z"];
    sandbox.run(&[&ver[..], &backwards].concat()).exits(2).complains(&["2030-01-01"]);
    assert!(!file.exists());
}

#[test]
fn a_bundle_is_checked_where_there_is_no_ledger() {
    let (sandbox, _) = tracked();
    let file = sandbox.path("work/v1.json");
    let path = file.to_str().unwrap();
    sandbox.run(&["export", "bundle", "V-1", "--output", path]).exits(0);
    let elsewhere = Sandbox::new();
    let check = |path: &str| {
        let rows = elsewhere.run(&["export", "verify", path, "--format", "json"]).exits(1).json();
        let of = |row: &Value| {
            (row["check"].as_str().unwrap().to_owned(), row["outcome"].as_str().unwrap().to_owned())
        };
        rows.as_array().unwrap().iter().map(of).collect::<std::collections::BTreeMap<_, _>>()
    };
    let checks = check(path);
    for what in ["seals", "order", "head", "identity"] {
        assert_eq!(checks[what], "holds", "{checks:?}");
    }
    assert_eq!(checks["closure"], "fails", "an open item is no closed one");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("leaky.env") && text.contains("closure = "), "its policy is in it");
    std::fs::write(&file, text.replace("leaky.env", "tidy.env")).unwrap();
    assert_eq!(check(path)["seals"], "fails");
    elsewhere.run(&["export", "verify", "none.json"]).exits(3).complains(&["reading none.json"]);
    sandbox.run(&["export", "bundle", "V-2"]).exits(2);
    let outside = ["export", "bundle", "V-1", "--audience", "external"];
    sandbox.run(&outside).exits(2).complains(&["V-1 is not dead"]);
}

#[test]
fn our_own_documents_are_read_back() {
    let (sandbox, _) = tracked();
    let file = sandbox.path("work/out");
    let mut read = Vec::new();
    for format in ["oscal", "fedramp-poam"] {
        export(&sandbox, &[format], &[]);
        let path = file.to_str().unwrap();
        let rows = sandbox.run(&["export", "read", path, "--format", "json"]).exits(0).json();
        let row = &rows[0];
        assert_eq!((row["id"].as_str(), row["closed"].as_bool()), (Some("V-1"), Some(false)));
        let told = sandbox.run(&["export", "read", path]).exits(0).out();
        assert!(told.contains("V-1") && told.contains("detected"), "{told}");
        read.push((row["fingerprint"].clone(), row["state"].clone(), row["name"].clone()));
    }
    assert_eq!(read[0], read[1]);
    std::fs::write(&file, "neither").unwrap();
    sandbox.run(&["export", "read", file.to_str().unwrap()]).exits(3);
}
