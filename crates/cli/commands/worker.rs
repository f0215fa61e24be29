//! `quietus worker`, and what every process of a night works with.

use crate::CANCEL;
use crate::args::{Watching, Worker};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::output::night_log::Log;
use crate::setup::Setup;
use crate::sight::Sight;
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use quietus_escrow::Escrow;
use quietus_model::{FingerprintKey, RepositoryId};
use quietus_poam::{Listed, NightRecord, Policy, unfinished};
use quietus_scan::Detector;
use quietus_store::Ledger;
use quietus_track::{Fetching, Mirrors, Night, NightLimits, Silencing, Told, Tracker, reclaim};
use quietus_validate::Validator;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use uuid::Uuid;

/// How often a worker that stays looks for a night.
const LOOK: Duration = Duration::from_secs(10);

/// What every part of a night works with.
pub(crate) struct Parts {
    pub(crate) key: FingerprintKey,
    pub(crate) ledger: Ledger,
    pub(crate) policy: Policy,
    pub(crate) rules: Arc<quietus_model::RuleSet>,
    pub(crate) shipped: quietus_model::RuleSet,
    pub(crate) detector: Detector,
    pub(crate) silencing: Silencing,
    pub(crate) validator: Option<Validator>,
    pub(crate) escrow: Escrow,
    pub(crate) worker: String,
    began: Instant,
    /// How far the ledger's server is ahead of this machine.
    ahead: SignedDuration,
}

impl Parts {
    pub(crate) async fn new(setup: &Setup, watching: &Watching) -> Result<Self> {
        let key = setup.key()?;
        let ledger = setup.ledger(&key).await?;
        let policy = setup.policy()?;
        let rules = setup.rules()?;
        let validator = if watching.validate { Some(setup.validator(&rules, None)?) } else { None };
        let detector = setup.detector(Arc::clone(&rules))?;
        let silencing = setup.silencing_of_configuration(&rules, Some(&key), &policy)?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        // A container that is begun again has the name and the process ids that it had.
        let worker = format!("{host}/{}/{}", std::process::id(), Uuid::new_v4().simple());
        let ahead = ledger.ahead_of(setup.now).await?;
        let shipped = quietus_catalogue::shipped()?;
        let began = Instant::now();
        Ok(Self {
            key,
            ledger,
            policy,
            rules,
            shipped,
            detector,
            silencing,
            validator,
            escrow: setup.escrow()?,
            worker,
            began,
            ahead,
        })
    }

