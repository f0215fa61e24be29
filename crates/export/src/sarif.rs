//! Items as SARIF 2.1.0 (OASIS), in the form that code-scanning services accept.
//!
//! A result for each place of each item that is not closed. What is set aside carries a suppression
//! of SARIF's own, and what somebody asked to set aside one that is under review, so that a service
//! shows it as dismissed, with the reason, and not as gone.

use crate::Register;
use crate::text::{one_line, safe_json};
use crate::weakness::{self, asked_deviation};
use quietus_model::{Confidence, Location, Severity};
use quietus_poam::{Actor, PoamItem, Sighting};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The document as indented JSON with a line break at its end.
pub fn sarif(register: &Register<'_>) -> String {
    let items: Vec<&PoamItem> =
        register.items.iter().filter(|item| item.closure.is_none()).collect();
    let mut rules: BTreeMap<&str, &PoamItem> = BTreeMap::new();
    for item in &items {
        rules.entry(item.detection.rule.as_str()).or_insert(item);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let results: Vec<Value> =
        items.iter().flat_map(|item| results(item, &index, register)).collect();
    let repositories = register.repositories();
    let complete = repositories.iter().all(|row| row.last_complete.is_some());
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Quietus",
                "semanticVersion": one_line(&register.about.version),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.values().map(|item| descriptor(item)).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": "quietus/ledger" },
            "invocations": [{ "executionSuccessful": complete, "endTimeUtc": register.now.to_string() }],
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": basis(register),
        }],
    });
    format!("{:#}\n", safe_json(document))
}

/// What ties the document to its ledger, and how much it covers.
fn basis(register: &Register<'_>) -> Value {
    let repositories: BTreeMap<String, Option<String>> = register
        .repositories()
        .into_iter()
        .map(|row| (one_line(&row.name), row.last_complete.map(|at| at.to_string())))
        .collect();
    let head = register.about.head.as_ref();
    json!({
        "audience": register.about.audience.as_str(),
        "ledgerSequence": head.map(|(sequence, _)| sequence),
        "ledgerHash": head.map(|(_, hash)| one_line(hash)),
        "lastCompleteScans": repositories,
    })
}

fn descriptor(item: &PoamItem) -> Value {
    let (kind, severity) = (&item.detection.kind, item.detection.severity);
    let name = one_line(&kind.name);
    let remedy = |text: &str| one_line(text);
    json!({
        "id": item.detection.rule.as_str(),
        "name": name,
        "shortDescription": { "text": name },
        "fullDescription": { "text": format!("A leaked credential: {name}") },
        "help": { "text": format!(
            "Rotate: {}\nRevoke: {}", remedy(&kind.remedy.rotate), remedy(&kind.remedy.revoke)
        ) },
        "defaultConfiguration": { "level": level(severity) },
        "properties": {
            "tags": ["security", "secret"],
            "precision": precision(item.detection.confidence),
            "security-severity": score(severity),
        },
    })
}

/// One result a place; an item that stands in no repository has none to show.
fn results(item: &PoamItem, index: &BTreeMap<&str, usize>, register: &Register<'_>) -> Vec<Value> {
    item.presence
        .iter()
        .map(|(id, sighting)| {
            let mut result = result(item, sighting, index, register);
            result["partialFingerprints"] = json!({
                "quietusFingerprint/v1": item.fingerprint().to_string(),
                "quietusLocation/v1": id.to_string(),
            });
            result
        })
        .collect()
}

fn result(
    item: &PoamItem,
    sighting: &Sighting,
    index: &BTreeMap<&str, usize>,
    register: &Register<'_>,
) -> Value {
    let (location, now) = (&sighting.location, register.now);
    let rule = item.detection.rule.as_str();
    let text = format!(
        "{}: {} ({}), {}; whether it works: {}.",
        item.id(),
        one_line(&item.detection.kind.name),
        item.detection.redacted,
        item.phase(),
        weakness::liveness(item, now)
    );
    let line = if location.inside.is_empty() { location.line.max(1) } else { 1 };
    let mut result = json!({
        "ruleId": rule,
        "ruleIndex": index.get(rule),
        "level": level(item.detection.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(location) },
            "region": { "startLine": line },
        }}],
        "properties": {
            "item": item.id(),
            "liveness": item.liveness(now),
            "overdue": item.is_overdue(now),
            "repository": one_line(sighting.repository_name()),
            "commit": location.introduced.as_ref().map(|first| one_line(&first.commit)),
            "atHead": location.at_head.iter().map(|head| head.as_str()).collect::<Vec<_>>(),
        },
    });
    let suppressions = suppressions(item);
    // An empty list would say that it was looked at and found not to be suppressed.
    if !suppressions.is_empty() {
        result["suppressions"] = suppressions.into();
    }
    result
}

fn suppressions(item: &PoamItem) -> Vec<Value> {
    let entry = |status: &str, kind: &str, reason: &str, by: &Actor, until: Option<String>| {
        json!({
            "kind": "external",
            "status": status,
            "justification": format!("{kind}: {}", one_line(reason)),
            "properties": { "by": one_line(&by.to_string()), "until": until },
        })
    };
    let granted = item.deviation.as_ref().map(|aside| {
        let until = Some(aside.until.to_string());
        entry("accepted", aside.kind.as_str(), &aside.reason, &aside.by, until)
    });
    let asked = asked_deviation(item).map(|(kind, pending, reason)| {
        entry("underReview", kind.as_str(), reason, &pending.by, None)
    });
    granted.into_iter().chain(asked).collect()
}

/// A relative reference (RFC 3986): everything but unreserved characters and `/` is encoded.
pub fn uri(at: &Location) -> String {
    let path = if at.path.is_empty() { "-" } else { at.path.as_str() };
    // A leading slash would make it a path of the machine that reads it.
    let mut uri = String::new();
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The level of a result of this severity.
pub fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// The scale of CVSS, as code-scanning services group by it.
pub fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    }
}

/// How seldom a rule of this confidence is wrong, in the words of code-scanning services.
pub fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}
