//! Nights: when one began, when it ended and what it came to, so that a dead cron job is seen and an
//! interrupted night goes on where it stopped.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A night that began this long ago and has not ended is given up: a new one begins.
const LONGEST: SignedDuration = SignedDuration::from_hours(20);

/// Something that happened to a night.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NightRecord {
    /// When.
    pub at: Timestamp,
    /// The night.
    pub night: Uuid,
    /// What.
    pub event: NightEvent,
}

/// What happens to a night.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum NightEvent {
    /// It began.
    Begun {
        /// How many repositories were due.
        repositories: u64,
    },
    /// It ended.
    Ended {
        /// What it came to.
        figures: NightFigures,
    },
}

/// What a night came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NightFigures {
    /// Repositories that were due.
    pub due: u64,
    /// Of these, scanned completely.
    pub complete: u64,
    /// Scanned, but not completely.
    pub incomplete: u64,
    /// Could not be fetched or opened.
    pub unobservable: u64,
    /// Left alone, because they ended their worker too often.
    pub parked: u64,
    /// Not reached before the deadline, or given up.
    pub left: u64,
    /// How often work on a repository was begun and came to nothing: its worker ended, its host had no
    /// time, or there was an error.
    pub failed: u64,
    /// Bytes that were scanned.
    pub bytes: u64,
    /// Credentials that were seen, once for each repository.
    pub credentials: u64,
    /// Items opened.
    pub opened: u64,
    /// Items closed.
    pub closed: u64,
    /// Items reopened.
    pub reopened: u64,
    /// Credentials that issuers were asked about.
    pub asked: u64,
    /// Reminders that were sent.
    pub reminders: u64,
    /// How long it took, in seconds.
    pub seconds: u64,
}

/// The night that goes on: begun, not ended, and not too long ago.
pub fn unfinished(records: &[NightRecord], now: Timestamp) -> Option<&NightRecord> {
    let last = records.iter().rfind(|one| matches!(one.event, NightEvent::Begun { .. }))?;
    let ended = records
        .iter()
        .any(|one| one.night == last.night && matches!(one.event, NightEvent::Ended { .. }));
    (!ended && now.duration_since(last.at) < LONGEST).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_night_goes_on_and_not_for_ever() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let record = |hour, night, event| NightRecord { at: at(hour), night, event };
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let begun = NightEvent::Begun { repositories: 3 };
        let mut records = vec![record(1, one, begun.clone())];
        assert_eq!(unfinished(&records, at(5)).map(|night| night.night), Some(one));
        assert_eq!(unfinished(&records, at(21)), None, "given up");
        records.push(record(24, two, begun));
        records.push(record(25, two, NightEvent::Ended { figures: NightFigures::default() }));
        assert_eq!(unfinished(&records, at(26)), None);
        assert_eq!(unfinished(&[], at(26)), None);
    }
}
