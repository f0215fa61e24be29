//! Copying a ledger entry by entry to another place, on either database, with the same history.

use crate::entry::{Entry, Head};
use crate::error::Failure;
use crate::pool::{PATIENCE, on_pool};
use crate::statement::{AFTER, HASH, Steps};
use crate::{Fault, Ledger, StoreError};
use jiff::Timestamp;

/// How many entries are copied in one transaction.
const AT_ONCE: i64 = 5_000;

/// An entry and the survey it counted.
type CopyRow = (i64, String, i64, i64, String, String, String, Option<String>, Option<String>);

/// An entry that was checked, and the survey it counted.
type Checked = (Entry, Option<(String, String)>);

impl Ledger {
    /// Writes every entry that the ledger at `url` lacks there, as it is, and makes that ledger when
    /// there is none: both have the same head then. What was broken off goes on where it ended, and
    /// what was appended here since follows when this is done again. Each entry is checked on the way.
    ///
    /// Tokens, sessions and the list of a night's work are no part of the history and stay behind.
    ///
    /// # Errors
    /// [`StoreError::OtherHistory`] when the ledger there is no beginning of this one;
    /// [`StoreError::Broken`] at the first entry of this one that is not as it was written.
    pub async fn copy(&self, url: &str) -> Result<Head, StoreError> {
        let created = Timestamp::from_microsecond(self.created).map_err(|_| StoreError::BadHead)?;
        let to = Self::open_with(url, self.key_id(), Some(created), PATIENCE).await?;
        let copied = self.copy_to(&to).await;
        to.close().await;
        copied
    }

    async fn copy_to(&self, to: &Self) -> Result<Head, StoreError> {
        let mut head = to.head().await?;
        let is_beginning = to.genesis == self.genesis
            && (head.seq == 0
                || self.hash_at(head.seq).await?.as_deref() == Some(head.hash.as_str()));
        if !is_beginning {
            return Err(self.other_history(to));
        }
        loop {
            let after = head.seq.cast_signed();
            let rows: Vec<CopyRow> = on_pool!(&self.pool, pool => {
                sqlx::query_as(AFTER).bind(after).bind(AT_ONCE).fetch_all(pool).await
            })
            .map_err(self.failed("read"))?;
            if rows.is_empty() {
                return Ok(head);
            }
            let rows = continued(&head, rows)?;
            let begin = to.pool.begin_append();
            let written = on_pool!(&to.pool, pool => {
                let mut transaction = pool.begin_with(begin).await.map_err(to.failed("append to"))?;
                match put(&mut *transaction, &head, &rows).await {
                    Ok(Some(head)) => {
                        transaction.commit().await.map(|()| Some(head)).map_err(Failure::Sql)
                    }
                    other => other,
                }
            });
            head = written
                .map_err(|failure| failure.told(to.location(), "append to"))?
                .ok_or_else(|| self.other_history(to))?;
        }
    }

    fn other_history(&self, to: &Self) -> StoreError {
        StoreError::OtherHistory { from: self.location().to_owned(), to: to.location().to_owned() }
    }

    /// The hash of an entry, as it is stored.
    pub(crate) async fn hash_at(&self, seq: u64) -> Result<Option<String>, StoreError> {
        on_pool!(&self.pool, pool => {
            sqlx::query_scalar(HASH).bind(seq.cast_signed()).fetch_optional(pool).await
        })
        .map_err(self.failed("read"))
    }
}

/// Checks that the rows continue from `head`.
fn continued(head: &Head, rows: Vec<CopyRow>) -> Result<Vec<Checked>, StoreError> {
    let mut before = head.clone();
    let mut checked = Vec::with_capacity(rows.len());
    for (seq, stream, version, at, body, prev, hash, id, repository) in rows {
        let entry = Entry::from((seq, stream, version, at, body, prev, hash));
        let found = entry.digest();
        let fault = if entry.seq.cast_unsigned() != before.seq + 1 {
            Some((before.seq + 1, Fault::Missing))
        } else if found.as_str() != entry.hash {
            Some((before.seq + 1, Fault::Hash))
        } else if entry.prev != before.hash.as_str() {
            Some((before.seq + 1, Fault::Link))
        } else {
            None
        };
        if let Some((seq, fault)) = fault {
            return Err(StoreError::Broken { seq, stream: Some(entry.stream), fault });
        }
        before = Head { seq: entry.seq.cast_unsigned(), hash: found };
        checked.push((entry, id.zip(repository)));
    }
    Ok(checked)
}

/// Appends the entries as they are; `None` when somebody else appended there meanwhile.
async fn put(
    steps: &mut impl Steps,
    head: &Head,
    rows: &[Checked],
) -> Result<Option<Head>, Failure> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let (last, before) = steps.advance(count).await?.ok_or(StoreError::BadHead)?;
    if last - count != head.seq.cast_signed() || before != head.hash.as_str() {
        return Ok(None);
    }
    for (entry, counted) in rows {
        steps.insert(entry).await?;
        if let Some((survey, repository)) = counted {
            steps.count(entry.seq, survey, repository).await?;
        }
    }
    let Some((newest, _)) = rows.last() else { return Ok(None) };
    steps.seal(&newest.hash).await?;
    Ok(Some(Head::of((last, newest.hash.clone()))?))
}
