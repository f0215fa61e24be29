//! How well each repository is watched: a dead cron job must not look clean in any export.

use crate::workbook::{Cell, Styles, failed, write, write_row};
use crate::{ExportError, Register};
use jiff::Timestamp;
use quietus_model::RepositoryId;
use quietus_poam::{PoamItem, ScanRecord};
use rust_xlsxwriter::Worksheet;
use std::collections::BTreeMap;

/// How well a repository is watched.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    /// The newest scan that may say what is at no head.
    pub(crate) last_complete: Option<Timestamp>,
    /// The newest scan of any kind.
    pub(crate) last: Option<&'a ScanRecord>,
}

/// Every repository that an item or a scan names.
pub(crate) fn watched<'a>(
    items: impl IntoIterator<Item = &'a PoamItem>,
    scans: &'a [ScanRecord],
) -> BTreeMap<&'a RepositoryId, Watch<'a>> {
    let mut watched: BTreeMap<&RepositoryId, Watch<'_>> = BTreeMap::new();
    for item in items {
        for id in item.presence.repositories() {
            watched.entry(id).or_default();
        }
    }
    for scan in scans {
        let watch = watched.entry(&scan.scope.repository).or_default();
        if scan.is_complete() {
            watch.last_complete = watch.last_complete.max(Some(scan.taken_at));
        }
        let order = |scan: &ScanRecord| (scan.taken_at, scan.survey);
        if watch.last.is_none_or(|last| order(last) < order(scan)) {
            watch.last = Some(scan);
        }
    }
    watched
}

/// A sheet of our own behind those of a template: what the export rests on.
pub(crate) fn sheet(
    sheet: &mut Worksheet,
    register: &Register<'_>,
    styles: &Styles,
) -> Result<(), ExportError> {
    sheet.set_name("Quietus Coverage").map_err(failed)?;
    let mut row = 0;
    for (name, value) in register.facts() {
        sheet.write_string_with_format(row, 0, name, &styles.label).map_err(failed)?;
        write(sheet, (row, 1), &Cell::text(value), styles)?;
        row += 1;
    }
    row += 1;
    for (column, header) in (0..).zip(["Repository", "Last complete scan", "Last scan", "Gaps"]) {
        sheet.write_string_with_format(row, column, header, &styles.heading).map_err(failed)?;
    }
    for repository in register.repositories() {
        row += 1;
        let moment = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.to_string());
        let cells = [
            Cell::text(&repository.name),
            Cell::text(moment(repository.last_complete)),
            Cell::text(moment(repository.last)),
            Cell::Number(repository.gaps as u64),
        ];
        write_row(sheet, row, &cells, styles)?;
    }
    for (column, width) in (0..).zip([48_u16, 68, 24, 8]) {
        sheet.set_column_width(column, width).map_err(failed)?;
    }
    Ok(())
}
