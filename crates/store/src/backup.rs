//! A whole copy of a ledger while others go on writing to it.

use crate::pool::new_file;
use crate::{Ledger, StoreError};
use std::fs;
use std::io;
use std::path::Path;

impl Ledger {
    /// Copies the ledger into a new file at `to`, which must not exist yet. The copy is itself a
    /// ledger.
    ///
    /// # Errors
    /// [`StoreError::File`] when the file exists or cannot be made; [`StoreError::BackupElsewhere`]
    /// for a ledger on PostgreSQL. No half copy is left behind.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let failed = |source| StoreError::File {
            doing: "write the backup",
            path: to.display().to_string(),
            source,
        };
        let pool = self.pool.sqlite().ok_or(StoreError::BackupElsewhere)?;
        let name = to.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        new_file(to).map_err(failed)?;
        // SQLite fills an empty file as it would a missing one, and keeps its rights.
        let copied = sqlx::query("VACUUM INTO $1").bind(name).execute(pool).await;
        let copied = copied
            .map_err(self.failed("copy"))
            .and_then(|_| fs::File::open(to).and_then(|file| file.sync_all()).map_err(failed));
        if copied.is_err() {
            let _ = fs::remove_file(to);
        }
        copied
    }
}
