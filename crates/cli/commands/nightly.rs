//! `quietus nightly` and `quietus worker`: the whole inventory, once a night.

use crate::CANCEL;
use crate::args::{Cli, Command, Export, ListFormat, Nightly, Watching, Worker};
use crate::commands::{export, remind, repos};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, nightly};
use crate::places;
use crate::progress::Bar;
use crate::setup::Setup;
use crate::sight::Sight;
use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use quietus_escrow::Escrow;
use quietus_model::{FingerprintKey, RepositoryId};
use quietus_poam::{Listed, NightFigures, NightRecord, PoamItem, Policy, ScanRecord, unfinished};
use quietus_scan::Detector;
use quietus_store::Ledger;
use quietus_track::{
    Fetching, Mirrors, Night, NightLimits, Silencing, Told, Tracker, Wanted, begin, end, enlist,
    figures, order, reclaim,
};
use quietus_validate::Validator;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How often a worker that stays looks for a night.
const LOOK: Duration = Duration::from_secs(10);

/// What every part of a night works with.
struct Parts {
    key: FingerprintKey,
    ledger: Ledger,
    policy: Policy,
    rules: Arc<quietus_model::RuleSet>,
    shipped: quietus_model::RuleSet,
    detector: Detector,
    silencing: Silencing,
    validator: Option<Validator>,
    escrow: Escrow,
    worker: String,
    began: Instant,
}

impl Parts {
    async fn new(setup: &Setup, watching: &Watching) -> Result<Self> {
        let key = setup.key()?;
        let ledger = setup.ledger(&key).await?;
        let policy = setup.policy()?;
        let rules = setup.rules()?;
        let validator = if watching.validate { Some(setup.validator(&rules, None)?) } else { None };
        let detector = setup.detector(Arc::clone(&rules))?;
        let silencing = setup.silencing_of_configuration(&rules, Some(&key), &policy)?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let worker = format!("{host}/{}", std::process::id());
        let shipped = quietus_catalogue::shipped()?;
        let began = Instant::now();
        Ok(Self {
            key,
            ledger,
            policy,
            rules,
            shipped,
            detector,
            silencing,
            validator,
            escrow: setup.escrow()?,
            worker,
            began,
        })
    }

    fn tracker(&self) -> Tracker<'_> {
        Tracker {
            ledger: &self.ledger,
            rules: &self.rules,
            shipped: &self.shipped,
            policy: &self.policy,
            validator: self.validator.as_ref(),
            escrow: Some(&self.escrow),
            tool: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The time of this run, in whole seconds.
    fn now(&self, setup: &Setup) -> Timestamp {
        let seconds = i64::try_from(self.began.elapsed().as_secs()).unwrap_or(0);
        setup.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(setup.now)
    }
}

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
    stop_at_the_deadline(args.deadline);
    let mut exit = Exit::clean();
    if !args.no_forges && !setup.config.forge.is_empty() {
        refresh(setup, &parts, &mut exit).await?;
    }
    let listed = parts.ledger.inventory().await?;
    if listed.is_empty() {
        return Err(anyhow!("the inventory is empty; `quietus repos import` fills it").into());
    }
    let scans = parts.ledger.scans().await?;
    let due: Vec<RepositoryId> =
        order(&listed, &scans, setup.now).into_iter().map(|due| due.id).collect();
    let (night, goes_on) = begin(&parts.ledger, &due, setup.now).await?;
    if goes_on && !setup.quiet {
        output::notice(&format!("going on with the night that began {}", night.at));
    }
    let log = nightly::Log::new(args.watching.log, setup);
    work(setup, &args.watching, &parts, &listed, &night, &log).await?;
    if parts.validator.is_some() && !is_stopped() {
        retest(setup, &args.watching, &parts, &listed, &mut exit).await?;
    }
    let reminders = if args.remind { remind(setup, &parts, &mut exit).await? } else { 0 };
    for export in exports {
        exit.merge(export::run(setup, export).await?);
    }
    let now = parts.now(setup);
    let mut figures = figures(&parts.ledger, &night, now).await?;
    figures.reminders = reminders;
    if figures.left == 0 || !is_stopped() {
        end(&parts.ledger, &night, figures, now).await?;
    }
    finish(args, &parts, &night, figures, exit, now).await
}

