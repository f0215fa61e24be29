//! Escrow, and what people may say when the bytes of a credential are gone.

mod support;
use quietus_model::{Digest, Doubt, SafeText, Seal, SealId, SealUse, Trust};
use quietus_poam::{Action, Actor, ClosureBasis, Event, PoamItem, Refusal};
use support::*;
use uuid::Uuid;

fn seal(number: u128) -> Seal {
    let recipients = vec![SafeText::plain("age1recipient")];
    Seal { id: SealId(Uuid::from_u128(number)), digest: Digest::of(b"sealed"), recipients }
}

/// What was sealed when the token was found.
fn sealed(mut world: World, number: u128, hours: i64, trust: Trust) -> World {
    let mut seen = survey(hours, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    seen.assessments[0].sealed = Some(seal(number));
    seen.trust = trust;
    world.take(&seen);
    world
}

fn attest() -> Action {
    Action::Attest { note: "deleted in the vendor's console".into(), digest: None }
}

fn destroyed(world: &mut World, hours: i64, by: &Actor) -> Result<(), Refusal> {
    let item = world.item("token");
    let events = item.escrow_destroyed("its time has come", by, &world.policy, at(hours))?;
    world.events.entry(print_of("token")).or_default().extend(events);
    Ok(())
}

fn basis(item: &PoamItem) -> Option<ClosureBasis> {
    item.closure.as_ref().map(|closure| closure.basis)
}

#[test]
fn a_value_is_sealed_once_and_only_by_our_own_runs() {
    let world = sealed(World::new(), 1, 0, Trust::Untrusted);
    assert_eq!(world.item("token").seal, None);
    let world = sealed(sealed(world, 2, 1, Trust::Own), 3, 2, Trust::Own);
    assert_eq!(world.item("token").seal, Some(seal(2)));
}

#[test]
fn opening_is_on_record_and_changes_nothing_and_destroying_ends_it() {
    let mut world = sealed(leaked(), 1, 1, Trust::Own);
    let ann = Actor::person("ann");
    let before = world.item("token");
    let opened = before.escrow_opened(SealUse::Retest, &ann, &world.policy, at(2)).unwrap();
    let [only] = opened.as_slice() else { panic!("{opened:?}") };
    assert_eq!(only.event, Event::EscrowOpened { seal: seal(1).id, purpose: SealUse::Retest });
    assert_eq!(before.escrow_ends(&world.policy), None, "kept as long as it is open");
    destroyed(&mut world, 3, &ann).unwrap();
    assert_eq!(world.item("token").seal, None);
    assert!(matches!(destroyed(&mut world, 4, &ann), Err(Refusal::NotInEscrow)));
    // It may be sealed anew.
    assert_eq!(sealed(world, 5, 6, Trust::Own).item("token").seal, Some(seal(5)));
}

#[test]
fn it_is_kept_for_as_long_as_policy_says_after_closure() {
    let mut world = sealed(leaked(), 1, 1, Trust::Own);
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    let item = world.item("token");
    assert_eq!(basis(&item), Some(ClosureBasis::Verified));
    assert_eq!(item.escrow_ends(&world.policy), Some(at(30 + 100 * 24)));
    destroyed(&mut world, 30 + 100 * 24, &Actor::System).unwrap();
    assert_eq!(basis(&world.item("token")), Some(ClosureBasis::Verified));
}

#[test]
fn without_bytes_and_without_escrow_two_people_may_say_that_it_is_dead() {
    let mut world = leaked();
    world.take(&removed(5));
    let refusal = world.act(6, "token", "ann", &attest()).unwrap_err();
    assert_eq!(refusal, Refusal::AskInstead);
    world.ask(8, "token", vec![doubtful(8, Doubt::NoBytes)]);
    world.act(9, "token", "ann", &attest()).unwrap();
    assert_eq!(basis(&world.item("token")), None, "one is not two");
    world.act(10, "token", "bob", &attest()).unwrap();
    let item = world.item("token");
    assert_eq!(
        basis(&item),
        Some(ClosureBasis::Attested),
        "{:#?}",
        item.why(&world.policy, at(10))
    );
    // Decided once: nothing moves to and fro under what is known.
    assert_eq!(world.take(&removed(11)), 0);
    // Somebody has its bytes after all, and it works.
    world.ask(12, "token", vec![live(12)]);
    assert_eq!(basis(&world.item("token")), None);
}

#[test]
fn what_people_said_does_not_outlast_bytes_that_come_back_or_an_acceptance() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![doubtful(8, Doubt::NoBytes)]);
    world.act(9, "token", "ann", &attest()).unwrap();
    // Its bytes are back: it is asked about, and nobody's word is taken.
    world.ask(10, "token", vec![live(10)]);
    assert_eq!(world.act(11, "token", "bob", &attest()), Err(Refusal::AskInstead));
    // They go again: what was said before it was accepted counts no more.
    world.ask(12, "token", vec![doubtful(12, Doubt::NoBytes)]);
    world.act(13, "token", "bob", &attest()).unwrap();
    assert_eq!(basis(&world.item("token")), None);
    world.act(14, "token", "ann", &attest()).unwrap();
    assert_eq!(basis(&world.item("token")), Some(ClosureBasis::Attested));
}

#[test]
fn what_is_in_escrow_is_asked_about_and_not_attested() {
    let mut world = sealed(leaked(), 1, 1, Trust::Own);
    world.take(&removed(5));
    world.ask(8, "token", vec![doubtful(8, Doubt::NoBytes)]);
    assert_eq!(world.act(9, "token", "ann", &attest()), Err(Refusal::OpenInstead));
    let why = world.item("token").why(&world.policy, at(9)).join("\n");
    assert!(why.contains("its value is in escrow"), "{why}");
    destroyed(&mut world, 10, &Actor::person("ann")).unwrap();
    world.act(11, "token", "ann", &attest()).unwrap();
    let why = world.item("token").why(&world.policy, at(11)).join("\n");
    assert!(why.contains("1 of 2 people") && why.contains("not in escrow"), "{why}");
}
