//! A rule's pattern, ready to run, and its matches inside a window.

use super::anchors::Occurrence;
use super::{judge, table};
use crate::RuleProblem;
use quietus_model::{Judge, Lengths, Rule, RuleSet};
use quietus_pattern::{Begins, Groups, Outline, Program};
use std::ops::Range;
use std::sync::Arc;

/// How far beyond its window a companion may go on: past the longest line of a key file.
const COMPANION_TAIL: usize = 4096;

#[derive(Debug)]
pub(super) struct Matcher {
    pattern: Program,
    /// Every match begins with an anchor, and the pattern is only tried there.
    begins: bool,
    /// Every match begins with a name that must promise a secret, or it is none.
    is_named: bool,
    /// What it matches is the head of a column, and the values stand below.
    heads_column: bool,
    parts: Parts,
    reach: usize,
    bounded: bool,
    companions: Vec<Program>,
}

/// Which groups of a pattern are what.
#[derive(Debug)]
struct Parts {
    secret: Option<usize>,
    id: Option<usize>,
    body: Option<usize>,
    check: Option<usize>,
    /// The others that have a name.
    parts: Vec<(Arc<str>, usize)>,
}

impl Parts {
    fn new(pattern: &Program) -> Self {
        let mut groups =
            Self { secret: None, id: None, body: None, check: None, parts: Vec::new() };
        for (index, name) in pattern.group_names().enumerate() {
            match name {
                None => {}
                Some("secret") => groups.secret = Some(index),
                Some("id") => groups.id = Some(index),
                Some("body") => groups.body = Some(index),
                Some("check") => groups.check = Some(index),
                Some(name) => groups.parts.push((Arc::from(name), index)),
            }
        }
        groups
    }

    /// A match with its groups, in bytes that stand at `from`.
    fn spans(&self, groups: &Groups, from: usize) -> Match {
        let moved = |at: Range<usize>| at.start + from..at.end + from;
        let get = |index: usize| groups.group(index).map(moved);
        let group = |index: Option<usize>| index.and_then(get);
        Match {
            span: moved(groups.whole()),
            secret: group(self.secret),
            id: group(self.id),
            body: group(self.body),
            check: group(self.check),
            parts: self
                .parts
                .iter()
                .filter_map(|(name, index)| Some((Arc::clone(name), get(*index)?)))
                .collect(),
        }
    }
}

/// Where one match and its groups stand.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) span: Range<usize>,
    pub(super) secret: Option<Range<usize>>,
    pub(super) id: Option<Range<usize>>,
    pub(super) body: Option<Range<usize>>,
    pub(super) check: Option<Range<usize>>,
    pub(super) parts: Vec<(Arc<str>, Range<usize>)>,
}

impl Match {
    /// A match without groups.
    pub(super) fn of(span: Range<usize>) -> Self {
        Self { span, secret: None, id: None, body: None, check: None, parts: Vec::new() }
    }

    /// The same match where the bytes at `source` stand at `target`.
    pub(super) fn moved(&self, source: usize, target: usize) -> Self {
        let range = |span: &Range<usize>| span.start - source + target..span.end - source + target;
        let optional = |span: &Option<Range<usize>>| span.as_ref().map(range);
        Self {
            span: range(&self.span),
            secret: optional(&self.secret),
            id: optional(&self.id),
            body: optional(&self.body),
            check: optional(&self.check),
            parts: self.parts.iter().map(|(name, span)| (Arc::clone(name), range(span))).collect(),
        }
    }
}

