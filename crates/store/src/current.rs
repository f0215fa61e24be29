//! All items as of a place in the ledger, kept in memory: what was appended since is read when
//! somebody asks, and folded onto what was there.

use crate::entry::{Entry, Head, RowAtHead, at_head};
use crate::pool::on_pool;
use crate::statement::TAIL;
use crate::{Ledger, StoreError, Stream};
use quietus_model::Fingerprint;
use quietus_poam::{FoldError, PoamItem};
use std::collections::HashMap;
use std::sync::Arc;

/// All items as of one place in the ledger. Shared, so that asking for it again costs what was
/// appended meanwhile.
#[derive(Clone, Debug)]
pub struct Current {
    head: Head,
    /// By number, from 1.
    items: Vec<Arc<PoamItem>>,
    places: HashMap<Fingerprint, usize>,
}

impl Current {
    /// Where the ledger ended.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// All items, in the order of their numbers.
    pub fn items(&self) -> &[Arc<PoamItem>] {
        &self.items
    }

    /// One item, if there is one.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&Arc<PoamItem>> {
        self.items.get(*self.places.get(fingerprint)?)
    }

    /// The item of a number, from 1.
    pub fn numbered(&self, number: u64) -> Option<&Arc<PoamItem>> {
        self.items.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    fn of(head: Head, items: Vec<PoamItem>) -> Self {
        let places = items.iter().map(PoamItem::fingerprint).zip(0..).collect();
        Self { head, items: items.into_iter().map(Arc::new).collect(), places }
    }

    /// Takes in what was appended since, in the order of the ledger.
    fn take(&mut self, tail: Tail) -> Result<(), StoreError> {
        for entry in tail.entries {
            let unfoldable =
                |source| StoreError::Unfoldable { stream: entry.stream.clone(), source };
            let Ok(Stream::Item(fingerprint)) = entry.stream.parse() else { continue };
            let event = entry.parse()?;
            match self.places.get(&fingerprint).and_then(|place| self.items.get_mut(*place)) {
                Some(item) if item.version + 1 == entry.version.cast_unsigned() => {
                    Arc::make_mut(item).apply(event);
                }
                Some(_) => return Err(unfoldable(FoldError::Empty)),
                None => {
                    let item = PoamItem::fold(&[event]).map_err(unfoldable)?;
                    let number = self.items.len() as u64 + 1;
                    self.places.insert(fingerprint, self.items.len());
                    self.items.push(Arc::new(PoamItem { number, ..item }));
                }
            }
        }
        self.head = tail.head;
        Ok(())
    }
}

/// What was appended to items after a place in the ledger.
struct Tail {
    head: Head,
    entries: Vec<Entry>,
}

impl Ledger {
    /// All items as they are now. The first call reads them all, a later one what was appended
    /// since by anybody.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn current(&self) -> Result<Arc<Current>, StoreError> {
        let mut kept = self.current.lock().await;
        if let Some(known) = kept.as_mut() {
            let tail = self.tail(known.head.seq).await?;
            if tail.head == known.head {
                return Ok(Arc::clone(known));
            }
            // A file that was put back from a backup ends earlier than it did.
            if tail.head.seq > known.head.seq && Arc::make_mut(known).take(tail).is_ok() {
                return Ok(Arc::clone(known));
            }
        }
        *kept = None;
        let (head, items) = self.folded().await?;
        let read = Arc::new(Current::of(head, items));
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }

    async fn tail(&self, seq: u64) -> Result<Tail, StoreError> {
        let seq = seq.cast_signed();
        let rows: Vec<RowAtHead> = on_pool!(&self.pool, pool => {
            sqlx::query_as(TAIL).bind(seq).fetch_all(pool).await
        })
        .map_err(self.failed("read"))?;
        let mut head = None;
        let mut entries = Vec::with_capacity(rows.len());
        for (at, entry) in rows.into_iter().map(at_head) {
            head.get_or_insert(at);
            entries.extend(entry);
        }
        let head = head.ok_or(StoreError::BadHead).and_then(Head::of)?;
        Ok(Tail { head, entries })
    }
}
