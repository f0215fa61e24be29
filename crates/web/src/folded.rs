//! All items in memory, as of a place in the ledger: reading thousands anew for each page would be
//! slow. What was appended since is read when a page is asked for.

use crate::board::{Row, Words, rows};
use crate::pages::metrics::Figures;
use crate::repositories;
use jiff::{SignedDuration, Timestamp};
use quietus_model::Fingerprint;
use quietus_poam::{Listed, PoamItem, Policy, Review};
use quietus_store::{Head, Ledger, RepositoryScans, StoreError};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How often it is asked whether the ledger has grown.
const ASKED: Duration = Duration::from_millis(250);

/// How long a page waits for what was appended; then it shows what is known. Its foot says as of
/// when that is.
const WAIT: Duration = Duration::from_millis(300);

/// After how long dates are compared anew though nothing was appended.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// How many owners or repositories a visitor may choose among; a search finds the others.
const NAMES: usize = 300;

/// Everything as of one place in the ledger.
pub(crate) struct Snapshot {
    pub(crate) head: Head,
    pub(crate) at: Timestamp,
    /// By number, from 1.
    pub(crate) items: Vec<Arc<PoamItem>>,
    /// Most urgent first.
    pub(crate) rows: Vec<Row>,
    pub(crate) scans: Arc<Vec<RepositoryScans>>,
    /// Those that a visitor may choose among.
    pub(crate) owners: Vec<String>,
    pub(crate) repositories: Vec<String>,
    /// Signed reviews, newest first.
    pub(crate) reviews: Arc<Vec<Review>>,
    listed: Arc<Vec<Listed>>,
    /// Made when somebody asks for them first.
    seen: OnceLock<Vec<repositories::Row>>,
    words: HashMap<Fingerprint, Arc<Words>>,
}

/// What is read of the ledger beside its items.
#[derive(Clone)]
struct Beside {
    scans: Arc<Vec<RepositoryScans>>,
    listed: Arc<Vec<Listed>>,
    reviews: Arc<Vec<Review>>,
}

impl Snapshot {
    fn of(
        head: Head,
        items: Vec<Arc<PoamItem>>,
        mut words: HashMap<Fingerprint, Arc<Words>>,
        beside: Beside,
        at: Timestamp,
    ) -> Self {
        let Beside { scans, listed, reviews } = beside;
        for item in &items {
            let known = words.get(&item.fingerprint());
            if known.is_none_or(|known| known.version != item.version) {
                words.insert(item.fingerprint(), Arc::new(Words::of(item)));
            }
        }
        let rows = rows(&items, &words, at);
        let owners = chosen(words.values().filter_map(|words| words.owner.as_deref()));
        let repositories = chosen(words.values().map(|words| words.repository.as_str()));
        let seen = OnceLock::new();
        Self { head, at, items, rows, scans, owners, repositories, reviews, listed, seen, words }
    }

    /// All repositories, those that are seen worst first.
    pub(crate) fn repositories_seen(&self) -> &[repositories::Row] {
        let made = || repositories::rows(&self.listed, &self.scans, &self.rows, self.at);
        self.seen.get_or_init(made)
    }

    fn beside(&self) -> Beside {
        let (scans, listed) = (Arc::clone(&self.scans), Arc::clone(&self.listed));
        Beside { scans, listed, reviews: Arc::clone(&self.reviews) }
    }

    /// The item of a number.
    pub(crate) fn numbered(&self, number: u64) -> Option<&Arc<PoamItem>> {
        self.items.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

/// Each name once, in order; so many that a person finds theirs.
fn chosen<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().take(NAMES).map(str::to_owned).collect()
}

/// The newest snapshot, and how it is made.
pub(crate) struct Folded {
    pub(crate) ledger: Arc<Ledger>,
    policy: Policy,
    newest: Arc<RwLock<Arc<Snapshot>>>,
    /// Who holds it brings the snapshot up to date; others take what there is.
    turn: Arc<Mutex<Instant>>,
    figures: Mutex<Option<(Instant, u64, Arc<Figures>)>>,
}

impl Folded {
    pub(crate) async fn read(
        ledger: Ledger,
        policy: Policy,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let snapshot = after(&ledger, None, now).await?;
        Ok(Self {
            ledger: Arc::new(ledger),
            policy,
            newest: Arc::new(RwLock::new(Arc::new(snapshot))),
            turn: Arc::new(Mutex::new(Instant::now())),
            figures: Mutex::new(None),
        })
    }

