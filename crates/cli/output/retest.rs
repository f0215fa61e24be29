//! What a retest learnt, item by item.

use super::item::sentence;
use super::{BOLD, DIM, GREEN, RED, YELLOW, out, plural};
use crate::exit::Exit;
use anyhow::Result;
use jiff::Timestamp;
use quietus_export::object;
use quietus_model::Fingerprint;
use quietus_poam::{PoamItem, Policy, Proof};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// What a retest learnt.
pub(crate) struct Report<'a> {
    pub(crate) items: &'a [PoamItem],
    pub(crate) before: &'a BTreeMap<Fingerprint, u64>,
    pub(crate) recalled: usize,
    pub(crate) asked: bool,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    pub(crate) exit: &'a Exit,
}

pub(crate) fn print(report: &Report<'_>) -> Result<()> {
    let mut out = out();
    if report.items.is_empty() {
        writeln!(out, "nothing is due; `--all` or an ID retests anyway")?;
        return Ok(out.flush()?);
    }
    for item in report.items {
        let state = match (item.liveness(report.now), item.proof(report.policy, report.now)) {
            _ if item.closure.is_some() => format!("{GREEN}closed{GREEN:#}"),
            ("live", _) => format!("{RED}live{RED:#}"),
            (_, Proof::Dead { .. }) => format!("{GREEN}verified dead{GREEN:#}"),
            ("dead", _) => format!("{YELLOW}denied, not yet proven{YELLOW:#}"),
            _ => format!("{YELLOW}unknown{YELLOW:#}"),
        };
        writeln!(out, "{BOLD}{:5}{BOLD:#} {state}  {}", item.id(), item.detection.kind.name)?;
        let before = report.before.get(&item.fingerprint()).copied().unwrap_or(0);
        let new = usize::try_from(before).unwrap_or(usize::MAX);
        for recorded in item.history.iter().skip(new) {
            writeln!(out, "      {}", sentence(recorded))?;
        }
        if let Proof::NotYet(missing) = item.proof(report.policy, report.now)
            && item.closure.is_none()
        {
            for lack in missing {
                writeln!(out, "      {DIM}{lack}{DIM:#}")?;
            }
        }
    }
    let items = plural(report.items.len() as u64, "item");
    writeln!(out, "\n{items}; the bytes of {} could be read again", report.recalled)?;
    if !report.asked {
        writeln!(out, "{YELLOW}no issuer was asked{YELLOW:#}: add --validate to ask")?;
    }
    Ok(out.flush()?)
}

pub(crate) fn print_json(report: &Report<'_>) -> Result<()> {
    let items: Vec<_> =
        report.items.iter().map(|item| object::item(item, report.policy, report.now)).collect();
    super::json::print_value(&json!({
        "items": items,
        "recalled": report.recalled,
        "asked": report.asked,
        "summary": { "exit": report.exit.names() },
    }))
}
