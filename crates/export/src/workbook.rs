//! Spreadsheets: cells that hold only text, dates and numbers, whatever is written into them.
//!
//! No formula is ever written. Text that a spreadsheet would take for one when it is typed again is
//! marked as text in its cell. The same sheets give the same bytes: the library is told the moment.

use crate::ExportError;
use crate::text::{Moment, one_line};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder,
    Workbook, Worksheet, XlsxError,
};

/// How many characters a cell holds, in units of UTF-16: the limit of Excel.
const LONGEST: usize = 32_767;

/// What stands in a cell.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    /// Each on a line of its own.
    Lines(Vec<String>),
    /// The day of a moment, in UTC.
    Day(Timestamp),
    Number(u64),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As a reader sees it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => cell_text([text]),
            Self::Lines(lines) => cell_text(lines),
            Self::Day(at) => crate::weakness::day(*at),
            Self::Number(number) => number.to_string(),
        }
    }

    pub(crate) fn day(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::Day)
    }
}

/// The text of a cell: lines without control characters, cut where a cell ends.
pub(crate) fn cell_text<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<String> = lines.into_iter().map(|line| one_line(line.as_ref())).collect();
    cut(lines.join("\n").trim_matches('\n').to_owned(), LONGEST)
}

/// `text`, or as much of it as fits into `longest` units of UTF-16, with a word about the rest.
pub(crate) fn cut(text: String, longest: usize) -> String {
    let units = text.encode_utf16().count();
    if units <= longest {
        return text;
    }
    let note = format!(" [cut: {units} characters in all]");
    let room = longest.saturating_sub(note.len());
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.len_utf16();
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept + &note
}

/// Whether a spreadsheet takes text that begins like this for a formula when it is typed or read
/// from a table of plain text.
pub(crate) fn looks_like_formula(text: &str) -> bool {
    text.trim_start().starts_with([
        '=', '+', '-', '@', '\t', '\r', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
    ])
}

/// The formats of one workbook's cells.
pub(crate) struct Styles {
    pub(crate) title: Format,
    pub(crate) label: Format,
    pub(crate) heading: Format,
    text: Format,
    quoted: Format,
    day: Format,
}

impl Styles {
    pub(crate) fn new() -> Self {
        let cell = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
        let navy = Color::RGB(0x0013_2E54);
        Self {
            title: Format::new().set_bold().set_font_size(16).set_font_color(navy),
            label: cell().set_bold().set_background_color(Color::RGB(0x00D9_E2F0)),
            heading: cell()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_background_color(navy)
                .set_font_color(Color::White),
            text: cell().set_text_wrap(),
            quoted: cell().set_text_wrap().set_quote_prefix(),
            day: cell().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
        }
    }
}

/// Writes one cell.
pub(crate) fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    styles: &Styles,
) -> Result<(), ExportError> {
    let text = match cell {
        Cell::Empty => return blank(sheet, (row, column), styles),
        Cell::Day(at) => {
            sheet
                .write_datetime_with_format(row, column, date(*at)?, &styles.day)
                .map_err(failed)?;
            return Ok(());
        }
        Cell::Number(number) => {
            // Larger ones than a spreadsheet can count to do not occur.
            sheet
                .write_number_with_format(row, column, *number as f64, &styles.text)
                .map_err(failed)?;
            return Ok(());
        }
        Cell::Text(text) => cell_text([text]),
        Cell::Lines(lines) => cell_text(lines),
    };
    let style = if looks_like_formula(&text) { &styles.quoted } else { &styles.text };
    if text.is_empty() {
        return blank(sheet, (row, column), styles);
    }
    sheet.write_string_with_format(row, column, text, style).map_err(failed)?;
    Ok(())
}

fn blank(sheet: &mut Worksheet, at: (u32, u16), styles: &Styles) -> Result<(), ExportError> {
    sheet.write_blank(at.0, at.1, &styles.text).map_err(failed)?;
    Ok(())
}