/// A pattern by another engine than ours, for tests to compare them.
#[cfg(test)]
pub(super) fn compile(pattern: &str) -> regex::bytes::Regex {
    let compiled = regex::bytes::RegexBuilder::new(pattern).unicode(false).build();
    compiled.unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// The program of a pattern, which is made unless it is known.
fn program(rules: &RuleSet, pattern: &str) -> Result<Program, String> {
    let known = rules.program(pattern).and_then(|known| Program::read(known).ok());
    known.map_or_else(|| Program::new(pattern), Ok)
}

/// The quick check of a rule that a detector makes for all of them: what would otherwise make it
/// find nothing without a word.
pub(super) fn check(rules: &RuleSet, rule: &Rule) -> Result<Sizes, RuleProblem> {
    let problem = |what: String, advice: &str| RuleProblem {
        file: String::new(),
        rule: rule.id.to_string(),
        what,
        advice: advice.into(),
    };
    if rule.anchors.iter().all(String::is_empty) || rule.anchors.iter().any(String::is_empty) {
        let what = "it has no anchor, or an empty one".to_owned();
        return Err(problem(what, "name a text that stands in every match"));
    }
    let sizes = lengths(rules, &rule.pattern)
        .map_err(|error| problem(format!("its pattern cannot be read: {error}"), "correct it"))?;
    if rule.reach.is_none() && sizes.greatest.is_none() {
        let what = "its pattern has no greatest length and it names no `reach`".to_owned();
        return Err(problem(what, "set `reach`, or give every repetition an upper bound"));
    }
    for companion in &rule.companions {
        lengths(rules, &companion.pattern).map_err(|error| {
            let what = format!("the pattern of companion {}: {error}", companion.name);
            problem(what, "correct it")
        })?;
    }
    let reach = rule.reach.unwrap_or(0).max(sizes.greatest.unwrap_or(0));
    let parts = rule.companions.iter().map(|companion| companion.within + COMPANION_TAIL);
    Ok(Sizes {
        least: sizes.least,
        horizon: 2 * reach + parts.max().unwrap_or(0) + super::LINE_LIMIT,
    })
}

/// How long the matches of a pattern are, which is read unless that is known.
fn lengths(rules: &RuleSet, pattern: &str) -> Result<Lengths, String> {
    if let Some(known) = rules.lengths(pattern) {
        return Ok(known);
    }
    quietus_pattern::parse(pattern).map(|pattern| quietus_pattern::lengths(&pattern))
}

/// How large the matches of a rule are, in bytes.
pub(super) struct Sizes {
    /// The least that a match has.
    pub(super) least: usize,
    /// How far from a secret anything may stand that decides about it.
    pub(super) horizon: usize,
}

/// How many bytes round an anchor a rule has to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) before: usize,
    pub(super) after: usize,
}

impl Matcher {
    /// `outline` is that of `rule`, which is one of `rules`, if its pattern can be read.
    pub(super) fn new(
        rules: &RuleSet,
        rule: &Rule,
        outline: Option<&Outline>,
    ) -> Result<Self, RuleProblem> {
        let problem = |what: String| RuleProblem {
            file: String::new(),
            rule: rule.id.to_string(),
            what,
            advice: "simplify it".into(),
        };
        let longest = outline.and_then(|outline| outline.greatest);
        let begins = longest.is_some() && outline.is_some_and(|one| one.begins_with_anchor);
        let heads_column = rule.judge == Some(Judge::Column);
        let is_assigned = (heads_column || rule.judge == Some(Judge::Assigned))
            && outline.is_some_and(|outline| outline.begins_with_name);
        let pattern =
            program(rules, &rule.pattern).map_err(|e| problem(format!("its pattern: {e}")))?;
        let companions = rule.companions.iter().map(|companion| {
            program(rules, &companion.pattern)
                .map_err(|e| problem(format!("its companion {}: {e}", companion.name)))
        });
        Ok(Self {
            parts: Parts::new(&pattern),
            is_named: begins && is_assigned,
            heads_column,
            reach: rule.reach.unwrap_or(0).max(longest.unwrap_or(0)),
            bounded: longest.is_some(),
            begins,
            companions: companions.collect::<Result<_, _>>()?,
            pattern,
        })
    }

    /// How many bytes before and after an anchor a match may go. A window is wider than that by
    /// the anchor itself, so that a match which holds the anchor never touches its edge, and `\b`
    /// and `$` see what really follows.
    pub(super) fn reach(&self) -> Reach {
        let before = match (self.begins, self.is_named) {
            _ if self.heads_column => self.reach,
            (true, true) => judge::LONGEST_NAME,
            (true, false) => 0,
            (false, _) => self.reach,
        };
        Reach { before, after: self.reach }
    }

