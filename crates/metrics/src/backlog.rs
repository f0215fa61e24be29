//! What is open: how old, how late, and which dates were kept.

use jiff::{SignedDuration, Timestamp};
use quietus_model::Severity;
use quietus_poam::{Milestone, PoamItem, Progress};
use serde::Serialize;
use std::collections::BTreeMap;

/// The last day of each age but the oldest.
const AGES: [u32; 4] = [7, 30, 90, 180];

/// After how many days an open item of a severity is told: twice for high and moderate, as FedRAMP's
/// continuous monitoring asks.
const LATE: [(&str, u32); 4] =
    [("high_30", 30), ("high_60", 60), ("moderate_90", 90), ("moderate_120", 120)];

/// What is open.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Backlog {
    /// Items with work left: neither closed nor set aside.
    pub open: usize,
    /// Those of them whose issuer accepted the credential when it last answered.
    pub live: usize,
    /// Those with a milestone past its date.
    pub overdue: usize,
    /// `overdue` of `open`.
    pub overdue_share: Option<f64>,
    /// Open items by age, youngest first; they add up to `open`.
    pub ages: Vec<Age>,
    /// Open items of high and moderate severity that are older than so many days.
    pub older_than: BTreeMap<&'static str, usize>,
    /// Items that are set aside, by the way they are.
    pub set_aside: BTreeMap<&'static str, usize>,
    /// How dates are kept.
    pub dates: Kept,
}

/// Open items of an age.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Age {
    /// From this day on.
    pub from_days: u32,
    /// To the end of this one; `None` for all older ones.
    pub to_days: Option<u32>,
    /// How many.
    pub open: usize,
}

/// Of the dates of milestones that were met or have passed, in all rounds: how many were kept.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Kept {
    /// How many there are.
    pub decided: usize,
    /// Kept as first set. What was extended first and done then is not kept here.
    pub original: usize,
    /// Kept as they are now, extended or moved closer.
    pub current: usize,
    /// `original` of `decided`.
    pub original_share: Option<f64>,
    /// `current` of `decided`.
    pub current_share: Option<f64>,
}

impl Backlog {
    pub(crate) fn of(items: &[&PoamItem], now: Timestamp) -> Self {
        let open: Vec<&PoamItem> = items.iter().copied().filter(|item| item.is_active()).collect();
        let overdue = open.iter().filter(|item| item.is_overdue(now)).count();
        let mut set_aside = BTreeMap::new();
        for deviation in items.iter().filter_map(|item| item.deviation.as_ref()) {
            *set_aside.entry(deviation.kind.as_str()).or_default() += 1;
        }
        Self {
            open: open.len(),
            live: open.iter().filter(|item| item.liveness(now) == "live").count(),
            overdue,
            overdue_share: share(overdue, open.len()),
            ages: ages(&open, now),
            older_than: older_than(&open, now),
            set_aside,
            dates: Kept::of(items, now),
        }
    }
}

/// `part` of `whole`; `None` of nothing.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Whole days since it was found.
fn age(item: &PoamItem, now: Timestamp) -> i64 {
    let age = now.duration_since(item.detection.detected_at).max(SignedDuration::ZERO);
    age.as_hours() / 24
}

fn ages(open: &[&PoamItem], now: Timestamp) -> Vec<Age> {
    let bounds = AGES.into_iter().map(Some).chain([None]);
    let mut from_days = 0;
    let age_of = |to_days: Option<u32>| {
        let here = |item: &&&PoamItem| {
            let age = age(item, now);
            age >= i64::from(from_days) && to_days.is_none_or(|to| age <= i64::from(to))
        };
        let found = Age { from_days, to_days, open: open.iter().filter(here).count() };
        from_days = to_days.map_or(from_days, |to| to + 1);
        found
    };
    bounds.map(age_of).collect()
}

fn older_than(open: &[&PoamItem], now: Timestamp) -> BTreeMap<&'static str, usize> {
    let count = |(name, days): (&'static str, u32)| {
        let high = name.starts_with("high");
        let counts = |item: &&&PoamItem| {
            let severity = item.detection.severity;
            let meant =
                if high { severity >= Severity::High } else { severity == Severity::Medium };
            meant && age(item, now) > i64::from(days)
        };
        (name, open.iter().filter(counts).count())
    };
    LATE.into_iter().map(count).collect()
}

impl Kept {
    fn of(items: &[&PoamItem], now: Timestamp) -> Self {
        let mut kept = Self::default();
        for item in items {
            let rounds = item.earlier_rounds.iter().chain([&item.round]);
            for milestone in rounds.flat_map(|round| &round.milestones) {
                let missed = item.is_active() && milestone.is_overdue(now);
                let Some(done) = done_at(milestone).or(missed.then_some(now)) else { continue };
                kept.decided += 1;
                kept.original += usize::from(done <= milestone.original_due);
                kept.current += usize::from(done <= milestone.due);
            }
        }
        kept.original_share = share(kept.original, kept.decided);
        kept.current_share = share(kept.current, kept.decided);
        kept
    }
}

fn done_at(milestone: &Milestone) -> Option<Timestamp> {
    match &milestone.progress {
        Progress::Verified { on, .. } => Some(*on),
        Progress::Waived { at, .. } => Some(*at),
        _ => None,
    }
}
