//! Sends reminders on a route: each of them once a period, whatever happens in between.
//!
//! A run first claims what it is about to send, on the version of the route it decided on, so that
//! of two runs at the same time one sends. What became of it is recorded after that. A run that
//! dies in between has told nobody, as far as is known: its claim lapses, and the same message is
//! sent again under the same id.

use crate::TrackError;
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Digest, Secret};
use quietus_poam::{Delivery, NoticeRecord, Reminder, already_sent, period_of};
use quietus_store::{Append, Ledger, StoreError};
use quietus_validate::{Courier, Destination, Message};

/// A way out for reminders.
#[derive(Debug)]
pub struct Route {
    /// Its name, under which is recorded what was sent on it.
    pub name: String,
    /// Where it leads.
    pub to: Destination,
    /// What messages are signed with.
    pub key: Option<Secret>,
    /// How long a period is.
    pub every: SignedDuration,
}

/// What is to be sent on a route.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The reminders that were not sent in this period.
    pub reminders: Vec<&'a Reminder<'a>>,
    /// The beginning of the period.
    pub period: Timestamp,
    /// What tells this message from others.
    pub id: Digest,
    version: u64,
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// There was nothing to send.
    Nothing,
    /// It was taken.
    Delivered {
        /// How many reminders.
        reminders: usize,
        /// With this HTTP status.
        status: u16,
    },
    /// It was not taken; the next run tries again.
    Failed {
        /// Why.
        reason: String,
    },
    /// Another run is sending at this moment.
    Elsewhere,
}

/// What is to be sent on `route` at `now`.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger does not answer.
pub async fn plan<'a>(
    ledger: &Ledger,
    route: &Route,
    reminders: &'a [Reminder<'a>],
    now: Timestamp,
) -> Result<Plan<'a>, TrackError> {
    let records = ledger.notices(&route.name).await?;
    let period = period_of(now, route.every);
    let sent = already_sent(&records, period, now);
    let reminders: Vec<_> =
        reminders.iter().filter(|reminder| !sent.contains(&reminder.key())).collect();
    let mut parts = vec![route.name.clone(), period.to_string()];
    for reminder in &reminders {
        let what = reminder.of_what().unwrap_or_default();
        parts.push(format!("{} {} {what}", reminder.item.fingerprint(), reminder.kind));
    }
    let id = Digest::of_parts(parts.iter().map(String::as_bytes));
    Ok(Plan { reminders, period, id, version: records.len() as u64 })
}

/// Sends what is planned, as `body`, and records it.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger refuses. If that is after the message was taken, the next
/// run sends it again under the same id.
pub async fn send(
    ledger: &Ledger,
    courier: &Courier,
    route: &Route,
    plan: &Plan<'_>,
    body: Vec<u8>,
    now: Timestamp,
) -> Result<Sent, TrackError> {
    if plan.reminders.is_empty() {
        return Ok(Sent::Nothing);
    }
    let notice = |expected_version, delivery| Append::Notice {
        route: route.name.clone(),
        expected_version,
        record: Box::new(NoticeRecord {
            at: now,
            period: plan.period,
            digest: plan.id.clone(),
            reminders: plan.reminders.iter().map(|reminder| reminder.key()).collect(),
            delivery,
        }),
    };
    match ledger.append(vec![notice(Some(plan.version), Delivery::Claimed)], now).await {
        Err(StoreError::Conflict { .. }) => return Ok(Sent::Elsewhere),
        claimed => claimed?,
    };
    let message = Message { id: plan.id.to_string(), body };
    let (delivery, sent) = match courier.post(&route.to, &message, route.key.as_ref(), now).await {
        Ok(status) => {
            let reminders = plan.reminders.len();
            (Delivery::Delivered { status }, Sent::Delivered { reminders, status })
        }
        Err(error) => {
            let reason = error.to_string();
            (Delivery::Failed { reason: reason.clone() }, Sent::Failed { reason })
        }
    };
    ledger.append(vec![notice(None, delivery)], now).await?;
    Ok(sent)
}
