//! The cases at the edge that others got wrong, each by its name.
//!
//! Elsewhere: a captive portal and storms of HTTP errors on the wire (`tests/doubt.rs`); writers at
//! the same time and a crash between two writes (the store's tests, `tests/bad_input.rs`); reading our
//! own exports back (`crates/export/tests/round_trip.rs`); a pair of which one part is known
//! (`closing.rs`); an owner who has left (`playbooks.rs`); an owner who would approve (`decisions.rs`).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use quietus_model::{
    Doubt, Introduced, Location, Offline, RepositoryId, RuleId, SafeText, Survey, SurveyId,
};
use quietus_poam::{
    Action, Class, DeviationKind, Lane, MilestoneKind, Phase, Policy, Progress, Proof,
    ReminderKind, ReopenReason, reminders,
};
use support::*;
use uuid::Uuid;

const REASON: &str = "a reason that a reviewer can follow";

fn is_verified(world: &World, kind: MilestoneKind) -> bool {
    matches!(world.item("token").milestone(kind).progress, Progress::Verified { .. })
}

/// The same place in another repository.
fn elsewhere(name: &str, heads: &[&str], introduced_at: i64) -> Location {
    let mut location = place("app.env", heads, introduced_at);
    location.repository = RepositoryId::named(name);
    location
}

/// A complete survey of these repositories, and of what is there.
fn surveyed(hours: i64, repositories: &[&str], places: Vec<Location>) -> Survey {
    let found = if places.is_empty() { Vec::new() } else { vec![finding("token", places)] };
    let mut survey = survey(hours, found);
    let one = survey.scopes.remove(0);
    for name in repositories {
        let mut scope = one.clone();
        scope.repository = RepositoryId::named(name);
        scope.source = SafeText::plain(format!("/srv/{name}"));
        survey.scopes.push(scope);
    }
    survey
}

#[test]
fn a_storm_of_doubt_for_days_closes_nothing_and_goes_stale() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    for day in 1..6 {
        let hours = 24 * day;
        let doubt =
            [Doubt::RateLimited, Doubt::NonDiscriminating, Doubt::Unrecognised { status: 503 }];
        let doubt = doubt[usize::try_from(day).unwrap() % 3].clone();
        world.ask(hours, "token", vec![doubtful(hours, doubt)]);
    }
    let item = world.item("token");
    assert!(item.closure.is_none());
    let soon = jiff::SignedDuration::from_hours(24);
    let kinds: Vec<ReminderKind> =
        reminders(&[item], &world.policy, soon, at(121)).iter().map(|r| r.kind).collect();
    assert!(kinds.contains(&ReminderKind::Stale), "{kinds:?}");
    // The doubt reset nothing: with a fresh denial the old one still counts.
    world.ask(122, "token", vec![dead(122)]);
    assert!(world.item("token").closure.is_some());
}

#[test]
fn an_expired_token_that_is_renewed_opens_again() {
    let mut world = closed();
    world.ask(24 * 9, "token", vec![live(24 * 9)]);
    let item = world.item("token");
    assert!(matches!(item.round.reason, Some(ReopenReason::Live { .. })));
    assert_eq!(item.detection.detected_at, at(0), "it was found when it was found");
}

#[test]
fn one_secret_in_five_repositories_is_one_item_and_gone_when_all_are_clean() {
    let names = ["one", "two", "three", "four", "five"];
    let mut world = World::new();
    let all = |heads: &[&str]| names.iter().map(|name| elsewhere(name, heads, -9)).collect();
    world.take(&surveyed(0, &names, all(&[MAIN])));
    assert_eq!(world.events.len(), 1);
    let item = world.item("token");
    assert_eq!((item.presence.len(), item.presence.repositories().len()), (5, 5));
    assert!(item.tags().contains(&"NHI9:2025".to_owned()));
    for (hours, clean) in (1..).zip(names) {
        assert!(!is_verified(&world, MilestoneKind::Remove), "{clean} is left");
        world.take(&surveyed(hours, &[clean], vec![elsewhere(clean, &[], -9)]));
    }
    assert!(is_verified(&world, MilestoneKind::Remove));
}

#[test]
fn a_new_repository_that_holds_it_after_closure_opens_it_again() {
    let mut world = closed();
    world.take(&surveyed(40, &["fork"], vec![elsewhere("fork", &[MAIN], -100)]));
    let item = world.item("token");
    assert!(matches!(item.round.reason, Some(ReopenReason::BackAtHead { .. })));
    assert_eq!(item.earlier_rounds.len(), 1);
}

