//! The inventory, the work of a night, and the fence, on both databases.

use crate::place::Place;
use crate::samples::{at, key, scan};
use quietus_model::RepositoryId;
use quietus_poam::{Actor, InventoryEvent, InventoryRecord};
use quietus_store::{Append, Errand, Ledger, PieceState, StoreError, Taker};
use uuid::Uuid;

fn errands(names: &[RepositoryId], queue: &str) -> Vec<Errand> {
    let errand = |name: &RepositoryId| Errand { repository: name.clone(), queue: queue.to_owned() };
    names.iter().map(errand).collect()
}

fn taker(worker: &str, hour: i64, at_once: usize) -> Taker<'_> {
    Taker { worker, now: at(hour), until: at(hour + 1), at_once }
}

pub(crate) async fn work_is_done_once_however_many_are_at_it(place: &Place) {
    let ledger = &place.ledger().await;
    let night = Uuid::from_u128(7);
    let names = ["a", "b", "c"].map(RepositoryId::named);
    ledger.put_work(night, &errands(&names, "")).await.unwrap();
    ledger.put_work(night, &errands(&names, "")).await.unwrap();
    let take = async |worker: &str, hour| ledger.take_work(night, taker(worker, hour, 1)).await;
    let first = take("one", 0).await.unwrap().unwrap();
    let second = take("two", 0).await.unwrap().unwrap();
    assert_eq!((first.repository.as_str(), second.repository.as_str()), ("a", "b"));
    take("one", 0).await.unwrap().unwrap();
    assert_eq!(take("one", 0).await.unwrap(), None, "all are taken");

    // Worker one is cut off, and its lease runs out: what it brings later is fenced off, whole.
    assert!(ledger.keep_work(&second, at(9)).await.unwrap());
    let again = take("two", 2).await.unwrap().unwrap();
    assert_eq!((again.repository.as_str(), again.starts), ("a", 2));
    assert!(!ledger.keep_work(&first, at(9)).await.unwrap());
    let record = |lease| vec![Append::scan(scan("a", 1, 2, true)), Append::Done(lease)];
    let late = ledger.append(record(first), at(2)).await.unwrap_err();
    assert!(matches!(late, StoreError::Fenced { .. }), "{late}");
    assert_eq!(ledger.scans().await.unwrap().len(), 0);
    ledger.append(record(again.clone()), at(2)).await.unwrap();
    let twice = ledger.append(vec![Append::Done(again)], at(2)).await.unwrap_err();
    assert!(matches!(twice, StoreError::Fenced { .. }), "{twice}");

    // The third ends its workers until it is parked; only somebody's word takes it back.
    for starts in 2..=3 {
        let lease = take("two", 2 * starts).await.unwrap().unwrap();
        assert_eq!((lease.repository.as_str(), lease.starts), ("c", starts.unsigned_abs()));
    }
    assert_eq!(
        take("two", 20).await.unwrap().map(|lease| lease.repository.to_string()),
        Some("b".into())
    );
    let parked = ledger.parked_work().await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].reason.contains("3 times"), "{}", parked[0].reason);
    let next = Uuid::from_u128(8);
    ledger.put_work(next, &errands(&names, "")).await.unwrap();
    let states = |pieces: Vec<quietus_store::Piece>| {
        pieces.iter().map(|piece| piece.state).collect::<Vec<_>>()
    };
    let (waiting, parked) = (PieceState::Waiting, PieceState::Parked);
    assert_eq!(states(ledger.work_of(next).await.unwrap()), [waiting, waiting, parked]);
    assert!(ledger.retry_work(&names[2]).await.unwrap());
    assert!(!ledger.retry_work(&names[2]).await.unwrap());
    assert_eq!(states(ledger.work_of(next).await.unwrap()), [waiting; 3]);

    let other = Ledger::open_existing(&place.url, &key()).await.unwrap();
    let alone = ledger.exclusive().await.unwrap();
    assert!(alone.is_some() && other.exclusive().await.unwrap().is_none());
    drop(alone);
    // A server notices a moment later that the session is gone.
    for _ in 0..50 {
        if other.exclusive().await.unwrap().is_some() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the lock went not with its holder");
}