    fn known(&self) -> Arc<Snapshot> {
        Arc::clone(&self.newest.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// As of this moment, or of a little earlier while much is being appended.
    pub(crate) async fn snapshot(&self, now: Timestamp) -> Result<Arc<Snapshot>, StoreError> {
        let Ok(mut turn) = Arc::clone(&self.turn).try_lock_owned() else { return Ok(self.known()) };
        let known = self.known();
        let aged = now.duration_since(known.at).abs() > MINUTE;
        if turn.elapsed() < ASKED && !aged {
            return Ok(known);
        }
        let grown = self.ledger.head().await?.seq != known.head.seq;
        *turn = Instant::now();
        if !grown && !aged {
            return Ok(known);
        }
        let (ledger, newest) = (Arc::clone(&self.ledger), Arc::clone(&self.newest));
        let task = tokio::spawn(async move {
            let made = after(&ledger, Some(&known), now).await;
            *turn = Instant::now();
            let made = Arc::new(made?);
            *newest.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&made);
            drop(turn);
            Ok::<_, StoreError>(made)
        });
        match tokio::time::timeout(WAIT, task).await {
            Ok(Ok(made)) => made,
            // It goes on by itself, or it failed and the next one tries again.
            _ => Ok(self.known()),
        }
    }

    /// An item with every event of its history: a list has only those that say something new.
    pub(crate) async fn whole(&self, item: &Arc<PoamItem>) -> Result<Arc<PoamItem>, StoreError> {
        Ok(match self.ledger.whole(item).await? {
            Cow::Borrowed(_) => Arc::clone(item),
            Cow::Owned(read) => Arc::new(read),
        })
    }

    /// As of now, whatever that takes: for those who have just changed something.
    pub(crate) async fn caught_up(&self, now: Timestamp) -> Result<Arc<Snapshot>, StoreError> {
        let mut turn = self.turn.lock().await;
        let known = self.known();
        let made = Arc::new(after(&self.ledger, Some(&known), now).await?);
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&made);
        *turn = Instant::now();
        Ok(made)
    }

    /// The figures over all items, of a few seconds ago at most while much is being appended.
    pub(crate) async fn figures(&self, now: Timestamp) -> Result<Arc<Figures>, StoreError> {
        const FRESH: Duration = Duration::from_secs(10);
        let snapshot = self.snapshot(now).await?;
        let mut kept = self.figures.lock().await;
        if let Some((made, seq, figures)) = &*kept {
            let same = *seq == snapshot.head.seq && figures.is_of(now);
            if same || made.elapsed() < FRESH {
                return Ok(Arc::clone(figures));
            }
        }
        let (seq, policy) = (snapshot.head.seq, self.policy.clone());
        let made = tokio::task::spawn_blocking(move || Figures::of(&snapshot, &policy, now)).await;
        let figures = Arc::new(made.map_err(|_| StoreError::BadHead)?);
        *kept = Some((Instant::now(), seq, Arc::clone(&figures)));
        Ok(figures)
    }
}

/// Everything as of now; what `known` has of the items that did not change is kept.
async fn after(
    ledger: &Ledger,
    known: Option<&Snapshot>,
    now: Timestamp,
) -> Result<Snapshot, StoreError> {
    let current = ledger.current().await?;
    let beside = beside(ledger, known).await?;
    let words = known.map(|known| known.words.clone()).unwrap_or_default();
    let (head, items) = (current.head().clone(), current.items().to_vec());
    // Thousands of rows keep a thread busy for a while; those that answer others must not wait for it.
    let made = move || Snapshot::of(head, items, words, beside, now);
    tokio::task::spawn_blocking(made).await.map_err(|_| StoreError::BadHead)
}

/// What is read beside items; read anew where it changed.
async fn beside(ledger: &Ledger, known: Option<&Snapshot>) -> Result<Beside, StoreError> {
    let Some(known) = known else {
        return Ok(Beside {
            scans: Arc::new(ledger.scans().await?),
            listed: Arc::new(ledger.inventory().await?),
            reviews: reviews(ledger).await?,
        });
    };
    let changes = ledger.changes_since(known.head.seq).await?;
    let mut beside = known.beside();
    if changes.scanned {
        beside.scans = Arc::new(ledger.scans().await?);
    }
    if changes.listed {
        beside.listed = Arc::new(ledger.inventory().await?);
    }
    if changes.reviewed {
        beside.reviews = reviews(ledger).await?;
    }
    Ok(beside)
}

/// Signed reviews, newest first.
async fn reviews(ledger: &Ledger) -> Result<Arc<Vec<Review>>, StoreError> {
    let mut reviews = ledger.reviews().await?;
    reviews.reverse();
    Ok(Arc::new(reviews))
}
