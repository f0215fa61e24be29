//! The POA&M as a workbook of FedRAMP's template: open items, closed items, and what they rest on.
//!
//! Columns K, L and M never change: they are read off the opening of an item. Later dates, better
//! rules and new rounds are entries of column N. An item is on the closed sheet when it is closed,
//! and on no other ground: what is set aside stays open.

use super::columns::{CHANGES, CHOICES, COLUMNS, HEADER, LABELS, SHEETS, TITLES, WIDTHS};
use crate::weakness::{self, Rating, asked_deviation};
use crate::workbook::{Cell, Styles, choice, failed, finish, fit_row, write, write_row};
use crate::{ExportError, Register, coverage, schedule};
use jiff::Timestamp;
use quietus_model::times;
use quietus_poam::{DeviationKind, Event, PoamItem};
use rust_xlsxwriter::{Workbook, Worksheet};

/// What only people can tell of a system.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PoamOptions {
    /// Its impact level; left blank where it is not given.
    pub impact_level: Option<Rating>,
    /// The service that is affected, as its customers know it; `All` where it is not given.
    pub service: Option<String>,
}

/// The workbook as bytes.
///
/// # Errors
/// [`ExportError::Workbook`] when there are more items than a sheet has rows.
pub fn poam(register: &Register<'_>, options: &PoamOptions) -> Result<Vec<u8>, ExportError> {
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    let (closed, open): (Vec<&PoamItem>, Vec<&PoamItem>) =
        register.items.iter().partition(|item| item.closure.is_some());
    for (at, items) in [open, closed, Vec::new()].iter().enumerate() {
        let sheet = workbook.add_worksheet();
        sheet.set_name(SHEETS[at]).map_err(failed)?;
        head(sheet, TITLES[at], register, options, &styles)?;
        for (row, item) in (HEADER + 1..).zip(items) {
            let cells = cells(item, register, options);
            write_row(sheet, row, &cells, &styles)?;
            fit_row(sheet, row, &cells, &WIDTHS)?;
        }
        for (column, words) in CHOICES {
            choice(sheet, column, HEADER + 1, words)?;
        }
    }
    record_of_changes(workbook.add_worksheet(), &styles)?;
    coverage::sheet(workbook.add_worksheet(), register, &styles)?;
    let title = format!("Plan of Action and Milestones: {}", register.about.system_name);
    finish(workbook, &title, &register.about.organization, register.now)
}

/// Rows 1 to 5: title, system, headers.
fn head(
    sheet: &mut Worksheet,
    title: &str,
    register: &Register<'_>,
    options: &PoamOptions,
    styles: &Styles,
) -> Result<(), ExportError> {
    sheet.write_string_with_format(0, 0, title, &styles.title).map_err(failed)?;
    let values = [
        Cell::text(&register.about.organization),
        Cell::text(&register.about.system_name),
        options.impact_level.map_or(Cell::Empty, |level| Cell::text(level.as_str())),
        Cell::Day(register.now),
    ];
    for (column, label) in (0..).zip(LABELS) {
        sheet.write_string_with_format(1, column, label, &styles.label).map_err(failed)?;
        write(sheet, (2, column), &values[usize::from(column)], styles)?;
    }
    for (column, header) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(HEADER, column, header, &styles.heading).map_err(failed)?;
        sheet.set_column_width(column, WIDTHS[usize::from(column)]).map_err(failed)?;
    }
    sheet.set_row_height(HEADER, 48).map_err(failed)?;
    sheet.set_freeze_panes(HEADER + 1, 1).map_err(failed)?;
    sheet.set_landscape().set_print_fit_to_pages(3, 0);
    sheet.set_repeat_rows(HEADER, HEADER).map_err(failed)?;
    sheet.set_repeat_columns(0, 0).map_err(failed)?;
    Ok(())
}

/// What stands in the row of `item`, column by column, as text; days as `2026-01-31`.
pub fn row_texts(item: &PoamItem, register: &Register<'_>, options: &PoamOptions) -> Vec<String> {
    cells(item, register, options).iter().map(Cell::shown).collect()
}

/// One row: columns A to AE.
fn cells(item: &PoamItem, register: &Register<'_>, options: &PoamOptions) -> [Cell; 31] {
    let yes_or_no = |yes: bool| Cell::text(if yes { "Yes" } else { "No" });
    let (original, now) = (weakness::original_rating(item), weakness::rating(item));
    let aside = item.deviation.as_ref().map(|deviation| deviation.kind);
    let vendor = aside == Some(DeviationKind::VendorDependency);
    let service = options.service.as_deref().unwrap_or("All");
    [
        Cell::text(item.id()),
        Cell::text(weakness::controls(item).join(", ")),
        Cell::text(weakness::name(item)),
        Cell::Lines(weakness::description(item, register.now)),
        Cell::text(format!("Quietus {}", register.about.version)),
        Cell::text(item.detection.rule.as_str()),
        Cell::Lines(weakness::assets(item)),
        Cell::text(weakness::contact(item, &register.about.organization)),
        Cell::text("None beyond current staff"),
        Cell::Lines(weakness::plan(item)),
        Cell::Day(item.detection.detected_at),
        Cell::Day(schedule::first_due(item)),
        Cell::Lines(spaced(schedule::first(item).iter().map(schedule::planned_line))),
        Cell::Lines(spaced(schedule::changes(item).iter().map(schedule::Change::line))),
        Cell::Day(weakness::changed(item)),
        yes_or_no(vendor),
        Cell::day(check_in(item).filter(|_| vendor)),
        if vendor { Cell::text(&item.detection.kind.name) } else { Cell::Empty },
        Cell::text(original.as_str()),
        // A scanner may raise its own rating; lowering one takes an authorising official.
        Cell::text(if now > original { now.as_str() } else { "N/A" }),
        Cell::text("No"),
        deviates(item, DeviationKind::FalsePositive),
        deviates(item, DeviationKind::OperationalRequirement),
        Cell::Lines(rationale(item)),
        Cell::Lines(documents(item)),
        Cell::Lines(comments(item, register)),
        Cell::text("No"),
        // Both columns are for known exploited vulnerabilities, which have a CVE.
        Cell::text("No"),
        Cell::Empty,
        Cell::Empty,
        Cell::text(service),
    ]
}

