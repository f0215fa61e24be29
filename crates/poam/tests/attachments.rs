//! Files that show something: what is recorded of them, what is refused, and that none moves an item.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use quietus_model::{Digest, SafeText};
use quietus_poam::{Action, Actor, Attachment, Impact, PoamItem, Refusal, Role, Roles};
use support::*;

fn file(bytes: &[u8]) -> Attachment {
    Attachment {
        digest: Digest::of(bytes),
        name: SafeText::plain("console.png"),
        size: bytes.len() as u64,
        shows: SafeText::plain("the key is deleted in the console"),
        collected: at(5),
        expires: None,
        collector: SafeText::plain("Ann"),
        scope: SafeText::plain("account 12"),
        kept: true,
    }
}

fn attach(file: Attachment) -> Action {
    Action::Attach { attachment: Box::new(file) }
}

#[test]
fn a_file_is_recorded_with_when_it_was_true_and_when_it_was_recorded() {
    let mut world = leaked();
    let before = world.item("token");
    world.act(8, "token", "ann", &attach(file(b"a"))).unwrap();
    let item = world.item("token");
    let attached = item.attachment(&Digest::of(b"a")).unwrap();
    assert_eq!((attached.attachment.collected, attached.at), (at(5), at(8)));
    assert_eq!(attached.by.person_id(), Some("ann"));
    assert_eq!((item.phase(), &item.round), (before.phase(), &before.round), "it moves nothing");
    // It outlives the round, and is there when the item is read back.
    assert_eq!(PoamItem::fold(&item.history).unwrap().attachments, item.attachments);
}

#[test]
fn what_cannot_be_evidence_is_refused() {
    let mut world = leaked();
    let mut refused = |change: fn(&mut Attachment)| {
        let mut file = file(b"a");
        change(&mut file);
        world.act(8, "token", "ann", &attach(file)).unwrap_err().to_string()
    };
    assert!(refused(|file| file.collected = at(9)).contains("future"));
    assert!(refused(|file| file.expires = Some(at(8))).contains("expired"));
    assert!(refused(|file| file.shows = SafeText::plain(" ")).contains("blank"));
    assert!(refused(|file| file.collector = SafeText::plain("")).contains("blank"));
    world.act(8, "token", "ann", &attach(file(b"a"))).unwrap();
    let twice = world.act(9, "token", "bob", &attach(file(b"a"))).unwrap_err();
    assert!(matches!(twice, Refusal::AlreadyAttached { .. }), "{twice}");
    world.act(9, "token", "bob", &attach(file(b"b"))).unwrap();
    let roles = Roles::held([Role::Auditor]);
    let auditor = Actor::Person { id: "eve".into(), claims: None, authenticated: true, roles };
    let item = world.item("token");
    let refused = item.act(&attach(file(b"c")), &auditor, &world.policy, at(9)).unwrap_err();
    assert!(matches!(refused, Refusal::NoSuchDuty { .. }), "{refused}");
}

#[test]
fn what_has_expired_may_be_collected_anew() {
    let mut world = leaked();
    let until = |hours| Attachment { expires: Some(at(hours)), ..file(b"a") };
    world.act(8, "token", "ann", &attach(until(20))).unwrap();
    let first = world.item("token").attachments[0].clone();
    assert!(first.is_valid(at(19)) && !first.is_valid(at(20)));
    assert!(world.act(19, "token", "ann", &attach(until(40))).is_err());
    world.act(21, "token", "ann", &attach(until(40))).unwrap();
    assert_eq!(world.item("token").attachments.len(), 2);
}

/// The file that an action names is attached in the same breath, or not at all.
#[test]
fn an_action_brings_its_file_along() {
    let world = leaked();
    let item = world.item("token");
    let shown = file(b"log");
    let checked = |note: &str| Action::Impact {
        impact: Impact::Unused,
        note: note.into(),
        digest: Some(shown.digest.clone()),
    };
    let by = Actor::person("ann");
    let act = |item: &PoamItem, note: &str, hours| {
        item.act_showing(&checked(note), Some(&shown), &by, &world.policy, at(hours))
    };
    assert!(act(&item, "short", 6).is_err(), "what is refused attaches nothing");
    let mut history = item.history.clone();
    history.extend(act(&item, "looked at the audit log of the issuer", 6).unwrap());
    let after = PoamItem::fold(&history).unwrap();
    assert_eq!(after.attachments.len(), 1);
    assert_eq!(after.impact.as_ref().unwrap().digest, Some(shown.digest.clone()));
    // A second look at the same file attaches it no second time.
    history.extend(act(&after, "looked at the audit log once more", 7).unwrap());
    assert_eq!(PoamItem::fold(&history).unwrap().attachments.len(), 1);
}

#[test]
fn a_closed_item_takes_evidence_and_stays_closed() {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(24, "token", vec![dead(24)]);
    world.ask(48, "token", vec![dead(48)]);
    assert!(world.item("token").closure.is_some());
    world.act(50, "token", "ann", &attach(file(b"a"))).unwrap();
    let item = world.item("token");
    assert!(item.closure.is_some() && item.attachments.len() == 1);
}
