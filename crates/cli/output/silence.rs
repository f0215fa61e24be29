//! What was not reported, and which suppressions do nothing.

use super::{DIM, YELLOW, day, plural};
use anyhow::Result;
use quietus_track::{Stale, SuppressionReport};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// How many suppressions of one kind are printed.
const MOST: usize = 10;

/// Suppressions that do nothing, by why.
fn stale(report: &SuppressionReport) -> [(&'static str, &[Stale]); 3] {
    [
        ("expired", &report.expired),
        ("beyond what the policy allows", &report.too_long),
        ("matched nothing", &report.unmatched),
    ]
}

fn sentence(why: &str, one: &Stale) -> String {
    format!(
        "{}, line {}: {why}: {} until {}, approved by {}: {}",
        one.file,
        one.line,
        one.fingerprint.short(),
        day(one.until),
        one.approver,
        one.reason
    )
}

/// For people.
pub(crate) fn print(out: &mut impl Write, report: &SuppressionReport) -> Result<()> {
    for (why, all) in stale(report) {
        for one in all.iter().take(MOST) {
            writeln!(out, "{YELLOW}suppression{YELLOW:#} {}", sentence(why, one))?;
        }
        if let Some(more) = all.len().checked_sub(MOST).filter(|more| *more > 0) {
            let more = plural(more as u64, "suppression");
            writeln!(out, "{DIM}and {more} more: {why}{DIM:#}")?;
        }
    }
    Ok(())
}

/// On standard error, beside formats that have no place for it.
pub(crate) fn notices(hidden: &BTreeMap<String, usize>, report: &SuppressionReport) {
    for (reason, count) in hidden {
        super::notice(&format!("not shown: {count} {reason}"));
    }
    for (why, all) in stale(report) {
        for one in all.iter().take(MOST) {
            super::notice(&format!("suppression {}", sentence(why, one)));
        }
    }
}

/// For programs; the names are a contract.
pub(crate) fn value(report: &SuppressionReport) -> Value {
    let all = |all: &[Stale]| -> Vec<Value> {
        let one = |one: &Stale| {
            json!({
                "file": &*one.file,
                "line": one.line,
                "fingerprint": one.fingerprint,
                "expires": day(one.until),
                "approver": one.approver,
                "reason": one.reason,
            })
        };
        all.iter().map(one).collect()
    };
    json!({
        "matched": report.matched,
        "expired": all(&report.expired),
        "beyond_policy": all(&report.too_long),
        "unmatched": all(&report.unmatched),
    })
}
