//! The work of a night: which repositories are yet to be done, who is at which, and the fence that
//! keeps a late outcome out.
//!
//! A piece of work is leased. A worker that dies lets its lease run out, and another takes the piece,
//! under a new token. Whoever records an outcome names their token inside the same append
//! ([`crate::Append::Done`]), so that of two workers at one piece exactly one records. What ends its
//! workers again and again is parked. No more repositories of one host are fetched at a time than it is
//! to bear, by however many workers.

use crate::pool::on_pool;
use crate::statement::{
    FETCHED, GIVE_BACK, KEEP, MAKE_WORK, PARK, PARKED, PAUSE, PUT, RETRY, TAKE, WORK,
};
use crate::{Ledger, StoreError};
use jiff::{SignedDuration, Timestamp};
use quietus_model::RepositoryId;
use uuid::Uuid;

/// How often work on a repository is begun before it is parked.
const MOST_STARTS: i64 = 3;

/// The right to record the outcome of one piece of work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The repository.
    pub repository: RepositoryId,
    /// How often it was begun this night, this time included.
    pub starts: u64,
    pub(crate) token: i64,
}

impl Lease {
    /// Whether it is not begun again after this time.
    pub fn is_last(&self) -> bool {
        self.starts >= MOST_STARTS.unsigned_abs()
    }
}

/// A repository that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Errand {
    /// The repository.
    pub repository: RepositoryId,
    /// The host that it is fetched from; empty for a folder, which nobody has to be spared.
    pub queue: String,
}

/// Who takes work, and when.
#[derive(Clone, Copy, Debug)]
pub struct Taker<'a> {
    /// What the worker is called.
    pub worker: &'a str,
    /// The time.
    pub now: Timestamp,
    /// Until when a piece is the worker's.
    pub until: Timestamp,
    /// How many repositories of one host are fetched at the same time, by all workers.
    pub at_once: usize,
}

/// How far a piece of work is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PieceState {
    /// Nobody is at it.
    Waiting,
    /// A worker is at it, or died there.
    Taken,
    /// Its outcome is recorded.
    Done,
    /// It is left alone until somebody asks for it.
    Parked,
}

/// One repository on the list of a night.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The right that its worker has.
    pub lease: Lease,
    /// How far it is.
    pub state: PieceState,
    /// The worker that is at it.
    pub worker: String,
    /// When its lease runs out.
    pub until: Timestamp,
    /// Why it is parked.
    pub reason: String,
}

type Row = (String, String, i64, i64, String, i64, String);

impl From<Row> for Piece {
    fn from((repository, state, starts, token, worker, until, reason): Row) -> Self {
        let state = match state.as_str() {
            "done" => PieceState::Done,
            "parked" => PieceState::Parked,
            "taken" => PieceState::Taken,
            _ => PieceState::Waiting,
        };
        Self {
            lease: lease(&repository, token, starts),
            state,
            worker,
            until: Timestamp::from_microsecond(until).unwrap_or(Timestamp::UNIX_EPOCH),
            reason,
        }
    }
}

fn lease(repository: &str, token: i64, starts: i64) -> Lease {
    let repository = RepositoryId::named(repository);
    Lease { repository, token, starts: starts.unsigned_abs() }
}

