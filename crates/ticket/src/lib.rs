//! Keeps a ticket in GitHub, GitLab or Jira for an item: opened once, brought up to date, closed with it.
//!
//! [`next()`] decides, pure, what is to be done about one ticket: from what the ledger has on record,
//! what the desk shows, and what the ticket should say. [`Client`] does it, by the one guarded transport.
//! A ticket bears a name that follows from its item ([`reference()`]), by which it is found again when a
//! run ended between opening it and recording that. No ticket ever moves its item.

mod call;
mod client;
mod desk;
mod error;
mod next;

pub use client::Client;
pub use desk::{Desk, Kind};
pub use error::TicketError;
pub use next::{CLAIM, Step, Wanted, next};

use quietus_model::{Digest, Fingerprint};

/// What all of our tickets are labelled with.
pub const LABEL: &str = "quietus";

/// A ticket as a desk shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// What it is called there: `12`, `SEC-12`.
    pub id: String,
    /// Where people see it.
    pub url: String,
    /// Whether it is open.
    pub open: bool,
    /// The name that we gave it, if it still bears one.
    pub reference: Option<String>,
}

/// What a ticket says. No credential is in it: its parts are texts that were made safe before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// In a line.
    pub title: String,
    /// The rest, in Markdown that reads well as plain text too.
    pub body: String,
}

impl Text {
    /// What tells this text from another.
    pub fn digest(&self) -> Digest {
        Digest::of_parts([self.title.as_bytes(), self.body.as_bytes()])
    }
}

/// The name that the ticket of an item bears. It tells nothing of the item's fingerprint.
pub fn reference(item: &Fingerprint) -> String {
    let digest = Digest::of_parts([b"quietus-ticket".as_slice(), item.to_string().as_bytes()]);
    format!("quietus-{}", &digest.as_str()[..32])
}
