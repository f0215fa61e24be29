//! The shipped policies.

use super::table;
use anyhow::Result;
use quietus_poam::{ClosureMode, Playbook, PlaybookStep, Policy};
use serde_json::{Value, json};

pub(crate) fn print_list(policies: &[Policy]) -> Result<()> {
    let row = |policy: &Policy| {
        vec![policy.name.clone(), closure(policy).to_owned(), policy.summary.clone()]
    };
    table(&["POLICY", "CLOSURE", "WHAT FOR"], policies.iter().map(row).collect())?;
    super::lines(&["`quietus policy explain NAME` says what it asks; `policy = \"NAME\"` in the \
                    configuration puts it in force"])
}

pub(crate) fn print_list_json(policies: &[Policy]) -> Result<()> {
    let value = |policy: &Policy| {
        json!({
            "name": policy.name,
            "summary": policy.summary,
            "closure": closure(policy),
            "confirmations": policy.proof.confirmations,
            "root_cause": policy.evidence.root_cause,
            "impact_check": policy.evidence.impact_check,
            "digest": policy.digest(),
        })
    };
    let values: Vec<Value> = policies.iter().map(value).collect();
    super::json::print_value(&values)
}

pub(crate) fn print_playbooks(playbooks: &[Playbook]) -> Result<()> {
    let mut rows = Vec::new();
    for playbook in playbooks {
        rows.push(vec![playbook.name.clone(), String::new(), playbook.summary.clone()]);
        for step in &playbook.steps {
            rows.push(vec![
                format!("  {}", step.name),
                step.role.to_string(),
                format!("{}; done when: {}", step.title, step.exit.in_words()),
            ]);
        }
    }
    table(&["PLAYBOOK", "WHO", "WHAT"], rows)
}

pub(crate) fn print_playbooks_json(playbooks: &[Playbook]) -> Result<()> {
    let step = |step: &PlaybookStep| {
        json!({
            "step": step.name,
            "title": step.title,
            "exit": step.exit,
            "role": step.role,
            "resources": step.resources,
            "within_hours": step.within.as_hours(),
            "controls": step.controls,
            "after": step.after,
        })
    };
    let value = |playbook: &Playbook| {
        json!({
            "name": playbook.name,
            "title": playbook.title,
            "summary": playbook.summary,
            "opens": playbook.opens,
            "tags": playbook.tags,
            "controls": playbook.controls,
            "steps": playbook.steps.iter().map(step).collect::<Vec<_>>(),
            "digest": playbook.digest,
        })
    };
    let values: Vec<Value> = playbooks.iter().map(value).collect();
    super::json::print_value(&values)
}

fn closure(policy: &Policy) -> &'static str {
    match policy.closure {
        ClosureMode::Automatic => "automatic",
        ClosureMode::Approved => "approved",
    }
}
