//! Who may do what, once an organisation gives out roles; and what nobody may do alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use quietus_poam::{
    Action, Actor, DeviationKind, Event, MilestoneKind, PoamItem, Policy, Recorded, Refusal, Role,
    Roles, Subject,
};
use support::*;

const REASON: &str = "a reason that a reviewer can follow";

fn who(id: &str, roles: &[Role]) -> Actor {
    Actor::person(id).with_roles(Roles::held(roles.iter().copied()))
}

/// One of each kind of action, possible or not at this moment.
fn actions() -> Vec<Action> {
    let reason = || REASON.to_owned();
    let rotate = MilestoneKind::Rotate;
    vec![
        Action::Assign { to: "olga".into() },
        Action::Start { milestone: rotate },
        Action::Claim { milestone: rotate, note: reason() },
        Action::Waive { milestone: rotate, reason: reason() },
        Action::Extend { milestone: rotate, due: at(48), reason: reason() },
        Action::Attest { note: reason(), digest: None },
        Action::Bind { target: github(), note: reason() },
        Action::Dismiss { kind: DeviationKind::FalsePositive, reason: reason(), until: None },
        Action::Grant { subject: Subject::Deviation, note: reason(), break_glass: None },
        Action::Approve { note: reason(), break_glass: None },
        Action::Resume { reason: reason() },
        Action::Note { text: reason() },
    ]
}

#[test]
fn a_refusal_names_the_roles_that_may() {
    let world = leaked();
    let item = world.item("token");
    let deeds = |actor: &Actor| -> Vec<Action> {
        let may = |action: &Action| {
            let done = item.act(action, actor, &world.policy, at(1));
            !matches!(done, Err(Refusal::NoSuchDuty { .. }))
        };
        actions().into_iter().filter(may).collect()
    };
    for role in [Role::Viewer, Role::Auditor] {
        assert_eq!(deeds(&who("vera", &[role])).len(), 0, "{role}");
    }
    // A scanner remarks; an admin assigns as well. Neither ends anything.
    assert_eq!(deeds(&who("bot", &[Role::Scanner])).len(), 1);
    assert_eq!(deeds(&who("root", &[Role::Admin])).len(), 2);
    for role in Role::ALL {
        let all = deeds(&who("ann", &[role]));
        let works = all.iter().any(|deed| matches!(deed, Action::Claim { .. }));
        let approves = all.iter().any(|deed| matches!(deed, Action::Approve { .. }));
        assert!(!(works && approves), "{role}");
    }
    let owner = who("olga", &[Role::Owner]);
    let refused = item.act(&approve("looked"), &owner, &world.policy, at(1)).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("olga holds owner and may not approve closures"), "{said}");
    assert!(said.contains("one of: approver."), "{said}");
    assert_eq!(deeds(&Actor::person("solo")).len(), actions().len(), "nobody gives out roles");
}

#[test]
fn whoever_asked_takes_it_back_and_another_role_decides() {
    let mut world = World::new();
    world.policy = Policy::preset("cmmc-l2").unwrap();
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let olga = who("olga", &[Role::Owner]);
    let otto = who("otto", &[Role::Owner]);
    let aside =
        Action::Dismiss { kind: DeviationKind::FalsePositive, reason: REASON.into(), until: None };
    let mut events = world.events[&print_of("token")].clone();
    let act = |events: &[Recorded], action: &Action, by: &Actor| {
        PoamItem::fold(events).unwrap().act(action, by, &world.policy, at(1))
    };
    events.extend(act(&events, &aside, &olga).unwrap());
    let grant =
        Action::Grant { subject: Subject::Deviation, note: REASON.into(), break_glass: None };
    let decline = Action::Decline { subject: Subject::Deviation, reason: REASON.into() };
    assert!(matches!(act(&events, &grant, &otto), Err(Refusal::NoSuchDuty { .. })));
    assert!(matches!(act(&events, &decline, &otto), Err(Refusal::NoSuchDuty { .. })));
    assert!(act(&events, &decline, &olga).is_ok(), "she asked for it");
    // The role is no independence: an approver who asked does not grant.
    let both = who("olga", &[Role::Owner, Role::Approver]);
    assert!(matches!(act(&events, &grant, &both), Err(Refusal::NotIndependent { .. })));
    let granted = act(&events, &grant, &who("carol", &[Role::Approver])).unwrap();
    assert!(granted.iter().any(|recorded| matches!(recorded.event, Event::Deviated { .. })));
    let by = &granted[0].by;
    assert!(by.roles().includes(Role::Approver), "the role stands in the event: {by:?}");
}

#[test]
fn an_official_of_the_roles_is_one_for_every_policy() {
    let policy = Policy::preset("fedramp-moderate").unwrap();
    assert!(policy.people.is_official(&who("olaf", &[Role::Official])));
    assert!(!policy.people.is_official(&who("olaf", &[Role::Approver])));
    assert!(!policy.people.is_official(&Actor::person("olaf")), "undivided roles name no official");
}

#[test]
fn who_says_which_issuers_count_does_not_approve_what_hangs_on_it() {
    let text = include_str!("../policies/default.toml").replace("\"automatic\"", "\"approved\"");
    let mut world = leaked();
    world.policy = Policy::parse("approved", &text).unwrap();
    let bind = Action::Bind { target: github(), note: REASON.into() };
    world.act(1, "token", "bob", &bind).unwrap();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    let refused = world.act(31, "token", "bob", &approve("looked at it")).unwrap_err();
    assert!(refused.to_string().contains("said which issuers count"), "{refused}");
    world.act(31, "token", "carol", &approve("looked at it")).unwrap();
    assert!(world.item("token").closure.is_some());
}

/// Events written before there were roles read as they did.
#[test]
fn an_actor_without_roles_reads_as_before() {
    let old = r#"{"kind":"person","id":"os:1@a","claims":"ann","authenticated":false}"#;
    let actor: Actor = serde_json::from_str(old).unwrap();
    assert!(actor.roles().is_undivided());
    assert_eq!(serde_json::to_string(&actor).unwrap(), old, "and is written as before");
    let held = who("os:1@a", &[Role::Analyst]);
    let text = serde_json::to_string(&held).unwrap();
    assert!(text.contains(r#""roles":["analyst"]"#), "{text}");
    assert_eq!(serde_json::from_str::<Actor>(&text).unwrap(), held);
}
