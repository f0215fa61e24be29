//! Durations as people write them in a policy: `20h`, `7d`.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer};

/// A duration as people write it: `20h`, `7d`. Days are 24 hours, so that no date depends on a
/// time zone.
///
/// # Errors
/// A sentence that says how to write it.
pub fn to_duration(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("\"{text}\" is no duration; write it like \"20h\" or \"7d\"");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if duration.is_negative() {
        return Err(format!("\"{text}\" is negative; a duration counts forward"));
    }
    Ok(duration)
}

pub(crate) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
    to_duration(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

pub(super) fn durations<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<SignedDuration>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| to_duration(text).map_err(serde::de::Error::custom)).collect()
}

/// In words: `20 hours`, `7 days`.
pub(super) fn in_words(length: SignedDuration) -> String {
    let (count, unit) = match (length.as_hours(), length.as_mins()) {
        (hours, _) if hours >= 48 && hours % 24 == 0 => (hours / 24, "day"),
        (0, minutes) => (minutes, "minute"),
        (hours, _) => (hours, "hour"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_say_them() {
        let said = |text| in_words(to_duration(text).unwrap());
        assert_eq!(
            ["30m", "1h", "24h", "2d", "49h"].map(said),
            ["30 minutes", "1 hour", "24 hours", "2 days", "49 hours"]
        );
        assert!(to_duration("-1h").unwrap_err().contains("negative"));
    }
}
