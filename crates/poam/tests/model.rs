//! Every sequence of answers, scans and deeds up to a bound, and what must hold after each.
//!
//! An exhaustive search in breadth: from each state that can be reached, everything that can happen
//! does. States that differ in nothing but how they were reached are looked at once. What must hold
//! is reckoned from what happened in the world, by a naive reading of the rules, and not from what the
//! item says of itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
use quietus_model::{Doubt, Judgement, SurveyId, Verdict};
use quietus_poam::{
    Action, Actor, ClosureBasis, DeviationKind, Event, Evidence, MilestoneKind, Planned, PoamItem,
    Policy, Progress, Recorded, Role, Roles, TicketAnswer, TicketChange, reconcile,
};
use std::collections::{BTreeSet, HashSet};
use support::*;
use uuid::Uuid;

const REASON: &str = "a reason that a reviewer can follow";

/// The account by which scans run.
const SCANNER: &str = "robot";

/// Hours between one thing and the next: longer than the least spread of two denials.
const STEP: i64 = 21;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Move {
    Live,
    Dead,
    Doubt,
    AtHead,
    Gone,
    HalfSeen,
    Untrusted,
    Claim,
    Waive,
    SetAside,
    Resume,
    Approve,
    Machine,
    Bind,
    Extend,
    Ticket,
}

const MOVES: [Move; 16] = [
    Move::Live,
    Move::Dead,
    Move::Doubt,
    Move::AtHead,
    Move::Gone,
    Move::HalfSeen,
    Move::Untrusted,
    Move::Claim,
    Move::Waive,
    Move::SetAside,
    Move::Resume,
    Move::Approve,
    Move::Machine,
    Move::Bind,
    Move::Extend,
    Move::Ticket,
];

/// A state: the events so far, and what happened in the world.
#[derive(Clone)]
struct State {
    events: Vec<Recorded>,
    happened: Vec<Move>,
}

/// What went wrong, and how it came to that.
#[derive(Debug)]
struct Violation {
    what: String,
    happened: Vec<Move>,
}

/// Something that a careless change might do to what is decided.
type Sabotage = fn(&PoamItem, Vec<Recorded>) -> Vec<Recorded>;

fn honest(_: &PoamItem, events: Vec<Recorded>) -> Vec<Recorded> {
    events
}

fn survey_of(happening: Move, hours: i64) -> Option<quietus_model::Survey> {
    let at_head = |heads: &[&str]| finding("token", vec![place("app.env", heads, -100)]);
    let asked = |judgement: Judgement| {
        let mut recall = survey(hours, vec![finding("token", Vec::new())]);
        recall.scopes = vec![scope(quietus_model::ScopeKind::Recall)];
        recall.assessments[0].judgements = vec![judgement];
        recall
    };
    let mut survey = match happening {
        Move::Live => asked(live(hours)),
        Move::Dead => asked(dead(hours)),
        Move::Doubt => asked(doubtful(hours, Doubt::RateLimited)),
        Move::AtHead => survey(hours, vec![at_head(&[MAIN])]),
        Move::Gone => survey(hours, vec![at_head(&[])]),
        Move::HalfSeen => {
            let mut half = survey(hours, Vec::new());
            half.scopes[0].gaps = vec![gap()];
            half
        }
        Move::Untrusted => {
            let mut claims = survey(hours, vec![at_head(&[])]);
            claims.trust = quietus_model::Trust::Untrusted;
            claims.assessments[0].judgements = vec![dead(hours)];
            claims
        }
        _ => return None,
    };
    survey.id = SurveyId(Uuid::from_u128(u128::try_from(hours).unwrap() + 7));
    Some(survey)
}

fn deed(happening: Move, hours: i64) -> Option<(Action, &'static str)> {
    let reason = || REASON.to_owned();
    Some(match happening {
        Move::Claim => (Action::Claim { milestone: MilestoneKind::Rotate, note: reason() }, "ann"),
        Move::Waive => {
            (Action::Waive { milestone: MilestoneKind::Remove, reason: reason() }, "ann")
        }
        Move::SetAside => {
            let kind = DeviationKind::RiskAccepted;
            (Action::Dismiss { kind, reason: reason(), until: None }, "ann")
        }
        Move::Resume => (Action::Resume { reason: reason() }, "ann"),
        Move::Approve => (approve(REASON), "carol"),
        Move::Machine => (approve(REASON), SCANNER),
        Move::Extend => {
            let (milestone, due) = (MilestoneKind::Rotate, at(hours + 4));
            (Action::Extend { milestone, due, reason: reason() }, "ann")
        }
        Move::Bind => (Action::Bind { target: github(), note: reason() }, "bob"),
        _ => return None,
    })
}

