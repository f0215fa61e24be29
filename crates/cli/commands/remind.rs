//! `quietus remind`: what calls for attention, and telling people.

use crate::args::{Remind, RemindFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, remind};
use crate::routes::{RouteConfig, RouteFormat};
use crate::setup::Setup;
use anyhow::{Result, bail};
use jiff::Timestamp;
use quietus_export::digest::{self, Places};
use quietus_poam::{Reminder, reminders};
use quietus_store::Ledger;
use quietus_track::{Route, Sent, plan, send};
use quietus_validate::Courier;

pub(crate) async fn run(setup: &Setup, args: &Remind) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let routes = if args.send { routes(setup, &args.routes)? } else { Vec::new() };
    let ledger = setup.ledger(&key).await?;
    let items = ledger.items().await?;
    let found = reminders(&items, &setup.policy()?, args.soon, setup.now);
    let exit = if args.send {
        send_all(setup, &ledger, &routes, &found, args.dry_run).await?
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

async fn send_all(
    setup: &Setup,
    ledger: &Ledger,
    routes: &[(&RouteConfig, Route)],
    found: &[Reminder<'_>],
    dry_run: bool,
) -> Result<Exit> {
    let settings = setup.config.validation()?;
    let courier = Courier::new(&settings, routes.iter().map(|(_, route)| &route.to))?;
    let mut exit = Exit::clean();
    for (config, route) in routes {
        let taken: Vec<_> =
            found.iter().filter(|reminder| config.takes(reminder.kind)).cloned().collect();
        let plan = plan(ledger, route, &taken, setup.now).await?;
        let body = body(config, &plan.reminders, setup.now)?;
        if dry_run {
            remind::print_plan(route, &plan, &body)?;
            continue;
        }
        let sent = send(ledger, &courier, route, &plan, body, setup.now).await?;
        exit.add_if(matches!(sent, Sent::Failed { .. }), Reason::Validator);
        remind::print_sent(route, &sent)?;
    }
    Ok(exit)
}

fn body(config: &RouteConfig, due: &[&Reminder<'_>], now: Timestamp) -> Result<Vec<u8>> {
    let places = config.places();
    Ok(serde_json::to_vec(&match config.format {
        RouteFormat::Generic => digest::message(due, places, now),
        RouteFormat::Slack => digest::slack(due, places),
        RouteFormat::Teams => digest::teams(due, places),
    })?)
}
