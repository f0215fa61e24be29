//! The SQL, written once: both databases take the same text.
//!
//! Times are microseconds since 1970 in UTC, bodies are JSON text, and streams compare by their
//! bytes, so that all items lie between `item:` and `item;` (the character after the colon).

use crate::Lease;
use crate::abridged::Kept;
use crate::entry::{Entry, Row};

/// All rows of `meta`.
pub(crate) const META: &str = "SELECT name, value FROM meta";

/// Where the ledger ends.
pub(crate) const HEAD: &str = "SELECT seq, hash FROM head WHERE id = 1";

/// Every event of every item, item by item.
pub(crate) const ITEMS: &str = "SELECT seq, stream, version, recorded_at, body, prev, hash \
     FROM entry WHERE stream >= 'item:' AND stream < 'item;' ORDER BY stream, version";

/// Every event of every item after the entry `$1`, in the order of the ledger, beside the head. Written
/// so that the place in the ledger is what it is looked up by.
pub(crate) const TAIL: &str = "SELECT h.seq, h.hash, e.seq, e.stream, e.version, e.recorded_at, \
     e.body, e.prev, e.hash FROM head h \
     LEFT JOIN entry e ON e.seq > $1 AND SUBSTR(e.stream, 1, 5) = 'item:' \
     WHERE h.id = 1 ORDER BY e.seq";

/// The entries of one stream.
pub(crate) const STREAM: &str = "SELECT seq, stream, version, recorded_at, body, prev, hash \
     FROM entry WHERE stream = $1 ORDER BY version";

/// Every scan of every repository.
pub(crate) const SCANS: &str = "SELECT seq, stream, version, recorded_at, body, prev, hash \
     FROM entry WHERE stream >= 'repository:' AND stream < 'repository;' ORDER BY stream, version";

/// Every event of the inventory, repository by repository.
pub(crate) const INVENTORY: &str = "SELECT seq, stream, version, recorded_at, body, prev, hash \
     FROM entry WHERE stream >= 'inventory:' AND stream < 'inventory;' ORDER BY stream, version";

/// The number of the item whose first entry is `$1`.
pub(crate) const NUMBER: &str = "SELECT COUNT(*) FROM entry WHERE version = 1 AND seq <= $1 \
     AND stream >= 'item:' AND stream < 'item;'";

/// The stream of the item that comes after `$1` others.
pub(crate) const NUMBERED: &str = "SELECT stream FROM entry WHERE version = 1 \
     AND stream >= 'item:' AND stream < 'item;' ORDER BY seq LIMIT 1 OFFSET $1";

/// The streams from `$1` up to `$2`, in the order of their first entries.
pub(crate) const NAMED: &str = "SELECT stream FROM entry WHERE version = 1 \
     AND stream >= $1 AND stream < $2 ORDER BY seq";

/// The streams that have entries after `$1`, up to `$2`.
pub(crate) const CHANGED: &str =
    "SELECT DISTINCT stream FROM entry WHERE seq > $1 AND seq <= $2 ORDER BY stream";

/// How often a survey was counted, for any repository.
pub(crate) const SURVEY: &str = "SELECT COUNT(*) FROM survey WHERE id = $1";

/// The whole chain beside its head in one statement, so that both are of one moment. With each
/// entry come the one before it in its stream and the survey it counted. An empty ledger gives one
/// row without an entry.
pub(crate) const CHAIN: &str = "SELECT h.seq, h.hash, e.seq, e.stream, e.version, e.recorded_at, \
     e.body, e.prev, e.hash, p.seq, s.id, s.repository \
     FROM head h LEFT JOIN entry e ON e.seq > 0 \
     LEFT JOIN entry p ON p.stream = e.stream AND p.version = e.version - 1 \
     LEFT JOIN survey s ON s.seq = e.seq \
     WHERE h.id = 1 ORDER BY e.seq";

/// Up to which entry the items are abridged by the rules `$1`.
pub(crate) const UNTIL: &str = "SELECT seq FROM abridged_until WHERE id = 1 AND rules = $1";

/// What is kept of every item.
pub(crate) const ABRIDGED: &str = "SELECT stream, first, version, body FROM abridged";

/// The next `$2` of them after `$1`.
pub(crate) const KEPT: &str = "SELECT stream, first, version, body FROM abridged \
     WHERE stream > $1 ORDER BY stream LIMIT $2";

/// From now on `$1` abridges everything anew; until it is done, nothing counts as abridged.
pub(crate) const BEGIN_ABRIDGING: &str = "INSERT INTO abridged_until (id, rules, seq, maker) \
     VALUES (1, 0, 0, $1) ON CONFLICT (id) DO UPDATE SET rules = 0, seq = 0, maker = $1";

