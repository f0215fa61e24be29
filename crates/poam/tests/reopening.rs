//! A closed item stays closed only as long as nothing contradicts it.

mod support;
use quietus_model::{Binding, Place, SafeText, Verdict};
use quietus_poam::{Action, DeviationKind, MilestoneKind, Phase};
use support::*;

#[test]
fn its_known_place_in_history_does_not_reopen_it() {
    let mut world = closed();
    assert_eq!(world.take(&removed(40)), 0);
    assert!(world.item("token").closure.is_some());
}

#[test]
fn live_anywhere_reopens_it_with_a_new_round() {
    for binding in [Binding::SoleIssuer, Binding::Unbound] {
        let mut world = closed();
        let there = target("https://elsewhere.example");
        world.ask(200, "token", vec![answer(there, binding, 200, Verdict::Live(observation()))]);
        let item = world.item("token");
        assert!(item.closure.is_none());
        assert_eq!(item.earlier_rounds.len(), 1);
        assert!(item.earlier_rounds[0].milestones.iter().all(|m| m.is_done()), "kept as they were");
        assert!(!item.milestone(MilestoneKind::Revoke).is_done());
        assert_eq!(item.detection.detected_at, at(0), "the detection date never changes");
    }
}

#[test]
fn a_late_live_answer_from_before_the_denials_does_not_reopen_it() {
    let mut world = closed();
    world.ask(40, "token", vec![live(3)]);
    assert!(world.item("token").closure.is_some());
    world.ask(41, "token", vec![live(20)]);
    assert!(world.item("token").closure.is_none(), "it was live between the two denials");
}

#[test]
fn committed_again_after_closure_reopens_it() {
    let mut world = closed();
    // On a branch that is merged nowhere and deleted again: not at a head, but new.
    let again = finding("token", vec![place("app.env", &[], -100), place("other.env", &[], 50)]);
    world.take(&survey(60, vec![again]));
    assert!(world.item("token").closure.is_none());
}

#[test]
fn an_old_place_found_late_in_history_does_not() {
    let mut world = closed();
    let deeper = finding("token", vec![place("app.env", &[], -100), place("old.env", &[], -500)]);
    assert_eq!(world.take(&survey(60, vec![deeper])), 1, "the sighting is recorded");
    assert!(world.item("token").closure.is_some());
}

#[test]
fn back_at_a_head_reopens_it() {
    let mut world = closed();
    world.take(&survey(60, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let item = world.item("token");
    assert!(item.closure.is_none());
    assert_eq!(item.phase(), Phase::Open, "a new round begins, with the owner it had");
    assert!(!item.milestone(MilestoneKind::Remove).is_done());
}

#[test]
fn a_dismissal_ends_when_it_is_live_or_its_date_comes() {
    let dismiss = Action::Dismiss {
        kind: DeviationKind::FalsePositive,
        reason: "a sample from the manual".into(),
        until: Some(at(100)),
    };
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    world.act(1, "token", "ann", &dismiss).unwrap();
    assert_eq!(world.item("token").phase(), Phase::Deviation(DeviationKind::FalsePositive));
    let mut expired = World { policy: world.policy.clone(), events: world.events.clone() };
    let mut at_once = World { policy: world.policy.clone(), events: world.events.clone() };
    at_once.ask(1, "token", vec![live(1)]);
    assert!(at_once.item("token").deviation.is_none(), "within the same second");
    world.ask(2, "token", vec![live(2)]);
    assert!(world.item("token").deviation.is_none());
    let refusal = world.act(3, "token", "ann", &dismiss).unwrap_err();
    assert!(refusal.to_string().contains("revoke it first"), "{refusal}");
    expired.take(&removed(101));
    assert!(expired.item("token").deviation.is_none());
}

#[test]
fn dismissed_is_never_closed() {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let dismiss = Action::Dismiss {
        kind: DeviationKind::RiskAccepted,
        reason: "accepted by the board".into(),
        until: None,
    };
    world.act(1, "token", "ann", &dismiss).unwrap();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    assert!(world.item("token").closure.is_none());
    world.act(31, "token", "ann", &Action::Resume { reason: "proven dead".into() }).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_person_can_reopen_and_cannot_act_on_a_closed_item() {
    let mut world = closed();
    let assign = Action::Assign { to: "bob".into() };
    assert!(world.act(40, "token", "ann", &assign).is_err());
    let reopen = Action::Reopen { reason: "the vendor restored it".into() };
    world.act(40, "token", "ann", &reopen).unwrap();
    let item = world.item("token");
    // The denials of before are fresh enough, but what reopened it must be answered by a new one.
    assert!(item.closure.is_none());
    let why = item.why(&world.policy, at(40)).join("\n");
    assert!(why.contains("has not denied it again since it was reopened"), "{why}");
    world.ask(41, "token", vec![dead(41)]);
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_work_tree_sighting_after_closure_reopens_it() {
    let mut world = closed();
    let mut file = place("copy.env", &["work tree"], 0);
    file.place = Place::WorkTree;
    file.introduced = None;
    file.at_head = vec![SafeText::plain("work tree")];
    let seen = finding("token", vec![place("app.env", &[], -100), file]);
    world.take(&survey(60, vec![seen]));
    assert!(world.item("token").closure.is_none());
}

#[test]
fn an_accepted_risk_ends_when_it_turns_out_to_work_again() {
    let mut world = leaked();
    world.ask(1, "token", vec![dead(1)]);
    let accept = Action::Dismiss {
        kind: DeviationKind::RiskAccepted,
        reason: "it is denied and soon gone".into(),
        until: None,
    };
    world.act(2, "token", "ann", &accept).unwrap();
    world.ask(3, "token", vec![live(3)]);
    assert!(world.item("token").deviation.is_none());
}
