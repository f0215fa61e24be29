//! Opening a ledger: making its tables, and refusing what is not ours to write.

use crate::address::Address;
use crate::entry::{Head, genesis};
use crate::error::Failure;
use crate::migrate::{SCHEMA, bring, step_to};
use crate::pool::{PATIENCE, Pool, on_pool};
use crate::statement::{HEAD, META, Steps};
use crate::{Current, StoreError, Stream};
use jiff::Timestamp;
use quietus_model::{Digest, KeyId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// The schema of the tables as they are first made; [`SCHEMA`] is what they are brought to.
const FIRST: u32 = 1;

/// An append-only, hash-chained list of events. Cheap to share by reference among tasks.
pub struct Ledger {
    pub(crate) pool: Pool,
    /// Where it is, for people.
    at: String,
    key_id: KeyId,
    /// When it was made, in microseconds since 1970.
    pub(crate) created: i64,
    /// What its first entry is sealed to.
    pub(crate) genesis: Digest,
    /// The items as they were when somebody last asked.
    pub(crate) current: Mutex<Option<Arc<Current>>>,
}

impl Ledger {
    /// Opens the ledger at `url`, and makes it when there is none: `sqlite:///absolute/path`,
    /// `sqlite://relative/path` or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError`] when the place cannot be used, holds something else, or belongs to another
    /// key or a newer version.
    pub async fn open(url: &str, key_id: &KeyId, now: Timestamp) -> Result<Self, StoreError> {
        Self::open_with(url, key_id, Some(now), PATIENCE).await
    }

    /// Opens the ledger at `url` if there is one.
    ///
    /// # Errors
    /// As [`Ledger::open`], and [`StoreError::Missing`] when there is none.
    pub async fn open_existing(url: &str, key_id: &KeyId) -> Result<Self, StoreError> {
        Self::open_with(url, key_id, None, PATIENCE).await
    }

    pub(crate) async fn open_with(
        url: &str,
        key_id: &KeyId,
        create: Option<Timestamp>,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        let at = address.to_string();
        let pool = Pool::connect(&address, create.is_some(), patience).await?;
        match Self::begin(&pool, &at, key_id, create).await {
            Ok(Described { genesis, created, .. }) => {
                let current = Mutex::default();
                Ok(Self { pool, at, key_id: key_id.clone(), created, genesis, current })
            }
            Err(failure) => Err(failure.told(&at, "open")),
        }
    }

    /// Makes the tables when there are none, then checks whose they are.
    async fn begin(
        pool: &Pool,
        at: &str,
        key_id: &KeyId,
        create: Option<Timestamp>,
    ) -> Result<Described, Failure> {
        let tables = pool.tables();
        let (all, ours): (i64, i64) =
            on_pool!(pool, pool => sqlx::query_as(tables).fetch_one(pool).await?);
        match (all, ours, create) {
            (0, _, Some(now)) => make(pool, key_id, now).await?,
            (0, _, None) => return Err(StoreError::Missing { at: at.to_owned() }.into()),
            (_, 3.., _) => {}
            _ => return Err(not_ours(at, "it holds tables of another program").into()),
        }
        let described = described(pool, at, key_id).await?;
        match described.schema {
            SCHEMA => {}
            // A file belongs to whoever writes it.
            _ if pool.sqlite().is_some() => bring(pool, SCHEMA).await?,
            found => {
                return Err(StoreError::Older { at: at.to_owned(), found, ours: SCHEMA }.into());
            }
        }
        pool.settle().await?;
        Ok(described)
    }

    /// Where it is, without user and password.
    pub fn location(&self) -> &str {
        &self.at
    }

    /// The key its fingerprints are made under.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The last entry.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn head(&self) -> Result<Head, StoreError> {
        let row = on_pool!(&self.pool, pool => sqlx::query_as(HEAD).fetch_optional(pool).await);
        row.map_err(self.failed("read"))?.ok_or(StoreError::BadHead).and_then(Head::of)
    }

    /// The newest version of a stream, 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn version(&self, stream: &Stream) -> Result<u64, StoreError> {
        let stream = stream.to_string();
        let version = on_pool!(&self.pool, pool => match pool.acquire().await {
            Ok(mut connection) => connection.version_of(&stream).await,
            Err(error) => Err(error),
        });
        version.map(i64::cast_unsigned).map_err(self.failed("read"))
    }

    /// Ends all connections. Dropping does so as well, only later.
    pub async fn close(self) {
        on_pool!(&self.pool, pool => pool.close().await);
    }

    /// Tells a failure of the database in words.
    pub(crate) fn failed(&self, doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError + '_ {
        move |error| Failure::Sql(error).told(&self.at, doing)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({}, key {})", self.at, self.key_id)
    }
}

/// Makes the tables and writes the beginning, unless another process was faster.
async fn make(pool: &Pool, key_id: &KeyId, now: Timestamp) -> Result<(), Failure> {
    let (tables, schema, begin) = (pool.tables(), pool.schema(), pool.begin_creation());
    on_pool!(pool, pool => {
        let mut transaction = pool.begin_with(begin).await?;
        let (found, _): (i64, i64) = sqlx::query_as(tables).fetch_one(&mut *transaction).await?;
        if found == 0 {
            sqlx::raw_sql(schema).execute(&mut *transaction).await?;
            describe(&mut *transaction, key_id, now).await?;
            step_to(&mut *transaction, SCHEMA).await?;
        }
        transaction.commit().await?;
    });
    Ok(())
}

async fn describe(steps: &mut impl Steps, key_id: &KeyId, now: Timestamp) -> sqlx::Result<()> {
    let created = now.as_microsecond().to_string();
    steps.describe("schema", &FIRST.to_string()).await?;
    steps.describe("key_id", key_id.as_str()).await?;
    steps.describe("created", &created).await?;
    steps.begin_chain(genesis(key_id, &created).as_str()).await
}

/// What a ledger says of itself.
pub(crate) struct Described {
    pub(crate) schema: u32,
    pub(crate) created: i64,
    /// What its first entry is sealed to.
    pub(crate) genesis: Digest,
}

/// Reads whose ledger it is; refuses another key's, and what a newer version made.
pub(crate) async fn described(pool: &Pool, at: &str, key_id: &KeyId) -> Result<Described, Failure> {
    let rows: Vec<(String, String)> =
        on_pool!(pool, pool => sqlx::query_as(META).fetch_all(pool).await?);
    let meta: HashMap<String, String> = rows.into_iter().collect();
    let value = |name: &str| {
        meta.get(name).ok_or_else(|| not_ours(at, &format!("its table meta has no {name}")))
    };
    let number = |name| not_ours(at, &format!("the {name} in its table meta is no number"));
    let schema: u32 = value("schema")?.parse().map_err(|_| number("schema"))?;
    if schema > SCHEMA || schema == 0 {
        return Err(StoreError::Newer { at: at.to_owned(), found: schema, ours: SCHEMA }.into());
    }
    let ledger = KeyId::from(value("key_id")?.clone());
    if ledger != *key_id {
        let ours = key_id.clone();
        return Err(StoreError::OtherKey { at: at.to_owned(), ledger, ours }.into());
    }
    // Sealed as it is written, to the character.
    let text = value("created")?;
    let created = text.parse().map_err(|_| number("date"))?;
    Ok(Described { schema, created, genesis: genesis(&ledger, text) })
}

pub(crate) fn not_ours(at: &str, why: &str) -> StoreError {
    StoreError::NotALedger { at: at.to_owned(), why: why.to_owned() }
}
