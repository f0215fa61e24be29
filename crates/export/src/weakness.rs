//! An item in the words of a POA&M: what every table says of it, whatever its columns are called.

use crate::oscal::is_control;
use jiff::Timestamp;
use quietus_model::Severity;
use quietus_poam::{Class, DeviationKind, Event, Pending, PoamItem, Request, Subject};
use std::cmp::Reverse;

/// How grave a weakness is, on the scale of FIPS 199.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rating {
    /// Low.
    Low,
    /// Moderate.
    Moderate,
    /// High.
    High,
}

impl Rating {
    /// As FedRAMP and eMASS write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Moderate => "Moderate",
            Self::High => "High",
        }
    }

    /// What works is high, whatever it opens.
    fn of(severity: Severity, class: Class) -> Self {
        match (severity, class) {
            (_, Class::Live | Class::LivePublic | Class::LivePrivileged) => Self::High,
            (Severity::Critical | Severity::High, _) => Self::High,
            (Severity::Medium, _) => Self::Moderate,
            (Severity::Low, _) => Self::Low,
        }
    }
}

/// As it was rated when it was found. Never changes.
pub(crate) fn original_rating(item: &PoamItem) -> Rating {
    let opening = item.history.iter().find_map(|recorded| match &recorded.event {
        Event::Opened { detection, class, .. } => Some(Rating::of(detection.severity, *class)),
        _ => None,
    });
    opening.unwrap_or_else(|| rating(item))
}

/// As it is rated now.
pub(crate) fn rating(item: &PoamItem) -> Rating {
    Rating::of(item.detection.severity, item.class)
}

/// `GitHub token leaked in git.example.org/team/app and 2 more`.
pub(crate) fn name(item: &PoamItem) -> String {
    if let Some(audit) = &item.audit {
        return audit.title.to_string();
    }
    let repositories = item.repository_names();
    let place = match (repositories.first(), repositories.len()) {
        (None, _) => String::new(),
        (Some(first), 1) => format!(" in {first}"),
        (Some(first), many) => format!(" in {first} and {} more", many - 1),
    };
    format!("{} leaked{place}", item.detection.kind.name)
}

/// So many places are told; more are counted.
const PLACES: usize = 40;

/// What leaked, where, and whether it works: a paragraph for each line.
pub(crate) fn description(item: &PoamItem, now: Timestamp) -> Vec<String> {
    let detection = &item.detection;
    if let Some(audit) = &item.audit {
        let affects = audit.affects.iter().map(|one| format!("It affects {one}."));
        let found = format!("Found by {} ({}).", audit.source, audit.reference);
        return [audit.description.to_string(), found].into_iter().chain(affects).collect();
    }
    let mut lines = vec![format!(
        "An unencrypted static authenticator stands in source: {} ({}), found by the rule {}. The \
         value itself is never recorded.",
        detection.kind.name, detection.redacted, detection.rule
    )];
    lines.push(format!("Whether it works: {}.", liveness(item, now)));
    let places = places(item);
    lines.extend(places.iter().take(PLACES).map(|place| format!("Seen in {place}.")));
    if places.len() > PLACES {
        lines.push(format!("And in {} more places.", places.len() - PLACES));
    }
    lines
}

/// What the issuers say of it now, in a few words.
pub(crate) fn liveness(item: &PoamItem, now: Timestamp) -> String {
    let asked = match item.last_asked() {
        Some(at) => format!("last asked {}", day(at)),
        None => "its issuer was never asked".to_owned(),
    };
    match item.liveness(now) {
        "live" => format!("yes, its issuer accepts it ({asked})"),
        "dead" => format!("its issuer denies it ({asked})"),
        _ => format!("not known ({asked})"),
    }
}

/// Every place of it: repository, path and line, the commit that brought it, the heads that hold it.
pub(crate) fn places(item: &PoamItem) -> Vec<String> {
    let mut places: Vec<String> = item
        .presence
        .iter()
        .map(|(_, sighting)| {
            let location = &sighting.location;
            let mut text = format!("{}, {}", sighting.repository_name(), location.display());
            if let Some(introduced) = &location.introduced {
                text.push_str(&format!(", since commit {}", introduced.commit));
            }
            let heads: Vec<&str> = location.at_head.iter().map(|head| head.as_str()).collect();
            text.push_str(&match heads.is_empty() {
                true => ", at no head".to_owned(),
                false => format!(", at {}", heads.join(" ")),
            });
            text
        })
        .collect();
    places.sort();
    places.dedup();
    places
}

/// The repositories that hold or held it; what stood in none is told as such.
pub(crate) fn assets(item: &PoamItem) -> Vec<String> {
    let names: Vec<String> = item.repository_names().into_iter().collect();
    if names.is_empty() { vec!["no repository (standard input)".to_owned()] } else { names }
}

/// The controls of NIST SP 800-53 that it breaks, as `IA-5(7)`.
pub(crate) fn controls(item: &PoamItem) -> Vec<String> {
    item.tags().into_iter().filter(|tag| is_control(tag)).collect()
}

/// Who sees to it; where nobody does, the organisation as a whole.
pub(crate) fn contact(item: &PoamItem, organization: &str) -> String {
    match &item.owner {
        Some(owner) => owner.name.to_string(),
        None => format!("Nobody yet - {organization}"),
    }
}

/// What is to be done, in order, in the words of the rule that recognised it first.
pub(crate) fn plan(item: &PoamItem) -> Vec<String> {
    let milestones = item.order().into_iter().filter(|_| item.audit.is_none());
    let steps = item.steps().map(|(id, step)| format!("{} ({id})", step.plan.title));
    let all = milestones.map(|kind| item.instruction(kind)).chain(steps);
    all.enumerate().map(|(at, what)| format!("{}. {what}", at + 1)).collect()
}

/// The deviation that waits for a decision.
pub(crate) fn asked_deviation(item: &PoamItem) -> Option<(DeviationKind, &Pending, &str)> {
    let pending = item.pending(&Subject::Deviation)?;
    match &pending.request {
        Request::Deviation { deviation, reason, .. } => Some((*deviation, pending, reason)),
        Request::Extension { .. } | Request::StepExtension { .. } => None,
    }
}

/// When the item last changed: closing, or its newest event.
pub(crate) fn changed(item: &PoamItem) -> Timestamp {
    let newest = item.history.last().map_or(item.detection.detected_at, |recorded| recorded.at);
    item.closure.as_ref().map_or(newest, |closure| closure.at)
}

/// What comes first where items are listed: live, then overdue, then by date, then by number.
pub(crate) fn urgency(item: &PoamItem, now: Timestamp) -> impl Ord + use<> {
    let due = item.next_milestone().map_or(Timestamp::MAX, |milestone| milestone.due);
    let first = [item.liveness(now) == "live", item.is_overdue(now)].map(Reverse);
    (first, due, item.number)
}

/// A day in UTC that every format can write: `2026-01-31`.
pub(crate) fn day(at: Timestamp) -> String {
    crate::words::day(crate::text::Moment::of(at).timestamp())
}
