//! One item as OSCAL has it: a POA&M item, its risk, its finding, its observations.

use super::OscalOptions;
use super::document::{Prop, Resource, Token};
use super::history::steps;
use super::item_document::{
    Finding, FindingStatus, FindingTarget, Item, Observation, RelatedFinding, RelatedObservation,
    RelatedRisk, Risk,
};
use super::names::{ItemNames, class_value, fingerprint_value, phase_value, prop};
use super::observation::{of_step, tool_origin};
use super::risk::{self, CONTROL_STATEMENT};
use crate::text::Markup;
use crate::weakness;
use jiff::Timestamp;
use quietus_poam::PoamItem;

/// What one item contributes to the document.
pub(super) struct Written {
    pub(super) observations: Vec<Observation>,
    pub(super) resources: Vec<Resource>,
    pub(super) risk: Risk,
    pub(super) finding: Finding,
    pub(super) item: Item,
}

pub(super) fn write(item: &PoamItem, options: &OscalOptions, now: Timestamp) -> Written {
    let steps = steps(item);
    let mut observations = Vec::new();
    let mut resources = Vec::new();
    for (observation, resource) in steps.iter().filter_map(|step| of_step(item, step, options)) {
        observations.push(observation);
        resources.extend(resource);
    }
    let related: Vec<RelatedObservation> = observations
        .iter()
        .map(|observation| RelatedObservation { observation_uuid: observation.uuid })
        .collect();
    // FedRAMP reads the date of detection from the one observation that a risk names.
    let detection = related[..1.min(related.len())].to_vec();
    Written {
        risk: risk::write(item, &steps, options, detection.clone()),
        finding: finding(item, detection),
        item: poam_item(item, related, options, now),
        observations,
        resources,
    }
}

fn finding(item: &PoamItem, related_observations: Vec<RelatedObservation>) -> Finding {
    let names = ItemNames::of(item.fingerprint());
    let (control, statement, what) = failed(item);
    let (title, state, reason) = match item.closure {
        Some(_) => (format!("{control} satisfied again"), "satisfied", "pass"),
        None => (format!("{control} not satisfied"), "not-satisfied", "fail"),
    };
    Finding {
        uuid: names.finding(),
        title: Markup::of(title),
        description: Markup::of(what),
        target: FindingTarget {
            r#type: Token::Borrowed("statement-id"),
            target_id: statement,
            status: FindingStatus {
                state: Token::Borrowed(state),
                reason: Some(Token::Borrowed(reason)),
            },
        },
        related_observations,
        related_risks: vec![RelatedRisk { risk_uuid: names.risk() }],
    }
}

/// The control that is not satisfied, its statement, and what shows that.
fn failed(item: &PoamItem) -> (String, Token, String) {
    let leaked = || {
        let (kind, redacted) = (&item.detection.kind.name, &item.detection.redacted);
        format!("An unencrypted static authenticator stood in source: {kind} ({redacted}).")
    };
    let Some(audit) = &item.audit else {
        return ("IA-5(7)".to_owned(), Token::Borrowed(CONTROL_STATEMENT), leaked());
    };
    let books = item.round.playbooks.iter();
    let mut controls = books.flat_map(|book| &book.opening.controls);
    let known = controls.find_map(|control| Some((control, risk::control_id(control)?)));
    let (control, id) =
        known.map_or(("IA-5".to_owned(), "ia-5".to_owned()), |(name, id)| (name.clone(), id));
    (control, Token::Owned(format!("{id}_smt")), audit.description.to_string())
}

fn poam_item(
    item: &PoamItem,
    related_observations: Vec<RelatedObservation>,
    options: &OscalOptions,
    now: Timestamp,
) -> Item {
    let names = ItemNames::of(item.fingerprint());
    Item {
        uuid: names.item(),
        title: Markup::of(weakness::name(item)),
        description: Markup::of(description(item)),
        props: item_props(item, options, now),
        origins: vec![tool_origin()],
        related_findings: vec![RelatedFinding { finding_uuid: names.finding() }],
        related_observations,
        related_risks: vec![RelatedRisk { risk_uuid: names.risk() }],
    }
}

fn description(item: &PoamItem) -> String {
    let found = item.detection.detected_at;
    if let Some(audit) = &item.audit {
        let (source, reference, phase) = (&audit.source, &audit.reference, item.phase());
        return format!(
            "{}, found at {found} by {source} ({reference}). It is {phase}.",
            audit.title
        );
    }
    format!(
        "{} ({}), found at {found} by the rule {}. It is {}.",
        item.detection.kind.name,
        item.detection.redacted,
        item.detection.rule,
        item.phase()
    )
}

fn item_props(item: &PoamItem, options: &OscalOptions, now: Timestamp) -> Vec<Prop> {
    let detection = &item.detection;
    let mut props = vec![
        Prop::own(prop::ID, item.id()),
        Prop::own(prop::FINGERPRINT, fingerprint_value(item.fingerprint())),
        Prop::own(prop::STATE, phase_value(item.phase())),
        Prop::own(prop::SEVERITY, detection.severity.as_str()),
        Prop::own(prop::RULE, detection.rule.as_str()),
        Prop::own(prop::DETECTED, detection.detected_at.to_string()),
        Prop::own("class", class_value(item.class)),
        Prop::own("confidence", detection.confidence.as_str()),
        Prop::own("liveness", item.liveness(now)),
        Prop::own("overdue", if item.is_overdue(now) { "yes" } else { "no" }),
        Prop::own("events", item.version.to_string()),
    ];
    if let Some(owner) = &item.owner {
        props.push(Prop::own(prop::OWNER, owner.name.as_str()));
        props.push(Prop::own("owner-basis", owner.basis.as_str()));
    }
    props.extend(item.last_asked().map(|at| Prop::own("last-asked", at.to_string())));
    if options.fedramp {
        props.push(Prop::fedramp("POAM-ID", item.id()));
    }
    props
}
