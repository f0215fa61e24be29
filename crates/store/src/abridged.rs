//! What is kept of each item's events so that all items can be read in seconds: the ones that do not
//! merely say again what others say. Made from the entries, checked against them, and made anew when
//! they are gone or the rules for it have changed. Nothing is ever decided on it.

use crate::entry::{Entry, Row};
use crate::error::Failure;
use crate::pool::on_pool;
use crate::statement::{BEGIN_ABRIDGING, DROP_ABRIDGED, END_ABRIDGING, KEPT, RANGE, Steps, UNTIL};
use crate::{Ledger, StoreError, Stream};
use quietus_poam::{ABRIDGING, PoamItem, Recorded, telling};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many entries are abridged in one transaction. Others may append between two of them.
const AT_ONCE: i64 = 20_000;

/// A tail longer than this is not abridged step by step: everything is made anew.
const FAR: u64 = 500_000;

/// A row of `abridged`: stream, place of its first entry, version, the kept events line by line.
pub(crate) type Kept = (String, i64, i64, String);

/// What is kept of one item.
struct Abridged {
    first: i64,
    version: i64,
    bodies: Vec<String>,
}

impl Abridged {
    /// Leaves out what says nothing.
    fn abridge(&mut self, stream: &str) -> Result<(), StoreError> {
        let events: Result<Vec<Recorded>, _> =
            self.bodies.iter().map(|body| serde_json::from_str(body)).collect();
        let events = events.map_err(|error| unreadable(stream, self.version, &error))?;
        let mut kept = telling(&events).into_iter();
        self.bodies.retain(|_| kept.next().unwrap_or(true));
        Ok(())
    }
}

fn unreadable(stream: &str, version: i64, error: &serde_json::Error) -> StoreError {
    StoreError::Unabridged {
        stream: stream.to_owned(),
        reason: format!("up to version {version}: {error}"),
    }
}

/// Folds a row. The place of its first entry tells its number among the others.
pub(crate) fn fold((stream, first, version, body): Kept) -> Result<(i64, PoamItem), StoreError> {
    let events: Result<Vec<Recorded>, _> = body.lines().map(serde_json::from_str).collect();
    let events = events.map_err(|error| unreadable(&stream, version, &error))?;
    let mut item = PoamItem::fold(&events)
        .map_err(|source| StoreError::Unfoldable { stream: stream.clone(), source })?;
    item.version = version.cast_unsigned();
    Ok((first, item))
}

impl Ledger {
    /// Up to which entry the items are abridged, by the rules of this version; 0 when they are not.
    pub(crate) async fn abridged_until(&self) -> Result<u64, StoreError> {
        let until: Option<i64> = on_pool!(&self.pool, pool => {
            sqlx::query_scalar(UNTIL).bind(i64::from(ABRIDGING)).fetch_optional(pool).await
        })
        .map_err(self.failed("read"))?;
        Ok(until.unwrap_or(0).cast_unsigned())
    }

    /// Abridges the items up to the head of this moment.
    ///
    /// # Errors
    /// [`StoreError`] when the ledger cannot be written, or holds what cannot be read.
    pub async fn abridge(&self) -> Result<(), StoreError> {
        let until = self.abridged_until().await?;
        let head = self.head().await?.seq;
        if until == 0 || head.saturating_sub(until) > FAR {
            return self.abridge_anew().await;
        }
        let begin = self.pool.begin_append();
        let mut more = true;
        while more {
            more = on_pool!(&self.pool, pool => {
                let mut transaction = pool.begin_with(begin).await.map_err(self.failed("abridge"))?;
                match step(&mut *transaction, head).await {
                    Ok(more) => transaction.commit().await.map(|()| more).map_err(Failure::Sql),
                    Err(failure) => Err(failure),
                }
            })
            .map_err(|failure| failure.told(self.location(), "abridge"))?;
        }
        Ok(())
    }

    /// Abridges every item from its entries. What was abridged before is forgotten first; should this
    /// end before its time, the ledger is read entry by entry until somebody begins again.
    ///
    /// # Errors
    /// As [`Ledger::abridge`].
    pub async fn abridge_anew(&self) -> Result<(), StoreError> {
        let maker = Uuid::now_v7().to_string();
        let head = self.head().await?.seq.cast_signed();
        on_pool!(&self.pool, pool => {
            let begin = self.pool.begin_append();
            let mut transaction = pool.begin_with(begin).await.map_err(self.failed("abridge"))?;
            sqlx::query(BEGIN_ABRIDGING).bind(&maker).execute(&mut *transaction).await
                .map_err(self.failed("abridge"))?;
            sqlx::query(DROP_ABRIDGED).execute(&mut *transaction).await
                .map_err(self.failed("abridge"))?;
            transaction.commit().await.map_err(self.failed("abridge"))?;
        });
        let mut after = String::from("item:");
        let mut limit = AT_ONCE;
        loop {
            let rows: Vec<Row> = on_pool!(&self.pool, pool => {
                sqlx::query_as(RANGE).bind(&after).bind(head).bind(limit).fetch_all(pool).await
            })
            .map_err(self.failed("read"))?;
            let is_last = (rows.len() as i64) < limit;
            let mut items = gathered(rows);
            if !is_last && items.len() < 2 {
                limit *= 2; // one item with more events than that
                continue;
            }
            if !is_last {
                items.pop_last(); // it may go on
            }
            if let Some((last, _)) = items.last_key_value() {
                after.clone_from(last);
            }
            for (stream, item) in &mut items {
                item.abridge(stream)?;
            }
            if !self.keep(&items, &maker).await? {
                return Ok(()); // another one has begun anew meanwhile
            }
            if is_last {
                break;
            }
        }
        on_pool!(&self.pool, pool => {
            sqlx::query(END_ABRIDGING)
                .bind(i64::from(ABRIDGING))
                .bind(head)
                .bind(&maker)
                .execute(pool)
                .await
                .map(drop)
        })
        .map_err(self.failed("abridge"))
    }

