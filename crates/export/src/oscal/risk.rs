//! The risk that a leaked credential is: how grave, how likely, by when it must end.

use super::document::{Prop, Token};
use super::history::Step;
use super::item_document::{Characterization, Facet, RelatedObservation, Risk, RiskLog, ThreatId};
use super::names::{
    FEDRAMP_FACETS, ItemNames, NIST, class_value, fingerprint_value, hyphened, prop, risk_status,
};
use super::observation::tool_origin;
use super::{OscalOptions, log, plan};
use crate::text::{Markup, Moment};
use crate::weakness;
use quietus_model::{Severity, plural};
use quietus_poam::{Class, DeviationKind, Event, PoamItem, Request, Subject};

/// The statement of NIST SP 800-53 that a leaked credential breaks: IA-5(7), no embedded
/// unencrypted static authenticators.
pub(super) const CONTROL_STATEMENT: &str = "ia-5.7_smt";

pub(super) fn write(
    item: &PoamItem,
    steps: &[Step<'_>],
    options: &OscalOptions,
    related_observations: Vec<RelatedObservation>,
) -> Risk {
    let names = ItemNames::of(item.fingerprint());
    let (description, statement) = words(item);
    let milestones = item.round.milestones.iter().filter(|_| item.audit.is_none());
    let dates = milestones.map(|m| m.due).chain(item.steps().map(|(_, step)| step.due));
    Risk {
        uuid: names.risk(),
        title: Markup::of(format!("{} ({})", weakness::name(item), item.id())),
        description: Markup::of(description),
        statement: Markup::of(statement),
        props: props(item, options),
        status: Token::Borrowed(risk_status(item)),
        origins: vec![tool_origin()],
        threat_ids: threat_ids(item),
        characterizations: characterizations(item, options),
        deadline: dates.max().map(Moment::of),
        remediations: plan::write(item),
        risk_log: Some(RiskLog {
            entries: steps.iter().map(|step| log::entry(item, step, options)).collect(),
        }),
        related_observations,
    }
}

/// What is wrong, and what may come of it.
fn words(item: &PoamItem) -> (String, String) {
    if let Some(audit) = &item.audit {
        let affects: Vec<&str> = audit.affects.iter().map(|one| one.as_str()).collect();
        let affects = if affects.is_empty() { "not told".to_owned() } else { affects.join(", ") };
        let seen = catalogued(item).join(", ");
        return (audit.description.to_string(), format!("It affects: {affects}. See {seen}."));
    }
    let detection = &item.detection;
    let repositories: Vec<&str> =
        item.presence.repositories().iter().map(|id| id.as_str()).collect();
    let repositories = match repositories.as_slice() {
        [] => "no repository".to_owned(),
        names => names.join(", "),
    };
    let description = format!(
        "{} ({}), readable now or before in {} of: {repositories}.",
        detection.kind.name,
        detection.redacted,
        plural(item.presence.len() as u64, "place"),
    );
    let statement = format!(
        "Whoever can read those places can act with this credential until its issuer denies \
         it; taking it out of the files does not end that. Whether it works: {}. See {}.",
        item.class,
        catalogued(item).join(", ")
    );
    (description, statement)
}

fn props(item: &PoamItem, options: &OscalOptions) -> Vec<Prop> {
    let mut props = vec![
        Prop::own(prop::FINGERPRINT, fingerprint_value(item.fingerprint())),
        Prop::own("class", class_value(item.class)),
    ];
    for tag in item.tags() {
        props.push(Prop::own(tag_name(&tag), &tag));
        if options.fedramp {
            let control = control_id(&tag);
            props.extend(control.map(|id| Prop::fedramp("impacted-control-id", id)));
        }
    }
    let Some(deviation) = &item.deviation else {
        props.extend(requested(item).filter(|_| options.fedramp));
        return props;
    };
    match deviation.kind {
        DeviationKind::FalsePositive => props.push(Prop::nist("false-positive", "true")),
        DeviationKind::RiskAccepted => props.push(Prop::nist("accepted", "true")),
        DeviationKind::OperationalRequirement | DeviationKind::VendorDependency => {}
    }
    props.extend([
        Prop::own(prop::DEVIATION, hyphened(deviation.kind.as_str())),
        Prop::own("deviation-until", deviation.until.to_string()),
        Prop::own("deviation-by", deviation.by.to_string()),
        Prop::own("deviation-reason", &deviation.reason),
    ]);
    if options.fedramp {
        props.extend(match deviation.kind {
            DeviationKind::FalsePositive => Some(Prop::fedramp("false-positive", "approved")),
            DeviationKind::OperationalRequirement => {
                Some(Prop::fedramp("operational-requirement", "approved"))
            }
            DeviationKind::VendorDependency => Some(Prop::fedramp("vendor-dependency", "tracking")),
            // FedRAMP knows no acceptance of a risk as it is.
            DeviationKind::RiskAccepted => None,
        });
    }
    props
}

/// The deviation that waits for a decision, as FedRAMP names it.
fn requested(item: &PoamItem) -> Option<Prop> {
    let Request::Deviation { deviation, .. } = item.pending(&Subject::Deviation)?.request else {
        return None;
    };
    match deviation {
        DeviationKind::FalsePositive => Some(Prop::fedramp("false-positive", "pending")),
        DeviationKind::OperationalRequirement => {
            Some(Prop::fedramp("operational-requirement", "pending"))
        }
        DeviationKind::VendorDependency => {
            Some(Prop::fedramp("vendor-dependency", "investigating"))
        }
        DeviationKind::RiskAccepted => None,
    }
}

/// The tags that stand in a catalogue, where a reader can look them up; others name rules.
fn catalogued(item: &PoamItem) -> Vec<String> {
    item.tags().into_iter().filter(|tag| tag_name(tag) != "tag").collect()
}

/// Under which of our names a tag stands.
fn tag_name(tag: &str) -> &'static str {
    if tag.starts_with("CWE-") {
        "cwe"
    } else if tag.starts_with("NHI") {
        "owasp-nhi"
    } else if technique(tag).is_some() {
        "attack"
    } else if control_id(tag).is_some() {
        "control"
    } else {
        "tag"
    }
}

