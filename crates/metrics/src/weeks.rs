//! The burn-down: what opened, closed and came back, week by week.

use jiff::Timestamp;
use quietus_poam::{Event, PoamItem};
use serde::Serialize;

const DAY: i64 = 24 * 60 * 60;
const WEEK: i64 = 7 * DAY;

/// From the Thursday on which Unix time begins back to the Monday before it.
const TO_MONDAY: i64 = 3 * DAY;

/// One week, from Monday to Sunday in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Week {
    /// Its first moment.
    pub begins: Timestamp,
    /// Items that opened in it.
    pub opened: usize,
    /// Closures in it.
    pub closed: usize,
    /// Reopenings in it.
    pub reopened: usize,
    /// Items that were not closed at its end, those that are set aside included.
    pub not_closed: usize,
}

impl Week {
    /// The last `count` weeks, oldest first; the last one is that of `now`.
    pub(crate) fn last(count: usize, items: &[&PoamItem], now: Timestamp) -> Vec<Self> {
        let this = number(now);
        let first = this - i64::try_from(count).unwrap_or(0) + 1;
        let mut before = 0_i64;
        let mut changes = vec![(0_usize, 0_usize, 0_usize); count];
        for recorded in items.iter().flat_map(|item| &item.history).filter(|one| one.at <= now) {
            let (opened, closed, reopened) = match recorded.event {
                Event::Opened { .. } => (1, 0, 0),
                Event::Closed { .. } => (0, 1, 0),
                Event::Reopened { .. } => (0, 0, 1),
                _ => continue,
            };
            match usize::try_from(number(recorded.at) - first)
                .ok()
                .and_then(|at| changes.get_mut(at))
            {
                Some(week) => {
                    *week = (week.0 + opened, week.1 + closed, week.2 + reopened);
                }
                None => before += opened as i64 + reopened as i64 - closed as i64,
            }
        }
        let mut left = before;
        let week = |(number, (opened, closed, reopened)): (i64, (usize, usize, usize))| {
            left += opened as i64 + reopened as i64 - closed as i64;
            let begins = Timestamp::from_second(number * WEEK - TO_MONDAY);
            let begins = begins.unwrap_or(Timestamp::UNIX_EPOCH);
            let not_closed = usize::try_from(left).unwrap_or(0);
            Self { begins, opened, closed, reopened, not_closed }
        };
        (first..=this).zip(changes).map(week).collect()
    }
}

fn number(at: Timestamp) -> i64 {
    (at.as_second() + TO_MONDAY).div_euclid(WEEK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_end_with_this_one() {
        // A Sunday, and the Monday after it; 2024-02-29 lies between the first and the last week.
        for (now, begins) in [
            ("2024-03-10T23:59:59Z", "2024-03-04T00:00:00Z"),
            ("2024-03-11T00:00:00Z", "2024-03-11T00:00:00Z"),
        ] {
            let weeks = Week::last(3, &[], now.parse().unwrap());
            assert_eq!(weeks.last().unwrap().begins, begins.parse().unwrap());
            assert_eq!(weeks[2].begins.duration_since(weeks[0].begins).as_hours(), 2 * 7 * 24);
        }
    }
}
