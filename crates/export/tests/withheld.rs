//! What readers outside may not read is in no format, and what they may read is.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::oscal::{OscalOptions, poam};
use quietus_export::{About, Audience, Register};
use quietus_poam::{Action, MilestoneKind, PoamItem, Policy};
use samples::{every_phase, found, now, scans};

fn external(items: &[PoamItem], policy: &Policy) -> Vec<PoamItem> {
    Audience::External.view(items, policy, now())
}

#[test]
fn places_of_what_is_not_dead_are_left_out_of_items_and_of_what_people_wrote() {
    let mut world = found("chatty", |_| {});
    let who = "os:1000@host";
    let note = "took config/app.env off main, see c0ffee and refs/heads/main, app.env is clean";
    world.act(3, "chatty", who, &Action::Note { text: note.into() }).unwrap();
    let claim = Action::Claim { milestone: MilestoneKind::Rotate, note: note.into() };
    world.act(4, "chatty", who, &claim).unwrap();
    let view = external(&[world.item("chatty")], &Policy::default());
    let text = format!("{view:?}");
    for word in ["app.env", "config/", "c0ffee", "refs/heads", "main", "blob-of"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert!(text.contains("took [withheld] off [withheld], see [withheld]"), "{text}");
    assert!(text.contains("git.example.org/team/app"), "repositories are named");
}

#[test]
fn what_is_dead_is_told_whole() {
    let items = every_phase();
    let view = external(&items, &Policy::default());
    let closed = |items: &[PoamItem]| -> Vec<PoamItem> {
        items.iter().filter(|item| item.closure.is_some()).cloned().collect()
    };
    assert!(closed(&items).len() >= 3);
    assert_eq!(closed(&view), closed(&items));
}

#[test]
fn an_item_stands_where_it_stood() {
    let items = every_phase();
    let view = external(&items, &Policy::default());
    let state = |item: &PoamItem| {
        (item.id(), item.phase(), item.version, item.round.clone().began, item.presence.len())
    };
    let states = |items: &[PoamItem]| items.iter().map(state).collect::<Vec<_>>();
    assert_eq!(states(&view), states(&items));
    for (seen, whole) in view.iter().zip(&items) {
        assert_eq!(seen.presence.is_cleared(), whole.presence.is_cleared(), "{}", whole.id());
        assert_eq!(seen.presence.repositories(), whole.presence.repositories());
    }
}

#[test]
fn inside_everything_is_told() {
    let items = every_phase();
    assert_eq!(Audience::Internal.view(&items, &Policy::default(), now()), items);
}

#[test]
fn an_external_oscal_document_names_no_place() {
    let open: Vec<PoamItem> =
        every_phase().into_iter().filter(|item| item.closure.is_none()).collect();
    let policy = Policy::default();
    let about = About { audience: Audience::External, ..About::default() };
    let records = scans();
    let register = Register::new(&open, &records, about, &policy, now());
    let options = OscalOptions { audience: Audience::External, ..samples::options() };
    let text = poam(&register.items, &records, &options, now()).unwrap().to_string_pretty();
    assert!(text.contains("\"external\"") && text.contains("git.example.org/team/app"));
    for word in ["app.env", "c0ffee", "refs/heads/main"] {
        assert!(!text.contains(word), "{word}");
    }
}
