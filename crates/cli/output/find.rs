//! Where a value stands, repository by repository, and the item that it belongs to.

use super::{BOLD, DIM, YELLOW, minute, out, plural, repository_name};
use anyhow::Result;
use jiff::Timestamp;
use quietus_poam::PoamItem;
use quietus_track::Standing;
use serde_json::{Value, json};
use std::io::Write;

/// What `find` found.
pub(crate) struct Found<'a> {
    /// The item of this very credential.
    pub(crate) item: Option<&'a PoamItem>,
    /// Items of credentials near it.
    pub(crate) beside: &'a [&'a PoamItem],
    pub(crate) standings: &'a [Standing],
    pub(crate) now: Timestamp,
}

pub(crate) fn print(found: &Found<'_>) -> Result<()> {
    let mut out = out();
    match found.item {
        Some(item) => writeln!(out, "{}", line(item, found.now))?,
        None => writeln!(out, "no item is kept for it")?,
    }
    for item in found.beside {
        writeln!(out, "{DIM}near it:{DIM:#} {}", line(item, found.now))?;
    }
    let mut places = 0;
    for standing in found.standings.iter().filter(|one| !one.locations.is_empty()) {
        let name = repository_name(&standing.repository, &standing.source);
        writeln!(out, "\n{BOLD}{name}{BOLD:#}  {DIM}as of {}{DIM:#}", minute(standing.scanned))?;
        for location in &standing.locations {
            writeln!(out, "  {}", super::terminal::place(location))?;
        }
        places += standing.locations.len();
    }
    for standing in found.standings.iter().filter(|one| !one.gaps.is_empty()) {
        let name = repository_name(&standing.repository, &standing.source);
        let gaps = plural(standing.gaps.len() as u64, "gap");
        writeln!(out, "{YELLOW}{name}: {gaps}, it may stand there too{YELLOW:#}")?;
    }
    let searched = plural(found.standings.len() as u64, "repository");
    write!(out, "\n{} in {searched}", plural(places as u64, "place"))?;
    match found.standings.iter().map(|one| one.scanned).min() {
        Some(oldest) => writeln!(out, ", none read as of before {}", minute(oldest))?,
        None => writeln!(out)?,
    }
    Ok(out.flush()?)
}

fn line(item: &PoamItem, now: Timestamp) -> String {
    let owner = item.owner.as_ref().map_or("nobody".to_owned(), |owner| owner.name.to_string());
    format!(
        "{BOLD}{}{BOLD:#}  {}  {}  {}  owner {owner}",
        item.id(),
        item.detection.kind.name,
        item.phase(),
        item.liveness(now)
    )
}

pub(crate) fn print_json(found: &Found<'_>) -> Result<()> {
    let item = |item: &PoamItem| {
        json!({
            "id": item.id(),
            "fingerprint": item.fingerprint(),
            "rule": item.detection.rule,
            "state": item.phase().to_string(),
            "liveness": item.liveness(found.now),
            "owner": item.owner.as_ref().map(|owner| owner.name.to_string()),
        })
    };
    let repositories: Vec<Value> = found
        .standings
        .iter()
        .map(|standing| {
            json!({
                "repository": standing.repository,
                "source": standing.source,
                "as_of": standing.scanned,
                "locations": standing.locations,
                "gaps": standing.gaps,
            })
        })
        .collect();
    let beside: Vec<Value> = found.beside.iter().map(|near| item(near)).collect();
    super::json::print_value(&json!({
        "item": found.item.map(item),
        "beside": beside,
        "repositories": repositories,
    }))
}
