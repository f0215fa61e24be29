//! What each target said of a credential over time, and how it stands there.

use crate::{Event, PoamItem, Weakness};
use jiff::Timestamp;
use quietus_model::{Binding, Doubt, Effect, Judgement, Observation, Receipt, Target, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Everything one target said of one credential.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetRecord {
    /// The target.
    pub target: Target,
    /// Why it is the right one, as the newest judgement had it.
    pub binding: Binding,
    /// A person bound it, at this time.
    pub bound_by_person: Option<Timestamp>,
    /// `Live` and `Dead`, oldest observation first.
    pub answers: Vec<(Timestamp, Verdict)>,
    /// The newest doubt.
    pub doubt: Option<(Timestamp, Doubt)>,
    /// When it was denied in words that a live credential can meet too, of one that this target never
    /// accepted: oldest first. No denial, until a person says that it is one.
    pub unsure: Vec<Timestamp>,
    /// What it answered when it was asked to revoke the credential, in the order of recording.
    pub receipts: Vec<Receipt>,
}

/// How one target stands.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// No positive answer yet.
    Unknown,
    /// It last accepted the credential at this time.
    Live(Timestamp),
    /// It has denied the credential since, and has not accepted it again.
    Denied {
        /// The first denial with no later acceptance.
        first: Timestamp,
        /// The last one.
        last: Timestamp,
        /// How many.
        count: usize,
        /// How many different vantage points.
        vantages: usize,
        /// What about one of them asks for a person's judgement.
        weakness: Option<Weakness>,
    },
}

impl PoamItem {
    /// The newest acceptance of each target, its newest denial, and its newest doubt. A denial does
    /// not make the acceptance before it forgotten: it tells that what was denied belongs together.
    pub fn judgements(&self) -> Vec<Judgement> {
        let mut newest: BTreeMap<_, &Judgement> = BTreeMap::new();
        for recorded in &self.history {
            let Event::Judged { judgement } = &recorded.event else { continue };
            let kind = match judgement.verdict {
                Verdict::Live(_) => 0,
                Verdict::Dead(_) => 1,
                Verdict::Indeterminate(_) => 2,
            };
            let known = newest.entry((&judgement.target, kind)).or_insert(judgement);
            if judgement.at >= known.at {
                *known = judgement;
            }
        }
        newest.into_values().cloned().collect()
    }

    /// The targets that a person bound it to: they are asked beside those that the rules and the
    /// configuration name.
    pub fn bound(&self) -> Vec<Target> {
        let bound = self.targets.values().filter(|record| record.bound_by_person.is_some());
        bound.map(|record| record.target.clone()).collect()
    }

    /// Since when a person's binding waits for its target to be asked.
    pub(crate) fn unasked_since_bound(&self) -> Option<Timestamp> {
        let waiting = self.targets.values().filter_map(|record| {
            record.bound_by_person.filter(|at| record.newest().is_none_or(|asked| asked < *at))
        });
        waiting.min()
    }
}

impl TargetRecord {
    pub(crate) fn new(judgement: &Judgement) -> Self {
        Self { binding: judgement.binding.clone(), ..Self::of(judgement.target.clone()) }
    }

    /// A target that was never asked.
    pub(crate) fn of(target: Target) -> Self {
        Self {
            target,
            binding: Binding::Unbound,
            bound_by_person: None,
            answers: Vec::new(),
            doubt: None,
            unsure: Vec::new(),
            receipts: Vec::new(),
        }
    }

    /// Whether nothing at all is known of it.
    pub(crate) fn is_blank(&self) -> bool {
        self.bound_by_person.is_none()
            && self.answers.is_empty()
            && self.doubt.is_none()
            && self.receipts.is_empty()
    }

    /// The newest final receipt that no acceptance contradicts. One that rests on what the user
    /// overrode proves nothing by itself.
    pub fn final_receipt(&self) -> Option<&Receipt> {
        let live = self.last_live().map(|(at, _)| at);
        let holds = |receipt: &&Receipt| {
            receipt.effect == Effect::Final
                && !receipt.custom
                && live.is_none_or(|live| live <= receipt.at)
        };
        self.receipts.iter().filter(holds).max_by_key(|receipt| receipt.at)
    }

