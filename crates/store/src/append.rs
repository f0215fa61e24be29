//! Appending: all of a batch or nothing of it, each part on the version it was decided on.

use crate::entry::{Entry, Head};
use crate::error::Failure;
use crate::pool::on_pool;
use crate::statement::Steps;
use crate::{Lease, Ledger, StoreError, Stream};
use jiff::Timestamp;
use quietus_model::{Fingerprint, RepositoryId, SurveyId};
use quietus_poam::{InventoryRecord, NightRecord, NoticeRecord, Recorded, Review, ScanRecord};
use std::collections::HashSet;

/// Something to append.
#[derive(Clone, Debug)]
pub enum Append {
    /// Events of one item.
    Events {
        /// The item.
        fingerprint: Fingerprint,
        /// The version it had when they were decided; 0 when it did not exist.
        expected_version: u64,
        /// The events, oldest first.
        events: Vec<Recorded>,
    },
    /// That a repository was scanned. It rests on no earlier scan, so it names no version.
    Scan(Box<ScanRecord>),
    /// What somebody signed about closures. It rests on no other.
    Review(Box<Review>),
    /// What was or is to be sent on a route.
    Notice {
        /// The route's name.
        route: String,
        /// The version its stream had when this was decided, 0 when there was none; `None` when
        /// it is a report that rests on no other.
        expected_version: Option<u64>,
        /// What.
        record: Box<NoticeRecord>,
    },
    /// What happened to a repository of the inventory.
    Inventory {
        /// The repository.
        repository: RepositoryId,
        /// The version its stream had when this was decided; 0 when there was none.
        expected_version: u64,
        /// What.
        records: Vec<InventoryRecord>,
    },
    /// What happened to a night.
    Night {
        /// The version of the stream this was decided on; `None` when it rests on no other.
        expected_version: Option<u64>,
        /// What.
        record: Box<NightRecord>,
    },
    /// Nothing of its own: the rest is appended only if this piece of work is still the caller's,
    /// and with it the piece is done.
    Done(Lease),
}

impl Append {
    /// Events of one item that was read at `expected_version`.
    pub fn events(fingerprint: Fingerprint, expected_version: u64, events: Vec<Recorded>) -> Self {
        Self::Events { fingerprint, expected_version, events }
    }

    /// That a repository was scanned.
    pub fn scan(record: ScanRecord) -> Self {
        Self::Scan(Box::new(record))
    }
}

/// What is to be appended to one stream, as it will be stored.
struct Part {
    stream: Stream,
    expected: Option<u64>,
    counts: Option<(SurveyId, RepositoryId)>,
    bodies: Vec<String>,
    fence: Option<Lease>,
}

impl Part {
    fn of(append: &Append) -> Result<Self, StoreError> {
        match append {
            Append::Events { fingerprint, expected_version, events } => {
                let stream = Stream::Item(*fingerprint);
                let bodies =
                    events.iter().map(|event| body(&stream, event)).collect::<Result<_, _>>()?;
                Ok(Self {
                    stream,
                    expected: Some(*expected_version),
                    counts: None,
                    bodies,
                    fence: None,
                })
            }
            Append::Scan(record) => {
                let repository = record.scope.repository.clone();
                let stream = Stream::Repository(repository.clone());
                let bodies = vec![body(&stream, record)?];
                let counts = Some((record.survey, repository));
                Ok(Self { stream, expected: None, counts, bodies, fence: None })
            }
            Append::Review(review) => {
                let stream = Stream::Reviews;
                let bodies = vec![body(&stream, review)?];
                Ok(Self { stream, expected: None, counts: None, bodies, fence: None })
            }
            Append::Notice { route, expected_version, record } => {
                let stream = Stream::Route(route.clone());
                let bodies = vec![body(&stream, record)?];
                Ok(Self { stream, expected: *expected_version, counts: None, bodies, fence: None })
            }
            Append::Inventory { repository, expected_version, records } => {
                let stream = Stream::Inventory(repository.clone());
                let bodies =
                    records.iter().map(|record| body(&stream, record)).collect::<Result<_, _>>()?;
                let expected = Some(*expected_version);
                Ok(Self { stream, expected, counts: None, bodies, fence: None })
            }
            Append::Night { expected_version, record } => {
                let stream = Stream::Nights;
                let bodies = vec![body(&stream, record)?];
                let expected = *expected_version;
                Ok(Self { stream, expected, counts: None, bodies, fence: None })
            }
            Append::Done(lease) => Ok(Self {
                stream: Stream::Repository(lease.repository.clone()),
                expected: None,
                counts: None,
                bodies: Vec::new(),
                fence: Some(lease.clone()),
            }),
        }
    }

