//! What is kept of items for lists: made of the entries, checked against them, and made anew.

use crate::place::Place;
use crate::samples::{asked, at, fingerprint, key, noted, opened};
use quietus_store::{Append, Ledger, SCHEMA, StoreError};

/// Item 1 was asked about on forty nights, item 2 has a remark.
async fn asked_often(place: &Place) -> Ledger {
    let ledger = place.ledger().await;
    let (one, two) = (fingerprint(1), fingerprint(2));
    let mut events = vec![opened(one)];
    events.extend((0..40).map(asked));
    let batch =
        vec![Append::events(one, 0, events), Append::events(two, 0, vec![opened(two), noted("a")])];
    ledger.append(batch, at(1)).await.unwrap();
    ledger
}

pub(crate) async fn lists_need_few_events_and_decisions_have_all(place: &Place) {
    let ledger = asked_often(place).await;
    let (one, two) = (fingerprint(1), fingerprint(2));
    assert!(ledger.current().await.unwrap().get(&one).unwrap().is_whole(), "nothing is kept yet");
    for round in 0..3 {
        ledger.abridge().await.unwrap();
        ledger.verify().await.unwrap();
        let other = place.ledger().await;
        let listed = other.current().await.unwrap();
        let item = listed.get(&one).unwrap();
        assert_eq!((item.version, item.number), (41 + round, 1));
        assert!(item.history.len() < 15, "{}", item.history.len());
        assert_eq!(other.item(&one).await.unwrap().unwrap().history.len() as u64, 41 + round);
        assert!(listed.get(&two).unwrap().is_whole());
        let more = vec![Append::events(one, 41 + round, vec![asked(40 + round.cast_signed())])];
        ledger.append(more, at(2)).await.unwrap();
        // What came since is read entry by entry.
        assert_eq!(other.current().await.unwrap().get(&one).unwrap().version, 42 + round);
        assert_eq!(place.ledger().await.listed().await.unwrap()[0].version, 42 + round);
    }
}

pub(crate) async fn what_is_kept_and_wrong_is_named_and_made_anew(place: &Place) {
    let ledger = asked_often(place).await;
    ledger.abridge().await.unwrap();
    for spoil in [
        "UPDATE abridged SET body = replace(body, 'noted', 'notes') WHERE version = 2",
        "UPDATE abridged SET version = 1 WHERE version = 2",
        "UPDATE abridged SET first = 7 WHERE version = 2",
    ] {
        place.raw(spoil.to_owned()).await.unwrap();
        let error = ledger.verify().await.unwrap_err();
        assert!(matches!(error, StoreError::Unabridged { .. }), "{error}");
        assert!(error.to_string().contains("ledger rebuild"), "{error}");
        ledger.abridge_anew().await.unwrap();
        ledger.verify().await.unwrap();
    }
    // Made by other rules, or never finished, it counts for nothing.
    for spoil in ["UPDATE abridged_until SET rules = 0", "DELETE FROM abridged_until"] {
        place.raw(format!("{spoil}; DELETE FROM abridged")).await.unwrap();
        assert_eq!(place.ledger().await.listed().await.unwrap(), ledger.items().await.unwrap());
        ledger.verify().await.unwrap();
        ledger.abridge().await.unwrap();
        assert_ne!(place.ledger().await.listed().await.unwrap(), ledger.items().await.unwrap());
    }
}

pub(crate) async fn a_schema_is_taken_back_and_brought_again(place: &Place) {
    let ledger = asked_often(place).await;
    ledger.abridge().await.unwrap();
    let before = (ledger.verify().await.unwrap(), ledger.items().await.unwrap());
    ledger.close().await;
    assert_eq!(Ledger::migrate(&place.url, &key(), 1).await.unwrap(), SCHEMA);
    // As the version before this one left it.
    let error = place.raw("SELECT * FROM abridged".to_owned()).await.unwrap_err();
    assert!(error.to_string().contains("abridged"), "{error}");
    if !place.is_sqlite() {
        let error = Ledger::open_existing(&place.url, &key()).await.unwrap_err();
        assert!(matches!(error, StoreError::Older { found: 1, .. }), "{error}");
        assert!(error.to_string().contains("ledger migrate"), "{error}");
        assert_eq!(Ledger::migrate(&place.url, &key(), SCHEMA).await.unwrap(), 1);
    }
    // A file is brought up by whoever opens it.
    let ledger = Ledger::open_existing(&place.url, &key()).await.unwrap();
    assert_eq!((ledger.verify().await.unwrap(), ledger.items().await.unwrap()), before);
    assert_eq!(Ledger::migrate(&place.url, &key(), SCHEMA).await.unwrap(), SCHEMA);
    for wanted in [0, SCHEMA + 1] {
        let error = Ledger::migrate(&place.url, &key(), wanted).await.unwrap_err();
        assert!(matches!(error, StoreError::NoSchema { .. }), "{error}");
    }
}
