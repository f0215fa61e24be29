//! Repositories with their last complete scan, or why there is none.

use super::board::last_complete;
use super::terminal::gaps;
use super::{BOLD, DIM, GREEN, RED, YELLOW, minute, out, plural, repository_name};
use anyhow::Result;
use jiff::Timestamp;
use quietus_model::{RepositoryId, SafeText};
use quietus_poam::{Listed, Watch};
use quietus_store::RepositoryScans;
use quietus_track::Enlisted;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// How many names of one outcome are printed.
const NAMES: usize = 20;

/// A repository that is listed, was scanned, or both.
pub(crate) struct Row<'a> {
    listed: Option<&'a Listed>,
    scans: Option<&'a RepositoryScans>,
}

/// Every repository, in the order of the names.
pub(crate) fn rows<'a>(listed: &'a [Listed], scans: &'a [RepositoryScans]) -> Vec<Row<'a>> {
    let mut rows: BTreeMap<&RepositoryId, Row<'a>> = BTreeMap::new();
    for one in listed {
        rows.insert(&one.id, Row { listed: Some(one), scans: None });
    }
    for one in scans {
        let row = rows.entry(one.repository()).or_insert(Row { listed: None, scans: None });
        row.scans = Some(one);
    }
    rows.into_values().collect()
}

impl Row<'_> {
    /// Whether its last scan was not complete, or there is none. What is retired has no gap.
    pub(crate) fn has_gap(&self) -> bool {
        let is_watched = self.listed.is_none_or(Listed::is_due);
        is_watched && self.scans.is_none_or(|scans| !scans.latest.is_complete())
    }

    fn name(&self) -> String {
        match (self.scans, self.listed) {
            (Some(scans), _) => {
                repository_name(scans.repository(), &scans.latest.scope.source).to_owned()
            }
            (None, Some(listed)) => repository_name(&listed.id, &listed.source).to_owned(),
            (None, None) => String::new(),
        }
    }

    fn id(&self) -> Option<&RepositoryId> {
        self.listed.map(|one| &one.id).or(self.scans.map(RepositoryScans::repository))
    }

    fn state(&self) -> &'static str {
        self.listed.map_or("not listed", |one| one.watch.as_str())
    }

    /// Why its last scan is not complete, in words.
    fn why(&self) -> Option<String> {
        if let Some(Watch::Displaced { by }) = self.listed.map(|one| &one.watch) {
            return Some(format!(
                "another repository ({by}) stands at its URL; say where it is with `quietus repos rename`"
            ));
        }
        let Some(scans) = self.scans else { return Some("never scanned".to_owned()) };
        if scans.latest.is_complete() {
            return None;
        }
        let gap = scans.latest.scope.gaps.iter().find(|gap| gap.reason.is_omission());
        Some(gap.map_or_else(
            || "only part of it was looked at".to_owned(),
            |gap| format!("{}: {} ({})", gap.reason, gap.object, gap.detail),
        ))
    }

    fn value(&self) -> Value {
        let latest = self.scans.map(|scans| &scans.latest);
        let complete = self.scans.and_then(|scans| scans.latest_complete.as_ref());
        let source = latest.map(|one| &one.scope.source).or(self.listed.map(|one| &one.source));
        let retired = self.listed.and_then(|one| match &one.watch {
            Watch::Retired { at, reason } => Some(json!({ "at": at, "reason": reason })),
            _ => None,
        });
        json!({
            "repository": self.id(),
            "source": source,
            "url": self.listed.map(|one| SafeText::scrubbed(one.url.as_bytes(), [])),
            "forge": self.listed.and_then(|one| one.forge.as_ref()),
            "state": self.state(),
            "retired": retired,
            "added": self.listed.map(|one| one.added),
            "moves": self.listed.map_or_else(Vec::new, moves),
            "last_scan": latest.map(|one| one.taken_at),
            "last_complete_scan": complete.map(|one| one.taken_at),
            "complete": latest.is_some_and(quietus_poam::ScanRecord::is_complete),
            "why_not_complete": self.why(),
            "gaps": latest.map_or_else(Vec::new, |one| one.scope.gaps.clone()),
            "credentials": latest.map_or(0, |one| one.findings),
        })
    }
}

fn moves(one: &Listed) -> Vec<Value> {
    let value = |(at, url, evidence): &(Timestamp, String, _)| json!({ "at": at, "url": SafeText::scrubbed(url.as_bytes(), []), "evidence": evidence });
    one.moves.iter().map(value).collect()
}

