//! What can be read in none of its copies is found out once, not again for all that is made of it.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's own parts are right or the test fails"
)]

mod forged;
mod repository;

use forged::{Forged, adding, id, open};
use quietus_odb::{Kinds, Options, Reason, Selection};
use repository::walk;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Far more than it takes, and far less than looking at everything again and again would.
const LONG: Duration = Duration::from_secs(60);

/// How many objects come from two packs that are alike, and how many are corrupt or missing; walked
/// with one thread and with several, and read one by one.
fn counts(forged: Forged, more: impl Fn(&mut Forged)) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    forged.write(folder.path(), "a");
    forged.write(folder.path(), "b");
    let mut third = Forged::new();
    more(&mut third);
    third.write(folder.path(), "c");
    let (done, wait) = channel();
    std::thread::spawn(move || {
        let store = open(folder.path(), &Options::default());
        let all = Selection { kinds: Kinds::ALL, wanted: None };
        for threads in [1, 3] {
            let kept = walk(&store, &all, threads);
            assert!(kept.problems.iter().all(|it| it.reason == Reason::Corrupt));
            let failed = kept.problems.len();
            done.send((kept.content().len(), failed)).unwrap();
        }
        let mut reader = store.reader();
        let read = (0..store.len()).filter(|&number| reader.read(number, u64::MAX).is_ok()).count();
        done.send((read, store.len() as usize - read)).unwrap();
    });
    let next = || match wait.recv_timeout(LONG) {
        Ok(counts) => counts,
        Err(RecvTimeoutError::Timeout) => panic!("it takes too long"),
        Err(RecvTimeoutError::Disconnected) => panic!("it failed"),
    };
    let counts = next();
    assert_eq!(counts, next());
    assert_eq!(counts, next());
    counts
}

#[test]
fn circles_of_which_there_are_copies() {
    let mut forged = Forged::new();
    const OBJECTS: u32 = 40;
    for number in 0..OBJECTS {
        forged.named(id(number), id((number + 1) % OBJECTS), &adding(3, b""));
    }
    assert_eq!(counts(forged, |_| {}), (0, OBJECTS as usize));
}

#[test]
fn long_chains_that_begin_with_nothing() {
    const OBJECTS: u32 = 3000;
    let mut forged = Forged::new();
    let mut base = forged.raw(id(0), b"\x35no blob");
    for number in 1..OBJECTS {
        base = forged.at(id(number), base, &adding(4 + number as usize, b"x"));
    }
    let middle = |third: &mut Forged| {
        third.blob(id(OBJECTS / 2), &vec![b'y'; 5 + OBJECTS as usize / 2]);
    };
    let half = OBJECTS as usize / 2;
    assert_eq!(counts(forged, middle), (half, half));
}

#[test]
fn chains_that_are_too_long_to_be_mended() {
    const OBJECTS: u32 = 20_000;
    let mut forged = Forged::new();
    let mut base = forged.raw(id(0), b"\x35no blob");
    for number in 1..OBJECTS {
        base = forged.at(id(number), base, b"\x04\x04\x90\x04");
    }
    let end = |third: &mut Forged| {
        third.blob(id(OBJECTS - 1), b"good");
    };
    assert_eq!(counts(forged, end), (1, OBJECTS as usize - 1));
}
