//! Brings the tickets of items up to date: each item has one at a desk, whatever happens in between.
//!
//! A run claims, on the version of the item it saw, that it opens a ticket, so that of two runs at the
//! same time one does. What came of it is recorded after. When a run ends in between, the ticket is found
//! by the name it bears; only when it is found nowhere, some time later, is one opened.

use crate::TrackError;
use jiff::Timestamp;
use quietus_model::{Digest, SafeText};
use quietus_poam::{PoamItem, Policy, TicketAnswer, TicketChange, TicketRecord};
use quietus_store::{Append, Ledger, StoreError};
use quietus_ticket::{Client, Seen, Step, Text, TicketError, Wanted, next, reference};
use std::collections::BTreeMap;

/// How often what was done is recorded anew when others change the same item meanwhile.
const TRIES: usize = 8;

/// So many things may be due at one ticket one after the other: found, then changed, then closed.
const STEPS: usize = 3;

/// An item and what its ticket should say.
#[derive(Clone, Debug)]
pub struct TicketWish<'a> {
    /// The item.
    pub item: &'a PoamItem,
    /// What its ticket says.
    pub text: Text,
    /// What is said below it when somebody closed it.
    pub still_open: String,
    /// What is said below it when the item is over.
    pub over: String,
}

impl TicketWish<'_> {
    fn wanted(&self) -> Wanted {
        Wanted { open: self.item.closure.is_none(), told: self.text.digest() }
    }
}

/// What was done, or would be, about one ticket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TicketDeed {
    /// The item.
    pub item: String,
    /// What.
    pub step: Step,
    /// The ticket, once there is one.
    pub ticket: Option<String>,
    /// Where people see it.
    pub url: Option<String>,
}

/// What a run did at a desk.
#[derive(Debug, Default)]
pub struct TicketRun {
    /// What was done, in the order of the items.
    pub deeds: Vec<TicketDeed>,
    /// How many tickets were left for the next run, because so many were to be opened.
    pub left: usize,
    /// Why it ended before it was through.
    pub failed: Option<TicketError>,
}

/// How a run is made.
#[derive(Clone, Copy)]
pub struct Ticketing<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The policy whose digest stands in the events.
    pub policy: &'a Policy,
    /// At most so many tickets are opened.
    pub most: usize,
    /// Nothing is changed, there or here.
    pub dry_run: bool,
    /// The moment.
    pub now: Timestamp,
}

impl Ticketing<'_> {
    /// Brings the tickets of `wishes` up to date at a desk.
    ///
    /// # Errors
    /// [`TrackError::Ledger`] when the ledger refuses; what the desk says is in the result.
    pub async fn run(
        &self,
        client: &Client<'_>,
        wishes: &[TicketWish<'_>],
    ) -> Result<TicketRun, TrackError> {
        let mut run = TicketRun::default();
        let tickets = match client.tickets().await {
            Ok(tickets) => tickets,
            Err(error) => return Ok(TicketRun { failed: Some(error), ..run }),
        };
        let by_reference: BTreeMap<&str, &Seen> =
            tickets.iter().filter_map(|seen| Some((seen.reference.as_deref()?, seen))).collect();
        let by_id: BTreeMap<&str, &Seen> =
            tickets.iter().map(|seen| (seen.id.as_str(), seen)).collect();
        let mut opened = 0;
        for wish in wishes {
            let record = record(wish.item, &client.desk().name);
            let shown = match &record.ticket {
                Some(ticket) => by_id.get(ticket.id.as_str()),
                None => by_reference.get(reference(&wish.item.fingerprint()).as_str()),
            };
            let mut one = One {
                ticketing: *self,
                client,
                wish,
                version: wish.item.version,
                record,
                shown: shown.copied().cloned(),
            };
            let done = one.bring_up_to_date(self.most.saturating_sub(opened), &mut run).await;
            match done {
                Ok(new) => opened += usize::from(new),
                Err(Failed::Desk(error)) => {
                    run.failed = Some(error);
                    return Ok(run);
                }
                Err(Failed::Ledger(error)) => return Err(error),
            }
        }
        Ok(run)
    }
}

fn record(item: &PoamItem, desk: &str) -> TicketRecord {
    item.tickets.get(desk).cloned().unwrap_or_default()
}

enum Failed {
    Desk(TicketError),
    Ledger(TrackError),
}

