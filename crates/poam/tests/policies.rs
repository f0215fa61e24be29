//! Properties of what people may do, under every shipped policy and in whatever order.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use quietus_model::{Binding, Observation, Verdict};
use quietus_poam::{
    Action, Actor, Consent, DeviationKind, Event, Impact, MilestoneKind, PoamItem, Policy,
    Progress, Recorded, RootCause, Subject, presets,
};
use support::*;

const PEOPLE: [&str; 3] = ["ann", "bob", "carol"];
const REASON: &str = "a reason that a reviewer can follow";

/// What may happen: the world changes, or somebody acts.
#[derive(Clone, Debug)]
enum Step {
    Live,
    Dead,
    SeenAtHead,
    Gone,
    Do(usize, Action),
}

fn action() -> impl Strategy<Value = Action> {
    let reason = || REASON.to_owned();
    let milestone = prop::sample::select(MilestoneKind::ALL.to_vec());
    let subject =
        prop_oneof![Just(Subject::Deviation), milestone.clone().prop_map(Subject::Extension)];
    let kind = prop::sample::select(vec![
        DeviationKind::FalsePositive,
        DeviationKind::RiskAccepted,
        DeviationKind::OperationalRequirement,
        DeviationKind::VendorDependency,
    ]);
    let word = || prop::option::of(Just(REASON.to_owned()));
    prop_oneof![
        1 => prop::sample::select(PEOPLE.to_vec()).prop_map(|to| Action::Assign { to: to.into() }),
        1 => milestone.clone().prop_map(move |milestone| Action::Claim { milestone, note: reason() }),
        1 => milestone.clone().prop_map(move |milestone| Action::Waive { milestone, reason: reason() }),
        4 => (milestone, 20_i64..700).prop_map(move |(milestone, due)| Action::Extend {
            milestone,
            due: at(due),
            reason: reason()
        }),
        2 => (kind, prop::option::of(1_i64..9000)).prop_map(move |(kind, until)| Action::Dismiss {
            kind,
            reason: reason(),
            until: until.map(at)
        }),
        6 => (subject.clone(), word()).prop_map(move |(subject, break_glass)| Action::Grant {
            subject,
            note: reason(),
            break_glass
        }),
        1 => subject.prop_map(move |subject| Action::Decline { subject, reason: reason() }),
        1 => Just(Action::Resume { reason: reason() }),
        1 => Just(Action::Cause { cause: RootCause::Example, note: reason(), digest: None }),
        1 => Just(Action::Impact { impact: Impact::Unused, note: reason(), digest: None }),
        2 => word().prop_map(move |break_glass| Action::Approve { note: reason(), break_glass }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Live),
        8 => Just(Step::Dead),
        1 => Just(Step::SeenAtHead),
        3 => Just(Step::Gone),
        14 => (0_usize..3, action()).prop_map(|(who, action)| Step::Do(who, action)),
    ]
}

fn run(world: &mut World, hours: i64, step: &Step) {
    match step {
        Step::Live => {
            world.ask(hours, "token", vec![live(hours)]);
        }
        Step::Dead => {
            let vantage = if hours % 2 == 0 { "local" } else { "office" };
            let seen = Observation { vantage: vantage.into(), ..observation() };
            let denied = answer(github(), Binding::SoleIssuer, hours, Verdict::Dead(seen));
            world.ask(hours, "token", vec![denied]);
        }
        Step::SeenAtHead => {
            let place = place("app.env", &[MAIN], -9);
            world.take(&survey(hours, vec![finding("token", vec![place])]));
        }
        Step::Gone => {
            world.take(&removed(hours));
        }
        // What is refused changes nothing, by construction: there are no events.
        Step::Do(who, action) => {
            let _ = world.act(hours, "token", PEOPLE[*who], action);
        }
    }
}

/// A policy with officials, so that everything it asks for can be given.
fn policy(name: &str, break_glass: bool) -> Policy {
    let text = format!(
        "extends = \"{name}\"\n[people]\nofficials = [\"carol\"]\nbreak_glass = {break_glass}\n"
    );
    Policy::parse(name, &text).unwrap()
}

/// `token` is found at hour 0 under this policy: live, or nobody knows.
fn found(policy: Policy, alive: bool) -> World {
    let mut world = World::new();
    world.policy = policy;
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].judgements = if alive { vec![live(0)] } else { Vec::new() };
    world.take(&first);
    world
}

/// The events of an item, each with the item as it was before it.
fn story(events: &[Recorded]) -> impl Iterator<Item = (PoamItem, &Recorded)> {
    (1..events.len()).map(|n| (PoamItem::fold(&events[..n]).unwrap(), &events[n]))
}

