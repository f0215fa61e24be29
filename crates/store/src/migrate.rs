//! Bringing a ledger's tables from one schema to another, in both directions. No entry is touched.

use crate::address::Address;
use crate::error::Failure;
use crate::ledger::{described, not_ours};
use crate::pool::{PATIENCE, Pool, on_pool};
use crate::statement::Steps;
use crate::{Ledger, StoreError};
use quietus_model::KeyId;

/// The schema this version writes.
pub const SCHEMA: u32 = 2;

/// What makes the next schema of one, and what takes that back.
struct Migration {
    up: &'static str,
    down: &'static str,
}

/// From 1 to 2, from 2 to 3, and so on.
const MIGRATIONS: [Migration; 1] = [Migration {
    up: include_str!("../schema/2-up.sql"),
    down: include_str!("../schema/2-down.sql"),
}];

impl Ledger {
    /// Brings the ledger at `url` to the schema `to`; gives the one it had. Whole or not at all, and
    /// the history stays as it is. A ledger on a server is to be brought up when nobody runs an older
    /// version any more, and may be brought back for them.
    ///
    /// # Errors
    /// [`StoreError::NoSchema`] when this version does not know `to`; else as
    /// [`Ledger::open_existing`].
    pub async fn migrate(url: &str, key_id: &KeyId, to: u32) -> Result<u32, StoreError> {
        if !(1..=SCHEMA).contains(&to) {
            return Err(StoreError::NoSchema { wanted: to, ours: SCHEMA });
        }
        let address = Address::parse(url)?;
        let at = address.to_string();
        let pool = Pool::connect(&address, false, PATIENCE).await?;
        let brought = migrated(&pool, &at, key_id, to).await;
        on_pool!(&pool, pool => pool.close().await);
        brought.map_err(|failure| failure.told(&at, "migrate"))
    }
}

async fn migrated(pool: &Pool, at: &str, key_id: &KeyId, to: u32) -> Result<u32, Failure> {
    let tables = pool.tables();
    let (all, ours): (i64, i64) =
        on_pool!(pool, pool => sqlx::query_as(tables).fetch_one(pool).await?);
    match (all, ours) {
        (0, _) => return Err(StoreError::Missing { at: at.to_owned() }.into()),
        (_, 3..) => {}
        _ => return Err(not_ours(at, "it holds tables of another program").into()),
    }
    let found = described(pool, at, key_id).await?.schema;
    bring(pool, to).await?;
    Ok(found)
}

/// Brings the tables to the schema `to`, one process at a time.
pub(crate) async fn bring(pool: &Pool, to: u32) -> Result<(), Failure> {
    let begin = pool.begin_creation();
    on_pool!(pool, pool => {
        let mut transaction = pool.begin_with(begin).await?;
        step_to(&mut *transaction, to).await?;
        transaction.commit().await?;
    });
    Ok(())
}

/// As [`bring`], inside the caller's transaction.
pub(crate) async fn step_to(steps: &mut impl Steps, to: u32) -> sqlx::Result<()> {
    // Read anew: another process may have been faster.
    let mut found = steps.schema().await?;
    while found != i64::from(to) {
        let (place, next) =
            if found < i64::from(to) { (found - 1, found + 1) } else { (found - 2, found - 1) };
        let Some(migration) = usize::try_from(place).ok().and_then(|place| MIGRATIONS.get(place))
        else {
            return Ok(()); // of another version: whoever opens it next is told
        };
        steps.run(if next > found { migration.up } else { migration.down }).await?;
        found = next;
        steps.set_schema(found).await?;
    }
    Ok(())
}
