//! What a night came to, and what one would do: for people, for programs, for Prometheus.

use super::{BOLD, DIM, GREEN, RED, YELLOW, distance, out, plural, repository_name, thousands};
use crate::exit::Exit;
use anyhow::Result;
use jiff::Timestamp;
use quietus_export::prometheus::Page;
use quietus_model::SafeText;
use quietus_poam::{Listed, NightFigures, NightRecord};
use quietus_store::{Head, Piece, RepositoryScans};
use quietus_track::Due;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// What a night came to.
pub(crate) struct Summary<'a> {
    pub(crate) night: &'a NightRecord,
    pub(crate) figures: NightFigures,
    pub(crate) listed: &'a [Listed],
    pub(crate) scans: &'a [RepositoryScans],
    pub(crate) parked: &'a [Piece],
    pub(crate) head: Head,
    pub(crate) ledger: &'a str,
    pub(crate) exit: &'a Exit,
    pub(crate) now: Timestamp,
}

/// How far the complete scans of the watched repositories lie back.
struct Lag {
    /// The longest ago, in seconds.
    oldest: i64,
    /// How many were never scanned completely.
    never: u64,
}

impl Summary<'_> {
    fn lag(&self) -> Lag {
        let complete: BTreeMap<_, _> = self
            .scans
            .iter()
            .filter_map(|scans| {
                Some((scans.repository(), scans.latest_complete.as_ref()?.taken_at))
            })
            .collect();
        let mut lag = Lag { oldest: 0, never: 0 };
        for one in self.listed.iter().filter(|one| one.is_due()) {
            match complete.get(&one.id) {
                Some(at) => lag.oldest = lag.oldest.max(self.now.duration_since(*at).as_secs()),
                None => lag.never += 1,
            }
        }
        lag
    }

    /// The watched repositories whose scan in this night was not complete, with the reason.
    fn troubles(&self) -> Vec<(String, String)> {
        let of_night = self.scans.iter().filter(|scans| scans.latest.taken_at >= self.night.at);
        let gap = |scans: &RepositoryScans| {
            if scans.latest.is_complete() {
                return None;
            }
            let gap = scans.latest.scope.gaps.iter().find(|gap| gap.reason.is_omission())?;
            let why = format!("{}: {} ({})", gap.reason, gap.object, gap.detail);
            let source = &scans.latest.scope.source;
            Some((repository_name(scans.repository(), source).to_owned(), why))
        };
        let mut troubles: Vec<_> = of_night.filter_map(gap).collect();
        let parked = |piece: &Piece| {
            let why = format!("parked: {}; `quietus repos retry` takes it back", piece.reason);
            (piece.lease.repository.to_string(), why)
        };
        troubles.extend(self.parked.iter().map(parked));
        troubles
    }
}

/// How many troubles are printed.
const TROUBLES: usize = 20;

pub(crate) fn print(summary: &Summary<'_>) -> Result<()> {
    let (figures, mut out) = (&summary.figures, out());
    let troubles = summary.troubles();
    for (repository, why) in troubles.iter().take(TROUBLES) {
        writeln!(out, "{YELLOW}not read{YELLOW:#}  {BOLD}{repository}{BOLD:#}  {why}")?;
    }
    if troubles.len() > TROUBLES {
        let more = plural((troubles.len() - TROUBLES) as u64, "repository");
        writeln!(out, "{DIM}and {more} more: `quietus repos gaps`{DIM:#}")?;
    }
    let all = figures.complete == figures.due;
    let style = if all { GREEN } else { YELLOW };
    writeln!(
        out,
        "{BOLD}repositories{BOLD:#}  {style}{} of {} scanned completely{style:#}{}",
        figures.complete,
        figures.due,
        rest(figures)
    )?;
    writeln!(
        out,
        "{BOLD}items{BOLD:#}  {RED}{} opened{RED:#}, {} reopened, {GREEN}{} closed{GREEN:#}; issuers asked about {}",
        figures.opened,
        figures.reopened,
        figures.closed,
        plural(figures.asked, "credential"),
    )?;
    let lag = summary.lag();
    writeln!(
        out,
        "{DIM}{} MB read in {} s; oldest complete scan {} h ago, {} never complete; {}{DIM:#}",
        thousands(figures.bytes / 1_000_000),
        figures.seconds,
        lag.oldest / 3600,
        lag.never,
        plural(figures.reminders, "reminder"),
    )?;
    let hash = summary.head.hash.to_string();
    let short = hash.get(..12).unwrap_or_default();
    writeln!(out, "{DIM}ledger {} · head {} ({short}…){DIM:#}", summary.ledger, summary.head.seq)?;
    Ok(out.flush()?)
}

/// What became of those that were not scanned completely.
fn rest(figures: &NightFigures) -> String {
    let parts = [
        (figures.incomplete, "incomplete"),
        (figures.unobservable, "unobservable"),
        (figures.parked, "parked"),
        (figures.left, "not reached"),
    ];
    let told = parts.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!(", {count} {what}")).collect()
}

pub(crate) fn print_json(summary: &Summary<'_>) -> Result<()> {
    let lag = summary.lag();
    let troubles: Vec<Value> = summary
        .troubles()
        .into_iter()
        .map(|(repository, why)| json!({ "repository": repository, "why": why }))
        .collect();
    super::json::print_value(&json!({
        "night": summary.night.night,
        "began": summary.night.at,
        "ended": summary.now,
        "figures": summary.figures,
        "not_read": troubles,
        "lag": { "oldest_complete_scan_seconds": lag.oldest, "never_complete": lag.never },
        "ledger": {
            "location": summary.ledger,
            "seq": summary.head.seq,
            "head": summary.head.hash.to_string(),
        },
        "summary": { "exit": summary.exit.names() },
    }))
}

