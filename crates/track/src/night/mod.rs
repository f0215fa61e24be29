//! One night: every repository of the inventory fetched, scanned, asked about and recorded.
//!
//! What is to be done lies in the ledger's database ([`quietus_store::Ledger::take_work`]), one piece
//! for each repository. One process takes the pieces with a few threads; on a server any number of
//! processes do, on any machines. Each piece is recorded whole, in one append that also says it is
//! done, so that a process may be killed at any moment: what it had not recorded is done again, and
//! what it records too late is fenced off. A ledger that is away for a moment is waited for.

mod figures;
mod flood;
mod order;
mod piece;
mod rest;

use crate::{Looking, Silencing, TrackError, Tracker};
pub use figures::figures;
use jiff::{SignedDuration, Timestamp};
pub use order::{Due, order};
use piece::Ended;
use quietus_model::{RepositoryId, SafeText};
use quietus_poam::{Listed, NightEvent, NightRecord, unfinished};
use quietus_store::{Append, Errand, Lease, Ledger, Piece, PieceState, StoreError, Taker};
pub(crate) use rest::Rest;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

/// How long a piece of work is a worker's if nothing is heard of it.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// How often it is kept for longer.
const KEPT: Duration = Duration::from_secs(60);

/// How soon a worker that has nothing to do looks for what others left, and how seldom in the end.
const SOON: Duration = Duration::from_millis(100);
const SELDOM: Duration = Duration::from_secs(2);

/// How long a ledger that does not answer is waited for: a server may be restarted.
const PATIENCE: Duration = Duration::from_secs(120);

/// The bounds of a night.
#[derive(Clone, Copy, Debug)]
pub struct NightLimits {
    /// How many repositories are fetched at the same time. One is scanned at a time, by all threads.
    pub at_once: usize,
    /// How many repositories of one host are fetched at the same time, by all workers together.
    pub per_host: usize,
    /// How long what could not be fetched now is left alone, and its host, if that asked for it. The
    /// second time it is twice as long.
    pub rest: Duration,
    /// How many new credentials of one repository are taken in; the rest is a gap.
    pub most_new: usize,
    /// How many bytes all mirrors may have; what is more is reduced to what credentials stand in.
    pub disk: Option<u64>,
}

impl Default for NightLimits {
    fn default() -> Self {
        let rest = Duration::from_secs(30);
        Self { at_once: 4, per_host: 8, rest, most_new: 500, disk: None }
    }
}

/// What a piece of work came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PieceOutcome {
    /// It was scanned completely.
    Complete,
    /// It was scanned, and something of it could not be read.
    Incomplete,
    /// It could not be fetched or opened.
    Unobservable,
    /// It was not recorded: somebody stopped the run, and it will be done again.
    Stopped,
    /// It was not recorded: another worker has taken it over.
    Fenced,
    /// It was not recorded, because of an error; it will be tried again.
    Failed,
    /// Its host has no time for it now; it will be fetched later this night.
    Postponed,
}

impl PieceOutcome {
    /// One word for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Unobservable => "unobservable",
            Self::Stopped => "stopped",
            Self::Fenced => "fenced",
            Self::Failed => "failed",
            Self::Postponed => "postponed",
        }
    }
}

/// What is told of one piece of work. Nothing of it is a secret.
#[derive(Clone, Debug)]
pub struct PieceReport {
    /// The repository.
    pub repository: RepositoryId,
    /// Where it is fetched from, or lies.
    pub url: SafeText,
    /// What it came to.
    pub outcome: PieceOutcome,
    /// How often it was begun this night.
    pub starts: u64,
    /// How long fetching it took.
    pub fetched_in: Duration,
    /// How long all of it took.
    pub took: Duration,
    /// Bytes that were scanned.
    pub bytes: u64,
    /// Credentials that were seen.
    pub credentials: u64,
    /// Credentials that issuers were asked about.
    pub asked: u64,
    /// Items opened, closed and reopened.
    pub items: [usize; 3],
    /// The first thing that went wrong.
    pub trouble: Option<String>,
}

/// Who is told what happens in a night.
pub trait Told: Sync {
    /// One piece of work has ended.
    fn piece(&self, report: &PieceReport);
}

impl Told for () {
    fn piece(&self, _: &PieceReport) {}
}

