//! `quietus item add` and `item import`: findings that come from an audit and not from a scan.

use super::item::end_of_day;
use crate::args::Add;
use crate::output::{self, item, plural};
use crate::setup::Setup;
use crate::who;
use anyhow::{Context, Result, anyhow, bail};
use quietus_model::{FingerprintKey, SafeText, Severity};
use quietus_poam::{AuditFinding, Audited};
use quietus_store::{Append, Ledger};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// One finding in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    title: String,
    source: String,
    reference: String,
    playbook: PathBuf,
    #[serde(default)]
    description: String,
    #[serde(default = "medium")]
    severity: Severity,
    #[serde(default)]
    found: Option<String>,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    affects: Vec<String>,
}

fn medium() -> Severity {
    Severity::Medium
}

pub(crate) async fn add(
    setup: &Setup,
    ledger: &Ledger,
    key: &FingerprintKey,
    add: Add,
) -> Result<()> {
    let Add { title, source, reference, playbook, description, severity, .. } = add;
    let (found, owner, affects) = (add.found, add.owner, add.affects);
    let row =
        Row { title, source, reference, playbook, description, severity, found, owner, affects };
    if !bring(setup, ledger, key, row, add.who.name).await? {
        bail!("that finding of that audit is an item already; `quietus item list` shows it");
    }
    Ok(())
}

/// Brings in all of a file, or says which of it cannot be read before anything is.
pub(crate) async fn import(
    setup: &Setup,
    ledger: &Ledger,
    key: &FingerprintKey,
    file: &Path,
    dry_run: bool,
    claims: Option<String>,
) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let rows = rows(&text).with_context(|| format!("in {}", file.display()))?;
    for row in &rows {
        audited(setup, row).with_context(|| format!("the finding {}", row.reference))?;
    }
    let (mut new, mut known) = (0_u64, 0_u64);
    for row in rows {
        let print = audited(setup, &row)?.fingerprint(key);
        if ledger.item(&print).await?.is_some() {
            known += 1;
        } else if dry_run {
            new += 1;
            output::lines(&[format!("{}: {}", row.reference, row.title)])?;
        } else {
            new += u64::from(bring(setup, ledger, key, row, claims.clone()).await?);
        }
    }
    let verb = if dry_run { "would be brought in" } else { "brought in" };
    output::lines(&[format!("{} {verb}, {known} known already", plural(new, "finding"))])
}

/// A JSON array, or one object a line.
fn rows(text: &str) -> Result<Vec<Row>> {
    if text.trim_start().starts_with('[') {
        return Ok(serde_json::from_str(text)?);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| anyhow!("line {}: {error}", number + 1))
    };
    lines.map(row).collect()
}

/// Opens an item for it; `false` when there is one.
async fn bring(
    setup: &Setup,
    ledger: &Ledger,
    key: &FingerprintKey,
    row: Row,
    claims: Option<String>,
) -> Result<bool> {
    let audited = audited(setup, &row)?;
    let print = audited.fingerprint(key);
    if ledger.item(&print).await?.is_some() {
        return Ok(false);
    }
    let by = who::actor(setup, claims);
    let events = audited.open(key, &by, &setup.policy()?, setup.now)?;
    ledger.append(vec![Append::events(print, 0, events)], setup.now).await?;
    let opened = ledger.item(&print).await?.context("the item that was just opened")?;
    item::print_opened(&opened, setup.now)?;
    Ok(true)
}

fn audited(setup: &Setup, row: &Row) -> Result<Audited> {
    let detected_at = match &row.found {
        // Found on a day means: by its end, and not later than now.
        Some(day) => {
            let end = end_of_day(day)?;
            let today = setup.now.strftime("%Y-%m-%d").to_string() == *day;
            if today { setup.now } else { end }
        }
        None => setup.now,
    };
    Ok(Audited {
        finding: AuditFinding {
            source: SafeText::plain(&row.source),
            reference: SafeText::plain(&row.reference),
            title: SafeText::plain(&row.title),
            description: SafeText::plain(if row.description.is_empty() {
                &row.title
            } else {
                &row.description
            }),
            affects: row.affects.iter().map(SafeText::plain).collect(),
        },
        severity: row.severity,
        detected_at,
        owner: row.owner.as_ref().map(SafeText::plain),
        playbook: setup.playbook(&row.playbook)?,
    })
}
