//! What a rule's pattern says before it is run: how long its matches are, and what stands round its
//! anchors; and the pattern as a [`Program`] that runs as it is read.
//!
//! To find that out takes longer than to look at a few files, so that it is done for the rules that
//! ship when they are built: an [`Outline`] can be written down and read back.

mod around;
mod program;

use around::{Around, Step};
pub use around::{EDGE, Set, Times};
pub use program::{Begins, Groups, Program};

use quietus_model::{Digest, Lengths, Rule};
use regex_syntax::hir::{Hir, HirKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Reads a pattern as the rules write it: over bytes, without Unicode.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|error| error.to_string())
}

/// How long the matches of a pattern are.
pub fn lengths(pattern: &Hir) -> Lengths {
    let properties = pattern.properties();
    Lengths { least: properties.minimum_len().unwrap_or(0), greatest: properties.maximum_len() }
}

/// What the pattern of a rule says of its matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// The most bytes a match has, if there is a most.
    pub greatest: Option<usize>,
    /// Every match begins with an anchor, whatever stands before it.
    pub begins_with_anchor: bool,
    /// The first thing that a match takes is the group `name`.
    pub begins_with_name: bool,
    /// What stands round the anchors; none where the pattern does not tell.
    pub surroundings: Option<Surroundings>,
}

/// What stands round the anchors of a rule. A match always holds an anchor that one of these fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// The different sets of bytes.
    pub sets: Vec<Set>,
    /// The different sequences, outward from an anchor; a step is the number of its set, and how
    /// often.
    pub sequences: Vec<Vec<(u32, Times)>>,
    /// For an anchor of the rule, by its number, the numbers of what stands before and after it.
    pub gates: Vec<(u32, u32, u32)>,
}

impl Outline {
    /// What the pattern of `rule` says.
    ///
    /// # Errors
    /// What is wrong with the pattern, and where.
    pub fn of(rule: &Rule) -> Result<Self, String> {
        let hir = parse(&rule.pattern)?;
        let around = around::derive(rule, &hir);
        let is_first = |around: &Vec<Around>| around.iter().all(|one| one.before.is_empty());
        let looks_back = !hir.properties().look_set_prefix_any().is_empty();
        Ok(Self {
            greatest: hir.properties().maximum_len(),
            begins_with_anchor: !looks_back && around.as_ref().is_some_and(is_first),
            begins_with_name: begins_with_name(&hir),
            surroundings: around.map(Surroundings::new),
        })
    }

    /// The name of what an outline hangs on: the pattern and the anchors of `rule`.
    pub fn key(rule: &Rule) -> Digest {
        let case = [u8::from(rule.anchors_any_case)];
        let anchors = rule.anchors.iter().map(String::as_bytes);
        Digest::of_parts([rule.pattern.as_bytes(), &case].into_iter().chain(anchors))
    }

    /// In bytes, for [`read`](Self::read).
    ///
    /// # Errors
    /// None that anybody has met.
    pub fn write(&self) -> Result<Vec<u8>, String> {
        postcard::to_allocvec(self).map_err(|error| error.to_string())
    }

    /// What was [written](Self::write) by the same version.
    ///
    /// # Errors
    /// When it was not.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        postcard::from_bytes(bytes).map_err(|error| error.to_string())
    }
}

/// Gives what is the same one number.
struct Numbered<T>(BTreeMap<T, u32>);

impl<T: Ord + Clone> Numbered<T> {
    fn number(&mut self, one: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(one).or_insert(next)
    }

    fn in_order(self) -> Vec<T> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by_key(|(_, number)| *number);
        all.into_iter().map(|(one, _)| one).collect()
    }
}

impl Surroundings {
    fn new(around: Vec<Around>) -> Self {
        let mut sets = Numbered(BTreeMap::new());
        let mut sequences = Numbered(BTreeMap::new());
        let mut sequence = |steps: Vec<Step>| {
            let steps: Vec<_> =
                steps.into_iter().map(|step| (sets.number(step.set), step.times)).collect();
            sequences.number(steps)
        };
        let gates = around.into_iter().map(|Around { anchor, before, after }| {
            (anchor as u32, sequence(before), sequence(after))
        });
        let gates = gates.collect();
        Self { gates, sequences: sequences.in_order(), sets: sets.in_order() }
    }
}

/// Whether the first thing that a pattern takes is its group `name`.
fn begins_with_name(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => capture.name.as_deref() == Some("name"),
        HirKind::Concat(parts) => parts.first().is_some_and(begins_with_name),
        _ => false,
    }
}
