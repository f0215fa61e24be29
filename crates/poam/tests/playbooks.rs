//! Playbooks: opened by evidence or by hand, worked through step by step, and binding for closure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;
use quietus_model::{Binding, Digest, Identity, SafeText, Severity, Verdict};
use quietus_poam::{
    Action, Actor, AuditFinding, Audited, Class, ClosureBasis, Directory, Event, ExitTest,
    MilestoneKind, OwnerBasis, Phase, Playbook, PoamItem, Policy, Progress, Recorded, Refusal,
    Role, Roles, StepDeed,
};
use support::*;

const REASON: &str = "a reason that a reviewer can follow";

fn opening(names: &str) -> Policy {
    Policy::parse("own", &format!("playbooks.by_evidence = [{names}]")).unwrap()
}

fn claim(step: &str) -> Action {
    let digest = Some(Digest::of(step.as_bytes()));
    let deed = StepDeed::Claim { note: format!("{step} is done"), digest, break_glass: None };
    Action::Step { step: step.into(), deed }
}

fn privileged(hours: i64, may: bool) -> quietus_model::Judgement {
    let mut seen = observation();
    seen.identity = Identity { privileged: Some(may), ..Identity::default() };
    seen.identity.scopes = vec![SafeText::plain("admin:org")];
    answer(github(), Binding::SoleIssuer, hours, Verdict::Live(seen))
}

/// `token` is live and may administer, under a policy that opens the playbook for that.
fn over_privileged() -> World {
    let mut world = leaked();
    world.policy = opening("\"over-privileged-identity\"");
    world.ask(1, "token", vec![privileged(1, true)]);
    world
}

fn step_of(world: &World, step: &str) -> Progress {
    let item = world.item("token");
    let id = item.step_named(step).unwrap();
    item.playbook(&id.playbook).unwrap().step(&id.step).unwrap().progress.clone()
}

#[test]
fn what_an_issuer_says_of_rights_opens_a_playbook_once() {
    let mut world = over_privileged();
    let item = world.item("token");
    let [book] = item.round.playbooks.as_slice() else { panic!("{:?}", item.round.playbooks) };
    assert_eq!(book.opening.playbook, "over-privileged-identity");
    assert!(book.opening.because.as_str().contains("admin:org"), "{}", book.opening.because);
    assert!(item.tags().contains(&"AC-6".to_owned()), "{:?}", item.tags());
    assert_eq!(world.ask(2, "token", vec![privileged(2, true)]), 1, "only the answer is news");
    assert_eq!(world.item("token").round.playbooks.len(), 1);
    // Elsewhere it is suggested, and stands in nobody's way.
    let mut suggested = leaked();
    suggested.ask(1, "token", vec![privileged(1, true)]);
    let why = suggested.item("token").why(&suggested.policy, at(1)).join("\n");
    assert!(why.contains("follow over-privileged-identity"), "{why}");
    assert!(suggested.item("token").round.playbooks.is_empty());
}

