//! A process that is killed in the middle of an append leaves a ledger that verifies.

use crate::place::Place;
use crate::samples::{at, fingerprint, key, noted, opened, scan};
use quietus_store::{Append, Ledger};
use std::env;
use std::process::{Command, Stdio};
use std::time::Duration;

const CHILD: &str = "QUIETUS_STORE_TEST_CHILD_APPENDS_TO";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_leaves_whole_appends_only() {
    let place = Place::sqlite();
    let ledger = place.ledger().await;
    for round in 0..6_u64 {
        let before = ledger.head().await.unwrap().seq;
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed::appends_until_killed", "--ignored"])
            .env(CHILD, &place.url)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while ledger.head().await.unwrap().seq < before + 20 {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Not always at the same point of its work.
        tokio::time::sleep(Duration::from_micros(700 * round)).await;
        child.kill().unwrap();
        child.wait().unwrap();

        let verified = ledger.verify().await.unwrap();
        assert!(verified.entries >= before + 20);
        let items = ledger.items().await.unwrap();
        assert_eq!(verified.entries, items.len() as u64 * 4, "three events and a scan each");
        assert!(items.iter().all(|item| item.version == 3));
    }
}

#[tokio::test]
#[ignore = "the writer that a_killed_writer_leaves_whole_appends_only starts and kills"]
async fn appends_until_killed() {
    let Ok(url) = env::var(CHILD) else { return };
    let ledger = Ledger::open_existing(&url, &key()).await.unwrap();
    let start = ledger.head().await.unwrap().seq;
    for number in start.. {
        let item = fingerprint(number);
        let events = vec![opened(item), noted("a"), noted("b")];
        let scanned = Append::scan(scan("git.example.org/a", u128::from(number), 1, true));
        ledger.append(vec![Append::events(item, 0, events), scanned], at(1)).await.unwrap();
    }
}
