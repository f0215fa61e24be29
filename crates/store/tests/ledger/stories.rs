//! What a ledger does from day to day.

use crate::place::Place;
use crate::samples::{at, fingerprint, key, noted, opened, scan, survey};
use quietus_model::RepositoryId;
use quietus_store::{Append, Ledger, StoreError, Stream};

pub(crate) async fn items_are_numbered_found_and_read_back(place: &Place) {
    let ledger = place.ledger().await;
    assert_eq!(ledger.head().await.unwrap().seq, 0);
    assert_eq!(ledger.verify().await.unwrap().entries, 0);
    assert!(ledger.items().await.unwrap().is_empty());
    assert!(ledger.item(&fingerprint(1)).await.unwrap().is_none());

    // The item with the greater fingerprint is opened first.
    let (late, early) = (fingerprint(1), fingerprint(2));
    let scanned = Append::scan(scan("git.example.org/a", 1, 1, true));
    let events = vec![opened(early), noted("seen")];
    let batch = vec![scanned, Append::events(early, 0, events.clone())];
    let head = ledger.append(batch, at(1)).await.unwrap();
    assert_eq!(head.seq, 3);
    ledger.append(vec![Append::events(late, 0, vec![opened(late)])], at(2)).await.unwrap();
    ledger.append(vec![Append::events(early, 2, vec![noted("again")])], at(3)).await.unwrap();

    let items = ledger.items().await.unwrap();
    let known: Vec<_> = items.iter().map(|i| (i.id(), i.fingerprint(), i.version)).collect();
    assert_eq!(known, [("V-1".to_owned(), early, 3), ("V-2".to_owned(), late, 1)]);
    assert_eq!(ledger.item(&early).await.unwrap().as_ref(), Some(&items[0]));
    assert_eq!(ledger.item(&late).await.unwrap().as_ref(), Some(&items[1]));
    assert_eq!(ledger.version(&Stream::Item(early)).await.unwrap(), 3);

    for (name, found) in [
        ("V-1", &items[..1]),
        (" v-2 ", &items[1..]),
        ("V-3", &[]),
        ("AB00", &items[..]),
        ("cdcd", &[]),
        (&late.to_string(), &items[1..]),
    ] {
        assert_eq!(ledger.find_items(name).await.unwrap(), found, "{name}");
    }
    for name in ["", "V-0", "V-", "abc", "xyzxyz", "%%%%", &"a".repeat(65)] {
        let error = ledger.find_items(name).await.unwrap_err();
        assert!(matches!(error, StoreError::NoName { .. }), "{name}: {error}");
    }

    let entries = ledger.events(&early).await.unwrap();
    let places: Vec<_> = entries.iter().map(|e| (e.seq, e.version, e.recorded_at)).collect();
    assert_eq!(places, [(2, 1, at(1)), (3, 2, at(1)), (5, 3, at(3))]);
    assert_eq!(entries[1].recorded, events[1]);

    let verified = ledger.verify().await.unwrap();
    assert_eq!((verified.entries, verified.anchored.as_ref()), (5, None));
    assert_eq!(verified.head, ledger.head().await.unwrap());
    assert!(verified.to_string().ends_with("internally consistent, unanchored"));
    assert!(!format!("{ledger:?}").contains("quietus@"), "{ledger:?}");
    ledger.close().await;

    let again = Ledger::open_existing(&place.url, &key()).await.unwrap();
    assert_eq!(again.items().await.unwrap(), items);
    assert_eq!(again.verify().await.unwrap(), verified);
}

pub(crate) async fn an_append_is_whole_or_not_at_all(place: &Place) {
    let ledger = place.ledger().await;
    let (one, two) = (fingerprint(1), fingerprint(2));
    ledger
        .append(vec![Append::events(one, 0, vec![opened(one), noted("a")])], at(1))
        .await
        .unwrap();
    let before = ledger.head().await.unwrap();

    let stale = vec![
        Append::events(two, 0, vec![opened(two)]),
        Append::events(one, 1, vec![noted("decided on an old version")]),
    ];
    let error = ledger.append(stale, at(2)).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Conflict { stream: Stream::Item(item), expected: 1, found: 2 }
            if *item == one),
        "{error}"
    );
    assert!(error.to_string().contains("read it again"), "{error}");
    assert_eq!(ledger.head().await.unwrap(), before);
    assert!(ledger.item(&two).await.unwrap().is_none());

    // Two parts on one item follow each other within a batch.
    let both = vec![
        Append::events(one, 2, vec![noted("b")]),
        Append::events(one, 3, vec![noted("c"), noted("d")]),
    ];
    let head = ledger.append(both, at(3)).await.unwrap();
    assert_eq!(head.seq, before.seq + 3);
    assert_eq!(ledger.append(vec![], at(4)).await.unwrap(), head);
    assert_eq!(ledger.append(vec![Append::events(one, 5, vec![])], at(4)).await.unwrap(), head);
    assert_eq!(ledger.verify().await.unwrap().entries, 5);
}

