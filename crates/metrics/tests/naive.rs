//! The figures against slow and naive readings of the same history.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../poam/tests/support/mod.rs"]
mod support;

use jiff::SignedDuration;
use proptest::prelude::*;
use quietus_metrics::{Metrics, Spans, Subject, kaplan_meier};
use quietus_model::Doubt;
use quietus_poam::{Action, MilestoneKind, PoamItem, Policy, telling};
use std::collections::BTreeSet;
use support::*;

/// The same curve by another way: everybody has one share of the whole, and who is lost from sight
/// leaves theirs in equal parts to those who are watched for longer (Efron, 1967).
fn redistributed(subjects: &[Subject], span: SignedDuration) -> Option<f64> {
    let mut sorted = subjects.to_vec();
    sorted.sort_by_key(|one| (one.watched, !one.ended));
    let mut mass = vec![1.0 / sorted.len() as f64; sorted.len()];
    for at in 0..sorted.len() {
        let rest = sorted.len() - at - 1;
        if !sorted[at].ended && rest > 0 {
            let part = mass[at] / rest as f64;
            mass[at] = 0.0;
            mass[at + 1..].iter_mut().for_each(|other| *other += part);
        }
    }
    let ended = sorted.iter().zip(&mass).filter(|(one, _)| one.ended && one.watched <= span);
    let share: f64 = 1.0 - ended.map(|(_, mass)| mass).sum::<f64>();
    let watched = sorted.iter().any(|one| one.watched >= span);
    (watched || (!sorted.is_empty() && share < 1e-9)).then_some(share)
}

/// What may happen to one credential in one hour.
#[derive(Clone, Copy, Debug)]
enum Step {
    Live,
    Dead,
    Doubt,
    Removed,
    Back,
    Claim,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Live),
        6 => Just(Step::Dead),
        1 => Just(Step::Doubt),
        4 => Just(Step::Removed),
        1 => Just(Step::Back),
        1 => Just(Step::Claim),
    ]
}

/// The item of one credential and what became of it, as hours: its denials that no acceptance
/// followed.
fn lived(steps: &[(i64, Step)]) -> (World, Vec<i64>) {
    let mut world = leaked();
    let (mut hours, mut denials) = (0, Vec::new());
    for (pause, step) in steps {
        hours += pause;
        match step {
            Step::Live => {
                denials.clear();
                world.ask(hours, "token", vec![live(hours)]);
            }
            Step::Dead => {
                denials.push(hours);
                world.ask(hours, "token", vec![dead(hours)]);
            }
            Step::Doubt => {
                world.ask(hours, "token", vec![doubtful(hours, Doubt::RateLimited)]);
            }
            Step::Removed => {
                world.take(&removed(hours));
            }
            Step::Back => {
                let back = finding("token", vec![place("app.env", &[MAIN], -9)]);
                world.take(&survey(hours, vec![back]));
            }
            Step::Claim => {
                let milestone = MilestoneKind::Rotate;
                let claim = Action::Claim { milestone, note: "a new one is in the vault".into() };
                let _ = world.act(hours, "token", "os:1@a", &claim);
            }
        }
    }
    (world, denials)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_curve_is_that_of_redistribution(
        subjects in prop::collection::vec((0_i64..12, any::<bool>()), 0..30),
    ) {
        let subjects: Vec<Subject> = subjects
            .into_iter()
            .map(|(hours, ended)| Subject { watched: SignedDuration::from_hours(hours), ended })
            .collect();
        let spans: Vec<_> = (0..14).map(SignedDuration::from_hours).collect();
        for (span, share) in spans.iter().zip(kaplan_meier(&subjects, &spans)) {
            let naive = redistributed(&subjects, *span);
            prop_assert_eq!(share.is_some(), naive.is_some(), "{:?} after {}", subjects, span);
            let gap = share.unwrap_or(0.0) - naive.unwrap_or(0.0);
            prop_assert!(gap.abs() < 1e-9, "{share:?} and {naive:?} after {span}: {subjects:?}");
        }
    }

    /// The median has at least half of all on each side, and nine of ten take no longer than p90.
    #[test]
    fn percentiles_divide(seconds in prop::collection::vec(0_i64..1000, 1..40)) {
        let spans = Spans::of(seconds.iter().copied().map(SignedDuration::from_secs));
        let at_most = |limit| seconds.iter().filter(|one| **one <= limit).count();
        let below = |limit| seconds.iter().filter(|one| **one < limit).count();
        for (found, tenths) in [(spans.median_seconds, 5), (spans.p90_seconds, 9)] {
            let found = found.unwrap();
            prop_assert!(seconds.contains(&found));
            prop_assert!(at_most(found) * 10 >= seconds.len() * tenths);
            prop_assert!(below(found) * 10 < seconds.len() * tenths);
        }
    }

    /// An end is two denials 20 hours apart with nothing against them, dated by the first; the
    /// burn-down is what folding each item up to that moment gives.
    #[test]
    fn an_end_is_proven_and_the_weeks_add_up(
        steps in prop::collection::vec((1_i64..60, step()), 1..40),
    ) {
        let (world, denials) = lived(&steps);
        let now = at(steps.iter().map(|(pause, _)| pause).sum::<i64>());
        let metrics = Metrics::of(&world.items(), 8, &world.policy, now);
        // Lists leave out what says nothing new, and figures are made of lists.
        let listed = world.events.values().map(|events| {
            let kept = events.iter().zip(telling(events)).filter(|(_, kept)| *kept);
            let kept: Vec<_> = kept.map(|(event, _)| event.clone()).collect();
            let version = events.len() as u64;
            PoamItem { version, ..PoamItem::fold(&kept).unwrap() }
        });
        let listed: Vec<_> = listed.collect();
        prop_assert_eq!(&Metrics::of(&listed, 8, &world.policy, now), &metrics);
        let figures = &metrics.all;
        let all = &figures.still_valid.all;
        prop_assert_eq!(all.credentials, 1);
        // Proof may have held and be stale by now: what is revoked stays revoked.
        let first = denials.first().copied();
        let proven = first.filter(|first| denials.iter().any(|last| last - first >= 20));
        if all.ended == 1 {
            prop_assert!(proven.is_some(), "ended without proof: {denials:?}");
            prop_assert_eq!(figures.times.to_revoke.median_seconds, first.map(|hours| hours * 3600));
        }
        if world.item("token").closure.is_some() {
            prop_assert_eq!(all.ended, 1);
        }
        for (week, next) in metrics.weeks.iter().zip(&metrics.weeks[1..]) {
            let open = world.events.values().filter(|events| {
                let known: Vec<_> = events.iter().filter(|e| e.at < next.begins).cloned().collect();
                PoamItem::fold(&known).is_ok_and(|item| item.closure.is_none())
            });
            prop_assert_eq!(week.not_closed, open.count(), "{:?}", week);
        }
        let last = metrics.weeks.last().unwrap();
        let open = world.items().iter().filter(|item| item.closure.is_none()).count();
        prop_assert_eq!(last.not_closed, open);
        let backlog = &figures.backlog;
        prop_assert_eq!(backlog.ages.iter().map(|age| age.open).sum::<usize>(), backlog.open);
        prop_assert_eq!(backlog.open + figures.closures.all(), 1);
    }
}

