//! What an issuer may answer without that being proof of anything, through the whole pipe.
//!
//! In each story the credential is already out of every head and has a successor in its place,
//! so that nothing but a believed denial stands between the item and its closure.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/world.rs"]
mod world;

#[path = "doubt/network.rs"]
mod network;

use issuer::{Behaviour, Issuer};
use quietus_model::{Doubt, Outcome as Answer, Target, Verdict};
use quietus_poam::{Action, Event, MilestoneKind, PoamItem, Proof};
use quietus_validate::Settings;
use std::net::TcpListener;
use std::time::Duration;
use world::{World, accepted, at, documented, issuer, issuer_kind, listing, revoked, token};

const DAYS: i64 = 10;

/// A world with one item that lacks nothing but proof of death.
async fn only_proof_is_missing(token: &str) -> World {
    let world = World::new().await;
    let repository = world.repository("app");
    repository.commit(at(-3), "ci.env", &format!("TOKEN={token}\n"));
    repository.commit(at(-2), "ci.env", "TOKEN=${FROM_THE_VAULT}\n");
    let outcome = world.track(&[repository.source()], None, at(0)).await;
    assert_eq!(outcome.opened, [world.fingerprint(token)]);
    world
}

/// Asks every day; what the issuer was understood to say each time.
async fn ask_daily(world: &World, token: &str, asking: &Settings) -> Vec<Verdict> {
    for day in 1..=DAYS {
        world.retest(asking, at(24 * day)).await;
    }
    let item = world.item(token).await;
    let judged = item.history.iter().filter_map(|recorded| match &recorded.event {
        Event::Judged { judgement } => Some(judgement.verdict.clone()),
        _ => None,
    });
    judged.collect()
}

/// The item is as open as on its first day, and neither live nor dead.
async fn nothing_was_learnt(world: &World, token: &str) -> PoamItem {
    let now = at(24 * DAYS);
    let item = world.item(token).await;
    assert!(item.milestone(MilestoneKind::Remove).is_done(), "else it could not close anyway");
    for kind in [MilestoneKind::Revoke, MilestoneKind::Retest] {
        assert!(!item.milestone(kind).is_done(), "{kind}");
    }
    assert!(item.closure.is_none());
    assert_eq!(item.liveness(now), "unknown");
    assert!(matches!(item.proof(&world.policy, now), Proof::NotYet(_)));
    let exported = world.exported(token, now).await;
    assert!(exported.closure.is_none());
    item
}

/// Whatever is asked with `asking` for ten days ends in this doubt and in nothing else.
async fn is_doubt(asking: &Settings, token: &str, is_expected: impl Fn(&Doubt) -> bool) {
    let world = only_proof_is_missing(token).await;
    let verdicts = ask_daily(&world, token, asking).await;
    assert_eq!(verdicts.len(), DAYS as usize);
    for verdict in &verdicts {
        let expected = matches!(verdict, Verdict::Indeterminate(doubt) if is_expected(doubt));
        assert!(expected, "{verdict:?}");
    }
    let item = nothing_was_learnt(&world, token).await;
    assert!(item.targets.values().all(|record| record.answers.is_empty()));
}

/// As [`is_doubt`] with a listed issuer that treats the token like this.
async fn answer_is_doubt(name: &str, answer: Behaviour, is_expected: impl Fn(&Doubt) -> bool) {
    let (issuer, token) = (issuer(), token(name));
    issuer.set(&token, answer);
    is_doubt(&listing(&issuer), &token, is_expected).await;
    assert_eq!(issuer.asked_about(&token), DAYS as usize);
}

/// The words of a denial, with another status.
fn denial_with(status: u16) -> Behaviour {
    match documented(Answer::Dead, "Unauthorized") {
        Behaviour::Answer { headers, body, .. } => Behaviour::Answer { status, headers, body },
        other => other,
    }
}

fn unrecognised(status: u16) -> impl Fn(&Doubt) -> bool {
    move |doubt| *doubt == Doubt::Unrecognised { status }
}

/// Without this no other test here would say anything.
#[tokio::test]
async fn the_documented_denial_closes_the_same_item_on_the_second_day() {
    let (issuer, token) = (issuer(), token("control"));
    issuer.set(&token, revoked());
    let world = only_proof_is_missing(&token).await;
    world.retest(&listing(&issuer), at(24)).await;
    assert!(world.item(&token).await.closure.is_none());
    world.retest(&listing(&issuer), at(48)).await;
    assert!(world.item(&token).await.closure.is_some());
}