pub(crate) async fn a_survey_counts_once(place: &Place) {
    let ledger = place.ledger().await;
    let one = fingerprint(1);
    // Two clones of one repository, taken in one survey, are two scans of one survey.
    let taken = || {
        vec![
            Append::scan(scan("git.example.org/a", 1, 1, true)),
            Append::scan(scan("git.example.org/a", 1, 1, false)),
            Append::scan(scan("git.example.org/b", 1, 1, true)),
        ]
    };
    assert!(!ledger.has_survey(survey(1)).await.unwrap());
    let head = ledger.append(taken(), at(1)).await.unwrap();
    assert_eq!(head.seq, 3);
    assert!(ledger.has_survey(survey(1)).await.unwrap());

    let mut again = vec![Append::events(one, 0, vec![opened(one)])];
    again.extend(taken());
    let error = ledger.append(again, at(2)).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::SurveyAlreadyCounted { survey: id, repository }
            if *id == survey(1) && repository.as_str() == "git.example.org/a"),
        "{error}"
    );
    assert_eq!(ledger.head().await.unwrap(), head);
    assert!(ledger.item(&one).await.unwrap().is_none());
    assert_eq!(ledger.verify().await.unwrap().entries, 3);
}

pub(crate) async fn the_last_scans_go_by_when_they_were_taken(place: &Place) {
    let ledger = place.ledger().await;
    for record in [
        scan("git.example.org/a", 1, 10, true),
        scan("git.example.org/a", 2, 30, false),
        scan("git.example.org/a", 3, 20, true),
        scan("git.example.org/a", 4, 5, true),
        scan("git.example.org/b", 5, 1, false),
    ] {
        ledger.append(vec![Append::scan(record)], at(40)).await.unwrap();
    }
    let scans = ledger.scans().await.unwrap();
    let known: Vec<_> = scans
        .iter()
        .map(|scans| {
            let complete = scans.latest_complete.as_ref();
            (scans.repository().as_str(), scans.latest.survey, complete.map(|scan| scan.survey))
        })
        .collect();
    assert_eq!(
        known,
        [("git.example.org/a", survey(2), Some(survey(3))), ("git.example.org/b", survey(5), None)]
    );
    let stream = Stream::Repository(RepositoryId::named("git.example.org/a"));
    assert_eq!(ledger.version(&stream).await.unwrap(), 4);
}

pub(crate) async fn nothing_is_changed_or_deleted(place: &Place) {
    let ledger = place.ledger().await;
    let one = fingerprint(1);
    let scanned = Append::scan(scan("git.example.org/a", 1, 1, true));
    let batch = vec![Append::events(one, 0, vec![opened(one), noted("a")]), scanned];
    ledger.append(batch, at(1)).await.unwrap();
    let mut refused = vec![
        "UPDATE entry SET body = '{}' WHERE seq = 1",
        "UPDATE entry SET seq = seq",
        "DELETE FROM entry WHERE seq = 3",
        "DELETE FROM entry",
        "DELETE FROM head",
        "UPDATE survey SET repository = 'x'",
        "DELETE FROM survey",
    ];
    if place.is_sqlite() {
        refused.push("INSERT OR REPLACE INTO entry VALUES (1, 'item:x', 9, 0, '{}', '', '')");
        refused.push(
            "INSERT OR REPLACE INTO entry \
             SELECT 9, stream, version, 0, '{}', prev, hash FROM entry WHERE seq = 1",
        );
    } else {
        refused.push("TRUNCATE entry CASCADE");
        refused.push("TRUNCATE survey");
        refused.push("TRUNCATE head");
    }
    for sql in refused {
        let error = place.raw(sql.to_owned()).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(ledger.verify().await.unwrap().entries, 3);
}

pub(crate) async fn the_items_in_memory_follow_what_others_append(place: &Place) {
    let (reader, writer) = (place.ledger().await, place.ledger().await);
    assert!(reader.current().await.unwrap().items().is_empty());
    let (one, two) = (fingerprint(1), fingerprint(2));
    let open = |item| Append::events(item, 0, vec![opened(item), noted("a")]);
    writer.append(vec![open(two)], at(1)).await.unwrap();
    let before = reader.current().await.unwrap();
    writer.append(vec![open(one), Append::events(two, 2, vec![noted("b")])], at(2)).await.unwrap();
    let after = reader.current().await.unwrap();
    let whole = reader.items().await.unwrap();
    assert!(after.items().iter().map(AsRef::as_ref).eq(&whole), "as if read from the beginning");
    assert_eq!(after.head(), &reader.head().await.unwrap());
    assert_eq!(after.get(&one).unwrap().id(), "V-2");
    assert_eq!(after.numbered(1).unwrap().fingerprint(), two);
    assert!(after.numbered(0).is_none() && after.numbered(3).is_none());
    // Who holds what was read earlier keeps it as it was.
    assert_eq!((before.items().len(), before.get(&two).unwrap().version), (1, 2));
    assert!(std::sync::Arc::ptr_eq(&after, &reader.current().await.unwrap()), "nothing is copied");
}
