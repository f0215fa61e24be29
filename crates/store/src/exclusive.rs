//! Being the only one: a lock that goes with its holder, however that one ends.

use crate::pool::Pool;
use crate::{Ledger, StoreError};
use std::fs::{File, TryLockError};

/// A lock that is held until this is dropped or the process ends, even by `kill -9`.
#[expect(dead_code, reason = "it is held, not read")]
pub struct Exclusive(Held);

#[expect(dead_code, reason = "they are held, not read")]
enum Held {
    File(File),
    #[cfg(feature = "postgres")]
    Session(Box<sqlx::PgConnection>),
}

impl Ledger {
    /// Becomes the only one who runs nights on this ledger; `None` when another process is. On a
    /// server this holds for all machines, for a file for those that share its folder.
    ///
    /// # Errors
    /// [`StoreError`] when the lock cannot be asked for.
    pub async fn exclusive(&self) -> Result<Option<Exclusive>, StoreError> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut name = pool.connect_options().get_filename().as_os_str().to_owned();
                name.push(".nightly");
                let path = std::path::PathBuf::from(name);
                let failed = |source| StoreError::File {
                    doing: "lock",
                    path: path.display().to_string(),
                    source,
                };
                let mut options = File::options();
                options.create(true).truncate(false).write(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(&path).map_err(failed)?;
                match file.try_lock() {
                    Ok(()) => Ok(Some(Exclusive(Held::File(file)))),
                    Err(TryLockError::WouldBlock) => Ok(None),
                    Err(TryLockError::Error(error)) => Err(failed(error)),
                }
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                use sqlx::ConnectOptions;
                let asked = async {
                    // A connection of its own: the lock ends with the session.
                    let mut session = pool.connect_options().connect().await?;
                    let locked: bool =
                        sqlx::query_scalar("SELECT pg_try_advisory_lock(5856425911370443380)")
                            .fetch_one(&mut session)
                            .await?;
                    Ok(locked.then(|| Exclusive(Held::Session(Box::new(session)))))
                };
                asked.await.map_err(self.failed("lock"))
            }
        }
    }
}
