//! What is silenced is neither gone nor closed, and what is live is not silenced.

mod support;
use quietus_model::{Comment, Ground, SafeText, Silence, Suppressed, Survey, Trust};
use quietus_poam::{Action, Event, MilestoneKind, Phase, PoamItem};
use support::*;

/// The token at a head of main, seen at an hour and silent for a reason.
fn seen(hours: i64, silence: Option<Silence>) -> Survey {
    let mut seen = survey(hours, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    seen.assessments[0].silence = silence;
    seen
}

fn suppressed(until: i64) -> Silence {
    Silence::Suppression(Suppressed {
        ground: Ground::RiskAccepted,
        reason: SafeText::plain("a sample"),
        approver: SafeText::plain("ann"),
        until: at(until),
    })
}

fn is_set_aside(item: &PoamItem) -> bool {
    matches!(item.phase(), Phase::Deviation(_))
}

/// A world in which the token was found at hour 0 and nobody was asked.
fn found() -> World {
    let mut world = World::new();
    world.take(&seen(0, None));
    world
}

#[test]
fn a_suppressed_credential_is_an_item_that_is_set_aside_until_its_date() {
    let mut world = World::new();
    world.take(&seen(0, Some(suppressed(100))));
    let item = world.item("token");
    assert!(is_set_aside(&item) && !item.is_active() && item.closure.is_none());
    let deviation = item.deviation.unwrap();
    assert_eq!(deviation.until, at(100));
    assert!(deviation.reason.contains("approved by ann: a sample"), "{}", deviation.reason);
    // The same again is no news, and once the date has passed the item is back.
    assert_eq!(world.take(&seen(10, Some(suppressed(100)))), 0);
    world.take(&seen(101, None));
    assert!(world.item("token").is_active());
    // A policy sets things aside for a year at most.
    let mut world = World::new();
    world.take(&seen(0, Some(suppressed(24 * 400))));
    assert_eq!(world.item("token").deviation.unwrap().until, at(24 * 365));
}

#[test]
fn a_suppression_closes_nothing_and_an_item_that_is_gone_and_dead_closes_after_it() {
    let mut world = found();
    world.take(&seen(1, Some(suppressed(100))));
    assert!(is_set_aside(&world.item("token")));
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    assert!(world.item("token").closure.is_none(), "closed while it was set aside");
    world.ask(101, "token", vec![dead(101)]);
    assert!(world.item("token").closure.is_some());
    // What is closed is not touched.
    world.take(&seen(102, Some(suppressed(200))));
    assert!(!is_set_aside(&world.item("token")));
}

#[test]
fn what_is_live_is_never_set_aside() {
    let mut world = World::new();
    let mut live_now = seen(0, Some(suppressed(100)));
    live_now.assessments[0].judgements = vec![live(0)];
    world.take(&live_now);
    assert!(world.item("token").is_active());
    // Nor what was live when it was last asked about.
    world.take(&seen(5, Some(suppressed(100))));
    assert!(world.item("token").is_active());
    // A live answer ends what was set aside, and the same entry does not begin it anew.
    let mut world = found();
    world.take(&seen(1, Some(suppressed(100))));
    world.ask(3, "token", vec![live(3)]);
    assert!(world.item("token").is_active());
    world.ask(5, "token", vec![dead(5)]);
    world.take(&seen(6, Some(suppressed(100))));
    assert!(world.item("token").is_active());
    world.take(&seen(7, Some(suppressed(120))));
    assert!(is_set_aside(&world.item("token")));
}

#[test]
fn a_person_who_takes_it_up_again_is_heard() {
    let mut world = found();
    world.take(&seen(1, Some(suppressed(100))));
    let resume = Action::Resume { reason: "it is used in production".to_owned() };
    world.act(2, "token", "bob", &resume).unwrap();
    world.take(&seen(3, Some(suppressed(100))));
    assert!(world.item("token").is_active());
}

#[test]
fn a_survey_from_elsewhere_sets_nothing_aside() {
    let mut world = found();
    let elsewhere = Survey { trust: Trust::Untrusted, ..seen(1, Some(suppressed(100))) };
    world.take(&elsewhere);
    assert!(world.item("token").is_active());
}

#[test]
fn excluded_paths_and_rules_open_no_item_and_touch_none_that_is_there() {
    for silence in [Silence::Path, Silence::Rule] {
        let mut world = World::new();
        world.take(&seen(0, Some(silence.clone())));
        assert!(world.items().is_empty(), "{silence}");
        let mut is_live = seen(1, Some(silence.clone()));
        is_live.assessments[0].judgements = vec![live(1)];
        world.take(&is_live);
        assert_eq!(world.items().len(), 1, "{silence} hid what is live");

        let mut world = found();
        world.take(&seen(5, Some(silence.clone())));
        world.ask(8, "token", vec![dead(8)]);
        world.take(&seen(20, Some(silence.clone())));
        world.ask(30, "token", vec![dead(30)]);
        world.take(&seen(31, Some(silence.clone())));
        let item = world.item("token");
        assert!(item.is_active(), "{silence}");
        assert!(!item.milestone(MilestoneKind::Remove).is_done(), "{silence} looked absent");
    }
}

#[test]
fn a_comment_proposes_and_no_more() {
    let mut world = World::new();
    world.take(&seen(0, Some(Silence::Comment { comment: Comment::Gitleaks })));
    let item = world.item("token");
    assert!(item.is_active());
    let noted = item.history.iter().any(|recorded| {
        matches!(&recorded.event, Event::Noted { note } if note.contains("gitleaks:allow"))
    });
    assert!(noted);
}
