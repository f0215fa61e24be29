//! Many items at once: the first night, sorting what it found, and dismissing in bulk.

use crate::args::{Onboard, Which};
use crate::commands::track;
use crate::exit::{Exit, Failure};
use crate::output::{self, item, plural};
use crate::setup::Setup;
use crate::who;
use anyhow::{Result, anyhow, bail};
use quietus_poam::{Action, PoamItem};
use quietus_store::Ledger;
use quietus_track::{ActError, named};

/// As `track`, with clocks that wait.
pub(crate) async fn onboard(setup: &Setup, args: &Onboard) -> Result<Exit, Failure> {
    let policy = setup.policy()?.onboarding(args.triage_within);
    let exit = track::run(setup, &args.track, policy).await?;
    if !setup.quiet {
        output::notice(
            "what is not live waits to be sorted: `quietus item list`, `item dismiss --where …` for what \
             is none, then `quietus item triage` starts the clocks of the rest",
        );
    }
    Ok(exit)
}

/// Does `action` to each item that `which` names, one by one; what is refused is told and stands in
/// nobody's way.
pub(crate) async fn each(
    setup: &Setup,
    ledger: &Ledger,
    which: &Which,
    action: &Action,
    claims: Option<String>,
) -> Result<()> {
    let items = chosen(setup, ledger, which, matches!(action, Action::Triage)).await?;
    let policy = setup.policy()?;
    let by = who::actor(setup, claims);
    let (mut done, mut refused) = (0_u64, Vec::new());
    for found in &items {
        if which.dry_run {
            match found.act(action, &by, &policy, setup.now) {
                Ok(_) => {
                    done += 1;
                    item::print_would(found)?;
                }
                Err(refusal) => refused.push(format!("{}: {refusal}", found.id())),
            }
            continue;
        }
        match quietus_track::act(ledger, found, action, &by, &policy, setup.now).await {
            Ok(after) => {
                done += 1;
                item::print_change(found, &after, setup.now)?;
            }
            Err(error @ ActError::Refused { .. }) => refused.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if items.len() > 1 || which.dry_run {
        let verb = if which.dry_run { "would be changed" } else { "changed" };
        output::lines(&[format!("{} {verb}, {} refused", plural(done, "item"), refused.len())])?;
    }
    if refused.is_empty() { Ok(()) } else { Err(anyhow!(refused.join("\n"))) }
}

/// The named items, or every open one of which all holds that was asked for; of what waits to be
/// sorted all, when nothing is asked for.
async fn chosen(
    setup: &Setup,
    ledger: &Ledger,
    which: &Which,
    untriaged: bool,
) -> Result<Vec<PoamItem>> {
    if !which.ids.is_empty() {
        let mut items: Vec<PoamItem> = Vec::new();
        for id in &which.ids {
            let found = named(ledger, id).await?;
            if items.iter().all(|known| known.fingerprint() != found.fingerprint()) {
                items.push(found);
            }
        }
        return Ok(items);
    }
    if which.only.is_empty() && !untriaged {
        bail!("name items, or say which with --where; `quietus item list` shows them");
    }
    let mut items = ledger.listed().await?;
    items.retain(|item| {
        let waits = !untriaged || item.untriaged.is_some();
        waits && item.is_active() && which.only.iter().all(|only| only.holds(item, setup.now))
    });
    if items.is_empty() {
        bail!("no open item is like that; `quietus item list` shows them");
    }
    Ok(items)
}
