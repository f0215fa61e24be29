//! The risk log: every event of an item, in a sentence, with who, when, and what it changed.

use super::document::{Prop, Token};
use super::history::{Step, place};
use super::item_document::{LogEntry, LoggedBy, RelatedResponse, RelatedTask};
use super::names::ItemNames;
use super::{OscalOptions, metadata};
use crate::text::{Markup, Moment};
use quietus_model::{Digest, Judgement, Verdict};
use quietus_poam::{
    Actor, DeviationKind, Event, MilestoneKind, PoamItem, Request, StepChange, StepId, Subject,
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

fn heading(event: &Event) -> &'static str {
    match event {
        Event::Opened { .. } => "Opened",
        Event::Sighted { .. } => "Sighted",
        Event::LeftHead { .. } => "Left every head",
        Event::Absent { .. } => "Absent",
        Event::Judged { .. } => "Issuer asked",
        Event::Reclassified { .. } => "Recognised by another rule",
        Event::Escalated { .. } => "Escalated",
        Event::Assigned { .. } => "Assigned",
        Event::Started { .. } => "Milestone begun",
        Event::Claimed { .. } => "Milestone claimed",
        Event::Verified { .. } => "Milestone verified",
        Event::Waived { .. } => "Milestone waived",
        Event::Regressed { .. } => "Milestone moved back",
        Event::Extended { .. } => "Milestone extended",
        Event::Revoked { .. } => "Revoked by its issuer",
        Event::Bound { .. } => "Issuer bound",
        Event::Unbound { .. } => "Issuer unbound",
        Event::Attested { .. } => "Attested",
        Event::CauseFound { .. } => "Root cause found",
        Event::ImpactChecked { .. } => "Impact checked",
        Event::Requested { .. } => "Decision asked for",
        Event::Granted { .. } => "Granted",
        Event::Declined { .. } => "Declined",
        Event::Deviated { .. } => "Set aside",
        Event::DeviationEnded { .. } => "No longer set aside",
        Event::Approved { .. } => "Closure approved",
        Event::Closed { .. } => "Closed",
        Event::Reopened { .. } => "Reopened",
        Event::PlaybookOpened { .. } => "Playbook opened",
        Event::StepMoved { .. } => "Step of a playbook",
        Event::Noted { .. } => "Note",
    }
}

/// What happened, in a sentence.
fn sentence(item: &PoamItem, event: &Event) -> String {
    match event {
        Event::Opened { audit: Some(audit), .. } => {
            format!("{} found it ({}): {}", audit.source, audit.reference, audit.description)
        }
        Event::Opened { detection, class, .. } => {
            let kind = &detection.kind.name;
            format!("{kind} found by the rule {}. Whether it works: {class}.", detection.rule)
        }
        Event::Sighted { location, .. } => {
            format!("Seen at {} in {}.", location.display(), location.repository)
        }
        Event::LeftHead { location, .. } => {
            format!("No head holds it any more: {}.", place(item, location))
        }
        Event::Absent { location, .. } => format!("Not seen any more: {}.", place(item, location)),
        Event::Judged { judgement } => judged(judgement),
        Event::Reclassified { rule, kind, severity, .. } => {
            format!("The rule {rule} takes it for: {}, {severity}.", kind.name)
        }
        Event::Escalated { class, .. } => {
            format!("It turned out to be {class}: dates move closer.")
        }
        Event::Assigned { owner } => {
            format!("{} is to see to it ({}).", owner.name, owner.basis.as_str())
        }
        Event::Started { milestone } => format!("Work on {milestone} began."),
        Event::Claimed { milestone, note } => format!("{milestone} is said to be done: {note}"),
        Event::Verified { milestone, on, evidence } => {
            format!("{milestone} is verified as of {on}: {}", evidence.summary)
        }
        Event::Waived { milestone, reason } => format!("{milestone} need not be done: {reason}"),
        Event::Regressed { milestone, reason } => {
            format!("{milestone} is not done after all: {reason}")
        }
        Event::Extended { milestone, due, reason } => {
            format!("{milestone} is now due at {due}: {reason}")
        }
        Event::Revoked { receipt } => {
            format!("{} answered that it revoked it: {}.", receipt.target, receipt.sentence())
        }
        Event::Bound { target, note } => format!("The credential works at {target}: {note}"),
        Event::Unbound { target, note } => {
            format!("The credential was never one of {target} after all: {note}")
        }
        Event::Attested { attestation } => {
            format!("{} states: {}", attestation.by, attestation.note)
        }
        Event::Deviated { deviation, reason, until } => {
            format!("Set aside as {deviation} until {until}: {reason}")
        }
        Event::DeviationEnded { reason } => format!("It is active again: {reason}"),
        Event::CauseFound { cause, note, digest } => {
            format!("How it leaked: {cause}. {note}{}", shown_by(digest.as_ref()))
        }
        Event::ImpactChecked { impact, note, digest } => {
            format!("Looked for its use: {impact}. {note}{}", shown_by(digest.as_ref()))
        }
        Event::Requested { request, proposer: None } => format!("Asked for: {request}"),
        Event::Requested { request, proposer: Some(name) } => {
            format!("Asked for by a file of suppressions, in the name of {name}: {request}")
        }
        Event::Granted { subject, note, break_glass } => {
            format!("What was asked for is granted ({subject}){}: {note}", glass(break_glass))
        }
        Event::Declined { subject, reason } => {
            format!("What was asked for is not granted ({subject}): {reason}")
        }
        Event::Approved { note, break_glass } => {
            format!("Closing is approved{}: {note}", glass(break_glass))
        }
        Event::Closed { basis, dead_since, evidence } => {
            let basis = basis.as_str();
            format!("Closed as {basis}; dead since {dead_since}: {}", evidence.join("; "))
        }
        Event::Reopened { reason, class, .. } => {
            format!("Open again, because {reason}. Its dates are those of: {class}.")
        }
        Event::PlaybookOpened { opening } => {
            format!("The playbook {} is followed, because {}.", opening.title, opening.because)
        }
        Event::StepMoved { step, change } => step_moved(step, change),
        Event::Noted { note } => note.clone(),
    }
}

fn step_moved(step: &StepId, change: &StepChange) -> String {
    match change {
        StepChange::Started => format!("Work on {step} began."),
        StepChange::Claimed { note, digest, break_glass } => format!(
            "{step} is said to be done{}: {note}{}",
            glass(break_glass),
            shown_by(digest.as_ref())
        ),
        StepChange::Verified { summary } => format!("{step} is verified: {summary}"),
        StepChange::Waived { reason } => format!("{step} need not be done: {reason}"),
        StepChange::Regressed { reason } => format!("{step} is not done after all: {reason}"),
        StepChange::Extended { due, reason } => format!("{step} is now due at {due}: {reason}"),
    }
}

fn glass(why: &Option<String>) -> String {
    why.as_ref().map_or(String::new(), |why| format!(" (break-glass: {why})"))
}

fn shown_by(digest: Option<&Digest>) -> String {
    digest.map_or(String::new(), |digest| format!(" Shown by a file of SHA-256 {digest}."))
}

fn judged(judgement: &Judgement) -> String {
    let target = &judgement.target;
    match &judgement.verdict {
        Verdict::Live(answer) => format!("{target} accepted it: {}.", answer.sentence()),
        Verdict::Dead(answer) => format!("{target} denied it: {}.", answer.sentence()),
        Verdict::Indeterminate(doubt) => format!("{target} told nothing: {doubt}."),
    }
}
