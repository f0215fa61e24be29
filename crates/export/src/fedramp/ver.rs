//! Vulnerability evaluation and reporting (VER) in JSON, by FedRAMP's schemas of 2026-06-24.
//!
//! Three documents: what was active in a period, what is accepted, and everything as it is now.
//! Where a field asks for a judgement that only people can make, it is told as an estimate in the
//! supplementary information, on the cautious side; where nothing is known, it is left out.
//! What ties a document to its ledger stands under `quietus`, which the schemas allow.

use crate::text::{Moment, one_line, safe_json};
use crate::weakness::{self, changed};
use crate::{ExportError, Register};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Severity, Verdict};
use quietus_poam::{Class, DeviationKind, Event, MilestoneKind, PoamItem, Recorded};
use serde_json::{Value, json};

/// After so long from its evaluation a vulnerability that is not mitigated counts as accepted
/// (VER-TFR-MAV).
const ACCEPTED_AFTER: SignedDuration = SignedDuration::from_hours(192 * 24);

/// Which of the documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Report {
    /// What is not accepted and had activity in the period (VER-RPT-VDT).
    Detail,
    /// What is accepted and had activity in the period (VER-RPT-AVI).
    Accepted,
    /// Everything as it is now (VER-TFR-MRH).
    History,
}

/// What a report says of itself.
#[derive(Clone, PartialEq, Debug)]
pub struct VerOptions {
    /// Where the certification package overview stands: a whole URI.
    pub package: String,
    /// The first moment of the period.
    pub from: Timestamp,
    /// Its last moment.
    pub to: Timestamp,
}

/// One of the documents as indented JSON with a line break at its end.
///
/// # Errors
/// [`ExportError::NoPackage`] when the overview is no whole URI, [`ExportError::Backwards`] when the
/// period ends before it begins.
pub fn ver(
    register: &Register<'_>,
    report: Report,
    options: &VerOptions,
) -> Result<String, ExportError> {
    if !is_uri(&options.package) {
        return Err(ExportError::NoPackage { given: options.package.clone() });
    }
    if options.to < options.from {
        return Err(ExportError::Backwards { from: options.from, to: options.to });
    }
    let now = register.now;
    let (accepted, active): (Vec<&PoamItem>, Vec<&PoamItem>) =
        register.items.iter().partition(|item| acceptance(item, now).is_some());
    let in_period = |item: &&&PoamItem| was_active(item, options);
    let details = |items: &[&PoamItem]| -> Vec<Value> {
        items.iter().map(|item| detail(item, now)).collect()
    };
    let accepted_info = |items: Vec<&PoamItem>| -> Vec<Value> {
        items.iter().map(|item| accepted_detail(item, now)).collect()
    };
    let period = json!({ "from": Moment::of(options.from), "to": Moment::of(options.to) });
    let mut document = json!({ "certificationPackageOverviewUri": options.package });
    match report {
        Report::Detail => {
            let active: Vec<&PoamItem> = active.iter().filter(in_period).copied().collect();
            document["reportPeriod"] = period;
            document["vulnerabilities"] = details(&active).into();
        }
        Report::Accepted => {
            let accepted = accepted.iter().filter(in_period).copied().collect();
            document["reportPeriod"] = period;
            document["acceptedVulnerabilities"] = accepted_info(accepted).into();
        }
        Report::History => {
            document["generatedAt"] = json!(Moment::of(now));
            document["activeVulnerabilities"] = details(&active).into();
            document["acceptedVulnerabilities"] = accepted_info(accepted).into();
        }
    }
    document["quietus"] = basis(register);
    Ok(format!("{:#}\n", safe_json(document)))
}

/// A URI with a scheme and something behind it, without what no URI may hold.
fn is_uri(text: &str) -> bool {
    let refused =
        |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii() || "\"<>\\^`{|}".contains(c);
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    !text.contains(refused)
        && text.split_once("://").is_some_and(|(before, rest)| scheme(before) && !rest.is_empty())
}

fn was_active(item: &PoamItem, options: &VerOptions) -> bool {
    item.history.iter().any(|recorded| (options.from..=options.to).contains(&recorded.at))
}

/// Why it is an accepted vulnerability, if it is one.
fn acceptance(item: &PoamItem, now: Timestamp) -> Option<String> {
    if item.closure.is_some() {
        return None;
    }
    if let Some(aside) = &item.deviation {
        return match aside.kind {
            // It is none.
            DeviationKind::FalsePositive => None,
            // Somebody else must act, but it is not borne for ever.
            DeviationKind::VendorDependency => late(item, now),
            DeviationKind::RiskAccepted | DeviationKind::OperationalRequirement => Some(format!(
                "{} until {}: {}",
                aside.kind,
                weakness::day(aside.until),
                one_line(&aside.reason)
            )),
        };
    }
    late(item, now)
}

fn late(item: &PoamItem, now: Timestamp) -> Option<String> {
    let evaluated = evaluated(item)?;
    (now.duration_since(evaluated) > ACCEPTED_AFTER).then(|| {
        format!(
            "Not fully mitigated within 192 days of its evaluation on {} (VER-TFR-MAV).",
            weakness::day(evaluated)
        )
    })
}