/// Who decided and how: read off the events alone.
fn check(policy: &Policy, before: &PoamItem, recorded: &Recorded) {
    let person = |actor: &Actor| actor.person_id().map(ToOwned::to_owned);
    match &recorded.event {
        Event::Closed { dead_since, .. } => {
            let asked = &policy.evidence;
            assert!(!asked.owner || before.owner.is_some());
            assert!(!asked.root_cause || before.root_cause.is_some());
            if asked.impact_check {
                assert!(before.impact.as_ref().unwrap().at >= *dead_since);
            }
            assert!(before.round.milestones.iter().all(|m| m.is_done()), "closed with work left");
            if policy.closure == quietus_poam::ClosureMode::Approved {
                let approval = before.approval.as_ref().unwrap();
                let owns =
                    before.owner.as_ref().is_some_and(|o| approval.by.answers_to(o.name.as_str()));
                assert!(!owns || approval.break_glass.is_some(), "an owner approved");
                let worked = before.round.milestones.iter().any(
                    |m| matches!(&m.progress, Progress::Waived { by, .. } if *by == approval.by),
                );
                assert!(!worked || approval.break_glass.is_some(), "a worker approved");
            }
        }
        Event::Approved { break_glass, .. } | Event::Granted { break_glass, .. } => {
            assert!(recorded.by.person_id().is_some(), "the program decides nothing");
            assert!(
                break_glass.is_none() || policy.people.break_glass,
                "a glass that is not there"
            );
            if let (Event::Granted { subject, .. }, None) = (&recorded.event, break_glass) {
                let asked = before.pending(subject).unwrap();
                assert_ne!(person(&asked.by), person(&recorded.by), "granted to oneself");
            }
        }
        Event::Deviated { deviation, until, .. } => {
            assert_ne!(before.liveness(recorded.at), "live", "what works was set aside");
            let rules = policy.deviation(*deviation);
            let longest = rules.longest.max(rules.once_live_longest);
            assert!(until.duration_since(recorded.at) <= longest);
            if rules.consent != Consent::Own && rules.once_live != Consent::Own {
                let granted = before.history.last().unwrap();
                assert!(matches!(
                    granted.event,
                    Event::Granted { subject: Subject::Deviation, .. }
                ));
            }
        }
        Event::Extended { milestone, due, .. } => {
            assert!(*due > before.milestone(*milestone).due);
            if policy.extensions.consent != Consent::Own {
                let granted = before.history.last().unwrap();
                assert!(matches!(granted.event, Event::Granted { .. }), "{granted:?}");
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn every_decision_was_somebodys_to_make(
        name in prop::sample::select(presets().map(|(name, _)| name).collect::<Vec<_>>()),
        break_glass in any::<bool>(),
        alive in any::<bool>(),
        steps in prop::collection::vec((0_i64..16, step()), 1..60),
    ) {
        let mut world = found(policy(name, break_glass), alive);
        let mut hours = 1;
        for (pause, step) in &steps {
            hours += pause;
            run(&mut world, hours, step);
        }
        for (before, recorded) in story(&world.events[&print_of("token")]) {
            check(&world.policy, &before, recorded);
            let mut after = world.events[&print_of("token")][..before.history.len()].to_vec();
            after.push(recorded.clone());
            let after = PoamItem::fold(&after).unwrap();
            if !matches!(recorded.event, Event::Reopened { .. }) {
                for kind in MilestoneKind::ALL {
                    let original = |item: &PoamItem| item.milestone(kind).original_due;
                    prop_assert_eq!(original(&before), original(&after), "an original date changed");
                    let later = after.milestone(kind).due > before.milestone(kind).due;
                    let extended = matches!(recorded.event, Event::Extended { .. });
                    prop_assert!(!later || extended, "a date moved away by itself");
                }
            }
        }
    }
}

/// The sequences above reach what they speak of: without that, the properties would say nothing.
#[test]
fn the_properties_are_not_empty() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = prop::collection::vec((0_i64..16, step()), 60);
    let (mut closed, mut granted, mut deviated) = (0, 0, 0);
    for (n, name) in ["fedramp-low", "cmmc-l2", "default"].into_iter().cycle().take(90).enumerate()
    {
        let mut world = found(policy(name, true), n % 2 == 0);
        let mut hours = 1;
        for (pause, step) in &steps.new_tree(&mut runner).unwrap().current() {
            hours += pause;
            run(&mut world, hours, step);
        }
        for recorded in &world.events[&print_of("token")] {
            closed += usize::from(matches!(recorded.event, Event::Closed { .. }));
            granted += usize::from(matches!(recorded.event, Event::Granted { .. }));
            deviated += usize::from(matches!(recorded.event, Event::Deviated { .. }));
        }
    }
    assert!(closed > 5 && granted > 5 && deviated > 5, "{closed} {granted} {deviated}");
}
