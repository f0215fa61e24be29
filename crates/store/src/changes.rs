//! What was appended after a place in the ledger, for those who keep items in memory.

use crate::pool::on_pool;
use crate::statement::CHANGED;
use crate::{Head, Ledger, StoreError, Stream};
use quietus_model::Fingerprint;

/// What was appended after a place in the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes {
    /// Where the ledger ends now.
    pub head: Head,
    /// The items that have newer events, each once.
    pub items: Vec<Fingerprint>,
    /// A repository was scanned.
    pub scanned: bool,
    /// The inventory changed.
    pub listed: bool,
    /// Somebody signed a review.
    pub reviewed: bool,
}

impl Ledger {
    /// What was appended after the entry `seq`, up to the head of this moment.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn changes_since(&self, seq: u64) -> Result<Changes, StoreError> {
        let head = self.head().await?;
        let mut changes =
            Changes { head, items: Vec::new(), scanned: false, listed: false, reviewed: false };
        if changes.head.seq <= seq {
            return Ok(changes);
        }
        let streams: Result<Vec<String>, _> = on_pool!(&self.pool, pool => {
            sqlx::query_scalar(CHANGED)
                .bind(seq.cast_signed())
                .bind(changes.head.seq.cast_signed())
                .fetch_all(pool)
                .await
        });
        for stream in streams.map_err(self.failed("read"))? {
            match stream.parse() {
                Ok(Stream::Item(fingerprint)) => changes.items.push(fingerprint),
                Ok(Stream::Repository(_)) => changes.scanned = true,
                Ok(Stream::Inventory(_)) => changes.listed = true,
                Ok(Stream::Reviews) => changes.reviewed = true,
                _ => {}
            }
        }
        Ok(changes)
    }
}
