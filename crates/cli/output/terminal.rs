//! `scan` for people: one block for each credential, its places under it, a summary last.

use super::{
    BOLD, DIM, GREEN, RED, ScanReport, Shown, YELLOW, day, out, plural, short_ref, style_of,
    thousands,
};
use anyhow::Result;
use quietus_model::{Judgement, Location, RuleId, Scope, Verdict};
use std::io::Write;

/// How many places of one credential are printed.
const PLACES: usize = 10;

/// How many gaps of one source are printed.
const GAPS: usize = 10;

pub(crate) fn print(report: &ScanReport) -> Result<()> {
    let mut out = out();
    let mut order: Vec<&Shown> = report.shown.iter().collect();
    order.sort_by(|a, b| {
        let worth = |shown: &Shown| (shown.finding.severity, shown.finding.confidence);
        worth(b)
            .cmp(&worth(a))
            .then_with(|| first_place(a).cmp(&first_place(b)))
            .then_with(|| a.finding.fingerprint.cmp(&b.finding.fingerprint))
    });
    for shown in order {
        credential(&mut out, shown, report)?;
    }
    for scope in &report.scopes {
        gaps(&mut out, scope)?;
    }
    summary(&mut out, report)?;
    Ok(out.flush()?)
}

fn first_place(shown: &Shown) -> Option<String> {
    shown.finding.locations.first().map(Location::display)
}

fn credential(out: &mut impl Write, shown: &Shown, report: &ScanReport) -> Result<()> {
    let finding = &shown.finding;
    let severity = style_of(finding.severity);
    let name = report.rules.get(&finding.rule).map_or(finding.rule.as_str(), |rule| &rule.name);
    writeln!(
        out,
        "{severity}{:8}{severity:#}  {BOLD}{name}{BOLD:#}  {}  {DIM}{} · {} confidence · {}{DIM:#}",
        finding.severity,
        finding.redacted,
        finding.rule,
        finding.confidence,
        finding.fingerprint.short(),
    )?;
    let is_rule = |tag: &&String| report.rules.get(&RuleId::from(tag.as_str())).is_some();
    let others: Vec<&str> = finding.tags.iter().filter(is_rule).map(String::as_str).collect();
    if !others.is_empty() {
        writeln!(out, "          also seen by: {}", others.join(", "))?;
    }
    if report.lasting {
        // Whole, to be copied: `quietus suppress` takes it.
        writeln!(out, "          {DIM}fingerprint {}{DIM:#}", finding.fingerprint)?;
    }
    if let Some(silence) = &shown.silence {
        writeln!(out, "          {RED}shown because it is live{RED:#}, though {silence}")?;
    }
    if let Some(secret) = &shown.secret {
        let text = String::from_utf8_lossy(secret.expose()).into_owned();
        writeln!(out, "          secret: {}", quietus_model::SafeText::plain(text))?;
    }
    for fact in &finding.decoded {
        writeln!(out, "          {}: {}", fact.name, fact.value)?;
    }
    if !finding.missing.is_empty() {
        writeln!(out, "          not found nearby: {}", finding.missing.join(", "))?;
    }
    for location in finding.locations.iter().take(PLACES) {
        writeln!(out, "          {}", place(location))?;
    }
    if finding.locations.len() > PLACES {
        let more = (finding.locations.len() - PLACES) as u64;
        writeln!(out, "          {DIM}and {} more{DIM:#}", plural(more, "place"))?;
    }
    for judgement in &shown.judgements {
        writeln!(out, "          {}", verdict(judgement))?;
    }
    writeln!(out)?;
    Ok(())
}

/// One place: where, at which heads, since when and by whom.
pub(crate) fn place(location: &Location) -> String {
    let mut text = if location.path.is_empty() {
        location.display()
    } else {
        format!("{}:{}", location.display(), location.column)
    };
    if !location.decoded.is_empty() {
        text.push_str(&format!("  {DIM}in {}{DIM:#}", location.decoded.join(", ")));
    }
    if location.at_head.is_empty() {
        text.push_str(&format!("  {DIM}only in history{DIM:#}"));
    } else {
        let heads: Vec<&str> =
            location.at_head.iter().map(|head| short_ref(head.as_str())).collect();
        text.push_str(&format!("  {YELLOW}{}{YELLOW:#}", heads.join(", ")));
    }
    if let Some(introduced) = &location.introduced {
        text.push_str(&format!(
            "  {DIM}since {} in {} by {}{DIM:#}",
            day(introduced.at),
            introduced.commit.get(..10).unwrap_or(&introduced.commit),
            introduced.author
        ));
    }
    text
}

