//! Items and repositories as JSON objects: what `--format json` prints and the API answers. The names
//! are a contract.

use jiff::Timestamp;
use quietus_poam::{Attached, OpenPlaybook, PoamItem, Policy, ScanRecord, TicketState};
use serde_json::{Value, json};

/// An item, without its history.
pub fn item(item: &PoamItem, policy: &Policy, now: Timestamp) -> Value {
    let milestones: Vec<Value> = item
        .round
        .milestones
        .iter()
        .map(|milestone| {
            json!({
                "milestone": milestone.kind.as_str(),
                "progress": milestone.progress.as_str(),
                "due": milestone.due,
                "original_due": milestone.original_due,
                "overdue": milestone.is_overdue(now),
            })
        })
        .collect();
    json!({
        "id": item.id(),
        "fingerprint": item.fingerprint(),
        "state": item.phase().to_string(),
        "lane": item.lane(now).as_str(),
        "class": item.class,
        "liveness": item.liveness(now),
        "rule": item.detection.rule,
        "kind": item.detection.kind.name,
        "severity": item.detection.severity,
        "confidence": item.detection.confidence,
        "redacted": item.detection.redacted,
        "detected_at": item.detection.detected_at,
        "owner": item.owner,
        "overdue": item.is_overdue(now),
        "next": item.next_milestone().map(|milestone| milestone.kind.as_str()),
        "next_due": item.next_milestone().map(|milestone| milestone.due),
        "next_retest": item.next_retest(policy),
        "milestones": milestones,
        "playbooks": item.round.playbooks.iter().map(|book| playbook(book, now)).collect::<Vec<_>>(),
        "audit": item.audit,
        "untriaged_until": item.untriaged,
        "repositories": item.presence.repositories(),
        "locations": item.presence.iter().map(|(_, s)| &s.location).collect::<Vec<_>>(),
        "blockers": item
            .blockers(policy, now)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        "requests": item
            .requests
            .iter()
            .map(|pending| json!({
                "subject": pending.request.subject().to_string(),
                "request": pending.request,
                "by": pending.by,
                "at": pending.at,
            }))
            .collect::<Vec<_>>(),
        "root_cause": item.root_cause.as_ref().map(|found| found.what),
        "impact": item.impact.as_ref().map(|found| found.what),
        "attachments": item.attachments.iter().map(|file| attached(file, now)).collect::<Vec<_>>(),
        "tickets": item.tickets.iter().filter_map(|(desk, record)| {
            let ticket = record.ticket.as_ref()?;
            let open = ticket.state == TicketState::Open;
            Some(json!({ "desk": desk, "id": ticket.id, "url": ticket.url, "open": open }))
        }).collect::<Vec<_>>(),
        "exposure": item.exposure(now),
        "tags": item.tags(),
        "rounds": item.earlier_rounds.len() + 1,
        "closed": item.closure.as_ref().map(|closure| json!({
            "at": closure.at,
            "basis": closure.basis,
            "dead_since": closure.dead_since,
            "evidence": closure.evidence,
        })),
    })
}

/// A file that shows something.
pub fn attached(file: &Attached, now: Timestamp) -> Value {
    let Attached { attachment, by, at } = file;
    json!({
        "name": attachment.name,
        "sha256": attachment.digest,
        "size": attachment.size,
        "shows": attachment.shows,
        "collected": attachment.collected,
        "recorded": at,
        "expires": attachment.expires,
        "expired": !file.is_valid(now),
        "collector": attachment.collector,
        "by": by,
        "scope": attachment.scope,
        "kept": attachment.kept,
    })
}

/// A repository, by its last scan and its last complete one.
pub fn repository(latest: &ScanRecord, complete: Option<&ScanRecord>) -> Value {
    json!({
        "repository": latest.scope.repository,
        "source": latest.scope.source,
        "last_scan": latest.taken_at,
        "last_complete_scan": complete.map(|scan| scan.taken_at),
        "gaps": latest.scope.gaps,
        "credentials": latest.findings,
    })
}

/// A playbook with its steps.
fn playbook(book: &OpenPlaybook, now: Timestamp) -> Value {
    let steps = book.steps.iter().map(|step| {
        json!({
            "step": step.plan.name,
            "title": step.plan.title,
            "exit": step.plan.exit,
            "role": step.plan.role,
            "resources": step.plan.resources,
            "controls": step.plan.controls,
            "waits_for": book
                .waits_for(step)
                .iter()
                .map(|earlier| earlier.plan.name.as_str())
                .collect::<Vec<_>>(),
            "progress": step.progress.as_str(),
            "due": step.due,
            "original_due": step.plan.due,
            "overdue": step.is_overdue(now),
        })
    });
    json!({
        "playbook": book.opening.playbook,
        "title": book.opening.title,
        "because": book.opening.because,
        "opened": book.opened,
        "controls": book.opening.controls,
        "tags": book.opening.tags,
        "steps": steps.collect::<Vec<_>>(),
    })
}