/// Forgets what is abridged.
pub(crate) const DROP_ABRIDGED: &str = "DELETE FROM abridged";

/// `$3` is done by the rules `$1`, up to the entry `$2`.
pub(crate) const END_ABRIDGING: &str =
    "UPDATE abridged_until SET rules = $1, seq = $2 WHERE id = 1 AND maker = $3";

/// The next `$3` entries of items after the stream `$1`, up to the entry `$2`, item by item.
pub(crate) const RANGE: &str = "SELECT seq, stream, version, recorded_at, body, prev, hash FROM entry \
     WHERE stream > $1 AND stream < 'item;' AND seq <= $2 ORDER BY stream, version LIMIT $3";

/// The hash of an entry.
pub(crate) const HASH: &str = "SELECT hash FROM entry WHERE seq = $1";

/// The next `$2` entries after `$1`, each with the survey it counted.
pub(crate) const AFTER: &str = "SELECT e.seq, e.stream, e.version, e.recorded_at, e.body, e.prev, \
     e.hash, s.id, s.repository FROM entry e LEFT JOIN survey s ON s.seq = e.seq \
     WHERE e.seq > $1 ORDER BY e.seq LIMIT $2";

/// The work of a night: what is yet to be done, and by whom. It is no part of the chain, and may be
/// dropped: then the night begins anew. `queue` is the host that a repository is fetched from, empty
/// for a folder; `until` is when a lease runs out, or before when a waiting piece is not to be taken.
pub(crate) const MAKE_WORK: &str = "CREATE TABLE IF NOT EXISTS night_work ( \
     repository TEXT PRIMARY KEY, night TEXT NOT NULL, place BIGINT NOT NULL, queue TEXT NOT NULL, \
     state TEXT NOT NULL, fetching BIGINT NOT NULL, starts BIGINT NOT NULL, token BIGINT NOT NULL, \
     worker TEXT NOT NULL, until BIGINT NOT NULL, reason TEXT NOT NULL)";

/// Puts a repository on the list of a night, unless it is parked.
pub(crate) const PUT: &str = "INSERT INTO night_work \
     (repository, night, place, queue, state, fetching, starts, token, worker, until, reason) \
     VALUES ($1, $2, $3, $4, 'waiting', 0, 0, 0, '', 0, '') ON CONFLICT (repository) DO UPDATE \
     SET night = $2, place = $3, queue = $4, fetching = 0, until = 0, \
     token = night_work.token + 1, \
     state = CASE night_work.state WHEN 'parked' THEN 'parked' ELSE 'waiting' END, \
     starts = CASE night_work.state WHEN 'parked' THEN night_work.starts ELSE 0 END \
     WHERE night_work.night <> $2";

/// Parks what ended as many workers as it may: those whose lease `$2` ran out.
pub(crate) const PARK: &str = "UPDATE night_work SET state = 'parked', token = token + 1, \
     reason = 'its worker ended ' || starts || ' times while at it' \
     WHERE night = $1 AND state = 'taken' AND until < $2 AND starts >= $3";

/// Takes the next piece of work of which not `$5` others of the same host are being fetched at this
/// moment. Takers come one after the other, so that no two see the same room.
pub(crate) const TAKE: &str = "UPDATE night_work SET state = 'taken', fetching = 1, \
     starts = starts + 1, token = token + 1, worker = $1, until = $2 \
     WHERE repository = (SELECT repository FROM night_work WHERE night = $4 \
     AND ((state = 'waiting' AND until <= $3) OR (state = 'taken' AND until < $3)) \
     AND queue NOT IN (SELECT busy.queue FROM night_work busy WHERE busy.state = 'taken' \
     AND busy.fetching = 1 AND busy.until >= $3 AND busy.queue <> '' \
     GROUP BY busy.queue HAVING COUNT(*) >= $5) \
     ORDER BY place, repository LIMIT 1) \
     RETURNING repository, token, starts";

/// Keeps a piece of work for longer.
pub(crate) const KEEP: &str = "UPDATE night_work SET until = $1 \
     WHERE repository = $2 AND token = $3 AND state = 'taken'";

/// A repository was fetched: others of its host may be.
pub(crate) const FETCHED: &str = "UPDATE night_work SET fetching = 0 \
     WHERE repository = $1 AND token = $2 AND state = 'taken'";

/// A piece of work is done.
const FINISH: &str = "UPDATE night_work SET state = 'done', worker = '', reason = '' \
     WHERE repository = $1 AND token = $2 AND state = 'taken'";

/// Gives a piece of work back, not to be taken before `$3`, or parks it.
pub(crate) const GIVE_BACK: &str = "UPDATE night_work SET state = $1, reason = $2, worker = '', \
     until = $3 WHERE repository = $4 AND token = $5 AND state = 'taken'";

