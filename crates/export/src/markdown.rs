//! A summary in Markdown for a pull request or a chat: what is live, what is late, what to do.
//!
//! Whatever comes from repositories and people stands in code spans, so that no link, mention,
//! picture or markup of theirs comes to life.

use crate::Register;
use crate::text::one_line;
use crate::weakness;
use crate::words::{distance, plural};
use jiff::Timestamp;
use quietus_poam::PoamItem;

/// The summary, with at most `rows` items; what is live and late comes first.
pub fn markdown(register: &Register<'_>, rows: usize) -> String {
    let now = register.now;
    let mut open: Vec<&PoamItem> = register.items.iter().filter(|item| item.is_active()).collect();
    open.sort_by_key(|item| weakness::urgency(item, now));
    let mut text = format!("## {}\n\n", headline(register, &open));
    if !open.is_empty() {
        table(&mut text, &open[..open.len().min(rows)], now);
        if open.len() > rows {
            let more = plural((open.len() - rows) as u64, "more item");
            text.push_str(&format!("\nAnd {more}.\n"));
        }
    }
    text.push_str(&coverage(register));
    text
}

fn headline(register: &Register<'_>, open: &[&PoamItem]) -> String {
    let now = register.now;
    let live = open.iter().filter(|item| item.liveness(now) == "live").count();
    let overdue = open.iter().filter(|item| item.is_overdue(now)).count();
    match open.len() {
        0 => "No leaked credential is open".to_owned(),
        count => format!(
            "{} open: {live} live, {overdue} overdue",
            plural(count as u64, "leaked credential")
        ),
    }
}

fn table(text: &mut String, items: &[&PoamItem], now: Timestamp) {
    text.push_str(
        "| item | what | where | works | owner | next | due |\n|---|---|---|---|---|---|---|\n",
    );
    for item in items {
        let (next, due) = match item.next_milestone() {
            Some(milestone) => (
                milestone.kind.as_str(),
                format!("{} ({})", weakness::day(milestone.due), distance(milestone.due, now)),
            ),
            None => ("proof", String::new()),
        };
        let owner =
            item.owner.as_ref().map_or("nobody".to_owned(), |owner| code(owner.name.as_str()));
        let places = weakness::assets(item);
        let place = match places.as_slice() {
            [] => String::new(),
            [one] => code(one),
            [first, rest @ ..] => format!("{} and {} more", code(first), rest.len()),
        };
        text.push_str(&format!(
            "| {} | {} | {place} | {} | {owner} | {next} | {due} |\n",
            item.id(),
            code(&item.detection.kind.name),
            item.liveness(now),
        ));
    }
}

fn coverage(register: &Register<'_>) -> String {
    let repositories = register.repositories();
    let missing: Vec<String> = repositories
        .iter()
        .filter(|row| row.last_complete.is_none())
        .map(|row| code(&row.name))
        .collect();
    let oldest = repositories.iter().filter_map(|row| row.last_complete).min();
    let mut text = format!("\n{} watched", plural(repositories.len() as u64, "repository"));
    if let Some(oldest) = oldest {
        text.push_str(&format!("; the oldest complete scan is of {}", weakness::day(oldest)));
    }
    if !missing.is_empty() {
        text.push_str(&format!("; **never scanned completely**: {}", missing.join(", ")));
    }
    text.push('.');
    let closed = register.items.iter().filter(|item| item.closure.is_some()).count();
    let aside = register.items.iter().filter(|item| item.deviation.is_some()).count();
    text.push_str(&format!(" Closed: {closed}; set aside: {aside}."));
    if let Some((sequence, hash)) = &register.about.head {
        let short: String = hash.chars().take(12).collect();
        text.push_str(&format!(" Ledger entry {sequence} ({}).", code(&short)));
    }
    text + "\n"
}

/// A code span that holds any text, also inside a table.
fn code(text: &str) -> String {
    let line = one_line(text);
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A bar ends a cell even in a code span, unless it is escaped.
    let inner = line.replace('|', "\\|");
    match inner.is_empty() {
        true => "-".to_owned(),
        false if longest > 0 => format!("{fence} {inner} {fence}"),
        false => format!("{fence}{inner}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_holds_anything() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(code("a|b\nc"), "`a\\|b c`");
        assert_eq!(code(" \n"), "-");
    }
}
