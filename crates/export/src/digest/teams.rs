//! A digest as the workflows of Microsoft Teams take it: an Adaptive Card 1.4 in a message.

use super::{Places, Words, shown, title};
use crate::text::escaped;
use quietus_poam::Reminder;
use serde_json::{Value, json};

/// The first reminders, under their headings.
pub fn teams(reminders: &[&Reminder<'_>], places: Places) -> Value {
    let line = |text: String, weight: &str| json!({ "type": "TextBlock", "text": text, "weight": weight, "wrap": true });
    let mut body = vec![line(title(reminders), "bolder")];
    let (headings, left_out) = shown(reminders);
    for (kind, here) in headings {
        body.push(line(kind.heading().to_owned(), "bolder"));
        for reminder in here {
            let Words { id, what, severity, when, owner, place } = Words::of(reminder, places);
            let place = place.map_or(String::new(), |place| format!(", in {place}"));
            let text = format!("{id} {severity}: {what}, {when}, {owner}{place}");
            body.push(line(escaped(&text.chars().take(400).collect::<String>()), "default"));
        }
    }
    if left_out > 0 {
        body.push(line(format!("and {left_out} more: quietus remind"), "default"));
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
}
