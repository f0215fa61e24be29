//! What calls for attention, when, and that each reminder is sent once a period.

mod support;
use jiff::SignedDuration;
use quietus_model::{Digest, Doubt};
use quietus_poam::{
    Action, ClosureMode, Delivery, DeviationKind, MilestoneKind, NoticeRecord, Playbook,
    ReminderKey, ReminderKind, already_sent, period_of, reminders,
};
use support::*;

const DAY: i64 = 24;

fn kinds(world: &World, hours: i64) -> Vec<&'static str> {
    let items = world.items();
    let soon = SignedDuration::from_hours(6);
    let found = reminders(&items, &world.policy, soon, at(hours));
    found.iter().map(|reminder| reminder.kind.as_str()).collect()
}

/// Live since hour 0: to be rotated and revoked within a day.
#[test]
fn a_date_is_near_then_past_and_told_by_its_first_milestone() {
    let mut world = leaked();
    assert!(kinds(&world, 17).is_empty());
    assert_eq!(kinds(&world, 18), ["due_soon"]);
    assert_eq!(kinds(&world, 24), ["due_soon"]);
    assert_eq!(kinds(&world, 25), ["overdue"]);
    let items = world.items();
    let found = reminders(&items, &world.policy, SignedDuration::ZERO, at(25));
    assert_eq!((found[0].milestone, found[0].at), (Some(MilestoneKind::Rotate), at(24)));
    // Without an answer for three days it is stale as well; a doubt is no answer.
    assert_eq!(kinds(&world, 73), ["overdue", "stale"]);
    world.ask(73, "token", vec![doubtful(73, Doubt::RateLimited)]);
    assert_eq!(kinds(&world, 73), ["overdue", "stale"]);
    world.ask(74, "token", vec![dead(74)]);
    assert_eq!(kinds(&world, 74), ["overdue"]);
}

#[test]
fn what_came_back_is_told_first_and_what_is_closed_never() {
    let mut world = closed();
    assert!(kinds(&world, 300 * DAY).is_empty());
    world.ask(40, "token", vec![live(40)]);
    assert_eq!(kinds(&world, 41), ["reopened"]);
    assert_eq!(kinds(&world, 40 + DAY + 1), ["reopened", "overdue"]);
}

#[test]
fn only_what_lacks_nothing_but_approval_waits_for_it() {
    let mut world = leaked();
    world.policy.closure = ClosureMode::Approved;
    world.take(&removed(1));
    world.ask(2, "token", vec![dead(2)]);
    assert!(!kinds(&world, 2).contains(&"pending_approval"));
    world.ask(23, "token", vec![dead(23)]);
    assert_eq!(kinds(&world, 23), ["pending_approval"]);
    world
        .act(
            24,
            "token",
            "os:9@b",
            &Action::Approve { note: "looked at it".into(), break_glass: None },
        )
        .unwrap();
    assert!(kinds(&world, 24).is_empty());
}

#[test]
fn what_is_set_aside_is_told_before_it_comes_back() {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let (kind, until) = (DeviationKind::RiskAccepted, Some(at(30 * DAY)));
    let reason = "the system is switched off in spring".to_owned();
    world.act(1, "token", "os:1@a", &Action::Dismiss { kind, reason, until }).unwrap();
    assert!(kinds(&world, 20 * DAY).is_empty());
    assert_eq!(kinds(&world, 30 * DAY - 6), ["resumes"]);
}

fn record(hours: i64, period: i64, keys: &[ReminderKey], delivery: Delivery) -> NoticeRecord {
    NoticeRecord {
        at: at(hours),
        period: at(period),
        digest: Digest::of(b"id"),
        reminders: keys.to_vec(),
        delivery,
    }
}

#[test]
fn each_reminder_is_sent_once_a_period_and_again_when_it_failed() {
    let key = |kind| ReminderKey { item: print_of("token"), kind, milestone: None, step: None };
    let (one, two) = (key(ReminderKind::Overdue), key(ReminderKind::Stale));
    let taken = Delivery::Delivered { status: 200 };
    let failed = Delivery::Failed { reason: "no answer".into() };
    let sent = |records: &[NoticeRecord], hours| {
        already_sent(records, at(24), at(hours)).into_iter().collect::<Vec<_>>()
    };
    let both = [one.clone(), two.clone()];
    let claimed = record(25, 24, &both, Delivery::Claimed);
    assert_eq!(sent(std::slice::from_ref(&claimed), 25), both, "another run is sending");
    assert!(sent(std::slice::from_ref(&claimed), 26).is_empty(), "it died in between");
    let delivered = record(25, 24, &both[..1], taken.clone());
    assert_eq!(sent(&[claimed.clone(), delivered], 30), std::slice::from_ref(&one));
    assert!(sent(&[claimed, record(25, 24, &both, failed.clone())], 25).is_empty());
    assert!(sent(&[record(5, 0, &both, taken.clone())], 25).is_empty(), "another period");
    // What failed later does not take back what was taken before.
    let later = [record(25, 24, &both[..1], taken), record(25, 24, &both[1..], failed)];
    assert_eq!(sent(&later, 25), [one]);
}

#[test]
fn periods_do_not_depend_on_when_one_asks() {
    let day = SignedDuration::from_hours(24);
    assert_eq!(period_of(at(0), day), at(0));
    assert_eq!(period_of(at(23), day), at(0));
    assert_eq!(period_of(at(24), day), at(24));
}

/// Each step that nothing else comes before is somebody's to do, and is told by its name.
#[test]
fn reminders_name_the_steps_that_are_due() {
    let mut world = leaked();
    let playbook = Box::new(Playbook::shipped("over-privileged-identity").unwrap().clone());
    let because = "its scopes are wider than its use".to_owned();
    world.act(0, "token", "os:1@a", &Action::Follow { playbook, because }).unwrap();
    let items = world.items();
    let told = |hours, soon| {
        let soon = SignedDuration::from_hours(soon);
        let found = reminders(&items, &world.policy, soon, at(hours));
        found
            .iter()
            .filter_map(|one| one.step.as_ref().map(ToString::to_string))
            .collect::<Vec<_>>()
    };
    assert!(told(0, 24).is_empty());
    // Of its steps only the first waits for nothing.
    assert_eq!(told(0, 24 * 100), ["over-privileged-identity/design"]);
    let overdue = reminders(&items, &world.policy, SignedDuration::ZERO, at(24 * 100));
    let step = overdue.iter().find(|one| one.step.is_some()).unwrap();
    assert_eq!(step.kind, ReminderKind::Overdue);
    assert_eq!(step.of_what().unwrap(), "over-privileged-identity/design");
    let milestone = overdue.iter().find(|one| one.milestone.is_some()).unwrap();
    assert!(milestone.key() != step.key() && milestone.of_what().unwrap() == "rotate");
}
