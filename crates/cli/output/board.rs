//! The board: what is new, late, waiting, reopened and closed, with owner, date and next step.

use super::short_ref;
use super::terminal::{amount, gaps};
use super::{BOLD, DIM, GREEN, RED, YELLOW, day, distance, out, plural, repository_name, style_of};
use crate::exit::Exit;
use anyhow::Result;
use jiff::Timestamp;
use quietus_export::object;
use quietus_model::Scope;
use quietus_poam::{Lane, Phase, PoamItem, Policy};
use quietus_store::RepositoryScans;
use quietus_track::{Outcome, SuppressionReport};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// How many items of one lane are printed; the rest is counted.
const ITEMS: usize = 20;

/// Everything the board shows.
pub(crate) struct Board<'a> {
    pub(crate) items: &'a [PoamItem],
    pub(crate) scans: &'a [RepositoryScans],
    pub(crate) outcome: &'a Outcome,
    pub(crate) policy: &'a Policy,
    pub(crate) ledger: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) exit: &'a Exit,
    pub(crate) this_run: &'a [Scope],
    pub(crate) silenced: &'a BTreeMap<String, usize>,
    pub(crate) suppressions: &'a SuppressionReport,
}

pub(crate) fn print(board: &Board<'_>) -> Result<()> {
    let mut out = out();
    for scope in board.this_run {
        gaps(&mut out, scope)?;
    }
    let is_new = |item: &&PoamItem| board.outcome.opened.contains(&item.fingerprint());
    let new: Vec<&PoamItem> = board.items.iter().filter(is_new).collect();
    section(&mut out, "new", &new, board)?;
    for lane in Lane::ALL {
        let here = |item: &&PoamItem| item.lane(board.now) == lane && !is_new(item);
        let items: Vec<&PoamItem> = board.items.iter().filter(here).collect();
        section(&mut out, heading(lane), &items, board)?;
    }
    if board.items.is_empty() {
        writeln!(out, "{GREEN}no leaked credentials are known{GREEN:#}\n")?;
    }
    repositories(&mut out, board)?;
    footer(&mut out, board)?;
    Ok(out.flush()?)
}

fn heading(lane: Lane) -> &'static str {
    match lane {
        Lane::Open => "still open",
        lane => lane.as_str(),
    }
}

fn section(out: &mut impl Write, name: &str, items: &[&PoamItem], board: &Board<'_>) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "{BOLD}{name}{BOLD:#} ({})", items.len())?;
    let mut order = items.to_vec();
    order.sort_by_key(|item| {
        let due = item.next_milestone().map(|milestone| milestone.due);
        (due, std::cmp::Reverse(item.detection.severity), item.number)
    });
    for item in order.iter().take(ITEMS) {
        entry(out, item, board.now)?;
    }
    if items.len() > ITEMS {
        let more = plural((items.len() - ITEMS) as u64, "item");
        writeln!(out, "  {DIM}and {more} more: `quietus item list`{DIM:#}")?;
    }
    writeln!(out)?;
    Ok(())
}

fn entry(out: &mut impl Write, item: &PoamItem, now: Timestamp) -> Result<()> {
    let detection = &item.detection;
    let severity = style_of(detection.severity);
    writeln!(
        out,
        "  {BOLD}{:5}{BOLD:#} {severity}{:8}{severity:#} {}  {}  {}",
        item.id(),
        detection.severity,
        detection.kind.name,
        detection.redacted,
        liveness(item, now),
    )?;
    let owner = item.owner.as_ref().map_or_else(
        || format!("{YELLOW}no owner{YELLOW:#}"),
        |owner| format!("{} {DIM}({}){DIM:#}", owner.name, owner.basis.as_str()),
    );
    writeln!(out, "        {}  {DIM}owner{DIM:#} {owner}", where_it_is(item))?;
    writeln!(out, "        {}", next_step(item, now))?;
    Ok(())
}

fn liveness(item: &PoamItem, now: Timestamp) -> String {
    match item.liveness(now) {
        "live" => format!("{RED}live{RED:#}"),
        "dead" => format!("{GREEN}denied{GREEN:#}"),
        _ => format!("{DIM}not known to be live or dead{DIM:#}"),
    }
}

/// The place that matters most: one at a head, else any; and how many more there are.
pub(crate) fn where_it_is(item: &PoamItem) -> String {
    let mut sightings: Vec<_> = item.presence.iter().map(|(_, sighting)| sighting).collect();
    sightings.sort_by_key(|sighting| !sighting.is_open());
    let Some(first) = sightings.first() else { return "nowhere yet".to_owned() };
    let heads: Vec<&str> =
        first.location.at_head.iter().map(|head| short_ref(head.as_str())).collect();
    let heads = if heads.is_empty() {
        format!("{DIM}only in history{DIM:#}")
    } else {
        format!("{DIM}at{DIM:#} {}", heads.join(", "))
    };
    let more = match sightings.len() - 1 {
        0 => String::new(),
        more => format!(" {DIM}and {more} more{DIM:#}"),
    };
    format!("{} {heads}{more}", first.location.display())
}

