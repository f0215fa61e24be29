//! A table of all items as CSV (RFC 4180), safe to open in a spreadsheet.
//!
//! The header names are a contract. A cell that a spreadsheet would take for a formula begins with
//! an apostrophe. What ties the table to its ledger stands in columns of every row, because a CSV
//! has no other place for it.

use crate::text::one_line;
use crate::weakness;
use crate::workbook::{cut, looks_like_formula};
use crate::{ExportError, Register, Watched};
use jiff::Timestamp;
use quietus_poam::{MilestoneKind, PoamItem};

/// The columns, in their order.
pub const COLUMNS: [&str; 31] = [
    "id",
    "fingerprint",
    "name",
    "kind",
    "rule",
    "severity",
    "rating",
    "controls",
    "phase",
    "class",
    "liveness",
    "last_asked",
    "owner",
    "repositories",
    "places",
    "detected_at",
    "due",
    "original_due",
    "overdue",
    "rotate",
    "revoke",
    "remove",
    "retest",
    "deviation",
    "deviation_until",
    "closed_at",
    "dead_since",
    "times_reopened",
    "last_complete_scans",
    "ledger_sequence",
    "ledger_hash",
];

/// No cell is longer, in units of UTF-16: what the spreadsheets that open it can hold.
const LONGEST: usize = 32_767;

/// The table.
///
/// # Errors
/// [`ExportError::Workbook`] when it cannot be written, which does not happen in memory.
pub fn csv(register: &Register<'_>) -> Result<String, ExportError> {
    let failed = |error: &dyn std::fmt::Display| ExportError::Workbook(error.to_string());
    let mut writer =
        ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    let watched = register.repositories();
    for item in &register.items {
        let row = row(item, register, &watched).map(|cell| safe(&cell));
        writer.write_record(row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// One line, no longer than a cell, and never taken for a formula.
fn safe(cell: &str) -> String {
    let line = one_line(cell);
    let text = if looks_like_formula(&line) { format!("'{line}") } else { line };
    cut(text, LONGEST)
}

fn row(item: &PoamItem, register: &Register<'_>, watched: &[Watched]) -> [String; 31] {
    let now = register.now;
    let moment = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let milestones = &item.round.milestones;
    let progress = |kind: MilestoneKind| item.milestone(kind).progress.as_str().to_owned();
    let (sequence, hash) = match &register.about.head {
        Some((sequence, hash)) => (sequence.to_string(), hash.clone()),
        None => (String::new(), String::new()),
    };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    [
        item.id(),
        item.fingerprint().to_string(),
        weakness::name(item),
        item.detection.kind.name.clone(),
        item.detection.rule.to_string(),
        item.detection.severity.as_str().to_owned(),
        weakness::rating(item).as_str().to_owned(),
        weakness::controls(item).join("; "),
        item.phase().to_string(),
        item.class.to_string(),
        item.liveness(now).to_owned(),
        moment(item.last_asked()),
        item.owner.as_ref().map_or_else(String::new, |owner| owner.name.to_string()),
        weakness::assets(item).join("; "),
        weakness::places(item).join("; "),
        item.detection.detected_at.to_string(),
        moment(milestones.iter().map(|milestone| milestone.due).max()),
        moment(milestones.iter().map(|milestone| milestone.original_due).max()),
        yes(item.is_overdue(now)),
        progress(MilestoneKind::Rotate),
        progress(MilestoneKind::Revoke),
        progress(MilestoneKind::Remove),
        progress(MilestoneKind::Retest),
        item.deviation.as_ref().map_or_else(String::new, |aside| aside.kind.to_string()),
        moment(item.deviation.as_ref().map(|aside| aside.until)),
        moment(item.closure.as_ref().map(|closure| closure.at)),
        moment(item.closure.as_ref().map(|closure| closure.dead_since)),
        item.earlier_rounds.len().to_string(),
        scans(item, watched),
        sequence,
        hash,
    ]
}

/// When each of its repositories was last scanned completely.
fn scans(item: &PoamItem, watched: &[Watched]) -> String {
    let names = weakness::assets(item);
    let own = watched.iter().filter(|row| names.contains(&row.name));
    let told = own.map(|row| {
        let at = row.last_complete.map_or_else(|| "never".to_owned(), |at| at.to_string());
        format!("{} {at}", row.name)
    });
    told.collect::<Vec<_>>().join("; ")
}
