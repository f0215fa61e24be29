//! A digest in Markdown, for an issue or a mail.

use super::{Places, Words, title, under_headings};
use crate::text::escaped;
use quietus_poam::Reminder;

/// All reminders, with a table under each heading.
pub fn markdown(reminders: &[&Reminder<'_>], places: Places) -> String {
    let mut text = format!("# {}\n", title(reminders));
    for (kind, here) in under_headings(reminders) {
        text.push_str(&format!("\n## {} ({})\n\n", kind.heading(), here.len()));
        text.push_str("| item | severity | kind | when | owner | where |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for reminder in here {
            let words = Words::of(reminder, places);
            let cells = [
                words.id.as_str(),
                words.severity,
                &words.what,
                &words.when,
                &words.owner,
                words.place.as_deref().unwrap_or("-"),
            ];
            let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    text
}