/// The rows of a sheet, cell by cell, from its first column on.
pub(crate) fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[Cell],
    styles: &Styles,
) -> Result<(), ExportError> {
    for (column, cell) in (0..).zip(cells) {
        write(sheet, (row, column), cell, styles)?;
    }
    Ok(())
}

/// The points of one line of text, and the height of a row at most: the limit of Excel.
const LINE: u32 = 15;
const HIGHEST: u32 = 409;

/// Makes a row as high as its text in columns of these `widths`, in characters. Some programs do
/// not look for themselves how high a row must be.
pub(crate) fn fit_row(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[Cell],
    widths: &[u16],
) -> Result<(), ExportError> {
    let lines = |(cell, width): (&Cell, &u16)| {
        let text = cell.shown();
        let width = usize::from(*width).max(1);
        text.split('\n').map(|line| line.chars().count().div_ceil(width).max(1)).sum::<usize>()
    };
    let most = cells.iter().zip(widths).map(lines).max().unwrap_or(1);
    let height = u32::try_from(most).unwrap_or(u32::MAX).saturating_mul(LINE).min(HIGHEST);
    sheet.set_row_height(row, height).map_err(failed)?;
    Ok(())
}

/// A choice for the cells of a column, from `first` to the last row that people may add.
pub(crate) fn choice(
    sheet: &mut Worksheet,
    column: u16,
    first: u32,
    choices: &[&str],
) -> Result<(), ExportError> {
    const LAST: u32 = 9_999;
    let list = DataValidation::new().allow_list_strings(choices).map_err(failed)?;
    sheet.add_data_validation(first, column, LAST.max(first), column, &list).map_err(failed)?;
    Ok(())
}

/// The finished file. Its moment of creation is `now`, so that no clock is read.
pub(crate) fn finish(
    mut workbook: Workbook,
    title: &str,
    organization: &str,
    now: Timestamp,
) -> Result<Vec<u8>, ExportError> {
    let properties = DocProperties::new()
        .set_title(cut(one_line(title), 255))
        .set_company(cut(one_line(organization), 255))
        .set_author("Quietus")
        .set_creation_datetime(&date_and_time(now)?);
    workbook.set_properties(&properties);
    workbook.save_to_buffer().map_err(failed)
}

fn date(at: Timestamp) -> Result<ExcelDateTime, ExportError> {
    let day = Moment::of(at).timestamp().to_zoned(TimeZone::UTC).date();
    let year = u16::try_from(day.year()).unwrap_or(1900);
    ExcelDateTime::from_ymd(year, day.month().unsigned_abs(), day.day().unsigned_abs())
        .map_err(failed)
}

fn date_and_time(at: Timestamp) -> Result<ExcelDateTime, ExportError> {
    let time = Moment::of(at).timestamp().to_zoned(TimeZone::UTC).time();
    let part = |of: i8| of.unsigned_abs();
    date(at)?
        .and_hms(u16::from(part(time.hour())), part(time.minute()), part(time.second()))
        .map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(crate) fn failed(error: XlsxError) -> ExportError {
    ExportError::Workbook(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_is_too_long_or_holds_a_control_character(text in "[\\PC\n=+@\u{1}\u{202E}]{0,40}", times in 1_usize..4000) {
            let cell = cell_text([text.repeat(times)]);
            prop_assert!(cell.encode_utf16().count() <= LONGEST);
            let refused = |c: char| (c.is_control() && c != '\n') || c == '\u{202E}';
            prop_assert!(!cell.contains(refused));
        }
    }

    #[test]
    fn what_is_cut_says_so_and_breaks_no_character() {
        assert_eq!(cut("abc".into(), 3), "abc");
        let long = "\u{1F600}".repeat(40);
        let kept = cut(long, 60);
        assert!(
            kept.encode_utf16().count() <= 60 && kept.ends_with("[cut: 80 characters in all]"),
            "{kept}"
        );
    }

    #[test]
    fn formulas_are_known_by_how_they_begin() {
        for text in ["=1", "+1", "-1", "@A1", " =1", "\u{FF1D}1"] {
            assert!(looks_like_formula(text), "{text}");
        }
        assert!(!looks_like_formula("V-1 = a"));
    }
}