/// A worker of one night.
pub struct Night<'a> {
    /// Which night.
    pub id: Uuid,
    /// What this worker is called: `host/process`.
    pub worker: &'a str,
    /// The loop, with somebody who asks issuers or without.
    pub tracker: &'a Tracker<'a>,
    /// With what repositories are read. Its names and known sources are those of the inventory.
    pub looking: &'a Looking<'a>,
    /// What is not reported.
    pub silencing: &'a Silencing,
    /// The repositories of the inventory.
    pub repositories: &'a BTreeMap<RepositoryId, Listed>,
    /// The time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// The bounds.
    pub limits: NightLimits,
    /// Who is told.
    pub told: &'a dyn Told,
}

/// Begins a night, or goes on with the one that was interrupted: its id, and whether it goes on.
/// `due` are put on its list.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger refuses.
pub async fn begin(
    ledger: &Ledger,
    due: &[Due],
    now: Timestamp,
) -> Result<(NightRecord, bool), TrackError> {
    let records = ledger.nights().await?;
    let (night, goes_on) = match unfinished(&records, now) {
        Some(night) => (night.clone(), true),
        None => {
            let event = NightEvent::Begun { repositories: due.len() as u64 };
            let record = NightRecord { at: now, night: Uuid::now_v7(), event };
            let append = Append::Night {
                expected_version: Some(records.len() as u64),
                record: Box::new(record.clone()),
            };
            ledger.append(vec![append], now).await?;
            (record, false)
        }
    };
    let errand = |due: &Due| Errand { repository: due.id.clone(), queue: due.host.clone() };
    let errands: Vec<Errand> = due.iter().map(errand).collect();
    ledger.put_work(night.night, &errands).await?;
    Ok((night, goes_on))
}

/// Gives back what workers that are dead had taken; how much that was.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger refuses.
pub async fn reclaim(
    ledger: &Ledger,
    night: Uuid,
    now: Timestamp,
    is_dead: impl Fn(&str) -> bool,
) -> Result<usize, TrackError> {
    let left: Vec<Piece> = ledger
        .work_of(night)
        .await?
        .into_iter()
        .filter(|piece| piece.state == PieceState::Taken && is_dead(&piece.worker))
        .collect();
    for piece in &left {
        let reason = format!("its worker ended {} times while at it", piece.lease.starts);
        ledger.give_work_back(&piece.lease, &reason, now).await?;
    }
    Ok(left.len())
}

/// What the threads of one worker share.
struct Shared {
    /// The leases that are kept.
    held: Mutex<Vec<Lease>>,
    /// One scan at a time: each uses all threads.
    scan: Mutex<()>,
    /// The bytes of each mirror that was measured.
    sizes: Mutex<BTreeMap<String, u64>>,
    /// Set when there is nothing left to keep.
    over: Mutex<bool>,
    wake: std::sync::Condvar,
    /// What stopped the worker.
    error: Mutex<Option<TrackError>>,
}

