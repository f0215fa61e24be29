//! Is it dead? Whether what its targets said is proof, and what is missing.

use crate::Policy;
use crate::standing::{Standing, TargetRecord};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Binding, Doubt, Observation, Target, plural, times};
use std::collections::BTreeMap;
use std::fmt;

/// Whether a credential is verified dead.
#[derive(Clone, PartialEq, Debug)]
pub enum Proof {
    /// It is.
    Dead {
        /// The first denial with no later acceptance, of the target that denied last.
        since: Timestamp,
        /// The evidence, in sentences.
        evidence: Vec<String>,
        /// What about part of it asks for a person's judgement before anything closes.
        weakness: Option<Weakness>,
    },
    /// Not yet: what is missing.
    NotYet(Vec<Missing>),
}

/// What is missing before a credential is verified dead.
#[derive(Clone, PartialEq, Debug)]
pub enum Missing {
    /// No issuer was ever asked.
    NeverAsked,
    /// No recipe can prove it.
    NoRecipe,
    /// Somebody was asked, but none that is known to be the issuer.
    NoBoundTarget(Target),
    /// It works there.
    Live(Target, Timestamp),
    /// A bound target has not answered clearly.
    NoAnswer(Target, Option<Doubt>),
    /// A listed instance was not asked.
    InstanceNotAsked(String),
    /// Too few denials.
    Confirmations {
        /// Where.
        target: Target,
        /// How many there are.
        have: usize,
        /// How many the policy asks for.
        need: usize,
        /// When another one may complete the proof.
        due: Timestamp,
    },
    /// The last denial is too old.
    Stale(Target, Timestamp),
    /// It was not denied again since the item was reopened.
    NotSinceReopened(Target, Timestamp),
    /// Asked from too few places.
    Vantages {
        /// From how many.
        have: usize,
        /// How many the policy asks for.
        need: usize,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverAsked => f.write_str("no issuer has been asked whether it still works"),
            Self::NoRecipe => {
                f.write_str("no recipe can prove that a credential of this kind is dead")
            }
            Self::NoBoundTarget(target) => {
                write!(f, "nothing shows that {target} issued it, so a denial there proves nothing")
            }
            Self::Live(target, at) => write!(f, "{target} accepted it at {at}"),
            Self::NoAnswer(target, Some(doubt)) => {
                write!(f, "{target} gave no clear answer: {doubt}")
            }
            Self::NoAnswer(target, None) => write!(f, "{target} has given no clear answer"),
            Self::InstanceNotAsked(endpoint) => {
                write!(f, "the listed instance {endpoint} has not been asked")
            }
            Self::Confirmations { target, have, need, due } => write!(
                f,
                "{have} of {} by {target}: provisionally revoked, proof due at {due}",
                plural(*need as u64, "denial")
            ),
            Self::Stale(target, last) => {
                write!(f, "the last denial by {target} is of {last} and too old by now")
            }
            Self::NotSinceReopened(target, reopened) => {
                write!(f, "{target} has not denied it again since it was reopened at {reopened}")
            }
            Self::Vantages { have, need } => {
                let places = plural(*need as u64, "place");
                write!(f, "asked from {have} of {places} on the network")
            }
        }
    }
}

/// Under which rules, and at which moment, evidence is weighed.
#[derive(Clone, Copy)]
pub(crate) struct Scale<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    /// When the item was last reopened: what reopened it must be answered by a newer denial.
    pub(crate) reopened: Option<Timestamp>,
}

/// What about a denial asks for a person's judgement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weakness {
    /// The user overrode its recipe or endpoint.
    Custom,
    /// The policy asks that one which is known to work was accepted beside it, and none was.
    NoKnownGood,
    /// It denies parts that were never accepted together.
    Unpaired,
    /// It is in words that a live credential can meet too, of one that was never accepted.
    NeverAccepted,
}

impl Weakness {
    pub(crate) fn of(seen: &Observation) -> Option<Self> {
        match (seen.unpaired, seen.custom) {
            (true, _) => Some(Self::Unpaired),
            (false, true) => Some(Self::Custom),
            (false, false) => None,
        }
    }

    /// Why a person is asked, in words.
    pub fn because(self) -> &'static str {
        match self {
            Self::Custom => {
                "part of the proof rests on a recipe or endpoint that the user overrode"
            }
            Self::NoKnownGood => {
                "the policy asks that a credential which is known to work is accepted beside the last \
                 denial, and none was: name one under validate.known_good, or look yourself"
            }
            Self::Unpaired => {
                "the issuer denied this secret together with a part that stood near it, and never \
                 accepted the two: look whether they belong together"
            }
            Self::NeverAccepted => {
                "the issuer denied it in words that a live one can meet too, and never accepted it: look \
                 there whether it is locked, restricted to other places, or really gone"
            }
        }
    }
}

