//! What somebody leaves behind who writes past the ledger's own code.

use crate::place::Place;
use crate::samples::{at, fingerprint, noted, opened, scan};
use quietus_model::Digest;
use quietus_store::{Append, Fault, Ledger, StoreError};

/// A ledger of six entries: item 1 (seq 1, 2), a scan (3), item 2 (4, 5, 6); its guards are gone.
async fn six(place: &Place) -> Ledger {
    let ledger = place.ledger().await;
    let (one, two) = (fingerprint(1), fingerprint(2));
    let batch = vec![
        Append::events(one, 0, vec![opened(one), noted("a")]),
        Append::scan(scan("git.example.org/a", 1, 1, true)),
        Append::events(two, 0, vec![opened(two), noted("b"), noted("c")]),
    ];
    ledger.append(batch, at(1)).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, 6);
    place.disarm().await;
    ledger
}

async fn broken(ledger: &Ledger) -> (u64, Fault) {
    let error = ledger.verify().await.unwrap_err();
    match &error {
        StoreError::Broken { seq, fault, .. } => {
            assert!(error.to_string().contains(&format!("entry {seq} ")), "{error}");
            (*seq, fault.clone())
        }
        _ => panic!("{error}"),
    }
}

/// Appends a well-sealed entry past the ledger's own code: seq 7 of a ledger of six.
async fn forge(place: &Place, ledger: &Ledger, stream: &str, version: i64, body: &str) {
    let prev = ledger.head().await.unwrap().hash;
    let (seq, recorded_at) = (7_i64, 0_i64);
    let hash = Digest::of_parts([
        seq.to_be_bytes().as_slice(),
        stream.as_bytes(),
        version.to_be_bytes().as_slice(),
        recorded_at.to_be_bytes().as_slice(),
        body.as_bytes(),
        prev.as_str().as_bytes(),
    ]);
    let body = body.replace('\'', "''");
    place
        .raw(format!(
            "INSERT INTO entry VALUES \
             ({seq}, '{stream}', {version}, {recorded_at}, '{body}', '{prev}', '{hash}'); \
             UPDATE head SET seq = {seq}, hash = '{hash}'"
        ))
        .await
        .unwrap();
}

pub(crate) async fn a_changed_body_is_named(place: &Place) {
    let ledger = six(place).await;
    place
        .raw("UPDATE entry SET body = replace(body, 'noted', 'noteD') WHERE seq = 5".to_owned())
        .await
        .unwrap();
    assert_eq!(broken(&ledger).await, (5, Fault::Hash));
    place.raw("UPDATE entry SET recorded_at = 0 WHERE seq = 2".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (2, Fault::Hash));
}

pub(crate) async fn a_rehashed_entry_breaks_the_next_one(place: &Place) {
    let ledger = six(place).await;
    let one = fingerprint(1);
    let prev = ledger.events(&one).await.unwrap()[0].hash.clone();
    let body = serde_json::to_string(&noted("as if it had always been so")).unwrap();
    let hash = Digest::of_parts([
        2_i64.to_be_bytes().as_slice(),
        format!("item:{one}").as_bytes(),
        2_i64.to_be_bytes().as_slice(),
        0_i64.to_be_bytes().as_slice(),
        body.as_bytes(),
        prev.as_str().as_bytes(),
    ]);
    let rewrite = format!(
        "UPDATE entry SET body = '{}', recorded_at = 0, hash = '{hash}' WHERE seq = 2",
        body.replace('\'', "''")
    );
    place.raw(rewrite).await.unwrap();
    assert_eq!(broken(&ledger).await, (3, Fault::Link));
}