/// What follows from `happening`, and whether it follows once only.
fn follow(state: &State, happening: Move, policy: &Policy, sabotage: Sabotage) -> State {
    let hours = STEP * (i64::try_from(state.happened.len()).unwrap() + 1);
    let before = PoamItem::fold(&state.events).unwrap();
    let new: Vec<Recorded> = match (survey_of(happening, hours), deed(happening, hours)) {
        (Some(survey), _) => {
            let events = reconcile(std::slice::from_ref(&before), &survey, policy, at(hours));
            events.into_iter().map(|(_, event)| event).collect()
        }
        (None, Some((action, who))) => {
            let by = match who {
                SCANNER => Actor::person(who).with_roles(Roles::held([Role::Scanner])),
                _ => Actor::person(who),
            };
            before.act(&action, &by, policy, at(hours)).unwrap_or_default()
        }
        // Somebody closed its ticket.
        (None, None) => {
            let change = TicketChange::ClosedByHand { answer: TicketAnswer::Comment };
            vec![PoamItem::ticketed("board", change, policy, at(hours))]
        }
    };
    let mut next = state.clone();
    next.events.extend(sabotage(&before, new));
    next.happened.push(happening);
    next
}

/// Since when it is dead by what happened: the first of the denials after the last acceptance, if
/// there are two of them a day apart and the last is of today.
fn naively_dead(happened: &[Move]) -> bool {
    let after_live = happened.iter().rposition(|m| *m == Move::Live).map_or(0, |at| at + 1);
    // Step n happens at hour STEP * (n + 1); 24 hours of freshness are one step back at most.
    let denials: Vec<usize> =
        (after_live..happened.len()).filter(|n| happened[*n] == Move::Dead).collect();
    let fresh = denials.last().is_some_and(|last| happened.len() - 1 - last <= 1);
    denials.len() >= 2 && fresh
}

/// Whether it is at no head by what happened: the last complete scan that could tell said so.
fn naively_gone(happened: &[Move]) -> bool {
    let told = happened.iter().rev().find(|m| matches!(m, Move::AtHead | Move::Gone));
    told == Some(&Move::Gone)
}

/// Everything that must hold between a state and the one that follows.
fn check(before: &State, after: &State, policy: &Policy) -> Result<(), String> {
    let (old, item) =
        (PoamItem::fold(&before.events).unwrap(), PoamItem::fold(&after.events).unwrap());
    let new = &after.events[before.events.len()..];
    let dead = naively_dead(&after.happened);
    for recorded in new {
        let toward = matches!(
            recorded.event,
            Event::Closed { .. }
                | Event::Verified { milestone: MilestoneKind::Revoke | MilestoneKind::Retest, .. }
        );
        if toward && !dead {
            return Err(format!("without proof: {:?}", recorded.event));
        }
        let decides = matches!(recorded.event, Event::Approved { .. } | Event::Granted { .. });
        if decides && (recorded.by == Actor::System || recorded.by.person_id() == Some(SCANNER)) {
            return Err("a scanner approved something".to_owned());
        }
    }
    if after.happened.last() == Some(&Move::Ticket)
        && (item.phase(), &item.round, &item.closure) != (old.phase(), &old.round, &old.closure)
    {
        return Err("a ticket moved it".to_owned());
    }
    if item.closure.is_some() && old.closure.is_none() {
        closed_on_evidence(&item, after, policy)?;
    }
    if after.happened.last() == Some(&Move::Live) {
        if item.closure.is_some() {
            return Err("it is live and closed".to_owned());
        }
        for kind in [MilestoneKind::Revoke, MilestoneKind::Retest] {
            if matches!(item.milestone(kind).progress, Progress::Verified { .. }) {
                return Err(format!("it is live and {kind} is verified"));
            }
        }
    }
    if item.round.began == old.round.began {
        for kind in MilestoneKind::ALL {
            let (then, now) = (old.milestone(kind).original_due, item.milestone(kind).original_due);
            if then != now {
                return Err(format!("the original date of {kind} changed from {then} to {now}"));
            }
        }
    }
    once_only(after, &item, policy)
}