#[tokio::test]
async fn a_401_in_other_words_is_doubt() {
    let answer = Behaviour::answer(401, r#"{"message":"Bad credentials"}"#);
    answer_is_doubt("other words", answer, unrecognised(401)).await;
}

#[tokio::test]
async fn a_bare_401_is_doubt() {
    answer_is_doubt("bare 401", Behaviour::answer(401, ""), unrecognised(401)).await;
}

#[tokio::test]
async fn a_bare_403_is_doubt() {
    answer_is_doubt("bare 403", Behaviour::answer(403, ""), unrecognised(403)).await;
}

#[tokio::test]
async fn a_429_is_doubt_even_in_the_words_of_a_denial() {
    let limited = |doubt: &Doubt| *doubt == Doubt::RateLimited;
    answer_is_doubt("429", denial_with(429), limited).await;
    let patience = revoked().with_header("retry-after", "60");
    answer_is_doubt("retry after", patience, limited).await;
}

#[tokio::test]
async fn a_500_and_a_503_are_doubt_even_in_the_words_of_a_denial() {
    for status in [500, 503] {
        answer_is_doubt("broken", denial_with(status), unrecognised(status)).await;
    }
}

#[tokio::test]
async fn a_hang_is_doubt() {
    let (issuer, token) = (issuer(), token("hang"));
    issuer.set(&token, Behaviour::Hang);
    let asking = Settings { timeout: Duration::from_millis(200), ..listing(&issuer) };
    is_doubt(&asking, &token, |doubt| matches!(doubt, Doubt::Unreachable { .. })).await;
    assert!(issuer.connections() > 0);
}

#[tokio::test]
async fn a_redirect_is_doubt_and_is_not_followed() {
    let elsewhere = Issuer::start();
    let to = format!("{}/api/v4/personal_access_tokens/self", elsewhere.url());
    let redirect = denial_with(302).with_header("location", &to);
    answer_is_doubt("redirect", redirect, |doubt| *doubt == Doubt::Redirected { status: 302 })
        .await;
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_page_for_people_is_doubt_even_with_status_200() {
    let page = "<!doctype html><title>Sign in</title>{\"active\":true,\"revoked\":true}";
    let answer = Behaviour::answer(200, page).with_header("content-type", "text/html");
    answer_is_doubt("page", answer, unrecognised(200)).await;
}

#[tokio::test]
async fn an_empty_body_is_doubt() {
    answer_is_doubt("empty", Behaviour::answer(200, ""), unrecognised(200)).await;
}

#[tokio::test]
async fn half_an_answer_is_doubt() {
    let unreachable = |doubt: &Doubt| matches!(doubt, Doubt::Unreachable { .. });
    answer_is_doubt("truncated", Behaviour::Truncated, unreachable).await;
    answer_is_doubt("cut", Behaviour::Cut, unreachable).await;
}

#[tokio::test]
async fn a_closed_port_is_doubt() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = free.local_addr().unwrap().to_string();
    drop(free);
    let asking = Settings {
        instances: [(issuer_kind(), vec![format!("https://{host}")])].into(),
        allow_private: vec![host],
        ..Settings::default()
    };
    is_doubt(&asking, &token("closed port"), |doubt| matches!(doubt, Doubt::Unreachable { .. }))
        .await;
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_doubt_and_nothing_is_sent() {
    let (issuer, other, token) = (issuer(), Issuer::start(), token("certificate"));
    issuer.set(&token, revoked());
    for ca_pem in [None, Some(other.ca_pem())] {
        let asking = Settings { ca_pem, ..listing(&issuer) };
        is_doubt(&asking, &token, |doubt| matches!(doubt, Doubt::Unreachable { .. })).await;
    }
    assert!(issuer.requests().is_empty());
}

#[tokio::test]
async fn a_private_address_that_is_not_allowed_is_doubt_and_nothing_is_sent() {
    let (issuer, token) = (issuer(), token("private"));
    let asking = Settings { allow_private: Vec::new(), ..listing(&issuer) };
    is_doubt(&asking, &token, |doubt| matches!(doubt, Doubt::Refused { .. })).await;
    assert_eq!(issuer.connections(), 0);
}

#[tokio::test]
async fn an_issuer_that_accepts_anything_is_never_believed() {
    let (issuer, token) = (Issuer::start(), token("anything"));
    issuer.set_otherwise(accepted());
    let asking = listing(&issuer);
    is_doubt(&asking, &token, |doubt| *doubt == Doubt::NonDiscriminating).await;
    assert_eq!(issuer.asked_about(&token), DAYS as usize);
    assert_eq!(issuer.requests().len(), 2 * DAYS as usize, "one control a run");
}

#[tokio::test]
async fn accepted_but_with_no_answer_to_the_control_is_doubt() {
    let (issuer, token) = (Issuer::start(), token("no control"));
    issuer.set(&token, accepted());
    issuer.set_otherwise(Behaviour::answer(502, ""));
    let failed = |doubt: &Doubt| matches!(doubt, Doubt::ControlFailed { .. });
    is_doubt(&listing(&issuer), &token, failed).await;
}

#[tokio::test]
async fn a_denial_by_one_listed_instance_is_no_proof_while_another_is_silent() {
    let (one, other, token) = (issuer(), issuer(), token("two instances"));
    one.set(&token, revoked());
    other.set(&token, Behaviour::answer(503, ""));
    // Each has a CA of its own: both are trusted.
    let ca_pem = [one.ca_pem(), other.ca_pem()].concat();
    let asking = Settings {
        instances: [(issuer_kind(), vec![one.url(), other.url()])].into(),
        allow_private: vec![one.host(), other.host()],
        ca_pem: Some(ca_pem),
        ..listing(&one)
    };
    let world = only_proof_is_missing(&token).await;
    let verdicts = ask_daily(&world, &token, &asking).await;
    let denials = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Dead(_))).count();
    assert_eq!((denials, verdicts.len()), (DAYS as usize, 2 * DAYS as usize));
    assert!(world.exported(&token, at(24 * DAYS)).await.closure.is_none());
    assert!(!world.item(&token).await.milestone(MilestoneKind::Revoke).is_done());
    let blockers = world.blockers(&token, at(24 * DAYS)).await;
    assert!(blockers.contains(&format!("{} gave no clear answer", other.url())), "{blockers}");
    // Once the other one denies it too, that is proof.
    other.set(&token, revoked());
    world.retest(&asking, at(24 * DAYS + 24)).await;
    world.retest(&asking, at(24 * DAYS + 48)).await;
    assert!(world.item(&token).await.closure.is_some());
}

