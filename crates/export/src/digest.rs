//! Reminders as a digest in the formats that people's other tools read.
//!
//! What leaves the organisation's own machines says what is to be done, by when and by whom, and
//! not where: of a credential that may still work, repository and path stay out unless told.

mod markdown;
mod message;
mod slack;
mod teams;

pub use markdown::markdown;
pub use message::message;
pub use slack::slack;
pub use teams::teams;

use crate::text::one_line;
use jiff::Timestamp;
use quietus_poam::{MilestoneKind, PoamItem, Reminder, ReminderKind};

/// Whether a digest tells where credentials stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Places {
    /// Only of what is proven dead.
    OfTheDead,
    /// Of all of them.
    All,
}

/// The most reminders that a chat shows; the rest are counted. Chats refuse what is too long.
const SHOWN: usize = 40;

/// One reminder in words, not yet escaped for any format.
struct Words {
    id: String,
    what: String,
    severity: &'static str,
    when: String,
    owner: String,
    place: Option<String>,
}

impl Words {
    fn of(reminder: &Reminder<'_>, places: Places) -> Self {
        let item = reminder.item;
        let owner = item.owner.as_ref().map_or("nobody".to_owned(), |owner| owner.name.to_string());
        Self {
            id: item.id(),
            what: one_line(&item.detection.kind.name),
            severity: item.detection.severity.as_str(),
            when: when(reminder),
            owner,
            place: place(reminder, places),
        }
    }
}

/// What its moment means.
fn when(reminder: &Reminder<'_>) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let milestone = reminder.of_what().unwrap_or_else(|| "it".to_owned());
    let at = day(reminder.at);
    match reminder.kind {
        ReminderKind::Reopened => format!("reopened {at}"),
        ReminderKind::Overdue => format!("{milestone} was due {at}"),
        ReminderKind::PendingApproval => format!("dead since {at}"),
        ReminderKind::DueSoon => format!("{milestone} is due {at}"),
        ReminderKind::Stale => format!("no clear answer since {at}"),
        ReminderKind::Resumes => format!("set aside until {at}"),
    }
}

fn place(reminder: &Reminder<'_>, places: Places) -> Option<String> {
    place_of(reminder.item, places)
}

/// Where an item stands, as far as it may be told.
pub(crate) fn place_of(item: &PoamItem, places: Places) -> Option<String> {
    let dead = item.milestone(MilestoneKind::Revoke).is_done();
    if places == Places::OfTheDead && !dead {
        return None;
    }
    let presence = &item.presence;
    let first = presence.open().next().or_else(|| presence.iter().next().map(|(_, s)| s))?;
    let more = match presence.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{} {}{more}", first.repository_name(), first.location.display()))
}

/// The first [`SHOWN`] reminders under their headings, and how many are left out.
fn shown<'a, 'r>(
    reminders: &'a [&'a Reminder<'r>],
) -> (Vec<(ReminderKind, Vec<&'a Reminder<'r>>)>, usize) {
    let first = &reminders[..reminders.len().min(SHOWN)];
    (under_headings(first), reminders.len() - first.len())
}

/// All of them under their headings; no heading stands alone.
fn under_headings<'a, 'r>(
    reminders: &'a [&'a Reminder<'r>],
) -> Vec<(ReminderKind, Vec<&'a Reminder<'r>>)> {
    let of = |kind| {
        let here: Vec<_> = reminders.iter().copied().filter(|one| one.kind == kind).collect();
        (kind, here)
    };
    ReminderKind::ALL.into_iter().map(of).filter(|(_, here)| !here.is_empty()).collect()
}

/// `3 reminders`.
fn title(reminders: &[&Reminder<'_>]) -> String {
    let plural = if reminders.len() == 1 { "" } else { "s" };
    format!("Quietus: {} reminder{plural}", reminders.len())
}
