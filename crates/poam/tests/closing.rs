//! An item closes when, and only when, its credential is proven dead and gone.

mod support;
use quietus_model::{Binding, Doubt, Verdict};
use quietus_poam::{Action, Class, ClosureBasis, MilestoneKind, Phase, Progress, Proof};
use support::*;

#[test]
fn two_denials_a_day_apart_and_removal_close_it() {
    let world = closed();
    let item = world.item("token");
    let closure = item.closure.clone().unwrap();
    assert_eq!((closure.basis, closure.dead_since), (ClosureBasis::Verified, at(8)));
    assert_eq!(item.phase(), Phase::Closed(ClosureBasis::Verified));
    // The date of the revocation is that of the first denial, not of the last.
    let Progress::Verified { on, .. } = item.milestone(MilestoneKind::Revoke).progress else {
        panic!("revoke is {:?}", item.milestone(MilestoneKind::Revoke).progress)
    };
    assert_eq!(on, at(8));
    // No replacement was seen: policy waived the rotation, and the closure says so.
    assert_eq!(item.milestone(MilestoneKind::Rotate).progress.as_str(), "waived");
    assert!(closure.evidence.iter().any(|text| text.contains("rotate waived")), "{closure:?}");
}

#[test]
fn one_denial_is_provisional() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    let item = world.item("token");
    assert!(item.closure.is_none());
    assert!(!item.milestone(MilestoneKind::Revoke).is_done());
    let why = item.why(&world.policy, at(9)).join("\n");
    assert!(why.contains("provisionally revoked, proof due at 2026-01-02T04:00:00Z"), "{why}");
}

#[test]
fn many_denials_in_one_hour_are_one() {
    let mut world = leaked();
    world.take(&removed(5));
    for minute_is_hour in 8..27 {
        world.ask(minute_is_hour, "token", vec![dead(minute_is_hour)]);
        assert!(world.item("token").closure.is_none(), "closed at hour {minute_is_hour}");
    }
    world.ask(28, "token", vec![dead(28)]);
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_stale_proof_does_not_close() {
    let mut world = leaked();
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    // Removed only after the last denial has gone stale.
    world.take(&removed(30 + 25));
    assert!(world.item("token").closure.is_none());
    let why = world.item("token").why(&world.policy, at(55)).join("\n");
    assert!(why.contains("too old by now"), "{why}");
    world.ask(60, "token", vec![dead(60)]);
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_live_answer_voids_the_denials_before_it() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(9, "token", vec![live(9)]);
    world.ask(29, "token", vec![dead(29)]);
    assert!(world.item("token").closure.is_none(), "the denial of hour 8 must not count");
    world.ask(50, "token", vec![dead(50)]);
    let closure = world.item("token").closure.unwrap();
    assert_eq!(closure.dead_since, at(29));
}

#[test]
fn arrival_order_does_not_matter() {
    // The live answer of hour 9 arrives last, after the denials of 8 and 28 … and undoes them.
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![live(9), dead(28)]);
    assert!(world.item("token").closure.is_none());
}

#[test]
fn no_doubt_ever_counts() {
    let doubts = [
        Doubt::Unrecognised { status: 401 },
        Doubt::Unrecognised { status: 403 },
        Doubt::Unrecognised { status: 500 },
        Doubt::RateLimited,
        Doubt::Unreachable { detail: "timed out".into() },
        Doubt::Redirected { status: 302 },
        Doubt::NonDiscriminating,
        Doubt::Unconfirmed { clause: "denied".into() },
        Doubt::IssuerUnbound,
        Doubt::Gone,
        Doubt::NoBytes,
    ];
    for doubt in doubts {
        let mut world = leaked();
        world.take(&removed(5));
        for day in 1..10 {
            world.ask(day * 24, "token", vec![doubtful(day * 24, doubt.clone())]);
        }
        let item = world.item("token");
        assert!(item.closure.is_none(), "{doubt:?} closed it");
        assert!(!item.milestone(MilestoneKind::Revoke).is_done(), "{doubt:?} revoked it");
    }
}

#[test]
fn one_database_dead_and_another_live_is_not_dead() {
    let mut world = leaked();
    world.take(&removed(5));
    let other = target("https://second.example");
    let still =
        |hours| answer(other.clone(), Binding::SoleIssuer, hours, Verdict::Live(observation()));
    for hours in [8, 30, 52] {
        world.ask(hours, "token", vec![still(hours), dead(hours)]);
        assert_eq!(world.item("token").liveness(at(hours)), "live");
    }
    assert!(world.item("token").closure.is_none());
}

#[test]
fn observations_from_the_future_do_not_count() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8), dead(30)]);
    assert!(world.item("token").closure.is_none());
    assert_eq!(world.item("token").liveness(at(8)), "dead");
}

