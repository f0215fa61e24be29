//! `quietus nightly`: the whole inventory, once a night.

use crate::CANCEL;
use crate::args::{Cli, Command, Export, ListFormat, LogFormat, Nightly, Watching};
use crate::commands::worker::{Parts, sight, work};
use crate::commands::{export, remind, repos, tickets};
use crate::exit::{Exit, Failure, Reason};
use crate::output::night_log::{self, Log};
use crate::output::nightly;
use crate::places;
use crate::progress::Bar;
use crate::setup::Setup;
use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use quietus_poam::{Listed, NightFigures, NightRecord, PoamItem, Policy, ScanRecord, unfinished};
use quietus_track::{Wanted, begin, end, enlist, figures, order};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) async fn run(setup: &Setup, args: &Nightly) -> Result<Exit, Failure> {
    let exports = exports(setup)?;
    let parts = Parts::new(setup, &args.watching).await?;
    if args.plan {
        return plan(setup, args, &parts).await;
    }
    let Some(_alone) = parts.ledger.exclusive().await? else {
        return Err(Failure {
            reason: Reason::Incomplete,
            error: anyhow!(
                "another process runs a night on {}; nothing was done",
                parts.ledger.location()
            ),
        });
    };
    let clock = || parts.now(setup);
    let log = Log::new(args.watching.log, setup.quiet, &parts.worker, &clock);
    stop_at_the_deadline(args.deadline, args.watching.log);
    let mut exit = Exit::clean();
    if !args.no_forges && !setup.config.forge.is_empty() {
        refresh(setup, &parts, &log, &mut exit).await?;
    }
    let listed = parts.ledger.inventory().await?;
    if listed.is_empty() {
        return Err(anyhow!("the inventory is empty; `quietus repos import` fills it").into());
    }
    let scans = parts.ledger.scans().await?;
    let due = order(&listed, &scans, parts.now(setup));
    let (night, goes_on) = begin(&parts.ledger, &due, parts.now(setup)).await?;
    if goes_on {
        log.notice(&format!("going on with the night that began {}", night.at));
    }
    let log = log.of(night.night);
    log.began(due.len());
    work(setup, &args.watching, &parts, &listed, &night, &log).await?;
    if parts.validator.is_some() && !is_stopped() {
        retest(setup, &args.watching, &parts, &listed, &log, &mut exit).await?;
    }
    let reminders = if args.remind { remind(setup, &parts, &mut exit).await? } else { 0 };
    tickets::at_all_desks(setup, &parts.ledger, &parts.policy, &mut exit).await?;
    for export in exports {
        exit.merge(export::run(setup, export).await?);
    }
    let now = parts.now(setup);
    let mut figures = figures(&parts.ledger, &night, now).await?;
    figures.reminders = reminders;
    if figures.left == 0 || !is_stopped() {
        end(&parts.ledger, &night, figures, now).await?;
    }
    log.ended(&figures);
    finish(args, &parts, &night, figures, exit, now).await
}

/// Takes in what the forges tell of. One that does not answer stops no night: what is listed is watched.
async fn refresh(setup: &Setup, parts: &Parts, log: &Log<'_>, exit: &mut Exit) -> Result<()> {
    for forge in &setup.config.forge {
        let name = std::slice::from_ref(&forge.name);
        match repos::told_by_forges(setup, name).await {
            Ok(told) => {
                let by = quietus_poam::Actor::System;
                enlist(&parts.ledger, &told, false, &by, parts.now(setup)).await?;
            }
            Err(error) => {
                log.trouble(&format!("{error:#}"));
                exit.add_if(true, Reason::Source);
            }
        }
    }
    Ok(())
}

/// Tells what the night came to.
async fn finish(
    args: &Nightly,
    parts: &Parts,
    night: &NightRecord,
    figures: NightFigures,
    mut exit: Exit,
    now: Timestamp,
) -> Result<Exit, Failure> {
    let items = parts.ledger.listed().await?;
    exit.add_if(figures.unobservable + figures.parked > 0, Reason::Source);
    exit.add_if(figures.incomplete + figures.left > 0, Reason::Incomplete);
    let is_live = |item: &PoamItem| item.is_active() && item.liveness(now) == "live";
    exit.add_if(items.iter().any(is_live), Reason::Live);
    exit.add_if(items.iter().any(|item| item.is_overdue(now)), Reason::Overdue);
    exit.add_if(items.iter().any(PoamItem::is_active), Reason::Findings);
    let (listed, scans) = (parts.ledger.inventory().await?, parts.ledger.scans().await?);
    let summary = nightly::Summary {
        night,
        figures,
        listed: &listed,
        scans: &scans,
        parked: &parts.ledger.parked_work().await?,
        head: parts.ledger.head().await?,
        ledger: parts.ledger.location(),
        exit: &exit,
        now,
    };
    match args.format {
        ListFormat::Table => nightly::print(&summary)?,
        ListFormat::Json => nightly::print_json(&summary)?,
    }
    if let Some(file) = &args.metrics_file {
        places::write_whole(file, nightly::prometheus(&summary))?;
    }
    Ok(exit)
}

