//! A process that is killed at any instant leaves a ledger that verifies and holds what it was told
//! to hold. `QUIETUS_KILLS` says how often each story kills; `benches/README.md` tells of a thousand.

use crate::place::Place;
use crate::samples::{asked, at, fingerprint, key, noted, opened, scan};
use quietus_store::{Anchor, Append, Head, Ledger, SCHEMA, Stream};
use std::env;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

const CHILD: &str = "QUIETUS_STORE_TEST_CHILD_WRITES_TO";
const DEED: &str = "QUIETUS_STORE_TEST_CHILD_DEED";

/// What the child does when it is killed.
const DEEDS: [&str; 4] = ["track", "act", "retest", "migrate"];

/// After so many kills a new ledger is begun, since each is checked as a whole.
const OF_ONE: usize = 40;

pub(crate) async fn a_killed_writer_leaves_whole_appends_and_loses_none(place: &Place) {
    let kills = env::var("QUIETUS_KILLS").map_or(16, |kills| kills.parse().unwrap());
    let mut place = std::borrow::Cow::Borrowed(place);
    let mut chance = 0x9E37_79B9_7F4A_7C15_u64;
    let (mut inside, mut acknowledged) = ([0; DEEDS.len()], 0);
    for round in 0..kills {
        if round > 0 && round % OF_ONE == 0 {
            place = std::borrow::Cow::Owned(place.another(round).await);
        }
        let url = place.url.clone();
        place.ledger().await.close().await;
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let deed = round % DEEDS.len();
        let (writes, pause) = (chance >> 32 & 7, Duration::from_micros(chance % 20_000));
        let told = kill(&url, DEEDS[deed], writes as usize, pause);
        if DEEDS[deed] == "migrate" {
            Ledger::migrate(&url, &key(), SCHEMA).await.unwrap();
        }
        let ledger = Ledger::open_existing(&url, &key()).await.unwrap();
        let genesis = ledger.anchor(at(0)).await.unwrap().genesis;
        let anchors: Vec<Anchor> = told
            .heads
            .into_iter()
            .map(|Head { seq, hash }| Anchor { at: at(0), genesis: genesis.clone(), hash, seq })
            .collect();
        acknowledged += anchors.len();
        let verified = ledger.verify_against(&anchors).await.unwrap();
        // Whole appends only: those of each deed have a length of their own.
        let items = ledger.items().await.unwrap();
        assert_eq!(items.iter().map(|item| item.version).sum::<u64>() % 3, 0);
        assert!(verified.entries >= items.len() as u64 * 4);
        ledger.close().await;
        inside[deed] += usize::from(told.is_inside);
    }
    let all: usize = inside.iter().sum();
    println!(
        "{kills} kills, {all} of them inside an append, an abridging or a migration ({DEEDS:?}: \
         {inside:?}), {acknowledged} acknowledged writes, none lost"
    );
    for (deed, inside) in DEEDS.iter().zip(inside) {
        let few = format!("only {inside} of {kills} kills met a write of {deed}");
        assert!(kills < 100 || inside * DEEDS.len() * 4 > kills, "{few}");
    }
    assert!(all * 4 > kills, "too few kills landed inside a write: {all} of {kills}");
}

/// What a child told before it was killed.
struct Told {
    /// It had begun a write and not heard of its end.
    is_inside: bool,
    /// The heads it was given by appends that succeeded.
    heads: Vec<Head>,
}

/// Kills a child a `pause` after it began its first write and heard of the end of so many.
fn kill(url: &str, deed: &str, writes: usize, pause: Duration) -> Told {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::writes_until_killed", "--ignored", "--nocapture"])
        .env(CHILD, url)
        .env(DEED, deed)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdout.take().unwrap();
    let mut said = Vec::new();
    let heard = |said: &[u8], mark| said.iter().filter(|byte| **byte == mark).count();
    while heard(&said, b'<') == 0 || heard(&said, b'>') < writes {
        let mut byte = [0];
        assert_eq!(pipe.read(&mut byte).unwrap(), 1, "the child ended by itself");
        said.push(byte[0]);
    }
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    pipe.read_to_end(&mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    let count = |mark| said.matches(mark).count();
    let heads = said.split('<').filter_map(|part| {
        let (seq, hash) = part.split_once('>')?.0.split_once(' ')?;
        Some(Head { seq: seq.parse().unwrap(), hash: hash.parse().unwrap() })
    });
    Told { is_inside: count('<') > count('>'), heads: heads.collect() }
}

/// Says at once that a write begins, or how it ended.
fn tell(what: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(what.as_bytes()).unwrap();
    out.flush().unwrap();
}

async fn append(ledger: &Ledger, batch: Vec<Append>) {
    tell("<");
    let head = ledger.append(batch, at(1)).await.unwrap();
    tell(&format!("{} {}>", head.seq, head.hash));
}

#[tokio::test]
#[ignore = "the writer that a_killed_writer_leaves_whole_appends_and_loses_none starts and kills"]
async fn writes_until_killed() {
    let Ok(url) = env::var(CHILD) else { return };
    let deed = env::var(DEED).unwrap();
    let mut ledger = Ledger::open_existing(&url, &key()).await.unwrap();
    for number in ledger.head().await.unwrap().seq.. {
        let item = fingerprint(number);
        let one = || Stream::Item(fingerprint(0));
        match deed.as_str() {
            "act" => {
                let version = ledger.version(&one()).await.unwrap();
                let first = if version == 0 { opened(fingerprint(0)) } else { noted("a") };
                let events = vec![first, noted("b"), noted("c")];
                let batch = vec![
                    Append::events(fingerprint(0), version, events),
                    Append::scan(scan("git.example.org/b", u128::from(number) << 64, 1, true)),
                ];
                append(&ledger, batch).await;
            }
            "retest" => {
                let version = ledger.version(&one()).await.unwrap();
                let night = version.cast_signed();
                let first = if version == 0 { opened(fingerprint(0)) } else { asked(night) };
                let events = vec![first, asked(night + 1), asked(night + 2)];
                let batch = vec![
                    Append::events(fingerprint(0), version, events),
                    Append::scan(scan("git.example.org/c", u128::from(number) << 65, 1, true)),
                ];
                append(&ledger, batch).await;
                tell("<");
                ledger.abridge().await.unwrap();
                tell(">");
            }
            "migrate" => {
                ledger.close().await;
                tell("<");
                Ledger::migrate(&url, &key(), 1).await.unwrap();
                tell(">");
                tell("<");
                Ledger::migrate(&url, &key(), SCHEMA).await.unwrap();
                tell(">");
                ledger = Ledger::open_existing(&url, &key()).await.unwrap();
            }
            _ => {
                let events = vec![opened(item), noted("a"), noted("b")];
                let survey = u128::from(number) + 1;
                let scanned = Append::scan(scan("git.example.org/a", survey, 1, true));
                append(&ledger, vec![Append::events(item, 0, events), scanned]).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "told with the other stories; by itself it can kill more often"]
async fn as_often_as_wanted_on_postgres() {
    let Some(server) = crate::postgres::Server::start() else { return };
    let place = Place::postgres(&server, "killed").await;
    a_killed_writer_leaves_whole_appends_and_loses_none(&place).await;
}
