//! One item: what leaked, where, since when, whose it is, what it can do, why it is open, what comes
//! next, and everything that happened to it.

use super::{Frame, shown};
use crate::Site;
use crate::act::{Asking, Deed, FieldKind, Filled, Offer};
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use quietus_export::story::{heading, sentence};
use quietus_export::words::{day, distance, minute, plural, readable, thousands};
use quietus_model::Verdict;
use quietus_poam::{Actor, Event, PoamItem, Progress, Recorded, Standing};
use quietus_track::{ActError, named};
use serde::Deserialize;
use std::sync::Arc;

/// How much of a long history is shown before somebody asks for all of it.
const STEPS: usize = 60;

#[derive(Template)]
#[template(path = "item.html")]
struct Page {
    frame: Option<Frame>,
    id: String,
    version: u64,
    form_key: String,
    kind: String,
    redacted: String,
    severity: &'static str,
    liveness: &'static str,
    state: String,
    overdue: bool,
    lead: String,
    facts: Vec<(&'static str, String)>,
    powers: Vec<(String, String)>,
    why: Vec<String>,
    verdict: String,
    next: String,
    milestones: Vec<Step>,
    places: Vec<Place>,
    issuers: Vec<Issuer>,
    after_revoke: Vec<String>,
    offers: Vec<Offer>,
    refused: Vec<Offer>,
    history: Vec<Entry>,
    untold: String,
    print: bool,
    said: Option<String>,
    problem: Option<String>,
}

struct Step {
    name: &'static str,
    progress: &'static str,
    done: bool,
    late: bool,
    when: String,
    moved: String,
    test: &'static str,
    todo: String,
    shown_by: String,
}

struct Place {
    repository: String,
    path: String,
    state: String,
    open: bool,
    introduced: String,
    commit: String,
}

struct Issuer {
    name: String,
    standing: String,
    class: &'static str,
    binding: String,
}

struct Entry {
    at: String,
    heading: &'static str,
    sentence: String,
    by: String,
    person: bool,
    class: &'static str,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    view: String,
    history: String,
    /// What was just done.
    done: String,
}

pub(super) async fn page(
    State(site): State<Site>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(look): Query<Look>,
) -> Result<Response, Refused> {
    let snapshot = site.folded.snapshot(site.now()).await?;
    let number = name.strip_prefix("V-").and_then(|number| number.parse().ok());
    let Some(item) = number.and_then(|number| snapshot.numbered(number)) else {
        // Not the plain number: perhaps a fingerprint, perhaps newer than what is known.
        let found = named(&site.folded.ledger, &name).await?;
        if found.id() == name {
            return Ok(shown(&made(&site, &visitor, &found, &look, None).await?));
        }
        return Ok(Redirect::to(&format!("/items/{}", found.id())).into_response());
    };
    let item = Arc::clone(item);
    Ok(shown(&made(&site, &visitor, &item, &look, None).await?))
}

/// What somebody tried, and why it was not done.
struct Tried<'a> {
    deed: Deed,
    filled: &'a Filled,
    problem: String,
}

