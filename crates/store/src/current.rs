//! All items as of a place in the ledger, kept in memory: what was appended since is read when
//! somebody asks, and folded onto what was there.

use crate::abridged::{Kept, fold};
use crate::entry::{Entry, Head, RowAtHead, at_head};
use crate::pool::on_pool;
use crate::statement::{ABRIDGED, TAIL, UNTIL};
use crate::{Ledger, StoreError, Stream};
use futures_util::TryStreamExt;
use quietus_model::Fingerprint;
use quietus_poam::{ABRIDGING, FoldError, PoamItem};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// When more entries than this are not abridged yet, they are before all items are read.
const TAIL_LENGTH: u64 = 20_000;

/// How many items one thread folds at a time, and how many such lots wait.
const LOT: usize = 500;
const LOTS: usize = 4;

/// All items as of one place in the ledger. Shared, so that asking for it again costs what was
/// appended meanwhile.
///
/// Their histories are abridged: see [`PoamItem::is_whole`]. For showing, counting and choosing that
/// makes no difference; whoever decides on an item reads it by [`Ledger::item`].
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

    /// Items with the places of their first entries, in any order.
    fn of(head: Head, mut items: Lot) -> Self {
        items.sort_by_key(|(first, _)| *first);
        let places = items.iter().map(|(_, item)| item.fingerprint()).zip(0..).collect();
        let numbered = items.into_iter().zip(1..);
        let items =
            numbered.map(|((_, item), number)| Arc::new(PoamItem { number, ..item })).collect();
        Self { head, items, places }
    }

    /// Takes in an entry, in the order of the ledger. One that is known already changes nothing.
    fn take(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let unfoldable = |source| StoreError::Unfoldable { stream: entry.stream.clone(), source };
        let Ok(Stream::Item(fingerprint)) = entry.stream.parse() else { return Ok(()) };
        let version = entry.version.cast_unsigned();
        match self.places.get(&fingerprint).and_then(|place| self.items.get_mut(*place)) {
            Some(item) if version <= item.version => {}
            Some(item) if version == item.version + 1 => Arc::make_mut(item).apply(entry.parse()?),
            Some(_) => return Err(unfoldable(FoldError::Empty)),
            None => {
                let item = PoamItem::fold(&[entry.parse()?]).map_err(unfoldable)?;
                let number = self.items.len() as u64 + 1;
                self.places.insert(fingerprint, self.items.len());
                self.items.push(Arc::new(PoamItem { number, ..item }));
            }
        }
        Ok(())
    }
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
            let (head, tail) = self.tail(known.head.seq).await?;
            if head == known.head {
                return Ok(Arc::clone(known));
            }
            // A file that was put back from a backup ends earlier than it did.
            if head.seq > known.head.seq {
                let next = Arc::make_mut(known);
                if tail.iter().all(|entry| next.take(entry).is_ok()) {
                    next.head = head;
                    return Ok(Arc::clone(known));
                }
            }
        }
        *kept = None;
        let read = Arc::new(self.read_current().await?);
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }

    /// The items of [`Ledger::current`], for whoever shows or counts them once.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn listed(&self) -> Result<Vec<PoamItem>, StoreError> {
        let current = self.current().await?;
        // Nobody else shares them, as a rule: they are handed over, not copied.
        *self.current.lock().await = None;
        Ok(Arc::unwrap_or_clone(current).items.into_iter().map(Arc::unwrap_or_clone).collect())
    }

    /// What was appended to items after a place in the ledger, and where it ends.
    async fn tail(&self, seq: u64) -> Result<(Head, Vec<Entry>), StoreError> {
        let rows: Vec<RowAtHead> = on_pool!(&self.pool, pool => {
            sqlx::query_as(TAIL).bind(seq.cast_signed()).fetch_all(pool).await
        })
        .map_err(self.failed("read"))?;
        let mut head = None;
        let mut entries = Vec::with_capacity(rows.len());
        for (at, entry) in rows.into_iter().map(at_head) {
            head.get_or_insert(at);
            entries.extend(entry);
        }
        Ok((head.ok_or(StoreError::BadHead).and_then(Head::of)?, entries))
    }

    /// Everything, of one moment: what is abridged, and the entries since.
    async fn read_current(&self) -> Result<Current, StoreError> {
        let begins = self.head().await?;
        if begins.seq.saturating_sub(self.abridged_until().await?) > TAIL_LENGTH {
            // One that cannot be written is read entry by entry.
            let _ = self.abridge().await;
        }
        let failed = self.failed("read");
        let begin = self.pool.begin_read();
        let rules = i64::from(ABRIDGING);
        on_pool!(&self.pool, pool => {
            let mut reading = pool.begin_with(begin).await.map_err(&failed)?;
            let until: Option<i64> = sqlx::query_scalar(UNTIL)
                .bind(rules)
                .fetch_optional(&mut *reading)
                .await
                .map_err(&failed)?;
            let mut folding = Folding::default();
            if until.is_some() {
                let mut rows = sqlx::query_as::<_, Kept>(ABRIDGED).fetch(&mut *reading);
                while let Some(row) = rows.try_next().await.map_err(&failed)? {
                    folding.take(row).await?;
                }
            }
            let mut current = Current::of(begins, folding.finish().await?);
            let mut head = None;
            let mut rows = sqlx::query_as::<_, RowAtHead>(TAIL)
                .bind(until.unwrap_or(0))
                .fetch(&mut *reading);
            while let Some(row) = rows.try_next().await.map_err(&failed)? {
                let (at, entry) = at_head(row);
                head.get_or_insert(at);
                entry.map_or(Ok(()), |entry| current.take(&entry))?;
            }
            current.head = head.ok_or(StoreError::BadHead).and_then(Head::of)?;
            Ok(current)
        })
    }
}

/// Items with the places of their first entries.
type Lot = Vec<(i64, PoamItem)>;

/// Folds what is kept of items on other threads, some lots at a time.
#[derive(Default)]
struct Folding {
    lot: Vec<Kept>,
    under_way: VecDeque<JoinHandle<Result<Lot, StoreError>>>,
    done: Lot,
}

impl Folding {
    async fn take(&mut self, row: Kept) -> Result<(), StoreError> {
        self.lot.push(row);
        if self.lot.len() >= LOT {
            self.send();
            if self.under_way.len() > LOTS {
                self.receive().await?;
            }
        }
        Ok(())
    }

    fn send(&mut self) {
        let lot = std::mem::take(&mut self.lot);
        self.under_way.push_back(spawn_blocking(|| lot.into_iter().map(fold).collect()));
    }

    async fn receive(&mut self) -> Result<(), StoreError> {
        if let Some(lot) = self.under_way.pop_front() {
            // The thread only ends otherwise when this program ends.
            self.done.extend(lot.await.map_err(|_| StoreError::BadHead)??);
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Lot, StoreError> {
        self.send();
        while !self.under_way.is_empty() {
            self.receive().await?;
        }
        Ok(self.done)
    }
}