#[test]
fn an_overridden_recipe_needs_a_person() {
    let mut world = leaked();
    world.take(&removed(5));
    let custom = |hours| {
        let mut seen = observation();
        seen.custom = true;
        answer(github(), Binding::SoleIssuer, hours, Verdict::Dead(seen))
    };
    for hours in [8, 30] {
        world.ask(hours, "token", vec![custom(hours)]);
    }
    let item = world.item("token");
    assert!(item.closure.is_none());
    let why = item.why(&world.policy, at(30)).join("\n");
    assert!(why.contains("the user overrode"), "{why}");
    world.act(31, "token", "carol", &approve("checked")).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_denied_pair_that_was_never_accepted_needs_a_person() {
    let mut world = leaked();
    world.take(&removed(5));
    for hours in [8, 30] {
        let mut seen = observation();
        seen.unpaired = true;
        let denied = answer(github(), Binding::SoleIssuer, hours, Verdict::Dead(seen));
        world.ask(hours, "token", vec![denied]);
    }
    let item = world.item("token");
    assert!(item.closure.is_none());
    let why = item.why(&world.policy, at(30)).join("\n");
    assert!(why.contains("whether they belong together"), "{why}");
    world.act(31, "token", "carol", &approve("checked")).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_denial_that_a_live_one_can_meet_too_is_nothing_until_a_person_says_what_it_is() {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    world.take(&removed(5));
    let unsure = |hours| doubtful(hours, Doubt::NeverAccepted { clause: "denied".into() });
    world.ask(8, "token", vec![unsure(8)]);
    let early = world.act(9, "token", "carol", &approve("looked at its log")).unwrap_err();
    assert!(early.to_string().contains("1 of 2 denials"), "{early}");
    world.ask(30, "token", vec![unsure(30)]);
    let item = world.item("token");
    assert_eq!((item.liveness(at(30)), item.class), ("unknown", Class::Unknown));
    for kind in [MilestoneKind::Rotate, MilestoneKind::Revoke, MilestoneKind::Retest] {
        assert_eq!(item.milestone(kind).progress, Progress::Planned, "{kind}");
    }
    let why = item.why(&world.policy, at(30)).join("\n");
    assert!(why.contains("in words that a live one can meet too"), "{why}");
    // Too old by then.
    assert!(world.act(60, "token", "carol", &approve("looked at its log")).is_err());
    world.act(31, "token", "carol", &approve("looked at its log")).unwrap();
    let closure = world.item("token").closure.unwrap();
    assert_eq!((closure.basis, closure.dead_since), (ClosureBasis::Verified, at(8)));
    assert!(closure.evidence.iter().any(|text| text.contains("looked at its log")));

    // Where it stands at a head, nobody closes it; and what was accepted there since is live.
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    for hours in [8, 30] {
        world.ask(hours, "token", vec![unsure(hours)]);
    }
    assert!(world.act(31, "token", "carol", &approve("looked at its log")).is_err());
    world.take(&removed(32));
    world.ask(33, "token", vec![live(33)]);
    assert!(world.act(34, "token", "carol", &approve("looked at its log")).is_err());
}

#[test]
fn a_denial_does_not_make_an_acceptance_forgotten() {
    let mut world = leaked();
    world.take(&removed(5));
    for hours in [8, 30] {
        world.ask(hours, "token", vec![dead(hours)]);
    }
    let known = world.item("token").judgements();
    let times: Vec<_> = known.iter().map(|judgement| judgement.at).collect();
    assert_eq!(times.len(), 2, "{known:?}");
    assert!(times.contains(&at(0)) && times.contains(&at(30)), "{known:?}");
}

#[test]
fn a_kind_nobody_can_ask_closes_on_two_peoples_word_and_says_so() {
    let mut world = World::new();
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].kind = kind(false);
    world.take(&first);
    let mut gone = removed(5);
    gone.assessments[0].kind = kind(false);
    world.take(&gone);
    let word = Action::Attest { note: "deleted in the vendor's console".into(), digest: None };
    world.act(6, "token", "ann", &word).unwrap();
    assert!(world.item("token").closure.is_none());
    assert!(world.act(6, "token", "ann", &word).is_err(), "one person is not two");
    world.act(7, "token", "bob", &word).unwrap();
    assert_eq!(world.item("token").closure.unwrap().basis, ClosureBasis::Attested);
}

#[test]
fn a_kind_that_can_be_asked_never_closes_on_peoples_word() {
    let mut world = leaked();
    let word = Action::Attest { note: "deleted in the vendor's console".into(), digest: None };
    let refusal = world.act(6, "token", "ann", &word).unwrap_err();
    assert!(refusal.to_string().contains("quietus retest --validate"), "{refusal}");
}

#[test]
fn a_kind_that_could_be_asked_once_stays_so() {
    let mut world = leaked();
    let mut later = survey(2, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    later.assessments[0].kind = kind(false);
    world.take(&later);
    assert!(world.item("token").detection.kind.askable);
}

#[test]
fn approved_closure_needs_somebody_independent() {
    let text = include_str!("../policies/default.toml").replace("\"automatic\"", "\"approved\"");
    let mut world = leaked();
    world.policy = quietus_poam::Policy::parse("approved", &text).unwrap();
    world.act(1, "token", "ann", &Action::Assign { to: "olga".into() }).unwrap();
    let claim =
        Action::Claim { milestone: MilestoneKind::Rotate, note: "new token in vault".into() };
    world.act(2, "token", "ann", &claim).unwrap();
    let approve = approve("looked at the evidence");
    let early = world.act(3, "token", "carol", &approve).unwrap_err();
    assert!(early.to_string().contains("revoke is planned"), "{early}");
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    assert!(world.item("token").closure.is_none());
    assert!(world.act(31, "token", "olga", &approve).is_err(), "the owner approved");
    assert!(world.act(31, "token", "ann", &approve).is_err(), "who completed a step approved");
    world.act(31, "token", "carol", &approve).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn live_and_privileged_is_due_in_hours_and_revoked_first() {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let before = world.item("token").milestone(MilestoneKind::Revoke).due;
    let mut seen = observation();
    seen.identity.privileged = Some(true);
    world.ask(1, "token", vec![answer(github(), Binding::SoleIssuer, 1, Verdict::Live(seen))]);
    let item = world.item("token");
    let revoke = item.milestone(MilestoneKind::Revoke);
    assert_eq!(
        (item.class, revoke.due, revoke.original_due),
        (Class::LivePrivileged, at(5), before)
    );
    assert_eq!(item.next_milestone().unwrap().kind, MilestoneKind::Revoke);
    assert!(item.tags().contains(&"NHI5:2025".to_owned()));
    assert!(item.is_overdue(at(6)) && !item.is_overdue(at(4)));
}

#[test]
fn a_younger_credential_in_its_place_is_a_rotation() {
    let mut world = leaked();
    let after = survey(
        5,
        vec![
            finding("token", vec![place("app.env", &[], -100)]),
            finding("fresh", vec![place("app.env", &[MAIN], 3)]),
        ],
    );
    world.take(&after);
    let item = world.item("token");
    let Progress::Verified { on, evidence } = &item.milestone(MilestoneKind::Rotate).progress
    else {
        panic!("rotate is {:?}", item.milestone(MilestoneKind::Rotate).progress)
    };
    assert_eq!(*on, at(3));
    assert!(evidence.summary.contains(&print_of("fresh").short()), "{evidence:?}");
    // Rotated is not revoked.
    assert!(!item.milestone(MilestoneKind::Revoke).is_done());
    assert!(matches!(item.proof(&world.policy, at(5)), Proof::NotYet(_)));
}

#[test]
fn a_waived_removal_is_no_removal() {
    let mut world = leaked();
    let waive = Action::Waive {
        milestone: MilestoneKind::Remove,
        reason: "the branch is kept for the record".into(),
    };
    world.act(1, "token", "ann", &waive).unwrap();
    for hours in [8, 30] {
        world.ask(hours, "token", vec![dead(hours)]);
    }
    let item = world.item("token");
    assert!(!item.milestone(MilestoneKind::Retest).is_done(), "it still stands at a head");
    assert!(item.closure.is_none());
}

#[test]
fn one_account_on_two_hosts_is_one_person() {
    let mut world = World::new();
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].kind = kind(false);
    world.take(&first);
    let word = Action::Attest { note: "deleted in the vendor's console".into(), digest: None };
    world.act(6, "token", "os:1000@one", &word).unwrap();
    let refusal = world.act(7, "token", "os:1000@two", &word).unwrap_err();
    assert!(refusal.to_string().contains("another person"), "{refusal}");
}

#[test]
fn an_acceptance_from_the_future_counts_already() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30), live(40)]);
    assert!(world.item("token").closure.is_none());
}

#[test]
fn blank_words_are_refused() {
    let mut world = leaked();
    let blank = [
        Action::Assign { to: "  ".into() },
        Action::Note { text: String::new() },
        Action::Claim { milestone: MilestoneKind::Rotate, note: " ".into() },
    ];
    for action in blank {
        assert!(world.act(1, "token", "ann", &action).is_err(), "{action:?}");
    }
}
