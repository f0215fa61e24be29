//! Reading the inventory and the nights back.

use crate::entry::{Entry, Row};
use crate::pool::on_pool;
use crate::statement::INVENTORY;
use crate::{Ledger, StoreError, Stream};
use futures_util::TryStreamExt;
use quietus_poam::{InventoryRecord, Listed, NightRecord};

impl Ledger {
    /// Every repository of the inventory, in the order of their ids, retired ones included.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names the first entry that this version does not understand.
    pub async fn inventory(&self) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        let mut of_one: Vec<(Entry, InventoryRecord)> = Vec::new();
        on_pool!(&self.pool, pool => {
            let mut rows = sqlx::query_as::<_, Row>(INVENTORY).fetch(pool);
            while let Some(row) = rows.try_next().await.map_err(self.failed("read"))? {
                let entry = Entry::from(row);
                if of_one.first().is_some_and(|(first, _)| first.stream != entry.stream) {
                    listed.extend(fold(&std::mem::take(&mut of_one))?);
                }
                let record = entry.parse()?;
                of_one.push((entry, record));
            }
        });
        listed.extend(fold(&of_one)?);
        Ok(listed)
    }

    /// The nights, oldest first. Their number is the version of the stream.
    ///
    /// # Errors
    /// As [`Ledger::inventory`].
    pub async fn nights(&self) -> Result<Vec<NightRecord>, StoreError> {
        let entries = self.stream(&Stream::Nights.to_string()).await?;
        entries.iter().map(Entry::parse).collect()
    }
}

fn fold(entries: &[(Entry, InventoryRecord)]) -> Result<Option<Listed>, StoreError> {
    let Some((first, _)) = entries.first() else { return Ok(None) };
    let unreadable = |reason: &str| first.unreadable(reason.to_owned());
    let Ok(Stream::Inventory(id)) = first.stream.parse() else {
        return Err(unreadable("it is no repository of the inventory"));
    };
    let records: Vec<InventoryRecord> = entries.iter().map(|(_, record)| record.clone()).collect();
    let listed = Listed::fold(id, &records);
    listed.map(Some).ok_or_else(|| unreadable("it does not begin with how it was added"))
}
