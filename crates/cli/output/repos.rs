//! Repositories with their last complete scan, or why there is none.

use super::board::last_complete;
use super::{BOLD, DIM, minute, out, plural, repository_name};
use anyhow::Result;
use jiff::Timestamp;
use quietus_export::object;
use quietus_store::RepositoryScans;
use serde_json::Value;
use std::io::Write;

pub(crate) fn print(scans: &[RepositoryScans], now: Timestamp) -> Result<()> {
    let mut out = out();
    for scans in scans {
        let latest = &scans.latest;
        let name = repository_name(scans.repository(), &latest.scope.source);
        writeln!(out, "{BOLD}{name}{BOLD:#}  {}", last_complete(scans, now))?;
        writeln!(
            out,
            "  {DIM}last scanned {} in {}; {}{DIM:#}",
            minute(latest.taken_at),
            latest.scope.source,
            plural(latest.findings, "credential")
        )?;
    }
    writeln!(out, "{}", plural(scans.len() as u64, "repository"))?;
    Ok(out.flush()?)
}

pub(crate) fn print_json(scans: &[RepositoryScans]) -> Result<()> {
    super::json::print_value(&values(scans))
}

/// Repositories as objects; the names are a contract.
pub(crate) fn values(scans: &[RepositoryScans]) -> Vec<Value> {
    let value =
        |scans: &RepositoryScans| object::repository(&scans.latest, scans.latest_complete.as_ref());
    scans.iter().map(value).collect()
}