pub(crate) fn print(rows: &[Row<'_>], now: Timestamp) -> Result<()> {
    let mut out = out();
    for row in rows {
        let state = match row.listed.map(|one| &one.watch) {
            Some(Watch::Retired { reason, .. }) => format!("{DIM}retired: {reason}{DIM:#}"),
            Some(Watch::Displaced { .. }) => {
                format!("{RED}unobservable{RED:#}: {}", row.why().unwrap_or_default())
            }
            _ => match row.scans {
                Some(scans) => last_complete(scans, now),
                None => format!("{YELLOW}never scanned{YELLOW:#}"),
            },
        };
        writeln!(out, "{BOLD}{}{BOLD:#}  {state}", row.name())?;
        if let Some(scans) = row.scans {
            let latest = &scans.latest;
            writeln!(
                out,
                "  {DIM}last scanned {} in {}; {}{DIM:#}",
                minute(latest.taken_at),
                latest.scope.source,
                plural(latest.findings, "credential")
            )?;
        }
        if let Some((at, url, _)) = row.listed.and_then(|one| one.moves.last()) {
            let url = SafeText::scrubbed(url.as_bytes(), []);
            writeln!(out, "  {DIM}fetched from {url} since {}{DIM:#}", minute(*at))?;
        }
    }
    writeln!(out, "{}", counted(rows))?;
    Ok(out.flush()?)
}

/// How many there are, and how many of those that are watched were scanned whole.
fn counted(rows: &[Row<'_>]) -> String {
    let all = plural(rows.len() as u64, "repository");
    let watched: Vec<_> = rows.iter().filter(|row| row.state() == "watched").collect();
    if watched.is_empty() {
        return all;
    }
    let complete = watched.iter().filter(|row| !row.has_gap()).count();
    format!("{all}; {} watched, {complete} of them scanned completely", watched.len())
}

pub(crate) fn print_gaps(rows: &[Row<'_>], now: Timestamp) -> Result<()> {
    let mut out = out();
    for row in rows {
        let last = row.scans.map_or_else(String::new, |scans| last_complete(scans, now));
        writeln!(out, "{BOLD}{}{BOLD:#}  {last}", row.name())?;
        if let Some(scans) = row.scans {
            gaps(&mut out, &scans.latest.scope)?;
        } else if let Some(why) = row.why() {
            writeln!(out, "{YELLOW}{why}{YELLOW:#}")?;
        }
    }
    match rows.len() as u64 {
        0 => writeln!(out, "{GREEN}no gaps{GREEN:#}: the last scan of each was complete")?,
        some => writeln!(out, "{} with gaps", plural(some, "repository"))?,
    }
    Ok(out.flush()?)
}

pub(crate) fn print_json(rows: &[Row<'_>]) -> Result<()> {
    super::json::print_value(&rows.iter().map(Row::value).collect::<Vec<_>>())
}

/// Repositories that were scanned as objects; the names are a contract.
pub(crate) fn values(scans: &[RepositoryScans]) -> Vec<Value> {
    scans.iter().map(|scans| Row { listed: None, scans: Some(scans) }.value()).collect()
}

/// What taking repositories into the inventory came to.
pub(crate) fn print_enlisted(enlisted: &Enlisted, dry_run: bool) -> Result<()> {
    let mut out = out();
    let would = if dry_run { "would be " } else { "" };
    for (what, ids) in outcomes(enlisted) {
        if ids.is_empty() {
            continue;
        }
        let count = plural(ids.len() as u64, "repository");
        writeln!(out, "{BOLD}{count}{BOLD:#} {would}{what}")?;
        if what == "there already" {
            continue;
        }
        for id in ids.iter().take(NAMES) {
            writeln!(out, "  {id}")?;
        }
        if ids.len() > NAMES {
            writeln!(out, "  {DIM}and {} more{DIM:#}", ids.len() - NAMES)?;
        }
    }
    for url in &enlisted.nameless {
        let url = SafeText::scrubbed(url.as_bytes(), []);
        writeln!(
            out,
            "{YELLOW}left out{YELLOW:#}  {url}: it is no repository that can be opened; give it a name"
        )?;
    }
    Ok(out.flush()?)
}

fn outcomes(enlisted: &Enlisted) -> [(&'static str, &[RepositoryId]); 5] {
    [
        ("added", &enlisted.added),
        ("moved", &enlisted.moved),
        ("displaced by another at their URL", &enlisted.displaced),
        ("retired earlier, and left so", &enlisted.retired),
        ("there already", &enlisted.known),
    ]
}

pub(crate) fn print_enlisted_json(enlisted: &Enlisted) -> Result<()> {
    super::json::print_value(&json!({
        "added": enlisted.added,
        "moved": enlisted.moved,
        "displaced": enlisted.displaced,
        "retired": enlisted.retired,
        "known": enlisted.known,
        "left_out": enlisted.nameless,
    }))
}
