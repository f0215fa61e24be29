//! The share of credentials that are still valid after a time: the estimate of Kaplan and Meier
//! (1958), in which what has not ended yet counts for as long as it was watched.

use jiff::SignedDuration;
use serde::Serialize;

/// After how many days the share is told.
pub const DAYS: [u32; 5] = [1, 5, 7, 30, 90];

/// One credential: how long it was watched, and whether that was until its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject {
    /// From the opening of its item to its end, or to now.
    pub watched: SignedDuration,
    /// It ended then; else it is only known to have lasted so long.
    pub ended: bool,
}

/// The shares after each of [`DAYS`].
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Survival {
    /// How many credentials.
    pub credentials: usize,
    /// Of how many the end is known.
    pub ended: usize,
    /// The shares, in the order of [`DAYS`].
    pub after: Vec<Point>,
}

/// The share that is still valid after a number of days.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Point {
    /// How many days after the item opened.
    pub days: u32,
    /// The share; `None` when no credential was watched for that long and some had not ended.
    pub share: Option<f64>,
    /// How many were watched for that long.
    pub watched: usize,
}

impl Survival {
    /// The shares of these credentials.
    pub fn of(subjects: &[Subject]) -> Self {
        let spans = DAYS.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let shares = kaplan_meier(subjects, &spans);
        let point = |((days, span), share): ((u32, &SignedDuration), Option<f64>)| Point {
            days,
            share,
            watched: subjects.iter().filter(|one| one.watched >= *span).count(),
        };
        Self {
            credentials: subjects.len(),
            ended: subjects.iter().filter(|one| one.ended).count(),
            after: DAYS.into_iter().zip(&spans).zip(shares).map(point).collect(),
        }
    }
}

/// The share of `subjects` that outlasts each of `spans`, which must ascend.
///
/// At every end the share falls by the part that ended of those still watched; one that is lost
/// from sight at that very moment was still watched. Beyond the longest watch nothing is known,
/// unless everything had ended by then.
pub fn kaplan_meier(subjects: &[Subject], spans: &[SignedDuration]) -> Vec<Option<f64>> {
    let mut subjects = subjects.to_vec();
    subjects.sort_by_key(|one| (one.watched, !one.ended));
    let longest = subjects.last().map(|one| one.watched);
    let (mut share, mut from) = (1.0, 0);
    let mut shares = Vec::with_capacity(spans.len());
    for span in spans {
        while let Some(next) = subjects.get(from).filter(|one| one.watched <= *span) {
            let same = subjects[from..].iter().take_while(|one| one.watched == next.watched);
            let (all, ended) =
                same.fold((0, 0), |(all, ended), one| (all + 1, ended + usize::from(one.ended)));
            let at_risk = subjects.len() - from;
            share *= (at_risk - ended) as f64 / at_risk as f64;
            from += all;
        }
        let known = longest.is_some_and(|longest| *span <= longest || share == 0.0);
        shares.push(known.then_some(share));
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * days)
    }

    /// Remission in weeks under 6-mercaptopurine (Freireich and others, 1963): the example that
    /// textbooks work through by hand.
    #[test]
    fn the_textbook_example_comes_out() {
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let one = |at: &i64, ended| Subject { watched: days(*at), ended };
        let mut subjects: Vec<Subject> = ended.iter().map(|at| one(at, true)).collect();
        subjects.extend(censored.iter().map(|at| one(at, false)));
        let spans = [5, 6, 7, 10, 13, 16, 22, 23, 35, 36].map(days);
        let shares = kaplan_meier(&subjects, &spans);
        let known: Vec<String> =
            shares.iter().flatten().map(|share| format!("{share:.3}")).collect();
        let book =
            ["1.000", "0.857", "0.807", "0.753", "0.690", "0.627", "0.538", "0.448", "0.448"];
        assert_eq!(known, book);
        assert_eq!(shares[9], None, "nobody was watched for 36 weeks");
    }

    #[test]
    fn nothing_is_known_of_nothing_and_none_outlasts_the_end_of_all() {
        assert_eq!(kaplan_meier(&[], &[days(1)]), [None]);
        let all = [Subject { watched: days(1), ended: true }; 3];
        assert_eq!(
            kaplan_meier(&all, &[days(0), days(1), days(90)]),
            [Some(1.0), Some(0.0), Some(0.0)]
        );
    }
}
