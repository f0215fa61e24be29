//! Who may decide what: later dates, setting aside, evidence before closure, under each policy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use quietus_model::{Binding, Digest, Verdict};
use quietus_poam::{
    Action, Actor, Blocker, DeviationKind, Event, Impact, Lack, MilestoneKind, Phase, Policy,
    Refusal, Roles, RootCause, Subject, presets,
};
use support::*;

const REASON: &str = "the vendor ships a fix next week";

fn under(name: &str) -> Policy {
    Policy::preset(name).unwrap()
}

/// A policy of one's own: a shipped one, and what it changes.
fn own(base: &str, changes: &str) -> Policy {
    Policy::parse("own.toml", &format!("extends = \"{base}\"\n{changes}")).unwrap()
}

/// `token` is found at hour 0 and nobody knows whether it works.
fn unknown(policy: Policy) -> World {
    let mut world = World::new();
    world.policy = policy;
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    world
}

/// `token` was live, is gone from main and denied often enough for every policy: hour 60.
fn proven(policy: Policy) -> World {
    let mut world = leaked();
    world.policy = policy;
    world.take(&removed(5));
    let from = |hours, vantage: &str| {
        let seen = quietus_model::Observation { vantage: vantage.into(), ..observation() };
        answer(github(), Binding::SoleIssuer, hours, Verdict::Dead(seen))
    };
    for (hours, vantage) in [(8, "local"), (30, "office"), (50, "local")] {
        world.ask(hours, "token", vec![from(hours, vantage)]);
    }
    world
}

fn extend(milestone: MilestoneKind, hours: i64) -> Action {
    Action::Extend { milestone, due: at(hours), reason: REASON.into() }
}

fn aside(kind: DeviationKind, hours: Option<i64>) -> Action {
    Action::Dismiss { kind, reason: REASON.into(), until: hours.map(at) }
}

fn grant(subject: Subject) -> Action {
    Action::Grant { subject, note: "looked at the ticket".into(), break_glass: None }
}

fn cause() -> Action {
    let note = "pasted into the deployment settings".into();
    Action::Cause { cause: RootCause::Configuration, note, digest: None }
}

fn impact(impact: Impact) -> Action {
    let digest = Some(Digest::of(b"export of the audit log"));
    Action::Impact { impact, note: "audit log of the issuer, since the leak".into(), digest }
}

fn assign(to: &str) -> Action {
    Action::Assign { to: to.into() }
}

const ROTATE: Subject = Subject::Extension(MilestoneKind::Rotate);

#[test]
fn a_policy_that_asks_for_evidence_closes_on_nothing_less() {
    let asking = ["fedramp-low", "fedramp-moderate", "fedramp-high", "cmmc-l2", "strict"];
    for name in asking {
        let mut world = proven(under(name));
        if name == "strict" {
            // It waives no rotation by itself.
            let reason = "nothing uses it any more".to_owned();
            let waive = Action::Waive { milestone: MilestoneKind::Rotate, reason };
            world.act(51, "token", "ann", &waive).unwrap();
        }
        let refused = world.act(52, "token", "carol", &approve("looked")).unwrap_err();
        let told = refused.to_string();
        assert!(
            told.contains("item act ID cause") && told.contains("item act ID impact"),
            "{told}"
        );
        world.act(52, "token", "ann", &cause()).unwrap();
        let refused = world.act(53, "token", "carol", &approve("looked")).unwrap_err();
        assert!(refused.to_string().contains("item act ID impact"), "{name}: {refused}");
        world.act(53, "token", "ann", &impact(Impact::Unused)).unwrap();
        assert!(world.item("token").closure.is_none(), "{name}: nobody approved it");
        world.act(54, "token", "carol", &approve("looked at the log")).unwrap();
        let closure = world.item("token").closure.expect(name);
        let told = closure.evidence.join("\n");
        assert!(told.contains("root cause: committed with a file of settings (ann at"), "{told}");
        assert!(told.contains("impact: no use by others is on record (ann at"), "{told}");
        assert!(told.contains(Digest::of(b"export of the audit log").as_str()), "{told}");
        assert!(told.contains("approved by carol at"), "{told}");
    }
}

