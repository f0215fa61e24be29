//! Items for people and programs: the list, one item with its story, what an action changed.

use super::board::where_it_is;
use super::{BOLD, DIM, GREEN, RED, day, distance, minute, out, plural, style_of, table};
use anstyle::Style;
use anyhow::Result;
use jiff::Timestamp;
use quietus_export::object;
use quietus_export::story::ticketed;
use quietus_poam::{
    Event, Mistake, PoamItem, Policy, Progress, Recorded, Standing, StepChange, StepId, TicketState,
};
use serde_json::{Value, json};
use std::io::Write;

pub(crate) fn print_list(items: &[PoamItem], now: Timestamp) -> Result<()> {
    if items.is_empty() {
        return super::lines(&["no items; `quietus track PATH` looks for some"]);
    }
    let row = |item: &PoamItem| {
        let next = item.next_milestone();
        let owner = item.owner.as_ref().map_or("-".to_owned(), |owner| owner.name.to_string());
        vec![
            item.id(),
            item.detection.severity.to_string(),
            item.phase().to_string(),
            item.liveness(now).to_owned(),
            next.map_or("-".to_owned(), |m| m.kind.to_string()),
            next.map_or("-".to_owned(), |m| day(m.due)),
            item.detection.kind.name.clone(),
            item.presence.iter().next().map_or(String::new(), |(_, s)| s.location.display()),
            owner,
        ]
    };
    table(
        &["ID", "SEVERITY", "STATE", "ISSUER SAYS", "NEXT", "DUE", "KIND", "WHERE", "OWNER"],
        items.iter().map(row).collect(),
    )
}

pub(crate) fn print_list_json(items: &[PoamItem], policy: &Policy, now: Timestamp) -> Result<()> {
    let values: Vec<Value> = items.iter().map(|item| object::item(item, policy, now)).collect();
    super::json::print_value(&values)
}

pub(crate) fn print_one_json(item: &PoamItem, policy: &Policy, now: Timestamp) -> Result<()> {
    let mut value = object::item(item, policy, now);
    value["history"] = serde_json::to_value(&item.history)?;
    super::json::print_value(&value)
}