pub(super) async fn act(
    State(site): State<Site>,
    visitor: Visitor,
    Path((name, deed)): Path<(String, Deed)>,
    Form(filled): Form<Filled>,
) -> Result<Response, Refused> {
    visitor.must_hold(&filled.key)?;
    let (ledger, now) = (&site.folded.ledger, site.now());
    let item = named(ledger, &name).await?;
    let tried = |problem| Tried { deed, filled: &filled, problem };
    let look = Look::default();
    if filled.version != item.version {
        let problem = "Somebody else, or a scan, changed this item since you loaded it. Nothing was \
                       done: look at it as it is now, and decide anew.";
        let page = made(&site, &visitor, &item, &look, Some(tried(problem.to_owned()))).await?;
        return Ok((StatusCode::CONFLICT, shown(&page)).into_response());
    }
    let done = match filled.action(deed, &item, &site.settings.targets) {
        Err(problem) => Err(problem),
        Ok(action) => {
            let policy = &site.settings.policy;
            match quietus_track::act(ledger, &item, &action, &visitor.actor, policy, now).await {
                Ok(_) => Ok(()),
                Err(ActError::Refused { refusal, .. }) => Err(refusal.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    if let Err(problem) = done {
        let page = made(&site, &visitor, &item, &look, Some(tried(problem))).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&page)).into_response());
    }
    site.folded.caught_up(now).await?;
    Ok(Redirect::to(&format!("/items/{}?done={}", item.id(), deed.name())).into_response())
}

async fn made(
    site: &Site,
    visitor: &Visitor,
    item: &PoamItem,
    look: &Look,
    tried: Option<Tried<'_>>,
) -> Result<Page, Refused> {
    let now = site.now();
    let snapshot = site.folded.snapshot(now).await?;
    let policy = &site.settings.policy;
    let asking = Asking { item, by: &visitor.actor, policy, now };
    let filled = tried.as_ref().map(|tried| (tried.deed, tried.filled));
    let (offers, refused) =
        asking.offers(filled).into_iter().partition(|offer| offer.refusal.is_none());
    let mut why: Vec<String> = item.why(policy, now).iter().map(|text| readable(text)).collect();
    let next = why.pop().unwrap_or_default();
    let mut why: Vec<String> = why.into_iter().skip(1).collect();
    let verdict = if why.is_empty() { String::new() } else { why.remove(0) };
    let why = why.iter().map(|text| text.trim_start_matches("- ").to_owned()).collect();
    let (history, untold) = history(item, look.history == "all" || look.view == "print");
    Ok(Page {
        frame: Some(Frame::of("item", site, visitor, &snapshot)),
        id: item.id(),
        version: item.version,
        form_key: visitor.form_key.clone(),
        kind: item.detection.kind.name.clone(),
        redacted: item.detection.redacted.to_string(),
        severity: item.detection.severity.as_str(),
        liveness: item.liveness(now),
        state: item.phase().to_string(),
        overdue: item.is_overdue(now),
        lead: lead(item, now),
        facts: facts(item, now),
        powers: powers(item),
        why,
        verdict,
        next,
        milestones: item.order().iter().map(|kind| step(item, *kind, now)).collect(),
        places: places(item),
        issuers: issuers(item, now),
        after_revoke: item.detection.kind.remedy.after_revoke.clone(),
        offers,
        refused,
        history,
        untold,
        print: look.view == "print",
        said: said(&look.done, item),
        problem: tried.map(|tried| tried.problem),
    })
}

/// What was just done, as long as it is the last thing in its history.
fn said(done: &str, item: &PoamItem) -> Option<String> {
    if done.is_empty() {
        return None;
    }
    let last = item.history.iter().rev().find(|recorded| recorded.by != Actor::System)?;
    Some(format!("Recorded: {}", readable(&sentence(item, &last.event))))
}

/// In one line: where it stands now and who must do what by when.
fn lead(item: &PoamItem, now: Timestamp) -> String {
    let owner = match &item.owner {
        Some(owner) => owner.name.to_string(),
        None => "nobody yet".to_owned(),
    };
    match (&item.closure, &item.deviation, item.next_milestone()) {
        (Some(closure), ..) => format!(
            "Closed on {} ({}), dead since {}.",
            day(closure.at),
            closure.basis.as_str(),
            minute(closure.dead_since)
        ),
        (None, Some(aside), _) => {
            format!("Set aside as {} until {}: {}", aside.kind, day(aside.until), aside.reason)
        }
        (None, None, Some(milestone)) => {
            let due = if milestone.is_overdue(now) { "was due" } else { "due" };
            let when = distance(milestone.due, now);
            format!(
                "Next: {}, {due} {} ({when}). Owner: {owner}.",
                milestone.kind,
                day(milestone.due)
            )
        }
        (None, None, None) => {
            format!("Everything is done; proof of today is missing. Owner: {owner}.")
        }
    }
}

fn facts(item: &PoamItem, now: Timestamp) -> Vec<(&'static str, String)> {
    let detection = &item.detection;
    let owner = item.owner.as_ref().map_or_else(
        || "nobody".to_owned(),
        |owner| format!("{} ({})", owner.name, owner.basis.as_str()),
    );
    let commits = item.presence.iter().filter_map(|(_, s)| s.location.introduced.as_ref());
    let first = commits.min_by_key(|introduced| introduced.at);
    let mut facts = vec![(
        "Found",
        format!("{} ({})", minute(detection.detected_at), distance(detection.detected_at, now)),
    )];
    if let Some(first) = first {
        facts.push(("First committed", format!("{} by {}", minute(first.at), first.author)));
    }
    facts.push(("Owner", owner));
    facts.push(("Urgency", item.class.to_string()));
    facts.push(("Rule", format!("{}, confidence {}", detection.rule, detection.confidence)));
    facts.push(("Fingerprint", item.fingerprint().to_string()));
    facts.push(("Tags", item.tags().join(", ")));
    if !item.earlier_rounds.is_empty() {
        let rounds = thousands(item.earlier_rounds.len() as u64 + 1);
        let why = item.round.reason.as_ref().map_or(String::new(), ToString::to_string);
        facts.push(("Round", format!("{rounds}; {why}")));
    }
    if let Some(found) = &item.root_cause {
        facts.push(("How it leaked", format!("{}: {}", found.what, found.note)));
    }
    if let Some(found) = &item.impact {
        facts.push(("Used by others", format!("{}: {}", found.what, found.note)));
    }
    facts
}

/// Whose it is and what it may do, as its bytes and its issuers tell.
fn powers(item: &PoamItem) -> Vec<(String, String)> {
    let mut powers: Vec<(String, String)> = item
        .detection
        .decoded
        .iter()
        .map(|fact| (fact.name.clone(), fact.value.to_string()))
        .collect();
    for judgement in item.judgements() {
        let Verdict::Live(seen) = &judgement.verdict else { continue };
        let identity = &seen.identity;
        powers
            .extend(identity.fields.iter().map(|(name, value)| (name.clone(), value.to_string())));
        if !identity.scopes.is_empty() {
            let scopes: Vec<&str> = identity.scopes.iter().map(|scope| scope.as_str()).collect();
            powers.push(("may".to_owned(), scopes.join(", ")));
        }
        if let Some(privileged) = identity.privileged {
            let text = if privileged { "yes, it may administer" } else { "no" };
            powers.push(("privileged".to_owned(), text.to_owned()));
        }
        if let Some(expires) = &identity.expires {
            powers.push(("expires by itself".to_owned(), expires.to_string()));
        }
    }
    powers.dedup();
    powers
}

fn step(item: &PoamItem, kind: quietus_poam::MilestoneKind, now: Timestamp) -> Step {
    let milestone = item.milestone(kind);
    let late = item.is_active() && milestone.is_overdue(now);
    let (when, shown_by) = match &milestone.progress {
        Progress::Verified { on, evidence } => {
            (format!("as of {}", minute(*on)), evidence.summary.clone())
        }
        Progress::Waived { by, at, reason } => {
            (format!("on {}", day(*at)), format!("{by}: {reason}"))
        }
        Progress::Claimed { by, at, note } => {
            (format!("claimed {}, due {}", day(*at), day(milestone.due)), format!("{by}: {note}"))
        }
        _ if late => (
            format!("was due {} ({})", day(milestone.due), distance(milestone.due, now)),
            String::new(),
        ),
        _ => (
            format!("due {} ({})", day(milestone.due), distance(milestone.due, now)),
            String::new(),
        ),
    };
    let moved = if milestone.due == milestone.original_due {
        String::new()
    } else {
        format!("first date: {}", day(milestone.original_due))
    };
    Step {
        name: kind.as_str(),
        progress: milestone.progress.as_str(),
        done: milestone.is_done(),
        late,
        when,
        moved,
        test: kind.exit_test(),
        todo: if milestone.is_done() { String::new() } else { item.instruction(kind) },
        shown_by,
    }
}

fn places(item: &PoamItem) -> Vec<Place> {
    let mut places: Vec<Place> = item
        .presence
        .iter()
        .map(|(_, sighting)| {
            let heads: Vec<String> =
                sighting.heads().iter().map(|head| short(head.as_str())).collect();
            let state = match (sighting.is_open(), sighting.is_absent()) {
                (true, _) if heads.is_empty() => {
                    "in history; no complete scan cleared it".to_owned()
                }
                (true, _) => format!("at {}", heads.join(", ")),
                (false, true) => "gone".to_owned(),
                (false, false) => "left every head, stands in history".to_owned(),
            };
            let introduced = sighting.location.introduced.as_ref();
            Place {
                repository: sighting.repository_name().to_owned(),
                path: sighting.location.display(),
                state,
                open: sighting.is_open(),
                introduced: introduced
                    .map_or(String::new(), |one| format!("{} by {}", day(one.at), one.author)),
                commit: introduced
                    .map_or(String::new(), |one| one.commit.chars().take(10).collect()),
            }
        })
        .collect();
    places.sort_by_key(|place| !place.open);
    places
}

/// A ref as people call it.
fn short(name: &str) -> String {
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    name.strip_prefix("refs/remotes/").unwrap_or(name).to_owned()
}

fn issuers(item: &PoamItem, now: Timestamp) -> Vec<Issuer> {
    let standing = |record: &quietus_poam::TargetRecord| match record.standing(now) {
        Standing::Live(at) => (format!("accepted it at {}", minute(at)), "live"),
        Standing::Denied { first, last, count, .. } if first == last => {
            (format!("denied it {} at {}", times(count), minute(last)), "dead")
        }
        Standing::Denied { first, last, count, .. } => (
            format!(
                "denied it {}, first at {}, last at {}",
                times(count),
                minute(first),
                minute(last)
            ),
            "dead",
        ),
        Standing::Unknown => {
            let doubt = record.doubt.as_ref();
            let told = doubt.map(|(at, doubt)| format!("{}: {doubt}", minute(*at)));
            (told.unwrap_or_else(|| "never asked".to_owned()), "unknown")
        }
    };
    item.targets
        .values()
        .map(|record| {
            let (standing, class) = standing(record);
            let bound = record.is_bound();
            let binding =
                if bound { "" } else { "not known to be the right one; a denial does not count" };
            Issuer { name: record.target.to_string(), standing, class, binding: binding.to_owned() }
        })
        .collect()
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { plural(count as u64, "time") }
}

/// Newest first; and what is not shown.
fn history(item: &PoamItem, all: bool) -> (Vec<Entry>, String) {
    let shown = if all { usize::MAX } else { STEPS };
    let entry = |recorded: &Recorded| Entry {
        at: minute(recorded.at),
        heading: heading(&recorded.event),
        sentence: readable(&sentence(item, &recorded.event)),
        by: recorded.by.to_string(),
        person: recorded.by != Actor::System,
        class: class(&recorded.event),
    };
    let entries: Vec<Entry> = item.history.iter().rev().take(shown).map(entry).collect();
    let rest = item.history.len() - entries.len();
    let untold = if rest == 0 { String::new() } else { plural(rest as u64, "earlier entry") };
    (entries, untold)
}

fn class(event: &Event) -> &'static str {
    match event {
        Event::Judged { judgement } => match judgement.verdict {
            Verdict::Live(_) => "live",
            Verdict::Dead(_) => "dead",
            Verdict::Indeterminate(_) => "",
        },
        Event::Reopened { .. } | Event::Regressed { .. } | Event::Escalated { .. } => "live",
        Event::Closed { .. } | Event::Verified { .. } | Event::Revoked { .. } => "dead",
        _ => "",
    }
}
