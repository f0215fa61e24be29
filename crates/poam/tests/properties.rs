//! Properties that hold whatever happens, in whatever order.

mod support;
use proptest::prelude::*;
use quietus_model::{Doubt, Judgement};
use support::*;

/// What may happen in one hour.
#[derive(Clone, Debug)]
enum Step {
    Live,
    Dead,
    Doubt,
    SeenAtHead,
    SeenInHistory,
    Gone,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Live),
        6 => Just(Step::Dead),
        2 => Just(Step::Doubt),
        1 => Just(Step::SeenAtHead),
        3 => Just(Step::SeenInHistory),
        3 => Just(Step::Gone),
    ]
}

fn run(world: &mut World, hours: i64, step: &Step) -> usize {
    match step {
        Step::Live => world.ask(hours, "token", vec![live(hours)]),
        Step::Dead => world.ask(hours, "token", vec![dead(hours)]),
        Step::Doubt => world.ask(hours, "token", vec![doubtful(hours, Doubt::RateLimited)]),
        Step::SeenAtHead => {
            world.take(&survey(hours, vec![finding("token", vec![place("app.env", &[MAIN], -9)])]))
        }
        Step::SeenInHistory => world.take(&removed(hours)),
        Step::Gone => world.take(&survey(hours, Vec::new())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Against a second, naive reading of the rules: closed implies two denials at least 20 h
    /// apart with no acceptance since the first, the last at most 24 h before the closure, and
    /// not at a head.
    #[test]
    fn closed_means_proven(steps in prop::collection::vec((1_i64..30, step()), 1..40)) {
        let mut world = leaked();
        let (mut hours, mut denials, mut at_head, mut was_closed) = (1, Vec::new(), true, false);
        let mut reopened = 0;
        for (pause, step) in &steps {
            hours += pause;
            match step {
                Step::Live => denials.clear(),
                Step::Dead => denials.push(hours),
                Step::SeenAtHead => at_head = true,
                Step::SeenInHistory | Step::Gone => at_head = false,
                Step::Doubt => {}
            }
            run(&mut world, hours, step);
            let closed = world.item("token").closure.is_some();
            let proven = denials.first().zip(denials.last()).is_some_and(|(first, last)| {
                last - first >= 20 && hours - last <= 24 && *last >= reopened
            });
            if closed && !was_closed {
                prop_assert!(proven && !at_head, "closed at {hours}: {denials:?}, head {at_head}");
            }
            if closed {
                prop_assert!(!denials.is_empty() && !at_head, "stays closed against evidence");
            }
            if proven && !at_head && !was_closed {
                prop_assert!(closed, "proven at {hours} and not closed");
            }
            if was_closed && !closed {
                reopened = hours;
            }
            was_closed = closed;
        }
    }

    /// Doing anything twice is doing it once.
    #[test]
    fn everything_is_idempotent(steps in prop::collection::vec((1_i64..30, step()), 1..20)) {
        let mut world = leaked();
        let mut hours = 1;
        for (pause, step) in &steps {
            hours += pause;
            run(&mut world, hours, step);
            prop_assert_eq!(run(&mut world, hours, step), 0, "{:?} twice", step);
        }
    }

    /// Judgements arriving in any order leave the target as if they had come in order.
    #[test]
    fn verdicts_are_ordered_by_observation(
        answers in prop::collection::vec((2_i64..200, any::<bool>()), 1..12),
        seed in any::<u64>(),
    ) {
        let mut hours_seen = std::collections::BTreeSet::new();
        let answers: Vec<Judgement> = answers
            .into_iter()
            .filter(|(hours, _)| hours_seen.insert(*hours))
            .map(|(hours, alive)| if alive { live(hours) } else { dead(hours) })
            .collect();
        let mut shuffled = answers.clone();
        let len = shuffled.len();
        for i in (1..len).rev() {
            shuffled.swap(i, (seed.rotate_left(i as u32) % (i as u64 + 1)) as usize);
        }
        let (mut one, mut other) = (leaked(), leaked());
        one.ask(300, "token", answers);
        other.ask(300, "token", shuffled);
        let (one, other) = (one.item("token"), other.item("token"));
        prop_assert_eq!(&one.targets, &other.targets);
        prop_assert_eq!(one.liveness(at(300)), other.liveness(at(300)));
    }

    /// An item is its events: they survive being written and read.
    #[test]
    fn events_survive_their_text(steps in prop::collection::vec((1_i64..30, step()), 1..20)) {
        let mut world = leaked();
        let mut hours = 1;
        for (pause, step) in &steps {
            hours += pause;
            run(&mut world, hours, step);
        }
        for events in world.events.values() {
            let text = serde_json::to_string(events).unwrap();
            let back: Vec<quietus_poam::Recorded> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&back, events);
        }
    }
}
