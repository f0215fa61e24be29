//! How long things took.

use crate::end::{end_of, was_found_dead};
use crate::still_valid::is_false_positive;
use jiff::SignedDuration;
use quietus_poam::{ClosureBasis, PoamItem};
use serde::Serialize;

/// Some spans of time, summed up. Percentiles are by nearest rank: each is one that occurred.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Spans {
    /// How many.
    pub count: usize,
    /// The median, in seconds.
    pub median_seconds: Option<i64>,
    /// Nine of ten took no longer, in seconds.
    pub p90_seconds: Option<i64>,
    /// All of them together, in seconds.
    pub sum_seconds: i64,
}

impl Spans {
    /// Sums these spans up.
    pub fn of(spans: impl IntoIterator<Item = SignedDuration>) -> Self {
        let mut seconds: Vec<i64> = spans.into_iter().map(|span| span.as_secs()).collect();
        seconds.sort_unstable();
        let rank = |of_hundred: usize| {
            let rank = (seconds.len() * of_hundred).div_ceil(100);
            seconds.get(rank.checked_sub(1)?).copied()
        };
        Self {
            count: seconds.len(),
            median_seconds: rank(50),
            p90_seconds: rank(90),
            sum_seconds: seconds.iter().sum(),
        }
    }
}

/// How long it took from one moment of a credential's life to another. Only what has happened is
/// in these; what has not is in the shares that are still valid.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Times {
    /// From the first commit that holds it, as far as known, to its detection.
    pub to_detect: Spans,
    /// From detection to its proven end; without what was dead when it was found.
    pub to_revoke: Spans,
    /// From detection to closure on proof.
    pub to_close: Spans,
    /// From detection to closure on people's word.
    pub to_close_attested: Spans,
}

impl Times {
    pub(crate) fn of(items: &[&PoamItem]) -> Self {
        let real = || items.iter().copied().filter(|item| !is_false_positive(item));
        let to_close = |basis| {
            let closed = real().filter_map(move |item| {
                let closure = item.closure.as_ref().filter(|closure| closure.basis == basis)?;
                Some(closure.at.duration_since(item.detection.detected_at))
            });
            Spans::of(closed)
        };
        Self {
            to_detect: Spans::of(real().filter_map(undetected)),
            to_revoke: Spans::of(real().filter_map(unrevoked)),
            to_close: to_close(ClosureBasis::Verified),
            to_close_attested: to_close(ClosureBasis::Attested),
        }
    }
}

/// From its first known commit to its detection. A commit dated later than that has a wrong clock.
fn undetected(item: &PoamItem) -> Option<SignedDuration> {
    let commits = item.presence.iter().filter_map(|(_, s)| s.location.introduced.as_ref());
    let first = commits.map(|introduced| introduced.at).min()?;
    Some(item.detection.detected_at.duration_since(first).max(SignedDuration::ZERO))
}

fn unrevoked(item: &PoamItem) -> Option<SignedDuration> {
    let end = end_of(item).filter(|end| end.basis == ClosureBasis::Verified)?;
    let found_dead = was_found_dead(item, Some(end));
    let span = end.at.duration_since(item.detection.detected_at);
    (!found_dead).then_some(span.max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_spans_that_occurred() {
        let spans = |seconds: std::ops::RangeInclusive<i64>| {
            Spans::of(seconds.rev().map(SignedDuration::from_secs))
        };
        let ten = spans(1..=10);
        assert_eq!((ten.median_seconds, ten.p90_seconds, ten.sum_seconds), (Some(5), Some(9), 55));
        let eleven = spans(1..=11);
        assert_eq!((eleven.median_seconds, eleven.p90_seconds), (Some(6), Some(10)));
        let one = spans(7..=7);
        assert_eq!((one.median_seconds, one.p90_seconds, one.count), (Some(7), Some(7), 1));
        assert_eq!(Spans::of([]).median_seconds, None);
    }
}