    pub(crate) fn tracker(&self) -> Tracker<'_> {
        Tracker {
            ledger: &self.ledger,
            rules: &self.rules,
            shipped: &self.shipped,
            policy: &self.policy,
            validator: self.validator.as_ref(),
            escrow: Some(&self.escrow),
            tool: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The time of this run, by the clock that all workers of the ledger go by.
    pub(crate) fn now(&self, setup: &Setup) -> Timestamp {
        let seconds = i64::try_from(self.began.elapsed().as_secs()).unwrap_or(0);
        let since = SignedDuration::from_secs(seconds).checked_add(self.ahead);
        since.and_then(|since| setup.now.checked_add(since).ok()).unwrap_or(setup.now)
    }
}

pub(crate) async fn run(setup: &Setup, args: &Worker) -> Result<Exit, Failure> {
    let parts = Parts::new(setup, &args.watching).await?;
    let mut done = BTreeSet::new();
    loop {
        let records = parts.ledger.nights().await?;
        let night = unfinished(&records, parts.now(setup)).cloned();
        match night {
            Some(night) if !done.contains(&night.night) => {
                let listed = parts.ledger.inventory().await?;
                let clock = || parts.now(setup);
                let log = Log::new(args.watching.log, setup.quiet, &parts.worker, &clock);
                work(setup, &args.watching, &parts, &listed, &night, &log.of(night.night)).await?;
                done.insert(night.night);
            }
            None if args.drain && done.is_empty() => {
                output::notice("no night is under way; `quietus nightly` begins one");
                return Ok(Exit::clean());
            }
            _ if args.drain => return Ok(Exit::clean()),
            _ => tokio::time::sleep(LOOK).await,
        }
        if CANCEL.load(Ordering::Relaxed) {
            return Ok(Exit::clean());
        }
    }
}

/// Takes pieces of work of the night until none is left, or somebody stops it.
pub(crate) async fn work(
    setup: &Setup,
    watching: &Watching,
    parts: &Parts,
    listed: &[Listed],
    night: &NightRecord,
    told: &dyn Told,
) -> Result<()> {
    let is_dead = |worker: &str| is_dead(worker, &parts.worker);
    reclaim(&parts.ledger, night.night, parts.now(setup), is_dead).await?;
    let sight = sight(setup, watching, listed)?;
    // Many repositories at a time make no bar; the log tells how far it is.
    let looking = sight.looking(&parts.detector, &parts.key, &());
    let repositories: BTreeMap<RepositoryId, Listed> =
        listed.iter().map(|one| (one.id.clone(), one.clone())).collect();
    let tracker = parts.tracker();
    let clock = || parts.now(setup);
    let night = Night {
        id: night.night,
        worker: &parts.worker,
        tracker: &tracker,
        looking: &looking,
        silencing: &parts.silencing,
        repositories: &repositories,
        clock: &clock,
        limits: NightLimits {
            at_once: watching.at_once,
            per_host: watching.per_host,
            rest: Duration::from_secs(watching.rest.as_secs().unsigned_abs()),
            most_new: watching.most_new,
            disk: watching.disk.map(|gib| gib << 30),
        },
        told,
    };
    let runtime = Handle::current();
    tokio::task::block_in_place(|| night.work(&runtime))?;
    Ok(())
}

/// Whether a worker of this very machine has ended. Workers are called `host/process/run`.
fn is_dead(worker: &str, own: &str) -> bool {
    let parts = |name: &str| {
        let mut parts = name.rsplitn(3, '/').map(str::to_owned);
        let (run, process) = (parts.next()?, parts.next()?);
        Some((parts.next()?, process, run))
    };
    let (Some(theirs), Some(ours)) = (parts(worker), parts(own)) else { return false };
    if theirs.0 != ours.0 || theirs.2 == ours.2 {
        return false;
    }
    let process = theirs.1.parse().ok().and_then(rustix::process::Pid::from_raw);
    let is_gone = |id| rustix::process::test_kill_process(id).is_err();
    // Two runs of one process id: the first one has ended.
    theirs.1 == ours.1 || process.is_some_and(is_gone)
}

pub(crate) fn sight(setup: &Setup, watching: &Watching, listed: &[Listed]) -> Result<Sight> {
    let ids: BTreeMap<String, RepositoryId> =
        listed.iter().map(|one| (one.source.to_string(), one.id.clone())).collect();
    let moved = listed.iter().filter(|one| one.source.as_str() != one.url);
    let fetching = Fetching {
        time: Duration::from_secs(watching.fetch_time.as_secs().unsigned_abs()),
        bytes: watching.mirror_size << 30,
        urls: moved.map(|one| (one.source.to_string(), one.url.clone())).collect(),
        tokens: setup.config.host_tokens()?,
        cancel: Some(&CANCEL),
    };
    let options = quietus_scan::Options {
        threads: setup.threads,
        memory: Some(setup.places.scans()),
        ..quietus_scan::Options::default()
    };
    let mirrors = Mirrors::fetched(setup.places.mirrors(), fetching);
    Ok(Sight { mirrors, names: ids.clone(), known: ids, ..Sight::new(setup, options) })
}

#[cfg(test)]
mod tests {
    use super::is_dead;

    #[test]
    fn only_workers_of_this_machine_are_known_to_have_ended() {
        let alive = std::process::id();
        let own = format!("here/{alive}/b");
        assert!(is_dead(&format!("here/{alive}/a"), &own), "a container that was begun again");
        assert!(is_dead("here/4194300/a", &own), "no process has this id");
        assert!(!is_dead(&own, &own));
        assert!(!is_dead("elsewhere/4194300/a", &own));
        assert!(!is_dead("", &own));
    }
}