fn next_step(item: &PoamItem, now: Timestamp) -> String {
    match (&item.closure, item.phase(), item.next_milestone()) {
        (Some(closure), _, _) => format!(
            "{GREEN}closed{GREEN:#} {} ({}), dead since {}",
            day(closure.at),
            closure.basis.as_str(),
            day(closure.dead_since)
        ),
        (None, Phase::Deviation(kind), _) => {
            let until = item.deviation.as_ref().map_or(now, |deviation| deviation.until);
            format!("{kind} until {}", day(until))
        }
        (None, _, Some(milestone)) => {
            let late = milestone.is_overdue(now);
            let style = if late { RED } else { DIM };
            format!(
                "{DIM}next{DIM:#} {} by {} {style}({}){style:#}",
                milestone.kind,
                day(milestone.due),
                distance(milestone.due, now)
            )
        }
        (None, _, None) => "every milestone is done; proof of today is missing: \
                            `quietus retest --validate`"
            .to_owned(),
    }
}

fn repositories(out: &mut impl Write, board: &Board<'_>) -> Result<()> {
    if board.scans.is_empty() {
        return Ok(());
    }
    writeln!(out, "{BOLD}repositories{BOLD:#} ({})", board.scans.len())?;
    for scans in board.scans.iter().take(ITEMS) {
        let name = repository_name(scans.repository(), &scans.latest.scope.source);
        writeln!(out, "  {name}  {}", last_complete(scans, board.now))?;
    }
    if board.scans.len() > ITEMS {
        let more = plural((board.scans.len() - ITEMS) as u64, "repository");
        writeln!(out, "  {DIM}and {more} more: `quietus repos list`{DIM:#}")?;
    }
    writeln!(out)?;
    Ok(())
}

/// When a repository was last scanned completely, or why it was not.
pub(crate) fn last_complete(scans: &RepositoryScans, now: Timestamp) -> String {
    let all = &scans.latest.scope.gaps;
    let omissions: Vec<_> = all.iter().filter(|gap| gap.reason.is_omission()).collect();
    let gaps = omissions.len() as u64;
    let why = match omissions.first() {
        Some(gap) => format!("{}, first {} ({})", plural(gaps, "gap"), gap.object, gap.reason),
        None => "only part of it was looked at".to_owned(),
    };
    match &scans.latest_complete {
        Some(complete) if complete.survey == scans.latest.survey => {
            let at = distance(complete.taken_at, now);
            format!("{GREEN}complete{GREEN:#} {DIM}{at}{DIM:#}")
        }
        Some(complete) => format!(
            "{YELLOW}last complete {}{YELLOW:#}; since then {why}",
            distance(complete.taken_at, now)
        ),
        None => format!("{RED}never completely{RED:#}: {why}"),
    }
}

fn footer(out: &mut impl Write, board: &Board<'_>) -> Result<()> {
    let open = board.items.iter().filter(|item| item.is_active()).count() as u64;
    let closed = board.items.iter().filter(|item| item.closure.is_some()).count();
    let head = board.outcome.head.as_ref();
    let head = head.map_or(String::new(), |head| {
        format!("{} ({}…)", head.seq, head.hash.to_string().get(..12).unwrap_or_default())
    });
    writeln!(
        out,
        "{} open, {closed} closed; read {}",
        plural(open, "item"),
        amount(board.this_run)
    )?;
    writeln!(
        out,
        "{DIM}policy {} · ledger {} · head {head}{DIM:#}",
        board.policy.name, board.ledger
    )?;
    for (reason, count) in board.silenced {
        writeln!(out, "{DIM}{reason}: {count}{DIM:#}")?;
    }
    super::silence::print(out, board.suppressions)?;
    if open > 0 {
        writeln!(
            out,
            "{DIM}`quietus item why ID` tells why an item is open and what to do{DIM:#}"
        )?;
    }
    Ok(())
}

pub(crate) fn print_json(board: &Board<'_>) -> Result<()> {
    let items: Vec<_> =
        board.items.iter().map(|item| object::item(item, board.policy, board.now)).collect();
    let names = |prints: &[quietus_model::Fingerprint]| {
        prints.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    super::json::print_value(&json!({
        "items": items,
        "opened": names(&board.outcome.opened),
        "closed": names(&board.outcome.closed),
        "reopened": names(&board.outcome.reopened),
        "events": board.outcome.events,
        "repositories": super::repos::values(board.scans),
        "scopes": board.this_run,
        "ledger": {
            "location": board.ledger,
            "seq": board.outcome.head.as_ref().map(|head| head.seq),
            "head": board.outcome.head.as_ref().map(|head| head.hash.to_string()),
        },
        "summary": {
            "exit": board.exit.names(),
            "silenced": board.silenced,
            "suppressions": super::silence::value(board.suppressions),
        },
    }))
}