pub(crate) fn print_one(item: &PoamItem, policy: &Policy, now: Timestamp) -> Result<()> {
    let mut out = out();
    let detection = &item.detection;
    let severity = style_of(detection.severity);
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}  {severity}{}{severity:#}  {}  {}",
        item.id(),
        detection.severity,
        detection.kind.name,
        detection.redacted
    )?;
    let owner = item.owner.as_ref().map_or_else(
        || "nobody".to_owned(),
        |owner| format!("{} ({})", owner.name, owner.basis.as_str()),
    );
    for (name, text) in [
        ("state", item.phase().to_string()),
        ("class", item.class.to_string()),
        ("owner", owner),
        ("found", format!("{} by rule {}", minute(detection.detected_at), detection.rule)),
        ("fingerprint", item.fingerprint().to_string()),
        ("tags", item.tags().join(" ")),
    ] {
        writeln!(out, "  {DIM}{name:12}{DIM:#} {text}")?;
    }
    for fact in &detection.decoded {
        writeln!(out, "  {DIM}{:12}{DIM:#} {}", fact.name, fact.value)?;
    }
    if item.audit.is_none() {
        exposure(&mut out, item, now)?;
        places(&mut out, item)?;
        milestones(&mut out, item, now)?;
    }
    playbooks(&mut out, item, now)?;
    targets(&mut out, item, now)?;
    attachments(&mut out, item, now)?;
    tickets(&mut out, item)?;
    if !detection.kind.remedy.after_revoke.is_empty() {
        writeln!(out, "\n{BOLD}after it is revoked{BOLD:#}")?;
        for line in &detection.kind.remedy.after_revoke {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(out, "\n{BOLD}history{BOLD:#}")?;
    for recorded in &item.history {
        writeln!(out, "  {}  {}", minute(recorded.at), sentence(recorded))?;
    }
    writeln!(out, "\n{DIM}policy {}; `quietus item why {}`{DIM:#}", policy.name, item.id())?;
    Ok(out.flush()?)
}

/// Since when, how far, and what it can do.
fn exposure(out: &mut impl Write, item: &PoamItem, now: Timestamp) -> Result<()> {
    let known = item.exposure(now);
    let date = |at: Option<Timestamp>| at.map(minute);
    let live = known.days_live.map(|days| plural(days.unsigned_abs(), "day"));
    let may = known.may.map(|may| {
        let fields = may.fields.iter().map(|(name, value)| format!("{name} {value}"));
        let scopes = may.scopes.iter().map(ToString::to_string);
        let admin = may.privileged.filter(|may| *may).map(|_| "may administer".to_owned());
        fields.chain(scopes).chain(admin).collect::<Vec<_>>().join(", ")
    });
    let environments: Vec<&str> =
        known.consumers.iter().flat_map(|one| one.environments.iter().copied()).collect();
    let environments = (!environments.is_empty()).then(|| environments.join(", "));
    for (name, text) in [
        ("committed", date(known.first_commit)),
        ("pushed by", date(known.pushed_by)),
        ("last live", date(known.last_live)),
        ("dead since", date(known.dead_since)),
        ("live for", live),
        ("can do", may.filter(|may| !may.is_empty())),
        ("used for", environments),
    ] {
        if let Some(text) = text {
            writeln!(out, "  {DIM}{name:12}{DIM:#} {text}")?;
        }
    }
    Ok(())
}

fn places(out: &mut impl Write, item: &PoamItem) -> Result<()> {
    writeln!(out, "\n{BOLD}places{BOLD:#}")?;
    for (_, sighting) in item.presence.iter() {
        let state = match (sighting.is_open(), sighting.is_absent()) {
            (true, _) => "",
            (false, true) => "  (gone)",
            (false, false) => "  (left every head)",
        };
        let place = super::terminal::place(&sighting.location);
        let name = sighting.repository_name();
        writeln!(out, "  {name}  {place}{state}")?;
    }
    Ok(())
}

fn milestones(out: &mut impl Write, item: &PoamItem, now: Timestamp) -> Result<()> {
    writeln!(out, "\n{BOLD}milestones{BOLD:#}")?;
    for kind in item.order() {
        let milestone = item.milestone(kind);
        let (style, when) = when(&milestone.progress, milestone.due, now);
        let progress = milestone.progress.as_str();
        writeln!(out, "  {:8} {style}{progress:12}{style:#} {when}", kind.as_str())?;
        if !milestone.is_done() {
            writeln!(out, "           {DIM}{}{DIM:#}", item.instruction(kind))?;
        }
    }
    Ok(())
}

/// When something was done or is to be done, and in which colour.
fn when(progress: &Progress, due: Timestamp, now: Timestamp) -> (Style, String) {
    match progress {
        Progress::Verified { on, .. } => (GREEN, format!("as of {}", minute(*on))),
        Progress::Waived { at, .. } => (GREEN, format!("on {}", day(*at))),
        _ if due < now => (RED, format!("was due {} ({})", day(due), distance(due, now))),
        _ => (DIM, format!("due {} ({})", day(due), distance(due, now))),
    }
}

fn playbooks(out: &mut impl Write, item: &PoamItem, now: Timestamp) -> Result<()> {
    for book in &item.round.playbooks {
        let opening = &book.opening;
        writeln!(out, "\n{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}", opening.playbook, opening.because)?;
        for step in &book.steps {
            let (style, when) = when(&step.progress, step.due, now);
            let (name, progress) = (&step.plan.name, step.progress.as_str());
            writeln!(out, "  {name:14} {style}{progress:12}{style:#} {when}")?;
            if !step.is_done() {
                let (role, title) = (step.plan.role, &step.plan.title);
                writeln!(out, "                 {DIM}{role}: {title}{DIM:#}")?;
            }
        }
    }
    Ok(())
}

fn targets(out: &mut impl Write, item: &PoamItem, now: Timestamp) -> Result<()> {
    if item.targets.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}issuers{BOLD:#}")?;
    for record in item.targets.values() {
        let standing = match record.standing(now) {
            Standing::Unknown => {
                record.doubt.as_ref().map_or("never asked".to_owned(), |(at, doubt)| {
                    format!("{}: {doubt}", minute(*at))
                })
            }
            Standing::Live(at) => format!("live at {}", minute(at)),
            Standing::Denied { first, last, count, .. } => {
                let times = plural(count as u64, "time");
                format!("denied {times}, {} to {}", minute(first), minute(last))
            }
        };
        writeln!(out, "  {}  {standing}  {DIM}{}{DIM:#}", record.target, record.binding_text())?;
    }
    Ok(())
}

fn attachments(out: &mut impl Write, item: &PoamItem, now: Timestamp) -> Result<()> {
    if item.attachments.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}evidence{BOLD:#}")?;
    for attached in &item.attachments {
        let file = &attached.attachment;
        let expired = if attached.is_valid(now) { "" } else { ", expired" };
        let (collected, recorded) = (minute(file.collected), minute(attached.at));
        let sha256 = &file.digest.as_str()[..12];
        writeln!(out, "  {}  {}  {DIM}SHA-256 {sha256}{DIM:#}", file.name, file.shows)?;
        writeln!(
            out,
            "      {DIM}as of {collected}{expired}, collected by {}, recorded {recorded}{DIM:#}",
            file.collector
        )?;
    }
    Ok(())
}

fn tickets(out: &mut impl Write, item: &PoamItem) -> Result<()> {
    let known =
        item.tickets.iter().filter_map(|(desk, record)| Some((desk, record.ticket.as_ref()?)));
    for (at, (desk, ticket)) in known.enumerate() {
        if at == 0 {
            writeln!(out, "\n{BOLD}tickets{BOLD:#}")?;
        }
        let state = match ticket.state {
            TicketState::Open => "open",
            TicketState::ClosedByHand => "closed by hand; the item is not over",
            TicketState::Closed => "closed",
        };
        writeln!(out, "  {desk}  {}  {state}  {DIM}{}{DIM:#}", ticket.id, ticket.url)?;
    }
    Ok(())
}

/// An event in a few words.
pub(crate) fn sentence(recorded: &Recorded) -> String {
    let what = match &recorded.event {
        Event::Opened { audit: Some(audit), .. } => format!("opened: {}", audit.title),
        Event::Opened { class, .. } => format!("opened, {class}"),
        Event::Sighted { location, .. } => format!("seen in {}", location.display()),
        Event::LeftHead { location, .. } => format!("left every head at place {location}"),
        Event::Absent { location, .. } => format!("gone from place {location}"),
        Event::Judged { judgement } => {
            format!("{}: {}", judgement.target, judgement.verdict.state())
        }
        Event::Aliased { name } => format!("also named {}", name.short()),
        Event::Reclassified { rule, .. } => format!("recognised by rule {rule}"),
        Event::Escalated { class, .. } => format!("now {class}; dates moved closer"),
        Event::Assigned { owner } => format!("assigned to {}", owner.name),
        Event::Started { milestone } => format!("{milestone} begun"),
        Event::Claimed { milestone, note } => format!("{milestone} claimed done: {note}"),
        Event::Verified { milestone, evidence, .. } => {
            format!("{milestone} verified: {}", evidence.summary)
        }
        Event::Waived { milestone, reason } => format!("{milestone} waived: {reason}"),
        Event::Regressed { milestone, reason } => format!("{milestone} moved back: {reason}"),
        Event::Extended { milestone, due, reason } => {
            format!("{milestone} extended to {}: {reason}", day(*due))
        }
        Event::Revoked { receipt } => {
            format!("{} revoked it: {}", receipt.target, receipt.sentence())
        }
        Event::Bound { target, note } => format!("bound to {target}: {note}"),
        Event::Unbound { target, note } => format!("no longer bound to {target}: {note}"),
        Event::Attested { attestation } => format!("attested dead: {}", attestation.note),
        Event::CauseFound { cause, note, .. } => format!("root cause: {cause}: {note}"),
        Event::ImpactChecked { impact, note, .. } => format!("impact check: {impact}: {note}"),
        Event::Attached { attachment } => {
            format!("attached {}: {}", attachment.name, attachment.shows)
        }
        Event::Ticketed { desk, change } => ticketed(desk, change),
        Event::Requested { request, .. } => format!("asked {request}"),
        Event::Granted { subject, note, break_glass } => {
            format!("{subject} granted{}: {note}", glass(break_glass.as_deref()))
        }
        Event::Declined { subject, reason } => format!("{subject} declined: {reason}"),
        Event::Deviated { deviation, reason, until } => {
            format!("set aside as {deviation} until {}: {reason}", day(*until))
        }
        Event::DeviationEnded { reason } => format!("no longer set aside: {reason}"),
        Event::Approved { note, break_glass } => {
            format!("closure approved{}: {note}", glass(break_glass.as_deref()))
        }
        Event::Closed { basis, dead_since, .. } => {
            format!("closed ({}), dead since {}", basis.as_str(), minute(*dead_since))
        }
        Event::Reopened { reason, .. } => format!("reopened: {reason}"),
        Event::Deferred { until } => format!("waits to be sorted, until {}", day(*until)),
        Event::Triaged { .. } => "sorted; its clock starts".to_owned(),
        Event::PlaybookOpened { opening } => {
            format!("follows {}, because {}", opening.playbook, opening.because)
        }
        Event::StepMoved { step, change } => step_moved(step, change),
        Event::Escrowed { seal } => match seal.recipients.len() {
            1 => "sealed to 1 recipient".to_owned(),
            many => format!("sealed to {many} recipients"),
        },
        Event::EscrowOpened { purpose, .. } => format!("opened from escrow: {purpose}"),
        Event::EscrowDestroyed { reason, .. } => format!("destroyed in escrow: {reason}"),
        Event::Noted { note } => format!("note: {note}"),
    };
    format!("{what}  {DIM}{}{DIM:#}", recorded.by)
}

fn step_moved(step: &StepId, change: &StepChange) -> String {
    match change {
        StepChange::Started => format!("{step} begun"),
        StepChange::Claimed { note, break_glass, .. } => {
            format!("{step} claimed done{}: {note}", glass(break_glass.as_deref()))
        }
        StepChange::Verified { summary } => format!("{step} verified: {summary}"),
        StepChange::Waived { reason } => format!("{step} waived: {reason}"),
        StepChange::Regressed { reason } => format!("{step} moved back: {reason}"),
        StepChange::Extended { due, reason } => {
            format!("{step} extended to {}: {reason}", day(*due))
        }
    }
}

fn glass(why: Option<&str>) -> String {
    why.map_or(String::new(), |why| format!(" (break-glass: {why})"))
}

/// That an item was opened by hand.
pub(crate) fn print_opened(item: &PoamItem, now: Timestamp) -> Result<()> {
    let mut out = out();
    for recorded in &item.history {
        writeln!(out, "{}  {}", item.id(), sentence(recorded))?;
    }
    let due = item.steps().map(|(_, step)| step.due).min();
    let due = due.map_or(String::new(), |due| format!(", first step {}", distance(due, now)));
    writeln!(out, "{}  is {}{due}", item.id(), item.phase())?;
    Ok(out.flush()?)
}

/// That something would be done to an item.
pub(crate) fn print_would(item: &PoamItem) -> Result<()> {
    let mut out = out();
    let (id, kind) = (item.id(), &item.detection.kind.name);
    writeln!(out, "{id}  {kind}  {}  {DIM}{}{DIM:#}", item.phase(), where_it_is(item))?;
    Ok(out.flush()?)
}

/// What an action did: the events it appended.
pub(crate) fn print_change(before: &PoamItem, after: &PoamItem, now: Timestamp) -> Result<()> {
    let mut out = out();
    let new = usize::try_from(before.version).unwrap_or(usize::MAX);
    for recorded in after.history.iter().skip(new) {
        writeln!(out, "{}  {}", after.id(), sentence(recorded))?;
    }
    let next = after.next_milestone().map_or(String::new(), |milestone| {
        format!(", next {} {}", milestone.kind, distance(milestone.due, now))
    });
    writeln!(
        out,
        "{}  is {}{next}  {DIM}{}{DIM:#}",
        after.id(),
        after.phase(),
        where_it_is(after)
    )?;
    Ok(out.flush()?)
}

pub(crate) fn print_mistakes(mistakes: &[(&PoamItem, Mistake)], items: usize) -> Result<()> {
    let mut out = out();
    for (item, mistake) in mistakes {
        writeln!(out, "{BOLD}{:5}{BOLD:#} {}", item.id(), mistake.as_str())?;
    }
    let (count, items) = (mistakes.len() as u64, plural(items as u64, "item"));
    writeln!(out, "{} in {items}", plural(count, "mistake"))?;
    Ok(out.flush()?)
}

pub(crate) fn print_mistakes_json(mistakes: &[(&PoamItem, Mistake)]) -> Result<()> {
    let values: Vec<Value> = mistakes
        .iter()
        .map(|(item, mistake)| {
            json!({
                "id": item.id(),
                "fingerprint": item.fingerprint(),
                "code": mistake.code(),
                "mistake": mistake.as_str(),
            })
        })
        .collect();
    super::json::print_value(&values)
}