#[test]
fn an_item_that_closes_by_itself_waits_for_its_evidence() {
    let mut world = proven(own("default", "evidence.root_cause = true"));
    let item = world.item("token");
    assert!(item.closure.is_none() && item.round.milestones.iter().all(|m| m.is_done()));
    world.act(52, "token", "ann", &cause()).unwrap();
    assert!(world.item("token").closure.is_some(), "the last thing missing closes it");
}

#[test]
fn the_default_policy_asks_for_none_of_it() {
    assert!(proven(Policy::default()).item("token").closure.is_some());
}

#[test]
fn an_impact_check_made_while_it_worked_is_made_again() {
    let mut world = leaked();
    world.policy = under("fedramp-moderate");
    world.act(1, "token", "ann", &cause()).unwrap();
    world.act(1, "token", "ann", &impact(Impact::Unused)).unwrap();
    world.take(&removed(5));
    for hours in [8, 30] {
        world.ask(hours, "token", vec![dead(hours)]);
    }
    let refused = world.act(31, "token", "carol", &approve("looked")).unwrap_err();
    assert!(refused.to_string().contains("may still have worked"), "{refused}");
    let blockers = world.item("token").blockers(&world.policy, at(31));
    let early = Lack::EarlyImpactCheck { at: at(1), dead_since: at(8) };
    assert!(blockers.contains(&Blocker::Lack(early)), "{blockers:?}");
    world.act(31, "token", "ann", &impact(Impact::NotAvailable)).unwrap();
    world.act(32, "token", "carol", &approve("looked")).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn a_new_round_needs_new_evidence() {
    let mut world = proven(under("fedramp-low"));
    for action in [cause(), impact(Impact::Unused)] {
        world.act(52, "token", "ann", &action).unwrap();
    }
    world.act(53, "token", "carol", &approve("looked")).unwrap();
    world.ask(60, "token", vec![live(60)]);
    let item = world.item("token");
    assert!(item.closure.is_none() && item.approval.is_none());
    assert!(item.root_cause.is_none() && item.impact.is_none());
}

#[test]
fn what_was_abused_is_revoked_before_it_is_replaced() {
    let mut world = unknown(Policy::default());
    assert_eq!(world.item("token").order()[0], MilestoneKind::Rotate);
    world.act(1, "token", "ann", &impact(Impact::Abused)).unwrap();
    assert_eq!(world.item("token").order()[0], MilestoneKind::Revoke);
}

#[test]
fn evidence_in_a_word_is_no_evidence() {
    let mut world = unknown(Policy::default());
    let short = Action::Cause { cause: RootCause::Output, note: "oops".into(), digest: None };
    let refused = world.act(1, "token", "ann", &short).unwrap_err();
    assert!(matches!(refused, Refusal::ReasonTooShort { .. }), "{refused}");
}

#[test]
fn an_owner_who_hands_it_on_is_not_independent() {
    let mut world =
        proven(own("fedramp-low", "evidence = { root_cause = false, impact_check = false }"));
    world.act(51, "token", "ann", &assign("carol")).unwrap();
    world.act(52, "token", "ann", &assign("dave")).unwrap();
    let refused = world.act(53, "token", "carol", &approve("looked")).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { role: "owns the item", .. }), "{refused}");
    world.act(54, "token", "erin", &approve("looked")).unwrap();
    assert!(world.item("token").closure.is_some());
}

