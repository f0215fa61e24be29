//! What is to be done about one ticket: pure.

use crate::Seen;
use jiff::{SignedDuration, Timestamp};
use quietus_model::Digest;
use quietus_poam::{TicketRecord, TicketState};

/// How long a claim to open a ticket counts without word of what became of it. What was opened may
/// take as long to show in a search.
pub const CLAIM: SignedDuration = SignedDuration::from_mins(15);

/// What a ticket should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The item is not over.
    pub open: bool,
    /// The digest of what the ticket should say.
    pub told: Digest,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// All is as it should be.
    Nothing,
    /// Another run may be opening it.
    Wait,
    /// Open one.
    Open,
    /// Record the one that is there: a run ended before it could.
    Adopt,
    /// Tell it what the item says now.
    Update,
    /// Close it, because the item is over.
    Close,
    /// Open it again, because the item is not over after all.
    Reopen,
    /// Somebody closed it, and the item is not over.
    ClosedByHand,
    /// Somebody opened it again that somebody had closed.
    OpenedByHand,
    /// Record that it is not there any more.
    Gone,
}

/// What is to be done about a ticket of which `record` is known and that the desk shows as `seen`.
///
/// Whatever a desk shows, nothing here says anything about the item.
pub fn next(record: &TicketRecord, seen: Option<&Seen>, wanted: &Wanted, now: Timestamp) -> Step {
    let Some(ticket) = &record.ticket else {
        let claimed = record.claimed.is_some_and(|at| now.duration_since(at) <= CLAIM);
        return match seen {
            // Found by its name, however long ago it was claimed.
            Some(_) => Step::Adopt,
            None if !wanted.open => Step::Nothing,
            None if claimed => Step::Wait,
            None => Step::Open,
        };
    };
    let Some(seen) = seen else { return Step::Gone };
    let is_news = ticket.told != wanted.told;
    match (wanted.open, seen.open, ticket.state) {
        (true, true, TicketState::ClosedByHand) => Step::OpenedByHand,
        (true, _, TicketState::Closed) => Step::Reopen,
        (true, false, TicketState::Open) => Step::ClosedByHand,
        (true, true, TicketState::Open) if is_news => Step::Update,
        (false, _, TicketState::Open | TicketState::ClosedByHand) => Step::Close,
        // What was closed with its item and opened again by somebody is theirs.
        (true, true, TicketState::Open)
        | (true, false, TicketState::ClosedByHand)
        | (false, _, TicketState::Closed) => Step::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::SafeText;
    use quietus_poam::Ticket;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(60 * minutes).unwrap()
    }

    fn record(state: TicketState, told: &str) -> TicketRecord {
        let told = Digest::of(told.as_bytes());
        let ticket =
            Ticket { id: SafeText::plain("12"), url: SafeText::plain("https://h/12"), told, state };
        TicketRecord { claimed: None, ticket: Some(ticket) }
    }

    fn seen(open: bool) -> Seen {
        Seen { id: "12".into(), url: "https://h/12".into(), open, reference: None }
    }

    fn wanted(open: bool) -> Wanted {
        Wanted { open, told: Digest::of(b"new") }
    }

    #[test]
    fn one_ticket_is_opened_and_one_that_is_there_is_taken() {
        let none = TicketRecord::default();
        let claimed = TicketRecord { claimed: Some(at(0)), ticket: None };
        let open = wanted(true);
        assert_eq!(next(&none, None, &open, at(1)), Step::Open);
        assert_eq!(next(&none, None, &wanted(false), at(1)), Step::Nothing, "it is over");
        // A run ended between opening and recording: nobody opens a second one.
        assert_eq!(next(&claimed, None, &open, at(15)), Step::Wait);
        assert_eq!(next(&claimed, None, &open, at(16)), Step::Open);
        for minutes in [1, 16] {
            assert_eq!(next(&claimed, Some(&seen(true)), &open, at(minutes)), Step::Adopt);
        }
    }

    #[test]
    fn every_state_of_a_ticket_has_one_answer() {
        use TicketState::{Closed, ClosedByHand, Open};
        for (state, told, is_open, wants_open, step) in [
            (Open, "new", true, true, Step::Nothing),
            (Open, "old", true, true, Step::Update),
            (Open, "new", false, true, Step::ClosedByHand),
            (Open, "new", true, false, Step::Close),
            (Open, "new", false, false, Step::Close),
            (ClosedByHand, "old", false, true, Step::Nothing),
            (ClosedByHand, "old", true, true, Step::OpenedByHand),
            (ClosedByHand, "old", false, false, Step::Close),
            (Closed, "old", false, false, Step::Nothing),
            (Closed, "old", true, false, Step::Nothing),
            (Closed, "old", false, true, Step::Reopen),
            (Closed, "old", true, true, Step::Reopen),
        ] {
            let found =
                next(&record(state, told), Some(&seen(is_open)), &wanted(wants_open), at(0));
            assert_eq!(found, step, "{state:?} {told} open {is_open}, wanted open {wants_open}");
        }
        assert_eq!(next(&record(Open, "new"), None, &wanted(true), at(0)), Step::Gone);
    }
}
