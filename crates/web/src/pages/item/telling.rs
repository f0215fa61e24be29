//! An item in words and rows, as its page tells it.

use jiff::Timestamp;
use quietus_export::story::{heading, sentence};
use quietus_export::words::{day, distance, minute, plural, readable, short_ref, thousands};
use quietus_model::{Digest, Verdict, times};
use quietus_poam::{
    Actor, Attached, Blocker, Event, MilestoneKind, PoamItem, Policy, Progress, Recorded, Standing,
    StepChange,
};

/// How much of a long history is shown before somebody asks for all of it.
const STEPS: usize = 60;

pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) progress: &'static str,
    pub(super) done: bool,
    pub(super) late: bool,
    pub(super) when: String,
    pub(super) moved: String,
    pub(super) test: &'static str,
    pub(super) todo: String,
    pub(super) shown_by: String,
}

pub(super) struct Place {
    pub(super) repository: String,
    pub(super) path: String,
    pub(super) state: String,
    pub(super) open: bool,
    pub(super) introduced: String,
    pub(super) commit: String,
}

pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) standing: String,
    pub(super) class: &'static str,
    pub(super) binding: String,
}

pub(super) struct Entry {
    pub(super) at: String,
    pub(super) heading: &'static str,
    pub(super) sentence: String,
    pub(super) by: String,
    pub(super) person: bool,
    pub(super) class: &'static str,
    /// The digest of the event, where it is evidence.
    pub(super) digest: String,
}

/// A file that shows something.
pub(super) struct File {
    pub(super) name: String,
    /// Where its copy is had; empty where there is none.
    pub(super) address: String,
    pub(super) size: String,
    pub(super) standing: String,
    pub(super) shows: String,
    pub(super) collected: String,
    pub(super) digest: String,
}

/// What was just done, as long as it is the last thing in its history.
pub(super) fn said(done: &str, item: &PoamItem) -> Option<String> {
    if done.is_empty() {
        return None;
    }
    let last = item.history.iter().rev().find(|recorded| recorded.by != Actor::System)?;
    Some(format!("Recorded: {}", readable(&sentence(item, &last.event))))
}