#[test]
fn a_step_waits_for_those_before_it_and_for_whoever_it_is() {
    let mut world = over_privileged();
    let refused = world.act(3, "token", "ann", &claim("apply")).unwrap_err();
    assert!(matches!(refused, Refusal::StepWaits { .. }), "{refused}");
    let bare = StepDeed::Claim { note: "done".into(), digest: None, break_glass: None };
    let bare = Action::Step { step: "design".into(), deed: bare };
    let refused = world.act(3, "token", "ann", &bare).unwrap_err();
    assert!(refused.to_string().contains("--evidence"), "{refused}");
    world.act(3, "token", "ann", &claim("design")).unwrap();
    assert!(matches!(step_of(&world, "design"), Progress::Verified { .. }));
    // Who wrote the grant does not approve it, nor does the item's owner.
    let refused = world.act(4, "token", "ann", &claim("approve")).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
    world.act(4, "token", "olga", &Action::Assign { to: "olga".into() }).unwrap();
    let refused = world.act(4, "token", "olga", &claim("approve")).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
    // Where roles are given out a step is for its role alone.
    let item = world.item("token");
    let bob = |roles: &[Role]| Actor::person("bob").with_roles(Roles::held(roles.iter().copied()));
    let refused = item
        .act(&claim("approve"), &bob(&[Role::Owner, Role::Analyst]), &world.policy, at(4))
        .unwrap_err();
    assert!(refused.to_string().contains("this step is the approver's"), "{refused}");
    assert!(item.act(&claim("approve"), &bob(&[Role::Approver]), &world.policy, at(4)).is_ok());
    let waive = StepDeed::Waive { reason: REASON.into() };
    let waive = |step: &str| Action::Step { step: step.into(), deed: waive.clone() };
    let refused = world.act(4, "token", "ann", &waive("approve")).unwrap_err();
    assert!(matches!(refused, Refusal::CannotWaiveStep { .. }), "{refused}");
    world.act(4, "token", "bob", &claim("approve")).unwrap();
    world.act(5, "token", "ann", &waive("over-privileged-identity/apply")).unwrap();
    assert!(world.act(5, "token", "ann", &claim("apply")).is_err(), "it is done");
    assert!(world.act(5, "token", "ann", &claim("nothing")).is_err());
}

#[test]
fn the_look_after_the_change_is_the_issuers() {
    let mut world = over_privileged();
    world.act(3, "token", "ann", &claim("design")).unwrap();
    world.act(4, "token", "bob", &claim("approve")).unwrap();
    world.act(5, "token", "ann", &claim("apply")).unwrap();
    let refused = world.act(6, "token", "ann", &claim("verify")).unwrap_err();
    assert!(matches!(refused, Refusal::CannotClaimStep { .. }), "{refused}");
    world.ask(6, "token", vec![live(6)]);
    assert_eq!(step_of(&world, "verify"), Progress::Planned, "it was not said what it may do");
    world.ask(7, "token", vec![privileged(7, false)]);
    assert!(matches!(step_of(&world, "verify"), Progress::Verified { .. }));
    world.ask(8, "token", vec![privileged(8, true)]);
    assert!(matches!(step_of(&world, "verify"), Progress::InProgress { .. }), "moved back");
}

#[test]
fn an_item_closes_only_when_its_playbooks_are_done() {
    let mut world = over_privileged();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    let item = world.item("token");
    assert!(item.closure.is_none(), "dead, and the identity is as it was");
    let blockers: Vec<String> =
        item.blockers(&world.policy, at(30)).iter().map(ToString::to_string).collect();
    assert!(blockers[0].starts_with("over-privileged-identity/design (owner)"), "{blockers:?}");
    assert!(item.is_overdue(at(24 * 20)), "steps have dates");
    world.act(31, "token", "ann", &claim("design")).unwrap();
    world.act(31, "token", "bob", &claim("approve")).unwrap();
    world.act(32, "token", "ann", &claim("apply")).unwrap();
    let item = world.item("token");
    let closure = item.closure.unwrap();
    assert_eq!(closure.basis, ClosureBasis::Verified);
    let told = closure.evidence.join("\n");
    assert!(told.contains("over-privileged-identity/approve: approved by bob"), "{told}");
}

