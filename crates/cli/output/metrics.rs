//! Metrics on the terminal, with small charts, and as an object.

use super::{BOLD, DIM, GREEN, RED, YELLOW, day, out, plural, thousands};
use anyhow::Result;
use jiff::SignedDuration;
use quietus_metrics::{Age, Figures, Metrics, PUBLISHED, Point, Spans, Survival, Week};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// The longest bar, in columns.
const BAR: usize = 40;

/// Eighths of a column, from none to seven.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// How many owners and repositories are shown.
const GROUPS: usize = 10;

/// The narrowest and the widest name of an owner or a repository, in columns.
const NAME: (usize, usize) = (12, 44);

/// What stands behind a name, in columns.
const BEHIND: usize = 50;

pub(crate) fn print(metrics: &Metrics) -> Result<()> {
    let mut out = out();
    let all = &metrics.all;
    if all.items == 0 {
        writeln!(out, "no items; `quietus track PATH` looks for some")?;
        return Ok(out.flush()?);
    }
    still_valid(&mut out, all)?;
    times(&mut out, all)?;
    backlog(&mut out, all)?;
    proof(&mut out, all)?;
    weeks(&mut out, &metrics.weeks)?;
    groups(&mut out, "owners", &metrics.owners)?;
    if !metrics.teams.is_empty() {
        groups(&mut out, "teams", &metrics.teams)?;
    }
    groups(&mut out, "repositories", &metrics.repositories)?;
    Ok(out.flush()?)
}

pub(crate) fn print_json(metrics: &Metrics) -> Result<()> {
    let mut value = serde_json::to_value(metrics)?;
    value["published"] = json!(PUBLISHED);
    super::json::print_value(&value)
}

fn still_valid(out: &mut impl Write, figures: &Figures) -> Result<()> {
    let valid = &figures.still_valid;
    writeln!(out, "{BOLD}still valid after{BOLD:#}  {DIM}not known counts as valid{DIM:#}")?;
    curve(out, &valid.all, "all", true)?;
    if valid.seen_live.credentials > 0 && valid.seen_live != valid.all {
        curve(out, &valid.seen_live, "that an issuer accepted", false)?;
    }
    if valid.counting_attested != valid.all {
        curve(out, &valid.counting_attested, "if people's word counts", false)?;
    }
    for (count, what) in [
        (valid.dead_when_found, "dead when found"),
        (valid.false_positives, "set aside as false positives"),
    ] {
        if count > 0 {
            writeln!(out, "  {DIM}not counted: {} {what}{DIM:#}", thousands(count as u64))?;
        }
    }
    writeln!(
        out,
        "  {DIM}published: more than {} after {} days{DIM:#}\n  {DIM}({}){DIM:#}",
        percent(PUBLISHED.share_above),
        PUBLISHED.days,
        PUBLISHED.source
    )?;
    Ok(())
}

fn curve(out: &mut impl Write, curve: &Survival, of: &str, bars: bool) -> Result<()> {
    let credentials = plural(curve.credentials as u64, "credential");
    writeln!(out, "  {of}: {credentials}, {} proven dead", thousands(curve.ended as u64))?;
    for point in &curve.after {
        let Point { days, share, watched } = point;
        let bar = share.filter(|_| bars).map_or(String::new(), |share| bar(share, BAR));
        let text = share.map_or("-".to_owned(), percent);
        let watched = thousands(*watched as u64);
        let columns = if bars { BAR } else { 0 };
        let unit = if *days == 1 { "day" } else { "days" };
        writeln!(
            out,
            "    {days:>2} {unit:4} {text:>6} {bar:columns$} {DIM}watched so long: {watched}{DIM:#}"
        )?;
    }
    Ok(())
}

fn times(out: &mut impl Write, figures: &Figures) -> Result<()> {
    let times = &figures.times;
    writeln!(out, "\n{BOLD}times{BOLD:#}                {DIM}median      9 of 10     of{DIM:#}")?;
    for (name, spans) in [
        ("to detect", &times.to_detect),
        ("to revoke", &times.to_revoke),
        ("to close", &times.to_close),
        ("to close, attested", &times.to_close_attested),
    ] {
        let Spans { count, median_seconds, p90_seconds, .. } = spans;
        let (median, p90) = (length(*median_seconds), length(*p90_seconds));
        writeln!(out, "  {name:18} {median:11} {p90:11} {}", thousands(*count as u64))?;
    }
    Ok(())
}

fn backlog(out: &mut impl Write, figures: &Figures) -> Result<()> {
    let backlog = &figures.backlog;
    let overdue = if backlog.overdue > 0 { RED } else { GREEN };
    writeln!(
        out,
        "\n{BOLD}open{BOLD:#} {}, {} live, {overdue}{} overdue{overdue:#} ({})",
        thousands(backlog.open as u64),
        thousands(backlog.live as u64),
        thousands(backlog.overdue as u64),
        share(backlog.overdue_share),
    )?;
    let most = backlog.ages.iter().map(|age| age.open).max().unwrap_or(0).max(1);
    for Age { from_days, to_days, open } in &backlog.ages {
        let over = || format!("over {}", from_days.saturating_sub(1));
        let days = to_days.map_or_else(over, |to| format!("{from_days}-{to}"));
        let bar = bar(*open as f64 / most as f64, BAR);
        writeln!(out, "  {days:>8} days {:>7} {bar}", thousands(*open as u64))?;
    }
    if !backlog.set_aside.is_empty() {
        let kinds: Vec<String> =
            backlog.set_aside.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        writeln!(out, "  set aside: {}", kinds.join(", "))?;
    }
    let dates = &backlog.dates;
    writeln!(
        out,
        "  dates kept: {} as first set, {} as they are now {DIM}({} met or missed){DIM:#}",
        share(dates.original_share),
        share(dates.current_share),
        thousands(dates.decided as u64)
    )?;
    Ok(())
}

