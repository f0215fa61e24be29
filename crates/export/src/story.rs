//! The history of an item in words: a heading and a sentence for each event.

use crate::words::repository_name;
use quietus_model::{Digest, Judgement, LocationId, Verdict};
use quietus_poam::{Attachment, Event, PoamItem, Sighting, StepChange, StepId, TicketChange};

/// What kind of event it is, in two or three words.
pub fn heading(event: &Event) -> &'static str {
    match event {
        Event::Opened { .. } => "Opened",
        Event::Sighted { .. } => "Sighted",
        Event::LeftHead { .. } => "Left every head",
        Event::Absent { .. } => "Absent",
        Event::Judged { .. } => "Issuer asked",
        Event::Aliased { .. } => "Known by another name",
        Event::Reclassified { .. } => "Recognised by another rule",
        Event::Escalated { .. } => "Escalated",
        Event::Assigned { .. } => "Assigned",
        Event::Started { .. } => "Milestone begun",
        Event::Claimed { .. } => "Milestone claimed",
        Event::Verified { .. } => "Milestone verified",
        Event::Waived { .. } => "Milestone waived",
        Event::Regressed { .. } => "Milestone moved back",
        Event::Extended { .. } => "Milestone extended",
        Event::Revoked { .. } => "Revoked by its issuer",
        Event::Bound { .. } => "Issuer bound",
        Event::Unbound { .. } => "Issuer unbound",
        Event::Attested { .. } => "Attested",
        Event::CauseFound { .. } => "Root cause found",
        Event::ImpactChecked { .. } => "Impact checked",
        Event::Attached { .. } => "Evidence attached",
        Event::Ticketed { .. } => "Ticket",
        Event::Requested { .. } => "Decision asked for",
        Event::Granted { .. } => "Granted",
        Event::Declined { .. } => "Declined",
        Event::Deviated { .. } => "Set aside",
        Event::DeviationEnded { .. } => "No longer set aside",
        Event::Approved { .. } => "Closure approved",
        Event::Closed { .. } => "Closed",
        Event::Reopened { .. } => "Reopened",
        Event::Deferred { .. } => "Waits to be sorted",
        Event::Triaged { .. } => "Sorted",
        Event::PlaybookOpened { .. } => "Playbook opened",
        Event::StepMoved { .. } => "Step of a playbook",
        Event::Escrowed { .. } => "Put in escrow",
        Event::EscrowOpened { .. } => "Opened from escrow",
        Event::EscrowDestroyed { .. } => "Destroyed in escrow",
        Event::Noted { .. } => "Note",
    }
}

/// What happened to `item`, in a sentence. Its words come from repositories and people as well, and
/// every format escapes them in its own way.
pub fn sentence(item: &PoamItem, event: &Event) -> String {
    match event {
        Event::Opened { audit: Some(audit), .. } => {
            format!("{} found it ({}): {}", audit.source, audit.reference, audit.description)
        }
        Event::Opened { detection, class, .. } => {
            let kind = &detection.kind.name;
            format!("{kind} found by the rule {}. Whether it works: {class}.", detection.rule)
        }
        Event::Sighted { location, source, .. } => {
            let repository = repository_name(&location.repository, source);
            format!("Seen at {} in {repository}.", location.display())
        }
        Event::LeftHead { location, .. } => {
            format!("No head holds it any more: {}.", place(item, location))
        }
        Event::Absent { location, .. } => format!("Not seen any more: {}.", place(item, location)),
        Event::Judged { judgement } => judged(judgement),
        Event::Aliased { name } => {
            format!("All spellings of it are named {}, and are one secret.", name.short())
        }
        Event::Reclassified { rule, kind, severity, .. } => {
            format!("The rule {rule} takes it for: {}, {severity}.", kind.name)
        }
        Event::Escalated { class, .. } => {
            format!("It turned out to be {class}: dates move closer.")
        }
        Event::Assigned { owner } => {
            format!("{} is to see to it ({}).", owner.name, owner.basis.as_str())
        }
        Event::Started { milestone } => format!("Work on {milestone} began."),
        Event::Claimed { milestone, note } => format!("{milestone} is said to be done: {note}"),
        Event::Verified { milestone, on, evidence } => {
            format!("{milestone} is verified as of {on}: {}", evidence.summary)
        }
        Event::Waived { milestone, reason } => format!("{milestone} need not be done: {reason}"),
        Event::Regressed { milestone, reason } => {
            format!("{milestone} is not done after all: {reason}")
        }
        Event::Extended { milestone, due, reason } => {
            format!("{milestone} is now due at {due}: {reason}")
        }
        Event::Revoked { receipt } => {
            format!("{} answered that it revoked it: {}.", receipt.target, receipt.sentence())
        }
        Event::Bound { target, note } => format!("The credential works at {target}: {note}"),
        Event::Unbound { target, note } => {
            format!("The credential was never one of {target} after all: {note}")
        }
        Event::Attested { attestation } => {
            format!("{} states: {}", attestation.by, attestation.note)
        }
        Event::Deviated { deviation, reason, until } => {
            format!("Set aside as {deviation} until {until}: {reason}")
        }
        Event::DeviationEnded { reason } => format!("It is active again: {reason}"),
        Event::CauseFound { cause, note, digest } => {
            format!("How it leaked: {cause}. {}", shown(note.as_str(), digest.as_ref()))
        }
        Event::ImpactChecked { impact, note, digest } => {
            format!("Looked for its use: {impact}. {}", shown(note.as_str(), digest.as_ref()))
        }
        Event::Attached { attachment } => attached(attachment),
        Event::Ticketed { desk, change } => ticketed(desk, change),
        Event::Requested { request, proposer: None } => format!("Asked for: {request}"),
        Event::Requested { request, proposer: Some(name) } => {
            format!("Asked for by a file of suppressions, in the name of {name}: {request}")
        }
        Event::Granted { subject, note, break_glass } => {
            format!("What was asked for is granted ({subject}){}: {note}", glass(break_glass))
        }
        Event::Declined { subject, reason } => {
            format!("What was asked for is not granted ({subject}): {reason}")
        }
        Event::Approved { note, break_glass } => {
            format!("Closing is approved{}: {note}", glass(break_glass))
        }
        Event::Closed { basis, dead_since, evidence } => {
            let basis = basis.as_str();
            format!("Closed as {basis}; dead since {dead_since}: {}", evidence.join("; "))
        }
        Event::Reopened { reason, class, .. } => {
            format!("Open again, because {reason}. Its dates are those of: {class}.")
        }
        Event::Deferred { until } => {
            format!(
                "Found when everything was read for the first time: its dates count from {until}."
            )
        }
        Event::Triaged { .. } => "Its dates count from this day.".to_owned(),
        Event::PlaybookOpened { opening } => {
            format!("The playbook {} is followed, because {}.", opening.title, opening.because)
        }
        Event::StepMoved { step, change } => step_moved(step, change),
        Event::Escrowed { seal } => {
            let keys: Vec<&str> = seal.recipients.iter().map(|key| key.as_str()).collect();
            format!("Its value was sealed to {}.", keys.join(", "))
        }
        Event::EscrowOpened { purpose, .. } => format!("Its sealed value was opened: {purpose}."),
        Event::EscrowDestroyed { reason, .. } => {
            format!("Its sealed value was destroyed: {reason}")
        }
        Event::Noted { note } => note.clone(),
    }
}

