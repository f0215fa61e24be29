//! Tickets that people work with elsewhere: what is recorded of them. None of it moves an item.

use crate::{Actor, Event, PoamItem, Policy, Recorded};
use jiff::Timestamp;
use quietus_model::{Digest, SafeText};
use serde::{Deserialize, Serialize};

/// What happened to the ticket of an item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ticket", rename_all = "snake_case")]
pub enum TicketChange {
    /// A run is about to open one. Until it tells what came of that, no other run opens one.
    Claimed,
    /// There is one: it was opened, or found by the name that we give it.
    Opened {
        /// What it is called there: `12`, `SEC-12`.
        id: SafeText,
        /// Where people see it.
        url: SafeText,
        /// The digest of what it says.
        told: Digest,
    },
    /// It says what the item says now.
    Told {
        /// The digest of what it says.
        told: Digest,
    },
    /// Somebody closed it there, and the item is not over.
    ClosedByHand {
        /// What was done about that.
        answer: TicketAnswer,
    },
    /// Somebody opened it there again.
    OpenedByHand,
    /// It was closed there, because the item is over.
    Closed {
        /// The digest of what it says.
        told: Digest,
    },
    /// It is open again, because the item is not over after all.
    Reopened {
        /// The digest of what it says.
        told: Digest,
    },
    /// It is not there any more.
    Gone,
}

/// What is done about a ticket that somebody closed although its item is not over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketAnswer {
    /// It is opened again, and told why.
    #[default]
    Reopen,
    /// It is told that the item is still open.
    Comment,
    /// That is recorded with the item and nothing else.
    Note,
}

impl TicketAnswer {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reopen => "opened again",
            Self::Comment => "told that its item is open",
            Self::Note => "left as it is",
        }
    }
}

/// How far a ticket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TicketState {
    /// Open.
    Open,
    /// Closed there by somebody, while its item is not over.
    ClosedByHand,
    /// Closed by us.
    Closed,
}

/// The ticket of an item in one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// What it is called there.
    pub id: SafeText,
    /// Where people see it.
    pub url: SafeText,
    /// The digest of what it was last told.
    pub told: Digest,
    /// How far it is.
    pub state: TicketState,
}

/// What is known of an item's ticket in one place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TicketRecord {
    /// When a run said that it would open one, and has not told what came of it.
    pub claimed: Option<Timestamp>,
    /// The ticket.
    pub ticket: Option<Ticket>,
}

impl PoamItem {
    /// That something happened to its ticket at `desk`. It has no consequence for the item.
    pub fn ticketed(desk: &str, change: TicketChange, policy: &Policy, now: Timestamp) -> Recorded {
        let event = Event::Ticketed { desk: desk.to_owned(), change };
        Recorded { at: now, by: Actor::System, policy: policy.digest().clone(), event }
    }

    pub(crate) fn take_ticket(&mut self, at: Timestamp, desk: &str, change: &TicketChange) {
        let record = self.tickets.entry(desk.to_owned()).or_default();
        let mut moved = |state, told: Option<&Digest>| {
            if let Some(ticket) = &mut record.ticket {
                ticket.state = state;
                if let Some(told) = told {
                    ticket.told.clone_from(told);
                }
            }
        };
        match change {
            TicketChange::Claimed => record.claimed = Some(at),
            TicketChange::Opened { id, url, told } => {
                let (id, url, told) = (id.clone(), url.clone(), told.clone());
                let ticket = Some(Ticket { id, url, told, state: TicketState::Open });
                *record = TicketRecord { claimed: None, ticket };
            }
            TicketChange::Told { told } => {
                if let Some(ticket) = &mut record.ticket {
                    ticket.told.clone_from(told);
                }
            }
            TicketChange::ClosedByHand { answer: TicketAnswer::Reopen }
            | TicketChange::OpenedByHand => moved(TicketState::Open, None),
            TicketChange::ClosedByHand { .. } => moved(TicketState::ClosedByHand, None),
            TicketChange::Closed { told } => moved(TicketState::Closed, Some(told)),
            TicketChange::Reopened { told } => moved(TicketState::Open, Some(told)),
            TicketChange::Gone => *record = TicketRecord::default(),
        }
    }
}
