//! What an issuer's receipt proves: with a denial behind it, death; alone, only that it was revoked.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use quietus_model::{Digest, Effect, Receipt};
use quietus_poam::{Actor, MilestoneKind, Refusal};
use support::*;

fn receipt(hours: i64, effect: Effect) -> Receipt {
    Receipt {
        target: github(),
        at: at(hours),
        effect,
        status: 204,
        clause: "revoked".into(),
        recipe: Digest::of(b"call"),
        custom: false,
        request_id: None,
        issuer_date: None,
        tool: "test".into(),
    }
}

fn revoke(world: &mut World, hours: i64, receipt: Receipt) {
    let item = world.item("token");
    let by = Actor::person("ann");
    let events = item.revoked(receipt, &by, &world.policy, at(hours)).unwrap();
    world.events.get_mut(&print_of("token")).unwrap().extend(events);
}

/// Live at hour 0, gone from every head at 5, revoked at 6, and these denials.
fn after(receipt: Receipt, denials: &[i64]) -> World {
    let mut world = leaked();
    world.take(&removed(5));
    revoke(&mut world, 6, receipt);
    for hours in denials {
        world.ask(*hours, "token", vec![dead(*hours)]);
    }
    world
}

fn is_closed(world: &World) -> bool {
    world.item("token").closure.is_some()
}

#[test]
fn a_final_receipt_and_one_denial_after_it_are_proof() {
    let world = after(receipt(6, Effect::Final), &[7]);
    let closure = world.item("token").closure.unwrap();
    assert!(closure.evidence.join("\n").contains("it had revoked it at"), "{closure:?}");
    assert_eq!(closure.dead_since, at(7));
}

#[test]
fn nothing_less_than_both_is_proof() {
    assert!(!is_closed(&after(receipt(6, Effect::Final), &[])));
    assert!(!is_closed(&after(receipt(6, Effect::Reversible), &[7])));
    assert!(!is_closed(&after(receipt(6, Effect::Queued), &[7])));
    assert!(!is_closed(&after(Receipt { custom: true, ..receipt(6, Effect::Final) }, &[7])));
    let elsewhere =
        Receipt { target: target("https://other.example"), ..receipt(6, Effect::Final) };
    assert!(!is_closed(&after(elsewhere, &[7])));
    // Two denials far enough apart need no receipt, and one before it does not count with it.
    assert!(is_closed(&after(receipt(6, Effect::Queued), &[7, 30])));
    let mut world = leaked();
    world.take(&removed(3));
    world.ask(4, "token", vec![dead(4)]);
    revoke(&mut world, 6, receipt(6, Effect::Final));
    assert!(!is_closed(&world));
    world.ask(7, "token", vec![dead(7)]);
    assert!(is_closed(&world));
}

#[test]
fn what_is_accepted_after_its_receipt_was_not_revoked() {
    let mut world = after(receipt(6, Effect::Final), &[]);
    let is_revoked = |world: &World| world.item("token").milestone(MilestoneKind::Revoke).is_done();
    assert!(is_revoked(&world), "its issuer says so");
    world.ask(8, "token", vec![live(8)]);
    assert!(!is_revoked(&world));
    world.ask(9, "token", vec![dead(9)]);
    assert!(!is_revoked(&world) && !is_closed(&world));
    revoke(&mut world, 10, receipt(10, Effect::Final));
    assert!(is_revoked(&world) && !is_closed(&world));
    world.ask(11, "token", vec![dead(11)]);
    assert!(is_closed(&world));
}

#[test]
fn another_instance_where_it_may_work_keeps_it_open() {
    let mut world = leaked();
    world.take(&removed(2));
    let other = "https://second.example/api";
    let bound = quietus_model::Binding::Listed { instances: vec![other.into()] };
    let elsewhere = |hours, verdict| answer(target(other), bound.clone(), hours, verdict);
    let doubt = quietus_model::Verdict::Indeterminate(quietus_model::Doubt::RateLimited);
    world.ask(3, "token", vec![elsewhere(3, doubt)]);
    revoke(&mut world, 6, receipt(6, Effect::Final));
    assert!(!world.item("token").milestone(MilestoneKind::Revoke).is_done());
    world.ask(7, "token", vec![dead(7)]);
    assert!(!is_closed(&world));
}

#[test]
fn somebody_stands_behind_every_revocation() {
    let world = leaked();
    let item = world.item("token");
    let refused = item.revoked(receipt(1, Effect::Final), &Actor::System, &world.policy, at(1));
    assert_eq!(refused, Err(Refusal::NeedsPerson));
}
