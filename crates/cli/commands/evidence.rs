//! `quietus export bundle`, `verify` and `read`: evidence for one item, and what others hand back.

use super::export::{Content, Known, about, deliver};
use crate::args::{Bundle as BundleArgs, Check as File, ListFormat, Verify};
use crate::exit::{Exit, Failure, Reason};
use crate::output;
use crate::setup::Setup;
use anyhow::{Context, anyhow};
use quietus_export::Register;
use quietus_export::bundle::{Bundle, Holdings, Outcome, PolicyText, bundle};
use quietus_export::{fedramp, oscal};
use quietus_track::named;
use serde_json::{Value, json};

/// Writes everything needed to check one item offline.
pub(crate) async fn write(setup: &Setup, args: &BundleArgs) -> Result<Exit, Failure> {
    let policy = setup.policy()?;
    let (name, text) = setup.policy_text()?;
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let item = named(&ledger, &args.id).await?;
    let entries = ledger.sealed_events(&item.fingerprint()).await?;
    let scans = ledger.sealed_scans(&item.presence.clearing_surveys()).await?;
    let records = Known::scans(&ledger).await?;
    // Read last, so that it comes after every entry of the bundle.
    let head = ledger.head().await?;
    ledger.close().await;
    let about = about(&args.to, (head.seq, head.hash.to_string()));
    let register = Register::new(std::slice::from_ref(&item), &records, about, &policy, setup.now);
    let files = super::attach::kept_files(setup, &item)?;
    let holdings = Holdings { entries, scans, files };
    let text = bundle(&item, &register, holdings, Some(PolicyText { name, text }))?;
    deliver(setup, &args.to, &register, &Content::Text(text))
}

/// Checks a bundle; no ledger and no key is needed.
pub(crate) fn verify(setup: &Setup, args: &Verify) -> Result<Exit, Failure> {
    let shown = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("reading {shown}"));
    let bundle = Bundle::read(&text.map_err(Failure::source)?).map_err(Failure::source)?;
    let checks = bundle.check(Some(&setup.policy()?));
    let told = |outcome: &Outcome| match outcome {
        Outcome::Holds(text) => ("holds", text.clone()),
        Outcome::Fails(text) => ("FAILS", text.clone()),
        Outcome::Unknown(text) => ("not known", text.clone()),
    };
    match args.format {
        ListFormat::Json => {
            let row = |check: &quietus_export::bundle::Check| {
                let (outcome, says) = told(&check.outcome);
                json!({ "check": check.what, "outcome": outcome.to_lowercase(), "says": says })
            };
            let rows: Vec<Value> = checks.iter().map(row).collect();
            output::json::print_value(&rows)?;
        }
        ListFormat::Table => {
            let row = |check: &quietus_export::bundle::Check| {
                let (outcome, says) = told(&check.outcome);
                vec![check.what.to_owned(), outcome.to_owned(), says]
            };
            output::table(&["check", "outcome", "says"], checks.iter().map(row).collect())?;
        }
    }
    let fails = checks.iter().any(|check| matches!(check.outcome, Outcome::Fails(_)));
    let unknown = checks
        .iter()
        .any(|check| check.what == "proof" && matches!(check.outcome, Outcome::Unknown(_)));
    let mut exit = Exit::clean();
    exit.add_if(fails, Reason::Findings);
    // Nothing contradicts it, and its proof was not looked at: that is no clean bill.
    exit.add_if(unknown, Reason::Incomplete);
    Ok(exit)
}

/// What an exported document of ours says of each item.
pub(crate) fn read(args: &File) -> Result<Exit, Failure> {
    let shown = args.file.display();
    let bytes = std::fs::read(&args.file).with_context(|| format!("reading {shown}"));
    let bytes = bytes.map_err(Failure::source)?;
    let rows = if bytes.starts_with(b"PK") { workbook(&bytes)? } else { document(&bytes)? };
    match args.format {
        ListFormat::Json => output::json::print_value(&rows)?,
        ListFormat::Table => {
            const COLUMNS: [&str; 5] = ["id", "state", "detected", "due", "name"];
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let row = |row: &Value| COLUMNS.iter().map(|name| text(&row[name])).collect();
            output::table(&COLUMNS, rows.iter().map(row).collect())?;
        }
    }
    Ok(Exit::clean())
}

fn workbook(bytes: &[u8]) -> Result<Vec<Value>, Failure> {
    let rows = fedramp::read(bytes).map_err(Failure::source)?;
    let row = |row: fedramp::ReadRow| {
        json!({
            "id": row.id,
            "fingerprint": row.fingerprint.to_string(),
            "name": row.name,
            "state": row.state,
            "closed": row.closed,
            "detected": row.detected.to_string(),
            "due": row.scheduled.to_string(),
            "changed": row.changed.to_string(),
            "milestones": row.milestones,
            "changes": row.changes,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}

fn document(bytes: &[u8]) -> Result<Vec<Value>, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Failure::source(anyhow!("this is neither a workbook nor JSON")))?;
    let items = oscal::read(text).map_err(Failure::source)?;
    let row = |item: oscal::ReadItem| {
        let milestones = item.rounds.last().map(|round| &round.milestones);
        let due = milestones.into_iter().flatten().map(|milestone| milestone.due).max();
        json!({
            "id": item.id,
            "fingerprint": item.fingerprint.to_string(),
            "name": item.title,
            "state": item.phase.to_string(),
            "closed": item.closure.is_some(),
            "detected": item.detected_at,
            "due": due,
            "closed_at": item.closure.as_ref().map(|closure| closure.at),
            "owner": item.owner,
        })
    };
    Ok(items.into_iter().map(row).collect())
}
