//! What the report shows of each item and repository, as words.

use crate::story::{heading, sentence};
use crate::text::one_line;
use crate::weakness::{self, day};
use crate::words::{distance, minute};
use crate::{Register, Watched};
use quietus_poam::{PoamItem, Recorded};

/// So many of the newest events of an item are told.
const EVENTS: usize = 25;

/// An open item.
pub(super) struct Open {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) place: String,
    pub(super) liveness: &'static str,
    pub(super) phase: String,
    pub(super) severity: &'static str,
    pub(super) owner: String,
    pub(super) next: String,
    pub(super) due: String,
    pub(super) due_words: String,
    pub(super) overdue: bool,
    pub(super) description: Vec<String>,
    pub(super) blockers: Vec<String>,
    pub(super) milestones: Vec<Step>,
    pub(super) earlier: usize,
    pub(super) history: Vec<Happened>,
}

/// A milestone.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) progress: &'static str,
    pub(super) due: String,
    pub(super) overdue: bool,
    pub(super) exit_test: &'static str,
}

/// An event.
pub(super) struct Happened {
    pub(super) at: String,
    pub(super) at_words: String,
    pub(super) heading: &'static str,
    pub(super) sentence: String,
    pub(super) by: String,
}

/// An item that is set aside.
pub(super) struct Aside {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) place: String,
    pub(super) kind: &'static str,
    pub(super) reason: String,
    pub(super) by: String,
    pub(super) until: String,
}

/// A closed item.
pub(super) struct Closed {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) place: String,
    pub(super) at: String,
    pub(super) dead_since: String,
    pub(super) basis: &'static str,
    pub(super) evidence: Vec<String>,
}

/// A repository.
pub(super) struct Watch {
    pub(super) name: String,
    pub(super) last_complete: String,
    pub(super) never: bool,
    pub(super) last: String,
    pub(super) gaps: usize,
}

fn place(item: &PoamItem) -> String {
    one_line(&weakness::assets(item).join(", "))
}

fn lines(lines: Vec<String>) -> Vec<String> {
    lines.iter().map(|line| one_line(line)).collect()
}

impl Open {
    pub(super) fn of(item: &PoamItem, register: &Register<'_>) -> Self {
        let now = register.now;
        let next = item.next_milestone();
        let order = item.order();
        let milestones = order.iter().map(|kind| item.milestone(*kind)).map(|milestone| Step {
            name: milestone.kind.as_str(),
            progress: milestone.progress.as_str(),
            due: day(milestone.due),
            overdue: milestone.is_overdue(now),
            exit_test: milestone.kind.exit_test(),
        });
        let blockers = item.blockers(register.policy, now);
        let earlier = item.history.len().saturating_sub(EVENTS);
        Self {
            id: item.id(),
            what: one_line(&item.detection.kind.name),
            place: place(item),
            liveness: item.liveness(now),
            phase: item.phase().to_string(),
            severity: item.detection.severity.as_str(),
            owner: item
                .owner
                .as_ref()
                .map_or("nobody yet".to_owned(), |o| one_line(o.name.as_str())),
            next: next.map_or("proof", |milestone| milestone.kind.as_str()).to_owned(),
            due: next.map_or_else(String::new, |milestone| day(milestone.due)),
            due_words: next.map_or_else(String::new, |milestone| distance(milestone.due, now)),
            overdue: item.is_overdue(now),
            description: lines(weakness::description(item, now)),
            blockers: lines(blockers.iter().map(ToString::to_string).collect()),
            milestones: milestones.collect(),
            earlier,
            history: item.history[earlier..].iter().rev().map(|one| happened(item, one)).collect(),
        }
    }
}

fn happened(item: &PoamItem, recorded: &Recorded) -> Happened {
    Happened {
        at: recorded.at.to_string(),
        at_words: minute(recorded.at),
        heading: heading(&recorded.event),
        sentence: one_line(&sentence(item, &recorded.event)),
        by: one_line(&recorded.by.to_string()),
    }
}

impl Aside {
    /// `None` when it is not set aside.
    pub(super) fn of(item: &PoamItem) -> Option<Self> {
        let aside = item.deviation.as_ref().filter(|_| item.closure.is_none())?;
        Some(Self {
            id: item.id(),
            what: one_line(&item.detection.kind.name),
            place: place(item),
            kind: aside.kind.as_str(),
            reason: one_line(&aside.reason),
            by: one_line(&aside.by.to_string()),
            until: day(aside.until),
        })
    }
}

impl Closed {
    /// `None` when it is not closed.
    pub(super) fn of(item: &PoamItem) -> Option<Self> {
        let closure = item.closure.as_ref()?;
        Some(Self {
            id: item.id(),
            what: one_line(&item.detection.kind.name),
            place: place(item),
            at: day(closure.at),
            dead_since: day(closure.dead_since),
            basis: closure.basis.as_str(),
            evidence: lines(closure.evidence.clone()),
        })
    }
}

impl Watch {
    pub(super) fn of(row: &Watched) -> Self {
        Self {
            name: one_line(&row.name),
            last_complete: row.last_complete.map_or("never".to_owned(), minute),
            never: row.last_complete.is_none(),
            last: row.last.map_or("never".to_owned(), minute),
            gaps: row.gaps,
        }
    }
}