#[test]
fn whoever_revoked_it_does_not_approve_it() {
    let mut world =
        proven(own("fedramp-low", "evidence = { root_cause = false, impact_check = false }"));
    let receipt = quietus_model::Receipt {
        target: github(),
        at: at(50),
        recipe: Digest::of(b"recipe"),
        custom: false,
        effect: quietus_model::Effect::Reversible,
        status: 200,
        clause: "set inactive".into(),
        request_id: None,
        issuer_date: None,
        tool: "test".into(),
    };
    let events = world
        .item("token")
        .revoked(receipt, &Actor::person("carol"), &world.policy, at(51))
        .unwrap();
    world.events.get_mut(&print_of("token")).unwrap().extend(events);
    let refused = world.act(52, "token", "carol", &approve("looked")).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
    world.act(52, "token", "erin", &approve("looked")).unwrap();
}

#[test]
fn who_is_not_independent_breaks_the_glass_where_there_is_one_and_says_why() {
    let changes = "evidence = { root_cause = false, impact_check = false }\npeople.break_glass = ";
    let approve_all_the_same =
        |why: &str| Action::Approve { note: "looked".into(), break_glass: Some(why.into()) };
    let mut world = proven(own("fedramp-low", &format!("{changes}false")));
    world.act(51, "token", "ann", &assign("ann")).unwrap();
    let why = "nobody else is on duty until Monday";
    let refused = world.act(52, "token", "ann", &approve_all_the_same(why)).unwrap_err();
    assert!(matches!(refused, Refusal::NoBreakGlass { .. }), "{refused}");

    world.policy = own("fedramp-low", &format!("{changes}true"));
    let refused = world.act(52, "token", "ann", &approve("looked")).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
    let refused = world.act(52, "token", "ann", &approve_all_the_same("late")).unwrap_err();
    assert!(matches!(refused, Refusal::ReasonTooShort { .. }), "{refused}");
    world.act(52, "token", "ann", &approve_all_the_same(why)).unwrap();
    let evidence = world.item("token").closure.unwrap().evidence.join("\n");
    assert!(evidence.contains(&format!("(break-glass: ann owns the item: {why})")), "{evidence}");
}

#[test]
fn breaking_the_glass_is_no_proof() {
    let mut world = leaked();
    world.policy = own("fedramp-low", "people.break_glass = true");
    let glass = Some("nobody else is on duty until Monday".into());
    let action = Action::Approve { note: "looked".into(), break_glass: glass };
    let refused = world.act(1, "token", "ann", &action).unwrap_err();
    assert!(matches!(refused, Refusal::NotReady { .. }), "{refused}");
}

#[test]
fn only_proven_ids_count_where_policy_asks_for_that() {
    let changes = "evidence = { root_cause = false, impact_check = false }\n\
                   people.authenticated = true";
    let mut world = proven(own("fedramp-low", changes));
    let refused = world.act(52, "token", "carol", &approve("looked")).unwrap_err();
    assert!(matches!(refused, Refusal::NotAuthenticated { .. }), "{refused}");
    let carol = Actor::Person {
        id: "carol".into(),
        claims: None,
        authenticated: true,
        roles: Roles::undivided(),
    };
    let item = world.item("token");
    let events = item.act(&approve("looked"), &carol, &world.policy, at(52)).unwrap();
    assert!(matches!(events.last().unwrap().event, Event::Closed { .. }));
}

#[test]
fn contrary_evidence_voids_an_approval() {
    // A reattached approval: given, then contradicted, must be given again.
    let mut world =
        proven(own("fedramp-low", "evidence = { root_cause = false, impact_check = false }"));
    // Approved in the same moment as the issuer accepts it, by another run.
    let item = world.item("token");
    let approval = item.act(&approve("looked"), &Actor::person("carol"), &world.policy, at(52));
    let approved = approval.unwrap().remove(0);
    world.events.get_mut(&print_of("token")).unwrap().push(approved);
    assert!(world.item("token").approval.is_some());
    world.ask(53, "token", vec![live(53)]);
    assert!(world.item("token").approval.is_none(), "what was approved is not what is");
    for hours in [60, 82] {
        world.ask(hours, "token", vec![dead(hours)]);
    }
    assert!(world.item("token").closure.is_none(), "it needs another approval");
}