    /// Writes what is kept; false when another process abridges anew since.
    async fn keep(
        &self,
        items: &BTreeMap<String, Abridged>,
        maker: &str,
    ) -> Result<bool, StoreError> {
        let rows: Vec<Kept> = items
            .iter()
            .map(|(stream, item)| {
                (stream.clone(), item.first, item.version, item.bodies.join("\n"))
            })
            .collect();
        let begin = self.pool.begin_append();
        on_pool!(&self.pool, pool => {
            let mut transaction = pool.begin_with(begin).await.map_err(self.failed("abridge"))?;
            let is_maker = put_all(&mut *transaction, &rows, maker).await;
            let is_maker = is_maker.map_err(self.failed("abridge"))?;
            transaction.commit().await.map(|()| is_maker)
        })
        .map_err(self.failed("abridge"))
    }

    /// Compares what is kept of each item with what its entries say. What cannot be abridged any
    /// more, or was not, is no fault: it is read entry by entry.
    pub(crate) async fn verify_abridged(&self) -> Result<(), StoreError> {
        if self.abridged_until().await? == 0 {
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let rows: Vec<Kept> = on_pool!(&self.pool, pool => {
                sqlx::query_as(KEPT).bind(&after).bind(500_i64).fetch_all(pool).await
            })
            .map_err(self.failed("verify"))?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            for (stream, first, version, body) in rows {
                let mut entries = self.stream(&stream).await?;
                entries.retain(|entry| entry.version <= version);
                let mut item = gathered_one(entries);
                item.abridge(&stream)?;
                let (is_whole, says) = (item.version == version, item.bodies.join("\n"));
                if !is_whole || item.first != first || says != body {
                    let reason = "it is not what its entries say".to_owned();
                    return Err(StoreError::Unabridged { stream, reason });
                }
            }
        }
    }
}

/// Writes rows, if it is still `maker` who abridges everything.
async fn put_all(steps: &mut impl Steps, rows: &[Kept], maker: &str) -> sqlx::Result<bool> {
    // First in its transaction: nobody else begins anew meanwhile.
    let is_maker = steps.is_maker(maker).await?;
    for row in rows.iter().filter(|_| is_maker) {
        steps.put_abridged(row).await?;
    }
    Ok(is_maker)
}

/// Abridges the next entries after those that are; false when there are none up to `head`.
async fn step(steps: &mut impl Steps, head: u64) -> Result<bool, Failure> {
    // First in its transaction: one at a time.
    let Some(until) = steps.lock_abridged(i64::from(ABRIDGING)).await? else { return Ok(false) };
    if until.cast_unsigned() >= head {
        return Ok(false);
    }
    let to = (until + AT_ONCE).min(head.cast_signed());
    let rows = steps.between(until, to).await?;
    for (stream, new) in gathered(rows) {
        let mut item = match steps.abridged(&stream).await? {
            Some((_, first, version, body)) => {
                let bodies = body.lines().map(str::to_owned).collect();
                Abridged { first, version, bodies }
            }
            None => Abridged { first: new.first, version: 0, bodies: Vec::new() },
        };
        item.version = new.version;
        item.bodies.extend(new.bodies);
        item.abridge(&stream)?;
        steps.put_abridged(&(stream, item.first, item.version, item.bodies.join("\n"))).await?;
    }
    steps.set_abridged(to).await?;
    Ok(to.cast_unsigned() < head)
}

/// The entries of items, each item by itself.
fn gathered(rows: Vec<Row>) -> BTreeMap<String, Abridged> {
    let mut items: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in rows.into_iter().map(Entry::from) {
        if matches!(entry.stream.parse(), Ok(Stream::Item(_))) {
            items.entry(entry.stream.clone()).or_default().push(entry);
        }
    }
    items.into_iter().map(|(stream, entries)| (stream, gathered_one(entries))).collect()
}

fn gathered_one(entries: Vec<Entry>) -> Abridged {
    let first = entries.first().map_or(0, |entry| entry.seq);
    let version = entries.last().map_or(0, |entry| entry.version);
    Abridged { first, version, bodies: entries.into_iter().map(|entry| entry.body).collect() }
}
