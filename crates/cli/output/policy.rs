//! The shipped policies.

use super::table;
use anyhow::Result;
use quietus_poam::{ClosureMode, Policy};
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

fn closure(policy: &Policy) -> &'static str {
    match policy.closure {
        ClosureMode::Automatic => "automatic",
        ClosureMode::Approved => "approved",
    }
}