/// Weighs all targets of a credential.
pub(crate) fn weigh(
    targets: &BTreeMap<Target, TargetRecord>,
    askable: bool,
    scale: Scale<'_>,
) -> Proof {
    let mut missing = Vec::new();
    let mut evidence = Vec::new();
    let mut since = None;
    let mut weakness = None;
    for record in targets.values() {
        // A live answer anywhere is the end of the matter, bound or not.
        let standing = record.standing(scale.now);
        if let Standing::Live(at) = standing {
            missing.push(Missing::Live(record.target.clone(), at));
        } else if record.is_bound() {
            missing.extend(unasked_instances(record, targets));
            match denial(record, &record.standing_if_sure(scale.now), scale) {
                Ok((first, sentence, weak)) => {
                    since = since.max(Some(first));
                    weakness = weakness.max(weak);
                    evidence.push(sentence);
                }
                Err(lack) => missing.push(lack),
            }
        }
    }
    missing.dedup();
    match since {
        Some(since) if missing.is_empty() => Proof::Dead { since, evidence, weakness },
        _ if missing.is_empty() => Proof::NotYet(vec![no_bound_target(targets, askable)]),
        _ => Proof::NotYet(missing),
    }
}

fn no_bound_target(targets: &BTreeMap<Target, TargetRecord>, askable: bool) -> Missing {
    let denied = targets.values().find(|record| !record.answers.is_empty());
    match denied.or(targets.values().next()) {
        _ if !askable => Missing::NoRecipe,
        Some(record) if !record.answers.is_empty() => Missing::NoBoundTarget(record.target.clone()),
        Some(record) => {
            Missing::NoAnswer(record.target.clone(), record.doubt.as_ref().map(|(_, d)| d.clone()))
        }
        None => Missing::NeverAsked,
    }
}

fn unasked_instances(
    record: &TargetRecord,
    targets: &BTreeMap<Target, TargetRecord>,
) -> Vec<Missing> {
    let Binding::Listed { instances } = &record.binding else {
        return Vec::new();
    };
    let asked = |endpoint: &String| {
        targets.values().any(|other| {
            other.target.endpoint == *endpoint && other.target.issuer == record.target.issuer
        })
    };
    instances
        .iter()
        .filter(|endpoint| !asked(endpoint))
        .map(|endpoint| Missing::InstanceNotAsked(endpoint.clone()))
        .collect()
}

/// Since when, a sentence, and what about it is weak; or what is missing.
fn denial(
    record: &TargetRecord,
    standing: &Standing,
    Scale { policy, now, reopened }: Scale<'_>,
) -> Result<(Timestamp, String, Option<Weakness>), Missing> {
    let target = record.target.clone();
    let Standing::Denied { first, last, count, vantages, weakness } = standing else {
        return Err(Missing::NoAnswer(target, record.doubt.as_ref().map(|(_, d)| d.clone())));
    };
    let proof = &policy.proof;
    let spread = last.duration_since(*first);
    // With the issuer's own word that it is over, one denial since then is enough.
    let receipt = record.final_receipt().filter(|receipt| receipt.at <= *last);
    let is_confirmed = *count >= proof.confirmations && spread >= proof.spread;
    if !is_confirmed && receipt.is_none() {
        let due = later(*first, proof.spread);
        return Err(Missing::Confirmations {
            target,
            have: (*count).min(proof.confirmations - 1),
            need: proof.confirmations,
            due,
        });
    }
    if now.duration_since(*last) > proof.freshness {
        return Err(Missing::Stale(target, *last));
    }
    if let Some(reopened) = reopened.filter(|reopened| last < reopened) {
        return Err(Missing::NotSinceReopened(target, reopened));
    }
    if *vantages < proof.vantages {
        return Err(Missing::Vantages { have: *vantages, need: proof.vantages });
    }
    let clause = record
        .answers
        .last()
        .and_then(|(_, verdict)| verdict.observation())
        .map_or(String::new(), |seen| format!(" ({})", seen.sentence()));
    let revoked = receipt.map_or(String::new(), |receipt| {
        format!("; it had revoked it at {} ({})", receipt.at, receipt.sentence())
    });
    let sentence = format!(
        "{target} ({}) denied it {} from {first} to {last}{clause}{revoked}",
        record.binding_text(),
        times(*count as u64)
    );
    let last_seen = record.answers.last().and_then(|(_, verdict)| verdict.observation());
    let is_beside = last_seen.is_some_and(|seen| seen.known_good);
    let lacking = (proof.known_good && !is_beside).then_some(Weakness::NoKnownGood);
    Ok((*first, sentence, lacking.max(*weakness)))
}

/// `at` plus `span`, or the end of time.
pub(crate) fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
