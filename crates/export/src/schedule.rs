//! Milestones as tables have them: numbered over all rounds, planned once, changed by entries.
//!
//! What was planned first is never altered. It is read off the opening of the item alone, so that
//! no later rule, extension or reopening can move it; everything later is a change.

use crate::weakness::day;
use jiff::Timestamp;
use quietus_poam::{Class, Event, MilestoneKind, Planned, PoamItem};
use std::collections::BTreeMap;

/// A milestone as it was first planned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct First {
    /// Its number, from 1.
    pub(crate) number: usize,
    pub(crate) kind: MilestoneKind,
    pub(crate) due: Timestamp,
}

/// What a change does to a milestone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChangeKind {
    New,
    Update,
    Complete,
}

impl ChangeKind {
    /// As FedRAMP's template writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Update => "Update",
            Self::Complete => "Complete",
        }
    }
}

/// One change of one milestone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    pub(crate) number: usize,
    pub(crate) kind: ChangeKind,
    /// The milestone's new date, or that of its completion.
    pub(crate) date: Timestamp,
    pub(crate) text: String,
}

impl Change {
    /// `(##) New/Update/Complete xxxx-xx-xx  : Description of change`.
    pub(crate) fn line(&self) -> String {
        format!("({}) {} {} : {}", self.number, self.kind.as_str(), day(self.date), self.text)
    }
}

/// The milestones of the first round.
pub(crate) fn first(item: &PoamItem) -> Vec<First> {
    let Some((plan, class)) = item.history.iter().find_map(|recorded| match &recorded.event {
        Event::Opened { plan, class, .. } => Some((plan, *class)),
        _ => None,
    }) else {
        return Vec::new();
    };
    let due = |kind| {
        let planned = plan.iter().find(|planned| planned.milestone == kind);
        planned.map_or(item.detection.detected_at, |planned| planned.due)
    };
    let first = |(at, kind)| First { number: at + 1, kind, due: due(kind) };
    order(class).into_iter().enumerate().map(first).collect()
}

/// `(##) xxxx-xx-xx: Milestone Description`.
pub(crate) fn planned_line(first: &First) -> String {
    format!("({}) {}: {}", first.number, day(first.due), description(first.kind))
}

/// The day on which everything was to be done, as first planned.
pub(crate) fn first_due(item: &PoamItem) -> Timestamp {
    let due = first(item).into_iter().map(|first| first.due).max();
    due.unwrap_or(item.detection.detected_at)
}

/// What a milestone is, in words that never change.
pub(crate) fn description(kind: MilestoneKind) -> &'static str {
    match kind {
        MilestoneKind::Rotate => "Rotate: another credential takes its place",
        MilestoneKind::Revoke => "Revoke: it stops working at its issuer",
        MilestoneKind::Remove => "Remove: it is at no head of any repository",
        MilestoneKind::Retest => "Retest: it is shown to be dead and gone",
    }
}

/// What is live and privileged is revoked before it is replaced.
fn order(class: Class) -> [MilestoneKind; 4] {
    let mut order = MilestoneKind::ALL;
    if class == Class::LivePrivileged {
        order.swap(0, 1);
    }
    order
}

/// Every change of a milestone, oldest first.
pub(crate) fn changes(item: &PoamItem) -> Vec<Change> {
    let mut reader = Reader::begin(&first(item));
    for recorded in &item.history {
        reader.take(&recorded.event, recorded.at);
    }
    reader.changes
}

/// The milestones as the history moves on.
struct Reader {
    numbers: BTreeMap<MilestoneKind, usize>,
    due: BTreeMap<MilestoneKind, Timestamp>,
    last: usize,
    changes: Vec<Change>,
}

impl Reader {
    fn begin(first: &[First]) -> Self {
        Self {
            numbers: first.iter().map(|first| (first.kind, first.number)).collect(),
            due: first.iter().map(|first| (first.kind, first.due)).collect(),
            last: first.len(),
            changes: Vec::new(),
        }
    }

    fn add(&mut self, milestone: MilestoneKind, kind: ChangeKind, date: Timestamp, text: String) {
        let number = self.numbers.get(&milestone).copied().unwrap_or_default();
        self.changes.push(Change { number, kind, date, text });
    }

    fn due(&self, milestone: MilestoneKind) -> Timestamp {
        self.due.get(&milestone).copied().unwrap_or_default()
    }

    fn take(&mut self, event: &Event, at: Timestamp) {
        use ChangeKind::{Complete, Update};
        match event {
            Event::Claimed { milestone, note } => {
                let text = format!("{milestone} is said to be done, not verified yet: {note}");
                self.add(*milestone, Update, self.due(*milestone), text);
            }
            Event::Verified { milestone, on, evidence } => {
                let text = format!("{milestone} is verified: {}", evidence.summary);
                self.add(*milestone, Complete, *on, text);
            }
            Event::Waived { milestone, reason } => {
                let text = format!("{milestone} need not be done: {reason}");
                self.add(*milestone, Complete, at, text);
            }
            Event::Regressed { milestone, reason } => {
                let text = format!("{milestone} is not done after all: {reason}");
                self.add(*milestone, Update, self.due(*milestone), text);
            }
            Event::Extended { milestone, due, reason } => {
                self.due.insert(*milestone, *due);
                self.add(
                    *milestone,
                    Update,
                    *due,
                    format!("{milestone} has a later date: {reason}"),
                );
            }
            Event::Escalated { class, plan } => self.escalate(*class, plan),
            Event::Reopened { reason, plan, class } => {
                self.reopen(&reason.to_string(), plan, *class);
            }
            _ => {}
        }
    }

    fn escalate(&mut self, class: Class, plan: &[Planned]) {
        for planned in plan {
            if self.due.insert(planned.milestone, planned.due) != Some(planned.due) {
                let text = format!("{} has an earlier date: it is {class}", planned.milestone);
                self.add(planned.milestone, ChangeKind::Update, planned.due, text);
            }
        }
    }

    fn reopen(&mut self, reason: &str, plan: &[Planned], class: Class) {
        for kind in order(class) {
            self.last += 1;
            self.numbers.insert(kind, self.last);
            let planned = plan.iter().find(|planned| planned.milestone == kind);
            let due = planned.map_or_else(|| self.due(kind), |planned| planned.due);
            self.due.insert(kind, due);
            let text = format!("{}. Reopened: {reason}", description(kind));
            self.add(kind, ChangeKind::New, due, text);
        }
    }
}
