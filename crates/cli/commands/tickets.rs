//! `quietus tickets`: a ticket in GitHub, GitLab or Jira for each item, kept up to date.

use crate::args::{ListFormat, Only, Tickets};
use crate::desks::DeskConfig;
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, tickets};
use crate::setup::Setup;
use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use quietus_export::ticket;
use quietus_poam::{PoamItem, Policy};
use quietus_store::Ledger;
use quietus_ticket::{Client, Text};
use quietus_track::{TicketRun, TicketWish, Ticketing};
use quietus_validate::Reader;
use std::time::Instant;

pub(crate) async fn run(setup: &Setup, args: &Tickets) -> Result<Exit, Failure> {
    let desks = setup.config.desks(&args.desks)?;
    if desks.is_empty() {
        let file = setup.config_file.display();
        return Err(anyhow::anyhow!("no [[tickets]] in {file}; `quietus init` shows one").into());
    }
    let ledger = setup.ledger(&setup.key()?).await?;
    let (items, policy) = (ledger.listed().await?, setup.policy()?);
    let mut runs = Vec::new();
    for desk in desks {
        let run = at_desk(setup, &ledger, desk, (items.as_slice(), &policy), args.dry_run).await?;
        runs.push((desk.name.as_str(), run));
    }
    ledger.close().await;
    match args.format {
        ListFormat::Table => tickets::print(&runs, args.dry_run)?,
        ListFormat::Json => tickets::print_json(&runs)?,
    }
    Ok(exit_of(&runs))
}

/// Brings the tickets at every desk that the configuration names up to date.
pub(crate) async fn at_all_desks(
    setup: &Setup,
    ledger: &Ledger,
    policy: &Policy,
    exit: &mut Exit,
) -> Result<()> {
    let desks = setup.config.desks(&[])?;
    if desks.is_empty() {
        return Ok(());
    }
    let items = ledger.listed().await?;
    let mut runs = Vec::new();
    for desk in desks {
        let run = at_desk(setup, ledger, desk, (items.as_slice(), policy), false).await?;
        if let Some(error) = &run.failed {
            output::error_text(&error.to_string());
        }
        runs.push((desk.name.as_str(), run));
    }
    let touched: usize = runs.iter().map(|(_, run)| run.deeds.len()).sum();
    if !setup.quiet {
        output::notice(&format!("{} touched", output::plural(touched as u64, "ticket")));
    }
    exit.merge(exit_of(&runs));
    Ok(())
}

fn exit_of(runs: &[(&str, TicketRun)]) -> Exit {
    let mut exit = Exit::clean();
    exit.add_if(runs.iter().any(|(_, run)| run.failed.is_some()), Reason::Validator);
    exit
}

async fn at_desk(
    setup: &Setup,
    ledger: &Ledger,
    config: &DeskConfig,
    (items, policy): (&[PoamItem], &Policy),
    dry_run: bool,
) -> Result<TicketRun> {
    let desk = config.read()?;
    let only = config.only()?;
    let reader = Reader::new(&setup.config.validation()?, [desk.api.as_str()])?;
    if !desk.api.starts_with("https://") {
        bail!("[[tickets]] \"{}\": api is no https URL", desk.name);
    }
    let began = Instant::now();
    let clock = || {
        let seconds = i64::try_from(began.elapsed().as_secs()).unwrap_or(0);
        setup.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(setup.now)
    };
    let client = Client::new(&desk, &reader, &clock);
    let wishes: Vec<TicketWish<'_>> = items
        .iter()
        .filter(|item| has_ticket(item, &desk.name, &only, setup.now))
        .map(|item| TicketWish {
            item,
            text: Text {
                title: ticket::title(item),
                body: ticket::body(item, policy, config.places(), setup.now),
            },
            still_open: ticket::still_open(item, policy, setup.now),
            over: ticket::over(item),
        })
        .collect();
    let ticketing = Ticketing { ledger, policy, most: config.most, dry_run, now: setup.now };
    Ok(ticketing.run(&client, &wishes).await?)
}

/// Whether an item has a ticket there, or should have one.
fn has_ticket(item: &PoamItem, desk: &str, only: &[Only], now: Timestamp) -> bool {
    item.tickets.contains_key(desk)
        || (item.is_active() && only.iter().all(|only| only.holds(item, now)))
}