fn closed_on_evidence(item: &PoamItem, after: &State, policy: &Policy) -> Result<(), String> {
    let closure = item.closure.as_ref().unwrap();
    if closure.basis != ClosureBasis::Verified || closure.evidence.is_empty() {
        return Err("closed without evidence".to_owned());
    }
    if !item.round.milestones.iter().all(quietus_poam::Milestone::is_done) {
        return Err("closed with work left".to_owned());
    }
    if !naively_gone(&after.happened) {
        return Err("closed although it stands at a head".to_owned());
    }
    let asked = policy.closure == quietus_poam::ClosureMode::Approved;
    if asked && item.approval.as_ref().is_none_or(|approval| approval.by != Actor::person("carol"))
    {
        return Err("closed without approval".to_owned());
    }
    Ok(())
}

/// The same survey once more changes nothing.
fn once_only(after: &State, item: &PoamItem, policy: &Policy) -> Result<(), String> {
    let hours = STEP * i64::try_from(after.happened.len()).unwrap();
    let Some(survey) = survey_of(*after.happened.last().unwrap(), hours) else { return Ok(()) };
    let again = reconcile(std::slice::from_ref(item), &survey, policy, at(hours));
    if again.is_empty() { Ok(()) } else { Err(format!("the same survey again: {again:?}")) }
}

/// What tells two states of the same moment apart: what later decisions can read. Of the history that
/// is who did what, and whether it was accepted since it was set aside; not in which order the rest
/// came about.
fn essence(state: &State) -> String {
    let mut item = PoamItem::fold(&state.events).unwrap();
    let hands: BTreeSet<String> = item
        .history
        .iter()
        .filter(|recorded| recorded.by != Actor::System)
        .map(|recorded| format!("{:?} {}", std::mem::discriminant(&recorded.event), recorded.by))
        .collect();
    let aside = item.history.iter().rposition(|r| matches!(r.event, Event::Deviated { .. }));
    let live_since = item.history[aside.unwrap_or(0)..].iter().any(|recorded| {
        matches!(&recorded.event, Event::Judged { judgement }
            if matches!(judgement.verdict, Verdict::Live(_)))
    });
    let world = (naively_dead(&state.happened), naively_gone(&state.happened));
    item.history.clear();
    // What tickets say is nothing that anything is decided by; that is seen at each move.
    item.tickets.clear();
    item.version = 0;
    format!("{item:?}{hands:?}{live_since}{world:?}")
}

/// Looks at everything that can happen in `depth` steps; how many states there were.
fn search(policy: &Policy, depth: usize, sabotage: Sabotage) -> Result<usize, Violation> {
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].judgements = vec![live(0)];
    let events = reconcile::<PoamItem>(&[], &first, policy, at(0));
    let events: Vec<Recorded> = events.into_iter().map(|(_, event)| event).collect();
    let mut edge = vec![State { events, happened: Vec::new() }];
    let mut states = 1;
    for _ in 0..depth {
        let mut next = Vec::new();
        let mut seen = HashSet::new();
        for state in &edge {
            for happening in MOVES {
                let after = follow(state, happening, policy, sabotage);
                let violation = |what| Violation { what, happened: after.happened.clone() };
                check(state, &after, policy).map_err(violation)?;
                if seen.insert(essence(&after)) {
                    next.push(after);
                }
            }
        }
        states += next.len();
        edge = next;
    }
    Ok(states)
}

fn approved() -> Policy {
    let text = include_str!("../policies/default.toml").replace("\"automatic\"", "\"approved\"");
    Policy::parse("approved", &text).unwrap()
}

#[test]
fn whatever_happens_in_four_steps_nothing_is_closed_wrongly() {
    for policy in [Policy::default(), approved()] {
        let states = search(&policy, 4, honest).unwrap();
        assert!(states > 1000, "the search is no search: {states}");
    }
}

/// The bound is long enough: items close within it, and open again.
#[test]
fn within_the_bound_items_close_and_open_again() {
    let policy = Policy::default();
    let mut state = {
        let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
        first.assessments[0].judgements = vec![live(0)];
        let events = reconcile::<PoamItem>(&[], &first, &policy, at(0));
        State { events: events.into_iter().map(|(_, e)| e).collect(), happened: Vec::new() }
    };
    for (happening, closed) in
        [(Move::Gone, false), (Move::Dead, false), (Move::Dead, true), (Move::Live, false)]
    {
        state = follow(&state, happening, &policy, honest);
        assert_eq!(PoamItem::fold(&state.events).unwrap().closure.is_some(), closed);
    }
}

