//! Every VER document is valid by FedRAMP's schemas of 2026-06-24, and says what it should.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::fedramp::{Report, VerOptions, ver};
use quietus_export::{About, Audience, ExportError, Register};
use quietus_poam::{PoamItem, Policy};
use samples::{every_phase, now, scans};
use serde_json::Value;

const COMMON: &str = include_str!("../../../tests/schemas/fedramp-2026/common-definitions.json");
const DETAIL: &str =
    include_str!("../../../tests/schemas/fedramp-2026/vulnerability-detail-report.json");
const ACCEPTED: &str =
    include_str!("../../../tests/schemas/fedramp-2026/accepted-vulnerability-info.json");
const HISTORY: &str =
    include_str!("../../../tests/schemas/fedramp-2026/historical-ver-activity.json");

/// The schemas name definitions of another file as `…json/$defs/x`, without the `#` that would make
/// it a pointer: each is registered under the name they use.
fn validator(schema: &str) -> jsonschema::Validator {
    let common: Value = serde_json::from_str(COMMON).unwrap();
    let id = common["$id"].as_str().unwrap();
    let mut registry = jsonschema::Registry::new();
    for name in common["$defs"].as_object().unwrap().keys() {
        // Definitions refer to one another inside their own file.
        let definition = serde_json::json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("#/$defs/{name}"),
            "$defs": common["$defs"],
        });
        registry = registry.add(format!("{id}/$defs/{name}"), definition).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn options() -> VerOptions {
    VerOptions {
        package: "https://trust.example.com/cpo.json".into(),
        from: samples::world::at(0),
        to: now(),
    }
}

fn document_of(items: &[PoamItem], report: Report, options: &VerOptions) -> Value {
    let policy = Policy::default();
    let records = scans();
    let about = About { head: Some((42, "ab".repeat(32))), ..About::default() };
    let register = Register::new(items, &records, about, &policy, now());
    serde_json::from_str(&ver(&register, report, options).unwrap()).unwrap()
}

fn document(report: Report) -> Value {
    document_of(&every_phase(), report, &options())
}

fn ids(list: &Value, nested: bool) -> Vec<String> {
    let id = |entry: &Value| {
        let detail = if nested { &entry["vulnerabilityDetail"] } else { entry };
        detail["providerTrackingId"].as_str().unwrap().to_owned()
    };
    list.as_array().unwrap().iter().map(id).collect()
}

#[test]
fn every_report_is_valid_by_its_official_schema() {
    for (report, schema) in
        [(Report::Detail, DETAIL), (Report::Accepted, ACCEPTED), (Report::History, HISTORY)]
    {
        let validator = validator(schema);
        let document = document(report);
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{report:?}");
        let empty = document_of(&[], report, &options());
        assert!(validator.is_valid(&empty), "{report:?} of nothing");
    }
}

#[test]
fn the_schemas_are_asked_at_all() {
    let validator = validator(DETAIL);
    let mut spoiled = document(Report::Detail);
    spoiled["vulnerabilities"][0]["currentRating"] = 6.into();
    assert!(!validator.is_valid(&spoiled), "a rating of 6");
    let mut late = document(Report::Detail);
    late["vulnerabilities"][0]["overdueStatus"] = serde_json::json!({ "isOverdue": true });
    assert!(!validator.is_valid(&late), "overdue without a word about it");
}

#[test]
fn what_is_accepted_is_in_the_other_report() {
    let accepted = ids(&document(Report::Accepted)["acceptedVulnerabilities"], true);
    assert_eq!(accepted, ["V-6", "V-7"]);
    let detail = ids(&document(Report::Detail)["vulnerabilities"], false);
    assert!(detail.len() + accepted.len() == every_phase().len());
    let history = document(Report::History);
    assert_eq!(ids(&history["acceptedVulnerabilities"], true), accepted);
    assert_eq!(ids(&history["activeVulnerabilities"], false), detail);
}

#[test]
fn a_period_holds_only_what_happened_in_it() {
    let after = VerOptions { from: samples::world::at(24 * 4), ..options() };
    let detail = document_of(&every_phase(), Report::Detail, &after);
    assert_eq!(ids(&detail["vulnerabilities"], false), ["V-12"]);
}

#[test]
fn what_is_closed_is_fully_mitigated_and_what_is_no_credential_is_false() {
    let detail = document(Report::Detail);
    let with = |disposition: &str| -> Vec<String> {
        let list = detail["vulnerabilities"].as_array().unwrap().iter();
        let of = |entry: &&Value| entry["finalDisposition"] == disposition;
        list.filter(of)
            .map(|entry| entry["providerTrackingId"].as_str().unwrap().to_owned())
            .collect()
    };
    let closed: Vec<String> = every_phase()
        .into_iter()
        .filter(|item| item.closure.is_some())
        .map(|item| item.id())
        .collect();
    assert_eq!(with("Fully Mitigated"), closed);
    assert_eq!(with("False Positive"), ["V-5"]);
    assert_eq!(with("Partially Mitigated"), Vec::<String>::new());
}

#[test]
fn after_192_days_without_an_end_it_counts_as_accepted() {
    let policy = Policy::default();
    let records = scans();
    let items = every_phase();
    let item = items.iter().find(|item| item.id() == "V-11").unwrap();
    for (hours, accepted) in [(24 * 190, 0), (24 * 194, 1)] {
        let then = samples::world::at(hours);
        let register =
            Register::new(std::slice::from_ref(item), &records, About::default(), &policy, then);
        let text = ver(&register, Report::History, &options()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let list = document["acceptedVulnerabilities"].as_array().unwrap();
        assert_eq!(list.len(), accepted, "after {hours} hours");
    }
}

#[test]
fn a_package_must_be_a_whole_uri_and_a_period_must_go_forward() {
    let policy = Policy::default();
    let about = About { audience: Audience::External, ..About::default() };
    let register = Register::new(&every_phase(), &[], about, &policy, now());
    for package in ["", "cpo.json", "https://a b", "://x", "https://"] {
        let wrong = VerOptions { package: package.into(), ..options() };
        let refused = ver(&register, Report::Detail, &wrong);
        assert!(matches!(refused, Err(ExportError::NoPackage { .. })), "{package}");
    }
    let backwards = VerOptions { from: now(), to: samples::world::at(0), ..options() };
    let refused = ver(&register, Report::Detail, &backwards);
    assert!(matches!(refused, Err(ExportError::Backwards { .. })));
}
