//! The active rules.

use super::{plural, table};
use anyhow::Result;
use quietus_model::{Rule, RuleSet};
use serde_json::{Value, json};

pub(crate) fn print(set: &RuleSet) -> Result<()> {
    let row = |rule: &Rule| {
        vec![
            rule.id.to_string(),
            rule.severity.to_string(),
            rule.confidence.to_string(),
            asks(rule).to_owned(),
            rule.name.clone(),
        ]
    };
    let rows = set.rules().iter().map(|rule| row(rule)).collect();
    table(&["RULE", "SEVERITY", "CONFIDENCE", "CAN ASK", "NAME"], rows)?;
    super::lines(&[format!(
        "{}, digest {}",
        plural(set.rules().len() as u64, "rule"),
        set.digest()
    )])
}

/// Whether the issuer can be asked, and whether its denial may count.
pub(super) fn asks(rule: &Rule) -> &'static str {
    match &rule.validate {
        None => "no",
        Some(recipe) if recipe.denial_is_confirmed() => "yes",
        Some(_) => "live only",
    }
}

pub(crate) fn print_json(set: &RuleSet) -> Result<()> {
    let values: Vec<Value> = set
        .rules()
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "name": rule.name,
                "severity": rule.severity,
                "confidence": rule.confidence,
                "anchors": rule.anchors,
                "can_ask": asks(rule),
                "tags": rule.tags,
            })
        })
        .collect();
    super::json::print_value(&values)
}