fn step_moved(step: &StepId, change: &StepChange) -> String {
    match change {
        StepChange::Started => format!("Work on {step} began."),
        StepChange::Claimed { note, digest, break_glass } => format!(
            "{step} is said to be done{}: {}",
            glass(break_glass),
            shown(note, digest.as_ref())
        ),
        StepChange::Verified { summary } => format!("{step} is verified: {summary}"),
        StepChange::Waived { reason } => format!("{step} need not be done: {reason}"),
        StepChange::Regressed { reason } => format!("{step} is not done after all: {reason}"),
        StepChange::Extended { due, reason } => format!("{step} is now due at {due}: {reason}"),
    }
}

fn attached(file: &Attachment) -> String {
    let until = file.expires.map_or(String::new(), |until| format!(", good until {until}"));
    let scope = &file.scope;
    let of = if scope.is_empty() { String::new() } else { format!(" It speaks of {scope}.") };
    let kept = if file.kept { "A copy is kept." } else { "It stays where it is." };
    format!(
        "{} shows: {}. As of {}, collected by {}{until}; SHA-256 {}, {} bytes. {kept}{of}",
        file.name, file.shows, file.collected, file.collector, file.digest, file.size
    )
}

/// What happened to a ticket, in a sentence.
pub fn ticketed(desk: &str, change: &TicketChange) -> String {
    match change {
        TicketChange::Claimed => format!("A ticket is about to be opened in {desk}."),
        TicketChange::Opened { id, url, .. } => format!("It has the ticket {id} in {desk}: {url}"),
        TicketChange::Told { .. } => format!("Its ticket in {desk} was brought up to date."),
        TicketChange::ClosedByHand { answer } => format!(
            "Somebody closed its ticket in {desk}, which ends nothing: the ticket was {}.",
            answer.as_str()
        ),
        TicketChange::OpenedByHand => format!("Somebody opened its ticket in {desk} again."),
        TicketChange::Closed { .. } => format!("Its ticket in {desk} was closed with it."),
        TicketChange::Reopened { .. } => format!("Its ticket in {desk} is open again with it."),
        TicketChange::Gone => format!("Its ticket in {desk} is not there any more."),
    }
}

fn glass(why: &Option<String>) -> String {
    why.as_ref().map_or(String::new(), |why| format!(" (break-glass: {why})"))
}

/// What somebody says, and the file that shows it.
fn shown(note: &str, digest: Option<&Digest>) -> String {
    let Some(digest) = digest else { return note.to_owned() };
    let stop = if note.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{note}{stop} Shown by a file of SHA-256 {digest}.")
}

fn judged(judgement: &Judgement) -> String {
    let target = &judgement.target;
    match &judgement.verdict {
        Verdict::Live(answer) => format!("{target} accepted it: {}.", answer.sentence()),
        Verdict::Dead(answer) => format!("{target} denied it: {}.", answer.sentence()),
        Verdict::Indeterminate(doubt) => format!("{target} told nothing: {doubt}."),
    }
}

/// A place in words: repository and path.
pub(crate) fn place(item: &PoamItem, id: &LocationId) -> String {
    item.presence.get(id).map_or_else(|| format!("the place {id}"), place_of)
}

fn place_of(sighting: &Sighting) -> String {
    format!("{} in {}", sighting.location.display(), sighting.repository_name())
}
