//! A fresh place for a ledger on one of the two databases, with a back door for tampering.

use crate::postgres::Server;
use crate::samples::{at, key};
use quietus_store::Ledger;
use sqlx::{Connection, PgConnection, SqliteConnection};
use std::sync::Arc;
use tempfile::TempDir;

/// Where a story keeps its ledger.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    /// Removed when the story is over.
    folder: Option<Arc<TempDir>>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/ledger.db", folder.path().display());
        Self { url, folder: Some(Arc::new(folder)) }
    }

    pub(crate) async fn postgres(server: &Server, name: &str) -> Self {
        Self { url: server.database(name).await, folder: None }
    }

    /// A new place of the same kind.
    pub(crate) async fn another(&self, number: usize) -> Self {
        if self.is_sqlite() {
            return Self::sqlite();
        }
        let name = format!("another_{number}");
        self.raw(format!("CREATE DATABASE {name}")).await.unwrap();
        let (server, query) = self.url.split_once('?').unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        Self { url: format!("{server}/{name}?{query}"), folder: None }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    pub(crate) async fn ledger(&self) -> Ledger {
        Ledger::open(&self.url, &key(), at(0)).await.unwrap()
    }

    /// Runs statements past the ledger's own code.
    pub(crate) async fn raw(&self, sql: String) -> Result<(), sqlx::Error> {
        let sql = sqlx::AssertSqlSafe(sql);
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
            connection.close().await
        } else {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
            connection.close().await
        }
    }

    /// Takes away what holds places and versions above nothing, beside the guards.
    pub(crate) async fn unbound(&self) {
        let sql = if self.is_sqlite() {
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET \
             sql = replace(replace(sql, 'CHECK (seq > 0)', ''), 'CHECK (version > 0)', '') \
             WHERE name = 'entry'; PRAGMA writable_schema = RESET"
        } else {
            "ALTER TABLE entry DROP CONSTRAINT entry_seq_check, \
             DROP CONSTRAINT entry_version_check"
        };
        self.raw(sql.to_owned()).await.unwrap();
    }

    /// Takes the guards away, as somebody who owns the database can.
    pub(crate) async fn disarm(&self) {
        let triggers = if self.is_sqlite() {
            "DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete; \
             DROP TRIGGER survey_no_update; DROP TRIGGER survey_no_delete; \
             PRAGMA foreign_keys = OFF"
        } else {
            "DROP TRIGGER entry_append_only ON entry; DROP TRIGGER survey_append_only ON survey; \
             ALTER TABLE survey DROP CONSTRAINT survey_seq_fkey"
        };
        self.raw(triggers.to_owned()).await.unwrap();
    }
}