#[test]
fn rotated_but_not_revoked_stays_open() {
    let mut world = leaked();
    world.take(&survey(
        5,
        vec![
            finding("token", vec![place("app.env", &[], -100)]),
            finding("fresh", vec![place("app.env", &[MAIN], 3)]),
        ],
    ));
    for hours in [30, 60, 90] {
        world.ask(hours, "token", vec![live(hours)]);
    }
    assert!(
        is_verified(&world, MilestoneKind::Rotate) && is_verified(&world, MilestoneKind::Remove)
    );
    assert!(!is_verified(&world, MilestoneKind::Revoke));
    let item = world.item("token");
    assert!(item.closure.is_none() && item.is_overdue(at(90)));
}

#[test]
fn purged_from_history_and_live_stays_open() {
    let mut world = leaked();
    world.take(&survey(5, Vec::new()));
    world.ask(30, "token", vec![live(30)]);
    let item = world.item("token");
    assert!(item.presence.iter().all(|(_, sighting)| sighting.is_absent()));
    assert!(item.closure.is_none() && !is_verified(&world, MilestoneKind::Retest));
}

#[test]
fn live_and_at_no_head_stays_open() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(30, "token", vec![live(30)]);
    assert!(is_verified(&world, MilestoneKind::Remove));
    assert!(world.item("token").closure.is_none());
    assert_eq!(world.item("token").liveness(at(30)), "live");
}

#[test]
fn only_in_a_deleted_branch_it_is_an_item_all_the_same() {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[], -100)])]));
    let item = world.item("token");
    assert!(item.is_active() && is_verified(&world, MilestoneKind::Remove));
    assert!(!is_verified(&world, MilestoneKind::Revoke), "out of sight is not dead");
}

#[test]
fn a_repository_that_cannot_be_read_any_more_is_not_clean() {
    let mut world = leaked();
    world.ask(8, "token", vec![dead(8)]);
    let mut lost = survey(9, Vec::new());
    lost.scopes.clear();
    world.take(&lost);
    world.ask(30, "token", vec![dead(30)]);
    let item = world.item("token");
    assert_eq!(item.presence.open().count(), 1);
    assert!(item.closure.is_none() && !is_verified(&world, MilestoneKind::Remove));
}

#[test]
fn a_repository_under_another_name_is_another_place_of_the_same_item() {
    let mut world = leaked();
    world.take(&surveyed(3, &["new-name"], vec![elsewhere("new-name", &[MAIN], -100)]));
    assert_eq!((world.events.len(), world.item("token").presence.len()), (1, 2));
    world.take(&surveyed(4, &["new-name"], vec![elsewhere("new-name", &[], -100)]));
    assert!(!is_verified(&world, MilestoneKind::Remove), "nobody has read the old name again");
}

#[test]
fn two_rules_on_one_secret_are_one_item() {
    let mut world = leaked();
    let mut other = finding("token", vec![place("app.env", &[MAIN], -100)]);
    other.rule = RuleId::from("generic-token");
    let mut survey = survey(2, vec![other]);
    survey.rules.push(RuleId::from("generic-token"));
    world.take(&survey);
    assert_eq!(world.events.len(), 1);
}

#[test]
fn a_rule_that_is_renamed_closes_nothing_and_opens_nothing() {
    let mut world = leaked();
    let mut renamed = survey(2, Vec::new());
    renamed.rules = vec![RuleId::from("issuer-token-v2")];
    world.take(&renamed);
    assert_eq!(world.item("token").presence.open().count(), 1, "its rule was not asked");
    let mut seen = finding("token", vec![place("app.env", &[MAIN], -100)]);
    seen.rule = RuleId::from("issuer-token-v2");
    let mut again = survey(3, vec![seen]);
    again.rules = vec![RuleId::from("issuer-token-v2")];
    world.take(&again);
    assert_eq!(world.events.len(), 1);
    assert_eq!(world.item("token").detection.rule.as_str(), "issuer-token-v2");
}

