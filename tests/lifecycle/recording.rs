//! Recording twice, and several at the same time.

use crate::world::{World, at, token};
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn tracking_twice_appends_no_event_to_any_item() {
    let world = World::new().await;
    let repository = world.repository("app");
    repository.commit(at(-3), "a.env", &format!("TOKEN={}\n", token("one")));
    repository.commit(at(-2), "b.env", &format!("TOKEN={}\n", token("two")));
    repository.delete(at(-1), "a.env");
    let sources = [repository.source()];
    let first = world.track(&sources, None, at(0)).await;
    assert_eq!(first.opened.len(), 2);
    let items = world.items().await;
    let second = world.track(&sources, None, at(1)).await;
    assert_eq!(second.events, 0);
    assert_eq!(world.items().await, items);
    let head = (first.head.unwrap(), second.head.unwrap());
    assert_eq!(head.0.seq + 1, head.1.seq, "only that there was a scan is new");
    world.exported(&token("one"), at(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_runs_at_once_none_is_lost() {
    const RUNS: usize = 6;
    let world = Arc::new(World::new().await);
    let shared = token("shared");
    let mut runs = Vec::new();
    for number in 0..RUNS {
        let repository = world.repository(&format!("app{number}"));
        let own = token(&format!("own {number}"));
        let text = format!("A={shared}\nB={own}\n");
        // Another date gives another first commit, and so another repository.
        repository.commit(at(-100 + number as i64), "ci.env", &text);
        let found = world.look(&[repository.source()], at(0)).await;
        runs.push((world.another_ledger().await, found));
    }
    let recording: Vec<_> = runs
        .into_iter()
        .map(|(ledger, found)| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.record(&ledger, found, None, at(1)).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for run in recording {
        outcomes.push(run.await.unwrap());
    }

    let events: usize = outcomes.iter().map(|outcome| outcome.events).sum();
    let items = world.items().await;
    assert_eq!(items.iter().map(|item| item.version as usize).sum::<usize>(), events);
    assert_eq!(items.len(), RUNS + 1);
    let opened: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.opened).collect();
    assert_eq!(opened.len(), opened.iter().collect::<BTreeSet<_>>().len());
    assert_eq!(opened.len(), RUNS + 1);
    assert_eq!(world.item(&shared).await.presence.repositories().len(), RUNS);
    let verified = world.ledger.verify().await.unwrap();
    assert_eq!(verified.entries as usize, events + RUNS, "one entry an event and one a scan");
    assert_eq!(world.ledger.scans().await.unwrap().len(), RUNS);
    world.exported(&shared, at(1)).await;
}