#[test]
fn a_step_is_moved_back_with_all_that_came_after_it() {
    let mut world = leaked();
    let two = [place("app.env", &[MAIN], -100), {
        let mut other = place("other.env", &[MAIN], -90);
        other.repository = quietus_model::RepositoryId::named("git.example.org/team/other");
        other
    }];
    let both = |hours, first: &[&str], second: &[&str]| {
        let mut places = two.clone();
        places[0].at_head = first.iter().map(SafeText::plain).collect();
        places[1].at_head = second.iter().map(SafeText::plain).collect();
        let mut survey = survey(hours, vec![finding("token", places.to_vec())]);
        let mut other = survey.scopes[0].clone();
        other.repository = two[1].repository.clone();
        other.source = SafeText::plain("/srv/other");
        survey.scopes.push(other);
        survey
    };
    world.policy = opening("\"third-party-shared-secret\"");
    world.take(&both(1, &[MAIN], &[MAIN]));
    assert!(world.item("token").playbook("third-party-shared-secret").is_some());
    world.act(2, "token", "ann", &claim("inventory")).unwrap();
    assert_eq!(step_of(&world, "one-place"), Progress::Planned);
    world.take(&both(3, &[MAIN], &[]));
    assert!(matches!(step_of(&world, "one-place"), Progress::Verified { .. }));
    world.act(4, "token", "ann", &claim("contract")).unwrap();
    let refused = world.act(5, "token", "ann", &claim("confirm")).unwrap_err();
    assert!(matches!(refused, Refusal::NotIndependent { .. }), "{refused}");
    world.act(5, "token", "carol", &claim("confirm")).unwrap();
    assert!(matches!(step_of(&world, "confirm"), Progress::Verified { .. }));
    world.take(&both(6, &[MAIN], &[MAIN]));
    for step in ["one-place", "confirm"] {
        assert!(matches!(step_of(&world, step), Progress::InProgress { .. }), "{step}");
    }
    assert!(
        matches!(step_of(&world, "contract"), Progress::Verified { .. }),
        "it stands by itself"
    );
}

#[test]
fn what_the_departed_own_goes_to_somebody_else_and_sooner() {
    let mut world = World::new();
    let mut found = finding("token", vec![place("app.env", &[MAIN], -100)]);
    found.locations[0].code_owners = vec![SafeText::plain("@zoe")];
    let before = {
        world.take(&survey(0, vec![found.clone()]));
        world.item("token").milestone(MilestoneKind::Revoke).due
    };
    assert_eq!(world.item("token").owner.unwrap().basis, OwnerBasis::CodeOwners);
    let teams = [("*".to_owned(), "@org/security".to_owned())].into();
    let departed = vec!["@zoe".to_owned(), "ann@example.org".to_owned()];
    world.policy = opening("\"offboarding-gap\"").with_directory(Directory {
        departed: departed.clone(),
        teams,
        ..Directory::default()
    });
    world.take(&survey(1, vec![found.clone()]));
    let item = world.item("token");
    let owner = item.owner.clone().unwrap();
    assert_eq!((owner.name.as_str(), owner.basis), ("@org/security", OwnerBasis::Team));
    let passed: Vec<&str> = owner.passed_over.iter().map(|passed| passed.name.as_str()).collect();
    assert_eq!(passed, ["@zoe", "Ann <ann@example.org>"]);
    assert!(item.tags().contains(&"NHI1:2025".to_owned()));
    assert!(item.playbook("offboarding-gap").is_some());
    let revoke = item.milestone(MilestoneKind::Revoke);
    assert!(revoke.due < before && revoke.original_due == before);
    assert_eq!(item.class, Class::Unknown, "what is urgent is not called live");
    assert_eq!(world.take(&survey(2, vec![found.clone()])), 0, "once");
    // With nobody left it still shows whose it was, and counts as nobody's.
    let mut alone = World::new();
    alone.policy = Policy::default().with_directory(Directory { departed, ..Directory::default() });
    alone.take(&survey(0, vec![found]));
    let item = alone.item("token");
    assert!(item.owner.as_ref().unwrap().has_left());
    assert!(item.lint(at(1)).contains(&quietus_poam::Mistake::NoOwner));
}

