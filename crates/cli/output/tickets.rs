//! What was done about tickets: for people and programs.

use super::{BOLD, DIM, RED, out, plural};
use anyhow::Result;
use quietus_ticket::Step;
use quietus_track::{TicketDeed, TicketRun};
use serde_json::{Value, json};
use std::io::Write;

pub(crate) fn print(runs: &[(&str, TicketRun)], dry_run: bool) -> Result<()> {
    let mut out = out();
    for (desk, run) in runs {
        let count = plural(run.deeds.len() as u64, "ticket");
        let would = if dry_run { " to be touched" } else { " touched" };
        writeln!(out, "{BOLD}{desk}{BOLD:#} {count}{would}")?;
        for TicketDeed { item, step, ticket, url } in &run.deeds {
            let ticket = ticket.as_deref().unwrap_or("a ticket");
            let url = url.as_deref().unwrap_or_default();
            writeln!(out, "  {item:5} {}  {ticket}  {DIM}{url}{DIM:#}", words(*step))?;
        }
        if run.left > 0 {
            writeln!(out, "  {} more to be opened, by the next run", run.left)?;
        }
        if let Some(error) = &run.failed {
            writeln!(out, "  {RED}{error}{RED:#}")?;
        }
    }
    Ok(out.flush()?)
}

pub(crate) fn print_json(runs: &[(&str, TicketRun)]) -> Result<()> {
    let values: Vec<Value> = runs
        .iter()
        .map(|(desk, run)| {
            let deed = |deed: &TicketDeed| {
                json!({
                    "item": deed.item,
                    "did": name(deed.step),
                    "ticket": deed.ticket,
                    "url": deed.url,
                })
            };
            json!({
                "desk": desk,
                "tickets": run.deeds.iter().map(deed).collect::<Vec<_>>(),
                "left": run.left,
                "error": run.failed.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    super::json::print_value(&values)
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Nothing => "nothing",
        Step::Wait => "wait",
        Step::Open => "open",
        Step::Adopt => "find",
        Step::Update => "update",
        Step::Close => "close",
        Step::Reopen => "reopen",
        Step::ClosedByHand => "closed_by_hand",
        Step::OpenedByHand => "opened_by_hand",
        Step::Gone => "gone",
    }
}

fn words(step: Step) -> &'static str {
    match step {
        Step::Nothing => "as it should be",
        Step::Wait => "another run may be opening it",
        Step::Open => "opened",
        Step::Adopt => "found there",
        Step::Update => "brought up to date",
        Step::Close => "closed with its item",
        Step::Reopen => "opened again with its item",
        Step::ClosedByHand => "somebody closed it; its item is not over",
        Step::OpenedByHand => "somebody opened it again",
        Step::Gone => "not there any more",
    }
}
