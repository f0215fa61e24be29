//! The detector: bytes in, detections out, with no idea of files or git.

mod code;
mod decode;
mod examine;
mod matcher;
mod pairing;
pub(crate) mod placeholder;
mod sift;
mod window;
mod words;

use crate::RuleProblem;
use examine::Examiner;
use matcher::Matcher;
pub(crate) use matcher::{compile, parse};
use quietus_model::{Companion, Confidence, Fact, Offline, Rule, RuleSet, Secret};
use sift::Dummies;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use window::Anchors;

/// One credential in a byte string.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The rule that recognised it.
    pub rule: Arc<Rule>,
    /// Where the rule's whole pattern matched.
    pub span: Range<usize>,
    /// Where the secret stands; a companion's place when the credential is keyed on a companion.
    pub secret_span: Range<usize>,
    /// What the credential is keyed on: its secret, or its public id while the secret is missing.
    pub secret: Secret,
    /// The other parts, nearest first where several candidates were found.
    pub parts: Vec<Companion>,
    /// Required parts that were not found.
    pub missing: Vec<String>,
    /// What the bytes say by themselves; an expiry is judged by
    /// [`offline_at`](Detection::offline_at).
    pub offline: Offline,
    /// When it expires by its own words.
    pub expires: Option<jiff::Timestamp>,
    /// How likely it is a credential at all.
    pub confidence: Confidence,
    /// Facts read from its bytes.
    pub decoded: Vec<Fact>,
    /// A `quietus:allow` comment stands on its line.
    pub allowed_inline: bool,
}

impl Detection {
    /// What the bytes say by themselves at `now`.
    pub fn offline_at(&self, now: jiff::Timestamp) -> Offline {
        match (self.offline, self.expires) {
            (said @ (Offline::Dummy | Offline::Canary | Offline::ChecksumFailed), _) => said,
            (_, Some(at)) if at < now => Offline::Expired { at },
            (said, _) => said,
        }
    }
}

/// Finds credentials in bytes. Cheap to make: a rule's pattern is compiled when first needed.
#[derive(Debug)]
pub struct Detector {
    set: Arc<RuleSet>,
    anchors: Anchors,
    matchers: Vec<OnceLock<Result<Matcher, RuleProblem>>>,
    dummies: Dummies,
}

impl Detector {
    /// A detector for `rules`.
    ///
    /// # Errors
    /// Every rule that has no anchor or whose pattern is not one. What only shows when a pattern
    /// is compiled (its size) shows in [`failed`](Self::failed); [`lint`](crate::lint()) finds all
    /// of it beforehand.
    pub fn new(rules: Arc<RuleSet>) -> Result<Self, Vec<RuleProblem>> {
        let problems: Vec<_> =
            rules.rules().iter().filter_map(|rule| matcher::check(rule).err()).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let anchors = Anchors::new(rules.rules()).map_err(|problem| vec![problem])?;
        let matchers = rules.rules().iter().map(|_| OnceLock::new()).collect();
        let dummies = Dummies::new(rules.rules());
        Ok(Self { set: rules, anchors, matchers, dummies })
    }

    /// The rules.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.set
    }

    /// Rules that were needed and could not be compiled: what they would have found is unknown.
    pub fn failed(&self) -> Vec<RuleProblem> {
        self.matchers
            .iter()
            .filter_map(|cell| cell.get().and_then(|m| m.as_ref().err()).cloned())
            .collect()
    }

    /// Every credential in `bytes`, in the order of their places. Where rules overlap, the one of
    /// higher precedence stays, then the longer one, then the first by name.
    pub fn detect(&self, bytes: &[u8]) -> Vec<Detection> {
        let occurrences = self.anchors.find(bytes);
        if occurrences.is_empty() {
            return Vec::new();
        }
        let examiner = Examiner { bytes, dummies: &self.dummies };
        let mut found = Vec::new();
        for of_rule in occurrences.chunk_by(|a, b| a.rule == b.rule) {
            let index = of_rule[0].rule as usize;
            let rule = &self.set.rules()[index];
            let matcher = self.matchers[index].get_or_init(|| Matcher::new(rule));
            let Ok(matcher) = matcher else { continue };
            let windows = window::merge(of_rule, matcher.reach(), bytes.len());
            let matches: Vec<_> =
                windows.into_iter().flat_map(|window| matcher.matches(bytes, window)).collect();
            found.extend(examiner.examine(rule, matcher, &matches));
        }
        resolve(found)
    }
}

/// Of detections that claim the same bytes, keeps the best one.
fn resolve(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| {
        let rank = |d: &Detection| (std::cmp::Reverse(d.rule.precedence), d.missing.len());
        let length = |d: &Detection| std::cmp::Reverse(d.secret_span.len());
        rank(a)
            .cmp(&rank(b))
            .then_with(|| length(a).cmp(&length(b)))
            .then_with(|| a.rule.id.cmp(&b.rule.id))
            .then_with(|| a.secret_span.start.cmp(&b.secret_span.start))
            .then_with(|| a.span.start.cmp(&b.span.start))
    });
    // Kept spans never overlap, so that the neighbours by start are the only ones to look at.
    let mut taken = std::collections::BTreeMap::new();
    found.retain(|detection| {
        let Range { start, end } = detection.secret_span;
        let before = taken.range(..end).next_back();
        if before.is_some_and(|(_, taken_end)| *taken_end > start) {
            return false;
        }
        taken.insert(start, end);
        true
    });
    found.sort_by_key(|detection| (detection.secret_span.start, detection.secret_span.end));
    found
}

#[cfg(test)]
mod tests;