#[test]
fn what_anybody_can_read_and_use_is_as_urgent_as_what_may_administer() {
    let mut world = World::new();
    let public = [REPO.to_owned()].into();
    world.policy = Policy::default().with_directory(Directory { public, ..Directory::default() });
    world.take(&survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    assert_eq!(world.item("token").class, Class::Unknown);
    world.ask(1, "token", vec![live(1)]);
    let item = world.item("token");
    assert_eq!((item.class, item.milestone(MilestoneKind::Revoke).due), (Class::LivePublic, at(5)));
    assert_eq!(item.next_milestone().unwrap().kind, MilestoneKind::Revoke);
}

#[test]
fn an_issuers_word_is_better_than_a_lines_and_worse_than_code_owners() {
    let mut world = World::new();
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    world.take(&first);
    assert_eq!(world.item("token").owner.unwrap().basis, OwnerBasis::LastCommitter);
    let mut seen = observation();
    seen.identity.fields = vec![("account".into(), SafeText::plain("build-robot"))];
    let named = answer(github(), Binding::SoleIssuer, 1, Verdict::Live(seen));
    world.ask(1, "token", vec![named.clone()]);
    let owner = world.item("token").owner.unwrap();
    assert_eq!((owner.name.as_str(), owner.basis), ("build-robot", OwnerBasis::Identity));
    let mut coded = World::new();
    first.assessments[0].finding.locations[0].code_owners = vec![SafeText::plain("@team")];
    coded.take(&first);
    coded.ask(1, "token", vec![named]);
    assert_eq!(coded.item("token").owner.unwrap().name.as_str(), "@team");
}

#[test]
fn an_old_credential_that_still_works_calls_for_rotation() {
    let mut world = World::new();
    world.policy = opening("\"missing-rotation\"");
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -9000)])]);
    world.take(&first);
    assert!(world.item("token").round.playbooks.is_empty(), "nobody knows that it works");
    first.id = quietus_model::SurveyId(uuid::Uuid::from_u128(99));
    world.ask(1, "token", vec![live(1)]);
    assert!(world.item("token").playbook("missing-rotation").is_some());
}

fn audited(playbook: &str) -> Audited {
    Audited {
        finding: AuditFinding {
            source: SafeText::plain("SOC 2, 2026"),
            reference: SafeText::plain("F-12"),
            title: SafeText::plain("Deploy keys are never replaced"),
            description: SafeText::plain("Eleven deploy keys are older than four years"),
            affects: vec![SafeText::plain("ci.example.org")],
        },
        severity: Severity::High,
        detected_at: at(0),
        owner: Some(SafeText::plain("olga")),
        playbook: Playbook::shipped(playbook).unwrap().clone(),
    }
}

#[test]
fn a_finding_of_an_audit_is_an_item_without_a_credential() {
    let policy = Policy::default();
    let audited = audited("missing-rotation");
    let events = audited.open(&key(), &Actor::person("ann"), &policy, at(5)).unwrap();
    let item = PoamItem::fold(&events).unwrap();
    assert_eq!(item.fingerprint(), audited.fingerprint(&key()));
    assert_eq!((item.phase(), item.detection.detected_at), (Phase::Open, at(0)));
    assert!(!item.tags().contains(&"CWE-798".to_owned()), "{:?}", item.tags());
    assert!(item.lint(at(6)).is_empty());
    let why = item.why(&policy, at(5)).join("\n");
    assert!(why.contains("SOC 2, 2026 (F-12)") && why.contains("missing-rotation/policy"), "{why}");
    let mut events = events;
    let mut act = |who: &str, step: &str, hours| {
        let item = PoamItem::fold(&events).unwrap();
        let more = item.act(&claim(step), &Actor::person(who), &policy, at(hours));
        more.map(|more| events.extend(more))
    };
    act("ann", "policy", 6).unwrap();
    act("ann", "automate", 7).unwrap();
    assert!(act("ann", "control-test", 8).is_err(), "she built it");
    act("bob", "control-test", 9).unwrap();
    let item = PoamItem::fold(&events).unwrap();
    assert_eq!(item.phase(), Phase::Closed(ClosureBasis::Attested));
    assert_eq!(item.closure.as_ref().unwrap().dead_since, at(9));
    let reopen = Action::Reopen { reason: REASON.into() };
    let again = item.act(&reopen, &Actor::person("ann"), &policy, at(10)).unwrap();
    events.extend(again);
    let item = PoamItem::fold(&events).unwrap();
    assert!(item.closure.is_none() && item.steps().count() == 3, "a new round has the same steps");
    assert!(item.steps().all(|(_, step)| !step.is_done()));
    assert_eq!(item.earlier_rounds[0].playbooks.len(), 1, "the old ones are kept");
}

