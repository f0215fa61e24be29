//! A good document, and ways to break it that validators let through, or few of them see.

use crate::samples::{every_phase, now, options, scans};
use quietus_export::oscal::poam;
use serde_json::{Value, json};

/// One way to break a document.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) spoil: fn(&mut Value),
    /// The reason that must be given.
    pub(crate) kind: &'static str,
    /// What must be said to people.
    pub(crate) says: &'static str,
}

/// A UUID of version 4 that nothing has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) fn good() -> Value {
    poam(&every_phase(), &scans(), &options(), now()).unwrap().to_value()
}

fn root(document: &mut Value) -> &mut Value {
    &mut document["plan-of-action-and-milestones"]
}

/// Sets what stands at a pointer below the root.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let place = root(document).pointer_mut(pointer);
    *place.unwrap_or_else(|| panic!("{pointer} stands in the good document")) = value;
}

fn remove(document: &mut Value, pointer: &str, field: &str) {
    let place = root(document).pointer_mut(pointer).unwrap();
    place.as_object_mut().unwrap().remove(field).unwrap();
}

macro_rules! mutant {
    ($name:literal, $kind:literal, $says:literal, $spoil:expr) => {
        Mutant { name: $name, spoil: $spoil, kind: $kind, says: $says }
    };
}

pub(crate) fn mutants() -> Vec<Mutant> {
    let mut mutants = references();
    mutants.extend(names());
    mutants.extend(structure());
    mutants
}

fn references() -> Vec<Mutant> {
    vec![
        mutant!("an item's risk is nowhere", "dangling", "is no risk of this document", |d| {
            set(d, "/poam-items/0/related-risks/0/risk-uuid", json!(NOBODY));
        }),
        mutant!("an item's observation is nowhere", "dangling", "is no observation", |d| {
            set(d, "/poam-items/0/related-observations/0/observation-uuid", json!(NOBODY));
        }),
        mutant!("an item's finding is nowhere", "dangling", "is no finding", |d| {
            set(d, "/poam-items/0/related-findings/0/finding-uuid", json!(NOBODY));
        }),
        mutant!("a task depends on nothing", "dangling", "is no task", |d| {
            let tasks = root(d).pointer_mut("/risks/0/remediations/1/tasks").unwrap();
            let task =
                tasks.as_array_mut().unwrap().iter_mut().find(|t| t["dependencies"].is_array());
            task.unwrap()["dependencies"][0]["task-uuid"] = json!(NOBODY);
        }),
        mutant!("a role that nobody defined", "dangling", "is no role", |d| {
            set(d, "/risks/0/risk-log/entries/0/logged-by/0/role-id", json!("stranger"));
        }),
        mutant!("a party that nobody defined", "dangling", "is no party", |d| {
            set(d, "/metadata/responsible-parties/0/party-uuids", json!([NOBODY]));
        }),
        mutant!("an actor that is no tool", "dangling", "is no component", |d| {
            set(d, "/poam-items/0/origins/0/actors/0/actor-uuid", json!(NOBODY));
        }),
        mutant!("evidence that leads nowhere", "dangling", "is no back-matter resource", |d| {
            let list = root(d)["observations"].as_array_mut().unwrap().iter_mut();
            let mut evidence = list.filter_map(|seen| seen.get_mut("relevant-evidence"));
            let href = evidence
                .find_map(|e| e.as_array_mut().unwrap().iter_mut().find(|e| e["href"].is_string()));
            href.unwrap()["href"] = json!(format!("#{NOBODY}"));
        }),
    ]
}

fn names() -> Vec<Mutant> {
    vec![
        mutant!("one uuid for two risks", "defined-twice", "is taken by", |d| {
            let first = root(d)["risks"][0]["uuid"].clone();
            set(d, "/risks/1/uuid", first);
        }),
        mutant!("one role id for two roles", "defined-twice", "is taken by", |d| {
            let first = root(d)["metadata"]["roles"][0]["id"].clone();
            set(d, "/metadata/roles/1/id", first);
        }),
        mutant!("two items of one id", "defined-twice", "is the id of poam-items/0 as well", |d| {
            let first = root(d)["poam-items"][0]["props"][0].clone();
            set(d, "/poam-items/1/props/0", first);
        }),
        mutant!("a uuid of version 1", "uuid-version", "no UUID of version 4 or 5", |d| {
            set(d, "/uuid", json!("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
        }),
        mutant!("a status that OSCAL does not know", "unknown-status", "is none of: open", |d| {
            set(d, "/risks/0/status", json!("done"));
        }),
        mutant!(
            "a log that leads to an unknown status",
            "unknown-status",
            "is none of: open",
            |d| {
                let entry = root(d).pointer_mut("/risks/0/risk-log/entries/0").unwrap();
                entry["status-change"] = json!("fixed");
            }
        ),
        mutant!("our own name in NIST's namespace", "unknown-name", "give it a namespace", |d| {
            remove(d, "/poam-items/0/props/0", "ns");
        }),
        mutant!("a response of an unknown type", "unknown-value", "is none of: avoid", |d| {
            set(d, "/risks/0/remediations/0/props/0/value", json!("fix"));
        }),
        mutant!(
            "a namespace with a slash too many",
            "wrong-namespace",
            "is nobody's namespace",
            |d| {
                set(d, "/poam-items/0/props/0/ns", json!("https://fedramp.gov/ns/oscal/"));
            }
        ),
        mutant!(
            "NIST's namespace by another scheme",
            "wrong-namespace",
            "is nobody's namespace",
            |d| {
                set(d, "/poam-items/0/props/0/ns", json!("https://csrc.nist.gov/ns/oscal"));
            }
        ),
        mutant!(
            "a facet that its system does not name",
            "unknown-name",
            "is none of: likelihood",
            |d| {
                set(d, "/risks/0/characterizations/0/facets/0/name", json!("weight"));
            }
        ),
    ]
}

fn structure() -> Vec<Mutant> {
    vec![
        mutant!("no system", "no-system", "neither import-ssp nor system-id", |d| {
            remove(d, "", "system-id");
        }),
        mutant!("no item", "missing", "\"poam-items\" is empty", |d| {
            set(d, "/poam-items", json!([]));
        }),
        mutant!("an item without a title", "missing", "\"title\" must stand here", |d| {
            remove(d, "/poam-items/0", "title");
        }),
        mutant!("a risk without a statement", "missing", "\"statement\" must stand here", |d| {
            set(d, "/risks/0/statement", json!("  "));
        }),
        mutant!("a moment without a zone", "bad-moment", "no moment with a zone", |d| {
            set(d, "/metadata/last-modified", json!("2026-01-01T00:00:00"));
        }),
        mutant!("a milestone that ends before it begins", "backwards", "before it begins", |d| {
            let range = "/risks/0/remediations/1/tasks/0/timing/within-date-range";
            let range = root(d).pointer_mut(range).unwrap();
            range["end"] = json!("2000-01-01T00:00:00Z");
        }),
        mutant!(
            "another kind of document",
            "not-a-poam",
            "no \"plan-of-action-and-milestones\"",
            |d| {
                *d = json!({ "assessment-results": root(d).clone() });
            }
        ),
    ]
}