/// The share that outlasts `span`, the slow way: at each moment at which something ended, what was
/// still watched is counted anew.
fn slowly(lives: &[(SignedDuration, bool)], span: SignedDuration) -> Option<f64> {
    let ends = lives.iter().filter(|(watched, ended)| *ended && *watched <= span);
    let moments: BTreeSet<SignedDuration> = ends.map(|(watched, _)| *watched).collect();
    let share = moments.iter().fold(1.0, |share, moment| {
        let watched = lives.iter().filter(|(watched, _)| watched >= moment).count();
        let ended = lives.iter().filter(|(watched, ended)| *ended && watched == moment).count();
        share * (1.0 - ended as f64 / watched as f64)
    });
    let known = lives.iter().any(|(watched, _)| *watched >= span) || share == 0.0;
    (known && !lives.is_empty()).then_some(share)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// The headline figure from what happened in the world, and not from what the items say: dead is
    /// what was denied twice 20 hours apart and never accepted since; all else is valid until now.
    #[test]
    fn the_share_still_valid_is_that_of_a_slow_reckoning(
        lives in prop::collection::vec((0_i64..1500, prop::collection::vec((1_i64..60, step()), 0..12)), 1..7),
    ) {
        let now = 2400;
        let (mut items, mut known) = (Vec::new(), Vec::new());
        for (found, steps) in &lives {
            let (world, denials) = lived(steps);
            let mut item = world.item("token");
            item.detection.detected_at = at(*found);
            let first = denials.first().copied();
            let end = first.filter(|first| denials.iter().any(|last| last - first >= 20));
            let watched = end.unwrap_or(now).saturating_sub(*found).max(0);
            known.push((SignedDuration::from_hours(watched), end.is_some()));
            items.push(item);
        }
        let metrics = Metrics::of(&items, 1, &Policy::default(), at(now));
        let told = &metrics.all.still_valid.all;
        prop_assert_eq!(told.ended, known.iter().filter(|(_, ended)| *ended).count());
        prop_assert_eq!(told.after.iter().map(|p| p.days).collect::<Vec<_>>(), [1, 5, 7, 30, 90]);
        for point in &told.after {
            let slow = slowly(&known, SignedDuration::from_hours(24 * i64::from(point.days)));
            prop_assert_eq!(point.share.is_some(), slow.is_some(), "{:?} {:?}", point, known);
            let gap = point.share.unwrap_or(0.0) - slow.unwrap_or(0.0);
            prop_assert!(gap.abs() < 1e-9, "{point:?}, slowly {slow:?}: {known:?}");
        }
    }
}

