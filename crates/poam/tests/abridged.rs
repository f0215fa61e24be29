//! An item without the events that say nothing new answers as the whole one does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use proptest::prelude::*;
use quietus_model::{Doubt, Judgement, Verdict};
use quietus_poam::{Action, MilestoneKind, PoamItem, Recorded, reconcile, telling};
use support::*;

/// What may happen, so many nights in a row.
#[derive(Clone, Debug)]
enum Step {
    Answer(u8),
    Late,
    Moved,
    LeftHead,
    Gone,
    Claim,
    Owner,
}

fn step() -> impl Strategy<Value = (Step, usize)> {
    let step = prop_oneof![
        8 => (0_u8..6).prop_map(Step::Answer),
        1 => Just(Step::Late),
        3 => Just(Step::Moved),
        1 => Just(Step::LeftHead),
        1 => Just(Step::Gone),
        1 => Just(Step::Claim),
        1 => Just(Step::Owner),
    ];
    (step, prop_oneof![3 => 1_usize..3, 1 => 3_usize..16])
}

fn judgement(kind: u8, hours: i64) -> Judgement {
    match kind {
        0 => live(hours),
        1 | 2 => dead(hours),
        3 => {
            let mut other = dead(hours);
            if let Verdict::Dead(seen) = &mut other.verdict {
                seen.vantage = "elsewhere".into();
                seen.request_id = Some(quietus_model::SafeText::plain(hours.to_string()));
            }
            other
        }
        4 => doubtful(hours, Doubt::RateLimited),
        _ => doubtful(hours, Doubt::NoBytes),
    }
}

fn take(world: &mut World, hours: i64, step: &Step) {
    let seen = |heads: &[&str], line| {
        let mut at = place("app.env", heads, -9);
        at.line = line;
        survey(hours, vec![finding("token", vec![at])])
    };
    match step {
        Step::Answer(kind) => drop(world.ask(hours, "token", vec![judgement(*kind, hours)])),
        Step::Late => drop(world.ask(hours, "token", vec![dead(hours - 90)])),
        Step::Moved => drop(world.take(&seen(&[MAIN], hours.cast_unsigned() as u32 + 1))),
        Step::LeftHead => drop(world.take(&removed(hours))),
        Step::Gone => drop(world.take(&survey(hours, Vec::new()))),
        Step::Claim => {
            let claim = Action::Claim { milestone: MilestoneKind::Rotate, note: "done".into() };
            let _ = world.act(hours, "token", "ann", &claim);
        }
        Step::Owner => {
            let _ = world.act(hours, "token", "ann", &Action::Assign { to: format!("o{hours}") });
        }
    }
}

fn abridge(events: &[Recorded]) -> Vec<Recorded> {
    let kept = telling(events);
    events.iter().zip(kept).filter(|(_, kept)| *kept).map(|(event, _)| event.clone()).collect()
}

fn fold(events: &[Recorded], version: usize) -> PoamItem {
    PoamItem { version: version as u64, ..PoamItem::fold(events).unwrap() }
}

/// Everything but the events themselves and the answers that were left out with them.
fn state(item: &PoamItem) -> PoamItem {
    let mut state = item.clone();
    state.history.clear();
    for record in state.targets.values_mut() {
        record.answers.clear();
        record.unsure.clear();
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_out_changes_no_answer(steps in prop::collection::vec(step(), 1..14)) {
        let mut world = leaked();
        let mut hours = 0;
        let mut grown: Vec<Recorded> = Vec::new();
        let mut known = 0;
        for (step, times) in &steps {
            for _ in 0..*times {
                hours += 13;
                take(&mut world, hours, step);
            }
            // Abridged again and again, as a ledger does it, is as abridged at once.
            let all = &world.events[&print_of("token")];
            grown.extend_from_slice(&all[known..]);
            grown = abridge(&grown);
            known = all.len();
            let short = abridge(all);
            prop_assert_eq!(&grown, &short);

            let (whole, short) = (fold(all, all.len()), fold(&short, all.len()));
            prop_assert!(whole.is_whole());
            prop_assert_eq!(state(&whole), state(&short));
            for now in [at(hours), at(hours + 200)] {
                let policy = &world.policy;
                prop_assert_eq!(whole.phase(), short.phase());
                prop_assert_eq!(whole.liveness(now), short.liveness(now));
                prop_assert_eq!(whole.lane(now), short.lane(now));
                prop_assert_eq!(whole.lint(now), short.lint(now));
                prop_assert_eq!(whole.exposure(now), short.exposure(now));
                prop_assert_eq!(whole.blockers(policy, now), short.blockers(policy, now));
                prop_assert_eq!(whole.next_retest(policy), short.next_retest(policy));
                prop_assert_eq!(whole.last_asked(), short.last_asked());
                prop_assert_eq!(whole.last_answered(), short.last_answered());
                prop_assert_eq!(whole.lost_bytes(), short.lost_bytes());
                prop_assert_eq!(whole.judgements(), short.judgements());
                // Whether anything is to be done is seen on either.
                let mut later = survey(hours + 200, Vec::new());
                later.taken_at = now;
                let done = |item: &PoamItem| !reconcile(&[item], &later, policy, now).is_empty();
                prop_assert_eq!(done(&whole), done(&short));
            }
        }
    }
}

/// Denials that arrive late, some of them given before the acceptance that is known and some after it.
#[test]
fn since_when_it_is_dead_is_told_when_answers_arrive_late() {
    let mut world = leaked();
    for night in 1..=20 {
        take(&mut world, 13 * night, &Step::Late);
    }
    let all = &world.events[&print_of("token")];
    let (whole, short) = (fold(all, all.len()), fold(&abridge(all), all.len()));
    let now = at(13 * 20);
    assert!(whole.exposure(now).dead_since.is_some());
    assert_eq!(whole.exposure(now), short.exposure(now));
}

#[test]
fn a_year_of_the_same_answer_is_a_handful_of_events() {
    let mut world = leaked();
    for night in 1..=365 {
        world.ask(night * 24, "token", vec![live(night * 24)]);
    }
    let all = &world.events[&print_of("token")];
    let short = abridge(all);
    assert!(all.len() > 365 && short.len() < 20, "{} of {}", short.len(), all.len());
    assert_eq!(short.last(), all.last());
}