/// In one line: where it stands now and who must do what by when.
pub(super) fn lead(item: &PoamItem, now: Timestamp) -> String {
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

/// What stands between it and its closure, or on what it closed; what is to be done stands below.
pub(super) fn reasons(item: &PoamItem, policy: &Policy, now: Timestamp) -> Vec<String> {
    if let Some(closure) = &item.closure {
        return closure.evidence.iter().map(|text| readable(text)).collect();
    }
    let undone = |kind: &MilestoneKind| !item.milestone(*kind).is_done();
    let mut undone: Vec<String> =
        item.order().iter().filter(|kind| undone(kind)).map(ToString::to_string).collect();
    let last = undone.pop();
    let milestones = last.map(|last| match undone.as_slice() {
        [] => format!("{last} is not done"),
        others => format!("{} and {last} are not done", others.join(", ")),
    });
    let steps = item.steps().filter(|(_, step)| !step.is_done()).count();
    let steps = (steps > 0).then(|| match plural(steps as u64, "step") {
        one if steps == 1 => format!("{one} of a playbook is not done"),
        many => format!("{many} of playbooks are not done"),
    });
    let below =
        |blocker: &Blocker| matches!(blocker, Blocker::Milestone { .. } | Blocker::Step { .. });
    let blockers = item.blockers(policy, now);
    let others = blockers.iter().filter(|blocker| !below(blocker));
    let others = others.map(|blocker| readable(&blocker.to_string()));
    milestones.into_iter().chain(steps).chain(others).collect()
}

pub(super) fn facts(item: &PoamItem, now: Timestamp) -> Vec<(&'static str, String)> {
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
pub(super) fn powers(item: &PoamItem) -> Vec<(String, String)> {
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

pub(super) fn step(item: &PoamItem, kind: quietus_poam::MilestoneKind, now: Timestamp) -> Step {
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

pub(super) fn places(item: &PoamItem) -> Vec<Place> {
    let mut places: Vec<Place> = item
        .presence
        .iter()
        .map(|(_, sighting)| {
            let heads: Vec<String> =
                sighting.heads().iter().map(|head| short_ref(head.as_str()).to_owned()).collect();
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

pub(super) fn issuers(item: &PoamItem, now: Timestamp) -> Vec<Issuer> {
    let standing = |record: &quietus_poam::TargetRecord| match record.standing(now) {
        Standing::Live(at) => (format!("accepted it at {}", minute(at)), "live"),
        Standing::Denied { first, last, count, .. } if first == last => {
            (format!("denied it {} at {}", times(count as u64), minute(last)), "dead")
        }
        Standing::Denied { first, last, count, .. } => (
            format!(
                "denied it {}, first at {}, last at {}",
                times(count as u64),
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

/// Newest first; and what is not shown.
pub(super) fn history(item: &PoamItem, all: bool) -> (Vec<Entry>, String) {
    let shown = if all { usize::MAX } else { STEPS };
    let entry = |recorded: &Recorded| Entry {
        at: minute(recorded.at),
        heading: heading(&recorded.event),
        sentence: readable(&sentence(item, &recorded.event)),
        by: recorded.by.to_string(),
        person: recorded.by != Actor::System,
        class: class(&recorded.event),
        digest: if is_evidence(&recorded.event) { digest(recorded) } else { String::new() },
    };
    let entries: Vec<Entry> = item.history.iter().rev().take(shown).map(entry).collect();
    let rest = item.history.len() - entries.len();
    let untold = if rest == 0 { String::new() } else { plural(rest as u64, "earlier entry") };
    (entries, untold)
}

/// Newest first.
pub(super) fn files(item: &PoamItem, kept_here: bool, now: Timestamp) -> Vec<File> {
    let file = |known: &Attached| {
        let file = &known.attachment;
        let standing = match file.expires {
            Some(at) if !known.is_valid(now) => format!("expired {}", day(at)),
            Some(at) => format!("counts until {}", day(at)),
            None => String::new(),
        };
        let has_copy = file.kept && kept_here;
        let address = format!("/items/{}/files/{}", item.id(), file.digest);
        let scope = Some(file.scope.as_str()).filter(|scope| !scope.is_empty());
        let scope = scope.map_or(String::new(), |scope| format!(", about {scope}"));
        File {
            name: file.name.to_string(),
            address: if has_copy { address } else { String::new() },
            size: plural(file.size, "byte"),
            standing,
            shows: file.shows.to_string(),
            collected: format!(
                "as of {}, collected by {}{scope}; recorded {} by {}",
                minute(file.collected),
                file.collector,
                minute(known.at),
                known.by
            ),
            digest: file.digest.to_string(),
        }
    };
    item.attachments.iter().rev().map(file).collect()
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

/// Whether somebody who checks the end of an item looks at it.
fn is_evidence(event: &Event) -> bool {
    match event {
        Event::Judged { judgement } => !matches!(judgement.verdict, Verdict::Indeterminate(_)),
        Event::StepMoved { change, .. } => {
            matches!(change, StepChange::Claimed { .. } | StepChange::Verified { .. })
        }
        Event::Attested { .. }
        | Event::CauseFound { .. }
        | Event::ImpactChecked { .. }
        | Event::Revoked { .. }
        | Event::Verified { .. }
        | Event::Approved { .. }
        | Event::Closed { .. } => true,
        _ => false,
    }
}

/// As exports give it: of the event as JSON, the way the ledger seals it.
fn digest(recorded: &Recorded) -> String {
    let text = serde_json::to_string(recorded).unwrap_or_default();
    Digest::of(text.as_bytes()).to_string()
}
