//! The detector: bytes in, detections out, with no idea of files or git.

mod anchors;
mod code;
pub(crate) mod comments;
mod decode;
mod examine;
mod judge;
mod literal;
mod matcher;
mod outlines;
mod pairing;
pub(crate) mod placeholder;
mod sift;
mod spelled;
mod table;
mod trace;
mod window;
mod words;

use crate::RuleProblem;
use anchors::{Anchors, Occurrence};
use examine::Examiner;
pub(crate) use judge::Evidence;
use literal::Literals;
pub(crate) use literal::{is_distinct, is_plain};
use matcher::Matcher;
use outlines::Outlines;
use quietus_model::{
    Comments, Companion, Confidence, Fact, Fingerprint, FingerprintKey, Offline, Rule, RuleId,
    RuleSet, Secret,
};
use quietus_odb::Copied;
pub(crate) use quietus_pattern::parse;
use quietus_unpack::{Span, may_hold, spans_by};
use sift::Dummies;
pub(crate) use spelled::Said;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
pub(crate) use trace::{Carry, LINE_LIMIT, Trace};
use trace::{Kept, Outcome, Seen, Window};

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
    /// What the secret says, where it is spelled in the way of its place. The secret is named by it.
    pub(crate) said: Option<Said>,
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
    /// What speaks for it, when no format does or its value is doubtful.
    pub(crate) evidence: Option<Evidence>,
    /// Facts read from its bytes.
    pub decoded: Vec<Fact>,
    /// The inline comments that say that it is meant to be there.
    pub allowed_inline: Comments,
}

impl Detection {
    /// Whether its rule knows a format, and not only a name or a syntax round any value.
    pub(crate) fn has_format(&self) -> bool {
        self.rule.judge.is_none() && self.rule.precedence > code::BROAD
    }

    /// What all spellings of the secret have in common.
    pub fn canonical(&self) -> &Secret {
        self.said.as_ref().map_or(&self.secret, |said| &said.secret)
    }

    /// What the bytes say by themselves at `now`.
    pub fn offline_at(&self, now: jiff::Timestamp) -> Offline {
        match (self.offline, self.expires) {
            (said @ (Offline::Dummy | Offline::Canary | Offline::ChecksumFailed), _) => said,
            (_, Some(at)) if at < now => Offline::Expired { at },
            (said, _) => said,
        }
    }
}

/// Finds credentials in bytes. Cheap to make: a rule's pattern is read when first needed.
#[derive(Debug)]
pub struct Detector {
    set: Arc<RuleSet>,
    anchors: Anchors,
    outlines: Arc<Outlines>,
    matchers: Vec<OnceLock<Result<Matcher, RuleProblem>>>,
    dummies: Dummies,
    shortest: usize,
    horizon: usize,
    /// What is sought by its bytes, beside what the rules see.
    literals: Option<Literals>,
}

