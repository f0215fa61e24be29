//! Every credential type as a table in Markdown: what it looks like, where it is looked for, and what
//! an issuer can be asked about it. `docs/credential-types.md` is this text.

mod format;

use super::rules::asks;
use anyhow::Result;
use quietus_model::shape::Part;
use quietus_model::{Basis, IdentityPointers, Judge, Recipe, Revocation, RevokeBy, Rule, RuleSet};
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
            rule.validate.as_ref().map(|recipe| verified(rule, recipe)).unwrap_or_default(),
            rule.validate.as_ref().map(|recipe| told(&recipe.identity)).unwrap_or_default(),
            rule.revoke.as_ref().map(revoked).unwrap_or_default(),
        ];
        writeln!(text, "| {} |", cells.join(" | "))?;
    }
    super::bytes(text.as_bytes())
}

/// What an answer can prove, and how sure the facts behind that are.
fn verified(rule: &Rule, recipe: &Recipe) -> String {
    let basis = match recipe.basis {
        Basis::Documented => "documented",
        Basis::Recalled => "recalled",
    };
    format!("{}, {basis}", asks(rule))
}

/// What an acceptance tells of whose it is.
fn told(identity: &IdentityPointers) -> String {
    let more = [
        (identity.scopes.is_some(), "scopes"),
        (identity.expires.is_some(), "expiry"),
        (identity.privileged.is_some() || !identity.privileged_scopes.is_empty(), "privileged"),
    ];
    let more = more.into_iter().filter(|(is_told, _)| *is_told).map(|(_, name)| name);
    let told: Vec<&str> = identity.fields.keys().map(String::as_str).chain(more).collect();
    escaped(&told.join(", "))
}

/// Who can end it, what a call of the holder comes to, and how sure that is.
fn revoked(revocation: &Revocation) -> String {
    let by = match revocation.by {
        RevokeBy::Holder if !revocation.path.is_empty() => {
            match (revocation.queued, revocation.reversible) {
                (true, _) => "by a call, queued",
                (false, true) => "by a call, reversible",
                (false, false) => "by a call, final",
            }
        }
        RevokeBy::Holder => "by its holder",
        RevokeBy::Admin => "by an administrator",
        RevokeBy::Console => "on a web page",
    };
    let basis = if revocation.source.is_empty() { "recalled" } else { "documented" };
    format!("{by}, {basis}")
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
