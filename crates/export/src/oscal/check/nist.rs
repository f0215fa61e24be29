//! Names and values that the metaschema of OSCAL 1.2.3 reserves.
//!
//! A property without a namespace is in NIST's, and there only NIST's names may be used.

use super::super::names::{FEDRAMP_FACETS, NIST};
use super::{Node, Problem, ProblemKind};
use serde_json::Value;

/// The states of a risk, and what a status change may lead to.
pub(super) const RISK_STATUS: [&str; 6] =
    ["open", "investigating", "remediating", "deviation-requested", "deviation-approved", "closed"];

/// Allowed on every object that has properties.
const ANYWHERE: &str = "marking";

const ASSET: [&str; 23] = [
    "allows-authenticated-scan",
    "asset-id",
    "asset-tag",
    "asset-type",
    "baseline-configuration-name",
    "function",
    "hardware-model",
    "label",
    "model",
    "network-id",
    "os-name",
    "os-version",
    "patch-level",
    "physical-location",
    "public",
    "release-date",
    "software-name",
    "software-patch-level",
    "software-version",
    "sort-id",
    "version",
    "virtual",
    "vlan-id",
];

const COMPONENT: [&str; 5] = [
    "implementation-point",
    "inherited-uuid",
    "leveraged-authorization-uuid",
    "validation-reference",
    "validation-type",
];

const NETWORKED: [&str; 5] = ["direction", "fqdn", "ipv4-address", "ipv6-address", "uri"];

const INVENTORY: [&str; 8] = [
    "fqdn",
    "ipv4-address",
    "ipv6-address",
    "is-scanned",
    "mac-address",
    "netbios-name",
    "serial-number",
    "uri",
];

/// Whether NIST names a property `name` on the objects in `node`'s field.
fn is_named(node: &Node<'_>, name: &str) -> bool {
    let names: &[&[&str]] = match (node.field, node.text("type").unwrap_or_default()) {
        ("metadata", _) => &[&["keywords"]],
        ("locations", _) => &[&["type"]],
        ("parties", _) => &[&["mail-stop", "office", "job-title"]],
        ("users", _) => &[&["type", "privilege-level"]],
        ("components", "software") => {
            &[&ASSET, &COMPONENT, &NETWORKED, &["vendor-name", "software-identifier"]]
        }
        ("components", "service") => &[&ASSET, &COMPONENT, &NETWORKED, &["vendor-name"]],
        ("components", "hardware") => &[&ASSET, &COMPONENT, &["vendor-name"]],
        ("components", "system") => &[&ASSET, &COMPONENT, &NETWORKED],
        ("components", "interconnection") => {
            &[&ASSET, &COMPONENT, &NETWORKED, &["isa-title", "isa-date", "isa-remote-system-name"]]
        }
        ("components", _) => &[&ASSET, &COMPONENT],
        ("implemented-components", _) => {
            &[&ASSET, &["version", "patch-level", "model", "release-date"]]
        }
        ("inventory-items", _) => &[&ASSET, &INVENTORY, &["vendor-name"]],
        ("risks", _) => &[&["false-positive", "accepted", "risk-adjusted", "priority"]],
        ("entries" | "remediations", _) => &[&["type"]],
        ("facets", _) => &[&["state"]],
        ("resources", _) => &[&["type", "version", "published"]],
        ("associated-activities" | "activities", _) => &[&["method"]],
        _ => &[],
    };
    name == ANYWHERE || names.iter().any(|list| list.contains(&name))
}

/// The values that NIST allows for one of its properties, where it lists them all.
fn values(field: &str, name: &str) -> Option<&'static [&'static str]> {
    Some(match (field, name) {
        ("remediations", "type") => {
            &["avoid", "mitigate", "transfer", "accept", "share", "contingency", "none"]
        }
        ("facets", "state") => &["initial", "adjusted"],
        ("components" | "inventory-items", "allows-authenticated-scan" | "public" | "virtual") => {
            &["yes", "no"]
        }
        ("inventory-items", "is-scanned") => &["yes", "no"],
        ("components", "implementation-point") => &["internal", "external"],
        _ => return None,
    })
}

/// Properties and facets of `node` that NIST does not name, or whose value it does not allow.
pub(super) fn names(node: &Node<'_>) -> Vec<Problem> {
    let props = node.object.get("props").and_then(Value::as_array).into_iter().flatten();
    let mut problems: Vec<Problem> = props
        .enumerate()
        .filter(|(_, prop)| prop.get("ns").and_then(Value::as_str).is_none_or(|ns| ns == NIST))
        .filter_map(|(index, prop)| property(node, index, prop))
        .collect();
    problems.extend(facet(node));
    problems
}

fn property(node: &Node<'_>, index: usize, prop: &Value) -> Option<Problem> {
    let text = |field| prop.get(field).and_then(Value::as_str).unwrap_or_default();
    let (name, value) = (text("name"), text("value"));
    let problem = |field: &str, kind, message| {
        Some(node.problem(&format!("props/{index}/{field}"), kind, message))
    };
    if !is_named(node, name) {
        let message = format!("NIST names no property \"{name}\" here; give it a namespace");
        return problem("name", ProblemKind::UnknownName, message);
    }
    if let Some(allowed) = values(node.field, name)
        && !allowed.contains(&value)
    {
        let message = format!("\"{value}\" is none of: {}", allowed.join(", "));
        return problem("value", ProblemKind::UnknownValue, message);
    }
    if (node.field, name) == ("risks", "priority") && value.parse::<i64>().is_err() {
        let message = format!("\"{value}\" is no whole number");
        return problem("value", ProblemKind::UnknownValue, message);
    }
    None
}

fn facet(node: &Node<'_>) -> Option<Problem> {
    if node.field != "facets" {
        return None;
    }
    let allowed: &[&str] = match node.text("system")? {
        NIST => &["likelihood", "impact", "risk", "severity"],
        FEDRAMP_FACETS => &["likelihood", "impact", "risk"],
        _ => return None,
    };
    let name = node.text("name")?;
    let message = format!("\"{name}\" is none of: {}", allowed.join(", "));
    (!allowed.contains(&name)).then(|| node.problem("name", ProblemKind::UnknownName, message))
}
