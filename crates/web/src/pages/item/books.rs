//! The playbooks of an item, as its page tells them: each step, whose it is, and its exit test.

use jiff::Timestamp;
use quietus_export::words::{day, distance, minute};
use quietus_poam::{OpenPlaybook, PoamItem, Progress, Step};

pub(super) struct Book {
    pub(super) title: String,
    pub(super) because: String,
    pub(super) serves: String,
    pub(super) done: String,
    pub(super) steps: Vec<BookStep>,
}

pub(super) struct BookStep {
    pub(super) title: String,
    pub(super) name: String,
    pub(super) progress: &'static str,
    pub(super) done: bool,
    pub(super) late: bool,
    pub(super) when: String,
    pub(super) whose: String,
    pub(super) test: &'static str,
    pub(super) waits: String,
    pub(super) shown_by: String,
    pub(super) digest: String,
}

/// The playbooks of the current round, in the order in which they were opened.
pub(super) fn books(item: &PoamItem, now: Timestamp) -> Vec<Book> {
    let active = item.is_active();
    item.round.playbooks.iter().map(|book| told(book, active, now)).collect()
}

fn told(book: &OpenPlaybook, active: bool, now: Timestamp) -> Book {
    let opening = &book.opening;
    let serves: Vec<&str> =
        opening.controls.iter().chain(&opening.tags).map(String::as_str).collect();
    let done = book.steps.iter().filter(|step| step.is_done()).count();
    Book {
        title: opening.title.clone(),
        because: opening.because.to_string(),
        serves: serves.join(", "),
        done: format!("{done} of {} done", book.steps.len()),
        steps: book.steps.iter().map(|step| step_told(book, step, active, now)).collect(),
    }
}

fn step_told(book: &OpenPlaybook, step: &Step, active: bool, now: Timestamp) -> BookStep {
    let late = active && step.is_overdue(now);
    let (when, shown_by) = match &step.progress {
        Progress::Verified { on, evidence } => {
            (format!("as of {}", minute(*on)), evidence.summary.clone())
        }
        Progress::Waived { by, at, reason } => {
            (format!("on {}", day(*at)), format!("{by}: {reason}"))
        }
        Progress::Claimed { by, at, note } => {
            (format!("claimed {}, due {}", day(*at), day(step.due)), format!("{by}: {note}"))
        }
        _ => {
            let due = if late { "was due" } else { "due" };
            (format!("{due} {} ({})", day(step.due), distance(step.due, now)), String::new())
        }
    };
    let moved = if step.due == step.plan.due {
        String::new()
    } else {
        format!(" · first date: {}", day(step.plan.due))
    };
    let waits = if step.is_done() { Vec::new() } else { book.waits_for(step) };
    let waits: Vec<&str> = waits.iter().map(|earlier| earlier.plan.name.as_str()).collect();
    // Where it says so already, it is not said again.
    let digest = step.shown_by.as_ref().map(ToString::to_string);
    let digest = digest.filter(|digest| !shown_by.contains(digest.as_str()));
    BookStep {
        title: step.plan.title.clone(),
        name: step.plan.name.clone(),
        progress: step.progress.as_str(),
        done: step.is_done(),
        late,
        when: when + &moved,
        whose: format!("{}; {}", step.plan.role, step.plan.resources),
        test: step.plan.exit.in_words(),
        waits: waits.join(", "),
        shown_by,
        digest: digest.unwrap_or_default(),
    }
}
