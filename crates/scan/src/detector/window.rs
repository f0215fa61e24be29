//! Where a rule has to look: around its anchors, and nowhere else.

use crate::RuleProblem;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use quietus_model::Rule;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// All anchors of all rules in one automaton.
///
/// It ignores case for all of them and looks at the case afterwards where a rule asks for it: one
/// pass over the bytes costs far more than a few comparisons.
#[derive(Debug)]
pub(super) struct Anchors {
    automaton: AhoCorasick,
    /// For each pattern of the automaton: the rules that wait for it.
    wanted: Vec<Vec<Wanted>>,
}

/// A rule that waits for an anchor.
#[derive(Debug)]
struct Wanted {
    rule: u32,
    /// The bytes that must stand there, where case matters.
    exact: Option<Box<[u8]>>,
}

/// One anchor of one rule in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub(super) rule: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Anchors {
    pub(super) fn new(rules: &[Arc<Rule>]) -> Result<Self, RuleProblem> {
        let mut by_text: BTreeMap<Vec<u8>, Vec<Wanted>> = BTreeMap::new();
        for (rule, of) in (0u32..).zip(rules) {
            for anchor in &of.anchors {
                let exact = (!of.anchors_any_case).then(|| anchor.as_bytes().into());
                by_text
                    .entry(anchor.to_ascii_lowercase().into())
                    .or_default()
                    .push(Wanted { rule, exact });
            }
        }
        let (texts, wanted): (Vec<_>, Vec<_>) = by_text.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&texts)
            .map_err(|error| RuleProblem {
                file: String::new(),
                rule: String::new(),
                what: format!("the anchors of all rules together are too many: {error}"),
                advice: "use fewer or shorter anchors".into(),
            })?;
        Ok(Self { automaton, wanted })
    }

    /// Every anchor in `bytes`, by rule, then by place.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<Occurrence> {
        let mut found = Vec::new();
        for hit in self.automaton.find_overlapping_iter(bytes) {
            for Wanted { rule, exact } in &self.wanted[hit.pattern().as_usize()] {
                if exact.as_ref().is_none_or(|exact| **exact == bytes[hit.range()]) {
                    found.push(Occurrence { rule: *rule, start: hit.start(), end: hit.end() });
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// The ranges in which a rule of this reach has to look; those that touch become one.
pub(super) fn merge(of_rule: &[Occurrence], reach: usize, len: usize) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for Occurrence { start, end, .. } in of_rule {
        let start = start.saturating_sub(reach);
        let end = end.saturating_add(reach).min(len);
        match windows.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}