/// The items that are due to be asked about.
fn due_items(items: Vec<PoamItem>, policy: &Policy, now: Timestamp) -> Vec<PoamItem> {
    let is_due = |item: &PoamItem| {
        item.detection.kind.askable && item.next_retest(policy).is_some_and(|at| at <= now)
    };
    items.into_iter().filter(is_due).collect()
}

/// Asks about what is due, wherever its bytes can be had.
async fn retest(
    setup: &Setup,
    watching: &Watching,
    parts: &Parts,
    listed: &[Listed],
    log: &Log<'_>,
    exit: &mut Exit,
) -> Result<()> {
    let now = parts.now(setup);
    let due = due_items(parts.ledger.listed().await?, &parts.policy, now);
    let scans: Vec<ScanRecord> =
        parts.ledger.scans().await?.into_iter().map(|scans| scans.latest).collect();
    let sight = sight(setup, watching, listed)?;
    let bar = Bar::new(setup.quiet);
    let looking = sight.looking(&parts.detector, &parts.key, &bar);
    let read = tokio::task::block_in_place(|| Wanted::of(&due, &scans).read(&looking, now));
    for error in &read.errors {
        log.trouble(&error.to_string());
    }
    exit.add_if(!read.errors.is_empty(), Reason::Source);
    exit.add_if(!read.lost.is_empty() || !read.unread.is_empty(), Reason::Incomplete);
    parts.tracker().retest(read, now).await?;
    bar.done();
    let prints: BTreeSet<_> = due.iter().map(PoamItem::fingerprint).collect();
    let after = parts.ledger.listed().await?;
    let unheard = after
        .iter()
        .filter(|item| prints.contains(&item.fingerprint()))
        .any(|item| super::retest::heard_nothing(item, now));
    exit.add_if(unheard, Reason::Validator);
    Ok(())
}

/// Sends the reminders of the day; how many were taken.
async fn remind(setup: &Setup, parts: &Parts, exit: &mut Exit) -> Result<u64> {
    if setup.config.route.is_empty() {
        return Ok(0);
    }
    let items = parts.ledger.listed().await?;
    let (sent, found) = remind::send_due(setup, &parts.ledger, &items, &parts.policy).await?;
    exit.merge(found);
    Ok(sent)
}

/// The exports that the configuration names, read before anything is done.
fn exports(setup: &Setup) -> Result<Vec<Export>> {
    let read = |words: &Vec<String>| {
        let line = words.join(" ");
        let place = || format!("in [nightly] exports of the configuration: \"{line}\"");
        let all = ["quietus", "export"].into_iter().chain(words.iter().map(String::as_str));
        match Cli::try_parse_from(all).with_context(place)?.command {
            Command::Export(export) => Ok(export),
            _ => bail!("{} is no export", place()),
        }
    };
    setup.config.nightly.exports.iter().map(read).collect()
}

fn is_stopped() -> bool {
    CANCEL.load(Ordering::Relaxed)
}

/// Stops what is under way when the time is up, as Ctrl-C does: what was found is told all the same.
fn stop_at_the_deadline(deadline: Option<SignedDuration>, format: LogFormat) {
    let Some(deadline) = deadline else { return };
    let wait = Duration::from_secs(deadline.as_secs().unsigned_abs());
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        night_log::say(format, "notice", "the deadline has come; what is under way is stopped");
        CANCEL.store(true, Ordering::SeqCst);
    });
}

async fn plan(setup: &Setup, args: &Nightly, parts: &Parts) -> Result<Exit, Failure> {
    let (listed, scans) = (parts.ledger.inventory().await?, parts.ledger.scans().await?);
    let records = parts.ledger.nights().await?;
    let items = parts.ledger.listed().await?;
    let soon = SignedDuration::from_hours(72);
    let reminders = quietus_poam::reminders(&items, &parts.policy, soon, setup.now).len();
    let asked = due_items(items, &parts.policy, setup.now);
    let plan = nightly::Plan {
        due: &order(&listed, &scans, setup.now),
        listed: &listed,
        goes_on: unfinished(&records, setup.now),
        asked: if parts.validator.is_some() { asked.len() } else { 0 },
        reminders: if args.remind { reminders } else { 0 },
        exports: &setup.config.nightly.exports,
        parked: &parts.ledger.parked_work().await?,
        now: setup.now,
    };
    match args.format {
        ListFormat::Table => nightly::print_plan(&plan)?,
        ListFormat::Json => nightly::print_plan_json(&plan)?,
    }
    Ok(Exit::clean())
}
