//! What calls for somebody's attention, and that they were told.

use crate::proof::later;
use crate::{Blocker, MilestoneKind, PoamItem, Policy, Proof, StepId};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Digest, Fingerprint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How long a claim to send counts without word of what became of it.
const CLAIM: SignedDuration = SignedDuration::from_mins(15);

/// Why somebody is reminded of an item. Most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// It was closed, and is not any more.
    Reopened,
    /// A milestone is past its date.
    Overdue,
    /// Everything is done and proven, and a person must approve.
    PendingApproval,
    /// A milestone is due soon.
    DueSoon,
    /// Nobody has clearly answered for longer than the policy allows.
    Stale,
    /// It is set aside, and soon no longer.
    Resumes,
}

impl ReminderKind {
    /// All of them, most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Reopened,
        Self::Overdue,
        Self::PendingApproval,
        Self::DueSoon,
        Self::Stale,
        Self::Resumes,
    ];

    /// The name in records and in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::Overdue => "overdue",
            Self::PendingApproval => "pending_approval",
            Self::DueSoon => "due_soon",
            Self::Stale => "stale",
            Self::Resumes => "resumes",
        }
    }

    /// The heading for people.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::Overdue => "overdue",
            Self::PendingApproval => "waiting for approval",
            Self::DueSoon => "due soon",
            Self::Stale => "not verified lately",
            Self::Resumes => "soon no longer set aside",
        }
    }
}

impl fmt::Display for ReminderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One reminder.
#[derive(Clone, PartialEq, Debug)]
pub struct Reminder<'a> {
    /// Of what.
    pub item: &'a PoamItem,
    /// Why.
    pub kind: ReminderKind,
    /// The milestone it is about, if it is about one.
    pub milestone: Option<MilestoneKind>,
    /// The step of a playbook it is about, if it is about one.
    pub step: Option<StepId>,
    /// Since when or until when: the date, the last answer, the reopening.
    pub at: Timestamp,
}

/// What tells a reminder from another of the same period.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ReminderKey {
    /// The item.
    pub item: Fingerprint,
    /// Why.
    pub kind: ReminderKind,
    /// The milestone it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<MilestoneKind>,
    /// The step of a playbook it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
}

impl Reminder<'_> {
    /// The milestone or step it is about, by its name.
    pub fn of_what(&self) -> Option<String> {
        let milestone = self.milestone.map(|milestone| milestone.to_string());
        milestone.or_else(|| self.step.as_ref().map(ToString::to_string))
    }

    /// What tells it from others.
    pub fn key(&self) -> ReminderKey {
        ReminderKey {
            item: self.item.fingerprint(),
            kind: self.kind,
            milestone: self.milestone,
            step: self.step.clone(),
        }
    }
}

/// Everything that calls for attention at `now`, most urgent first. `soon` is how far ahead a date
/// counts as near.
pub fn reminders<'a>(
    items: &'a [PoamItem],
    policy: &Policy,
    soon: SignedDuration,
    now: Timestamp,
) -> Vec<Reminder<'a>> {
    let mut found: Vec<Reminder<'a>> =
        items.iter().flat_map(|item| item.reminders(policy, soon, now)).collect();
    found.sort_by_key(|reminder| (reminder.kind, reminder.at, reminder.item.number));
    found
}

impl PoamItem {
    fn reminders(
        &self,
        policy: &Policy,
        soon: SignedDuration,
        now: Timestamp,
    ) -> Vec<Reminder<'_>> {
        let of = |kind, milestone, at| Reminder { item: self, kind, milestone, step: None, at };
        if self.closure.is_some() {
            return Vec::new();
        }
        let near = later(now, soon);
        if let Some(deviation) = &self.deviation {
            let ends =
                (deviation.until <= near).then(|| of(ReminderKind::Resumes, None, deviation.until));
            return ends.into_iter().collect();
        }
        let mut found = Vec::new();
        if self.round.reason.is_some() {
            found.push(of(ReminderKind::Reopened, None, self.round.began));
        }
        // The first date of an item stands for those after it.
        let undone = self.round.milestones.iter().filter(|milestone| !milestone.is_done());
        let first = undone.min_by_key(|milestone| milestone.due);
        let first = first.map(|milestone| (milestone.due, Some(milestone.kind), None));
        // Each step of a playbook has somebody of its own to do it, once nothing comes before it.
        let books = self.round.playbooks.iter();
        let steps = books.flat_map(|book| book.steps.iter().map(move |step| (book, step)));
        let ready = steps.filter(|(book, step)| !step.is_done() && book.waits_for(step).is_empty());
        let steps = ready.map(|(book, step)| (step.due, None, Some(book.id(step))));
        for (at, milestone, step) in first.into_iter().chain(steps) {
            let kind = match at {
                _ if at < now => ReminderKind::Overdue,
                _ if at <= near => ReminderKind::DueSoon,
                _ => continue,
            };
            found.push(Reminder { item: self, kind, milestone, step, at });
        }
        if let Some(since) = self.awaits_approval(policy, now) {
            found.push(of(ReminderKind::PendingApproval, None, since));
        }
        let answered = self.last_answered().unwrap_or(self.round.began);
        if self.detection.kind.askable && now.duration_since(answered) > policy.cadence.stale {
            found.push(of(ReminderKind::Stale, None, answered));
        }
        found
    }

    /// Since when nothing but a person's approval is missing.
    fn awaits_approval(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        let blockers = self.blockers(policy, now);
        let only = !blockers.is_empty()
            && blockers.iter().all(|blocker| matches!(blocker, Blocker::Approval { .. }));
        let since = match self.proof(policy, now) {
            Proof::Dead { since, .. } => since,
            Proof::NotYet(_) => self.round.began,
        };
        only.then_some(since)
    }
}

/// That a digest of reminders was to be sent on a route, or what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NoticeRecord {
    /// When this was recorded.
    pub at: Timestamp,
    /// The beginning of the period: each reminder is sent once in it.
    pub period: Timestamp,
    /// What tells this digest from others; the same when it is sent again.
    pub digest: Digest,
    /// What is in it.
    pub reminders: Vec<ReminderKey>,
    /// How far it has come.
    pub delivery: Delivery,
}

/// How far a digest has come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Delivery {
    /// A run is about to send it.
    Claimed,
    /// Whoever stands at the other end took it.
    Delivered {
        /// With this HTTP status.
        status: u16,
    },
    /// It was not taken.
    Failed {
        /// Why, without any part of the address.
        reason: String,
    },
}

/// The beginning of the period that `now` lies in, when periods of `every` are counted from 1970.
pub fn period_of(now: Timestamp, every: SignedDuration) -> Timestamp {
    let every = every.as_secs().max(1);
    let begins = now.as_second().div_euclid(every) * every;
    Timestamp::from_second(begins).unwrap_or(now)
}

/// The reminders that were sent in this period, or that another run is sending at this moment.
pub fn already_sent(
    records: &[NoticeRecord],
    period: Timestamp,
    now: Timestamp,
) -> BTreeSet<ReminderKey> {
    let mut sent = BTreeSet::new();
    for record in records.iter().filter(|record| record.period == period) {
        let keys = record.reminders.iter().cloned();
        match &record.delivery {
            Delivery::Delivered { .. } => sent.extend(keys),
            // A run that died in between told nobody.
            Delivery::Claimed if now.duration_since(record.at) <= CLAIM => sent.extend(keys),
            Delivery::Claimed => {}
            Delivery::Failed { .. } => {
                let failed: BTreeSet<ReminderKey> = keys.collect();
                sent.retain(|key| !failed.contains(key));
            }
        }
    }
    sent
}
