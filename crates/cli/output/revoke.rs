//! What a revocation would call and break, or who can do it instead.

use super::{BOLD, DIM, RED, out};
use anyhow::Result;
use quietus_poam::PoamItem;
use quietus_validate::{NotRevocable, Revoking};
use std::io::Write;

pub(crate) fn print_plan(item: &PoamItem, revoking: &Revoking) -> Result<()> {
    let mut out = out();
    heading(&mut out, item)?;
    let Revoking { target, method, url, effect, identity } = revoking;
    writeln!(out, "  {DIM}calls{DIM:#}      {RED}{} {url}{RED:#}", method.as_str())?;
    writeln!(out, "  {DIM}accepted by{DIM:#} {target}; the revocation is {effect}")?;
    for (name, value) in &identity.fields {
        writeln!(out, "  {DIM}{name:10}{DIM:#} {value}")?;
    }
    let heads: Vec<String> = item
        .presence
        .open()
        .map(|s| format!("{} {}", s.repository_name(), s.location.display()))
        .collect();
    for place in &heads {
        writeln!(out, "  {DIM}used in{DIM:#}    {place}: it stops working there")?;
    }
    for line in &item.detection.kind.remedy.after_revoke {
        writeln!(out, "  {DIM}afterwards{DIM:#} {line}")?;
    }
    Ok(out.flush()?)
}

pub(crate) fn print_refusal(item: &PoamItem, why: &NotRevocable) -> Result<()> {
    let mut out = out();
    heading(&mut out, item)?;
    writeln!(out, "  {why}")?;
    let steps = &item.detection.kind.remedy.revoke;
    if *why != NotRevocable::NotLive && !steps.is_empty() {
        writeln!(out, "  {DIM}how{DIM:#}        {steps}")?;
    }
    Ok(out.flush()?)
}

/// That there is nothing left to send.
pub(crate) fn print_lost(item: &PoamItem) -> Result<()> {
    let mut out = out();
    heading(&mut out, item)?;
    writeln!(out, "  its bytes can no longer be read; revoke it by hand")?;
    let steps = &item.detection.kind.remedy.revoke;
    if !steps.is_empty() {
        writeln!(out, "  {DIM}how{DIM:#}        {steps}")?;
    }
    Ok(out.flush()?)
}

fn heading(out: &mut impl Write, item: &PoamItem) -> Result<()> {
    let detection = &item.detection;
    writeln!(out, "{BOLD}{}{BOLD:#}  {}  {}", item.id(), detection.kind.name, detection.redacted)?;
    Ok(())
}
