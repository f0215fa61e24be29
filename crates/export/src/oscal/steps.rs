//! Playbooks: each one a plan of its own, with a task for each step.

use super::document::{Prop, Token};
use super::item_document::{DateRange, Dependency, Remediation, ResponsibleRole, Task, Timing};
use super::metadata::{self, OWNER};
use super::names::{ItemNames, progress_value, prop};
use super::observation::tool_origin;
use super::plan::reached;
use crate::text::{Markup, Moment};
use quietus_poam::{OpenPlaybook, PoamItem, Round, Step};

/// The playbooks of a round.
pub(super) fn write(
    item: &PoamItem,
    names: &ItemNames,
    number: usize,
    round: &Round,
) -> Vec<Remediation> {
    let one = |book: &OpenPlaybook| {
        let opening = &book.opening;
        let controls = opening.controls.join(", ");
        let description = [
            format!("Opened at {}, because {}.", book.opened, opening.because),
            format!("It serves {controls}."),
        ];
        Remediation {
            uuid: names.playbook(number, &opening.playbook),
            lifecycle: Token::Borrowed("planned"),
            title: Markup::of(&opening.title),
            description: Markup::paragraphs(&description),
            props: vec![
                Prop::nist("type", "avoid"),
                Prop::own("round", (number + 1).to_string()),
                Prop::own(prop::PLAYBOOK, &opening.playbook),
                Prop::own("playbook-sha256", opening.digest.as_str()),
            ],
            origins: vec![tool_origin()],
            tasks: book.steps.iter().map(|step| task(item, names, number, book, step)).collect(),
        }
    };
    round.playbooks.iter().map(one).collect()
}

fn task(
    item: &PoamItem,
    names: &ItemNames,
    number: usize,
    book: &OpenPlaybook,
    step: &Step,
) -> Task {
    let id = |name: &str| names.step(number, &book.opening.playbook, name);
    let plan = &step.plan;
    let (date, evidence) = reached(&step.progress);
    let mut description = vec![
        format!("Done when: {}.", plan.exit.in_words()),
        format!("Whose it is: {}. What it takes: {}.", plan.role, plan.resources),
    ];
    description.extend(evidence);
    let mut props = vec![
        Prop::own("step", &plan.name),
        Prop::own("exit-test", plan.exit.as_str()),
        Prop::own("role", plan.role.as_str()),
        Prop::own(prop::PROGRESS, progress_value(&step.progress)),
        Prop::own(prop::DUE, step.due.to_string()),
        Prop::own(prop::ORIGINAL_DUE, plan.due.to_string()),
    ];
    props.extend(date.map(|date| Prop::own(prop::PROGRESS_DATE, date.to_string())));
    props.extend(plan.controls.iter().map(|control| Prop::own("control", control)));
    let owner = item.owner.iter().map(|owner| metadata::party(owner.name.as_str()));
    Task {
        uuid: id(&plan.name),
        r#type: Token::Borrowed("milestone"),
        title: Markup::of(&plan.title),
        description: Markup::paragraphs(description),
        props,
        timing: Timing {
            within_date_range: DateRange {
                start: Moment::of(book.opened.min(step.due)),
                end: Moment::of(step.due),
            },
        },
        dependencies: plan.after.iter().map(|name| Dependency { task_uuid: id(name) }).collect(),
        responsible_roles: vec![ResponsibleRole { role_id: OWNER, party_uuids: owner.collect() }],
    }
}