/// Each thing that must hold is seen to be broken when something breaks it.
#[test]
fn what_breaks_a_promise_is_found() {
    let closes_early: Sabotage = |before, mut events| {
        let denied = events.iter().any(|recorded| {
            matches!(&recorded.event, Event::Judged { judgement }
                if matches!(judgement.verdict, Verdict::Dead(_)))
        });
        if denied && before.closure.is_none() {
            let last = events.last().unwrap().clone();
            let event = Event::Closed {
                basis: ClosureBasis::Verified,
                dead_since: last.at,
                evidence: vec!["it was denied".to_owned()],
            };
            events.push(Recorded { event, ..last });
        }
        events
    };
    let forgets_regression: Sabotage = |_, mut events| {
        events.retain(|recorded| !matches!(recorded.event, Event::Regressed { .. }));
        events
    };
    let stays_closed: Sabotage = |_, mut events| {
        events.retain(|recorded| !matches!(recorded.event, Event::Reopened { .. }));
        events
    };
    let forgets_answers: Sabotage = |_, mut events| {
        events.retain(|recorded| !matches!(recorded.event, Event::Judged { .. }));
        events
    };
    let approves_itself: Sabotage = |_, mut events| {
        for recorded in &mut events {
            if matches!(recorded.event, Event::Approved { .. }) {
                recorded.by = Actor::System;
            }
        }
        events
    };
    let calls_it_gone: Sabotage = |_, mut events| {
        let proven = events.iter().find(|recorded| {
            matches!(recorded.event, Event::Verified { milestone: MilestoneKind::Revoke, .. })
        });
        if let Some(proven) = proven.cloned() {
            let verified = |milestone| Event::Verified {
                milestone,
                on: proven.at,
                evidence: Evidence { summary: "it must be gone".to_owned(), survey: None },
            };
            let closed = Event::Closed {
                basis: ClosureBasis::Verified,
                dead_since: proven.at,
                evidence: vec!["it was denied twice".to_owned()],
            };
            let ends = [verified(MilestoneKind::Remove), verified(MilestoneKind::Retest), closed];
            events.extend(ends.map(|event| Recorded { event, ..proven.clone() }));
        }
        events
    };
    let rewrites_dates: Sabotage = |_, mut events| {
        for recorded in &mut events {
            if let Event::Extended { milestone, due, .. } = recorded.event {
                recorded.event = Event::Triaged { plan: vec![Planned { milestone, due }] };
            }
        }
        events
    };
    let obeys_tickets: Sabotage = |_, mut events| {
        let ticket = events.iter().find(|one| matches!(one.event, Event::Ticketed { .. })).cloned();
        events.extend(ticket.map(|ticket| {
            let milestone = MilestoneKind::Remove;
            let event = Event::Waived { milestone, reason: "its ticket is closed".to_owned() };
            Recorded { event, ..ticket }
        }));
        events
    };
    let cases: [(&str, Sabotage, Policy); 8] = [
        ("without proof", closes_early, Policy::default()),
        // What is not moved back would be moved back for ever.
        ("the same survey again", forgets_regression, Policy::default()),
        ("live and closed", stays_closed, Policy::default()),
        ("the same survey again", forgets_answers, Policy::default()),
        ("approved something", approves_itself, approved()),
        ("stands at a head", calls_it_gone, Policy::default()),
        ("the original date of rotate", rewrites_dates, Policy::default()),
        ("a ticket moved it", obeys_tickets, Policy::default()),
    ];
    for (promise, sabotage, policy) in cases {
        let found =
            search(&policy, 4, sabotage).map(|states| format!("{states} states")).unwrap_err();
        assert!(found.what.contains(promise), "{promise}: {found:?}");
        assert!(!found.happened.is_empty());
    }
}

/// Two writers who decided on the same state: in whichever order the ledger takes what they saw, the
/// second one decides anew, and both orders come to the same standing and to no wrong closure.
#[test]
fn the_order_of_two_writers_changes_no_standing() {
    let answers = [Move::Live, Move::Dead, Move::Doubt];
    for first in answers {
        for second in answers {
            for (one, two) in [(30, 55), (55, 30), (30, 31)] {
                let ends = [[(first, one), (second, two)], [(second, two), (first, one)]];
                let ends = ends.map(|order| {
                    let mut world = leaked();
                    world.take(&removed(5));
                    for (happening, hours) in order {
                        let survey = survey_of(happening, hours).unwrap();
                        world.take_at(&survey, at(60));
                    }
                    let item = world.item("token");
                    let proven =
                        (first, second) == (Move::Dead, Move::Dead) && one != 31 && two != 31;
                    assert_eq!(item.closure.is_some(), proven, "{first:?} {second:?}");
                    (item.liveness(at(60)), item.targets)
                });
                assert_eq!(ends[0], ends[1], "{first:?} at {one}, {second:?} at {two}");
            }
        }
    }
}
