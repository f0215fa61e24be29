//! Our own exports are consistent, and each kind of inconsistency is found.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod samples;

use ProblemKind::{
    Backwards, Dangling, DefinedTwice, HashLength, NoSystem, NotAPoam, UnknownName, UnknownStatus,
    UnknownValue, UuidVersion,
};
use quietus_export::oscal::{OscalOptions, Problem, ProblemKind, check, poam};
use samples::{every_phase, fedramp, now, options, scans};
use serde_json::{Value, json};
use std::sync::LazyLock;

const ROOT: &str = "/plan-of-action-and-milestones";

/// A UUID of version 4 that nothing has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

fn good() -> Value {
    static GOOD: LazyLock<Value> =
        LazyLock::new(|| poam(&every_phase(), &scans(), &options(), now()).unwrap().to_value());
    GOOD.clone()
}

#[test]
fn our_own_exports_have_no_problem() {
    for options in [options(), fedramp(), OscalOptions::default()] {
        let document = poam(&every_phase(), &scans(), &options, now()).unwrap();
        assert_eq!(check(&document.to_value()), Vec::new());
    }
}

/// Problems of the good document with `value` in the place of what stands at `pointer`.
fn spoiled(pointer: &str, value: Value) -> Vec<Problem> {
    let mut document = good();
    let whole = format!("{ROOT}{pointer}");
    let place = document.pointer_mut(&whole);
    *place.unwrap_or_else(|| panic!("{whole} stands in an export")) = value;
    check(&document)
}

/// That exactly this is found, at the spoiled place itself.
fn found(pointer: &str, value: Value, kind: ProblemKind) {
    let problems = spoiled(pointer, value);
    let places: Vec<_> = problems.iter().map(|p| (p.at.as_str(), p.kind)).collect();
    assert_eq!(places, [(format!("{ROOT}{pointer}").as_str(), kind)], "{problems:?}");
}

/// Where in the good document the first object stands that `wanted` accepts.
fn pointer_to(list: &str, wanted: impl Fn(&Value) -> bool) -> String {
    let document = good();
    let objects = document.pointer(&format!("{ROOT}{list}")).unwrap().as_array().unwrap();
    let index = objects.iter().position(wanted);
    format!("{list}/{}", index.unwrap_or_else(|| panic!("no such object in {list}")))
}

#[test]
fn every_reference_is_followed() {
    let related = pointer_to("/risks/0/risk-log/entries", |_| true);
    let planned = pointer_to("/risks/2/remediations", |plan| plan["lifecycle"] == "planned");
    let closure = pointer_to("/observations", |seen| seen["types"][0] == "closure");
    let by_person =
        pointer_to("/observations", |seen| seen["origins"][0]["actors"][0]["type"] == "party");
    let depends = |task: &Value| task["dependencies"].is_array();
    let task = pointer_to(&format!("{planned}/tasks"), depends);
    let about = |entry: &Value| entry["related-responses"].is_array();
    let entry = pointer_to("/risks/2/risk-log/entries", about);
    for pointer in [
        "/poam-items/0/related-risks/0/risk-uuid".to_owned(),
        "/poam-items/0/related-observations/0/observation-uuid".into(),
        "/poam-items/0/related-findings/0/finding-uuid".into(),
        "/poam-items/0/origins/0/actors/0/actor-uuid".into(),
        "/findings/0/related-risks/0/risk-uuid".into(),
        "/findings/0/related-observations/0/observation-uuid".into(),
        "/risks/0/related-observations/0/observation-uuid".into(),
        "/observations/1/subjects/0/subject-uuid".into(),
        "/metadata/responsible-parties/0/party-uuids/0".into(),
        "/local-definitions/assessment-assets/assessment-platforms/0/uses-components/0/component-uuid".into(),
        format!("{related}/logged-by/0/party-uuid"),
        format!("{by_person}/origins/0/actors/0/actor-uuid"),
        format!("{task}/dependencies/0/task-uuid"),
        format!("{entry}/related-responses/0/response-uuid"),
        format!("{entry}/related-responses/0/related-tasks/0/task-uuid"),
    ] {
        let list = pointer.strip_suffix("/party-uuids/0").map(|at| format!("{at}/party-uuids"));
        match list {
            // Problems name the field, which is the list.
            Some(list) => found(&list, json!([NOBODY]), Dangling),
            None => found(&pointer, json!(NOBODY), Dangling),
        }
    }
    let role = json!("nobody");
    found(&format!("{related}/logged-by/0/role-id"), role.clone(), Dangling);
    found(&format!("{task}/responsible-roles/0/role-id"), role, Dangling);
    let href = format!("{closure}/relevant-evidence/0/href");
    found(&href, json!(format!("#{NOBODY}")), Dangling);
}

#[test]
fn a_subject_is_looked_for_among_its_own_kind() {
    // A party's UUID is defined, but it is no component.
    let party = good()[&ROOT[1..]]["metadata"]["parties"][0]["uuid"].clone();
    found("/observations/1/subjects/0/subject-uuid", party, Dangling);
}

