//! Appends events and reads them back, on SQLite or PostgreSQL.
//!
//! It decides nothing. What is stored is a list of entries, each naming its stream (one item, or
//! the scans of one repository) and its version in it, and each sealed by a hash over itself and
//! the entry before it. Entries are only ever added: triggers refuse everything else, an append is
//! whole or not at all, and [`Ledger::verify`] names the first entry that is not as it was written.
//!
//! An append names the version of the item it was decided on, so two people conflict instead of
//! overwriting each other; the place in the chain is given inside the transaction, so a nightly
//! run and a click do not.

mod abridged;
mod access;
mod address;
mod anchor;
mod append;
mod backup;
mod changes;
mod copy;
mod coverage;
mod current;
mod entry;
mod error;
mod exclusive;
mod inventory;
mod ledger;
mod migrate;
mod pool;
mod read;
mod scans;
mod statement;
mod stream;
mod verify;
mod work;

#[cfg(test)]
#[path = "../tests/ledger/samples.rs"]
#[expect(dead_code, reason = "these tests need some of them only")]
mod samples;
#[cfg(test)]
mod strain;

pub use access::{AccessSession, AccessToken};
pub use anchor::{Anchor, SignedAnchor, SigningKey, VerifyingKey};
pub use append::Append;
pub use changes::Changes;
pub use coverage::Coverage;
pub use current::Current;
pub use entry::Head;
pub use error::StoreError;
pub use exclusive::Exclusive;
pub use ledger::Ledger;
pub use migrate::SCHEMA;
pub use read::LedgerEntry;
pub use scans::RepositoryScans;
pub use stream::Stream;
pub use verify::{Fault, Verification};
pub use work::{Errand, Lease, Piece, PieceState, Taker};