/// Leaves the host of a repository alone until `$1`.
pub(crate) const PAUSE: &str = "UPDATE night_work SET until = $1 \
     WHERE state = 'waiting' AND until < $1 AND queue <> '' \
     AND queue = (SELECT queue FROM night_work WHERE repository = $2)";

/// Takes a parked repository back.
pub(crate) const RETRY: &str = "UPDATE night_work SET state = 'waiting', starts = 0, until = 0, \
     reason = '' WHERE repository = $1 AND state = 'parked'";

/// The work of a night, in its order.
pub(crate) const WORK: &str = "SELECT repository, state, starts, token, worker, until, reason \
     FROM night_work WHERE night = $1 ORDER BY place, repository";

/// What is parked, of any night.
pub(crate) const PARKED: &str = "SELECT repository, state, starts, token, worker, until, reason \
     FROM night_work WHERE state = 'parked' ORDER BY repository";

/// The steps of a transaction that writes, by name.
pub(crate) trait Steps {
    /// Takes `count` places at the end: the last of them, and the hash before the first. Being
    /// first in its transaction it also lets one writer in at a time, on both databases.
    async fn advance(&mut self, count: i64) -> sqlx::Result<Option<(i64, String)>>;
    /// The newest version of a stream, 0 when there is none.
    async fn version_of(&mut self, stream: &str) -> sqlx::Result<i64>;
    /// Adds one entry.
    async fn insert(&mut self, entry: &Entry) -> sqlx::Result<()>;
    /// Whether a survey was counted for a repository.
    async fn is_counted(&mut self, survey: &str, repository: &str) -> sqlx::Result<bool>;
    /// Notes that the entry `seq` counts a survey for a repository.
    async fn count(&mut self, seq: i64, survey: &str, repository: &str) -> sqlx::Result<()>;
    /// Writes the hash of the last entry into the head.
    async fn seal(&mut self, hash: &str) -> sqlx::Result<()>;
    /// Writes a row of `meta`.
    async fn describe(&mut self, name: &str, value: &str) -> sqlx::Result<()>;
    /// The schema that `meta` names.
    async fn schema(&mut self) -> sqlx::Result<i64>;
    /// Names another one there.
    async fn set_schema(&mut self, schema: i64) -> sqlx::Result<()>;
    /// Runs statements of ours.
    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()>;
    /// Writes the head of an empty ledger.
    async fn begin_chain(&mut self, genesis: &str) -> sqlx::Result<()>;
    /// Notes that a piece of work is done; false when it is no more that of `lease`.
    async fn finish(&mut self, lease: &Lease) -> sqlx::Result<bool>;
    /// Up to which entry the items are abridged; nobody else abridges until the end of this
    /// transaction. `None` when they are not, by these rules.
    async fn lock_abridged(&mut self, rules: i64) -> sqlx::Result<Option<i64>>;
    /// Whether it is still `maker` who abridges everything; nobody else begins until the end of this
    /// transaction.
    async fn is_maker(&mut self, maker: &str) -> sqlx::Result<bool>;
    /// The entries of items after `from`, up to `to`, in the order of the ledger.
    async fn between(&mut self, from: i64, to: i64) -> sqlx::Result<Vec<Row>>;
    /// What is kept of one item.
    async fn abridged(&mut self, stream: &str) -> sqlx::Result<Option<Kept>>;
    /// Keeps that of one item.
    async fn put_abridged(&mut self, kept: &Kept) -> sqlx::Result<()>;
    /// Notes up to which entry the items are abridged.
    async fn set_abridged(&mut self, seq: i64) -> sqlx::Result<()>;
}

