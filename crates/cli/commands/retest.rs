//! `quietus retest`: read the known places again, ask the issuers, record what they say.

use crate::args::{Expect, ListFormat, Retest};
use crate::commands::escrow;
use crate::commands::scan::{failed, was_cut_short};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, retest};
use crate::progress::Bar;
use crate::setup::{Setup, tracker};
use crate::sight::Sight;
use jiff::Timestamp;
use quietus_model::{Fingerprint, SealUse};
use quietus_poam::{ClosureBasis, Event, PoamItem, Policy, Proof, ScanRecord};
use quietus_store::Ledger;
use quietus_track::{Wanted, named};
use quietus_validate::Validator;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) async fn run(setup: &Setup, args: &Retest) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let policy = setup.policy()?;
    let rules = setup.rules()?;
    let shipped = quietus_catalogue::shipped()?;
    let validator = if args.validate { Some(setup.validator(&rules, None)?) } else { None };
    let detector = setup.detector(Arc::clone(&rules))?;
    let items = wanted(setup, args, &ledger, &policy).await?;
    let prints: BTreeSet<Fingerprint> = items.iter().map(PoamItem::fingerprint).collect();
    let scans: Vec<ScanRecord> =
        ledger.scans().await?.into_iter().map(|scans| scans.latest).collect();
    let bar = Bar::new(setup.quiet);
    let sight = Sight::of_known_places(setup);
    let looking = sight.looking(&detector, &key, &bar);
    let mut read = Wanted::of(&items, &scans).read(&looking, setup.now);
    let sealed = setup.escrow()?;
    let tracker = tracker(&ledger, &rules, &shipped, &policy, validator.as_ref(), Some(&sealed));
    if let Some(file) = &args.identity {
        escrow::open(&tracker, &mut read, file, &key, (SealUse::Retest, setup)).await?;
    }
    for error in &read.errors {
        output::error_text(&error.to_string());
    }
    let (recalled, unreadable) = (read.hits.len(), !read.errors.is_empty());
    let incomplete = !read.lost.is_empty() || !read.unread.is_empty();
    let before: BTreeMap<Fingerprint, u64> =
        items.iter().map(|item| (item.fingerprint(), item.version)).collect();
    if validator.is_some() {
        bar.say(format!("asking issuers about {}", output::plural(recalled as u64, "credential")));
        tracker.retest(read, setup.now).await?;
    }
    let now = validator.as_ref().map_or(setup.now, Validator::now);
    bar.done();
    let mut after = Vec::new();
    let current = ledger.current().await?;
    for item in prints.iter().filter_map(|print| current.get(print)) {
        // What they prove, and what came to them in this run, every event tells.
        after.push(ledger.whole(item).await?.into_owned());
    }
    after.sort_by_key(|item| item.number);
    let mut exit = exit_of(now, args, &policy, &after, unreadable);
    exit.add_if(validator.is_some() && was_cut_short(), Reason::Incomplete);
    exit.add_if(incomplete, Reason::Incomplete);
    exit.add_if(after.iter().any(|item| heard_nothing(item, setup.now)), Reason::Validator);
    let report = retest::Report {
        items: &after,
        before: &before,
        recalled,
        asked: validator.is_some(),
        policy: &policy,
        now,
        exit: &exit,
    };
    match args.format {
        ListFormat::Table => retest::print(&report)?,
        ListFormat::Json => retest::print_json(&report)?,
    }
    ledger.close().await;
    Ok(exit)
}

/// The named items; else every open one, and closed ones that are due.
async fn wanted(
    setup: &Setup,
    args: &Retest,
    ledger: &Ledger,
    policy: &Policy,
) -> Result<Vec<PoamItem>, Failure> {
    if !args.ids.is_empty() {
        let mut found = Vec::new();
        for id in &args.ids {
            found.push(named(ledger, id).await?);
        }
        return Ok(found);
    }
    // Who expects something asks about every item that is not set aside.
    let due = |item: &PoamItem| {
        args.all
            || (args.expect.is_some() && item.deviation.is_none())
            || item.next_retest(policy).is_some_and(|at| at <= setup.now)
    };
    Ok(ledger.listed().await?.into_iter().filter(due).collect())
}

/// Whether asking about it in this run came to nothing.
pub(crate) fn heard_nothing(item: &PoamItem, began: Timestamp) -> bool {
    item.history.iter().any(|recorded| {
        matches!(&recorded.event, Event::Judged { judgement }
            if judgement.at >= began && failed(judgement))
    })
}

fn exit_of(
    now: Timestamp,
    args: &Retest,
    policy: &Policy,
    items: &[PoamItem],
    unreadable: bool,
) -> Exit {
    let mut exit = Exit::clean();
    exit.add_if(unreadable, Reason::Source);
    exit.add_if(items.iter().any(|item| item.liveness(now) == "live"), Reason::Live);
    exit.add_if(items.iter().any(|item| item.is_overdue(now)), Reason::Overdue);
    let dead = |item: &PoamItem| {
        item.closure.as_ref().is_some_and(|closure| closure.basis == ClosureBasis::Verified)
            || matches!(item.proof(policy, now), Proof::Dead { weakness: None, .. })
    };
    let expected = args.expect == Some(Expect::Dead);
    exit.add_if(expected && !items.iter().all(dead), Reason::Findings);
    exit
}
