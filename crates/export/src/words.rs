//! Days, distances and numbers as people read them, wherever they are shown.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use quietus_model::{RepositoryId, SafeText};
pub use quietus_model::{plural, thousands};

/// The day of a moment, in UTC.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The last second of a day in UTC, in which all dates of this program are, from `YYYY-MM-DD`.
///
/// # Errors
/// When it is no date.
pub fn end_of_day(text: &str) -> Result<Timestamp, jiff::Error> {
    let date: Date = text.parse()?;
    Ok(date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC)?.timestamp())
}

/// Day and minute of a moment, in UTC.
pub fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A sentence in which moments are written as people read them: `2026-01-02 03:04 UTC` for
/// `2026-01-02T03:04:05Z`.
pub fn readable(sentence: &str) -> String {
    let words =
        sentence.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | ')'));
    words.map(|word| reread(word).unwrap_or_else(|| word.to_owned())).collect()
}

/// A word that begins with a moment, if it does.
fn reread(word: &str) -> Option<String> {
    let (text, rest) = word.split_at_checked(word.find('Z')? + 1)?;
    let at: Timestamp = text.parse().ok()?;
    Some(format!("{}{rest}", minute(at)))
}

/// How far away a moment is: `in 3 days`, `2 hours ago`.
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    let gap = at.duration_since(now);
    if gap.abs() < SignedDuration::from_mins(1) {
        return "now".to_owned();
    }
    let size = span(gap.abs());
    if gap.is_negative() { format!("{size} ago") } else { format!("in {size}") }
}

/// How long something took: `5 minutes`, `3 hours`, `12 days`.
pub fn span(length: SignedDuration) -> String {
    let hours = length.as_hours();
    let (count, unit) = match hours {
        0 => (length.as_mins(), "minute"),
        1..48 => (hours, "hour"),
        // Six days and 23 hours are seven days to a reader.
        _ => ((hours + 12) / 24, "day"),
    };
    plural(count.unsigned_abs(), unit)
}

/// What people call a repository: where it lies, when its identity is only an object id.
pub fn repository_name<'a>(id: &'a RepositoryId, source: &'a SafeText) -> &'a str {
    if id.as_str().starts_with("root:") { source.as_str() } else { id.as_str() }
}

/// `refs/heads/main` as people write it.
pub fn short_ref(name: &str) -> &str {
    name.strip_prefix("refs/heads/")
        .or_else(|| name.strip_prefix("refs/remotes/"))
        .or_else(|| name.strip_prefix("refs/"))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_a_sentence_are_reread() {
        let text = "due 2026-01-02T03:04:05Z; then (2026-01-02T03:04:05.5Z) no Zebra, 1Z.";
        assert_eq!(
            readable(text),
            "due 2026-01-02 03:04 UTC; then (2026-01-02T03:04:05.5Z) no Zebra, 1Z."
        );
        assert_eq!(readable("at 2026-01-02T03:04:05Z."), "at 2026-01-02 03:04 UTC.");
    }

    #[test]
    fn distances_read_well() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let later = now.checked_add(SignedDuration::from_hours(72)).unwrap();
        assert_eq!(distance(later, now), "in 3 days");
        assert_eq!(distance(now, later), "3 days ago");
    }
}
