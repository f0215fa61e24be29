//! What can go wrong with a ledger, and what to do about it.

use crate::{Fault, Stream};
use quietus_model::{KeyId, RepositoryId, SafeText, SurveyId};
use quietus_poam::FoldError;
use std::io;

/// Why a ledger could not be opened, read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The text names no ledger.
    #[error("\"{url}\" names no ledger: {why}")]
    Address {
        /// The text, without user-info.
        url: SafeText,
        /// What is expected.
        why: String,
    },
    /// There is none.
    #[error(
        "there is no ledger at {at}: `quietus init` or the first `quietus track` makes one; \
         name another with --ledger or QUIETUS_LEDGER"
    )]
    Missing {
        /// Where it was looked for.
        at: String,
    },
    /// Something else is there.
    #[error("{at} is not a Quietus ledger: {why}; name another with --ledger or QUIETUS_LEDGER")]
    NotALedger {
        /// Where.
        at: String,
        /// What is there instead.
        why: String,
    },
    /// A newer version made it.
    #[error(
        "the ledger {at} has schema {found}, this version of Quietus knows schema {ours} at most: \
         upgrade Quietus"
    )]
    Newer {
        /// Where.
        at: String,
        /// Its schema.
        found: u32,
        /// The newest schema that is known here.
        ours: u32,
    },
    /// Its fingerprints were made under another key.
    #[error(
        "the ledger {at} belongs to key {ledger}, the key in use is {ours}: bring the ledger's key \
         with `quietus init --key-from`, or name another ledger with --ledger"
    )]
    OtherKey {
        /// Where.
        at: String,
        /// The ledger's key.
        ledger: KeyId,
        /// The key in use.
        ours: KeyId,
    },
    /// Somebody else appended first.
    #[error(
        "{stream} has changed since it was read: it was at version {expected} and is at version \
         {found} now; nothing was appended, read it again and decide anew"
    )]
    Conflict {
        /// What changed.
        stream: Stream,
        /// The version the append was decided on.
        expected: u64,
        /// The version it has.
        found: u64,
    },
    /// A survey counts once.
    #[error("survey {survey} was already counted for {repository}: nothing was appended")]
    SurveyAlreadyCounted {
        /// The survey.
        survey: SurveyId,
        /// The repository.
        repository: RepositoryId,
    },
    /// Another worker has taken over the piece of work that this was the outcome of.
    #[error(
        "another worker has taken {repository} over meanwhile: what this one found was not recorded"
    )]
    Fenced {
        /// The repository.
        repository: RepositoryId,
    },
    /// Another process holds it.
    #[error(
        "the ledger {at} stayed locked by another process while trying to {doing} it: try again \
         when that one is done"
    )]
    Locked {
        /// Where.
        at: String,
        /// What was tried.
        doing: &'static str,
    },
    /// No room is left.
    #[error(
        "no room is left on the disk of the ledger {at} to {doing} it: nothing was appended, make \
         room and run this again"
    )]
    Full {
        /// Where.
        at: String,
        /// What was tried.
        doing: &'static str,
    },
    /// It may only be read.
    #[error(
        "the ledger {at} is read-only: allow this user to write it and its folder, or name another"
    )]
    ReadOnly {
        /// Where.
        at: String,
    },
    /// Its server does not answer.
    #[error("the server of the ledger {at} cannot be reached: {detail}")]
    Unreachable {
        /// Where.
        at: String,
        /// What the system said.
        detail: String,
    },
    /// The database itself is damaged.
    #[error("the ledger {at} is damaged ({detail}): restore a backup, then run `ledger verify`")]
    Damaged {
        /// Where.
        at: String,
        /// What the database said.
        detail: String,
    },
    /// Its head is missing or unreadable.
    #[error("the ledger has no readable head: restore a backup, then run `ledger verify`")]
    BadHead,
    /// A file or folder could not be used.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot {doing} the ledger {at}: {source}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// Where.
        at: String,
        /// What the database said.
        source: Box<sqlx::Error>,
    },
    /// An entry cannot be understood.
    #[error(
        "entry {seq} ({stream}, version {version}) cannot be read: {reason}; if a newer version of \
         Quietus wrote it, upgrade, else run `quietus ledger verify`"
    )]
    Unreadable {
        /// Its place in the ledger.
        seq: u64,
        /// Its stream.
        stream: String,
        /// Its version there.
        version: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The entries of an item do not make one.
    #[error("{stream} cannot be put together: {source}; run `quietus ledger verify`")]
    Unfoldable {
        /// The item's stream.
        stream: String,
        /// Why.
        source: FoldError,
    },
    /// What was to be appended cannot be written as JSON.
    #[error("{stream} cannot be appended to: {reason}")]
    Unwritable {
        /// The stream.
        stream: Stream,
        /// Why.
        reason: String,
    },
    /// An entry is not as it was written.
    #[error("the ledger is broken: entry {seq}{} {fault}", named(.stream.as_deref()))]
    Broken {
        /// The first such entry.
        seq: u64,
        /// Its stream, where it has one.
        stream: Option<String>,
        /// What is wrong.
        fault: Fault,
    },
    /// What is kept of an item for lists is not what its entries say.
    #[error(
        "the chain holds, but what is kept of {stream} for lists is wrong: {reason}; `quietus ledger \
         rebuild` makes it anew from the entries"
    )]
    Unabridged {
        /// The item's stream.
        stream: String,
        /// What is wrong.
        reason: String,
    },
    /// An older version made it, and others may still use it.
    #[error(
        "the ledger {at} has schema {found}, this version of Quietus writes schema {ours}: when nobody \
         runs the older version any more, `quietus ledger migrate` brings it up"
    )]
    Older {
        /// Where.
        at: String,
        /// Its schema.
        found: u32,
        /// What is written here.
        ours: u32,
    },
    /// There is no such schema.
    #[error("there is no schema {wanted}: this version of Quietus knows 1 to {ours}")]
    NoSchema {
        /// What was asked for.
        wanted: u32,
        /// The newest that is known here.
        ours: u32,
    },
    /// The copy has another history.
    #[error(
        "{to} does not begin as {from} does: it holds another history, and nothing was copied; name \
         a place where there is no ledger yet"
    )]
    OtherHistory {
        /// What was to be copied.
        from: String,
        /// Where to.
        to: String,
    },
    /// An anchor cannot be used.
    #[error("the anchor {what}")]
    Anchor {
        /// What is wrong with it.
        what: String,
    },
    /// The text names no item.
    #[error(
        "\"{text}\" names no item: give its number (V-12) or at least 4 hex digits of its \
         fingerprint"
    )]
    NoName {
        /// The text.
        text: SafeText,
    },
    /// This kind of ledger is backed up by its own tools.
    #[error("a ledger on PostgreSQL is backed up with pg_dump")]
    BackupElsewhere,
}

