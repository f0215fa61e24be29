//! Whose denial counts: the issuer that is known to be the right one, or that a person names.

mod support;
use quietus_model::{Binding, Verdict};
use quietus_poam::{Action, Event, MilestoneKind};
use support::*;

#[test]
fn a_denial_by_an_unbound_issuer_proves_nothing_until_a_person_binds_it() {
    let mut world = World::new();
    let elsewhere = target("https://public.example/api");
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    world.take(&removed(5));
    let denied =
        |hours| answer(elsewhere.clone(), Binding::Unbound, hours, Verdict::Dead(observation()));
    for hours in [8, 30, 52] {
        world.ask(hours, "token", vec![denied(hours)]);
    }
    let item = world.item("token");
    assert!(item.closure.is_none());
    let why = item.why(&world.policy, at(52)).join("\n");
    assert!(why.contains("a denial there proves nothing"), "{why}");

    let bind = Action::Bind {
        target: elsewhere.clone(),
        note: "our tokens come from the public instance".into(),
    };
    world.act(53, "token", "bob", &bind).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn it_was_live_there_binds_the_target() {
    let mut world = World::new();
    let here = |hours, verdict| answer(github(), Binding::Unbound, hours, verdict);
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].judgements = vec![here(0, Verdict::Live(observation()))];
    world.take(&first);
    world.take(&removed(5));
    for hours in [8, 30] {
        world.ask(hours, "token", vec![here(hours, Verdict::Dead(observation()))]);
    }
    assert!(world.item("token").closure.is_some());
}

#[test]
fn every_listed_instance_must_deny() {
    let one = target("https://a.example");
    let two = target("https://b.example");
    let listed = Binding::Listed { instances: vec![one.endpoint.clone(), two.endpoint.clone()] };
    let denied = |at: &quietus_model::Target, hours| {
        answer(at.clone(), listed.clone(), hours, Verdict::Dead(observation()))
    };
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    world.take(&removed(5));
    for hours in [8, 30] {
        world.ask(hours, "token", vec![denied(&one, hours)]);
    }
    let why = world.item("token").why(&world.policy, at(30)).join("\n");
    assert!(why.contains("https://b.example has not been asked"), "{why}");
    world.ask(31, "token", vec![denied(&two, 31)]);
    assert!(world.item("token").closure.is_none());
    world.ask(52, "token", vec![denied(&one, 52), denied(&two, 52)]);
    assert!(world.item("token").closure.is_some());
}

/// A world in which `token` was found at hour 0, and nobody was asked.
fn unasked() -> World {
    let mut world = World::new();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    world
}

fn binds(endpoint: &str) -> Action {
    Action::Bind { target: target(endpoint), note: "we looked it up in the inventory".into() }
}

/// The wrong issuer denies it for ever; its own, once a person names it, decides.
#[test]
fn bound_to_an_issuer_that_nobody_asked_it_waits_for_that_one() {
    let mut world = unasked();
    world.take(&removed(5));
    let (public, own) = (target("https://public.example"), target("https://git.corp"));
    let answer_of = |target: &quietus_model::Target, hours, verdict| {
        answer(target.clone(), Binding::Unbound, hours, verdict)
    };
    let public_denies = |hours| answer_of(&public, hours, Verdict::Dead(observation()));
    world.ask(8, "token", vec![public_denies(8)]);
    world.ask(30, "token", vec![public_denies(30)]);
    let due = |world: &World| world.item("token").next_retest(&world.policy).unwrap();
    assert!(due(&world) > at(31));
    world.act(31, "token", "bob", &binds("https://git.corp")).unwrap();
    assert_eq!(due(&world), at(31), "it is to be asked there at once");
    let item = world.item("token");
    assert_eq!((item.bound(), item.closure), (vec![own.clone()], None));
    let why = world.item("token").why(&world.policy, at(31)).join("\n");
    assert!(why.contains("https://git.corp has given no clear answer"), "{why}");
    let bound = world.item("token").history.into_iter().rev().find_map(|recorded| {
        let Event::Bound { target, note } = recorded.event else { return None };
        Some((recorded.at, recorded.by.person_id().unwrap().to_owned(), target, note))
    });
    let (when, who, what, note) = bound.unwrap();
    assert_eq!((when, what), (at(31), own.clone()));
    assert!(who.contains("bob") && note.contains("inventory"), "{who}: {note}");

    world.ask(52, "token", vec![public_denies(52)]);
    assert!(world.item("token").closure.is_none(), "the wrong issuer still closes nothing");
    world.ask(53, "token", vec![answer_of(&own, 53, Verdict::Live(observation()))]);
    assert_eq!(world.item("token").liveness(at(53)), "live");
    for hours in [60, 81] {
        assert!(world.item("token").closure.is_none(), "closed before hour {hours}");
        let denied = answer_of(&own, hours, Verdict::Dead(observation()));
        world.ask(hours, "token", vec![public_denies(hours), denied]);
    }
    assert_eq!(world.item("token").closure.unwrap().dead_since, at(60));
}

#[test]
fn unbound_again_what_its_denials_verified_is_undone() {
    let mut world = unasked();
    let elsewhere = target("https://public.example");
    let denied =
        |hours| answer(elsewhere.clone(), Binding::Unbound, hours, Verdict::Dead(observation()));
    for hours in [8, 30] {
        world.ask(hours, "token", vec![denied(hours)]);
    }
    world.act(31, "token", "bob", &binds("https://typo.example")).unwrap();
    world.act(31, "token", "bob", &binds("https://public.example")).unwrap();
    assert!(!world.item("token").milestone(MilestoneKind::Revoke).is_done(), "one has not denied");
    let unbind = |endpoint: &str| Action::Unbind {
        endpoint: endpoint.to_owned(),
        note: "that was a mistake of mine".into(),
    };
    world.act(32, "token", "bob", &unbind("https://typo.example")).unwrap();
    let item = world.item("token");
    assert!(item.milestone(MilestoneKind::Revoke).is_done());
    assert_eq!(item.targets.len(), 1, "nothing is left of the typo");
    world.act(33, "token", "bob", &unbind("https://public.example")).unwrap();
    let item = world.item("token");
    assert!(!item.milestone(MilestoneKind::Revoke).is_done());
    assert!(!item.milestone(MilestoneKind::Rotate).is_done(), "policy had waived it");
    world.take(&removed(34));
    assert!(world.item("token").closure.is_none());
    let refusal = world.act(35, "token", "bob", &unbind("https://public.example")).unwrap_err();
    assert!(refusal.to_string().contains("nobody bound it"), "{refusal}");
}