#[test]
fn a_later_date_reaches_so_far_and_no_further() {
    let mut world = unknown(Policy::default());
    let due = |world: &World| world.item("token").milestone(MilestoneKind::Rotate).due;
    // Seven days, and at most seven more.
    let refused = world.act(1, "token", "ann", &extend(MilestoneKind::Rotate, 337)).unwrap_err();
    assert!(refused.to_string().contains(&at(336).to_string()), "{refused}");
    world.act(1, "token", "ann", &extend(MilestoneKind::Rotate, 200)).unwrap();
    let refused = world.act(2, "token", "ann", &extend(MilestoneKind::Rotate, 337)).unwrap_err();
    assert!(matches!(refused, Refusal::BadDate { .. }), "from the original date on: {refused}");
    world.act(2, "token", "ann", &extend(MilestoneKind::Rotate, 336)).unwrap();
    let refused = world.act(3, "token", "ann", &extend(MilestoneKind::Rotate, 336)).unwrap_err();
    assert!(refused.to_string().contains("as often as policy allows (2)"), "{refused}");
    assert_eq!(due(&world), at(336));
    assert_eq!(world.item("token").milestone(MilestoneKind::Rotate).original_due, at(168));
}

#[test]
fn a_later_date_waits_for_another_person_and_stops_no_clock() {
    let mut world = unknown(under("fedramp-moderate"));
    world.act(1, "token", "ann", &extend(MilestoneKind::Rotate, 200)).unwrap();
    let item = world.item("token");
    assert_eq!(item.milestone(MilestoneKind::Rotate).due, at(168), "asking changes nothing");
    assert!(item.is_overdue(at(169)), "and stops no clock");
    let refused = world.act(2, "token", "bob", &extend(MilestoneKind::Rotate, 210)).unwrap_err();
    assert!(matches!(refused, Refusal::AlreadyRequested { .. }), "{refused}");
    let refused = world.act(2, "token", "ann", &grant(ROTATE)).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { role: "asked for it", .. }), "{refused}");
    let why = world.item("token").why(&world.policy, at(2)).join("\n");
    assert!(why.contains("grant rotate"), "{why}");
    world.act(3, "token", "bob", &grant(ROTATE)).unwrap();
    let item = world.item("token");
    assert_eq!(item.milestone(MilestoneKind::Rotate).due, at(200));
    assert_eq!(item.milestone(MilestoneKind::Rotate).original_due, at(168));
    let extended = item.history.last().unwrap();
    assert!(
        matches!(extended.event, Event::Extended { .. }) && extended.by == Actor::person("bob")
    );
    let refused = world.act(4, "token", "bob", &grant(ROTATE)).unwrap_err();
    assert!(matches!(refused, Refusal::NotRequested { .. }), "{refused}");
}

#[test]
fn the_same_account_on_two_hosts_grants_nothing_to_itself() {
    let mut world = unknown(under("fedramp-moderate"));
    world.act(1, "token", "os:1000@laptop", &extend(MilestoneKind::Rotate, 200)).unwrap();
    let refused = world.act(2, "token", "os:1000@server", &grant(ROTATE)).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
}

#[test]
fn a_request_that_is_declined_is_gone_and_may_be_made_again() {
    let mut world = unknown(under("fedramp-moderate"));
    world.act(1, "token", "ann", &extend(MilestoneKind::Rotate, 200)).unwrap();
    let decline = Action::Decline { subject: ROTATE, reason: "the first week is enough".into() };
    world.act(2, "token", "bob", &decline).unwrap();
    let item = world.item("token");
    assert!(item.requests.is_empty() && item.milestone(MilestoneKind::Rotate).due == at(168));
    world.act(3, "token", "ann", &extend(MilestoneKind::Rotate, 190)).unwrap();
    // What was possible when it was asked for is looked at again when it is granted.
    let refused = world.act(191, "token", "bob", &grant(ROTATE)).unwrap_err();
    assert!(matches!(refused, Refusal::BadDate { .. }), "{refused}");
}