impl Night<'_> {
    /// Does pieces of work until none is left that anybody could do, or somebody stops it.
    ///
    /// # Errors
    /// [`TrackError::Ledger`] when the list of work cannot be read.
    pub fn work(&self, runtime: &Handle) -> Result<(), TrackError> {
        let shared = Shared {
            held: Mutex::default(),
            scan: Mutex::default(),
            sizes: Mutex::default(),
            over: Mutex::new(false),
            wake: std::sync::Condvar::new(),
            error: Mutex::default(),
        };
        std::thread::scope(|scope| {
            let keeper = scope.spawn(|| self.keep(runtime, &shared));
            let threads: Vec<_> = (0..self.limits.at_once.max(1))
                .map(|_| scope.spawn(|| self.take_all(runtime, &shared)))
                .collect();
            for thread in threads {
                // A panic was caught where it happened; a second one here changes nothing.
                let _ = thread.join();
            }
            *lock(&shared.over) = true;
            shared.wake.notify_all();
            let _ = keeper.join();
        });
        match shared.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Keeps the leases while their pieces are worked at.
    fn keep(&self, runtime: &Handle, shared: &Shared) {
        let mut over = lock(&shared.over);
        while !*over {
            let waited = shared.wake.wait_timeout(over, KEPT);
            over = waited.unwrap_or_else(PoisonError::into_inner).0;
            for lease in lock(&shared.held).clone() {
                // One that is lost is found out when its outcome is recorded.
                let _ = runtime.block_on(self.tracker.ledger.keep_work(&lease, self.until()));
            }
        }
    }

    fn until(&self) -> Timestamp {
        let now = (self.clock)();
        now.checked_add(LEASE).unwrap_or(now)
    }

    fn is_stopped(&self) -> bool {
        self.looking.cancel.load(Ordering::Relaxed)
    }

    /// Calls until the ledger answers, if it may be expected to.
    fn patiently<T>(&self, call: impl Fn() -> Result<T, TrackError>) -> Result<T, TrackError> {
        let begun = std::time::Instant::now();
        loop {
            match call() {
                Err(TrackError::Ledger(error))
                    if error.is_passing() && begun.elapsed() < PATIENCE && !self.is_stopped() =>
                {
                    std::thread::sleep(SELDOM);
                }
                called => return called,
            }
        }
    }

    fn take(&self, runtime: &Handle) -> Result<Option<Lease>, TrackError> {
        let taker = Taker {
            worker: self.worker,
            now: (self.clock)(),
            until: self.until(),
            at_once: self.limits.per_host,
        };
        Ok(runtime.block_on(self.tracker.ledger.take_work(self.id, taker))?)
    }

    fn take_all(&self, runtime: &Handle, shared: &Shared) {
        let mut wait = SOON;
        while !self.is_stopped() {
            match self.patiently(|| self.take(runtime)) {
                Ok(Some(lease)) => {
                    wait = SOON;
                    self.one(runtime, shared, &lease);
                }
                Ok(None) if self.is_more_to_come(runtime) => {
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(SELDOM);
                }
                Ok(None) => return,
                Err(error) => {
                    *lock(&shared.error) = Some(error);
                    return;
                }
            }
        }
    }

    /// Whether there will be work again: what waits for its host, or what another worker is at, who
    /// may die and leave it to us. Who of us is at a piece takes it up again without help.
    fn is_more_to_come(&self, runtime: &Handle) -> bool {
        let list = || Ok(runtime.block_on(self.tracker.ledger.work_of(self.id))?);
        let work = self.patiently(list).unwrap_or_default();
        work.iter().any(|piece| match piece.state {
            PieceState::Waiting => true,
            PieceState::Taken => piece.worker != self.worker,
            PieceState::Done | PieceState::Parked => false,
        })
    }

    fn one(&self, runtime: &Handle, shared: &Shared, lease: &Lease) {
        lock(&shared.held).push(lease.clone());
        let begun = std::time::Instant::now();
        let work = std::panic::AssertUnwindSafe(|| piece::work(self, runtime, shared, lease));
        let ended = std::panic::catch_unwind(work).unwrap_or_else(|_| {
            // The panic's own words may hold anything, and stand on standard error already.
            Ended::failed("it made this program panic".to_owned())
        });
        lock(&shared.held).retain(|held| held != lease);
        if let Some(reason) = ended.given_back() {
            let give = || self.give_back(runtime, lease, reason, ended.rest);
            if let Err(error) = self.patiently(give) {
                *lock(&shared.error) = Some(error);
            }
        }
        let listed = self.repositories.get(&lease.repository);
        let report = PieceReport {
            repository: lease.repository.clone(),
            url: listed.map(|one| SafeText::scrubbed(one.url.as_bytes(), [])).unwrap_or_default(),
            starts: lease.starts,
            took: begun.elapsed(),
            ..ended.report
        };
        self.told.piece(&report);
    }

    fn give_back(
        &self,
        runtime: &Handle,
        lease: &Lease,
        reason: &str,
        rest: Option<Rest>,
    ) -> Result<(), TrackError> {
        let (ledger, now) = (self.tracker.ledger, (self.clock)());
        let not_before = rest.map_or(now, |_| {
            let twice = u32::try_from(lease.starts.saturating_sub(1)).unwrap_or(0).min(8);
            now.checked_add(self.limits.rest * 2_u32.pow(twice)).unwrap_or(now)
        });
        runtime.block_on(ledger.give_work_back(lease, reason, not_before))?;
        if rest == Some(Rest::Host) {
            runtime.block_on(ledger.spare_host_of(&lease.repository, not_before))?;
        }
        Ok(())
    }
}

/// Ends a night.
///
/// # Errors
/// [`TrackError::Ledger`] when the ledger refuses.
pub async fn end(
    ledger: &Ledger,
    night: &NightRecord,
    figures: quietus_poam::NightFigures,
    now: Timestamp,
) -> Result<(), StoreError> {
    let event = NightEvent::Ended { figures };
    let record = Box::new(NightRecord { at: now, night: night.night, event });
    ledger.append(vec![Append::Night { expected_version: None, record }], now).await?;
    Ok(())
}

/// What a mutex guards, whoever panicked while holding it: nothing here is left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
