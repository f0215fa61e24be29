//! Remediations: what is recommended, what is planned by when, and what was done, round by round.

use super::document::{Prop, Token};
use super::history::classes;
use super::item_document::{DateRange, Dependency, Remediation, ResponsibleRole, Task, Timing};
use super::metadata::{self, OWNER};
use super::names::{ItemNames, progress_value, prop};
use super::observation::{origin, tool_origin};
use super::steps;
use crate::text::{Markup, Moment};
use jiff::Timestamp;
use quietus_poam::{Class, Event, Milestone, MilestoneKind, PoamItem, Progress, Round};
use std::collections::BTreeMap;

/// The recommendation, then the plan of each round, each followed by what was done if it closed.
pub(super) fn write(item: &PoamItem) -> Vec<Remediation> {
    let names = ItemNames::of(item.fingerprint());
    let mut remediations = vec![recommendation(item, &names)];
    let mut completions = completions(item, &names);
    let classes = classes(item);
    for (number, round) in item.earlier_rounds.iter().chain([&item.round]).enumerate() {
        let class = classes.get(number).copied().unwrap_or(item.class);
        if item.audit.is_none() {
            remediations.push(plan(item, &names, number, round, class));
        }
        remediations.extend(steps::write(item, &names, number, round));
        remediations.extend(completions.remove(&number));
    }
    remediations
}

/// What was done in each round that closed.
fn completions(item: &PoamItem, names: &ItemNames) -> BTreeMap<usize, Remediation> {
    let mut number = 0;
    let mut completions = BTreeMap::new();
    for recorded in &item.history {
        match &recorded.event {
            Event::Reopened { .. } => number += 1,
            Event::Closed { basis, dead_since, evidence } => {
                let first = format!(
                    "Closed at {} as {}; dead since {dead_since}.",
                    recorded.at,
                    basis.as_str()
                );
                let completion = Remediation {
                    uuid: names.completion(number),
                    lifecycle: Token::Borrowed("completed"),
                    title: Markup::of("What was done"),
                    description: Markup::paragraphs(std::iter::once(&first).chain(evidence)),
                    props: vec![Prop::nist("type", "avoid")],
                    origins: vec![origin(recorded)],
                    tasks: Vec::new(),
                };
                completions.insert(number, completion);
            }
            _ => {}
        }
    }
    completions
}

fn recommendation(item: &PoamItem, names: &ItemNames) -> Remediation {
    if let Some(audit) = &item.audit {
        return Remediation {
            uuid: names.recommendation(),
            lifecycle: Token::Borrowed("recommendation"),
            title: Markup::of(format!("What {} found", audit.source)),
            description: Markup::of(audit.description.as_str()),
            props: vec![Prop::nist("type", "avoid")],
            origins: vec![tool_origin()],
            tasks: Vec::new(),
        };
    }
    let steps = item.order().map(|kind| format!("{}: {}", title(kind), item.instruction(kind)));
    let after = item.detection.kind.remedy.after_revoke.iter();
    let after = after.map(|text| format!("After it is dead: {text}"));
    Remediation {
        uuid: names.recommendation(),
        lifecycle: Token::Borrowed("recommendation"),
        title: Markup::of(format!("How to end a leaked {}", item.detection.kind.name)),
        description: Markup::paragraphs(steps.into_iter().chain(after)),
        props: vec![Prop::nist("type", "avoid")],
        origins: vec![tool_origin()],
        tasks: Vec::new(),
    }
}

fn plan(
    item: &PoamItem,
    names: &ItemNames,
    number: usize,
    round: &Round,
    class: Class,
) -> Remediation {
    let mut description = vec![format!(
        "Rotate, revoke, remove, retest: begun at {}, with the dates of a credential that is {class}.",
        round.began
    )];
    description.extend(round.reason.iter().map(|reason| format!("Opened again because {reason}.")));
    let order = order(class);
    Remediation {
        uuid: names.plan(number),
        lifecycle: Token::Borrowed("planned"),
        title: Markup::of(match number {
            0 => "Plan".to_owned(),
            again => format!("Plan of round {}", again + 1),
        }),
        description: Markup::paragraphs(description),
        props: vec![
            Prop::nist("type", "avoid"),
            Prop::own("round", (number + 1).to_string()),
            Prop::own(prop::BEGAN, round.began.to_string()),
        ],
        origins: vec![tool_origin()],
        tasks: order
            .into_iter()
            .map(|kind| {
                let milestone = &round.milestones[kind as usize];
                task(item, names, number, round.began, milestone, &order)
            })
            .collect(),
    }
}

/// What is live and privileged is revoked before it is replaced.
fn order(class: Class) -> [MilestoneKind; 4] {
    let mut order = MilestoneKind::ALL;
    if class >= Class::LivePublic {
        order.swap(0, 1);
    }
    order
}

fn task(
    item: &PoamItem,
    names: &ItemNames,
    number: usize,
    began: Timestamp,
    milestone: &Milestone,
    order: &[MilestoneKind; 4],
) -> Task {
    let kind = milestone.kind;
    let (date, evidence) = reached(&milestone.progress);
    let mut description = vec![item.instruction(kind), format!("Done when: {}.", kind.exit_test())];
    description.extend(evidence);
    let mut props = vec![
        Prop::own(prop::MILESTONE, kind.as_str()),
        Prop::own(prop::PROGRESS, progress_value(&milestone.progress)),
        Prop::own(prop::DUE, milestone.due.to_string()),
        Prop::own(prop::ORIGINAL_DUE, milestone.original_due.to_string()),
    ];
    props.extend(date.map(|date| Prop::own(prop::PROGRESS_DATE, date.to_string())));
    let before: &[MilestoneKind] = match kind {
        MilestoneKind::Retest => &[MilestoneKind::Revoke, MilestoneKind::Remove],
        second if second == order[1] => &order[..1],
        _ => &[],
    };
    let dependency = |kind: &MilestoneKind| Dependency { task_uuid: names.task(number, *kind) };
    Task {
        uuid: names.task(number, kind),
        r#type: Token::Borrowed("milestone"),
        title: Markup::of(title(kind)),
        description: Markup::paragraphs(description),
        props,
        timing: Timing {
            within_date_range: DateRange {
                // A survey that was taken long before it was recorded can be overdue at once.
                start: Moment::of(began.min(milestone.due)),
                end: Moment::of(milestone.due),
            },
        },
        dependencies: before.iter().map(dependency).collect(),
        responsible_roles: vec![ResponsibleRole {
            role_id: OWNER,
            party_uuids: item
                .owner
                .iter()
                .map(|owner| metadata::party(owner.name.as_str()))
                .collect(),
        }],
    }
}

/// When a milestone came to where it is, and what shows it.
pub(super) fn reached(progress: &Progress) -> (Option<Timestamp>, Option<String>) {
    match progress {
        Progress::Planned => (None, None),
        Progress::InProgress { since } => (Some(*since), None),
        Progress::Claimed { by, at, note } => {
            (Some(*at), Some(format!("Claimed done by {by}: {note}")))
        }
        Progress::Verified { on, evidence } => {
            (Some(*on), Some(format!("Verified: {}", evidence.summary)))
        }
        Progress::Waived { by, at, reason } => {
            (Some(*at), Some(format!("Waived by {by}: {reason}")))
        }
    }
}

fn title(kind: MilestoneKind) -> &'static str {
    match kind {
        MilestoneKind::Rotate => "Rotate",
        MilestoneKind::Revoke => "Revoke",
        MilestoneKind::Remove => "Remove",
        MilestoneKind::Retest => "Retest",
    }
}