/// Takes in what the forges tell of. One that does not answer stops no night: what is listed is watched.
async fn refresh(setup: &Setup, parts: &Parts, exit: &mut Exit) -> Result<()> {
    for forge in &setup.config.forge {
        let name = std::slice::from_ref(&forge.name);
        match repos::told_by_forges(setup, name).await {
            Ok(told) => {
                let by = quietus_poam::Actor::System;
                enlist(&parts.ledger, &told, false, &by, parts.now(setup)).await?;
            }
            Err(error) => {
                output::error_text(&format!("{error:#}"));
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
    let items = parts.ledger.items().await?;
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

/// Takes pieces of work of the night until none is left, or somebody stops it.
async fn work(
    setup: &Setup,
    watching: &Watching,
    parts: &Parts,
    listed: &[Listed],
    night: &NightRecord,
    told: &dyn Told,
) -> Result<()> {
    let own_host = parts.worker.split('/').next().unwrap_or_default();
    reclaim(&parts.ledger, night.night, |worker| is_dead(worker, own_host)).await?;
    let sight = sight(setup, watching, listed)?;
    // Many repositories at a time make no bar; the log tells how far it is.
    let looking = sight.looking(&parts.detector, &parts.key, &());
    let repositories: BTreeMap<RepositoryId, Listed> =
        listed.iter().map(|one| (one.id.clone(), one.clone())).collect();
    let tracker = parts.tracker();
    let clock = || parts.now(setup);
    let night = Night {
        id: night.night,
        worker: &parts.worker,
        tracker: &tracker,
        looking: &looking,
        silencing: &parts.silencing,
        repositories: &repositories,
        clock: &clock,
        limits: NightLimits {
            at_once: watching.at_once,
            most_new: watching.most_new,
            disk: watching.disk.map(|gib| gib << 30),
        },
        told,
    };
    let runtime = Handle::current();
    tokio::task::block_in_place(|| night.work(&runtime))?;
    Ok(())
}

/// Whether a worker of this very machine has ended.
fn is_dead(worker: &str, own_host: &str) -> bool {
    let Some((host, process)) = worker.rsplit_once('/') else { return false };
    let process = process.parse().ok().and_then(rustix::process::Pid::from_raw);
    host == own_host && process.is_some_and(|id| rustix::process::test_kill_process(id).is_err())
}

fn sight(setup: &Setup, watching: &Watching, listed: &[Listed]) -> Result<Sight> {
    let ids: BTreeMap<String, RepositoryId> =
        listed.iter().map(|one| (one.source.to_string(), one.id.clone())).collect();
    let moved = listed.iter().filter(|one| one.source.as_str() != one.url);
    let fetching = Fetching {
        time: Duration::from_secs(watching.fetch_time.as_secs().unsigned_abs()),
        bytes: watching.mirror_size << 30,
        urls: moved.map(|one| (one.source.to_string(), one.url.clone())).collect(),
        tokens: setup.config.host_tokens()?,
        cancel: Some(&CANCEL),
    };
    let options = quietus_scan::Options {
        threads: setup.threads,
        memory: Some(setup.places.scans()),
        ..quietus_scan::Options::default()
    };
    let mirrors = Mirrors::fetched(setup.places.mirrors(), fetching);
    Ok(Sight { mirrors, names: ids.clone(), known: ids, ..Sight::new(setup, options) })
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
    exit: &mut Exit,
) -> Result<()> {
    let now = parts.now(setup);
    let due = due_items(parts.ledger.items().await?, &parts.policy, now);
    let scans: Vec<ScanRecord> =
        parts.ledger.scans().await?.into_iter().map(|scans| scans.latest).collect();
    let sight = sight(setup, watching, listed)?;
    let bar = Bar::new(setup.quiet);
    let looking = sight.looking(&parts.detector, &parts.key, &bar);
    let read = tokio::task::block_in_place(|| Wanted::of(&due, &scans).read(&looking, now));
    for error in &read.errors {
        output::error_text(&error.to_string());
    }
    exit.add_if(!read.errors.is_empty(), Reason::Source);
    exit.add_if(!read.lost.is_empty() || !read.unread.is_empty(), Reason::Incomplete);
    parts.tracker().retest(read, now).await?;
    bar.done();
    let prints: BTreeSet<_> = due.iter().map(PoamItem::fingerprint).collect();
    let after = parts.ledger.items().await?;
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
    let items = parts.ledger.items().await?;
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
fn stop_at_the_deadline(deadline: Option<SignedDuration>) {
    let Some(deadline) = deadline else { return };
    let wait = Duration::from_secs(deadline.as_secs().unsigned_abs());
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        output::notice("the deadline has come; what is under way is stopped");
        CANCEL.store(true, Ordering::SeqCst);
    });
}

async fn plan(setup: &Setup, args: &Nightly, parts: &Parts) -> Result<Exit, Failure> {
    let (listed, scans) = (parts.ledger.inventory().await?, parts.ledger.scans().await?);
    let records = parts.ledger.nights().await?;
    let items = parts.ledger.items().await?;
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

pub(crate) async fn worker(setup: &Setup, args: &Worker) -> Result<Exit, Failure> {
    let parts = Parts::new(setup, &args.watching).await?;
    let log = nightly::Log::new(args.watching.log, setup);
    let mut done = BTreeSet::new();
    loop {
        let records = parts.ledger.nights().await?;
        let night = unfinished(&records, parts.now(setup)).cloned();
        match night {
            Some(night) if !done.contains(&night.night) => {
                let listed = parts.ledger.inventory().await?;
                work(setup, &args.watching, &parts, &listed, &night, &log).await?;
                done.insert(night.night);
            }
            None if args.drain && done.is_empty() => {
                output::notice("no night is under way; `quietus nightly` begins one");
                return Ok(Exit::clean());
            }
            _ if args.drain => return Ok(Exit::clean()),
            _ => tokio::time::sleep(LOOK).await,
        }
        if is_stopped() {
            return Ok(Exit::clean());
        }
    }
}
