//! Works at a desk, by the one guarded transport, as fast as it allows.

use crate::call::Call;
use crate::{Desk, Seen, Text, TicketError};
use jiff::Timestamp;
use quietus_model::Method;
use quietus_validate::{Read, Reader};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A desk says for how long no calls are left; this long is waited, and not longer.
const PATIENCE: u64 = 60;

/// More pages than this are no list.
const MOST_PAGES: usize = 1_000;

/// Somebody who works at a desk.
pub struct Client<'a> {
    desk: &'a Desk,
    reader: &'a Reader,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
}

impl<'a> Client<'a> {
    /// Works at `desk` through `reader`, which must be made for its API.
    pub fn new(
        desk: &'a Desk,
        reader: &'a Reader,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Self {
        Self { desk, reader, clock }
    }

    /// The desk.
    pub fn desk(&self) -> &'a Desk {
        self.desk
    }

    /// All of our tickets there: by what they are called, in the order of the list.
    ///
    /// # Errors
    /// [`TicketError`] when any page is missing: half a list would make tickets look forgotten.
    pub async fn tickets(&self) -> Result<Vec<Seen>, TicketError> {
        let mut found: BTreeMap<String, Seen> = BTreeMap::new();
        let mut at: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let read = self.call(&self.desk.list(at.as_deref()), "list tickets").await?;
            let page = self.desk.page(at.as_deref(), &read).ok_or_else(|| self.unrecognised())?;
            found.extend(page.tickets.into_iter().map(|ticket| (ticket.id.clone(), ticket)));
            match page.next {
                Some(next) => at = Some(next),
                None => return Ok(found.into_values().collect()),
            }
        }
        Err(self.unrecognised())
    }

    /// One ticket, if it is still there.
    ///
    /// # Errors
    /// [`TicketError`] when the desk does not say.
    pub async fn ticket(&self, id: &str) -> Result<Option<Seen>, TicketError> {
        match self.call(&self.desk.one(id), "show a ticket").await {
            Ok(one) => self.desk.seen(&one).map(Some).ok_or_else(|| self.unrecognised()),
            Err(TicketError::Refused { status: 404 | 410, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// [`TicketError`]; there may be a ticket all the same, which bears `reference`.
    pub async fn open(&self, text: &Text, reference: &str) -> Result<Seen, TicketError> {
        let read = self.call(&self.desk.create(text, reference), "open a ticket").await?;
        self.desk.created(&read, reference).ok_or_else(|| self.unrecognised())
    }

    /// Tells a ticket what the item says now.
    ///
    /// # Errors
    /// [`TicketError`].
    pub async fn update(&self, id: &str, text: &Text, reference: &str) -> Result<(), TicketError> {
        self.call(&self.desk.update(id, text, reference, None), "change a ticket").await.map(drop)
    }

    /// Opens or closes a ticket, which says `text` then.
    ///
    /// # Errors
    /// [`TicketError`], [`TicketError::NoWay`] when a workflow does not allow it.
    pub async fn set_open(
        &self,
        seen: &Seen,
        open: bool,
        text: &Text,
        reference: &str,
    ) -> Result<(), TicketError> {
        let what = if open { "open a ticket again" } else { "close a ticket" };
        let id = seen.id.as_str();
        let change = (seen.open != open).then_some(open);
        self.call(&self.desk.update(id, text, reference, change), what).await?;
        if !self.desk.kind.is_jira() || change.is_none() {
            return Ok(());
        }
        let ways = self.call(&self.desk.transitions(id), what).await?;
        let way = self.desk.transition(id, &ways, open).ok_or_else(|| TicketError::NoWay {
            desk: self.desk.name.clone(),
            what: if open { "open" } else { "close" },
            ticket: id.to_owned(),
        })?;
        self.call(&way, what).await.map(drop)
    }

    /// Says something below a ticket.
    ///
    /// # Errors
    /// [`TicketError`].
    pub async fn comment(&self, id: &str, text: &str) -> Result<(), TicketError> {
        self.call(&self.desk.comment(id, text), "comment on a ticket").await.map(drop)
    }

    fn unrecognised(&self) -> TicketError {
        TicketError::Unrecognised { desk: self.desk.name.clone() }
    }

    /// The answer to one call; `null` where it has no body.
    async fn call(&self, call: &Call, what: &'static str) -> Result<Value, TicketError> {
        let url = format!("{}{}", self.desk.api.trim_end_matches('/'), call.path);
        let headers = self.desk.headers();
        let body =
            if call.body.is_null() { Vec::new() } else { call.body.to_string().into_bytes() };
        let desk = || self.desk.name.clone();
        for is_last in [false, true] {
            let read = self.reader.send(call.method, &url, &headers, &body).await;
            let read = read.map_err(|source| TicketError::NotRead { desk: desk(), source })?;
            if (200..300).contains(&read.status) {
                return match read.body.is_empty() {
                    true => Ok(Value::Null),
                    false => serde_json::from_slice(&read.body).map_err(|_| self.unrecognised()),
                };
            }
            let Some(seconds) = read.wait((self.clock)()) else {
                return Err(self.refused(&read, call.method, what));
            };
            if is_last || seconds > PATIENCE {
                return Err(TicketError::Limited { desk: desk(), seconds });
            }
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        Err(self.unrecognised())
    }

    fn refused(&self, read: &Read, method: Method, what: &'static str) -> TicketError {
        let advice = match (read.status, method) {
            (401, _) => "; is the token right, and not expired?",
            (403, _) => "; may the token write tickets there?",
            (404, Method::Get | Method::Post) => {
                "; is the project right, and may the token see it?"
            }
            (301..=308, _) => "; it was moved, and redirects are not followed: name its new place",
            (400 | 422, _) => {
                "; does the project have this type of issue, and are its fields optional?"
            }
            _ => "",
        };
        TicketError::Refused { desk: self.desk.name.clone(), what, status: read.status, advice }
    }
}