/// The night in Prometheus' text format, for the textfile collector.
pub(crate) fn prometheus(summary: &Summary<'_>) -> String {
    let (figures, lag) = (&summary.figures, summary.lag());
    let mut page = Page::default();
    for (name, help, label, counts) in [
        (
            "quietus_night_repositories",
            "Repositories of the last night by what became of them.",
            "state",
            &[
                ("due", figures.due),
                ("complete", figures.complete),
                ("incomplete", figures.incomplete),
                ("unobservable", figures.unobservable),
                ("parked", figures.parked),
                ("left", figures.left),
            ][..],
        ),
        (
            "quietus_night_items",
            "Items that the last night changed.",
            "change",
            &[
                ("opened", figures.opened),
                ("closed", figures.closed),
                ("reopened", figures.reopened),
            ],
        ),
    ] {
        for (value, count) in counts {
            page.add(name, help, &[(label, value)], *count as f64);
        }
    }
    for (name, help, count) in [
        (
            "failed_attempts",
            "How often work on a repository was begun in the last night and came to nothing.",
            figures.failed,
        ),
        (
            "repositories_scanned",
            "Repositories that the last night scanned, completely or not.",
            figures.complete + figures.incomplete,
        ),
        ("bytes", "Bytes that the last night scanned.", figures.bytes),
        (
            "credentials",
            "Findings: credentials that the last night saw, once for each repository.",
            figures.credentials,
        ),
        (
            "asked",
            "Validations: credentials that issuers were asked about in the last night.",
            figures.asked,
        ),
        ("reminders", "Reminders that the last night sent.", figures.reminders),
        ("seconds", "How long the last night took.", figures.seconds),
    ] {
        page.add(&format!("quietus_night_{name}"), help, &[], count as f64);
    }
    let (began, ended) = (summary.night.at.as_second(), summary.now.as_second());
    for (name, help, value) in [
        ("night_began_timestamp_seconds", "When the last night began.", began as f64),
        ("night_ended_timestamp_seconds", "When the last night ended.", ended as f64),
        (
            "complete_scan_lag_seconds",
            "How long ago the oldest last complete scan of a watched repository was.",
            lag.oldest.max(0) as f64,
        ),
        (
            "repositories_never_complete",
            "Watched repositories that were never scanned completely.",
            lag.never as f64,
        ),
    ] {
        page.add(&format!("quietus_{name}"), help, &[], value);
    }
    page.text()
}

/// What a night would do.
pub(crate) struct Plan<'a> {
    pub(crate) due: &'a [Due],
    pub(crate) listed: &'a [Listed],
    pub(crate) goes_on: Option<&'a NightRecord>,
    pub(crate) asked: usize,
    pub(crate) reminders: usize,
    pub(crate) exports: &'a [Vec<String>],
    pub(crate) parked: &'a [Piece],
    pub(crate) now: Timestamp,
}

impl Plan<'_> {
    fn is_parked(&self, due: &Due) -> bool {
        self.parked.iter().any(|piece| piece.lease.repository == due.id)
    }

    fn url(&self, due: &Due) -> Option<SafeText> {
        let one = self.listed.iter().find(|one| one.id == due.id)?;
        Some(SafeText::scrubbed(one.url.as_bytes(), []))
    }
}

pub(crate) fn print_plan(plan: &Plan<'_>) -> Result<()> {
    let mut out = out();
    if let Some(night) = plan.goes_on {
        writeln!(out, "{YELLOW}going on{YELLOW:#} with the night that began {}", night.at)?;
    }
    for due in plan.due {
        let last = due.last_complete.map_or_else(
            || "never scanned completely".to_owned(),
            |at| format!("last complete {}", distance(at, plan.now)),
        );
        let parked = if plan.is_parked(due) { "  parked" } else { "" };
        let url = plan.url(due).unwrap_or_default();
        let name = repository_name(&due.id, &url);
        let from = if name == url.as_str() { String::new() } else { format!("  {url}") };
        writeln!(out, "{name}  {DIM}{last}{from}{DIM:#}{parked}")?;
    }
    writeln!(
        out,
        "{BOLD}{}{BOLD:#} to fetch and scan, {} to ask about beside what is new, {}, {}",
        plural(plan.due.len() as u64, "repository"),
        plural(plan.asked as u64, "credential"),
        plural(plan.reminders as u64, "reminder"),
        plural(plan.exports.len() as u64, "export"),
    )?;
    Ok(out.flush()?)
}

pub(crate) fn print_plan_json(plan: &Plan<'_>) -> Result<()> {
    let due: Vec<Value> = plan
        .due
        .iter()
        .map(|due| {
            json!({
                "repository": due.id,
                "url": plan.url(due),
                "last_complete_scan": due.last_complete,
                "bytes": due.bytes,
                "parked": plan.is_parked(due),
            })
        })
        .collect();
    super::json::print_value(&json!({
        "goes_on": plan.goes_on.map(|night| night.night),
        "repositories": due,
        "ask": plan.asked,
        "reminders": plan.reminders,
        "exports": plan.exports,
    }))
}
