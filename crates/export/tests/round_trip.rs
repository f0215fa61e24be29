//! What was written is read back: every item, milestone, date and state.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use proptest::prelude::*;
use quietus_export::oscal::{
    ReadClosure, ReadError, ReadItem, ReadMilestone, ReadRound, check, poam, read,
};
use quietus_model::{Doubt, SafeText};
use quietus_poam::{Action, DeviationKind, MilestoneKind, PoamItem, Progress, Round};
use samples::world::{REPO, World, at, dead, doubtful, live};
use samples::{HOSTILE, every_phase, now, options};
use serde_json::Value;

/// Text as one line: a second, shorter way to say what the export does to it.
fn line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}')
        .filter(|word| !word.is_empty())
        .collect();
    SafeText::plain(words.join(" ")).to_string()
}

fn expected(item: &PoamItem) -> ReadItem {
    let rounds = item.earlier_rounds.iter().chain([&item.round]);
    ReadItem {
        id: format!("V-{}", item.number),
        fingerprint: item.fingerprint(),
        title: format!("{} leaked in {REPO}", item.detection.kind.name),
        phase: item.phase(),
        severity: item.detection.severity,
        rule: item.detection.rule.to_string(),
        owner: item.owner.as_ref().map(|owner| line(owner.name.as_str())),
        detected_at: item.detection.detected_at,
        rounds: rounds.map(expected_round).collect(),
        closure: item.closure.as_ref().map(|closure| ReadClosure {
            at: closure.at,
            basis: closure.basis,
            dead_since: closure.dead_since,
            evidence: closure.evidence.iter().map(|text| line(text)).collect(),
        }),
    }
}

fn expected_round(round: &Round) -> ReadRound {
    let milestone = |kind: MilestoneKind| {
        let milestone = &round.milestones[kind as usize];
        let date = match &milestone.progress {
            Progress::Planned => None,
            Progress::InProgress { since } => Some(*since),
            Progress::Claimed { at, .. } | Progress::Waived { at, .. } => Some(*at),
            Progress::Verified { on, .. } => Some(*on),
        };
        ReadMilestone {
            kind,
            original_due: milestone.original_due,
            due: milestone.due,
            progress: milestone.progress.as_str().to_owned(),
            date,
        }
    };
    ReadRound { began: round.began, milestones: MilestoneKind::ALL.map(milestone).to_vec() }
}

#[test]
fn every_phase_comes_back() {
    let items = every_phase();
    let text = poam(&items, &samples::scans(), &options(), now()).unwrap().to_string_pretty();
    let back = read(&text).unwrap();
    let expected: Vec<ReadItem> = items.iter().map(expected).collect();
    assert_eq!(back, expected);
    // The samples must not be all alike in what is compared.
    assert!(back.iter().any(|item| item.rounds.len() == 2));
    assert!(back.iter().any(|item| item.closure.is_some()));
    let extended = |m: &ReadMilestone| m.due != m.original_due;
    assert!(back.iter().any(|item| item.rounds[0].milestones.iter().any(extended)));
}

#[test]
fn what_was_changed_is_named() {
    let items = every_phase();
    let text = poam(&items[..1], &[], &options(), now()).unwrap().to_string_pretty();
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} stands in the export");
        read(&text.replace(from, to)).unwrap_err()
    };
    let error = changed("\"detected\"", "\"undetected\"");
    assert!(
        matches!(&error, ReadError::Value { place, what: "state", .. } if place == "V-1"),
        "{error}"
    );
    let error = changed("\"original-due\"", "\"originally-due\"");
    assert!(error.to_string().contains("milestone Rotate holds no original-due"), "{error}");
    let error = changed("\"poam-items\"", "\"items\"");
    assert!(matches!(error, ReadError::Syntax(_)), "{error}");
    assert!(matches!(read("{}").unwrap_err(), ReadError::Syntax(_)));
}

/// What may happen in one hour.
#[derive(Clone, Debug)]
enum Step {
    Live,
    Dead,
    Doubt,
    BroughtBack,
    Removed,
    Purged,
    Act(Action),
}

fn action() -> impl Strategy<Value = Action> {
    let milestone = prop::sample::select(MilestoneKind::ALL.to_vec());
    let kind = prop::sample::select(vec![
        DeviationKind::FalsePositive,
        DeviationKind::RiskAccepted,
        DeviationKind::OperationalRequirement,
        DeviationKind::VendorDependency,
    ]);
    let text = prop_oneof![
        Just(format!("a reason that is long enough {HOSTILE}")),
        "[ -~\\n]{15,60}",
        any::<String>().prop_map(|text| format!("fifteen characters and {text}")),
    ];
    (milestone, kind, text, 0_usize..9).prop_map(|(milestone, kind, text, which)| match which {
        0 => Action::Assign { to: text },
        1 => Action::Start { milestone },
        2 => Action::Claim { milestone, note: text },
        3 => Action::Waive { milestone, reason: text },
        4 => Action::Extend { milestone, due: at(24 * 300), reason: text },
        5 => Action::Dismiss { kind, reason: text, until: None },
        6 => Action::Resume { reason: text },
        7 => Action::Reopen { reason: text },
        _ => Action::Note { text },
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Live),
        6 => Just(Step::Dead),
        1 => Just(Step::Doubt),
        1 => Just(Step::BroughtBack),
        3 => Just(Step::Removed),
        1 => Just(Step::Purged),
        6 => action().prop_map(Step::Act),
    ]
}

fn run(world: &mut World, hours: i64, step: &Step) {
    let secret = "token";
    match step {
        Step::Live => _ = world.ask(hours, secret, vec![live(hours)]),
        Step::Dead => _ = world.ask(hours, secret, vec![dead(hours)]),
        Step::Doubt => _ = world.ask(hours, secret, vec![doubtful(hours, Doubt::RateLimited)]),
        Step::BroughtBack => samples::bring_back(world, secret, hours),
        Step::Removed => samples::remove(world, secret, hours),
        Step::Purged => samples::purge(world, hours),
        // A refusal is an answer too: nothing happens.
        Step::Act(action) => _ = world.act(hours, secret, "os:1000@host", action),
    }
}

/// The statuses that the risk's log led to, in order.
fn status_changes(risk: &Value) -> Vec<&str> {
    let entries = risk["risk-log"]["entries"].as_array().unwrap();
    entries.iter().filter_map(|entry| entry["status-change"].as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_history_comes_back_and_is_consistent(
        steps in prop::collection::vec((1_i64..30, step()), 0..40),
    ) {
        let mut world = samples::found("token", |_| {});
        let mut hours = 1;
        for (pause, step) in &steps {
            hours += pause;
            run(&mut world, hours, step);
        }
        let mut item = world.item("token");
        item.number = 7;
        let items = [item];
        let document = poam(&items, &[], &options(), at(hours)).unwrap();
        let back = read(&document.to_string_pretty()).unwrap();
        prop_assert_eq!(back, vec![expected(&items[0])]);

        let value = document.to_value();
        prop_assert_eq!(check(&value), Vec::new());
        let risk = &value["plan-of-action-and-milestones"]["risks"][0];
        let changes = status_changes(risk);
        prop_assert_eq!(changes.last().copied(), risk["status"].as_str());
        prop_assert!(changes.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", changes);
    }
}
