//! How often is asked, how soon again, and by whose clock.

mod fixture;

use fixture::issuer::{Behaviour, Issuer};
use fixture::{hit, judge, login, now, settings, token, validator, with_rules, word};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Doubt, Judgement, Verdict};
use quietus_validate::{Pace, Settings};
use std::time::{Duration, Instant};

fn patient(issuer: &Issuer) -> Settings {
    let pace = Pace { every: Duration::ZERO, patience: Duration::from_secs(3), ..Pace::default() };
    Settings { pace, ..settings(issuer) }
}

#[tokio::test]
async fn an_issuer_that_asks_to_wait_is_asked_again_after_that() {
    let issuer = Issuer::start();
    let (busy, storm) = (token("busy"), token("storm"));
    let wait = Behaviour::answer(429, "{}").with_header("retry-after", "1");
    issuer.set_once(&busy, wait.clone(), Behaviour::Live);
    let begun = Instant::now();
    let validator = validator(patient(&issuer));
    assert_eq!(word(&judge(&validator, &hit("loop-token", &busy)).await), "live");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(issuer.asked_about(&busy), 2);

    issuer.set(&storm, wait);
    let judgement = judge(&validator, &hit("loop-token", &storm)).await;
    assert_eq!(judgement.verdict, Verdict::Indeterminate(Doubt::RateLimited));
    assert_eq!(issuer.asked_about(&storm), 3, "not for ever");
}

#[tokio::test]
async fn one_that_asks_for_too_much_is_left_alone_for_this_run() {
    let issuer = Issuer::start();
    issuer.set_otherwise(Behaviour::answer(429, "{}").with_header("retry-after", "86400"));
    let validator = validator(patient(&issuer));
    for number in 0..20 {
        let token = token(&format!("storm {number}"));
        let judgement = judge(&validator, &hit("loop-token", &token)).await;
        assert_eq!(judgement.verdict, Verdict::Indeterminate(Doubt::RateLimited));
    }
    assert_eq!(issuer.connections(), 1, "the first answer was enough");
}

#[tokio::test]
async fn one_that_never_answers_is_left_alone_for_this_run() {
    let issuer = Issuer::start();
    issuer.set_otherwise(Behaviour::Cut);
    let validator = validator(patient(&issuer));
    let mut words = Vec::new();
    for number in 0..8 {
        let token = token(&format!("cut {number}"));
        words.push(word(&judge(&validator, &hit("loop-token", &token)).await));
    }
    assert_eq!(issuer.connections(), 5);
    assert!(words[7].contains("left alone"), "{words:?}");
}

#[tokio::test]
async fn a_denial_by_another_clock_is_no_denial() {
    let issuer = Issuer::start();
    let rfc = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let cases = [(-301, false), (-299, true), (0, true), (299, true), (301, false)];
    for (seconds, counts) in cases {
        let token = token(&format!("clock {seconds}"));
        let at = now() + SignedDuration::from_secs(seconds);
        let denial = Behaviour::answer(401, r#"{"message":"Bad credentials"}"#);
        issuer.set(&token, denial.with_header("date", &rfc(at)));
        let judgement = judge(&validator(settings(&issuer)), &hit("loop-token", &token)).await;
        if counts {
            assert_eq!(word(&judgement), "dead", "{seconds}");
        } else {
            let Verdict::Indeterminate(Doubt::ClockSkew { seconds: found }) = judgement.verdict
            else {
                panic!("{seconds}: {judgement:?}")
            };
            assert!((found - seconds).abs() <= 2, "{found}");
        }
    }
    // What is accepted is accepted, whatever the time.
    let old = token("old");
    let accepted = Behaviour::answer(200, r#"{"login":"robot"}"#);
    issuer.set(&old, accepted.with_header("date", "Mon, 05 Jan 1998 10:00:00 GMT"));
    assert_eq!(word(&judge(&validator(settings(&issuer)), &hit("loop-token", &old)).await), "live");
}

/// The same judgement, so many hours before now.
fn ago(judgement: &Judgement, hours: i64) -> Vec<Judgement> {
    let at = now() - SignedDuration::from_hours(hours);
    vec![Judgement { at, ..judgement.clone() }]
}

#[tokio::test]
async fn where_failed_logins_count_a_credential_is_tried_once_a_day() {
    let issuer = Issuer::start();
    let locks = fixture::RULES
        .replace("[[rule.validate.answer]]", "failures_count = true\n[[rule.validate.answer]]");
    let counting = |settings: Settings| with_rules(&locks, settings);
    let token = token("locks");
    let hit = login(&token, &["ann"]);
    let first = judge(&counting(settings(&issuer)), &hit).await;
    assert_eq!(word(&first), "dead");
    assert_eq!(issuer.connections(), 1, "and nobody made one up");
    let again = counting(settings(&issuer));
    let earlier = ago(&first, 23);
    assert_eq!(again.judge(&hit, &earlier).await, earlier);
    let doubt = Judgement {
        verdict: Verdict::Indeterminate(Doubt::Unrecognised { status: 500 }),
        ..first.clone()
    };
    assert_eq!(again.judge(&hit, &ago(&doubt, 23)).await, ago(&doubt, 23));
    assert_eq!(issuer.connections(), 1);
    for earlier in [ago(&first, 24), ago(&first, -1), Vec::new()] {
        assert_ne!(again.judge(&hit, &earlier).await, earlier);
    }
    // What was never sent is no try.
    let unsent = Judgement { verdict: Verdict::Indeterminate(Doubt::NoBytes), ..first };
    again.judge(&hit, &ago(&unsent, 1)).await;
    assert_eq!(issuer.connections(), 5);
}

#[tokio::test]
async fn what_was_answered_lately_need_not_be_asked_again() {
    let issuer = Issuer::start();
    let token = token("lately");
    issuer.set(&token, Behaviour::Live);
    let hit = hit("loop-token", &token);
    let first = judge(&validator(settings(&issuer)), &hit).await;
    let lately = Settings { max_age: Some(SignedDuration::from_hours(12)), ..settings(&issuer) };
    let validator = validator(lately);
    assert_eq!(validator.judge(&hit, &ago(&first, 11)).await, ago(&first, 11));
    assert_eq!(issuer.asked_about(&token), 1);
    let mut elsewhere = ago(&first, 11);
    elsewhere[0].target.endpoint = "https://elsewhere.invalid".to_owned();
    let doubt = Judgement { verdict: Verdict::Indeterminate(Doubt::RateLimited), ..first.clone() };
    for earlier in [ago(&first, 12), elsewhere, ago(&doubt, 1)] {
        let judgements = validator.judge(&hit, &earlier).await;
        assert_eq!(judgements[0].at, now());
    }
    assert_eq!(issuer.asked_about(&token), 4);
}
