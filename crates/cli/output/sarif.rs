//! `scan` as SARIF 2.1.0 (OASIS), in the form that code-scanning services accept.

use super::{ScanReport, Shown};
use anyhow::Result;
use quietus_export::sarif::{level, precision, score, uri};
use quietus_model::{Location, Rule};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) fn print(report: &ScanReport) -> Result<()> {
    super::json::print_value(&document(report))
}

fn document(report: &ScanReport) -> Value {
    let mut used: BTreeMap<&str, &Rule> = BTreeMap::new();
    for shown in &report.shown {
        if let Some(rule) = report.rules.get(&shown.finding.rule) {
            used.insert(rule.id.as_str(), rule);
        }
    }
    let index: BTreeMap<&str, usize> = used.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let results: Vec<Value> = report
        .shown
        .iter()
        .flat_map(|shown| shown.finding.locations.iter().map(move |at| (shown, at)))
        .map(|(shown, at)| result(shown, at, &index, report))
        .collect();
    let complete = !report.scopes.iter().any(quietus_model::Scope::has_omissions);
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Quietus",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": used.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "invocations": [{ "executionSuccessful": complete }],
            "results": results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id.as_str(),
        "name": rule.name,
        "shortDescription": { "text": rule.name },
        "fullDescription": { "text": format!("A leaked credential: {}", rule.name) },
        "help": { "text": format!("Rotate: {}\nRevoke: {}", rule.remedy.rotate, rule.remedy.revoke) },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "tags": ["security", "secret"],
            "precision": precision(rule.confidence),
            "security-severity": score(rule.severity),
        },
    })
}

fn result(
    shown: &Shown,
    at: &Location,
    index: &BTreeMap<&str, usize>,
    report: &ScanReport,
) -> Value {
    let finding = &shown.finding;
    let id = finding.rule.as_str();
    let name = report.rules.get(&finding.rule).map_or(id, |rule| &rule.name);
    let mut text = format!("{name} ({}), {}", finding.redacted, finding.fingerprint.short());
    // Lines are those of what lies in an archive, which has none itself.
    let (mut first, mut last) = (at.line.max(1), at.end_line.max(1));
    if !at.inside.is_empty() {
        text.push_str(&format!(", in it {}:{first}", at.inside));
        (first, last) = (1, 1);
    }
    let mut result = json!({
        "ruleId": id,
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(at) },
            // Columns in SARIF count characters; ours count bytes, so the line has to do.
            "region": { "startLine": first, "endLine": last },
        }}],
        "properties": {
            "confidence": finding.confidence.as_str(),
            "repository": at.repository.as_str(),
            "tags": super::json::tags(finding),
            "commit": at.introduced.as_ref().map(|introduced| &introduced.commit),
            "inside": at.inside.as_str(),
            "decoded": at.decoded,
            "atHead": at.at_head.iter().map(|head| head.as_str()).collect::<Vec<_>>(),
        },
    });
    if let Some(at) = index.get(id) {
        result["ruleIndex"] = json!(at);
    }
    if let Some(silence) = &shown.silence {
        result["properties"]["silenced"] = json!(silence);
    }
    // Under a key of this run alone a fingerprint would make every run look new.
    if report.lasting {
        result["partialFingerprints"] =
            json!({ "quietusFingerprint/v1": finding.fingerprint.to_string() });
    }
    result
}