#[test]
fn components_may_stand_in_an_imported_plan() {
    let mut document = poam(&every_phase(), &scans(), &fedramp(), now()).unwrap().to_value();
    document[&ROOT[1..]]["observations"][1]["subjects"][0]["subject-uuid"] = NOBODY.into();
    assert_eq!(check(&document), Vec::new());
    document[&ROOT[1..]]["poam-items"][0]["related-risks"][0]["risk-uuid"] = NOBODY.into();
    assert_eq!(check(&document).len(), 1);
}

#[test]
fn what_is_defined_twice_is_found() {
    let mut document = good();
    let poam = &mut document[&ROOT[1..]];
    let entry = poam["risks"][0]["risk-log"]["entries"][0]["uuid"].clone();
    poam["risks"][0]["risk-log"]["entries"][1]["uuid"] = entry;
    let role = poam["metadata"]["roles"][0].clone();
    poam["metadata"]["roles"].as_array_mut().unwrap().push(role);
    let kinds: Vec<_> = check(&document).into_iter().map(|p| (p.at, p.kind)).collect();
    assert_eq!(
        kinds,
        [
            (format!("{ROOT}/metadata/roles/4/id"), DefinedTwice),
            (format!("{ROOT}/risks/0/risk-log/entries/1/uuid"), DefinedTwice),
        ]
    );
}

#[test]
fn only_uuids_of_version_4_and_5_pass() {
    let entry = "/risks/0/risk-log/entries/1/uuid";
    found(entry, json!("e4eaaaf2-d142-11e1-b3e4-080027620cdd"), UuidVersion);
    found(entry, json!("nothing like it"), UuidVersion);
    assert_eq!(spoiled(entry, json!(NOBODY)), Vec::new());
}

#[test]
fn states_are_those_of_oscal() {
    found("/risks/0/status", json!("fixed"), UnknownStatus);
    found("/risks/0/risk-log/entries/0/status-change", json!("in-progress"), UnknownStatus);
    assert_eq!(spoiled("/risks/0/status", json!("deviation-requested")), Vec::new());
}

#[test]
fn names_without_a_namespace_are_nists() {
    let own = json!({ "name": "state", "value": "open" });
    for list in [
        "/metadata",
        "/observations/0",
        "/observations/0/relevant-evidence/0",
        "/poam-items/0",
        "/risks/0",
        "/risks/0/risk-log/entries/0",
        "/risks/0/remediations/1/tasks/0",
        "/local-definitions/components/1",
    ] {
        let problems = spoiled(&format!("{list}/props/0"), own.clone());
        let places: Vec<_> = problems.iter().map(|p| (p.at.clone(), p.kind)).collect();
        assert_eq!(places, [(format!("{ROOT}{list}/props/0/name"), UnknownName)]);
    }
    let explicit =
        json!({ "name": "state", "value": "open", "ns": "http://csrc.nist.gov/ns/oscal" });
    let problems = spoiled("/poam-items/0/props/0", explicit);
    assert_eq!((problems.len(), problems[0].kind), (1, UnknownName));
    // NIST's own names pass where NIST has them, and nowhere else.
    let accepted = json!({ "name": "accepted", "value": "true" });
    assert_eq!(spoiled("/risks/0/props/0", accepted.clone()), Vec::new());
    assert_eq!(spoiled("/poam-items/0/props/0", accepted).len(), 1);
    let facet = "/risks/0/characterizations/0/facets/0";
    found(&format!("{facet}/name"), json!("grade"), UnknownName);
}

#[test]
fn values_are_those_of_nist() {
    let state = "/risks/0/characterizations/0/facets/0/props/0/value";
    found(state, json!("current"), UnknownValue);
    found("/risks/0/remediations/0/props/0/value", json!("ignore"), UnknownValue);
    let priority = |value: &str| json!({ "name": "priority", "value": value });
    let problems = spoiled("/risks/0/props/0", priority("first"));
    assert_eq!((problems.len(), problems[0].kind), (1, UnknownValue));
    assert_eq!(spoiled("/risks/0/props/0", priority("1")), Vec::new());
}

#[test]
fn hashes_and_spans_are_looked_at() {
    let rlink = |length: usize| {
        let hash = json!({ "algorithm": "SHA-256", "value": "ab".repeat(length) });
        json!([{ "href": "./evidence.json", "hashes": [hash] }])
    };
    for (length, count) in [(32, 0), (20, 1)] {
        let mut document = good();
        document[&ROOT[1..]]["back-matter"]["resources"][0]["rlinks"] = rlink(length);
        let problems = check(&document);
        assert_eq!(problems.len(), count, "{problems:?}");
        assert!(problems.iter().all(|problem| problem.kind == HashLength));
    }
    let end = "/risks/0/remediations/1/tasks/0/timing/within-date-range/end";
    found(end, json!("2001-01-01T00:00:00Z"), Backwards);
}

#[test]
fn a_document_names_its_system() {
    let mut document = good();
    document[&ROOT[1..]].as_object_mut().unwrap().remove("system-id");
    let kinds: Vec<_> = check(&document).iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [NoSystem]);
    assert_eq!(check(&json!({ "catalog": {} }))[0].kind, NotAPoam);
}
