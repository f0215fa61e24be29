//! Reading items back: each one the fold of its events, numbered in the order of their opening.

use crate::entry::{Entry, Row};
use crate::pool::on_pool;
use crate::statement::{ITEMS, NAMED, NUMBER, NUMBERED, STREAM};
use crate::{Ledger, StoreError, Stream};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use quietus_model::{Digest, Fingerprint, SafeText};
use quietus_poam::{NoticeRecord, PoamItem, Recorded, Review, SealedEntry};
use std::borrow::Cow;

/// One event of an item with its place in the ledger.
#[derive(Clone, PartialEq, Debug)]
pub struct LedgerEntry {
    /// Its place in the ledger, from 1.
    pub seq: u64,
    /// Its place among the item's events, from 1.
    pub version: u64,
    /// When it was appended.
    pub recorded_at: Timestamp,
    /// What seals it.
    pub hash: Digest,
    /// The event.
    pub recorded: Recorded,
}

impl LedgerEntry {
    fn of(entry: &Entry) -> Result<Self, StoreError> {
        Ok(Self {
            seq: entry.seq.cast_unsigned(),
            version: entry.version.cast_unsigned(),
            recorded_at: entry.recorded_at()?,
            hash: entry.hash.parse().map_err(|reason| entry.unreadable(reason))?,
            recorded: entry.parse()?,
        })
    }
}

impl Ledger {
    /// All items with all their events, in the order of their numbers: for what is handed to others.
    /// [`Ledger::current`] is for everything else.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names the first entry that this version does not understand.
    pub async fn items(&self) -> Result<Vec<PoamItem>, StoreError> {
        let mut folding = Folding::default();
        on_pool!(&self.pool, pool => {
            let mut rows = sqlx::query_as::<_, Row>(ITEMS).fetch(pool);
            while let Some(row) = rows.try_next().await.map_err(self.failed("read"))? {
                folding.take(Entry::from(row))?;
            }
        });
        folding.finish()
    }

