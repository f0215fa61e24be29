//! Which events of an item say something that the others do not.
//!
//! An item that is asked about every night has hundreds of events after a year, and nearly all of
//! them say again what the night before said. Lists, figures and the search for what must be done
//! need none of these. Whatever decides, closes or is handed to an assessor reads every event.

use crate::{Event, PoamItem, Recorded};
use quietus_model::{Judgement, LocationId, SafeText, Target, Verdict};
use std::collections::BTreeMap;

/// The version of [`telling`]: what was abridged by another one is abridged anew.
pub const ABRIDGING: u32 = 2;

/// How many equal answers in a row are kept from their beginning; the last one is kept as well. No
/// policy that asks for more confirmations than this may be weighed by an abridged item.
pub const EQUAL_ANSWERS: usize = 4;

impl PoamItem {
    /// Whether no event is missing in its history.
    pub fn is_whole(&self) -> bool {
        self.history.len() as u64 == self.version
    }
}

/// What an event says, but for when.
#[derive(PartialEq)]
enum Saying<'e> {
    /// An issuer's answer.
    Answer(Box<Judgement>),
    /// It stands at these heads of a source.
    Stands(&'e [SafeText]),
    /// Its sealed value was opened.
    Unsealed,
}

/// Of whom it says that.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum About<'e> {
    Target(&'e Target, String),
    Place(LocationId, &'e SafeText),
    Seal(String),
}

/// The equal sayings of one after the other.
struct Row<'e> {
    saying: Saying<'e>,
    events: Vec<usize>,
}

/// Which of `events`, oldest first, are to be kept.
///
/// Left out is only what stands between an earlier and a later event that say the same of the same
/// target or place, with nothing between them that decides anything, or that says otherwise. So the
/// first and the last time of everything stay, and so does the order of what contradicts. What was
/// abridged already may be abridged again with what came after it: the outcome is the same.
pub fn telling(events: &[Recorded]) -> Vec<bool> {
    let mut kept = vec![true; events.len()];
    let mut rows: BTreeMap<About<'_>, Row<'_>> = BTreeMap::new();
    let mut newest: BTreeMap<&Target, jiff::Timestamp> = BTreeMap::new();
    for (at, recorded) in events.iter().enumerate() {
        let Some((about, saying)) = said(&recorded.event) else {
            if !matches!(recorded.event, Event::Noted { .. }) {
                std::mem::take(&mut rows).into_values().for_each(|row| row.thin(&mut kept));
            }
            continue;
        };
        // Another saying of the same target ends the rows of all its answers.
        let ended =
            rows.extract_if(.., |known, row| is_contradicted(known, &row.saying, &about, &saying));
        ended.for_each(|(_, row)| row.thin(&mut kept));
        // Answers are weighed by when they were given. One that arrives late stands somewhere before
        // others, perhaps before one that says otherwise: it stays, and ends the row.
        if let Event::Judged { judgement } = &recorded.event {
            let newest = newest.entry(&judgement.target).or_insert(judgement.at);
            if judgement.at < *newest {
                rows.remove(&about).into_iter().for_each(|row| row.thin(&mut kept));
                continue;
            }
            *newest = judgement.at;
        }
        rows.entry(about).or_insert(Row { saying, events: Vec::new() }).events.push(at);
    }
    rows.into_values().for_each(|row| row.thin(&mut kept));
    kept
}

impl Row<'_> {
    fn thin(self, kept: &mut [bool]) {
        let first = if matches!(self.saying, Saying::Answer(_)) { EQUAL_ANSWERS } else { 1 };
        let [earlier @ .., _] = self.events.as_slice() else { return };
        for at in earlier.iter().skip(first) {
            kept[*at] = false;
        }
    }
}

fn said(event: &Event) -> Option<(About<'_>, Saying<'_>)> {
    match event {
        Event::Judged { judgement } => {
            let (vantage, answer) = but_for_when(judgement);
            Some((About::Target(&judgement.target, vantage), Saying::Answer(Box::new(answer))))
        }
        Event::Sighted { location, source, cleared: false, .. } if !location.at_head.is_empty() => {
            Some((About::Place(location.id(), source), Saying::Stands(&location.at_head)))
        }
        Event::EscrowOpened { seal, purpose } => {
            Some((About::Seal(format!("{seal} {purpose:?}")), Saying::Unsealed))
        }
        _ => None,
    }
}

/// An answer without what differs from night to night, and from where it was asked.
fn but_for_when(judgement: &Judgement) -> (String, Judgement) {
    let mut same = judgement.clone();
    same.at = jiff::Timestamp::UNIX_EPOCH;
    match &mut same.verdict {
        Verdict::Live(seen) | Verdict::Dead(seen) => {
            (seen.request_id, seen.issuer_date) = (None, None);
            seen.tool = String::new();
            let vantage = seen.vantage.clone();
            (vantage, same)
        }
        Verdict::Indeterminate(_) => (String::new(), same),
    }
}

fn is_contradicted(
    known: &About<'_>,
    before: &Saying<'_>,
    about: &About<'_>,
    saying: &Saying<'_>,
) -> bool {
    match (known, about, before, saying) {
        (About::Target(one, _), About::Target(other, _), Saying::Answer(a), Saying::Answer(b)) => {
            let kind = std::mem::discriminant::<Verdict>;
            one == other && (kind(&a.verdict) != kind(&b.verdict) || (known == about && a != b))
        }
        _ => known == about && before != saying,
    }
}
