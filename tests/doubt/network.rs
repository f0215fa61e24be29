//! A hostile network: nothing closes, nothing hangs, nothing leaks, and staleness shows.

use crate::issuer::{Behaviour, Issuer};
use crate::world::{World, at, documented, issuer, listing, revoked, token};
use crate::{answer_is_doubt, denial_with, is_doubt, only_proof_is_missing, unrecognised};
use quietus_model::{Doubt, Outcome as Answer};
use quietus_poam::MilestoneKind;
use quietus_validate::{Pace, Settings};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// No file of the ledger holds the token.
fn nothing_leaked(world: &World, token: &str) {
    let mut files = 0;
    for entry in std::fs::read_dir(world.path()).unwrap().flatten() {
        if entry.file_type().unwrap().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let found = bytes.windows(token.len()).any(|part| part == token.as_bytes());
            assert!(!found, "{}", entry.path().display());
            files += 1;
        }
    }
    assert!(files > 0, "the ledger is a file there");
}

fn impatient(issuer: &Issuer) -> Settings {
    Settings { timeout: Duration::from_millis(200), ..listing(issuer) }
}

#[tokio::test]
async fn a_captive_portal_that_says_yes_to_everything_is_doubt() {
    let page = "<!doctype html><title>Welcome to our WLAN</title>";
    let pages = [
        Behaviour::answer(200, page).with_header("content-type", "text/html"),
        Behaviour::answer(200, page).with_header("content-type", "application/json"),
        Behaviour::answer(200, r#"{"status":"ok","login":true}"#),
        Behaviour::answer(204, ""),
        Behaviour::answer(511, page),
    ];
    for answer in pages {
        let Behaviour::Answer { status, .. } = answer else { panic!() };
        let (portal, token) = (Issuer::start(), token("portal"));
        portal.set_otherwise(answer);
        is_doubt(&listing(&portal), &token, unrecognised(status)).await;
    }
}

#[tokio::test]
async fn what_comes_byte_by_byte_is_waited_for_so_long_and_no_longer() {
    for behaviour in [Behaviour::Drip, Behaviour::DripHead, Behaviour::Hang] {
        let (issuer, token) = (issuer(), token("slow"));
        issuer.set(&token, behaviour);
        let begun = Instant::now();
        let unreachable = |doubt: &Doubt| matches!(doubt, Doubt::Unreachable { .. });
        is_doubt(&impatient(&issuer), &token, unreachable).await;
        // Reading the repository takes most of it.
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_body_without_end_is_doubt_and_read_no_further_than_its_bound() {
    answer_is_doubt("endless", Behaviour::Endless, unrecognised(200)).await;
}

/// A body that would be a denial of a gigabyte, were it unpacked.
fn bomb() -> Vec<u8> {
    let mut gzip = Command::new("gzip");
    let gzip = gzip.arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = gzip.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let zeros = vec![b' '; 1 << 20];
        for _ in 0..256 {
            stdin.write_all(&zeros).unwrap();
        }
    });
    let packed = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    packed
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    let body = bomb();
    assert!(body.len() < 1 << 20, "else its size alone would be too much");
    for status in [200, 401] {
        let answer = Behaviour::answer(status, body.clone());
        let answer = answer.with_header("content-encoding", "gzip");
        answer_is_doubt("bomb", answer, unrecognised(status)).await;
    }
}

#[tokio::test]
async fn no_redirect_is_followed_least_of_all_inside() {
    let inside = Issuer::start_http();
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/latest/meta-data/", inside.url());
        let redirect = denial_with(status).with_header("location", &to);
        let expected = move |doubt: &Doubt| *doubt == Doubt::Redirected { status };
        answer_is_doubt("inside", redirect, expected).await;
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn plain_text_where_tls_should_be_is_doubt_and_nothing_is_sent() {
    let (plain, token) = (Issuer::start_http(), token("plain"));
    let mut asking = listing(&issuer());
    let url = plain.url().replace("http://", "https://");
    asking.instances.values_mut().for_each(|all| *all = vec![url.clone()]);
    asking.allow_private = vec![plain.host()];
    is_doubt(&asking, &token, |doubt| matches!(doubt, Doubt::Unreachable { .. })).await;
    let seen = plain.requests();
    assert!(seen.iter().all(|seen| !format!("{seen:?}").contains(&token)), "{seen:?}");
}

#[tokio::test]
async fn what_echoes_the_credential_writes_it_nowhere() {
    let (issuer, token) = (issuer(), token("echo"));
    let denial = match documented(Answer::Dead, "Unauthorized") {
        Behaviour::Answer { headers, mut body, status } => {
            body.extend_from_slice(format!(" {token}").as_bytes());
            Behaviour::Answer { status, headers, body }
        }
        other => other,
    };
    issuer.set(&token, denial.with_header("x-request-id", &token).with_header("date", &token));
    let world = only_proof_is_missing(&token).await;
    for day in 1..=3 {
        world.retest(&listing(&issuer), at(24 * day)).await;
    }
    assert_eq!(issuer.asked_about(&token), 3);
    nothing_leaked(&world, &token);
}

/// Three weeks of "later": each night it is asked a little, and never longer than it is patient.
#[tokio::test]
async fn a_storm_of_429_for_weeks_closes_nothing_and_shows_as_stale() {
    const NIGHTS: i64 = 21;
    let (issuer, first) = (issuer(), token("storm 0"));
    let world = World::new().await;
    let repository = world.repository("app");
    let all: Vec<String> = (0..20).map(|number| token(&format!("storm {number}"))).collect();
    let lines: Vec<String> = all.iter().map(|token| format!("TOKEN={token}\n")).collect();
    repository.commit(at(-2), "ci.env", &lines.concat());
    // All are denied twice, and lack nothing but their removal.
    all.iter().for_each(|token| issuer.set(token, revoked()));
    world.track(&[repository.source()], Some(&listing(&issuer)), at(0)).await;
    world.retest(&listing(&issuer), at(24)).await;
    assert!(world.item(&first).await.milestone(MilestoneKind::Revoke).is_done());

    let storm = denial_with(429).with_header("retry-after", "86400");
    all.iter().for_each(|token| issuer.set(token, storm.clone()));
    issuer.set_otherwise(storm);
    let pace = Pace { patience: Duration::from_secs(60), ..listing(&issuer).pace };
    let asking = Settings { pace, ..listing(&issuer) };
    let (before, begun) = (issuer.connections(), Instant::now());
    for night in 2..=NIGHTS {
        world.retest(&asking, at(24 * night)).await;
    }
    let asked = issuer.connections() - before;
    assert!(asked <= 4 * NIGHTS as usize, "{asked} calls to one that wants to be left alone");
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
    // Removed during the storm: the denials of three weeks ago do not close it.
    repository.delete(at(24 * NIGHTS), "ci.env");
    let now = at(24 * NIGHTS + 1);
    let outcome = world.track(&[repository.source()], None, now).await;
    assert_eq!(outcome.closed, []);
    let item = world.item(&first).await;
    assert!(item.milestone(MilestoneKind::Remove).is_done());
    assert!(item.last_answered().unwrap() <= at(25), "nothing was answered since");
    let blockers = world.blockers(&first, now).await;
    assert!(blockers.contains("too old by now"), "{blockers}");
    all.iter().for_each(|token| issuer.set(token, revoked()));
    // The control must not meet the storm either.
    issuer.set_otherwise(revoked());
    let outcome = world.retest(&listing(&issuer), now).await;
    assert_eq!(outcome.closed.len(), all.len(), "after the storm it goes on");
    nothing_leaked(&world, &first);
}