/// Three credentials: one that ends, one that is removed and lives, one of which nothing is known.
#[test]
fn the_figures_of_a_small_world_are_these() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(48, "token", vec![dead(48)]);
    world.ask(72, "token", vec![dead(72)]);
    let policy = Policy::default();
    let items = world.items();
    let metrics = Metrics::of(&items, 4, &policy, at(72));
    let all = &metrics.all;
    assert_eq!((all.closures.verified, all.closures.waived_by_policy, all.backlog.open), (1, 1, 0));
    // Found 100 hours after its commit, denied for the first time after two days.
    assert_eq!(all.times.to_detect.median_seconds, Some(100 * 3600));
    assert_eq!(all.times.to_revoke.median_seconds, Some(48 * 3600));
    assert_eq!(all.times.to_close.median_seconds, Some(72 * 3600));
    let shares: Vec<_> = all.still_valid.seen_live.after.iter().map(|point| point.share).collect();
    assert_eq!(shares, [Some(1.0), Some(0.0), Some(0.0), Some(0.0), Some(0.0)]);
    assert_eq!(metrics.owners.keys().collect::<Vec<_>>(), ["Ann <ann@example.org>"]);
    assert_eq!(metrics.repositories.keys().collect::<Vec<_>>(), [REPO]);
    // Revoked in two days where one was allowed; removed and retested in time, waived too late.
    let dates = all.backlog.dates;
    assert_eq!((dates.decided, dates.original, dates.current), (4, 2, 2));

    let mut zombie = leaked();
    zombie.take(&removed(5));
    let claim = Action::Claim { milestone: MilestoneKind::Rotate, note: "it is replaced".into() };
    zombie.act(6, "token", "os:1@a", &claim).unwrap();
    let items = zombie.items();
    let of = |hours| Metrics::of(&items, 4, &policy, at(hours)).all;
    let half = of(6).half_done;
    assert_eq!((half.removed_not_revoked, half.removed_but_live), (1, 1));
    assert_eq!((half.rotated_not_revoked, half.rotated_but_live), (1, 1));
    // One denial is no proof: it counts as valid, and as half done, but no issuer accepts it now.
    zombie.ask(8, "token", vec![dead(8)]);
    let items = zombie.items();
    let later = Metrics::of(&items, 4, &policy, at(24 * 91)).all;
    assert_eq!((later.half_done.removed_not_revoked, later.half_done.removed_but_live), (1, 0));
    let shares: Vec<_> = later.still_valid.all.after.iter().map(|point| point.share).collect();
    assert_eq!(shares, [Some(1.0); 5]);
    assert_eq!((later.verification.answered, later.verification.stale), (1, 1));
    assert_eq!((later.backlog.overdue, later.backlog.overdue_share), (1, Some(1.0)));
    assert_eq!(later.backlog.ages.iter().map(|age| age.open).collect::<Vec<_>>(), [0, 0, 0, 1, 0]);
}

/// What is told apart: people's word, what was dead when it was found, what is no credential.
#[test]
fn what_nobody_revoked_flatters_no_figure() {
    let policy = Policy::default();
    let mut attested = World::new();
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].kind = kind(false);
    attested.take(&first);
    let mut gone = removed(1);
    gone.assessments[0].kind = kind(false);
    attested.take(&gone);
    for (hours, who) in [(2, "os:1@a"), (3, "os:2@a")] {
        let word = Action::Attest { note: "switched off at the vendor".into(), digest: None };
        attested.act(hours, "token", who, &word).unwrap();
    }
    let waive = Action::Waive {
        milestone: MilestoneKind::Rotate,
        reason: "nothing uses it any more".into(),
    };
    let _ = attested.act(4, "token", "os:1@a", &waive);
    let items = attested.items();
    assert!(items[0].closure.is_some());
    let figures = Metrics::of(&items, 1, &policy, at(48)).all;
    assert_eq!((figures.closures.verified, figures.closures.attested), (0, 1));
    assert_eq!((figures.times.to_revoke.count, figures.times.to_close.count), (0, 0));
    assert_eq!(figures.times.to_close_attested.count, 1);
    assert_eq!(figures.still_valid.all.after[0].share, Some(1.0));
    assert_eq!(figures.still_valid.counting_attested.after[0].share, Some(0.0));

    let mut dead_at_first = World::new();
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].judgements = vec![dead(0)];
    dead_at_first.take(&first);
    dead_at_first.ask(30, "token", vec![dead(30)]);
    let figures = Metrics::of(&dead_at_first.items(), 1, &policy, at(48)).all;
    assert_eq!((figures.still_valid.dead_when_found, figures.still_valid.all.credentials), (1, 0));
    assert_eq!(figures.times.to_revoke.count, 0);
    // Accepted after all: then it was not dead.
    dead_at_first.ask(31, "token", vec![live(31)]);
    let figures = Metrics::of(&dead_at_first.items(), 1, &policy, at(48)).all;
    assert_eq!((figures.still_valid.dead_when_found, figures.still_valid.all.credentials), (0, 1));
    assert_eq!(figures.still_valid.all.ended, 0);
}
