//! The log of a night as it goes, on standard error: for people, or one object a line.

use super::{error_text, log_line, notice, repository_name};
use crate::args::LogFormat;
use jiff::Timestamp;
use quietus_model::SafeText;
use quietus_poam::NightFigures;
use quietus_track::{PieceOutcome, PieceReport, Told};
use serde_json::{Value, json};
use uuid::Uuid;

/// Tells what happens. Nothing of it is a secret: what git and issuers say is scrubbed.
pub(crate) struct Log<'a> {
    format: LogFormat,
    quiet: bool,
    worker: &'a str,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    night: Option<Uuid>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(
        format: LogFormat,
        quiet: bool,
        worker: &'a str,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Self {
        Self { format, quiet, worker, clock, night: None }
    }

    /// The log of one night.
    pub(crate) fn of(&self, night: Uuid) -> Self {
        Self { night: Some(night), ..*self }
    }

    /// A night of so many repositories is being worked at.
    pub(crate) fn began(&self, due: usize) {
        if self.format == LogFormat::Json {
            self.write("begun", json!({ "repositories": due }));
        }
    }

    /// It has come to an end, or to its deadline.
    pub(crate) fn ended(&self, figures: &NightFigures) {
        if self.format == LogFormat::Json {
            self.write("ended", json!({ "figures": figures }));
        }
    }

    /// Something that went wrong beside the repositories.
    pub(crate) fn trouble(&self, text: &str) {
        match self.format {
            LogFormat::Json => self.write("trouble", json!({ "text": scrubbed(text) })),
            LogFormat::Text => error_text(text),
        }
    }

    /// Something worth knowing.
    pub(crate) fn notice(&self, text: &str) {
        match self.format {
            LogFormat::Json => self.write("notice", json!({ "text": scrubbed(text) })),
            LogFormat::Text if self.quiet => {}
            LogFormat::Text => notice(text),
        }
    }

    /// One object: what, when, by whom, and in which night.
    fn write(&self, event: &str, mut told: Value) {
        told["event"] = json!(event);
        told["at"] = json!((self.clock)());
        told["night"] = json!(self.night);
        told["worker"] = json!(self.worker);
        log_line(&told.to_string());
    }
}

/// Something worth knowing, from where there is no log at hand.
pub(crate) fn say(format: LogFormat, event: &str, text: &str) {
    match format {
        LogFormat::Json => log_line(&json!({ "event": event, "text": text }).to_string()),
        LogFormat::Text => notice(text),
    }
}

fn scrubbed(text: &str) -> SafeText {
    SafeText::scrubbed(text.as_bytes(), [])
}

impl Told for Log<'_> {
    fn piece(&self, report: &PieceReport) {
        let [opened, closed, reopened] = report.items;
        let trouble = report.trouble.as_deref().map(scrubbed);
        match self.format {
            LogFormat::Json => self.write(
                "repository",
                json!({
                    "repository": report.repository,
                    "url": report.url,
                    "outcome": report.outcome.as_str(),
                    "starts": report.starts,
                    "fetch_seconds": report.fetched_in.as_secs_f64(),
                    "seconds": report.took.as_secs_f64(),
                    "bytes": report.bytes,
                    "credentials": report.credentials,
                    "asked": report.asked,
                    "opened": opened,
                    "closed": closed,
                    "reopened": reopened,
                    "trouble": trouble,
                }),
            ),
            LogFormat::Text if self.quiet && report.outcome == PieceOutcome::Complete => {}
            LogFormat::Text => {
                let trouble = trouble.map_or(String::new(), |why| format!("  {why}"));
                log_line(&format!(
                    "{}  {}  {:.1} s, {opened} opened{trouble}",
                    repository_name(&report.repository, &report.url),
                    report.outcome.as_str(),
                    report.took.as_secs_f64(),
                ));
            }
        }
    }
}
