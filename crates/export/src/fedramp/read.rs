//! Reads back the workbook that [`poam`](super::poam()) wrote, with another library than wrote it.

use super::columns::{COLUMNS, HEADER, SHEETS};
use calamine::{Data, Range, Reader, Xlsx};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use quietus_model::Fingerprint;
use std::io::Cursor;

/// One row of the workbook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadRow {
    /// The id people use.
    pub id: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// The name of the weakness.
    pub name: String,
    /// Whether it stands on the closed sheet.
    pub closed: bool,
    /// Where it was in its life, in the words of [`Phase`](quietus_poam::Phase).
    pub state: String,
    /// The day it was found.
    pub detected: Date,
    /// The day by which everything was to be done, as first planned.
    pub scheduled: Date,
    /// The day it last changed.
    pub changed: Date,
    /// The milestones as first planned, one a line.
    pub milestones: Vec<String>,
    /// What changed of them.
    pub changes: Vec<String>,
}

/// Why a workbook could not be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkbookError {
    /// It is no workbook, or a sheet is missing.
    #[error("this is no FedRAMP POA&M workbook: {0}; give a file of `quietus export fedramp-poam`")]
    Syntax(String),
    /// A header is not the template's.
    #[error("the sheet \"{sheet}\" has \"{found}\" where the template has \"{expected}\"")]
    Header {
        /// Which sheet.
        sheet: &'static str,
        /// What the template has.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// Something that every export holds is not in a row.
    #[error(
        "row {row} of \"{sheet}\" holds no {what} that can be read: it was changed, or another program wrote it"
    )]
    Missing {
        /// Which sheet.
        sheet: &'static str,
        /// Which row, as spreadsheets count.
        row: usize,
        /// What is missing.
        what: &'static str,
    },
}

/// Every item of a workbook, the open ones first.
///
/// # Errors
/// [`WorkbookError`] naming sheet and row of what cannot be read.
pub fn read(bytes: &[u8]) -> Result<Vec<ReadRow>, WorkbookError> {
    let syntax = |error: calamine::XlsxError| WorkbookError::Syntax(error.to_string());
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(syntax)?;
    let mut rows = Vec::new();
    for (sheet, closed) in [(SHEETS[0], false), (SHEETS[1], true)] {
        let range = workbook.worksheet_range(sheet).map_err(syntax)?;
        let whole = Range::range(&range, (0, 0), range.end().unwrap_or((HEADER, 30)));
        check_headers(&whole, sheet)?;
        let first = HEADER as usize + 1;
        for (at, cells) in whole.rows().enumerate().skip(first) {
            let row = Row { sheet, number: at + 1, cells };
            rows.push(row.read(closed)?);
        }
    }
    Ok(rows)
}

fn check_headers(range: &Range<Data>, sheet: &'static str) -> Result<(), WorkbookError> {
    let found = range.rows().nth(HEADER as usize).unwrap_or_default();
    for (at, expected) in COLUMNS.into_iter().enumerate() {
        let text = found.get(at).map(ToString::to_string).unwrap_or_default();
        if text != expected {
            return Err(WorkbookError::Header { sheet, expected, found: text });
        }
    }
    Ok(())
}

struct Row<'a> {
    sheet: &'static str,
    number: usize,
    cells: &'a [Data],
}

impl Row<'_> {
    fn read(&self, closed: bool) -> Result<ReadRow, WorkbookError> {
        let comments = self.text("Comments");
        let line = |start: &str| comments.lines().find_map(|line| line.strip_prefix(start));
        let state = line("State: ").and_then(|text| text.strip_suffix('.'));
        let fingerprint = line("Fingerprint: hmac-sha256:").and_then(|hex| hex.parse().ok());
        let blocks = |text: String| -> Vec<String> {
            text.split("\n\n").filter(|block| !block.is_empty()).map(str::to_owned).collect()
        };
        Ok(ReadRow {
            id: Some(self.text("POAM ID"))
                .filter(|id| !id.is_empty())
                .ok_or_else(|| self.missing("POAM ID"))?,
            fingerprint: fingerprint.ok_or_else(|| self.missing("fingerprint"))?,
            name: self.text("Weakness Name"),
            closed,
            state: state.ok_or_else(|| self.missing("state"))?.to_owned(),
            detected: self.day("Original Detection Date")?,
            scheduled: self.day("Scheduled Completion Date")?,
            changed: self.day("Status Date")?,
            milestones: blocks(self.text("Planned Milestones")),
            changes: blocks(self.text("Milestone Changes")),
        })
    }

    fn missing(&self, what: &'static str) -> WorkbookError {
        WorkbookError::Missing { sheet: self.sheet, row: self.number, what }
    }

    fn cell(&self, name: &str) -> Option<&Data> {
        self.cells.get(COLUMNS.iter().position(|column| *column == name)?)
    }

    fn text(&self, name: &str) -> String {
        self.cell(name).map(ToString::to_string).unwrap_or_default()
    }

    /// A day, which spreadsheets count from the last but one of 1899.
    fn day(&self, name: &'static str) -> Result<Date, WorkbookError> {
        let serial = match self.cell(name) {
            Some(Data::DateTime(at)) => at.as_f64(),
            Some(Data::Float(days)) => *days,
            _ => return Err(self.missing(name)),
        };
        let days = if (0.0..3_000_000.0).contains(&serial) { serial as i64 } else { -1 };
        let day = date(1899, 12, 30).checked_add(days.days()).ok().filter(|_| days >= 0);
        day.ok_or_else(|| self.missing(name))
    }
}
