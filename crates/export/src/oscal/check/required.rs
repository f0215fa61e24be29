//! Fields that OSCAL 1.2.3 demands, and lists that must not be empty where they stand.
//!
//! The schema says so too. It is told here as well, so that one who has no validator at hand sees
//! what matters most, with the place of it.

use super::{Node, Problem, ProblemKind};
use serde_json::Value;

/// What an object in a field must hold. Fields whose objects differ by their place are left out.
const REQUIRED: [(&str, &[&str]); 20] = [
    ("plan-of-action-and-milestones", &["uuid", "metadata", "poam-items"]),
    ("metadata", &["title", "last-modified", "version", "oscal-version"]),
    ("parties", &["uuid", "type"]),
    ("roles", &["id", "title"]),
    ("responsible-parties", &["role-id", "party-uuids"]),
    ("import-ssp", &["href"]),
    ("system-id", &["id"]),
    ("components", &["uuid", "type", "title", "description", "status"]),
    ("observations", &["uuid", "description", "methods", "collected"]),
    ("relevant-evidence", &["description"]),
    ("risks", &["uuid", "title", "description", "statement", "status"]),
    ("characterizations", &["origin", "facets"]),
    ("facets", &["name", "system", "value"]),
    ("remediations", &["uuid", "lifecycle", "title", "description"]),
    ("tasks", &["uuid", "type", "title"]),
    ("entries", &["uuid", "start"]),
    ("findings", &["uuid", "title", "description", "target"]),
    ("poam-items", &["title", "description"]),
    ("resources", &["uuid"]),
    ("props", &["name", "value"]),
];

/// What `node` lacks, and lists of it that are empty.
pub(super) fn fields(node: &Node<'_>) -> Vec<Problem> {
    let required = REQUIRED.iter().find(|(field, _)| *field == node.field);
    let missing = required.into_iter().flat_map(|(_, fields)| *fields).filter(|field| {
        let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        node.object.get(**field).is_none_or(blank)
    });
    let missing = missing.map(|field| {
        node.problem(field, ProblemKind::Missing, format!("\"{field}\" must stand here"))
    });
    let empty = node.object.iter().filter(|(_, value)| value.as_array().is_some_and(Vec::is_empty));
    let empty = empty.map(|(field, _)| {
        let message = format!("\"{field}\" is empty; leave it out, or say what belongs in it");
        node.problem(field, ProblemKind::Missing, message)
    });
    missing.chain(empty).collect()
}

/// Moments without a zone, which nobody can compare.
pub(super) fn moments(node: &Node<'_>) -> Vec<Problem> {
    const FIELDS: [&str; 8] =
        ["last-modified", "published", "collected", "expires", "deadline", "start", "end", "date"];
    let told = FIELDS.iter().filter_map(|field| Some((*field, node.text(field)?)));
    told.filter(|(_, text)| text.parse::<jiff::Timestamp>().is_err())
        .map(|(field, text)| {
            let message =
                format!("\"{text}\" is no moment with a zone, such as 2026-01-31T00:00:00Z");
            node.problem(field, ProblemKind::BadMoment, message)
        })
        .collect()
}
