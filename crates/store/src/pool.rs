//! Connections to one of the two databases, and the few things in which they differ.

use crate::StoreError;
use crate::address::Address;
use crate::error::{Failure, is_locked};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a writer waits for its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Connections to one of the two databases.
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

/// Runs the same words on either database.
macro_rules! on_pool {
    ($pool:expr, $name:ident => $body:expr) => {
        match $pool {
            $crate::pool::Pool::Sqlite($name) => $body,
            #[cfg(feature = "postgres")]
            $crate::pool::Pool::Postgres($name) => $body,
        }
    };
}
pub(crate) use on_pool;

impl Pool {
    /// Connects. A missing file is made, owner-only, when `create` says so.
    pub(crate) async fn connect(
        address: &Address,
        create: bool,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let failed = |error: sqlx::Error| Failure::Sql(error).told(&address.to_string(), "open");
        match address {
            Address::Sqlite(path) => {
                prepare_file(path, create)?;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(false)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(patience)
                    // A file from elsewhere may carry triggers of its own.
                    .pragma("trusted_schema", "OFF");
                let options = sqlx::ConnectOptions::disable_statement_logging(options);
                let pool = SqlitePoolOptions::new()
                    .max_connections(4)
                    .acquire_timeout(patience * 2)
                    .connect_with(options);
                Ok(Self::Sqlite(pool.await.map_err(failed)?))
            }
            #[cfg(feature = "postgres")]
            Address::Postgres(options) => Self::connect_postgres(options, patience, failed).await,
        }
    }

    #[cfg(feature = "postgres")]
    async fn connect_postgres(
        options: &sqlx::postgres::PgConnectOptions,
        patience: Duration,
        failed: impl Fn(sqlx::Error) -> StoreError,
    ) -> Result<Self, StoreError> {
        use sqlx::{ConnectOptions, Connection};
        // The pool would try a refused connection again and again until its time is up; one
        // connection by itself says at once what is wrong.
        let silent = || sqlx::Error::Io(io::Error::from(io::ErrorKind::TimedOut));
        let first = tokio::time::timeout(patience, options.connect());
        first
            .await
            .map_err(|_| failed(silent()))?
            .map_err(&failed)?
            .close()
            .await
            .map_err(&failed)?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(patience * 2)
            .connect_lazy_with(options.clone());
        Ok(Self::Postgres(pool))
    }

    /// The file's connections, if it is a file.
    pub(crate) fn sqlite(&self) -> Option<&SqlitePool> {
        match self {
            Self::Sqlite(pool) => Some(pool),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }

    /// What makes the tables.
    pub(crate) fn schema(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => include_str!("../schema/sqlite.sql"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => include_str!("../schema/postgres.sql"),
        }
    }

    /// Begins the transaction that makes the tables, and waits until no other process is at it.
    pub(crate) fn begin_creation(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                // The number is any number that no other program is likely to lock.
                "BEGIN ISOLATION LEVEL READ COMMITTED; \
                 SELECT pg_advisory_xact_lock(5856425911370443379)"
            }
        }
    }

    /// Begins an append. What follows its first statement must see what the writer before it
    /// committed, whatever the server's default is; and nobody waits for ever.
    pub(crate) fn begin_append(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '30s'"
            }
        }
    }

    /// Begins a transaction that takes work, and waits until no other one does.
    pub(crate) fn begin_taking(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '30s'; \
                 SELECT pg_advisory_xact_lock(5856425911370443381)"
            }
        }
    }

    /// The server's time in microseconds since 1970; a file has none.
    pub(crate) fn time(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                Some("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")
            }
        }
    }

    /// Begins a transaction in which all reading is of one moment.
    pub(crate) fn begin_read(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// How many tables there are, and how many of them are ours.
    pub(crate) fn tables(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => {
                "SELECT COUNT(*), COUNT(CASE WHEN name IN ('meta', 'entry', 'head') THEN 1 END) \
                 FROM sqlite_master WHERE type = 'table'"
            }
            // A team may keep other tables beside ours: only ours are counted.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                "SELECT COUNT(*), COUNT(*) FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name IN ('meta', 'entry', 'head')"
            }
        }
    }

    /// Lets readers and a writer work side by side. Of a file this is remembered, so nothing
    /// happens the second time; it is done only once the file is known to be ours.
    pub(crate) async fn settle(&self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(pool) => settle_sqlite(pool).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// SQLite does not wait for others here, whatever its patience elsewhere: when several processes
/// make one ledger, this one tries again for some seconds.
async fn settle_sqlite(pool: &SqlitePool) -> sqlx::Result<()> {
    let mut attempts = 0..200;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(pool).await {
            Err(error) if is_locked(&error) && attempts.next().is_some() => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            settled => return settled.map(drop),
        }
    }
}

/// Checks what can be checked without opening the file, and makes an empty one when asked.
///
/// An existing file is not opened here: closing it again would drop the locks that another ledger
/// of this process holds on it. For the same reason only one thread makes a file at a time.
fn prepare_file(path: &Path, create: bool) -> Result<(), StoreError> {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let file = |doing, path: &Path, source| StoreError::File {
        doing,
        path: path.display().to_string(),
        source,
    };
    let at = || format!("sqlite://{}", path.display());
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(StoreError::NotALedger { at: at(), why: "it is no file".to_owned() }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file("look at", path, error)),
        Err(_) if !create => Err(StoreError::Missing { at: at() }),
        Err(_) => {
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                make_folder(parent).map_err(|error| file("make the folder", parent, error))?;
            }
            match new_file(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                made => made.map_err(|error| file("make", path, error)),
            }
        }
    }
}

/// Makes missing folders, for their owner only.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes an empty file, for its owner only; SQLite gives its companions the same rights.
pub(crate) fn new_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
