//! What is in escrow: of which item, for whom, how its file is, and until when.

use super::{BOLD, DIM, RED, YELLOW, day, minute, out, plural};
use anyhow::Result;
use jiff::Timestamp;
use quietus_escrow::Condition;
use quietus_model::{Seal, SealId};
use quietus_poam::{PoamItem, Recorded};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// The sealed value of an item.
pub(crate) struct Sealed<'a> {
    pub(crate) item: &'a PoamItem,
    pub(crate) seal: &'a Seal,
    /// When that was recorded.
    pub(crate) at: Option<&'a Recorded>,
    pub(crate) condition: Condition,
    /// When it is to be destroyed.
    pub(crate) ends: Option<Timestamp>,
}

/// All that is sealed.
pub(crate) struct Listed<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) sealed: &'a [Sealed<'a>],
    /// What no item of the ledger knows.
    pub(crate) unrecorded: &'a [SealId],
}

pub(crate) fn print(listed: &Listed<'_>) -> Result<()> {
    let mut out = out();
    for Sealed { item, seal, at, condition, ends } in listed.sealed {
        let (id, kind) = (item.id(), &item.detection.kind.name);
        let since = at.map_or(String::new(), |at| format!("  sealed {}", minute(at.at)));
        let end = match ends {
            Some(at) => format!("  destroyed from {} on", day(*at)),
            None => String::new(),
        };
        writeln!(out, "{BOLD}{id}{BOLD:#}  {kind}  {}{since}{end}", item.phase())?;
        match condition {
            Condition::Whole => {}
            Condition::Missing | Condition::Altered => {
                let what = condition.as_str();
                writeln!(out, "  {RED}its file {}.age is {what}{RED:#}", seal.id)?;
            }
        }
        for recipient in &seal.recipients {
            writeln!(out, "  {DIM}{recipient}{DIM:#}")?;
        }
    }
    for id in listed.unrecorded {
        writeln!(out, "{YELLOW}{id}.age{YELLOW:#}  no item of this ledger knows it")?;
    }
    let count = plural(listed.sealed.len() as u64, "sealed value");
    writeln!(out, "{count} in {}", listed.folder.display())?;
    Ok(out.flush()?)
}

/// An array of objects; the names are a contract.
pub(crate) fn print_json(listed: &Listed<'_>) -> Result<()> {
    let sealed = listed.sealed.iter().map(|one| {
        json!({
            "item": one.item.id(),
            "fingerprint": one.item.fingerprint(),
            "kind": one.item.detection.kind.name,
            "state": one.item.phase().to_string(),
            "seal": one.seal.id,
            "digest": one.seal.digest,
            "recipients": one.seal.recipients,
            "sealed_at": one.at.map(|at| at.at),
            "file": one.condition.as_str(),
            "destroy_at": one.ends,
        })
    });
    let unrecorded = listed.unrecorded.iter().map(|id| json!({ "item": null, "seal": id }));
    super::json::print_value(&sealed.chain(unrecorded).collect::<Vec<Value>>())
}