/// Whether a tag names a control of NIST SP 800-53.
pub(crate) fn is_control(tag: &str) -> bool {
    control_id(tag).is_some()
}

/// `IA-5(7)` as OSCAL writes it: `ia-5.7`.
pub(super) fn control_id(tag: &str) -> Option<String> {
    let (family, rest) = tag.split_once('-')?;
    let (number, enhancement) = match rest.split_once('(') {
        Some((number, rest)) => (number, Some(rest.strip_suffix(')')?)),
        None => (rest, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_family = family.len() == 2 && family.bytes().all(|b| b.is_ascii_uppercase());
    if !is_family || !is_number(number) || !enhancement.is_none_or(is_number) {
        return None;
    }
    let suffix = enhancement.map(|number| format!(".{number}")).unwrap_or_default();
    Some(format!("{}-{number}{suffix}", family.to_ascii_lowercase()))
}

/// The page of an ATT&CK technique: `T1552.001`.
fn technique(tag: &str) -> Option<String> {
    let digits = tag.strip_prefix('T')?;
    let is_id = digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_id.then(|| format!("https://attack.mitre.org/techniques/{}/", tag.replace('.', "/")))
}

fn threat_ids(item: &PoamItem) -> Vec<ThreatId> {
    let system = Token::Borrowed("https://attack.mitre.org");
    let ids = item.tags();
    let ids = ids.iter().filter_map(|tag| technique(tag));
    ids.map(|id| ThreatId { system: system.clone(), id }).collect()
}

/// As first identified, and as adjusted where a better rule or the issuer's answer changed it.
fn characterizations(item: &PoamItem, options: &OscalOptions) -> Vec<Characterization> {
    let now = (item.detection.severity, item.class);
    let first = item.history.iter().find_map(|recorded| match &recorded.event {
        Event::Opened { detection, class, .. } => Some((detection.severity, *class)),
        _ => None,
    });
    let first = first.unwrap_or(now);
    let mut characterizations = vec![characterization(first, "initial", options)];
    if first != now {
        characterizations.push(characterization(now, "adjusted", options));
    }
    characterizations
}

fn characterization(
    (severity, class): (Severity, Class),
    state: &'static str,
    options: &OscalOptions,
) -> Characterization {
    let system = if options.fedramp { FEDRAMP_FACETS } else { NIST };
    let facet = |name, system, value| Facet {
        name: Token::Borrowed(name),
        system: Token::Borrowed(system),
        value: Token::Borrowed(value),
        props: vec![Prop::nist("state", state)],
    };
    Characterization {
        origin: tool_origin(),
        facets: vec![
            facet("severity", NIST, severity.as_str()),
            facet("likelihood", system, likelihood(class)),
            facet("impact", system, impact(severity)),
        ],
    }
}

fn impact(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "moderate",
        Severity::High | Severity::Critical => "high",
    }
}

fn likelihood(class: Class) -> &'static str {
    match class {
        Class::Dead | Class::Dummy => "low",
        Class::Unknown => "moderate",
        Class::Live | Class::LivePublic | Class::LivePrivileged => "high",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_under_the_name_of_their_catalogue() {
        let names: Vec<&str> = quietus_poam::TAGS.iter().map(|tag| tag_name(tag)).collect();
        assert_eq!(names, ["control", "control", "owasp-nhi", "cwe", "attack"]);
        assert_eq!(tag_name("Terraform"), "tag");
        assert_eq!(tag_name("my-5"), "tag");
    }

    #[test]
    fn controls_and_techniques_are_written_as_their_catalogues_do() {
        assert_eq!(control_id("IA-5(7)").as_deref(), Some("ia-5.7"));
        assert_eq!(control_id("AC-2").as_deref(), Some("ac-2"));
        assert_eq!(control_id("IA-5(7"), None);
        assert_eq!(
            technique("T1552.001").as_deref(),
            Some("https://attack.mitre.org/techniques/T1552/001/")
        );
    }
}
