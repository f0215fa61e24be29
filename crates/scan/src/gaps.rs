//! What a scan could not read, without letting a broken store drown everything else.

use crate::gather::Scrubber;
use quietus_model::{Gap, GapReason, SafeText};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many gaps of one reason are named one by one.
const NAMED: usize = 1000;

/// The gaps of one scan, from all of its threads. Paths and messages are still as they came: the
/// secrets that may stand in them are only known when the scan is over.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    all: Mutex<Told>,
    heard: Mutex<Option<Told>>,
}

/// What is said of each object, by reason and object.
pub(crate) type Told = BTreeMap<(GapReason, Vec<u8>), String>;

impl Gaps {
    /// Begins to note what is added from now on.
    pub(crate) fn listen(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told::new());
    }

    /// What was added since.
    pub(crate) fn heard(&self) -> Told {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }

    pub(crate) fn add(
        &self,
        reason: GapReason,
        object: impl Into<Vec<u8>>,
        detail: impl std::fmt::Display,
    ) {
        let (detail, object) = (detail.to_string(), object.into());
        if let Some(heard) = &mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner) {
            put(heard, (reason, object.clone()), detail.clone());
        }
        put(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner), (reason, object), detail);
    }

    /// All of them, sorted, each once and safe to show; of those beyond the first thousand of a
    /// reason, the number.
    pub(crate) fn into_sorted(self, scrubber: &Scrubber<'_>) -> Vec<Gap> {
        let all = self.all.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Gap> = all
            .into_iter()
            .map(|((reason, object), detail)| Gap {
                object: scrubber.text(&object),
                reason,
                detail: scrubber.text(detail.as_bytes()),
            })
            .collect();
        all.sort_by(|a, b| (a.reason, &a.object, &a.detail).cmp(&(b.reason, &b.object, &b.detail)));
        all.dedup_by(|a, b| a.object == b.object && a.reason == b.reason);
        let mut named = Vec::new();
        for of_reason in all.chunk_by(|a, b| a.reason == b.reason) {
            named.extend(of_reason.iter().take(NAMED).cloned());
            if of_reason.len() > NAMED {
                let more = of_reason.len() - NAMED;
                named.push(Gap {
                    object: SafeText::plain(format!("({more} more objects)")),
                    reason: of_reason[0].reason,
                    detail: SafeText::plain("not named one by one"),
                });
            }
        }
        named.sort();
        named
    }
}

/// Of several details the least is kept, so that it does not matter which thread was first; and no
/// more than one of them, for one missing object can be missed a million times.
fn put(told: &mut Told, of: (GapReason, Vec<u8>), detail: String) {
    let known = told.entry(of).or_insert_with(|| detail.clone());
    if detail < *known {
        *known = detail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gap_is_told_once_and_a_flood_is_counted() {
        let gaps = Gaps::default();
        for number in 0..1500 {
            for _ in 0..2 {
                gaps.add(GapReason::Missing, format!("{number:04}"), "gone");
            }
        }
        gaps.add(GapReason::Shallow, "history", "ends");
        let sorted = gaps.into_sorted(&Scrubber::new(&[]));
        assert_eq!(sorted.len(), 1002);
        assert_eq!(sorted[0].object.as_str(), "(500 more objects)");
        assert_eq!(sorted[1000].object.as_str(), "0999");
    }
}