/// Without a credential nothing can be looked at by machine: a second person looks.
#[test]
fn without_a_credential_machines_tests_are_a_second_persons() {
    for name in Playbook::all().iter().map(|playbook| playbook.name.as_str()) {
        let events = audited(name).open(&key(), &Actor::person("ann"), &Policy::default(), at(1));
        let item = PoamItem::fold(&events.unwrap()).unwrap();
        for (id, step) in item.steps() {
            assert!(step.plan.exit.takes_a_person(), "{id}");
        }
        assert!(item.steps().any(|(_, step)| step.plan.exit != ExitTest::Shown), "{name}");
    }
}

#[test]
fn a_later_date_of_a_step_takes_whom_the_policy_says() {
    let mut world = over_privileged();
    let due = world.item("token").steps().next().unwrap().1.due;
    let later = |days: i64| Action::Step {
        step: "design".into(),
        deed: StepDeed::Extend {
            due: due.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap(),
            reason: REASON.into(),
        },
    };
    assert!(world.act(2, "token", "ann", &later(100)).is_err(), "too far");
    world.act(2, "token", "ann", &later(3)).unwrap();
    world.act(2, "token", "ann", &later(5)).unwrap();
    assert!(world.act(2, "token", "ann", &later(6)).is_err(), "as often as policy allows");
    let item = world.item("token");
    let (_, step) = item.steps().next().unwrap();
    assert!(step.due > due && step.plan.due == due, "the original date stays");
    let mut asked = over_privileged();
    asked.policy = Policy::preset("fedramp-moderate").unwrap();
    asked.act(2, "token", "ann", &claim("design")).unwrap();
    let apply = |action: Action| match action {
        Action::Step { deed, .. } => Action::Step { step: "apply".into(), deed },
        other => other,
    };
    let far = apply(later(20));
    let first = asked.item("token").steps().find(|(id, _)| id.step == "apply").unwrap().1.due;
    asked.act(2, "token", "cid", &far).unwrap();
    let apply_of = |world: &World| {
        let item = world.item("token");
        let step = item.steps().find(|(id, _)| id.step == "apply").unwrap().1.clone();
        (step.due, step.plan.due)
    };
    assert_eq!(apply_of(&asked), (first, first), "asking stops no clock");
    let subject = asked.item("token").requests[0].request.subject();
    assert_eq!(subject, subject.to_string().parse().unwrap());
    assert_eq!(subject.to_string(), "over-privileged-identity/apply");
    let again = asked.act(2, "token", "bob", &far).unwrap_err();
    assert!(matches!(again, Refusal::AlreadyRequested { .. }), "{again}");
    let grant = Action::Grant { subject, note: "the new roles are late".into(), break_glass: None };
    for (who, why) in [("cid", "asked for it"), ("ann", "worked on the playbook")] {
        let refused = asked.act(3, "token", who, &grant).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    asked.act(3, "token", "bob", &grant).unwrap();
    let (now, then) = apply_of(&asked);
    assert!(now > first && then == first, "the original date stays");
    assert!(asked.item("token").requests.is_empty());
}

/// An item as version 1 wrote it, before there were playbooks, audits and roles.
#[test]
fn an_old_list_of_events_folds_as_before() {
    let path = serde_json::to_value(key().path_key(b"app.env")).unwrap();
    let old = include_str!("support/events-of-before.json");
    let old = old.replace("{path}", path.as_str().unwrap());
    let events: Vec<Recorded> = serde_json::from_str(&old).unwrap();
    let item = PoamItem::fold(&events).unwrap();
    assert_eq!(item.phase(), Phase::Closed(ClosureBasis::Verified));
    assert!(item.audit.is_none() && item.round.playbooks.is_empty());
    assert_eq!(item.owner.as_ref().unwrap().passed_over, []);
    let again = serde_json::to_value(&events).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(&old).unwrap(), "byte for byte");
    assert!(events.iter().any(|recorded| matches!(recorded.event, Event::Assigned { .. })));
}