    /// One item, if there is one.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn item(&self, fingerprint: &Fingerprint) -> Result<Option<PoamItem>, StoreError> {
        let entries = self.stream(&Stream::Item(*fingerprint).to_string()).await?;
        let Some(first) = entries.first() else { return Ok(None) };
        let number: i64 = on_pool!(&self.pool, pool => {
            sqlx::query_scalar(NUMBER).bind(first.seq).fetch_one(pool).await
        })
        .map_err(self.failed("read"))?;
        let events = entries.iter().map(Entry::parse).collect::<Result<Vec<_>, _>>()?;
        fold(&first.stream, &events, number.cast_unsigned()).map(Some)
    }

    /// The same item at the same version, with all its events: one of [`Ledger::current`] may lack those
    /// that say nothing new.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn whole<'i>(&self, item: &'i PoamItem) -> Result<Cow<'i, PoamItem>, StoreError> {
        if item.is_whole() {
            return Ok(Cow::Borrowed(item));
        }
        let stream = Stream::Item(item.fingerprint()).to_string();
        let mut entries = self.stream(&stream).await?;
        entries.retain(|entry| entry.version.cast_unsigned() <= item.version);
        let events = entries.iter().map(Entry::parse).collect::<Result<Vec<_>, _>>()?;
        fold(&stream, &events, item.number).map(Cow::Owned)
    }

    /// The items that `name` may mean: one number (`V-12`), or the first hex digits of a
    /// fingerprint. Empty when there are none.
    ///
    /// # Errors
    /// [`StoreError::NoName`] when it is neither; else as [`Ledger::items`].
    pub async fn find_items(&self, name: &str) -> Result<Vec<PoamItem>, StoreError> {
        let streams: Result<Vec<String>, _> = match Name::parse(name)? {
            Name::Number(number) => on_pool!(&self.pool, pool => {
                sqlx::query_scalar(NUMBERED).bind(number - 1).fetch_all(pool).await
            }),
            Name::Prefix(prefix) => on_pool!(&self.pool, pool => {
                // "g" comes after every hex digit.
                let (from, to) = (format!("item:{prefix}"), format!("item:{prefix}g"));
                sqlx::query_scalar(NAMED).bind(from).bind(to).fetch_all(pool).await
            }),
        };
        let mut items = Vec::new();
        for stream in streams.map_err(self.failed("read"))? {
            if let Ok(Stream::Item(fingerprint)) = stream.parse() {
                items.extend(self.item(&fingerprint).await?);
            }
        }
        Ok(items)
    }

    /// The events of one item with their places in the ledger, oldest first.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn events(&self, fingerprint: &Fingerprint) -> Result<Vec<LedgerEntry>, StoreError> {
        let entries = self.stream(&Stream::Item(*fingerprint).to_string()).await?;
        entries.iter().map(LedgerEntry::of).collect()
    }

    /// The events of one item as they are sealed, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn sealed_events(
        &self,
        fingerprint: &Fingerprint,
    ) -> Result<Vec<SealedEntry>, StoreError> {
        let entries = self.stream(&Stream::Item(*fingerprint).to_string()).await?;
        Ok(entries.iter().map(Entry::sealed).collect())
    }

    /// What was sent on a route, oldest first. Their number is the version of its stream.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn notices(&self, route: &str) -> Result<Vec<NoticeRecord>, StoreError> {
        let entries = self.stream(&Stream::Route(route.to_owned()).to_string()).await?;
        entries.iter().map(Entry::parse).collect()
    }

    /// What people signed about closures, oldest first.
    ///
    /// # Errors
    /// As [`Ledger::items`].
    pub async fn reviews(&self) -> Result<Vec<Review>, StoreError> {
        let entries = self.stream(&Stream::Reviews.to_string()).await?;
        entries.iter().map(Entry::parse).collect()
    }

    pub(crate) async fn stream(&self, stream: &str) -> Result<Vec<Entry>, StoreError> {
        let rows: Result<Vec<Row>, _> = on_pool!(&self.pool, pool => {
            sqlx::query_as(STREAM).bind(stream).fetch_all(pool).await
        });
        Ok(rows.map_err(self.failed("read"))?.into_iter().map(Entry::from).collect())
    }
}

/// What a person typed to name an item.
enum Name {
    Number(i64),
    Prefix(String),
}

impl Name {
    fn parse(text: &str) -> Result<Self, StoreError> {
        let lower = text.trim().to_ascii_lowercase();
        let number = lower.strip_prefix("v-").and_then(|number| number.parse().ok());
        match number {
            Some(number) if number > 0 => Ok(Self::Number(number)),
            _ if (4..=64).contains(&lower.len())
                && lower.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                Ok(Self::Prefix(lower))
            }
            _ => Err(StoreError::NoName { text: SafeText::plain(text) }),
        }
    }
}

fn fold(stream: &str, events: &[Recorded], number: u64) -> Result<PoamItem, StoreError> {
    let mut item = PoamItem::fold(events)
        .map_err(|source| StoreError::Unfoldable { stream: stream.to_owned(), source })?;
    item.number = number;
    Ok(item)
}

/// Folds entries that arrive stream by stream.
#[derive(Default)]
struct Folding {
    /// The items that are done, each with the place of its first entry.
    items: Vec<(i64, PoamItem)>,
    stream: String,
    first: i64,
    events: Vec<Recorded>,
}

impl Folding {
    fn take(&mut self, entry: Entry) -> Result<(), StoreError> {
        let event = entry.parse()?;
        if entry.stream != self.stream {
            self.close()?;
            self.first = entry.seq;
            self.stream = entry.stream;
        }
        self.events.push(event);
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        if !self.events.is_empty() {
            self.items.push((self.first, fold(&self.stream, &self.events, 0)?));
            self.events.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<PoamItem>, StoreError> {
        self.close()?;
        self.items.sort_by_key(|(first, _)| *first);
        Ok(self
            .items
            .into_iter()
            .zip(1..)
            .map(|((_, item), number)| PoamItem { number, ..item })
            .collect())
    }
}