impl Detector {
    /// A detector for `rules`.
    ///
    /// # Errors
    /// Every rule that has no anchor or whose pattern is not one. What only shows when a pattern
    /// is laid out (its size) shows in [`failed`](Self::failed); [`lint`](crate::lint()) finds all
    /// of it beforehand.
    pub fn new(rules: Arc<RuleSet>) -> Result<Self, Vec<RuleProblem>> {
        let mut problems = Vec::new();
        let (mut shortest, mut horizon) = (usize::MAX, LINE_LIMIT);
        for rule in rules.rules() {
            match matcher::check(&rules, rule) {
                Ok(sizes) => {
                    shortest = shortest.min(sizes.least);
                    horizon = horizon.max(sizes.horizon);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let outlines = Arc::new(Outlines::new(Arc::clone(&rules)));
        let anchors = Anchors::new(Arc::clone(&outlines));
        let anchors = anchors.map_err(|problem| vec![problem])?;
        let matchers = rules.rules().iter().map(|_| OnceLock::new()).collect();
        let dummies = Dummies::new(rules.rules());
        let literals = None;
        Ok(Self { set: rules, anchors, outlines, matchers, dummies, shortest, horizon, literals })
    }

    /// A detector that also finds these secrets by their own bytes.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when the secrets are too many or too long for a search. The
    /// problem names none of them.
    pub(crate) fn seeking(
        rules: Arc<RuleSet>,
        known: Vec<(Arc<Rule>, Secret)>,
    ) -> Result<Self, Vec<RuleProblem>> {
        let literals = Literals::new(known).map_err(|error| {
            let what = format!("known secrets cannot be looked for: {error}");
            let advice = "ask about fewer at once".to_owned();
            vec![RuleProblem { file: String::new(), rule: String::new(), what, advice }]
        })?;
        let plain = Self::new(rules)?;
        let shortest = plain.shortest.min(literals.shortest());
        let horizon = plain.horizon + literals.longest();
        Ok(Self { shortest, horizon, literals: Some(literals), ..plain })
    }

    /// The rules.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.set
    }

    /// Whether it looks for secrets that are known already, which are what they are in any bytes.
    pub(crate) fn seeks_known(&self) -> bool {
        self.literals.is_some()
    }

    /// The fingerprints of the secrets that are looked for, in their order.
    pub(crate) fn sought(&self, key: &FingerprintKey) -> Vec<Fingerprint> {
        self.literals.as_ref().map_or(Vec::new(), |literals| literals.fingerprints(key))
    }

    /// Every encoded stretch of a text.
    pub(crate) fn spans(&self, text: &[u8]) -> Vec<Span> {
        spans_by(text, &|steps, marks| self.anchors.mark_encoded(steps, marks))
    }

    /// Which of these parts of a text, which lie between borders, may hold an encoded stretch.
    pub(crate) fn may_hold_spans(&self, text: &[u8], parts: &[Range<usize>]) -> Vec<bool> {
        may_hold(text, parts, &|steps, marks| self.anchors.mark_encoded(steps, marks))
    }

    /// The least number of bytes that anything found has.
    pub(crate) fn shortest(&self) -> usize {
        self.shortest
    }

    /// How many bytes before and after a secret anything that is said of it may depend on.
    pub(crate) fn horizon(&self) -> usize {
        self.horizon
    }

    /// Rules that were needed and could not be run: what they would have found is unknown.
    pub fn failed(&self) -> Vec<RuleProblem> {
        self.matchers
            .iter()
            .filter_map(|cell| cell.get().and_then(|m| m.as_ref().err()).cloned())
            .collect()
    }

    /// Every credential in `bytes`, in the order of their places. Where rules overlap, the one of
    /// higher precedence stays, then the longer one, then the first by name.
    pub fn detect(&self, bytes: &[u8]) -> Vec<Detection> {
        let mut trace = Trace::default();
        self.trace(bytes, &mut trace);
        trace.detections().map(|(detection, _)| Detection::clone(&detection)).collect()
    }

    /// Every credential that any rule sees in `bytes`, those included that another rule outdoes.
    pub(crate) fn claims(&self, bytes: &[u8]) -> Vec<Arc<Detection>> {
        let mut trace = Trace::default();
        self.trace(bytes, &mut trace);
        let kept = |seen: Seen| match seen.outcome {
            Outcome::Kept(detection) => Some(detection),
            Outcome::Open | Outcome::Rejected => None,
        };
        trace.matches.into_iter().filter_map(kept).collect()
    }

    /// Looks at all of `bytes`; what `trace` held before is let go.
    pub(crate) fn trace(&self, bytes: &[u8], trace: &mut Trace) {
        trace.clear(bytes.len());
        self.anchors.look(bytes, std::iter::once(0..bytes.len()), &mut trace.cores);
        trace.cores.sort_unstable();
        trace.cores.dedup();
        for core in &trace.cores {
            self.anchors.admit(bytes, *core, &mut trace.occurrences);
        }
        self.follow(bytes, None, trace);
    }

    /// Looks only at what is new in `bytes` against those that `base` is the trace of. The outcome
    /// is that of [`trace`](Self::trace).
    pub(crate) fn retrace(&self, bytes: &[u8], base: &Trace, copies: &[Copied], trace: &mut Trace) {
        trace.clear(bytes.len());
        let carry = Carry { base, copies, len: bytes.len() };
        let Trace { cores, occurrences, .. } = trace;
        let new = carry.dirty(Anchors::REACH, Anchors::REACH);
        self.anchors.look(bytes, new, cores);
        for core in &*cores {
            self.anchors.admit(bytes, *core, occurrences);
        }
        carry.cores(&self.anchors, cores, |core| self.anchors.admit(bytes, core, occurrences));
        carry.occurrences(self.anchors.sight(), occurrences);
        self.follow(bytes, Some(carry), trace);
    }

    /// From anchors to what remains of their matches.
    fn follow(&self, bytes: &[u8], carry: Option<Carry<'_>>, trace: &mut Trace) {
        if trace.occurrences.is_empty() {
            return self.seek(bytes, trace);
        }
        let mut by_rule = trace.occurrences.clone();
        by_rule.sort_unstable();
        by_rule.dedup();
        for of_rule in by_rule.chunk_by(|a, b| a.rule == b.rule) {
            self.match_rule(bytes, of_rule, carry, trace);
        }
        by_rule.sort_unstable_by_key(|one| (one.start, one.end, one.rule));
        trace.occurrences = by_rule;
        resolve(trace);
        self.seek(bytes, trace);
    }

    /// Adds what is sought by its bytes, which nothing outdoes and nothing carries over.
    fn seek(&self, bytes: &[u8], trace: &mut Trace) {
        if let Some(literals) = &self.literals {
            literals.seek(bytes, trace);
        }
    }

    fn match_rule(
        &self,
        bytes: &[u8],
        of_rule: &[Occurrence],
        carry: Option<Carry<'_>>,
        trace: &mut Trace,
    ) {
        let number = of_rule[0].rule;
        let rule = &self.set.rules()[number as usize];
        let matcher = self.matchers[number as usize].get_or_init(|| {
            let outline = self.outlines.of(number as usize);
            Matcher::new(&self.set, rule, outline)
        });
        let Ok(matcher) = matcher else { return };
        let is_alone = rule.companions.is_empty();
        let first = trace.matches.len();
        for window in window::merge(of_rule, matcher.reach(), bytes.len()) {
            let before = trace.matches.len() as u32;
            match carry.as_ref().and_then(|carry| carry.window(number, &window)) {
                Some((part, seen)) => trace
                    .matches
                    .extend(seen.iter().map(|seen| part.carried(seen, bytes, is_alone))),
                None => {
                    trace.matches.extend(
                        matcher.matches(bytes, window.clone(), of_rule).into_iter().map(Seen::new),
                    );
                }
            }
            let matches = before..trace.matches.len() as u32;
            let Range { start, end } = window;
            trace.windows.push(Window { rule: number, start, end, matches });
        }
        self.examine_rule(bytes, rule, matcher, &mut trace.matches[first..]);
    }

    fn examine_rule(
        &self,
        bytes: &[u8],
        rule: &Arc<Rule>,
        matcher: &Matcher,
        matches: &mut [Seen],
    ) {
        let examiner = Examiner { bytes, dummies: &self.dummies };
        let outcome = |detection: Option<Detection>| match detection {
            Some(detection) => Outcome::Kept(Arc::new(detection)),
            None => Outcome::Rejected,
        };
        if rule.companions.is_empty() {
            for seen in matches.iter_mut().filter(|seen| matches!(seen.outcome, Outcome::Open)) {
                seen.outcome = outcome(examiner.alone(rule, &seen.one));
            }
        } else if !matches.is_empty() {
            // Parts may stand anywhere near, and belong to the nearest of several matches.
            let all: Vec<_> = matches.iter().map(|seen| seen.one.clone()).collect();
            for (seen, detection) in matches.iter_mut().zip(examiner.examine(rule, matcher, &all)) {
                seen.outcome = outcome(detection);
            }
        }
    }
}

/// Of detections that claim the same bytes, keeps the best one, and the names of the other rules
/// with it.
fn resolve(trace: &mut Trace) {
    let mut found: Vec<(u32, Range<usize>, usize, &Detection)> = (0u32..)
        .zip(&trace.matches)
        .filter_map(|(number, seen)| {
            let Outcome::Kept(detection) = &seen.outcome else { return None };
            let start = seen.one.span.start;
            Some((number, detection.secret_span_at(start), start, &**detection))
        })
        .collect();
    found.sort_by(|(_, a_at, a_start, a), (_, b_at, b_start, b)| {
        let rank = |d: &Detection| (std::cmp::Reverse(d.rule.precedence), d.missing.len());
        let length = |at: &Range<usize>| std::cmp::Reverse(at.len());
        rank(a)
            .cmp(&rank(b))
            .then_with(|| length(a_at).cmp(&length(b_at)))
            .then_with(|| a.rule.id.cmp(&b.rule.id))
            .then_with(|| a_at.start.cmp(&b_at.start))
            .then_with(|| a_start.cmp(b_start))
    });
    // Kept spans never overlap, so that the neighbours by start are the only ones to look at.
    let mut taken: BTreeMap<usize, (usize, &Detection, Kept)> = BTreeMap::new();
    for (number, Range { start, end }, _, detection) in found {
        let before = taken.range_mut(..end).rev();
        let mut is_free = true;
        for (_, (_, winner, kept)) in before.take_while(|(_, (taken, ..))| *taken > start) {
            is_free = false;
            note(detection, winner, &mut kept.others);
        }
        if is_free {
            taken.insert(start, (end, detection, Kept { number, others: Vec::new() }));
        }
    }
    trace.kept = taken.into_values().map(|(_, _, kept)| kept).collect();
}

/// Notes the rule of a detection that `winner` outdid, in the order of names and once.
fn note(loser: &Detection, winner: &Detection, others: &mut Vec<RuleId>) {
    if loser.rule.id == winner.rule.id {
        return;
    }
    if let Err(at) = others.binary_search(&loser.rule.id) {
        others.insert(at, loser.rule.id.clone());
    }
}

#[cfg(test)]
mod assigned;
#[cfg(test)]
mod brute;
#[cfg(test)]
mod tests;