pub(crate) async fn a_lost_tail_and_a_lost_middle_are_named(place: &Place) {
    let ledger = six(place).await;
    place.raw("DELETE FROM entry WHERE seq = 6".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (6, Fault::Missing));
    place.raw("UPDATE head SET seq = 5".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (5, Fault::Head));
    place.raw("UPDATE head SET seq = 4".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (5, Fault::BeyondHead));
    place.raw("DELETE FROM survey; DELETE FROM entry WHERE seq = 3".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (3, Fault::Missing));
    place.raw("DELETE FROM entry WHERE seq = 1".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (1, Fault::Missing));
    place.raw("DELETE FROM entry".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (1, Fault::Missing));
}

pub(crate) async fn entries_in_another_order_are_named(place: &Place) {
    let ledger = six(place).await;
    // By the places in the ledger, and by the places among an item's events.
    let swap = |column, one: i32, other: i32| {
        format!(
            "UPDATE entry SET {column} = -1 WHERE {column} = {one} AND seq > 3; \
             UPDATE entry SET {column} = {one} WHERE {column} = {other} AND seq > 3; \
             UPDATE entry SET {column} = {other} WHERE {column} = -1"
        )
    };
    place.unbound().await;
    place.raw(swap("seq", 5, 6)).await.unwrap();
    assert_eq!(broken(&ledger).await, (5, Fault::Hash));
    place.raw(swap("seq", 5, 6)).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, 6);
    place.raw(swap("version", 2, 3)).await.unwrap();
    let (seq, fault) = broken(&ledger).await;
    assert!(seq == 5 && matches!(fault, Fault::Hash | Fault::VersionGap { .. }), "{seq}: {fault}");
}

pub(crate) async fn a_rewritten_head_or_beginning_is_named(place: &Place) {
    let ledger = six(place).await;
    let head = ledger.head().await.unwrap().hash;
    let other = Digest::of(b"other");
    place.raw(format!("UPDATE head SET hash = '{other}'")).await.unwrap();
    assert_eq!(broken(&ledger).await, (6, Fault::Head));
    place.raw(format!("UPDATE head SET hash = '{head}'")).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().entries, 6);
    place.raw("UPDATE meta SET value = '1' WHERE name = 'created'".to_owned()).await.unwrap();
    assert_eq!(broken(&place.ledger().await).await, (1, Fault::Link));
    place.raw("UPDATE head SET hash = 'none'".to_owned()).await.unwrap();
    assert!(matches!(ledger.head().await.unwrap_err(), StoreError::BadHead));
}

pub(crate) async fn an_uncounted_survey_is_named(place: &Place) {
    let ledger = six(place).await;
    place.raw("DELETE FROM survey".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (3, Fault::Survey));
    place.raw("INSERT INTO survey VALUES (2, 'x', 'y')".to_owned()).await.unwrap();
    assert_eq!(broken(&ledger).await, (2, Fault::Survey));
}

pub(crate) async fn a_skipped_version_is_named(place: &Place) {
    let ledger = six(place).await;
    let body = serde_json::to_string(&noted("x")).unwrap();
    forge(place, &ledger, &format!("item:{}", fingerprint(1)), 4, &body).await;
    assert_eq!(broken(&ledger).await, (7, Fault::VersionGap { found: 4 }));
}

pub(crate) async fn an_event_from_the_future_is_an_error_that_says_upgrade(place: &Place) {
    let ledger = six(place).await;
    let known = serde_json::to_string(&noted("x")).unwrap();
    let body = known.replace(r#""event":"noted""#, r#""event":"teleported""#);
    assert_ne!(known, body);
    let one = fingerprint(1);
    forge(place, &ledger, &format!("item:{one}"), 3, &body).await;
    let (seq, fault) = broken(&ledger).await;
    assert_eq!(seq, 7);
    assert!(fault.to_string().contains("teleported"), "{fault}");
    for error in [
        ledger.items().await.unwrap_err(),
        ledger.item(&one).await.unwrap_err(),
        ledger.events(&one).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Unreadable { seq: 7, version: 3, .. }), "{error}");
        assert!(error.to_string().contains("upgrade"), "{error}");
    }
    assert!(ledger.item(&fingerprint(2)).await.unwrap().is_some(), "others can still be read");
}
