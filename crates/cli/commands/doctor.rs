//! `quietus doctor`: what is set up, where things are, what is missing.

use crate::exit::{Exit, Failure, Reason};
use crate::issuers::{self, Unlisted};
use crate::output::doctor::{Check, Health, print};
use crate::output::plural;
use crate::setup::Setup;
use quietus_model::{FingerprintKey, RuleSet};
use quietus_poam::PoamItem;
use std::process::Command;
use std::sync::Arc;

pub(crate) async fn run(setup: &Setup) -> Result<Exit, Failure> {
    let key = setup.existing_key();
    let mut checks = vec![git(), configuration(setup), key_check(setup, &key)];
    let key = key.ok().flatten();
    let (ledger, items) = ledger(setup, key.as_ref()).await;
    checks.push(ledger);
    checks.push(policy(setup));
    checks.push(silence(setup, key.as_ref()));
    let rules = setup.rules();
    let mut unlisted = Vec::new();
    match &rules {
        Ok(set) => {
            unlisted = issuers::unlisted(&setup.config, set, &items);
            checks.push(rules_check(set));
            checks.push(validation(setup, set));
            checks.push(issuers(setup, &unlisted));
        }
        Err(error) => checks.push(bad("rules", format!("{error:#}"), None)),
    }
    print(&checks)?;
    issuers::ask(setup, &unlisted)?;
    let mut exit = Exit::clean();
    exit.add_if(checks.iter().any(|check| check.health == Health::Bad), Reason::Usage);
    Ok(exit)
}

fn good(name: &'static str, found: String) -> Check {
    Check { name, health: Health::Good, found, advice: Vec::new() }
}

fn missing(name: &'static str, found: String, advice: impl Into<Vec<String>>) -> Check {
    Check { name, health: Health::Missing, found, advice: advice.into() }
}

fn bad(name: &'static str, found: String, advice: Option<&str>) -> Check {
    let advice = advice.map(str::to_owned).into_iter().collect();
    Check { name, health: Health::Bad, found, advice }
}

fn git() -> Check {
    match Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            good("git", String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => missing(
            "git",
            "not found".to_owned(),
            ["install git to scan repositories by URL".to_owned()],
        ),
    }
}

fn configuration(setup: &Setup) -> Check {
    let path = setup.config_file.display().to_string();
    if setup.config_file.exists() {
        good("configuration", path)
    } else {
        let advice = "`quietus init` writes one with every setting explained";
        missing("configuration", path, [advice.to_owned()])
    }
}

fn key_check(setup: &Setup, key: &anyhow::Result<Option<FingerprintKey>>) -> Check {
    let path = setup.places.key_file().display().to_string();
    match key {
        Ok(Some(key)) => good("key", format!("{path} (id {})", key.id())),
        Ok(None) => missing("key", path, ["`quietus init` makes it; back it up".to_owned()]),
        Err(error) => bad("key", format!("{error:#}"), None),
    }
}

/// What the user's own files silence.
fn silence(setup: &Setup, key: Option<&FingerprintKey>) -> Check {
    let scan = &setup.config.scan;
    let (file, _) = setup.suppressions_file(None);
    match setup.suppressions(None, key) {
        Ok(all) => good(
            "silence",
            format!(
                "{} in {}, {}, {} switched off",
                plural(all.iter().count() as u64, "suppression"),
                file.display(),
                plural(scan.exclude.len() as u64, "excluded pattern"),
                plural(scan.disable_rules.len() as u64, "rule"),
            ),
        ),
        Err(error) => bad("silence", format!("{error:#}"), None),
    }
}

/// How the ledger is, and its items when it can be read.
async fn ledger(setup: &Setup, key: Option<&FingerprintKey>) -> (Check, Vec<PoamItem>) {
    let Some(key) = key else {
        let advice = "needs the key first: `quietus init`";
        return (missing("ledger", places_of(setup), [advice.to_owned()]), Vec::new());
    };
    match setup.ledger(key).await {
        Ok(ledger) => match (ledger.head().await, ledger.listed().await) {
            (Ok(head), Ok(items)) => {
                let (place, entries, count) = (ledger.location(), head.seq, items.len() as u64);
                let told =
                    format!("{place}: {}, {}", plural(entries, "entry"), plural(count, "item"));
                (good("ledger", told), items)
            }
            (Err(error), _) | (_, Err(error)) => {
                let advice = "`quietus ledger verify` names the first bad entry";
                (bad("ledger", error.to_string(), Some(advice)), Vec::new())
            }
        },
        Err(error) => {
            let advice = "`quietus track PATH` or `quietus init` makes one";
            (missing("ledger", format!("{error:#}"), [advice.to_owned()]), Vec::new())
        }
    }
}

fn places_of(setup: &Setup) -> String {
    // A PostgreSQL URL may hold a password.
    quietus_model::SafeText::scrubbed(setup.ledger_url.as_bytes(), []).to_string()
}

fn policy(setup: &Setup) -> Check {
    match setup.policy() {
        Ok(policy) => good(
            "policy",
            format!(
                "{}: {} at least {:#} apart",
                policy.name,
                plural(policy.proof.confirmations as u64, "denial"),
                policy.proof.spread
            ),
        ),
        Err(error) => bad("policy", format!("{error:#}"), None),
    }
}

fn rules_check(set: &RuleSet) -> Check {
    let count = |filter: fn(&quietus_model::Rule) -> bool| {
        set.rules().iter().filter(|rule| filter(rule)).count()
    };
    let asks = count(|rule| rule.validate.is_some());
    let proves =
        count(|rule| rule.validate.as_ref().is_some_and(|recipe| recipe.denial_is_confirmed()));
    good(
        "rules",
        format!("{} kinds; {asks} can be asked about, {proves} proven dead", set.rules().len()),
    )
}

fn validation(setup: &Setup, set: &Arc<RuleSet>) -> Check {
    match setup.validator(set, None) {
        Ok(_) => good("validation", "off unless asked for with --validate".to_owned()),
        Err(error) => bad("validation", format!("{error:#}"), Some("correct the configuration")),
    }
}

/// Kinds that can be self-hosted and have no `[issuers]` entry: their denials prove nothing.
fn issuers(setup: &Setup, unlisted: &[Unlisted]) -> Check {
    if unlisted.is_empty() {
        return good("issuers", "every kind that can be self-hosted is listed".to_owned());
    }
    let (found, lines) = issuers::advice(unlisted, &setup.config_file.display().to_string());
    if lines.is_empty() { good("issuers", found) } else { missing("issuers", found, lines) }
}