/// One verdict in a line.
pub(crate) fn verdict(judgement: &Judgement) -> String {
    match &judgement.verdict {
        Verdict::Live(seen) => {
            let mut whose: Vec<String> = seen
                .identity
                .fields
                .iter()
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            if !seen.identity.scopes.is_empty() {
                let scopes: Vec<String> =
                    seen.identity.scopes.iter().map(ToString::to_string).collect();
                whose.push(format!("scopes {}", scopes.join(" ")));
            }
            let whose =
                if whose.is_empty() { String::new() } else { format!(": {}", whose.join(", ")) };
            format!("{RED}live{RED:#} at {}{whose}", judgement.target)
        }
        Verdict::Dead(_) if judgement.binding == quietus_model::Binding::Unbound => format!(
            "{YELLOW}unproven{YELLOW:#}: denied by {}, which may not be its issuer",
            judgement.target
        ),
        Verdict::Dead(seen) => {
            format!("{GREEN}denied{GREEN:#} by {} ({})", judgement.target, seen.sentence())
        }
        Verdict::Indeterminate(doubt) => {
            format!("{YELLOW}unknown{YELLOW:#}: {}: {doubt}", judgement.target.issuer)
        }
    }
}

/// What could not be read of one source.
pub(crate) fn gaps(out: &mut impl Write, scope: &Scope) -> Result<()> {
    for gap in scope.gaps.iter().take(GAPS) {
        writeln!(
            out,
            "{YELLOW}{}{YELLOW:#}  {} in {}: {} ({})",
            if gap.reason.is_omission() { "not read" } else { "not opened" },
            gap.object,
            scope.source,
            gap.reason,
            gap.detail
        )?;
    }
    if scope.gaps.len() > GAPS {
        let more = (scope.gaps.len() - GAPS) as u64;
        writeln!(out, "{YELLOW}not read{YELLOW:#}  and {} more", plural(more, "object"))?;
    }
    if scope.stats.files + scope.stats.objects == 0 {
        writeln!(out, "{YELLOW}nothing was read{YELLOW:#} in {}", scope.source)?;
    }
    Ok(())
}

/// What was read, in words.
pub(crate) fn amount(scopes: &[Scope]) -> String {
    let mut total = quietus_model::Stats::default();
    for scope in scopes {
        total += scope.stats;
    }
    let mut parts = Vec::new();
    if total.files > 0 {
        parts.push(plural(total.files, "file"));
    }
    if total.objects > 0 {
        parts.push(plural(total.objects, "object"));
    }
    parts.push(bytes(total.bytes));
    parts.join(", ")
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => plural(count, "byte"),
        10_000..10_000_000 => format!("{} kB", thousands(count / 1_000)),
        _ => format!("{} MB", thousands(count / 1_000_000)),
    }
}

fn summary(out: &mut impl Write, report: &ScanReport) -> Result<()> {
    let places: usize = report.shown.iter().map(|shown| shown.finding.locations.len()).sum();
    let found = report.shown.len() as u64;
    if report.scopes.is_empty() {
        // The errors have told why; "none found" would sound like an answer.
        writeln!(out, "{BOLD}nothing was read{BOLD:#}")?;
        return Ok(());
    }
    if found == 0 {
        write!(out, "{BOLD}no credentials found{BOLD:#}")?;
    } else {
        let (credentials, places) = (plural(found, "credential"), plural(places as u64, "place"));
        write!(out, "{BOLD}{credentials}{BOLD:#} in {places}")?;
    }
    let sources = report.scopes.len() as u64;
    writeln!(out, "; read {} of {}", amount(&report.scopes), plural(sources, "source"))?;
    for (reason, count) in &report.hidden {
        writeln!(out, "{DIM}not shown: {count} {reason}{DIM:#}")?;
    }
    super::silence::print(out, &report.suppressions)?;
    Ok(())
}