impl Ledger {
    /// How far the server's clock is ahead of `now`; nothing for a file. Workers go by one clock, or
    /// one whose clock is fast would take from others what is theirs.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn ahead_of(&self, now: Timestamp) -> Result<SignedDuration, StoreError> {
        let Some(time) = self.pool.time() else { return Ok(SignedDuration::ZERO) };
        let micros: i64 =
            on_pool!(&self.pool, pool => sqlx::query_scalar(time).fetch_one(pool).await)
                .map_err(self.failed("ask the time of"))?;
        Ok(SignedDuration::from_micros(micros.saturating_sub(now.as_microsecond())))
    }

    /// Puts `errands` on the list of `night`, in this order. Those that are on it already stay as
    /// they are; those that are parked stay parked.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn put_work(&self, night: Uuid, errands: &[Errand]) -> Result<(), StoreError> {
        let failed = self.failed("list the work of a night in");
        let put = on_pool!(&self.pool, pool => async {
            sqlx::raw_sql(MAKE_WORK).execute(pool).await?;
            let mut transaction = pool.begin().await?;
            for (place, errand) in (0_i64..).zip(errands) {
                sqlx::query(PUT)
                    .bind(errand.repository.as_str())
                    .bind(night.to_string())
                    .bind(place)
                    .bind(&errand.queue)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        }.await);
        put.map_err(failed)
    }

    /// Takes the next piece of work of `night`; `None` when none may be begun at this moment.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn take_work(
        &self,
        night: Uuid,
        taker: Taker<'_>,
    ) -> Result<Option<Lease>, StoreError> {
        let (now, until) = (taker.now.as_microsecond(), taker.until.as_microsecond());
        let at_once = i64::try_from(taker.at_once.max(1)).unwrap_or(i64::MAX);
        let night = night.to_string();
        let begin = self.pool.begin_taking();
        let taken: sqlx::Result<Option<(String, i64, i64)>> = on_pool!(&self.pool, pool => async {
            let mut transaction = pool.begin_with(begin).await?;
            sqlx::query(PARK)
                .bind(&night)
                .bind(now)
                .bind(MOST_STARTS)
                .execute(&mut *transaction)
                .await?;
            let taken = sqlx::query_as(TAKE)
                .bind(taker.worker)
                .bind(until)
                .bind(now)
                .bind(&night)
                .bind(at_once)
                .fetch_optional(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(taken)
        }.await);
        let taken = taken.map_err(self.failed("take work from"))?;
        Ok(taken.map(|(repository, token, starts)| lease(&repository, token, starts)))
    }

    /// Says that the repository of a piece was fetched: from here on its host has nothing to do
    /// with it.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn note_fetched(&self, lease: &Lease) -> Result<(), StoreError> {
        let noted = on_pool!(&self.pool, pool => sqlx::query(FETCHED)
            .bind(lease.repository.as_str())
            .bind(lease.token)
            .execute(pool)
            .await
            .map(drop));
        noted.map_err(self.failed("note a fetch in"))
    }

    /// Keeps a piece of work until `until`; false when it is another's by now.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn keep_work(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
        let kept = on_pool!(&self.pool, pool => sqlx::query(KEEP)
            .bind(until.as_microsecond())
            .bind(lease.repository.as_str())
            .bind(lease.token)
            .execute(pool)
            .await
            .map(|kept| kept.rows_affected()));
        Ok(kept.map_err(self.failed("keep work of"))? == 1)
    }

    /// Gives a piece of work back, for `reason`: to be begun again, though not before `not_before`, or,
    /// when it was begun as often as may be, to be left alone.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn give_work_back(
        &self,
        lease: &Lease,
        reason: &str,
        not_before: Timestamp,
    ) -> Result<(), StoreError> {
        let state = if lease.is_last() { "parked" } else { "waiting" };
        let given = on_pool!(&self.pool, pool => sqlx::query(GIVE_BACK)
            .bind(state)
            .bind(reason)
            .bind(not_before.as_microsecond())
            .bind(lease.repository.as_str())
            .bind(lease.token)
            .execute(pool)
            .await
            .map(drop));
        given.map_err(self.failed("give work back to"))
    }

    /// Lets nobody begin what comes from the host of `repository` until `until`.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn spare_host_of(
        &self,
        repository: &RepositoryId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let spared = on_pool!(&self.pool, pool => sqlx::query(PAUSE)
            .bind(until.as_microsecond())
            .bind(repository.as_str())
            .execute(pool)
            .await
            .map(drop));
        spared.map_err(self.failed("pause the work of a host in"))
    }

    /// Takes a parked repository back onto the list; false when it was not parked.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn retry_work(&self, repository: &RepositoryId) -> Result<bool, StoreError> {
        let taken = on_pool!(&self.pool, pool => async {
            sqlx::raw_sql(MAKE_WORK).execute(pool).await?;
            sqlx::query(RETRY).bind(repository.as_str()).execute(pool).await
                .map(|done| done.rows_affected())
        }.await);
        Ok(taken.map_err(self.failed("take work back in"))? == 1)
    }

    /// The list of `night`, in its order.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn work_of(&self, night: Uuid) -> Result<Vec<Piece>, StoreError> {
        self.make_work().await?;
        self.work(&night.to_string()).await
    }

    /// What is parked, of any night.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn parked_work(&self) -> Result<Vec<Piece>, StoreError> {
        self.make_work().await?;
        let rows: sqlx::Result<Vec<Row>> =
            on_pool!(&self.pool, pool => sqlx::query_as(PARKED).fetch_all(pool).await);
        Ok(rows.map_err(self.failed("read"))?.into_iter().map(Piece::from).collect())
    }

    async fn make_work(&self) -> Result<(), StoreError> {
        let made =
            on_pool!(&self.pool, pool => sqlx::raw_sql(MAKE_WORK).execute(pool).await.map(drop));
        made.map_err(self.failed("list the work of a night in"))
    }

    async fn work(&self, night: &str) -> Result<Vec<Piece>, StoreError> {
        let rows: sqlx::Result<Vec<Row>> =
            on_pool!(&self.pool, pool => sqlx::query_as(WORK).bind(night).fetch_all(pool).await);
        Ok(rows.map_err(self.failed("read"))?.into_iter().map(Piece::from).collect())
    }
}