#[test]
fn what_is_live_and_privileged_is_extended_by_an_official_or_never() {
    let privileged = |policy: Policy| {
        let mut world = World::new();
        world.policy = policy;
        let mut seen = observation();
        seen.identity.privileged = Some(true);
        let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
        first.assessments[0].judgements =
            vec![answer(github(), Binding::SoleIssuer, 0, Verdict::Live(seen))];
        world.take(&first);
        world
    };
    let later = extend(MilestoneKind::Revoke, 6);
    let mut world = privileged(Policy::default());
    let refused = world.act(1, "token", "ann", &later).unwrap_err();
    assert!(matches!(refused, Refusal::NoExtension { .. }), "{refused}");

    let mut world = privileged(under("fedramp-high"));
    let revoke = Subject::Extension(MilestoneKind::Revoke);
    world.act(1, "token", "ann", &later).unwrap();
    let refused = world.act(2, "token", "bob", &grant(revoke.clone())).unwrap_err();
    assert!(refused.to_string().contains("people.officials"), "{refused}");
    world.policy = own("fedramp-high", "people.officials = [\"os:7@ops\", \"ann\"]");
    let refused = world.act(2, "token", "ann", &grant(revoke.clone())).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "she asked for it: {refused}");
    let claims = Actor::Person {
        id: "os:9@ops".into(),
        claims: Some("os:7@ops".into()),
        authenticated: false,
        roles: Roles::undivided(),
    };
    let refused =
        world.item("token").act(&grant(revoke.clone()), &claims, &world.policy, at(2)).unwrap_err();
    assert!(matches!(refused, Refusal::NotOfficial { .. }), "a claim makes nobody one: {refused}");
    world.act(2, "token", "os:7@ops", &grant(revoke)).unwrap();
    assert_eq!(world.item("token").milestone(MilestoneKind::Revoke).due, at(6));
}

#[test]
fn setting_aside_waits_for_another_person() {
    let mut world = unknown(under("cmmc-l2"));
    world.act(1, "token", "ann", &aside(DeviationKind::FalsePositive, None)).unwrap();
    assert!(world.item("token").is_active(), "asking sets nothing aside");
    let refused = world.act(2, "token", "ann", &grant(Subject::Deviation)).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
    world.act(2, "token", "bob", &grant(Subject::Deviation)).unwrap();
    let item = world.item("token");
    assert_eq!(item.phase(), Phase::Deviation(DeviationKind::FalsePositive));
    assert_eq!(item.deviation.unwrap().by, Actor::person("bob"));
}

#[test]
fn what_turns_out_to_work_is_not_granted() {
    let mut world = unknown(under("cmmc-l2"));
    world.act(1, "token", "ann", &aside(DeviationKind::FalsePositive, None)).unwrap();
    world.ask(2, "token", vec![live(2)]);
    let refused = world.act(3, "token", "bob", &grant(Subject::Deviation)).unwrap_err();
    assert!(matches!(refused, Refusal::Live { .. }), "{refused}");
}

#[test]
fn each_way_of_setting_aside_lasts_as_long_as_policy_says() {
    let mut world = unknown(under("fedramp-moderate"));
    for (kind, days) in [
        (DeviationKind::RiskAccepted, 180),
        (DeviationKind::OperationalRequirement, 90),
        (DeviationKind::VendorDependency, 30),
    ] {
        let refused = world.act(0, "token", "ann", &aside(kind, Some(days * 24 + 1))).unwrap_err();
        assert!(refused.to_string().contains(&at(days * 24).to_string()), "{kind}: {refused}");
    }
    // Once it was live, an operational requirement is out of the question.
    let mut world = proven(under("fedramp-moderate"));
    let requirement = aside(DeviationKind::OperationalRequirement, None);
    let refused = world.act(52, "token", "ann", &requirement).unwrap_err();
    assert!(matches!(refused, Refusal::NoDeviation { .. }), "{refused}");
    let risk = aside(DeviationKind::RiskAccepted, Some(52 + 91 * 24));
    let refused = world.act(52, "token", "ann", &risk).unwrap_err();
    assert!(refused.to_string().contains(&at(52 + 90 * 24).to_string()), "{refused}");
}

