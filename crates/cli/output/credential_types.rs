//! Every credential type as a table in Markdown: what it looks like, where it is looked for, and what
//! an issuer can be asked about it. `docs/credential-types.md` is this text.

mod format;

use super::rules::asks;
use anyhow::Result;
use quietus_model::shape::Part;
use quietus_model::{Judge, Rule, RuleSet};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The name of each provider, by the id of a rule.
pub(crate) type Providers = BTreeMap<String, String>;

const HEAD: &str = include_str!("credential_types/head.md");

/// The longest fixed text that is shown whole, in characters.
const LONGEST: usize = 40;

/// How many names or anchors of a rule are shown.
const SHOWN: usize = 2;

/// Prints the table of the active rules, by provider and then by name.
pub(crate) fn print(set: &RuleSet, providers: &Providers) -> Result<()> {
    let provider = |rule: &Rule| providers.get(rule.id.as_str()).cloned().unwrap_or_default();
    let mut rules: Vec<_> = set.rules().iter().map(|rule| (provider(rule), rule)).collect();
    rules.sort_by_key(|(provider, rule)| (provider.to_lowercase(), rule.id.clone()));
    let mut text = HEAD.replace("{COUNT}", &rules.len().to_string());
    for (provider, rule) in rules {
        let cells = [
            escaped(&provider),
            format!("{}<br>`{}`", escaped(&rule.name), rule.id),
            format::format(rule),
            check(rule),
            rule.confidence.to_string(),
            place(rule),
            asks(rule).replace("no", ""),
            (if rule.revoke.is_some() { "yes" } else { "" }).to_owned(),
        ];
        writeln!(text, "| {} |", cells.join(" | "))?;
    }
    super::bytes(text.as_bytes())
}

fn check(rule: &Rule) -> String {
    match &rule.check {
        None => String::new(),
        Some(check) if check.firm => format!("{}, firm", check.name.as_str()),
        Some(check) => format!("{}, in doubt", check.name.as_str()),
    }
}

/// Where it is looked for, and which other parts it needs.
fn place(rule: &Rule) -> String {
    let by_itself = rule.tests.positive.iter().any(|text| text == "{secret}");
    let begins = |lit: &str| {
        rule.anchors.iter().any(|anchor| lit.contains(anchor.as_str()) || anchor.starts_with(lit))
    };
    let own_text = rule.shape.iter().flat_map(|shape| &shape.parts).any(|part| match part {
        Part::Literal { lit } => begins(lit),
        Part::OneOf { one_of } => one_of.iter().any(|lit| begins(lit)),
        _ => false,
    });
    let is_binary = rule.anchors.iter().any(|anchor| anchor.contains(char::is_control));
    let mut text = match rule.judge {
        Some(Judge::Assigned) => "assigned to a telling name".to_owned(),
        Some(_) => format!("in its syntax: {}", some(&rule.anchors)),
        None if !rule.names.is_empty() => format!("behind a name: {}", some(&rule.names)),
        None if by_itself || own_text || is_binary => "anywhere".to_owned(),
        None => format!("near {}", some(&rule.anchors)),
    };
    for part in rule.companions.iter().filter(|part| part.required || part.needed) {
        text.push_str(&format!(", its {} within {} bytes", escaped(&part.name), part.within));
    }
    text
}

fn some(texts: &[String]) -> String {
    let more = if texts.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<String> = texts.iter().take(SHOWN).map(|text| code(text)).collect();
    format!("{}{more}", shown.join(", "))
}

/// Text as code of Markdown that may stand in a table.
fn code(text: &str) -> String {
    let one_line = text.trim().escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'");
    let shown = match one_line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    };
    let shown = shown.replace('|', "\\|");
    if shown.contains('`') { format!("`` {shown} ``") } else { format!("`{shown}`") }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
