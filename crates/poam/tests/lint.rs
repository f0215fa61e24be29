//! The five classic mistakes: each is named when it is made, and not before.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use quietus_model::{Binding, Doubt, Verdict};
use quietus_poam::{Action, MilestoneKind, Mistake, Unmeasurable};
use support::*;

const DAY: i64 = 24;

fn mistakes(world: &World, hours: i64) -> Vec<&'static str> {
    world.item("token").lint(at(hours)).into_iter().map(Mistake::code).collect()
}

/// Found on main by nobody known, and never asked about.
fn found(askable: bool) -> World {
    let mut world = World::new();
    let mut place = place("app.env", &[MAIN], -100);
    place.last_author = None;
    let mut first = survey(0, vec![finding("token", vec![place])]);
    first.assessments[0].kind = kind(askable);
    world.take(&first);
    world
}

fn assigned(askable: bool) -> World {
    let mut world = found(askable);
    world.act(1, "token", "os:1@a", &Action::Assign { to: "team".into() }).unwrap();
    world
}

#[test]
fn an_item_without_an_owner_is_named_at_once() {
    assert_eq!(mistakes(&found(true), 1), ["no_owner"]);
    assert!(mistakes(&assigned(true), 1).is_empty());
}

#[test]
fn a_step_nobody_can_measure_is_named_with_its_reason() {
    let of = |world: &World, hours| world.item("token").lint(at(hours));
    let unmeasurable = |why| Mistake::Unmeasurable(why);
    // Seven days are allowed for it.
    let mut silent = assigned(false);
    assert!(of(&silent, 7 * DAY).is_empty());
    assert!(of(&silent, 7 * DAY + 1).contains(&unmeasurable(Unmeasurable::NoRecipe)));
    let word = Action::Attest { note: "switched off at the vendor".into(), digest: None };
    silent.act(8 * DAY, "token", "os:1@a", &word).unwrap();
    assert!(!of(&silent, 8 * DAY).contains(&unmeasurable(Unmeasurable::NoRecipe)));

    let mut strange = assigned(true);
    let denied = answer(github(), Binding::Unbound, 2, Verdict::Dead(observation()));
    strange.ask(2, "token", vec![denied]);
    assert_eq!(of(&strange, 2), [unmeasurable(Unmeasurable::NoIssuer)]);
    strange.ask(3, "token", vec![dead(3)]);
    assert!(of(&strange, 3).is_empty(), "its issuer is known by now");

    let mut lost = assigned(true);
    lost.ask(2, "token", vec![doubtful(2, Doubt::NoBytes)]);
    assert_eq!(of(&lost, 2), [unmeasurable(Unmeasurable::NoBytes)]);
}

#[test]
fn dates_without_progress_are_named_when_they_pass_or_are_moved() {
    let mut world = assigned(true);
    assert!(mistakes(&world, 7 * DAY).is_empty());
    assert_eq!(mistakes(&world, 7 * DAY + 1), ["dates_without_progress"]);
    let milestone = MilestoneKind::Revoke;
    let reason = "the vendor needs more time".to_owned();
    world
        .act(2, "token", "os:1@a", &Action::Extend { milestone, due: at(9 * DAY), reason })
        .unwrap();
    assert_eq!(mistakes(&world, 3), ["dates_without_progress"], "a date moved, and nothing else");
    world.act(4, "token", "os:1@a", &Action::Start { milestone }).unwrap();
    assert!(mistakes(&world, 5).is_empty());
}

#[test]
fn a_status_that_stands_still_is_named_however_often_its_issuer_is_asked() {
    let mut world = assigned(true);
    world.act(4, "token", "os:1@a", &Action::Start { milestone: MilestoneKind::Rotate }).unwrap();
    for night in 1..=14 {
        world.ask(night * DAY, "token", vec![doubtful(night * DAY, Doubt::RateLimited)]);
    }
    assert!(mistakes(&world, 14 * DAY + 4).is_empty());
    assert_eq!(mistakes(&world, 14 * DAY + 5), ["status_not_updated"]);
    world.act(15 * DAY, "token", "os:1@a", &Action::Note { text: "waiting".into() }).unwrap();
    assert!(mistakes(&world, 15 * DAY).is_empty());
}

#[test]
fn what_nobody_looked_at_for_a_month_is_named() {
    let world = found(true);
    assert!(!mistakes(&world, 30 * DAY).contains(&"nobody_looked"));
    assert!(mistakes(&world, 30 * DAY + 1).contains(&"nobody_looked"));
    assert!(!mistakes(&assigned(true), 31 * DAY).contains(&"nobody_looked"));
}

#[test]
fn what_is_closed_or_set_aside_makes_no_mistake() {
    assert!(closed().item("token").lint(at(400 * DAY)).is_empty());
    let mut world = found(true);
    let reason = "a sample from the manual".to_owned();
    let kind = quietus_poam::DeviationKind::FalsePositive;
    world.act(1, "token", "os:1@a", &Action::Dismiss { kind, reason, until: None }).unwrap();
    assert!(mistakes(&world, 200 * DAY).is_empty());
}
