//! Reminders on the terminal, and what became of those that were sent.

use super::board::where_it_is;
use super::{BOLD, DIM, GREEN, RED, YELLOW, distance, minute, out, plural};
use anyhow::Result;
use jiff::Timestamp;
use quietus_poam::{Reminder, ReminderKind};
use quietus_track::{Plan, Route, Sent};
use std::io::Write;

pub(crate) fn print(reminders: &[&Reminder<'_>], now: Timestamp) -> Result<()> {
    let mut out = out();
    for kind in ReminderKind::ALL {
        let here: Vec<_> = reminders.iter().filter(|one| one.kind == kind).collect();
        if here.is_empty() {
            continue;
        }
        let style = match kind {
            ReminderKind::Reopened | ReminderKind::Overdue => RED,
            ReminderKind::PendingApproval | ReminderKind::DueSoon => YELLOW,
            ReminderKind::Stale | ReminderKind::Resumes => DIM,
        };
        writeln!(out, "{BOLD}{style}{}{style:#}{BOLD:#} {}", kind.heading(), here.len())?;
        for reminder in here {
            line(&mut out, reminder, now)?;
        }
    }
    writeln!(out, "{}", plural(reminders.len() as u64, "reminder"))?;
    Ok(out.flush()?)
}

fn line(out: &mut impl Write, reminder: &Reminder<'_>, now: Timestamp) -> Result<()> {
    let item = reminder.item;
    let owner = item.owner.as_ref().map_or("nobody", |owner| owner.name.as_str());
    let milestone = reminder.of_what().map_or(String::new(), |what| format!("{what} "));
    writeln!(
        out,
        "  {:5} {milestone}{} {DIM}({}){DIM:#}  {}  {owner}  {DIM}{}{DIM:#}",
        item.id(),
        minute(reminder.at),
        distance(reminder.at, now),
        item.detection.kind.name,
        where_it_is(item)
    )?;
    Ok(())
}

/// What would be sent, to the byte; of the address only its host.
pub(crate) fn print_plan(route: &Route, plan: &Plan<'_>, body: &[u8]) -> Result<()> {
    let mut out = out();
    let count = plural(plan.reminders.len() as u64, "reminder");
    writeln!(out, "{BOLD}{}{BOLD:#} {count} to {}", route.name, route.to)?;
    if !plan.reminders.is_empty() {
        let signed = if route.key.is_some() { "signed" } else { "not signed" };
        writeln!(out, "  {DIM}{signed}, id {}{DIM:#}", plan.id)?;
        writeln!(out, "{}", String::from_utf8_lossy(body))?;
    }
    Ok(out.flush()?)
}

pub(crate) fn print_sent(route: &Route, sent: &Sent) -> Result<()> {
    let mut out = out();
    let text = match sent {
        Sent::Nothing => format!("{DIM}nothing that was not sent in this period{DIM:#}"),
        Sent::Delivered { reminders, status } => {
            let count = plural(*reminders as u64, "reminder");
            format!("{GREEN}{count} taken{GREEN:#} by {} {DIM}(HTTP {status}){DIM:#}", route.to)
        }
        Sent::Failed { reason } => format!(
            "{RED}not taken{RED:#} by {}: {reason}; the next `quietus remind --send` tries again",
            route.to
        ),
        Sent::Elsewhere => format!("{DIM}another run is sending{DIM:#}"),
    };
    writeln!(out, "{BOLD}{}{BOLD:#} {text}", route.name)?;
    Ok(out.flush()?)
}
