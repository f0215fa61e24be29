//! Namespaces that are written otherwise than their owners write them, and ids that people use.

use super::super::names::{FEDRAMP, FEDRAMP_FACETS, NIST};
use super::{Node, Problem, ProblemKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Properties and facets of `node` whose namespace is nearly one that is known.
pub(super) fn namespaces(node: &Node<'_>) -> Vec<Problem> {
    let props = node.object.get("props").and_then(Value::as_array).into_iter().flatten();
    let mut problems: Vec<Problem> = props
        .enumerate()
        .filter_map(|(index, prop)| {
            let given = prop.get("ns").and_then(Value::as_str)?;
            let meant = meant(given, FEDRAMP)?;
            Some(problem(node, &format!("props/{index}/ns"), given, meant))
        })
        .collect();
    if node.field == "facets"
        && let Some(given) = node.text("system")
        && let Some(meant) = meant(given, FEDRAMP_FACETS)
    {
        problems.push(problem(node, "system", given, meant));
    }
    problems
}

/// The namespace that `given` looks like, if it is not that one to the letter.
fn meant(given: &str, fedramp: &'static str) -> Option<&'static str> {
    let bare = given.trim().trim_end_matches('/').to_ascii_lowercase();
    let bare = bare.trim_start_matches("https://").trim_start_matches("http://");
    let bare = bare.trim_start_matches("www.");
    let known = match bare {
        "csrc.nist.gov/ns/oscal" | "nist.gov/ns/oscal" => NIST,
        _ if bare.starts_with("fedramp.gov") => fedramp,
        _ => return None,
    };
    // FedRAMP itself has published both schemes.
    let either = [FEDRAMP, FEDRAMP_FACETS];
    let right = given == known || (known == fedramp && either.contains(&given));
    (!right).then_some(known)
}

fn problem(node: &Node<'_>, field: &str, given: &str, meant: &str) -> Problem {
    let message = format!("\"{given}\" is nobody's namespace; here it is written {meant}");
    node.problem(field, ProblemKind::WrongNamespace, message)
}

/// Two items under one id: the one that FedRAMP's guide calls `POAM-ID`.
pub(super) fn item_ids(document: &Value) -> Vec<Problem> {
    let items = document.pointer("/plan-of-action-and-milestones/poam-items");
    let mut first: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for (at, item) in items.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let props = item.get("props").and_then(Value::as_array).into_iter().flatten();
        for (index, prop) in props.enumerate() {
            let text = |field| prop.get(field).and_then(Value::as_str).unwrap_or_default();
            if !text("name").eq_ignore_ascii_case("poam-id") {
                continue;
            }
            let id = (text("ns").to_owned(), text("value").to_owned());
            let before = *first.entry(id).or_insert(at);
            if before != at {
                problems.push(Problem {
                    at: format!(
                        "/plan-of-action-and-milestones/poam-items/{at}/props/{index}/value"
                    ),
                    kind: ProblemKind::DefinedTwice,
                    message: format!(
                        "\"{}\" is the id of poam-items/{before} as well",
                        text("value")
                    ),
                });
            }
        }
    }
    problems
}
