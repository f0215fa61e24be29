//! eMASS' POA&M workbook in the layouts of the Army, the Navy and the Marine Corps (2025).
//!
//! One row a milestone: the first carries the item, the following rows only theirs. Ids of items and
//! milestones are eMASS' own and stay blank. Nothing here makes an item `Completed` but its closure.

mod columns;
mod rows;

use crate::workbook::{Cell, Styles, cut, failed, finish, fit_row, write, write_row};
use crate::{ExportError, Register, coverage};
use columns::Column;
use rust_xlsxwriter::{FormatAlign, Workbook, Worksheet};

/// Whose layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// The Army's: with cost columns, without predisposing conditions and threat description.
    Army,
    /// The Navy's.
    Navy,
    /// The Marine Corps': the Navy's without its last column.
    MarineCorps,
}

/// What only people can tell of a system.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EmassOptions {
    /// Who may be asked: `First Last, Phone, Email`. Without it only the organisation is named.
    pub contact: Option<String>,
    /// The system's number in the IT registration.
    pub registration: Option<String>,
}

/// What stands in cell A1: the marking of the official templates.
const BANNER: &str = "***** CONTROLLED UNCLASSIFIED INFORMATION *****";

/// The row of the headers, from 0.
const HEADER: u32 = 6;

/// The headers of a layout from column A on, which stays blank.
pub fn headers(layout: Layout) -> Vec<&'static str> {
    std::iter::once("")
        .chain(columns::of(layout).iter().map(|column| column.header(layout)))
        .collect()
}

/// The workbook as bytes.
///
/// # Errors
/// [`ExportError::Workbook`] when there are more milestones than a sheet has rows.
pub fn emass(
    register: &Register<'_>,
    layout: Layout,
    options: &EmassOptions,
) -> Result<Vec<u8>, ExportError> {
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("POA&M").map_err(failed)?;
    head(sheet, register, layout, options, &styles)?;
    let columns = columns::of(layout);
    let widths: Vec<u16> =
        std::iter::once(2).chain(columns.iter().map(|column| column.width())).collect();
    let mut row = HEADER + 1;
    for item in &register.items {
        for line in rows::of(item, register, options) {
            let cells: Vec<Cell> = std::iter::once(Cell::Empty)
                .chain(columns.iter().map(|column| line.cell(*column)))
                .collect();
            write_row(sheet, row, &cells, &styles)?;
            fit_row(sheet, row, &cells, &widths)?;
            row += 1;
        }
    }
    coverage::sheet(workbook.add_worksheet(), register, &styles)?;
    let title = format!("POA&M: {}", register.about.system_name);
    finish(workbook, &title, &register.about.organization, register.now)
}

/// Rows 1 to 7: marking, labels with what is known of them, headers.
fn head(
    sheet: &mut Worksheet,
    register: &Register<'_>,
    layout: Layout,
    options: &EmassOptions,
    styles: &Styles,
) -> Result<(), ExportError> {
    let last = u16::try_from(columns::of(layout).len()).unwrap_or(u16::MAX);
    let banner = styles.label.clone().set_align(FormatAlign::Center);
    sheet.merge_range(0, 0, 0, last, BANNER, &banner).map_err(failed)?;
    // The Marine Corps' label stands a column before the others'.
    let costs = if layout == Layout::MarineCorps { 14 } else { 15 };
    let labels = [
        (1, 0, "Date Exported:"),
        (1, 11, "System Type:"),
        (1, costs, "OMB Project ID:"),
        (2, 0, "Exported By:"),
        (3, 0, "CC/S/A/FA:"),
        (3, 11, "POC Name:"),
        (4, 0, "System / Project Name:"),
        (4, 11, "POC Phone:"),
        (4, costs, "Security Costs:"),
        (5, 0, "DoW IT Registration No:"),
        (5, 11, "POC E-Mail:"),
    ];
    for (row, column, label) in labels {
        match column {
            // Over the columns that are too narrow for it, as in the templates.
            0 => sheet.merge_range(row, 0, row, 2, label, &styles.label).map_err(failed)?,
            _ => {
                sheet.write_string_with_format(row, column, label, &styles.label).map_err(failed)?
            }
        };
    }
    let text = |text: &str| Cell::text(cut(text.to_owned(), 255));
    let mut contact = options.contact.iter().flat_map(|text| text.split(',')).map(str::trim);
    let mut part = || contact.next().map_or(Cell::Empty, text);
    let values = [
        (1, 3, Cell::Day(register.now)),
        (2, 3, Cell::text(format!("Quietus {}", register.about.version))),
        (3, 12, part()),
        (4, 3, text(&register.about.system_name)),
        (4, 12, part()),
        (5, 3, options.registration.as_deref().map_or(Cell::Empty, text)),
        (5, 12, part()),
    ];
    for (row, column, value) in &values {
        write(sheet, (*row, *column), value, styles)?;
    }
    for (column, header) in (0..).zip(headers(layout)) {
        if column > 0 {
            sheet
                .write_string_with_format(HEADER, column, header, &styles.heading)
                .map_err(failed)?;
        }
        let known: Option<&Column> =
            usize::from(column).checked_sub(1).and_then(|at| columns::of(layout).get(at));
        sheet.set_column_width(column, known.map_or(2, |c| c.width())).map_err(failed)?;
    }
    sheet.set_row_height(HEADER, 48).map_err(failed)?;
    sheet.set_freeze_panes(HEADER + 1, 3).map_err(failed)?;
    sheet.set_landscape().set_print_fit_to_pages(3, 0);
    sheet.set_repeat_rows(HEADER, HEADER).map_err(failed)?;
    Ok(())
}
