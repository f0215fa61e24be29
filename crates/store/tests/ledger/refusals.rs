//! Ledgers that are not ours to write: each refusal says what is wrong, where, and what to do.

use crate::place::Place;
use crate::postgres::Server;
use crate::samples::{at, fingerprint, key, opened};
use quietus_model::{FingerprintKey, KeyId};
use quietus_store::{Append, Ledger, StoreError};
use std::fs;
use std::path::Path;

async fn refusal(url: &str) -> StoreError {
    Ledger::open(url, &key(), at(0)).await.unwrap_err()
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn says(error: &StoreError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "\"{part}\" is not in: {text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_ledger_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/for it/ledger.db");
    let ledger = Ledger::open(&url(&path), &key(), at(0)).await.unwrap();
    let one = fingerprint(1);
    ledger.append(vec![Append::events(one, 0, vec![opened(one)])], at(0)).await.unwrap();
    assert_eq!(mode(&folder.path().join("made")), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_missing_ledger_is_not_made_when_it_should_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let error = Ledger::open_existing(&url(&path), &key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    says(&error, &[&path.display().to_string(), "quietus init", "--ledger"]);
    assert!(!path.exists());
    // An empty file is what a process leaves that was killed while it made the ledger.
    fs::write(&path, b"").unwrap();
    let error = Ledger::open_existing(&url(&path), &key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    Ledger::open(&url(&path), &key(), at(0)).await.unwrap();
}

#[tokio::test]
async fn what_is_no_ledger_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "these are notes and no database ".repeat(100)).unwrap();
    let error = refusal(&url(&text)).await;
    assert!(matches!(error, StoreError::NotALedger { .. }), "{error}");
    says(&error, &["notes.txt", "no SQLite database"]);
    assert!(fs::read_to_string(&text).unwrap().starts_with("these are notes"));

    let error = refusal(&url(folder.path())).await;
    assert!(matches!(error, StoreError::NotALedger { .. }), "{error}");
    let error = refusal(&url(&text.join("below/a/file"))).await;
    says(&error, &["below/a/file"]);

    let place = Place::sqlite();
    fs::write(place.url.strip_prefix("sqlite://").unwrap(), b"").unwrap();
    place.raw("CREATE TABLE bookmarks (url TEXT)".to_owned()).await.unwrap();
    let other = fs::read(place.url.strip_prefix("sqlite://").unwrap()).unwrap();
    let error = refusal(&place.url).await;
    assert!(matches!(error, StoreError::NotALedger { .. }), "{error}");
    says(&error, &["tables of another program"]);
    assert_eq!(fs::read(place.url.strip_prefix("sqlite://").unwrap()).unwrap(), other);
}

#[tokio::test]
async fn another_keys_ledger_names_both_keys() {
    let place = Place::sqlite();
    place.ledger().await;
    let other: KeyId = FingerprintKey::new([8; 32]).id();
    let error = Ledger::open(&place.url, &other, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherKey { .. }), "{error}");
    says(&error, &[key().as_str(), other.as_str(), "--key-from"]);
}

#[tokio::test]
async fn a_newer_ledger_names_both_schemas() {
    let place = Place::sqlite();
    place.ledger().await;
    place.raw("UPDATE meta SET value = '41' WHERE name = 'schema'".to_owned()).await.unwrap();
    let error = refusal(&place.url).await;
    assert!(matches!(error, StoreError::Newer { found: 41, ours: 2, .. }), "{error}");
    says(&error, &["schema 41", "schema 2 ", "upgrade Quietus"]);
    place.raw("DELETE FROM meta WHERE name = 'schema'".to_owned()).await.unwrap();
    says(&refusal(&place.url).await, &["not a Quietus ledger", "no schema"]);
}

/// A file that nobody has open, with many pages in it.
async fn of_many_pages() -> Place {
    let place = Place::sqlite();
    let ledger = place.ledger().await;
    for number in 1..200 {
        let item = fingerprint(number);
        ledger.append(vec![Append::events(item, 0, vec![opened(item)])], at(0)).await.unwrap();
    }
    ledger.close().await;
    place
}

#[tokio::test]
async fn a_damaged_file_is_told_as_such() {
    let place = of_many_pages().await;
    let path = place.url.strip_prefix("sqlite://").unwrap();
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..].fill(0xA5);
    fs::write(path, bytes).unwrap();
    let ledger = place.ledger().await;
    let error = ledger.verify().await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    says(&error, &["restore a backup"]);
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_told_as_such() {
    let place = of_many_pages().await;
    let path = place.url.strip_prefix("sqlite://").unwrap();
    let whole = fs::metadata(path).unwrap().len();
    // Whole pages are gone, or a part of one.
    for length in [whole / 2 / 4096 * 4096, whole / 3 + 17] {
        fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
        let error = match Ledger::open_existing(&place.url, &key()).await {
            Ok(ledger) => ledger.verify().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        says(&error, &["restore a backup"]);
    }
}

#[tokio::test]
async fn a_backup_is_a_ledger_and_never_overwrites() {
    let place = Place::sqlite();
    let ledger = place.ledger().await;
    let one = fingerprint(1);
    ledger.append(vec![Append::events(one, 0, vec![opened(one)])], at(0)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("it's a copy.db");
    ledger.backup(&copy).await.unwrap();
    let copied = Ledger::open_existing(&url(&copy), &key()).await.unwrap();
    assert_eq!(copied.verify().await.unwrap(), ledger.verify().await.unwrap());
    assert_eq!(copied.items().await.unwrap(), ledger.items().await.unwrap());

    let error = ledger.backup(&copy).await.unwrap_err();
    says(&error, &["it's a copy.db", "exists"]);
    assert_eq!(copied.verify().await.unwrap().entries, 1);
}

#[tokio::test]
async fn a_silent_server_is_told_at_once_and_without_a_password() {
    // Nobody listens on the port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refusal(&format!("postgres://bob:hunter2@127.0.0.1:{port}/risk")).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    says(&error, &["127.0.0.1", "refused"]);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn postgres_refuses_what_sqlite_refuses() {
    let Some(server) = Server::start() else { return };
    let place = Place::postgres(&server, "refusals").await;
    let error = Ledger::open_existing(&place.url, &key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    // A team's other tables may stand beside ours.
    place.raw("CREATE TABLE bookmarks (url TEXT)".to_owned()).await.unwrap();
    let ledger = place.ledger().await;
    let error = ledger.backup(Path::new("x")).await.unwrap_err();
    says(&error, &["pg_dump"]);

    let other = FingerprintKey::new([8; 32]).id();
    let error = Ledger::open(&place.url, &other, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherKey { .. }), "{error}");
    place.raw("UPDATE meta SET value = '41' WHERE name = 'schema'".to_owned()).await.unwrap();
    assert!(matches!(refusal(&place.url).await, StoreError::Newer { found: 41, ours: 2, .. }));

    let theirs = Place::postgres(&server, "theirs").await;
    theirs.raw("CREATE TABLE meta (x TEXT)".to_owned()).await.unwrap();
    let error = refusal(&theirs.url).await;
    assert!(matches!(error, StoreError::NotALedger { .. }), "{error}");
    let error = refusal(&place.url.replace("refusals", "nowhere")).await;
    says(&error, &["nowhere", "does not exist"]);
}
