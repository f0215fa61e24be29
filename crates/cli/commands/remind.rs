//! `quietus remind`: what calls for attention, and telling people.

use crate::args::{Remind, RemindFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, remind};
use crate::routes::{RouteConfig, RouteFormat};
use crate::setup::Setup;
use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use quietus_export::digest::{self, Places};
use quietus_poam::{PoamItem, Policy, Reminder, reminders};
use quietus_store::Ledger;
use quietus_track::{Route, Sent, plan, send};
use quietus_validate::Courier;

pub(crate) async fn run(setup: &Setup, args: &Remind) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let routes = if args.send { routes(setup, &args.routes)? } else { Vec::new() };
    let ledger = setup.ledger(&key).await?;
    let items = ledger.listed().await?;
    let found = reminders(&items, &setup.policy()?, args.soon, setup.now);
    let exit = if args.send {
        let sent = send_all(setup, &ledger, &routes, &found, args.dry_run).await?;
        for (route, sent) in &sent {
            remind::print_sent(route, sent)?;
        }
        exit_of(&sent)
    } else {
        let all: Vec<&Reminder<'_>> = found.iter().collect();
        match args.format {
            RemindFormat::Table => remind::print(&all, setup.now)?,
            RemindFormat::Json => {
                output::json::print_value(&digest::message(&all, Places::All, setup.now))?;
            }
            RemindFormat::Markdown => {
                output::bytes(digest::markdown(&all, Places::All).as_bytes())?;
            }
        }
        Exit::clean()
    };
    ledger.close().await;
    Ok(exit)
}

/// Sends what calls for attention on every route: how many reminders were taken.
pub(crate) async fn send_due(
    setup: &Setup,
    ledger: &Ledger,
    items: &[PoamItem],
    policy: &Policy,
) -> Result<(u64, Exit)> {
    let routes = routes(setup, &[])?;
    let found = reminders(items, policy, SignedDuration::from_hours(72), setup.now);
    let sent = send_all(setup, ledger, &routes, &found, false).await?;
    let count = sent.iter().map(|(route, sent)| match sent {
        Sent::Delivered { reminders, .. } => *reminders as u64,
        Sent::Failed { reason } => {
            output::error_text(&format!("{}: not taken by {}: {reason}", route.name, route.to));
            0
        }
        Sent::Nothing | Sent::Elsewhere => 0,
    });
    Ok((count.sum(), exit_of(&sent)))
}

/// The routes of the configuration, or those of them that are named, all of them read.
fn routes<'a>(setup: &'a Setup, names: &[String]) -> Result<Vec<(&'a RouteConfig, Route)>> {
    let all = &setup.config.route;
    if all.is_empty() {
        bail!("no [[route]] in {}; `quietus init` shows one", setup.config_file.display());
    }
    for (at, route) in all.iter().enumerate() {
        if all[..at].iter().any(|other| other.name == route.name) {
            bail!("two [[route]] are called \"{}\"; give them different names", route.name);
        }
    }
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|route| route.name != **name)) {
        let known: Vec<&str> = all.iter().map(|route| route.name.as_str()).collect();
        bail!("no route \"{unknown}\"; the configuration has: {}", known.join(", "));
    }
    let wanted = all.iter().filter(|route| names.is_empty() || names.contains(&route.name));
    wanted.map(|route| Ok((route, route.read()?))).collect()
}

fn exit_of(sent: &[(&Route, Sent)]) -> Exit {
    let mut exit = Exit::clean();
    let is_failed = |sent: &Sent| matches!(sent, Sent::Failed { .. });
    exit.add_if(sent.iter().any(|(_, sent)| is_failed(sent)), Reason::Validator);
    exit
}

/// Sends on each route what was not sent there; on a dry run it is shown instead.
async fn send_all<'r>(
    setup: &Setup,
    ledger: &Ledger,
    routes: &'r [(&RouteConfig, Route)],
    found: &[Reminder<'_>],
    dry_run: bool,
) -> Result<Vec<(&'r Route, Sent)>> {
    let settings = setup.config.validation()?;
    let courier = Courier::new(&settings, routes.iter().map(|(_, route)| &route.to))?;
    let mut all = Vec::new();
    for (config, route) in routes {
        let taken: Vec<_> =
            found.iter().filter(|reminder| config.takes(reminder.kind)).cloned().collect();
        let plan = plan(ledger, route, &taken, setup.now).await?;
        let body = body(config, &plan.reminders, setup.now)?;
        if dry_run {
            remind::print_plan(route, &plan, &body)?;
            continue;
        }
        all.push((route, send(ledger, &courier, route, &plan, body, setup.now).await?));
    }
    Ok(all)
}

fn body(config: &RouteConfig, due: &[&Reminder<'_>], now: Timestamp) -> Result<Vec<u8>> {
    let places = config.places();
    Ok(serde_json::to_vec(&match config.format {
        RouteFormat::Generic => digest::message(due, places, now),
        RouteFormat::Slack => digest::slack(due, places),
        RouteFormat::Teams => digest::teams(due, places),
    })?)
}