pub(crate) async fn many_take_each_piece_once(place: &Place) {
    let ledger = &place.ledger().await;
    let night = Uuid::from_u128(9);
    let names: Vec<_> = (0..40).map(|n| RepositoryId::named(format!("r{n:02}"))).collect();
    ledger.put_work(night, &errands(&names, "")).await.unwrap();
    let worker = async |name: &str| {
        let mut taken = Vec::new();
        while let Some(lease) = ledger.take_work(night, taker(name, 0, 1)).await.unwrap() {
            taken.push(lease.repository.clone());
            ledger.append(vec![Append::Done(lease)], at(0)).await.unwrap();
        }
        taken
    };
    let (one, two, three) = tokio::join!(worker("one"), worker("two"), worker("three"));
    let mut all = [one, two, three].concat();
    all.sort();
    assert_eq!(all, names);
}

pub(crate) async fn a_host_is_asked_by_so_many_at_a_time(place: &Place) {
    let ledger = &place.ledger().await;
    let night = Uuid::from_u128(10);
    let one: Vec<_> = ["a1", "a2", "a3", "a4"].map(RepositoryId::named).to_vec();
    let two = [RepositoryId::named("b1")];
    let all = [errands(&one, "one.example.org"), errands(&two, "two.example.org")].concat();
    ledger.put_work(night, &all).await.unwrap();
    let take = async |hour| {
        let lease = ledger.take_work(night, taker("w", hour, 2)).await.unwrap();
        lease.map(|lease| (lease.repository.to_string(), lease))
    };
    let name = |taken: &Option<(String, quietus_store::Lease)>| {
        taken.as_ref().map_or("none", |(name, _)| name.as_str()).to_owned()
    };
    let (first, second, third) = (take(0).await, take(0).await, take(0).await);
    assert_eq!([name(&first), name(&second), name(&third)], ["a1", "a2", "b1"]);
    assert_eq!(take(0).await, None, "two of that host are being fetched");
    let (first, second) = (first.unwrap().1, second.unwrap().1);
    ledger.note_fetched(&first).await.unwrap();
    let next = take(0).await;
    assert_eq!(name(&next), "a3");
    assert_eq!(take(0).await, None);

    // The host asks for a rest: nobody begins what is its before that.
    ledger.give_work_back(&second, "HTTP 429", at(5)).await.unwrap();
    ledger.spare_host_of(&second.repository, at(5)).await.unwrap();
    assert_eq!(take(0).await, None);
    // By then the leases of a1, a3 and b1 have run out as well.
    let mut later = Vec::new();
    for _ in 0..3 {
        later.push(name(&take(5).await));
    }
    assert_eq!(later, ["a1", "a2", "b1"]);
}

pub(crate) async fn an_inventory_is_read_back(place: &Place) {
    let ledger = &place.ledger().await;
    let id = RepositoryId::named("git.example.org/a");
    let source = quietus_model::SafeText::plain("https://git.example.org/a.git");
    let added =
        InventoryEvent::Added { url: source.to_string(), source: source.clone(), forge: None };
    let append = |expected_version, event| Append::Inventory {
        repository: id.clone(),
        expected_version,
        records: vec![InventoryRecord { at: at(1), by: Actor::System, event }],
    };
    ledger.append(vec![append(0, added.clone())], at(1)).await.unwrap();
    let conflict = ledger.append(vec![append(0, added)], at(1)).await.unwrap_err();
    assert!(matches!(conflict, StoreError::Conflict { .. }), "{conflict}");
    let retired = InventoryEvent::Retired { reason: "gone".into() };
    ledger.append(vec![append(1, retired)], at(2)).await.unwrap();
    let listed = ledger.inventory().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].id, listed[0].version, listed[0].is_due()), (&id, 2, false));
    ledger.verify().await.unwrap();
}
