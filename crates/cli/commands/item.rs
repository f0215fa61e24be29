//! `quietus item`: list, show, explain, act.

use crate::args::{Act, Item, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, item};
use crate::setup::Setup;
use crate::who;
use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use quietus_model::{Digest, Target};
use quietus_poam::{Action, Mistake, PoamItem};
use quietus_store::Ledger;
use quietus_track::named;
use std::path::Path;

pub(crate) async fn run(setup: &Setup, command: Item) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let policy = setup.policy()?;
    match command {
        Item::List { all, format } => {
            let mut items = ledger.items().await?;
            items.retain(|item| all || item.is_active());
            match format {
                ListFormat::Table => item::print_list(&items, setup.now)?,
                ListFormat::Json => item::print_list_json(&items, &policy, setup.now)?,
            }
        }
        Item::Show { id, format } => {
            let found = named(&ledger, &id).await?;
            match format {
                ListFormat::Table => item::print_one(&found, &policy, setup.now)?,
                ListFormat::Json => item::print_one_json(&found, &policy, setup.now)?,
            }
        }
        Item::Why { id } => {
            let found = named(&ledger, &id).await?;
            output::prose(&found.why(&policy, setup.now))?;
        }
        Item::Assign { id, to, who } => {
            act(setup, &ledger, &id, &Action::Assign { to }, who.name).await?;
        }
        Item::Dismiss { id, kind, reason, until, who } => {
            let until = until.as_deref().map(end_of_day).transpose()?;
            let action = Action::Dismiss { kind, reason, until };
            act(setup, &ledger, &id, &action, who.name).await?;
        }
        Item::Act { id, act: what, who } => {
            let action = action(setup, &named(&ledger, &id).await?, what)?;
            act(setup, &ledger, &id, &action, who.name).await?;
        }
        Item::Lint { format } => return lint(setup, &ledger, format).await,
    }
    ledger.close().await;
    Ok(Exit::clean())
}

async fn act(
    setup: &Setup,
    ledger: &Ledger,
    id: &str,
    action: &Action,
    claims: Option<String>,
) -> Result<()> {
    let policy = setup.policy()?;
    let found = named(ledger, id).await?;
    let by = who::actor(setup, claims);
    let after = quietus_track::act(ledger, &found, action, &by, &policy, setup.now).await?;
    item::print_change(&found, &after, setup.now)?;
    Ok(())
}

fn action(setup: &Setup, item: &PoamItem, act: Act) -> Result<Action> {
    Ok(match act {
        Act::Start { milestone } => Action::Start { milestone },
        Act::Claim { milestone, note } => Action::Claim { milestone, note },
        Act::Waive { milestone, reason } => Action::Waive { milestone, reason },
        Act::Extend { milestone, due, reason } => {
            Action::Extend { milestone, due: end_of_day(&due)?, reason }
        }
        Act::Attest { note, evidence } => {
            Action::Attest { note, digest: digest_of(evidence.as_deref())? }
        }
        Act::Bind { issuer, note } => Action::Bind { target: target(setup, item, &issuer)?, note },
        Act::Unbind { issuer, note } => Action::Unbind { endpoint: issuer, note },
        Act::Approve { note, break_glass } => Action::Approve { note, break_glass },
        Act::Cause { cause, note, evidence } => {
            Action::Cause { cause, note, digest: digest_of(evidence.as_deref())? }
        }
        Act::Impact { impact, note, evidence } => {
            Action::Impact { impact, note, digest: digest_of(evidence.as_deref())? }
        }
        Act::Grant { subject, note, break_glass } => Action::Grant { subject, note, break_glass },
        Act::Decline { subject, reason } => Action::Decline { subject, reason },
        Act::Resume { reason } => Action::Resume { reason },
        Act::Reopen { reason } => Action::Reopen { reason },
        Act::Note { text } => Action::Note { text },
    })
}

/// The digest of a file that shows something. The file itself stays where it is.
fn digest_of(file: Option<&Path>) -> Result<Option<Digest>> {
    let Some(file) = file else { return Ok(None) };
    let bytes =
        std::fs::read(file).with_context(|| format!("reading the evidence {}", file.display()))?;
    Ok(Some(Digest::of(&bytes)))
}

/// The issuer of an item's kind at the place that a person names, and a word when it cannot be asked
/// from here.
fn target(setup: &Setup, item: &PoamItem, issuer: &str) -> Result<Target> {
    let rules = setup.rules()?;
    let rule = &item.detection.rule;
    let recipe = rules.get(rule).and_then(|rule| rule.validate.as_ref());
    let (endpoint, stranger) = setup.validator(&rules, None)?.endpoint(issuer)?;
    if let Some(host) = stranger.filter(|_| !setup.quiet) {
        let file = setup.config_file.display();
        output::notice(&format!(
            "nothing is sent to {host} before {file} names it; add\n[validate]\nhosts = [\"{host}\"]"
        ));
    }
    let issuer = recipe.map_or(rule.as_str(), |recipe| &recipe.issuer).to_owned();
    Ok(Target { issuer, endpoint, principal: None })
}

/// The last second of a day in UTC, in which all dates of this program are.
fn end_of_day(text: &str) -> Result<Timestamp> {
    let date: Date =
        text.parse().with_context(|| format!("\"{text}\" is no date; write it as YYYY-MM-DD"))?;
    Ok(date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC)?.timestamp())
}

async fn lint(setup: &Setup, ledger: &Ledger, format: ListFormat) -> Result<Exit, Failure> {
    let items = ledger.items().await?;
    let mistakes: Vec<(&PoamItem, Mistake)> = items
        .iter()
        .flat_map(|item| item.lint(setup.now).into_iter().map(move |mistake| (item, mistake)))
        .collect();
    match format {
        ListFormat::Table => item::print_mistakes(&mistakes, items.len())?,
        ListFormat::Json => item::print_mistakes_json(&mistakes)?,
    }
    let mut exit = Exit::clean();
    exit.add_if(!mistakes.is_empty(), Reason::Findings);
    Ok(exit)
}