impl From<TicketError> for Failed {
    fn from(error: TicketError) -> Self {
        Self::Desk(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

/// One item's ticket in the course of a run.
struct One<'a> {
    ticketing: Ticketing<'a>,
    client: &'a Client<'a>,
    wish: &'a TicketWish<'a>,
    /// The version of the item that `record` is of.
    version: u64,
    record: TicketRecord,
    shown: Option<Seen>,
}

impl One<'_> {
    /// Does what is due, one thing after the other; whether a ticket was opened.
    async fn bring_up_to_date(&mut self, room: usize, run: &mut TicketRun) -> Result<bool, Failed> {
        let mut opened = false;
        for _ in 0..STEPS {
            let known = self.record.ticket.as_ref().map(|ticket| ticket.id.to_string());
            // Without its label a ticket is in no list, and there all the same.
            if let (Some(id), None) = (&known, &self.shown) {
                self.shown = self.client.ticket(id).await?;
            }
            let now = self.ticketing.now;
            let step = next(&self.record, self.shown.as_ref(), &self.wish.wanted(), now);
            match step {
                Step::Nothing => return Ok(opened),
                Step::Open if room == 0 => {
                    run.left += 1;
                    return Ok(opened);
                }
                _ => {}
            }
            if self.ticketing.dry_run || step == Step::Wait {
                run.deeds.push(self.deed(step));
                return Ok(opened);
            }
            if !self.take(step).await? {
                return Ok(opened);
            }
            opened |= step == Step::Open;
            run.deeds.push(self.deed(step));
        }
        Ok(opened)
    }

    fn deed(&self, step: Step) -> TicketDeed {
        let known = self.record.ticket.as_ref();
        let seen = self.shown.as_ref();
        TicketDeed {
            item: self.wish.item.id(),
            step,
            ticket: known.map(|t| t.id.to_string()).or_else(|| seen.map(|seen| seen.id.clone())),
            url: known.map(|t| t.url.to_string()).or_else(|| seen.map(|seen| seen.url.clone())),
        }
    }

    /// Takes one step: first there, then on record, but for the claim. `false` when another run has the
    /// item in hand.
    async fn take(&mut self, step: Step) -> Result<bool, Failed> {
        let told = self.wish.text.digest();
        let name = reference(&self.wish.item.fingerprint());
        let wish = self.wish;
        let text = &wish.text;
        let change = match (step, self.shown.clone()) {
            (Step::Open, _) => {
                if !self.claim().await? {
                    return Ok(false);
                }
                let seen = self.client.open(text, &name).await?;
                let change = opened(&seen, told);
                self.shown = Some(seen);
                change
            }
            // What it says is not known, so that it is told next.
            (Step::Adopt, Some(seen)) => opened(&seen, Digest::of(b"")),
            (Step::Update, Some(seen)) => {
                self.client.update(&seen.id, text, &name).await?;
                TicketChange::Told { told }
            }
            (Step::Close, Some(seen)) => {
                if seen.open {
                    self.client.comment(&seen.id, &wish.over).await?;
                }
                self.set_open(&seen, false).await?;
                TicketChange::Closed { told }
            }
            (Step::Reopen, Some(seen)) => {
                self.set_open(&seen, true).await?;
                TicketChange::Reopened { told }
            }
            (Step::ClosedByHand, Some(seen)) => {
                let answer = self.client.desk().answer;
                if answer == TicketAnswer::Reopen {
                    self.set_open(&seen, true).await?;
                }
                if answer != TicketAnswer::Note {
                    self.client.comment(&seen.id, &wish.still_open).await?;
                }
                TicketChange::ClosedByHand { answer }
            }
            (Step::OpenedByHand, Some(_)) => TicketChange::OpenedByHand,
            (Step::Gone, _) => TicketChange::Gone,
            _ => return Ok(false),
        };
        self.put_on_record(change).await?;
        Ok(true)
    }

    async fn set_open(&mut self, seen: &Seen, open: bool) -> Result<(), Failed> {
        let name = reference(&self.wish.item.fingerprint());
        self.client.set_open(seen, open, &self.wish.text, &name).await?;
        self.shown = Some(Seen { open, ..seen.clone() });
        Ok(())
    }

    /// Says that this run opens it; `false` when the item has changed since it was read.
    async fn claim(&self) -> Result<bool, Failed> {
        match self.append(TicketChange::Claimed, self.version).await {
            Err(StoreError::Conflict { .. }) => Ok(false),
            claimed => claimed.map(|()| true).map_err(Failed::from),
        }
    }

    /// Records what was done there, whatever else happened to the item meanwhile.
    async fn put_on_record(&mut self, change: TicketChange) -> Result<(), Failed> {
        let fingerprint = self.wish.item.fingerprint();
        for more in (0..TRIES).rev() {
            let item = self.ticketing.ledger.item(&fingerprint).await?;
            let version = item.map_or(0, |item| item.version);
            match self.append(change.clone(), version).await {
                Err(StoreError::Conflict { .. }) if more > 0 => {}
                appended => {
                    appended?;
                    break;
                }
            }
        }
        if let Some(item) = self.ticketing.ledger.item(&fingerprint).await? {
            self.record = record(&item, &self.client.desk().name);
            self.version = item.version;
        }
        Ok(())
    }

    async fn append(&self, change: TicketChange, version: u64) -> Result<(), StoreError> {
        let Ticketing { ledger, policy, now, .. } = self.ticketing;
        let event = PoamItem::ticketed(&self.client.desk().name, change, policy, now);
        let append = Append::events(self.wish.item.fingerprint(), version, vec![event]);
        ledger.append(vec![append], now).await.map(drop)
    }
}

fn opened(seen: &Seen, told: Digest) -> TicketChange {
    TicketChange::Opened { id: SafeText::plain(&seen.id), url: SafeText::plain(&seen.url), told }
}
