//! Everything people read: the one place that writes to the terminal.

pub(crate) mod board;
pub(crate) mod credential_types;
pub(crate) mod doctor;
pub(crate) mod escrow;
pub(crate) mod evidence;
pub(crate) mod find;
pub(crate) mod item;
pub(crate) mod json;
pub(crate) mod metrics;
pub(crate) mod night_log;
pub(crate) mod nightly;
pub(crate) mod policy;
pub(crate) mod remind;
pub(crate) mod repos;
pub(crate) mod retest;
pub(crate) mod revoke;
pub(crate) mod rules;
pub(crate) mod sarif;
pub(crate) mod silence;
pub(crate) mod terminal;
pub(crate) mod tickets;
pub(crate) mod verdicts;

use crate::exit::Exit;
use anstyle::{AnsiColor, Style};
use anyhow::Result;
use jiff::Timestamp;
pub(crate) use quietus_export::words::{
    day, distance, minute, plural, repository_name, short_ref, span, thousands,
};
use quietus_model::{Finding, Judgement, RuleSet, Scope, Secret, Severity, Silence};
use quietus_track::SuppressionReport;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();

/// What a scan found, ready to be written in any format.
pub(crate) struct ScanReport {
    pub(crate) shown: Vec<Shown>,
    pub(crate) hidden: BTreeMap<String, usize>,
    pub(crate) suppressions: SuppressionReport,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) rules: Arc<RuleSet>,
    /// Fingerprints are those of the organisation's key, and so the same in the next run.
    pub(crate) lasting: bool,
    pub(crate) exit: Exit,
    pub(crate) now: Timestamp,
}

/// A finding with its verdicts, and its value if the user asked to see it.
pub(crate) struct Shown {
    pub(crate) finding: Finding,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) secret: Option<Secret>,
    /// Why it would not be shown, had it not turned out to be live.
    pub(crate) silence: Option<Silence>,
}

/// The longest line of prose, in columns.
const WIDEST: usize = 100;

/// How many columns the terminal has; where there is none, as many as prose takes.
pub(crate) fn columns() -> usize {
    terminal_size::terminal_size().map_or(WIDEST, |(width, _)| usize::from(width.0))
}

/// Standard output; colours only where a terminal wants them.
pub(crate) fn out() -> impl Write {
    anstream::stdout().lock()
}

/// An error with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many errors name their cause themselves; once is enough.
        if !text.contains(&cause) {
            let colon = if text.is_empty() { "" } else { ": " };
            text.push_str(colon);
            text.push_str(&cause);
        }
    }
    error_text(&text);
}

/// An error as one text.
pub(crate) fn error_text(text: &str) {
    anstream::eprintln!("{RED}error:{RED:#} {text}");
}

/// Something worth knowing that is no error.
pub(crate) fn notice(text: &str) {
    anstream::eprintln!("{DIM}note:{DIM:#} {text}");
}

/// A question, with the answer to be typed behind it.
pub(crate) fn ask(text: &str) -> Result<()> {
    let mut out = anstream::stderr().lock();
    write!(out, "{BOLD}{text}{BOLD:#}")?;
    Ok(out.flush()?)
}

/// Lines as they are.
pub(crate) fn lines<T: std::fmt::Display>(lines: &[T]) -> Result<()> {
    let mut out = out();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

/// Sentences, wrapped to the terminal; a list's lines hang under their dash.
pub(crate) fn prose(sentences: &[String]) -> Result<()> {
    let wide = columns();
    let mut out = out();
    for sentence in sentences {
        let hang = if sentence.starts_with("- ") { "  " } else { "" };
        let options = textwrap::Options::new(wide.clamp(40, WIDEST))
            .subsequent_indent(hang)
            .break_words(false);
        writeln!(out, "{}", textwrap::fill(sentence, options))?;
    }
    Ok(out.flush()?)
}

/// One line of a log on standard error, whole whoever else writes there.
pub(crate) fn log_line(line: &str) {
    let mut err = std::io::stderr().lock();
    // A log that nobody can take any more stops no night.
    let _ = writeln!(err, "{line}");
}

/// Bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// A table: columns as wide as their widest cell, the last one ragged.
pub(crate) fn table(heads: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let mut widths: Vec<usize> = heads.iter().map(|head| head.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            if at + 1 == cells.len() {
                text.push_str(cell);
            } else {
                text.push_str(&format!("{cell:width$}  "));
            }
        }
        text.trim_end().to_owned()
    };
    let mut out = out();
    writeln!(out, "{BOLD}{}{BOLD:#}", line(heads.to_vec()))?;
    for row in &rows {
        writeln!(out, "{}", line(row.iter().map(String::as_str).collect()))?;
    }
    Ok(out.flush()?)
}

/// The colour of a severity.
pub(crate) fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => RED,
        Severity::Medium => YELLOW,
        Severity::Low => DIM,
    }
}
