//! The headline figure: how many credentials are still valid so many days after their item opened.

use crate::end::{End, end_of, was_found_dead, was_live};
use crate::survival::{Subject, Survival};
use jiff::Timestamp;
use quietus_poam::{ClosureBasis, DeviationKind, PoamItem};
use serde::Serialize;

/// What others published of all leaked credentials.
pub const PUBLISHED: Published = Published {
    days: 5,
    share_above: 0.9,
    source: "GitGuardian, The State of Secrets Sprawl 2024: public GitHub, after their owners were told",
};

/// A published figure to compare with.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Published {
    /// After how many days.
    pub days: u32,
    /// More than this share was still valid.
    pub share_above: f64,
    /// Who says so, and of what.
    pub source: &'static str,
}

/// Shares that are still valid. An end is what an issuer's word proves; what nobody knows, what is
/// set aside and what was removed or rotated alone counts as valid.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StillValid {
    /// All credentials that were not dead when they were found and are no false positives.
    pub all: Survival,
    /// Those of them that an issuer accepted at some time: what the published figure speaks of.
    pub seen_live: Survival,
    /// All of them, if people's word counts as an end as well.
    pub counting_attested: Survival,
    /// Left out: denied when they were first seen, and never accepted.
    pub dead_when_found: usize,
    /// Left out: set aside as false positives.
    pub false_positives: usize,
}

impl StillValid {
    pub(crate) fn of(items: &[&PoamItem], now: Timestamp) -> Self {
        let (mut all, mut seen_live, mut counting_attested) = (Vec::new(), Vec::new(), Vec::new());
        let (mut dead_when_found, mut false_positives) = (0, 0);
        for item in items {
            let end = end_of(item);
            if is_false_positive(item) {
                false_positives += 1;
            } else if was_found_dead(item, end) {
                dead_when_found += 1;
            } else {
                let proven = end.filter(|end| end.basis == ClosureBasis::Verified);
                let strict = subject(item, proven, now);
                all.push(strict);
                counting_attested.push(subject(item, end, now));
                if was_live(item) {
                    seen_live.push(strict);
                }
            }
        }
        Self {
            all: Survival::of(&all),
            seen_live: Survival::of(&seen_live),
            counting_attested: Survival::of(&counting_attested),
            dead_when_found,
            false_positives,
        }
    }
}

pub(crate) fn is_false_positive(item: &PoamItem) -> bool {
    item.deviation.as_ref().is_some_and(|aside| aside.kind == DeviationKind::FalsePositive)
}

fn subject(item: &PoamItem, end: Option<End>, now: Timestamp) -> Subject {
    let until = end.map_or(now, |end| end.at);
    let watched = until.duration_since(item.detection.detected_at);
    Subject { watched: watched.max(jiff::SignedDuration::ZERO), ended: end.is_some() }
}