/// A place to ask that the user names without saying that it is all there are.
fn instead(issuer: &Issuer) -> Settings {
    Settings {
        instances: [].into(),
        endpoints: [(issuer_kind(), issuer.url())].into(),
        ..listing(issuer)
    }
}

#[tokio::test]
async fn a_denial_by_an_issuer_that_was_never_bound_closes_nothing() {
    let (issuer, token) = (issuer(), token("unbound"));
    issuer.set(&token, revoked());
    let world = only_proof_is_missing(&token).await;
    let verdicts = ask_daily(&world, &token, &instead(&issuer)).await;
    assert_eq!(verdicts.len(), DAYS as usize);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Dead(seen) if seen.custom)));
    nothing_was_learnt(&world, &token).await;
    let blockers = world.blockers(&token, at(24 * DAYS)).await;
    assert!(blockers.contains("so a denial there proves nothing"), "{blockers}");
}

#[tokio::test]
async fn bound_by_a_person_a_place_of_the_users_own_still_needs_a_second_person() {
    let (issuer, token) = (issuer(), token("bound"));
    issuer.set(&token, revoked());
    let world = only_proof_is_missing(&token).await;
    ask_daily(&world, &token, &instead(&issuer)).await;
    let act = async |action: Action, account: &str| {
        world.act(&token, &action, account, at(24 * DAYS + 1)).await;
        world.item(&token).await
    };
    let note = "this is the only instance we ever had".to_owned();
    let target = Target { issuer: issuer_kind(), endpoint: issuer.url(), principal: None };
    let item = act(Action::Bind { target, note }, "os:1@host").await;
    assert!(item.milestone(MilestoneKind::Retest).is_done());
    assert!(item.closure.is_none(), "the user overrode the endpoint");
    let note = "looked at the denials".to_owned();
    let item = act(Action::Approve { note, break_glass: None }, "os:2@host").await;
    assert!(item.closure.is_some());
}
