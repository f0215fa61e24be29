//! The risk log: every event of an item, in a sentence, with who, when, and what it changed.

use super::document::{Prop, Token};
use super::history::Step;
use super::item_document::{LogEntry, LoggedBy, RelatedResponse, RelatedTask};
use super::names::ItemNames;
use super::{OscalOptions, metadata};
use crate::story::{heading, sentence};
use crate::text::{Markup, Moment};
use quietus_poam::{
    Actor, DeviationKind, Event, MilestoneKind, PoamItem, Request, StepChange, Subject,
};

pub(super) fn entry(item: &PoamItem, step: &Step<'_>, options: &OscalOptions) -> LogEntry {
    let recorded = step.recorded;
    let names = ItemNames::of(item.fingerprint());
    let types = types(&recorded.event).iter();
    let mut props: Vec<Prop> = types.map(|kind| Prop::nist("type", kind)).collect();
    props.push(Prop::own("event", (step.index + 1).to_string()));
    props.push(Prop::own("policy-sha256", recorded.policy.as_str()));
    if let Actor::Person { claims, authenticated, .. } = &recorded.by {
        props.push(Prop::own("authenticated", if *authenticated { "yes" } else { "no" }));
        props.extend(claims.iter().map(|name| Prop::own("claims-to-be", name)));
    }
    let (party_uuid, role_id) = metadata::actor(&recorded.by, options);
    let related = milestone(&recorded.event).map(|kind| RelatedResponse {
        response_uuid: names.plan(step.round),
        related_tasks: vec![RelatedTask { task_uuid: names.task(step.round, kind) }],
    });
    LogEntry {
        uuid: names.entry(step.index),
        title: Markup::of(heading(&recorded.event)),
        description: Markup::of(sentence(item, &recorded.event)),
        start: Moment::of(recorded.at),
        props,
        logged_by: vec![LoggedBy { party_uuid, role_id: Some(role_id) }],
        status_change: step.status_change.map(Token::Borrowed),
        related_responses: related.into_iter().collect(),
    }
}

/// The milestone an event is about.
fn milestone(event: &Event) -> Option<MilestoneKind> {
    match event {
        Event::Started { milestone }
        | Event::Claimed { milestone, .. }
        | Event::Verified { milestone, .. }
        | Event::Waived { milestone, .. }
        | Event::Regressed { milestone, .. }
        | Event::Extended { milestone, .. }
        | Event::Requested { request: Request::Extension { milestone, .. }, .. }
        | Event::Granted { subject: Subject::Extension(milestone), .. }
        | Event::Declined { subject: Subject::Extension(milestone), .. } => Some(*milestone),
        _ => None,
    }
}

/// What NIST calls such an entry; it may be several things at once.
fn types(event: &Event) -> &'static [&'static str] {
    match event {
        Event::Verified { milestone: MilestoneKind::Revoke, .. } => {
            &["milestone-complete", "remediated"]
        }
        Event::Verified { .. }
        | Event::Waived { .. }
        | Event::StepMoved {
            change: StepChange::Verified { .. } | StepChange::Waived { .. },
            ..
        } => &["milestone-complete"],
        Event::LeftHead { .. } | Event::Absent { .. } | Event::Revoked { .. } => &["mitigation"],
        Event::Requested { request: Request::Deviation { .. }, .. } => &["dr-submission"],
        Event::Declined { subject: Subject::Deviation, .. } => &["dr-rejected"],
        Event::Deviated { deviation: DeviationKind::VendorDependency, .. } => {
            &["dr-approved", "vendor-check-in"]
        }
        Event::Deviated { .. } => &["dr-approved"],
        Event::Closed { .. } => &["closed"],
        _ => &["status-update"],
    }
}