/// With a blank line between two of them, as the template asks.
fn spaced(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut spaced = Vec::new();
    for line in lines {
        if !spaced.is_empty() {
            spaced.push(String::new());
        }
        spaced.push(line);
    }
    spaced
}

/// `Yes`, `Pending` or `No`.
fn deviates(item: &PoamItem, kind: DeviationKind) -> Cell {
    let approved = item.deviation.as_ref().is_some_and(|deviation| deviation.kind == kind);
    let asked = asked_deviation(item).is_some_and(|(asked, ..)| asked == kind);
    Cell::text(match (approved, asked) {
        (true, _) => "Yes",
        (false, true) => "Pending",
        (false, false) => "No",
    })
}

/// When somebody last looked after a dependency on a vendor: when it was last granted.
fn check_in(item: &PoamItem) -> Option<Timestamp> {
    let vendor = DeviationKind::VendorDependency;
    item.history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Deviated { deviation, .. } if *deviation == vendor => Some(recorded.at),
        _ => None,
    })
}

/// `Deviation Type : Rationale`.
fn rationale(item: &PoamItem) -> Vec<String> {
    let granted = item.deviation.as_ref().map(|aside| (aside.kind, aside.reason.as_str()));
    let asked = asked_deviation(item).map(|(kind, _, reason)| (kind, reason));
    let known = [granted, asked].into_iter().flatten();
    known.map(|(kind, reason)| format!("{} : {reason}", deviation_type(kind))).collect()
}

fn deviation_type(kind: DeviationKind) -> &'static str {
    match kind {
        DeviationKind::FalsePositive => "False Positive",
        DeviationKind::OperationalRequirement => "Operational Requirement",
        DeviationKind::VendorDependency => "Vendor Dependency",
        DeviationKind::RiskAccepted => "Risk Accepted",
    }
}

/// `Document Type : Document Name`: what is kept elsewhere, by its digest.
fn documents(item: &PoamItem) -> Vec<String> {
    let document = |recorded: &quietus_poam::Recorded| {
        let (kind, digest) = match &recorded.event {
            Event::CauseFound { digest, .. } => ("Root Cause", digest.as_ref()?),
            Event::ImpactChecked { digest, .. } => ("Impact Check", digest.as_ref()?),
            Event::Attested { attestation } => ("Attestation", attestation.digest.as_ref()?),
            Event::Attached { attachment } => ("Evidence", &attachment.digest),
            _ => return None,
        };
        Some(format!("{kind} : sha256-{digest}"))
    };
    let mut documents: Vec<String> = item.history.iter().filter_map(document).collect();
    documents.push(format!("Evidence Bundle : quietus export bundle {}", item.id()));
    documents
}

/// What has no column of its own.
fn comments(item: &PoamItem, register: &Register<'_>) -> Vec<String> {
    let now = register.now;
    let mut lines = vec![format!("State: {}.", item.phase())];
    if let Some(closure) = &item.closure {
        lines.push(format!(
            "Closed {} ({}), dead since {}.",
            weakness::day(closure.at),
            closure.basis.as_str(),
            weakness::day(closure.dead_since)
        ));
        lines.extend(closure.evidence.iter().cloned());
    }
    if item.is_overdue(now) {
        lines.push("Overdue.".to_owned());
    }
    if let Some(aside) = &item.deviation {
        let (kind, until) = (aside.kind, weakness::day(aside.until));
        lines.push(format!("Set aside as {kind} until {until}, by {}.", aside.by));
        if kind == DeviationKind::RiskAccepted {
            lines.push("FedRAMP knows no such deviation: the item stays open.".to_owned());
        }
    }
    let reopened = item.earlier_rounds.len();
    if reopened > 0 {
        lines.push(format!(
            "Reopened {}; dates of later rounds are changes.",
            times(reopened as u64)
        ));
    }
    lines.push(format!("Fingerprint: hmac-sha256:{}", item.fingerprint()));
    lines
}

fn record_of_changes(sheet: &mut Worksheet, styles: &Styles) -> Result<(), ExportError> {
    sheet.set_name(SHEETS[3]).map_err(failed)?;
    let title = "Record of Changes for Template";
    sheet.write_string_with_format(1, 1, title, &styles.label).map_err(failed)?;
    for (column, header) in (1..).zip(["Date", "Description", "Version", "Author"]) {
        sheet.write_string_with_format(2, column, header, &styles.heading).map_err(failed)?;
    }
    for (row, (date, description, version, author)) in (3..).zip(CHANGES) {
        for (column, text) in (1..).zip([date, description, version, author]) {
            write(sheet, (row, column), &Cell::text(text), styles)?;
        }
    }
    for (column, width) in (0..).zip([4_u16, 12, 66, 10, 14]) {
        sheet.set_column_width(column, width).map_err(failed)?;
    }
    Ok(())
}
