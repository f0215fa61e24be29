//! `quietus item`: list, show, explain, act.

use super::{audit, triage};
use crate::args::{Act, Item, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, item};
use crate::setup::Setup;
use crate::who;
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use quietus_export::words;
use quietus_model::{Digest, Target};
use quietus_poam::{Action, MilestoneKind, Mistake, PoamItem, StepDeed};
use quietus_store::Ledger;
use quietus_track::named;
use std::path::Path;

pub(crate) async fn run(setup: &Setup, command: Item) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let policy = setup.policy()?;
    match command {
        Item::List { all, format } => {
            let mut items = ledger.listed().await?;
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
        Item::Triage { which, who } => {
            triage::each(setup, &ledger, &which, &Action::Triage, who.name).await?;
        }
        Item::Dismiss { which, kind, reason, until, who } => {
            let until = until.as_deref().map(end_of_day).transpose()?;
            let action = Action::Dismiss { kind, reason, until };
            triage::each(setup, &ledger, &which, &action, who.name).await?;
        }
        Item::Act { id, act: what, who } => {
            let action = action(setup, &named(&ledger, &id).await?, what)?;
            act(setup, &ledger, &id, &action, who.name).await?;
        }
        Item::Add(add) => audit::add(setup, &ledger, &key, *add).await?,
        Item::Import { file, dry_run, who } => {
            audit::import(setup, &ledger, &key, &file, dry_run, who.name).await?;
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
        Act::Start { milestone } => match Work::named(item, milestone) {
            Work::Milestone(milestone) => Action::Start { milestone },
            Work::Step(step) => Action::Step { step, deed: StepDeed::Start },
        },
        Act::Claim { milestone, note, evidence, break_glass } => {
            match Work::named(item, milestone) {
                Work::Milestone(milestone) if evidence.is_none() && break_glass.is_none() => {
                    Action::Claim { milestone, note }
                }
                Work::Milestone(milestone) => bail!(
                    "what shows that {milestone} is done is looked at by the program; \
                     --evidence and --break-glass are for steps of playbooks"
                ),
                Work::Step(step) => {
                    let digest = digest_of(evidence.as_deref())?;
                    Action::Step { step, deed: StepDeed::Claim { note, digest, break_glass } }
                }
            }
        }
        Act::Waive { milestone, reason } => match Work::named(item, milestone) {
            Work::Milestone(milestone) => Action::Waive { milestone, reason },
            Work::Step(step) => Action::Step { step, deed: StepDeed::Waive { reason } },
        },
        Act::Extend { milestone, due, reason } => {
            let due = end_of_day(&due)?;
            match Work::named(item, milestone) {
                Work::Milestone(milestone) => Action::Extend { milestone, due, reason },
                Work::Step(step) => Action::Step { step, deed: StepDeed::Extend { due, reason } },
            }
        }
        Act::Follow { playbook, because } => {
            Action::Follow { playbook: Box::new(setup.playbook(&playbook)?), because }
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

/// What somebody works on: a milestone, or else a step of a playbook.
enum Work {
    Milestone(MilestoneKind),
    Step(String),
}

impl Work {
    /// What a name means for an item; what an audit found has no milestones.
    fn named(item: &PoamItem, name: String) -> Self {
        match name.parse() {
            Ok(milestone) if item.audit.is_none() => Self::Milestone(milestone),
            _ => Self::Step(name),
        }
    }
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
pub(crate) fn target(setup: &Setup, item: &PoamItem, issuer: &str) -> Result<Target> {
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

pub(super) fn end_of_day(text: &str) -> Result<Timestamp> {
    words::end_of_day(text)
        .with_context(|| format!("\"{text}\" is no date; write it as YYYY-MM-DD"))
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