fn proof(out: &mut impl Write, figures: &Figures) -> Result<()> {
    let (closures, verification) = (&figures.closures, &figures.verification);
    writeln!(
        out,
        "\n{BOLD}closed{BOLD:#} {}: {} verified, {} attested; waived in part: {} by people, {} by \
         policy",
        thousands(closures.all() as u64),
        closures.verified,
        closures.attested,
        closures.waived_by_person,
        closures.waived_by_policy
    )?;
    let reopenings = &figures.reopenings;
    writeln!(
        out,
        "  reopened: {} of {} ({})",
        reopenings.ever_reopened,
        reopenings.ever_closed,
        share(reopenings.rate)
    )?;
    writeln!(
        out,
        "  an issuer answered for {} of {} open ones ({}); {} stale ({} of what can be asked)",
        verification.answered,
        verification.open,
        share(verification.coverage),
        verification.stale,
        share(verification.stale_share)
    )?;
    let half = &figures.half_done;
    for (name, count, live) in [
        ("removed and not revoked", half.removed_not_revoked, half.removed_but_live),
        ("rotated and not revoked", half.rotated_not_revoked, half.rotated_but_live),
    ] {
        let style = match (count, live) {
            (_, 1..) => RED,
            (1.., 0) => YELLOW,
            _ => DIM,
        };
        writeln!(out, "  {name}: {style}{count}, {live} of them live{style:#}")?;
    }
    Ok(())
}

fn weeks(out: &mut impl Write, weeks: &[Week]) -> Result<()> {
    writeln!(out, "\n{BOLD}week of{BOLD:#}     {DIM}opened closed reopened  not closed{DIM:#}")?;
    let most = weeks.iter().map(|week| week.not_closed).max().unwrap_or(0).max(1);
    for week in weeks {
        let Week { begins, opened, closed, reopened, not_closed } = week;
        let bar = bar(*not_closed as f64 / most as f64, BAR);
        let day = day(*begins);
        let left = thousands(*not_closed as u64);
        writeln!(out, "  {day} {opened:>6} {closed:>6} {reopened:>8} {left:>11} {bar}")?;
    }
    Ok(())
}

/// Those with the most open items first.
fn groups(out: &mut impl Write, name: &str, groups: &BTreeMap<String, Figures>) -> Result<()> {
    let mut sorted: Vec<_> = groups.iter().collect();
    sorted.sort_by_key(|(_, figures)| {
        (std::cmp::Reverse(figures.backlog.live), std::cmp::Reverse(figures.backlog.open))
    });
    let width = sorted.iter().take(GROUPS).map(|(name, _)| name.chars().count()).max();
    let width = name_width(width.unwrap_or(0), super::columns());
    writeln!(
        out,
        "\n{BOLD}{name:width$}{BOLD:#}  {DIM}  open   live overdue closed zombies  to revoke{DIM:#}"
    )?;
    for (name, figures) in sorted.iter().take(GROUPS) {
        let name = shortened(name, width);
        let Figures { backlog, closures, half_done, times, .. } = figures;
        writeln!(
            out,
            "{name:width$}  {:>6} {:>6} {:>7} {:>6} {:>7}  {}",
            backlog.open,
            backlog.live,
            backlog.overdue,
            closures.all(),
            half_done.removed_but_live,
            length(times.to_revoke.median_seconds)
        )?;
    }
    if sorted.len() > GROUPS {
        let more = thousands((sorted.len() - GROUPS) as u64);
        writeln!(out, "{DIM}{more} more: `quietus metrics --format json`{DIM:#}")?;
    }
    Ok(())
}

/// How wide names are shown when the longest has `longest` columns, so that no line is broken.
fn name_width(longest: usize, columns: usize) -> usize {
    let (least, most) = NAME;
    longest.clamp(least, columns.saturating_sub(BEHIND).clamp(least, most))
}

/// The end of a name that is too long tells more than its beginning.
fn shortened(name: &str, width: usize) -> String {
    let count = name.chars().count();
    if count <= width {
        return name.to_owned();
    }
    format!("…{}", name.chars().skip(count + 1 - width).collect::<String>())
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn share(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), percent)
}

fn length(seconds: Option<i64>) -> String {
    let Some(seconds) = seconds else { return "-".to_owned() };
    super::span(SignedDuration::from_secs(seconds))
}

/// A bar of at most `columns`; what is more than nothing is seen.
fn bar(share: f64, columns: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * (columns * 8) as f64).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.000_01, 4), "▏");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(7.0, 4), "████");
    }

    #[test]
    fn names_leave_room_for_the_figures_behind_them() {
        assert_eq!([name_width(5, 100), name_width(30, 100), name_width(90, 100)], [12, 30, 44]);
        assert_eq!([name_width(90, 80), name_width(90, 40), name_width(90, 0)], [30, 12, 12]);
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("git.example.org/team/app", 10), "…/team/app");
    }
}