fn named(stream: Option<&str>) -> String {
    stream.map(|stream| format!(" ({stream})")).unwrap_or_default()
}

/// What may happen inside a transaction: the database fails, or the store refuses.
pub(crate) enum Failure {
    Sql(sqlx::Error),
    Refused(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl StoreError {
    /// Whether it may well work in a moment: the server is away or coming up again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Locked { .. } => true,
            Self::Database { source, .. } => {
                let code = source.as_database_error().and_then(|error| error.code());
                // It is shutting down, has crashed, starts, or lost the connection.
                code.is_some_and(|code| code.starts_with("57P0") || code.starts_with("08"))
                    || matches!(&**source, sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed)
            }
            _ => false,
        }
    }
}

impl Failure {
    /// In words: where it happened and while doing what.
    pub(crate) fn told(self, at: &str, doing: &'static str) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Sql(error) => told(error, at, doing),
        }
    }
}

/// What the database's own codes mean to us.
enum Meaning {
    Locked,
    Full,
    ReadOnly,
    Damaged,
    NotADatabase,
    Other,
}

fn told(error: sqlx::Error, at: &str, doing: &'static str) -> StoreError {
    let at = at.to_owned();
    match meaning(&error) {
        Meaning::Locked => StoreError::Locked { at, doing },
        Meaning::Full => StoreError::Full { at, doing },
        Meaning::ReadOnly => StoreError::ReadOnly { at },
        Meaning::Damaged => StoreError::Damaged { at, detail: error.to_string() },
        Meaning::NotADatabase => {
            StoreError::NotALedger { at, why: "it is no SQLite database".to_owned() }
        }
        Meaning::Other => match error {
            sqlx::Error::Io(io) => StoreError::Unreachable { at, detail: io.to_string() },
            sqlx::Error::Tls(tls) => StoreError::Unreachable { at, detail: tls.to_string() },
            source => StoreError::Database { doing, at, source: Box::new(source) },
        },
    }
}

/// Whether another process holds what was asked for.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(meaning(error), Meaning::Locked)
}

fn meaning(error: &sqlx::Error) -> Meaning {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return Meaning::Locked;
    }
    let Some(database) = error.as_database_error() else {
        return Meaning::Other;
    };
    let code = database.code().unwrap_or_default();
    if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        let code = code.parse::<i32>().unwrap_or_default();
        // SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not be given its size.
        if code == 4874 {
            return Meaning::Full;
        }
        // The low byte is the primary result code, the rest tells details.
        return match code & 0xff {
            5 | 6 => Meaning::Locked,
            // The last: that it is there was seen before.
            8 | 14 => Meaning::ReadOnly,
            11 => Meaning::Damaged,
            13 => Meaning::Full,
            26 => Meaning::NotADatabase,
            _ => Meaning::Other,
        };
    }
    match &*code {
        "55P03" => Meaning::Locked,
        "53100" => Meaning::Full,
        "25006" | "42501" => Meaning::ReadOnly,
        "XX001" | "XX002" => Meaning::Damaged,
        _ => Meaning::Other,
    }
}
