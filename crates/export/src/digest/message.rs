//! A digest as an object of our own, for whoever writes their own receiver. The names are a contract.

use super::{Places, place};
use jiff::Timestamp;
use quietus_poam::Reminder;
use serde_json::{Value, json};

/// All reminders.
pub fn message(reminders: &[&Reminder<'_>], places: Places, now: Timestamp) -> Value {
    let one = |reminder: &&Reminder<'_>| {
        let item = reminder.item;
        json!({
            "reminder": reminder.kind.as_str(),
            "id": item.id(),
            "fingerprint": item.fingerprint(),
            "kind": item.detection.kind.name,
            "severity": item.detection.severity,
            "state": item.phase().to_string(),
            "liveness": item.liveness(now),
            "milestone": reminder.milestone.map(|milestone| milestone.as_str()),
            "step": reminder.step.as_ref().map(ToString::to_string),
            "at": reminder.at,
            "owner": item.owner.as_ref().map(|owner| &owner.name),
            "place": place(reminder, places),
        })
    };
    json!({
        "type": "quietus.reminders/v1",
        "at": now,
        "reminders": reminders.iter().map(one).collect::<Vec<_>>(),
    })
}
