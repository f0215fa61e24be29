//! A digest as Slack's incoming webhooks take it: Block Kit, text as mrkdwn.

use super::{Places, Words, shown, title};
use quietus_poam::Reminder;
use serde_json::{Value, json};

/// How long the text of a section may be, in characters: Slack allows 3,000.
const SECTION: usize = 2_800;

/// How long a single line may be, in characters.
const LINE: usize = 400;

/// The first reminders, under their headings.
pub fn slack(reminders: &[&Reminder<'_>], places: Places) -> Value {
    let title = title(reminders);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": title },
    })];
    let section =
        |text: &str| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let (headings, left_out) = shown(reminders);
    for (kind, here) in headings {
        let mut text = format!("*{}*", kind.heading());
        for reminder in here {
            let line = line(reminder, places);
            if text.chars().count() + line.chars().count() > SECTION {
                blocks.push(section(&text));
                text = String::new();
            }
            text.push_str(&line);
        }
        blocks.push(section(&text));
    }
    if left_out > 0 {
        blocks.push(section(&format!("and {left_out} more: `quietus remind`")));
    }
    json!({ "text": title, "blocks": blocks })
}

fn line(reminder: &Reminder<'_>, places: Places) -> String {
    let Words { id, what, severity, when, owner, place } = Words::of(reminder, places);
    let place = place.map_or(String::new(), |place| format!(", in {place}"));
    let line = format!("\n• {id} {severity}: {what}, {when}, {owner}{place}");
    escaped(&line.chars().take(LINE).collect::<String>())
}

/// Nothing in `text` is a link, a mention or an emphasis. Slack has no escape for its marks but the
/// three of HTML; a zero-width space takes the others their meaning.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '*' | '_' | '~' | '`' | '@' | '|' => safe.extend([c, '\u{200b}']),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nobody_is_called_and_nothing_is_linked() {
        let text = escaped("<!channel> <https://x|y> a&b *c*");
        assert!(!text.contains(['<', '>']) && !text.contains("*c*"), "{text}");
        assert!(text.starts_with("&lt;!channel&gt;") && text.contains("a&amp;b"), "{text}");
    }
}