/// When somebody first knew what it is: an issuer's clear answer, or a person's first action.
fn evaluated(item: &PoamItem) -> Option<Timestamp> {
    let tells = |recorded: &&Recorded| match &recorded.event {
        Event::Judged { judgement } => !matches!(judgement.verdict, Verdict::Indeterminate(_)),
        _ => recorded.by.person_id().is_some(),
    };
    item.history.iter().find(tells).map(|recorded| recorded.at)
}

/// The potential agency impact of a credential that works, or may: an estimate from its kind. N5
/// is for people to say.
fn impact(item: &PoamItem, now: Timestamp) -> u8 {
    let gone = item.closure.is_some() || item.liveness(now) == "dead";
    match (gone, item.class, item.detection.severity) {
        (true, ..) => 1,
        (_, Class::LivePrivileged, _) => 4,
        (_, Class::Live, Severity::Critical) => 4,
        (_, Class::Live, _) => 3,
        (_, _, Severity::Critical | Severity::High) => 3,
        (_, _, Severity::Medium | Severity::Low) => 2,
    }
}

fn detail(item: &PoamItem, now: Timestamp) -> Value {
    let dead = item.closure.is_some() || item.liveness(now) == "dead";
    let text =
        |lines: Vec<String>| lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join(" ");
    let mut detail = json!({
        "providerTrackingId": item.id(),
        "detection": {
            "detectedAt": Moment::of(item.detection.detected_at),
            "detectionSource": format!("Quietus, rule {}", item.detection.rule),
        },
        "vulnerabilityDescription": text(weakness::description(item, now)),
        "potentialAgencyImpact": format!(
            "Whoever reads it there can act as {} until its issuer denies it.",
            item.detection.kind.name
        ),
        "isLikelyExploitable": !dead,
        "currentRating": impact(item, now),
        "overdueStatus": overdue(item, now),
        "supplementaryRiskInformation": supplement(item, now),
    });
    if let Some(at) = evaluated(item) {
        detail["evaluationCompletedAt"] = json!(Moment::of(at));
    }
    if let Some((at, rating)) = next_reduction(item, now) {
        detail["projectedNextReduction"] =
            json!({ "estimatedAt": Moment::of(at), "targetRating": rating });
    }
    if let Some(disposition) = disposition(item) {
        detail["finalDisposition"] = disposition.into();
    }
    detail
}

fn accepted_detail(item: &PoamItem, now: Timestamp) -> Value {
    json!({
        "vulnerabilityDetail": detail(item, now),
        "acceptanceRationale": acceptance(item, now).unwrap_or_default(),
    })
}

fn disposition(item: &PoamItem) -> Option<&'static str> {
    if item.closure.is_some() {
        return Some("Fully Mitigated");
    }
    let aside = item.deviation.as_ref()?;
    (aside.kind == DeviationKind::FalsePositive).then_some("False Positive")
}

/// Revoking is what takes the impact away; a date that has passed promises nothing.
fn next_reduction(item: &PoamItem, now: Timestamp) -> Option<(Timestamp, u8)> {
    let revoke = item.milestone(MilestoneKind::Revoke);
    let promised = item.is_active() && !revoke.is_done() && revoke.due >= now;
    (promised && impact(item, now) > 1).then_some((revoke.due, 1))
}

fn overdue(item: &PoamItem, now: Timestamp) -> Value {
    if !item.is_overdue(now) {
        return json!({ "isOverdue": false });
    }
    let late: Vec<String> = item
        .round
        .milestones
        .iter()
        .filter(|milestone| milestone.is_overdue(now))
        .map(|milestone| format!("{} was due {}", milestone.kind, weakness::day(milestone.due)))
        .collect();
    json!({ "isOverdue": true, "explanation": format!("{}.", late.join(", ")) })
}

fn supplement(item: &PoamItem, now: Timestamp) -> String {
    format!(
        "Estimated by Quietus: {}; the rating follows from it and from the kind of credential. \
         State: {}. Whether it works: {}. Last change: {}. The value of the credential is not \
         recorded.",
        item.class,
        item.phase(),
        weakness::liveness(item, now),
        weakness::day(changed(item)),
    )
}

/// What ties the document to its ledger, and how much it covers.
fn basis(register: &Register<'_>) -> Value {
    let repositories: Vec<Value> = register
        .repositories()
        .into_iter()
        .map(|row| {
            json!({ "repository": row.name, "lastCompleteScan": row.last_complete.map(Moment::of) })
        })
        .collect();
    let ledger = register
        .about
        .head
        .as_ref()
        .map(|(sequence, hash)| json!({ "sequence": sequence, "hash": hash }));
    json!({
        "version": register.about.version,
        "system": one_line(&register.about.system_name),
        "organization": one_line(&register.about.organization),
        "audience": register.about.audience.as_str(),
        "ledger": ledger,
        "repositories": repositories,
    })
}
