//! An item as a ticket in somebody else's tracker: a title and a text in Markdown.
//!
//! Trackers are read by more people than the ledger, so that of a credential that may still work
//! repository and path stay out unless told.

use crate::digest::{Places, place_of};
use crate::text::one_line;
use crate::weakness;
use jiff::Timestamp;
use quietus_poam::{PoamItem, Policy, Progress};
use std::fmt::Write;

/// The title of an item's ticket.
pub fn title(item: &PoamItem) -> String {
    let severity = item.detection.severity;
    one_line(&format!("[{}] {} ({severity})", item.id(), weakness::name(item)))
}

/// What the ticket says. The same for the same state of the item, so that nothing is told twice: no
/// age, no number of answers.
pub fn body(item: &PoamItem, policy: &Policy, places: Places, now: Timestamp) -> String {
    let mut text = String::new();
    let owner = item.owner.as_ref().map_or("nobody", |owner| owner.name.as_str());
    // Writing to a text cannot fail.
    let mut line = |words: String| {
        let _ = writeln!(text, "{}", escaped(&words));
    };
    line(format!("State: {}. Whether it works: {}.", item.phase(), item.liveness(now)));
    line(format!("Class: {}. Owner: {owner}.", item.class));
    line(format!(
        "Found: {}, {}.",
        weakness::day(item.detection.detected_at),
        item.detection.redacted
    ));
    if let Some(place) = place_of(item, places) {
        line(format!("Where: {place}."));
    }
    let _ = writeln!(text, "\nTo be done:\n");
    for step in to_do(item) {
        let _ = writeln!(text, "- {}", escaped(&step));
    }
    if let Some(closure) = &item.closure {
        let (at, basis) = (weakness::day(closure.at), closure.basis.as_str());
        let _ = writeln!(text, "\nIt closed on {at} ({basis}).");
    } else {
        let _ = writeln!(
            text,
            "\nClosing this ticket does not close the item: it closes when the credential is shown to be \
             dead, under the policy \"{}\". `quietus item why {}` tells what is missing.",
            escaped(&policy.name),
            item.id()
        );
    }
    text
}

/// What is said below a ticket that somebody closed although its item is not over.
pub fn still_open(item: &PoamItem, policy: &Policy, now: Timestamp) -> String {
    let mut text = format!(
        "This ticket was closed, and {} is not over: it closes when the credential is shown to be dead. \
         What is missing:\n\n",
        item.id()
    );
    // Places stand in blockers, and are left out.
    let blockers = item.blockers(policy, now);
    let told = blockers.iter().filter(|one| !matches!(one, quietus_poam::Blocker::Present { .. }));
    for blocker in told {
        let _ = writeln!(text, "- {}", escaped(&one_line(&blocker.to_string())));
    }
    text
}

/// What is said when the item is over.
pub fn over(item: &PoamItem) -> String {
    let closure = item.closure.as_ref();
    let basis = closure.map_or("", |closure| closure.basis.as_str());
    let since = closure.map_or(String::new(), |closure| closure.dead_since.to_string());
    format!("{} is over ({basis}): the credential is dead since {since}.", item.id())
}

fn to_do(item: &PoamItem) -> Vec<String> {
    let milestones = item.order().into_iter().filter(|_| item.audit.is_none()).map(|kind| {
        let milestone = item.milestone(kind);
        let what = done_or_due(&milestone.progress, milestone.due);
        format!("{kind}: {what}. {}", item.instruction(kind))
    });
    let steps = item.steps().map(|(id, step)| {
        format!("{id}: {}. {}", done_or_due(&step.progress, step.due), step.plan.title)
    });
    milestones.chain(steps).collect()
}

fn done_or_due(progress: &Progress, due: Timestamp) -> String {
    match progress {
        Progress::Verified { .. } | Progress::Waived { .. } => progress.as_str().to_owned(),
        _ => format!("{}, due {}", progress.as_str(), weakness::day(due)),
    }
}

/// Words of repositories and people can neither call anybody nor become a link, a heading or HTML.
fn escaped(words: &str) -> String {
    let line = one_line(words);
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A zero-width space: the name is read and nobody is called.
            '@' => out.push_str("@\u{200b}"),
            '*' | '_' | '[' | ']' | '|' | '#' | '{' | '}' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_outside_stay_words() {
        let said = escaped("@org/all <img src=x> [a](b)\n# head {color}");
        assert!(!said.contains("@org") && !said.contains('<') && !said.contains('\n'), "{said}");
        assert!(said.contains("\\[a\\](b)") && said.contains("\\# head \\{color\\}"), "{said}");
    }
}
