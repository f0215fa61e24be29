//! Many writers at once: two people conflict instead of overwriting, everything else goes through.

use crate::place::Place;
use crate::samples::{at, fingerprint, key, noted, opened, scan};
use quietus_store::{Append, Ledger, StoreError, Stream};
use std::sync::Arc;

const WRITERS: u64 = 16;
const APPENDS: u64 = 10;

pub(crate) async fn many_writers_leave_one_whole_chain(place: &Place) {
    let ledger = place.ledger().await;
    let shared = fingerprint(999);
    let open = Append::events(shared, 0, vec![opened(shared)]);
    ledger.append(vec![open], at(0)).await.unwrap();

    // Two handles as two processes would have, shared by four tasks each.
    let handles = [Arc::new(place.ledger().await), Arc::new(place.ledger().await)];
    let tasks: Vec<_> = (1..=WRITERS)
        .map(|writer| tokio::spawn(write(Arc::clone(&handles[writer as usize % 2]), writer)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }

    let items = ledger.items().await.unwrap();
    assert_eq!(items.len() as u64, WRITERS + 1);
    let shared = items.iter().find(|item| item.fingerprint() == shared).unwrap();
    assert_eq!((shared.number, shared.version), (1, 1 + WRITERS * APPENDS / 5));
    for item in items.iter().filter(|item| item.number > 1) {
        assert_eq!(item.version, APPENDS, "{}", item.id());
    }
    // Each append of a writer is an event and a scan; every fifth adds an event to the shared item.
    let entries = 1 + WRITERS * (2 * APPENDS + APPENDS / 5);
    let verified = ledger.verify().await.unwrap();
    assert_eq!((verified.entries, verified.head.seq), (entries, entries));
}

async fn write(ledger: Arc<Ledger>, writer: u64) {
    let own = fingerprint(writer);
    for round in 0..APPENDS {
        let event = if round == 0 { opened(own) } else { noted("mine") };
        let survey = u128::from(writer * 1000 + round);
        let scanned = Append::scan(scan("git.example.org/a", survey, 1, true));
        let batch = vec![Append::events(own, round, vec![event]), scanned];
        ledger.append(batch, at(1)).await.unwrap();
        if round % 5 == 0 {
            append_to_shared(&ledger).await;
        }
    }
}

/// Reads again after each conflict, as the message says.
async fn append_to_shared(ledger: &Ledger) {
    let shared = fingerprint(999);
    loop {
        let version = ledger.version(&Stream::Item(shared)).await.unwrap();
        let batch = vec![Append::events(shared, version, vec![noted("ours")])];
        match ledger.append(batch, at(1)).await {
            Ok(_) => return,
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) async fn many_processes_may_make_the_ledger_at_once(place: &Place) {
    let tasks: Vec<_> = (1..=8)
        .map(|writer| {
            let url = place.url.clone();
            tokio::spawn(async move {
                let ledger = Ledger::open(&url, &key(), at(writer)).await.unwrap();
                let item = fingerprint(writer.cast_unsigned());
                let open = Append::events(item, 0, vec![opened(item)]);
                ledger.append(vec![open], at(writer)).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let ledger = Ledger::open_existing(&place.url, &key()).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, 8);
}
