//! Repositories with their last complete scan, or why there is none.

use super::board::last_complete;
use super::terminal::gaps;
use super::{BOLD, DIM, GREEN, RED, YELLOW, minute, out, plural, repository_name};
use anyhow::Result;
use jiff::Timestamp;
use quietus_model::{RepositoryId, SafeText};
use quietus_poam::{Listed, Watch};
use quietus_store::{Coverage, RepositoryScans};
use quietus_track::Enlisted;
use serde_json::{Value, json};
use std::io::Write;

/// How many names of one outcome are printed.
const NAMES: usize = 20;

/// How one repository is covered, as listings tell it.
pub(crate) struct Row<'a>(Coverage<'a>);

/// Every repository, in the order of the names.
pub(crate) fn rows<'a>(listed: &'a [Listed], scans: &'a [RepositoryScans]) -> Vec<Row<'a>> {
    Coverage::all(listed, scans).into_iter().map(Row).collect()
}

impl Row<'_> {
    /// Whether its last scan was not complete, or there is none. What is retired has no gap.
    pub(crate) fn has_gap(&self) -> bool {
        self.0.has_gap()
    }

    fn name(&self) -> String {
        match (self.0.scans, self.0.listed) {
            (Some(scans), _) => {
                repository_name(scans.repository(), &scans.latest.scope.source).to_owned()
            }
            (None, Some(listed)) => repository_name(&listed.id, &listed.source).to_owned(),
            (None, None) => String::new(),
        }
    }

    fn value(&self) -> Value {
        let latest = self.0.scans.map(|scans| &scans.latest);
        let complete = self.0.scans.and_then(|scans| scans.latest_complete.as_ref());
        let source = latest.map(|one| &one.scope.source).or(self.0.listed.map(|one| &one.source));
        let retired = self.0.listed.and_then(|one| match &one.watch {
            Watch::Retired { at, reason } => Some(json!({ "at": at, "reason": reason })),
            _ => None,
        });
        json!({
            "repository": self.0.id(),
            "source": source,
            "url": self.0.listed.map(|one| SafeText::scrubbed(one.url.as_bytes(), [])),
            "forge": self.0.listed.and_then(|one| one.forge.as_ref()),
            "state": self.0.state(),
            "retired": retired,
            "added": self.0.listed.map(|one| one.added),
            "moves": self.0.listed.map_or_else(Vec::new, moves),
            "last_scan": latest.map(|one| one.taken_at),
            "last_complete_scan": complete.map(|one| one.taken_at),
            "complete": latest.is_some_and(quietus_poam::ScanRecord::is_complete),
            "why_not_complete": self.0.why(),
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
        let state = match row.0.listed.map(|one| &one.watch) {
            Some(Watch::Retired { reason, .. }) => format!("{DIM}retired: {reason}{DIM:#}"),
            Some(Watch::Displaced { .. }) => {
                format!("{RED}unobservable{RED:#}: {}", row.0.why().unwrap_or_default())
            }
            _ => match row.0.scans {
                Some(scans) => last_complete(scans, now),
                None => format!("{YELLOW}never scanned{YELLOW:#}"),
            },
        };
        writeln!(out, "{BOLD}{}{BOLD:#}  {state}", row.name())?;
        if let Some(scans) = row.0.scans {
            let latest = &scans.latest;
            writeln!(
                out,
                "  {DIM}last scanned {} in {}; {}{DIM:#}",
                minute(latest.taken_at),
                latest.scope.source,
                plural(latest.findings, "credential")
            )?;
        }
        if let Some((at, url, _)) = row.0.listed.and_then(|one| one.moves.last()) {
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
    let watched: Vec<_> = rows.iter().filter(|row| row.0.state() == "watched").collect();
    if watched.is_empty() {
        return all;
    }
    let complete = watched.iter().filter(|row| !row.has_gap()).count();
    format!("{all}; {} watched, {complete} of them scanned completely", watched.len())
}

pub(crate) fn print_gaps(rows: &[Row<'_>], now: Timestamp) -> Result<()> {
    let mut out = out();
    for row in rows {
        let last = row.0.scans.map(|scans| format!("  {}", last_complete(scans, now)));
        writeln!(out, "{BOLD}{}{BOLD:#}{}", row.name(), last.unwrap_or_default())?;
        if let Some(scans) = row.0.scans {
            gaps(&mut out, &scans.latest.scope)?;
        } else if let Some(why) = row.0.why() {
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
    scans.iter().map(|scans| Row(Coverage { listed: None, scans: Some(scans) }).value()).collect()
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
            let url = enlisted.urls.get(id).cloned().unwrap_or_default();
            writeln!(out, "  {}", repository_name(id, &url))?;
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
