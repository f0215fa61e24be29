//! A server that goes away in the middle, and a clock that jumps.

use crate::place::Place;
use crate::postgres::Server;
use crate::samples::{at, fingerprint, noted, opened};
use quietus_store::{Anchor, Append, Head, StoreError, Stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_restarted_or_cuts_everybody_off_loses_nothing() {
    let Some(server) = Server::start() else { return };
    let place = Place::postgres(&server, "restarted").await;
    let ledger = Arc::new(place.ledger().await);
    let is_over = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicUsize::new(0));
    let writing = write_until(Arc::clone(&ledger), Arc::clone(&is_over), Arc::clone(&written));
    let writer = tokio::spawn(writing);
    for round in 0..4 {
        // In the middle of its work, however slow the machine is.
        let before = written.load(Ordering::Relaxed);
        while written.load(Ordering::Relaxed) < before + 3 {
            assert!(!writer.is_finished());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if round % 2 == 0 {
            server.crash_and_restart();
        } else {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE application_name = 'quietus'";
            place.raw(cut.to_owned()).await.unwrap();
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let (heads, refused) = writer.await.unwrap();
    assert!(refused > 0, "nothing was ever in the middle of anything");
    let genesis = ledger.anchor(at(0)).await.unwrap().genesis;
    let anchors: Vec<Anchor> = heads
        .into_iter()
        .map(|Head { seq, hash }| Anchor { at: at(0), genesis: genesis.clone(), hash, seq })
        .collect();
    assert!(anchors.len() >= 12, "{}", anchors.len());
    ledger.verify_against(&anchors).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_server_without_room_says_so_and_loses_nothing() {
    let disk;
    let Some(server) = Server::start() else { return };
    disk = server.disk(4);
    let Some(disk) = &disk else { return };
    let place = Place::postgres(&server, "without_room").await;
    let ledger = place.ledger().await;
    place.raw(format!("CREATE TABLESPACE small LOCATION '{}'", disk.path())).await.unwrap();
    place.raw("ALTER TABLE entry SET TABLESPACE small".to_owned()).await.unwrap();

    let one = fingerprint(1);
    ledger.append(vec![Append::events(one, 0, vec![opened(one)])], at(0)).await.unwrap();
    // What PostgreSQL cannot press together.
    let digest = |n: u32| quietus_model::Digest::of(&n.to_be_bytes()).to_string();
    let (mut version, mut acknowledged) = (1, ledger.head().await.unwrap());
    let error = loop {
        let note: String = (0..1000).map(|part| digest(version as u32 * 1000 + part)).collect();
        let batch = vec![Append::events(one, version, vec![noted(&note)])];
        match ledger.append(batch, at(1)).await {
            Ok(head) => acknowledged = head,
            Err(error) => break error,
        }
        version += 1;
        assert!(version < 1000, "the disk never fills");
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(version > 3, "{version}");
    assert_eq!(ledger.verify().await.unwrap().head, acknowledged);

    disk.grow(64);
    let batch = vec![Append::events(one, version, vec![noted("a")])];
    ledger.append(batch, at(2)).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, version + 1);
}

/// Appends again and again, and after each failure once more; what was acknowledged, and how often
/// the server refused.
async fn write_until(
    ledger: Arc<quietus_store::Ledger>,
    is_over: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
) -> (Vec<Head>, usize) {
    let (mut heads, mut refused) = (Vec::new(), 0);
    let one = fingerprint(1);
    while !is_over.load(Ordering::Relaxed) {
        let appended = match ledger.version(&Stream::Item(one)).await {
            Ok(0) => ledger.append(vec![Append::events(one, 0, vec![opened(one)])], at(1)).await,
            Ok(version) => {
                let batch = vec![Append::events(one, version, vec![noted("a")])];
                ledger.append(batch, at(1)).await
            }
            Err(error) => Err(error),
        };
        match appended {
            Ok(head) => {
                heads.push(head);
                written.fetch_add(1, Ordering::Relaxed);
            }
            Err(StoreError::Unreachable { .. } | StoreError::Database { .. }) => {
                refused += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    (heads, refused)
}

pub(crate) async fn the_clock_may_jump(place: &Place) {
    let ledger = place.ledger().await;
    let one = fingerprint(1);
    for (version, hours) in [(0, 500), (1, -4000), (2, 90_000), (3, 1)] {
        let event = if version == 0 { opened(one) } else { noted("a") };
        ledger.append(vec![Append::events(one, version, vec![event])], at(hours)).await.unwrap();
    }
    assert_eq!(ledger.verify().await.unwrap().entries, 4);
    // The order is that of the ledger, whatever the clock said.
    let events = ledger.events(&one).await.unwrap();
    let told: Vec<_> = events.iter().map(|entry| (entry.version, entry.recorded_at)).collect();
    assert_eq!(told, [(1, at(500)), (2, at(-4000)), (3, at(90_000)), (4, at(1))]);
    assert_eq!(ledger.current().await.unwrap().get(&one).unwrap().version, 4);
}
