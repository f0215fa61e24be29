//! `scan` for programs: one object for each place of each credential. The names are a contract.

use super::{ScanReport, Shown, out};
use anyhow::Result;
use quietus_model::{Binding, Doubt, Finding, Judgement, Location, Silence, Verdict};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::Write;

/// One place of one credential.
#[derive(Serialize)]
struct Line<'a> {
    fingerprint: String,
    rule: &'a str,
    severity: &'a str,
    confidence: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    inside: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    commit: Option<&'a str>,
    blob: Option<&'a str>,
    author: Option<&'a str>,
    introduced: Option<String>,
    at_head: Vec<&'a str>,
    repository: &'a str,
    redacted: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    tags: Vec<&'a str>,
    verdict: Value,
    facts: Vec<Value>,
    decoded: &'a [String],
    /// Why it would not be shown, had it not turned out to be live.
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced: Option<&'a Silence>,
}

/// One line for each place.
pub(crate) fn print_lines(report: &ScanReport) -> Result<()> {
    let mut out = out();
    for line in lines(report) {
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(out.flush()?)
}

/// One object with findings, scopes and a summary.
pub(crate) fn print_document(report: &ScanReport) -> Result<()> {
    let document = json!({
        "findings": lines(report),
        "scopes": report.scopes,
        "summary": {
            "credentials": report.shown.len(),
            "hidden": report.hidden,
            "suppressions": super::silence::value(&report.suppressions),
            "rules": report.rules.digest(),
            "taken_at": report.now,
            "exit": report.exit.names(),
        },
    });
    print_value(&document)
}

/// Any value, readable.
pub(crate) fn print_value<T: Serialize + ?Sized>(value: &T) -> Result<()> {
    let mut out = out();
    writeln!(out, "{}", serde_json::to_string_pretty(value)?)?;
    Ok(out.flush()?)
}

fn lines(report: &ScanReport) -> Vec<Line<'_>> {
    report
        .shown
        .iter()
        .flat_map(|shown| shown.finding.locations.iter().map(move |at| line(shown, at)))
        .collect()
}

fn line<'a>(shown: &'a Shown, at: &'a Location) -> Line<'a> {
    let finding = &shown.finding;
    let introduced = at.introduced.as_ref();
    Line {
        fingerprint: finding.fingerprint.to_string(),
        rule: finding.rule.as_str(),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        path: at.path.as_str(),
        inside: at.inside.as_str(),
        line: at.line,
        column: at.column,
        end_line: at.end_line,
        end_column: at.end_column,
        commit: introduced.map(|introduced| introduced.commit.as_str()),
        blob: at.blob.as_deref(),
        author: introduced.map(|introduced| introduced.author.as_str()),
        introduced: introduced.map(|introduced| introduced.at.to_string()),
        at_head: at.at_head.iter().map(|head| head.as_str()).collect(),
        repository: at.repository.as_str(),
        redacted: finding.redacted.as_str(),
        secret: shown
            .secret
            .as_ref()
            .map(|secret| String::from_utf8_lossy(secret.expose()).into_owned()),
        tags: tags(finding),
        verdict: verdict(&shown.judgements),
        facts: finding
            .decoded
            .iter()
            .map(|fact| json!({ "name": fact.name, "value": fact.value }))
            .collect(),
        decoded: &at.decoded,
        silenced: shown.silence.as_ref(),
    }
}

/// The tags of every leaked credential, those of its rule, and the other rules that saw it.
pub(crate) fn tags(finding: &Finding) -> Vec<&str> {
    let own = finding.tags.iter().map(String::as_str);
    let own = own.filter(|tag| !quietus_poam::TAGS.contains(tag));
    quietus_poam::TAGS.into_iter().chain(own).collect()
}

/// The verdict over all targets: live wins, then dead if every bound target denies, else the first
/// doubt.
fn verdict(judgements: &[Judgement]) -> Value {
    let live = judgements.iter().find(|j| matches!(j.verdict, Verdict::Live(_)));
    let counts =
        |j: &&Judgement| matches!(j.verdict, Verdict::Dead(_)) && j.binding != Binding::Unbound;
    let all_dead = !judgements.is_empty() && judgements.iter().all(|j| counts(&j));
    let chosen = live.or_else(|| judgements.iter().find(|j| all_dead || !counts(j)));
    let Some(chosen) = chosen else {
        return json!({ "state": "indeterminate", "reason": Doubt::NotAsked.to_string() });
    };
    let (state, reason) = match &chosen.verdict {
        Verdict::Live(seen) => ("live", seen.sentence()),
        Verdict::Dead(seen) if all_dead => ("dead", seen.sentence()),
        Verdict::Dead(_) => ("indeterminate", Doubt::IssuerUnbound.to_string()),
        Verdict::Indeterminate(doubt) => ("indeterminate", doubt.to_string()),
    };
    json!({ "state": state, "reason": reason, "at": chosen.at })
}