/// Where the policy wants to see them all, a dummy has dates of its own, and another person agrees
/// that it is none.
#[test]
fn a_dummy_has_a_class_of_its_own_where_the_policy_opens_items_for_them() {
    let mut world = World::new();
    world.policy = Policy::preset("strict").unwrap();
    let mut dummy = finding("token", vec![place("README.md", &[MAIN], -100)]);
    dummy.offline = Offline::Dummy;
    assert!(world.take(&survey(0, vec![dummy.clone()])) > 0);
    let item = world.item("token");
    assert_eq!(item.class, Class::Dummy);
    let allowed = world.policy.allowance(Class::Dummy, MilestoneKind::Revoke);
    assert_eq!(item.milestone(MilestoneKind::Revoke).due.duration_since(at(0)), allowed);
    let mut accepted = survey(1, vec![dummy]);
    accepted.assessments[0].judgements = vec![live(1)];
    world.take(&accepted);
    assert_eq!(world.item("token").class, Class::Live, "it was none");
}

#[test]
fn a_dummy_opens_no_item_unless_an_issuer_accepts_it() {
    let mut dummy = finding("token", vec![place("README.md", &[MAIN], -100)]);
    dummy.offline = Offline::Dummy;
    let mut world = World::new();
    assert_eq!(world.take(&survey(0, vec![dummy.clone()])), 0);
    let mut accepted = survey(1, vec![dummy]);
    accepted.assessments[0].judgements = vec![live(1)];
    world.take(&accepted);
    assert!(world.item("token").is_active());
}

#[test]
fn set_aside_and_then_live_it_is_back() {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let aside =
        Action::Dismiss { kind: DeviationKind::FalsePositive, reason: REASON.into(), until: None };
    world.act(1, "token", "ann", &aside).unwrap();
    world.ask(2, "token", vec![live(2)]);
    assert!(world.item("token").is_active());
    assert!(world.act(3, "token", "ann", &aside).is_err(), "what works is never set aside");
}

#[test]
fn a_key_set_inactive_and_active_again_voids_its_proof() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(20, "token", vec![live(20)]);
    world.ask(30, "token", vec![dead(30)]);
    assert!(world.item("token").closure.is_none(), "the first denial does not count any more");
    let mut closed = closed();
    closed.ask(24 * 9, "token", vec![live(24 * 9)]);
    assert_eq!(closed.item("token").lane(at(24 * 9)), Lane::Reopened);
}

#[test]
fn evidence_dated_before_the_leak_or_after_today_proves_nothing_by_itself() {
    let mut world = leaked();
    world.take(&removed(5));
    // Backdated, to look a day apart: the acceptance between them stands.
    world.ask(6, "token", vec![dead(-30)]);
    world.ask(7, "token", vec![dead(7)]);
    assert!(matches!(world.item("token").proof(&world.policy, at(7)), Proof::NotYet(_)));
    world.ask(8, "token", vec![dead(80)]);
    assert!(world.item("token").closure.is_none(), "tomorrow has not come");
}

/// Days are 24 hours in UTC, so that no date depends on where it is read.
#[test]
fn thirty_days_are_thirty_days_across_a_change_of_clocks_and_a_leap_day() {
    let policy = Policy::default();
    let (class, kind) = (quietus_poam::Class::Unknown, MilestoneKind::Remove);
    for (from, to) in [
        ("2028-02-10T23:30:00Z", "2028-03-11T23:30:00Z"),
        ("2027-02-10T23:30:00Z", "2027-03-12T23:30:00Z"),
        ("2026-03-20T00:30:00Z", "2026-04-19T00:30:00Z"),
        ("2026-10-10T00:30:00Z", "2026-11-09T00:30:00Z"),
    ] {
        let plan = policy.plan(class, from.parse().unwrap());
        let due = plan.iter().find(|planned| planned.milestone == kind).unwrap().due;
        assert_eq!(due.to_string(), to);
    }
}

#[test]
fn a_nightly_run_and_a_manual_one_of_the_same_moment_are_counted_once() {
    let nightly = survey(3, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    let mut manual = nightly.clone();
    manual.id = SurveyId(Uuid::from_u128(77));
    let mut world = leaked();
    world.take(&nightly);
    assert_eq!(world.take(&manual), 0);
    assert_eq!(world.take(&nightly), 0);
}

#[test]
fn history_rewritten_under_another_commit_is_the_same_place() {
    let mut world = leaked();
    let mut rewritten = place("app.env", &[MAIN], -100);
    rewritten.introduced = Some(Introduced {
        commit: "f00d".into(),
        author: SafeText::plain("Ann <ann@example.org>"),
        at: at(-50),
    });
    world.take(&survey(3, vec![finding("token", vec![rewritten])]));
    assert_eq!(world.events.len(), 1);
    assert_ne!(world.item("token").phase(), Phase::PendingVerification);
}