    /// Every match inside `window`, as if all of `bytes` had been searched. `anchors` are those of
    /// this rule that stand in it, by place.
    ///
    /// A match that is cut by an edge of the window is no match: by the rule's own word about its
    /// reach it does not hold the anchor that the window was opened for.
    pub(super) fn matches(
        &self,
        bytes: &[u8],
        window: Range<usize>,
        anchors: &[Occurrence],
    ) -> Vec<Match> {
        if self.begins {
            return self.matches_at(bytes, &window, anchors);
        }
        let mut found = Vec::new();
        let haystack = &bytes[..window.end];
        let mut at = window.start;
        while let Some(groups) = self.pattern.find(haystack, at, Begins::Anywhere) {
            let whole = groups.whole();
            let cut_after = whole.end == window.end && window.end < bytes.len();
            let cut_before = !self.bounded && whole.start == window.start && window.start > 0;
            if !whole.is_empty() && !cut_after && !cut_before {
                found.push(self.parts.spans(&groups, 0));
            }
            at = if whole.is_empty() { whole.end + 1 } else { whole.end };
            if at > haystack.len() {
                break;
            }
        }
        found
    }

    /// Every match begins where an anchor does: what is searched for from there on needs not be
    /// searched for anywhere else.
    fn matches_at(
        &self,
        bytes: &[u8],
        window: &Range<usize>,
        anchors: &[Occurrence],
    ) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        let from = anchors.partition_point(|one| one.start < window.start);
        let mut at = window.start;
        for Occurrence { start, end, .. } in &anchors[from..] {
            let (start, end) = (*start, *end);
            if start >= window.end {
                break;
            }
            if start < at || self.is_named && !judge::promises(bytes, start..end) {
                continue;
            }
            if self.heads_column && !table::may_head(bytes, start, self.reach) {
                continue;
            }
            let text = &bytes[start..window.end];
            let Some(groups) = self.pattern.find(text, 0, Begins::Here) else { continue };
            let whole = groups.whole();
            at = start + whole.end;
            let cut_after = at == window.end && window.end < bytes.len();
            if whole.is_empty() || cut_after {
                continue;
            }
            let one = self.parts.spans(&groups, start);
            if self.heads_column {
                found.extend(self.column(bytes, &one));
                continue;
            }
            // `password = ${DB_PASSWORD:-…}`: a reference hides no default that stands in it.
            let secret = one.secret.clone().filter(|_| self.is_named);
            if let Some(secret) = secret.filter(|at| judge::is_lookup(&bytes[at.clone()])) {
                at = secret.start;
            }
            found.push(one);
        }
        found
    }

    /// A match for each value of the column that `head` is the head of.
    fn column(&self, bytes: &[u8], head: &Match) -> Vec<Match> {
        let name = head.parts.iter().find(|(name, _)| &**name == "name");
        let name = name.map_or(head.span.clone(), |(_, at)| at.clone());
        let below = table::column(bytes, &name, self.reach.saturating_sub(name.len()));
        let value = |at: Range<usize>| Match {
            span: head.span.start..at.end,
            secret: Some(at),
            ..head.clone()
        };
        below.into_iter().filter(|at| !at.is_empty()).map(value).collect()
    }

    /// Every place where companion `index` stands and begins inside `window`.
    pub(super) fn companion(
        &self,
        index: usize,
        bytes: &[u8],
        window: Range<usize>,
    ) -> Vec<Range<usize>> {
        let Some(pattern) = self.companions.get(index) else { return Vec::new() };
        let end = window.end.saturating_add(COMPANION_TAIL).min(bytes.len());
        let mut found = Vec::new();
        let mut at = window.start;
        while let Some(groups) = pattern.find(&bytes[..end], at, Begins::Anywhere) {
            let whole = groups.whole();
            let secret = pattern.group_names().position(|name| name == Some("secret"));
            let secret = secret.and_then(|secret| groups.group(secret));
            let part = secret.or_else(|| groups.group(1)).unwrap_or(whole.clone());
            if part.start >= window.end {
                break;
            }
            if !part.is_empty() && (whole.end < end || end == bytes.len()) {
                found.push(part);
            }
            at = whole.end.max(at + 1);
            if at > end {
                break;
            }
        }
        found
    }
}