    /// Takes a judgement in, in the order of observation, whatever the order of arrival.
    pub(crate) fn take(&mut self, judgement: &Judgement) {
        if self.newest().is_none_or(|newest| judgement.at >= newest) {
            self.binding = judgement.binding.clone();
        }
        match &judgement.verdict {
            Verdict::Indeterminate(doubt) => {
                if matches!(doubt, Doubt::NeverAccepted { .. }) {
                    let at = self.unsure.partition_point(|known| *known <= judgement.at);
                    self.unsure.insert(at, judgement.at);
                }
                if self.doubt.as_ref().is_none_or(|(at, _)| *at <= judgement.at) {
                    self.doubt = Some((judgement.at, doubt.clone()));
                }
            }
            answer => {
                let at = self.answers.partition_point(|(known, _)| *known <= judgement.at);
                self.answers.insert(at, (judgement.at, answer.clone()));
            }
        }
    }

    /// When it was last asked, whatever came of it.
    pub fn newest(&self) -> Option<Timestamp> {
        let answer = self.answers.last().map(|(at, _)| *at);
        answer.max(self.doubt.as_ref().map(|(at, _)| *at))
    }

    /// Whether a denial by this target may count.
    pub fn is_bound(&self) -> bool {
        self.bound_by_person.is_some()
            || self.binding != Binding::Unbound
            || self.answers.iter().any(|(_, verdict)| matches!(verdict, Verdict::Live(_)))
    }

    /// Where the bound targets come from, for people.
    pub fn binding_text(&self) -> &'static str {
        match &self.binding {
            _ if self.bound_by_person.is_some() => "bound by a person",
            Binding::SoleIssuer => "the only issuer of this kind",
            Binding::Listed { .. } => "one of the instances this organisation lists",
            Binding::Intrinsic => "named by the credential itself",
            Binding::Unbound if self.is_bound() => "it was live there",
            Binding::Unbound => "not known to be the issuer",
        }
    }

    /// How it stands at `now`. Observations dated later than `now` do not count.
    pub fn standing(&self, now: Timestamp) -> Standing {
        // A denial from the future proves nothing yet; an acceptance from the future already does.
        let counts = |(at, verdict): &&(Timestamp, Verdict)| {
            *at <= now || matches!(verdict, Verdict::Live(_))
        };
        let known: Vec<_> = self.answers.iter().filter(counts).collect();
        let last_live = known.iter().rposition(|(_, v)| matches!(v, Verdict::Live(_)));
        let denials: Vec<(Timestamp, &Observation)> = known[last_live.map_or(0, |at| at + 1)..]
            .iter()
            .filter_map(|(at, verdict)| verdict.observation().map(|seen| (*at, seen)))
            .collect();
        match (denials.first(), denials.last(), last_live) {
            (Some((first, _)), Some((last, _)), _) => Standing::Denied {
                first: *first,
                last: *last,
                count: denials.len(),
                vantages: denials.iter().map(|(_, o)| &o.vantage).collect::<BTreeSet<_>>().len(),
                weakness: denials.iter().filter_map(|(_, o)| Weakness::of(o)).max(),
            },
            (_, _, Some(live)) => Standing::Live(known[live].0),
            _ => Standing::Unknown,
        }
    }

    /// How it would stand at `now` if a person took its unsure denials for what they may be.
    pub(crate) fn standing_if_sure(&self, now: Timestamp) -> Standing {
        let standing = self.standing(now);
        let counted: Vec<Timestamp> = self.unsure.iter().copied().filter(|at| *at <= now).collect();
        match (&standing, counted.first(), counted.last()) {
            (Standing::Unknown, Some(first), Some(last)) => Standing::Denied {
                first: *first,
                last: *last,
                count: counted.len(),
                vantages: 1,
                weakness: Some(Weakness::NeverAccepted),
            },
            _ => standing,
        }
    }

    /// The newest acceptance.
    pub fn last_live(&self) -> Option<(Timestamp, &Observation)> {
        self.answers.iter().rev().find_map(|(at, verdict)| match verdict {
            Verdict::Live(seen) => Some((*at, seen)),
            _ => None,
        })
    }
}