#[test]
fn a_vendor_is_asked_every_thirty_days_by_setting_it_aside_again() {
    let mut world = unknown(under("fedramp-moderate"));
    let vendor = |until: i64| aside(DeviationKind::VendorDependency, Some(until));
    world.act(1, "token", "ann", &vendor(30 * 24)).unwrap();
    let other = aside(DeviationKind::FalsePositive, None);
    let refused = world.act(2, "token", "ann", &other).unwrap_err();
    assert!(matches!(refused, Refusal::SetAside { .. }), "{refused}");
    world.act(29 * 24, "token", "ann", &vendor(59 * 24)).unwrap();
    world.take(&survey(31 * 24, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    assert!(world.item("token").deviation.is_some(), "renewed in time");
    world.take(&survey(60 * 24, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    assert!(world.item("token").deviation.is_none(), "nobody asked again");
}

#[test]
fn a_suppression_proposes_where_another_person_must_agree() {
    let mut world = unknown(under("strict"));
    let mut seen = survey(5, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    seen.assessments[0].silence =
        Some(quietus_model::Silence::Suppression(quietus_model::Suppressed {
            ground: quietus_model::Ground::FalsePositive,
            reason: quietus_model::SafeText::plain("sample of the documentation"),
            approver: quietus_model::SafeText::plain("ann"),
            until: at(100 * 24),
        }));
    assert_eq!(world.take(&seen), 1);
    assert_eq!(world.take_at(&seen, at(6)), 0, "it is proposed once");
    assert!(world.item("token").is_active());
    let refused = world.act(7, "token", "ann", &grant(Subject::Deviation)).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "her own proposal: {refused}");
    world.act(7, "token", "bob", &grant(Subject::Deviation)).unwrap();
    assert!(world.item("token").deviation.is_some());
}

/// What was decided stays decided: every preset reads the ledger of every other alike.
#[test]
fn another_policy_does_not_rewrite_the_past() {
    let mut world = proven(Policy::default());
    let before = world.item("token");
    assert!(before.closure.is_some());
    let digest = Policy::default().digest().clone();
    for (name, _) in presets() {
        world.policy = under(name);
        assert_eq!(world.take(&removed(60)), 0, "{name}: nothing new to decide");
        assert_eq!(world.item("token"), before, "{name}: it stays closed");
    }
    assert!(before.history.iter().all(|recorded| recorded.policy == digest));

    // Dates, an extension and a deviation that another policy would not have given.
    let mut world = unknown(Policy::default());
    world.act(1, "token", "ann", &extend(MilestoneKind::Rotate, 300)).unwrap();
    world.act(2, "token", "ann", &aside(DeviationKind::RiskAccepted, Some(300 * 24))).unwrap();
    let before = world.item("token");
    world.policy = under("strict");
    world.take(&survey(3, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let note = Action::Note { text: "the policy changed".into() };
    world.act(4, "token", "ann", &note).unwrap();
    let after = world.item("token");
    assert_eq!((&after.round, &after.deviation), (&before.round, &before.deviation));
    assert_eq!(after.history[..before.history.len()], before.history[..]);
    assert_eq!(after.history.last().unwrap().policy, *under("strict").digest());
}

#[test]
fn an_open_item_closes_under_the_policy_of_the_day() {
    // Two denials were enough yesterday; three from two places are asked for today.
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.policy = under("strict");
    world.ask(30, "token", vec![dead(30)]);
    assert!(world.item("token").closure.is_none());
}