    /// Refuses what was decided on another version than the one there is.
    fn check(&self, version: i64) -> Result<(), StoreError> {
        let found = version.cast_unsigned();
        match self.expected {
            Some(expected) if expected != found => {
                Err(StoreError::Conflict { stream: self.stream.clone(), expected, found })
            }
            _ => Ok(()),
        }
    }
}

/// In the canonical form of RFC 8785, so that anybody who reads the JSON can make the same bytes of it
/// again and check the seal.
fn body<T: serde::Serialize>(stream: &Stream, value: &T) -> Result<String, StoreError> {
    serde_json_canonicalizer::to_string(value).map_err(|error| StoreError::Unwritable {
        stream: stream.clone(),
        reason: error.to_string(),
    })
}

impl Ledger {
    /// Appends all of `batch`, in its order, or nothing. An empty batch writes nothing and gives
    /// the head as it is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an item has another version than the one named;
    /// [`StoreError::SurveyAlreadyCounted`] when an earlier append counted the same survey for the
    /// same repository; [`StoreError::Fenced`] when a piece of work is no more the caller's; others
    /// when the database refuses. Nothing was appended then.
    pub async fn append(&self, batch: Vec<Append>, now: Timestamp) -> Result<Head, StoreError> {
        let parts = batch.iter().map(Part::of).collect::<Result<Vec<_>, _>>()?;
        if parts.iter().all(|part| part.bodies.is_empty() && part.fence.is_none()) {
            return self.head().await;
        }
        let begin = self.pool.begin_append();
        let appended = on_pool!(&self.pool, pool => {
            let mut transaction = pool.begin_with(begin).await.map_err(self.failed("append to"))?;
            match write(&mut *transaction, &parts, now).await {
                Ok(head) => transaction.commit().await.map(|()| head).map_err(Failure::Sql),
                Err(failure) => {
                    // What failed first is what to tell; a rollback that fails too changes nothing,
                    // since what was never committed is not there.
                    let _ = transaction.rollback().await;
                    Err(failure)
                }
            }
        });
        appended.map_err(|failure| failure.told(self.location(), "append to"))
    }
}

async fn write(steps: &mut impl Steps, parts: &[Part], now: Timestamp) -> Result<Head, Failure> {
    let count: usize = parts.iter().map(|part| part.bodies.len()).sum();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let (last, mut hash) = steps.advance(count).await?.ok_or(StoreError::BadHead)?;
    let mut seq = last - count;
    let mut counted = HashSet::new();
    for part in parts {
        let stream = part.stream.to_string();
        let mut version = steps.version_of(&stream).await?;
        part.check(version)?;
        if let Some(lease) = &part.fence
            && !steps.finish(lease).await?
        {
            return Err(StoreError::Fenced { repository: lease.repository.clone() }.into());
        }
        if let Some(counts) = &part.counts
            && counted.insert(counts)
        {
            check_survey(steps, counts).await?;
        }
        for body in &part.bodies {
            seq += 1;
            version += 1;
            let stream = stream.clone();
            let recorded_at = now.as_microsecond();
            let (body, prev) = (body.clone(), hash);
            let mut entry =
                Entry { seq, stream, version, recorded_at, body, prev, hash: String::new() };
            entry.hash = entry.digest().to_string();
            steps.insert(&entry).await?;
            if let Some((survey, repository)) = &part.counts {
                steps.count(seq, &survey.to_string(), repository.as_str()).await?;
            }
            hash = entry.hash;
        }
    }
    steps.seal(&hash).await?;
    Ok(Head::of((last, hash))?)
}

/// A survey counts once: two scopes of one repository arrive in one append or not at all.
async fn check_survey(
    steps: &mut impl Steps,
    (survey, repository): &(SurveyId, RepositoryId),
) -> Result<(), Failure> {
    if steps.is_counted(&survey.to_string(), repository.as_str()).await? {
        let repository = repository.clone();
        return Err(StoreError::SurveyAlreadyCounted { survey: *survey, repository }.into());
    }
    Ok(())
}
