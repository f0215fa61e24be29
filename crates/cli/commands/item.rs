//! `quietus item`: list, show, explain, act.

use super::attach::{self, Shown};
use super::{audit, triage};
use crate::args::{Act, Item, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, item};
use crate::setup::Setup;
use crate::who;
use anyhow::{Context, Result, anyhow, bail};
use jiff::Timestamp;
use quietus_export::words;
use quietus_model::Target;
use quietus_poam::{Action, MilestoneKind, Mistake, PoamItem, StepDeed};
use quietus_store::Ledger;
use quietus_track::{act_showing, named};
use std::path::PathBuf;

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
        Item::Assign { mut which, to, who } => {
            let Some(to) = to.or_else(|| which.ids.pop()) else {
                return Err(anyhow!("say to whom: `item assign V-12 WHO`, or --to WHO").into());
            };
            triage::each(setup, &ledger, &which, &Action::Assign { to }, who.name).await?;
        }
        Item::Evidence { id, to, format } => {
            let found = named(&ledger, &id).await?;
            return attach::list(setup, &found, to.as_deref(), format);
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
            let found = named(&ledger, &id).await?;
            let (action, shown) = action(setup, &found, what, who.name.clone())?;
            act(setup, &ledger, &found, (&action, shown.as_ref()), who.name).await?;
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
    found: &PoamItem,
    (action, shown): (&Action, Option<&Shown>),
    claims: Option<String>,
) -> Result<()> {
    let policy = setup.policy()?;
    let by = who::actor(setup, claims);
    // An attachment by itself is the action.
    let beside = |_: &&Shown| !matches!(action, Action::Attach { .. });
    let file = shown.filter(beside).map(|shown| &shown.attachment);
    // What is refused leaves no copy behind.
    let refused = |refusal| anyhow!("{}: {refusal}", found.id());
    found.act_showing(action, file, &by, &policy, setup.now).map_err(refused)?;
    shown.map(|shown| shown.keep(&setup.evidence())).transpose()?;
    let after = act_showing(ledger, found, (action, file), &by, &policy, setup.now).await?;
    item::print_change(found, &after, setup.now)?;
    Ok(())
}

/// The action, and the file that shows what was done.
fn action(
    setup: &Setup,
    item: &PoamItem,
    act: Act,
    claims: Option<String>,
) -> Result<(Action, Option<Shown>)> {
    let showing = |file: Option<PathBuf>, note: &str| {
        let shown = attach::showing(setup, item, file.as_deref(), note, claims.clone())?;
        let digest = shown.as_ref().map(|shown| shown.attachment.digest.clone());
        anyhow::Ok((shown, digest))
    };
    let mut shown = None;
    let action = match act {
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
                     --evidence and --break-glass are for steps of playbooks, and `item act ID attach` \
                     attaches a file"
                ),
                Work::Step(step) => {
                    let digest;
                    (shown, digest) = showing(evidence, &note)?;
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
            let digest;
            (shown, digest) = showing(evidence, &note)?;
            Action::Attest { note, digest }
        }
        Act::Bind { issuer, note } => Action::Bind { target: target(setup, item, &issuer)?, note },
        Act::Unbind { issuer, note } => Action::Unbind { endpoint: issuer, note },
        Act::Approve { note, break_glass } => Action::Approve { note, break_glass },
        Act::Cause { cause, note, evidence } => {
            let digest;
            (shown, digest) = showing(evidence, &note)?;
            Action::Cause { cause, note, digest }
        }
        Act::Impact { impact, note, evidence } => {
            let digest;
            (shown, digest) = showing(evidence, &note)?;
            Action::Impact { impact, note, digest }
        }
        Act::Attach(about) => {
            let file = attach::attachment(setup, item, &about, claims)?;
            let attachment = Box::new(file.attachment.clone());
            shown = Some(file);
            Action::Attach { attachment }
        }
        Act::Grant { subject, note, break_glass } => Action::Grant { subject, note, break_glass },
        Act::Decline { subject, reason } => Action::Decline { subject, reason },
        Act::Resume { reason } => Action::Resume { reason },
        Act::Reopen { reason } => Action::Reopen { reason },
        Act::Note { text } => Action::Note { text },
    };
    Ok((action, shown))
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
    let items = ledger.listed().await?;
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
