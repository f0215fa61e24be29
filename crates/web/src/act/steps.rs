//! What can be done to the steps of playbooks now.

use super::asking::{Asking, SAMPLE, choice, date, later, text};
use super::{Deed, Field};
use quietus_model::Digest;
use quietus_poam::{Action, ExitTest, StepDeed, StepId};

/// What is to be filled in for `deed`, or why it cannot be done.
pub(super) fn fields(asking: &Asking<'_>, deed: Deed) -> Result<Vec<Field>, String> {
    let sample = || SAMPLE.to_owned();
    let field = |what: &dyn Fn(&StepId) -> StepDeed| step(asking, what);
    match deed {
        Deed::StepClaim => claim(asking),
        Deed::StepWaive => {
            let field = field(&|_| StepDeed::Waive { reason: sample() })?;
            Ok(vec![field, text("reason", "Why")])
        }
        Deed::StepExtend => {
            let due = |id: &StepId| {
                let found = asking.item.steps().find(|(other, _)| other == id);
                later(found.map_or(asking.now, |(_, step)| step.due.max(asking.now)))
            };
            let field = field(&|id| StepDeed::Extend { due: due(id), reason: sample() })?;
            Ok(vec![field, date("due", "The new date", true), text("reason", "Why")])
        }
        _ => Ok(vec![field(&|_| StepDeed::Start)?]),
    }
}

/// Whoever approves or confirms must be independent, so that each step is asked for by itself.
fn claim(asking: &Asking<'_>) -> Result<Vec<Field>, String> {
    let claimed = |break_glass: Option<String>| StepDeed::Claim {
        note: SAMPLE.to_owned(),
        digest: Some(Digest::of(b"a file")),
        break_glass,
    };
    let glass = || claimed(Some(SAMPLE.to_owned()));
    let (field, breaks) = match step(asking, &|_| claimed(None)) {
        Ok(field) => (field, false),
        Err(why) => (step(asking, &|_| glass()).map_err(|_| why)?, true),
    };
    let mut fields = vec![field, text("note", "What was done, or looked at")];
    let takes_files = open(asking).any(|(_, exit)| exit != ExitTest::Approved);
    if takes_files {
        fields.push(asking.shown_by());
    }
    if breaks {
        fields.push(text("break_glass", "Why you decide although you are not independent"));
    }
    Ok(fields)
}

fn open<'a>(asking: &'a Asking<'_>) -> impl Iterator<Item = (StepId, ExitTest)> + 'a {
    let steps = asking.item.steps().filter(|(_, step)| !step.is_done());
    steps.map(|(id, step)| (id, step.plan.exit))
}

fn step(asking: &Asking<'_>, what: &dyn Fn(&StepId) -> StepDeed) -> Result<Field, String> {
    let ids: Vec<StepId> = open(asking).map(|(id, _)| id).collect();
    if ids.is_empty() {
        return Err("no playbook of this item has a step that is not done".to_owned());
    }
    let action = |id: StepId| Action::Step { deed: what(&id), step: id.to_string() };
    let possible = asking.choices(ids, action)?;
    let title = |id: &StepId| {
        let found = asking.item.steps().find(|(other, _)| other == id);
        found.map_or_else(|| id.to_string(), |(_, step)| format!("{id}: {}", step.plan.title))
    };
    let pair = |id: &StepId| (id.to_string(), title(id));
    Ok(choice("step", "Step", possible.iter().map(pair).collect()))
}
