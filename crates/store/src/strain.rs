//! Tests of a ledger under strain: a full disk, a lock that is not given back.

use crate::samples::{at, fingerprint, key, noted, opened};
use crate::{Append, Ledger, StoreError};
use std::time::Duration;
use tempfile::TempDir;

async fn ledger(patience: Duration) -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/ledger.db", folder.path().display());
    let ledger = Ledger::open_with(&url, &key(), Some(at(0)), patience).await.unwrap();
    let one = fingerprint(1);
    ledger.append(vec![Append::events(one, 0, vec![opened(one)])], at(0)).await.unwrap();
    (folder, ledger)
}

/// Sets how many pages the file may have, on every connection the pool may ever open.
async fn limit_pages(ledger: &Ledger, limit: &'static str) {
    let pool = ledger.pool.sqlite().unwrap();
    let mut held = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query(limit).execute(&mut *connection).await.unwrap();
        held.push(connection);
    }
}

#[tokio::test]
async fn a_full_disk_loses_the_append_and_nothing_else() {
    let (_folder, ledger) = ledger(Duration::from_secs(5)).await;
    limit_pages(&ledger, "PRAGMA max_page_count = 40").await;
    let one = fingerprint(1);
    let page = "x".repeat(4000);
    let mut version = 1;
    let error = loop {
        let events = vec![noted(&page), noted(&page), noted(&page)];
        match ledger.append(vec![Append::events(one, version, events)], at(1)).await {
            Ok(_) => version += 3,
            Err(error) => break error,
        }
        assert!(version < 200, "the limit was never met");
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("make room"), "{error}");
    let verified = ledger.verify().await.unwrap();
    assert_eq!(verified.entries, version);
    assert_eq!(ledger.item(&one).await.unwrap().unwrap().version, version);

    // Once there is room again the same ledger goes on.
    limit_pages(&ledger, "PRAGMA max_page_count = 4000").await;
    let events = vec![noted(&page), noted(&page), noted(&page)];
    ledger.append(vec![Append::events(one, version, events)], at(2)).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, version + 3);
}

#[tokio::test]
async fn a_writer_that_does_not_get_its_turn_says_so_and_readers_go_on() {
    let (_folder, ledger) = ledger(Duration::from_millis(100)).await;
    let holder = ledger.pool.sqlite().unwrap().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let append = || vec![Append::events(fingerprint(1), 1, vec![noted("a")])];
    let error = ledger.append(append(), at(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("another process"), "{error}");
    assert_eq!(ledger.verify().await.unwrap().entries, 1);
    holder.rollback().await.unwrap();
    ledger.append(append(), at(1)).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, 2);
}

#[tokio::test]
async fn a_copy_that_somebody_reads_is_opened_once_they_are_done() {
    use sqlx::Connection;
    let (folder, ledger) = ledger(Duration::from_secs(5)).await;
    // A backup is not yet in the mode in which readers and a writer work side by side; nobody can
    // change that while somebody reads it.
    let copy = folder.path().join("copy.db");
    ledger.backup(&copy).await.unwrap();
    let url = format!("sqlite://{}", copy.display());
    let mut reader = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT * FROM head").execute(&mut reader).await.unwrap();
    // Shorter than it has to wait, and long enough for a busy machine to open a file in.
    let impatient = Duration::from_millis(500);
    let opening =
        tokio::spawn(async move { Ledger::open_with(&url, &key(), None, impatient).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!opening.is_finished());
    reader.close().await.unwrap();
    assert_eq!(opening.await.unwrap().unwrap().verify().await.unwrap().entries, 1);
}