macro_rules! steps_on {
    ($connection:ty) => {
        impl Steps for $connection {
            async fn advance(&mut self, count: i64) -> sqlx::Result<Option<(i64, String)>> {
                sqlx::query_as("UPDATE head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash")
                    .bind(count)
                    .fetch_optional(self)
                    .await
            }

            async fn version_of(&mut self, stream: &str) -> sqlx::Result<i64> {
                sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM entry WHERE stream = $1")
                    .bind(stream)
                    .fetch_one(self)
                    .await
            }

            async fn insert(&mut self, entry: &Entry) -> sqlx::Result<()> {
                sqlx::query(
                    "INSERT INTO entry (seq, stream, version, recorded_at, body, prev, hash) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(entry.seq)
                .bind(&entry.stream)
                .bind(entry.version)
                .bind(entry.recorded_at)
                .bind(&entry.body)
                .bind(&entry.prev)
                .bind(&entry.hash)
                .execute(self)
                .await
                .map(drop)
            }

            async fn is_counted(&mut self, survey: &str, repository: &str) -> sqlx::Result<bool> {
                sqlx::query_scalar("SELECT COUNT(*) FROM survey WHERE id = $1 AND repository = $2")
                    .bind(survey)
                    .bind(repository)
                    .fetch_one(self)
                    .await
                    .map(|count: i64| count > 0)
            }

            async fn count(
                &mut self,
                seq: i64,
                survey: &str,
                repository: &str,
            ) -> sqlx::Result<()> {
                sqlx::query("INSERT INTO survey (seq, id, repository) VALUES ($1, $2, $3)")
                    .bind(seq)
                    .bind(survey)
                    .bind(repository)
                    .execute(self)
                    .await
                    .map(drop)
            }

            async fn seal(&mut self, hash: &str) -> sqlx::Result<()> {
                sqlx::query("UPDATE head SET hash = $1 WHERE id = 1")
                    .bind(hash)
                    .execute(self)
                    .await
                    .map(drop)
            }

            async fn describe(&mut self, name: &str, value: &str) -> sqlx::Result<()> {
                sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2)")
                    .bind(name)
                    .bind(value)
                    .execute(self)
                    .await
                    .map(drop)
            }

            async fn finish(&mut self, lease: &Lease) -> sqlx::Result<bool> {
                sqlx::query(FINISH)
                    .bind(lease.repository.as_str())
                    .bind(lease.token)
                    .execute(self)
                    .await
                    .map(|done| done.rows_affected() == 1)
            }

            async fn schema(&mut self) -> sqlx::Result<i64> {
                let value: String =
                    sqlx::query_scalar("SELECT value FROM meta WHERE name = 'schema'")
                        .fetch_one(self)
                        .await?;
                value.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
            }

            async fn set_schema(&mut self, schema: i64) -> sqlx::Result<()> {
                sqlx::query("UPDATE meta SET value = $1 WHERE name = 'schema'")
                    .bind(schema.to_string())
                    .execute(self)
                    .await
                    .map(drop)
            }

            async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
                sqlx::raw_sql(sql).execute(self).await.map(drop)
            }

            async fn lock_abridged(&mut self, rules: i64) -> sqlx::Result<Option<i64>> {
                sqlx::query_scalar(
                    "UPDATE abridged_until SET maker = maker \
                     WHERE id = 1 AND rules = $1 RETURNING seq",
                )
                .bind(rules)
                .fetch_optional(self)
                .await
            }

            async fn is_maker(&mut self, maker: &str) -> sqlx::Result<bool> {
                sqlx::query("UPDATE abridged_until SET maker = maker WHERE id = 1 AND maker = $1")
                    .bind(maker)
                    .execute(self)
                    .await
                    .map(|done| done.rows_affected() == 1)
            }

            async fn between(&mut self, from: i64, to: i64) -> sqlx::Result<Vec<Row>> {
                sqlx::query_as(
                    "SELECT seq, stream, version, recorded_at, body, prev, hash FROM entry \
                     WHERE seq > $1 AND seq <= $2 AND SUBSTR(stream, 1, 5) = 'item:' ORDER BY seq",
                )
                .bind(from)
                .bind(to)
                .fetch_all(self)
                .await
            }

            async fn abridged(&mut self, stream: &str) -> sqlx::Result<Option<Kept>> {
                sqlx::query_as("SELECT stream, first, version, body FROM abridged WHERE stream = $1")
                    .bind(stream)
                    .fetch_optional(self)
                    .await
            }

            async fn put_abridged(&mut self, kept: &Kept) -> sqlx::Result<()> {
                sqlx::query(
                    "INSERT INTO abridged (stream, first, version, body) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (stream) DO UPDATE SET first = $2, version = $3, body = $4",
                )
                .bind(&kept.0)
                .bind(kept.1)
                .bind(kept.2)
                .bind(&kept.3)
                .execute(self)
                .await
                .map(drop)
            }

            async fn set_abridged(&mut self, seq: i64) -> sqlx::Result<()> {
                sqlx::query("UPDATE abridged_until SET seq = $1 WHERE id = 1")
                    .bind(seq)
                    .execute(self)
                    .await
                    .map(drop)
            }

            async fn begin_chain(&mut self, genesis: &str) -> sqlx::Result<()> {
                sqlx::query("INSERT INTO head (id, seq, hash) VALUES (1, 0, $1)")
                    .bind(genesis)
                    .execute(self)
                    .await
                    .map(drop)
            }
        }
    };
}

steps_on!(sqlx::SqliteConnection);
#[cfg(feature = "postgres")]
steps_on!(sqlx::PgConnection);
