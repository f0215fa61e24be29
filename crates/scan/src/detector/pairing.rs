//! Finds the other parts of a multi-part credential near its main match.

use super::matcher::{Match, Matcher};
use quietus_model::{CompanionRule, Rule};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// How many candidates of one part are worth asking an issuer about.
const CANDIDATES: usize = 3;

/// What a line between two parts counts, in bytes of distance: parts of one block belong together
/// however long their lines are.
const LINE: usize = 32;

/// What standing before the match counts: most files name the id first.
const BEFORE: usize = 16;

/// What another match between the two counts: more than any distance a rule may ask for.
const STRANGER: usize = 1 << 20;

/// How many candidates on either side of a match are looked at: a file of nothing but ids and
/// secrets must not cost the square of its length.
const LOOKED_AT: usize = 16;

/// A place of a part, and how far it is from its match.
type Near = (usize, Range<usize>);

/// For every match, and in it for every companion of the rule: where it stands, best first.
///
/// A credential that is keyed on a companion takes it away from the other matches, nearest first:
/// two ids cannot share one secret. `matches` are in the order of their places.
pub(super) fn pair(
    bytes: &[u8],
    rule: &Rule,
    matcher: &Matcher,
    matches: &[Match],
    worth: impl Fn(&Range<usize>, &CompanionRule) -> bool,
) -> Vec<Vec<Vec<Range<usize>>>> {
    let mut all = vec![Vec::with_capacity(rule.companions.len()); matches.len()];
    for (index, companion) in rule.companions.iter().enumerate() {
        let mut candidates: Vec<Range<usize>> = windows(matches, companion.within, bytes.len())
            .into_iter()
            .flat_map(|window| matcher.companion(index, bytes, window))
            .filter(|span| worth(span, companion))
            .collect();
        candidates.sort_by_key(|span| (span.start, span.end));
        candidates.dedup();
        let mut scored: Vec<Vec<Near>> = (0..matches.len())
            .map(|at| nearest(bytes, matches, at, &candidates, companion.within))
            .collect();
        if companion.name == "secret" {
            assign(&mut scored);
        }
        for (of_match, near) in all.iter_mut().zip(scored) {
            of_match.push(near.into_iter().map(|(_, span)| span).collect());
        }
    }
    all
}

fn windows(matches: &[Match], within: usize, len: usize) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for one in matches {
        let start = one.span.start.saturating_sub(within);
        let end = one.span.end.saturating_add(within).min(len);
        match windows.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}

/// The best candidates for one match.
fn nearest(
    bytes: &[u8],
    matches: &[Match],
    at: usize,
    candidates: &[Range<usize>],
    within: usize,
) -> Vec<Near> {
    let one = stated(&matches[at]);
    let middle = candidates.partition_point(|span| span.start < one.start);
    let around = middle.saturating_sub(LOOKED_AT)..(middle + LOOKED_AT).min(candidates.len());
    let is_near = |span: &&Range<usize>| {
        !overlap(span, one)
            && span.start + within >= one.start
            && span.start < one.end.saturating_add(within)
    };
    let mut near: Vec<Near> = candidates[around]
        .iter()
        .filter(is_near)
        .map(|span| (distance(bytes, matches, at, span), span.clone()))
        .collect();
    near.sort_by_key(|(score, span)| (*score, span.start));
    near.truncate(CANDIDATES);
    near
}

/// Puts the secret that a match is keyed on first, and takes it from the others.
fn assign(scored: &mut [Vec<Near>]) {
    let mut offers: Vec<(usize, usize, Range<usize>)> = scored
        .iter()
        .enumerate()
        .flat_map(|(at, near)| near.iter().map(move |(score, span)| (*score, at, span.clone())))
        .collect();
    offers.sort_by_key(|(score, at, span)| (*score, *at, span.start));
    let mut mine: HashMap<usize, Range<usize>> = HashMap::new();
    let mut taken: HashSet<Range<usize>> = HashSet::new();
    for (_, at, span) in offers {
        if !mine.contains_key(&at) && taken.insert(span.clone()) {
            mine.insert(at, span);
        }
    }
    for (at, near) in scored.iter_mut().enumerate() {
        match mine.get(&at) {
            Some(mine) => near.sort_by_key(|(score, span)| (span != mine, *score, span.start)),
            None => near.clear(),
        }
    }
}

fn distance(bytes: &[u8], matches: &[Match], at: usize, span: &Range<usize>) -> usize {
    let one = stated(&matches[at]);
    let is_before = span.end <= one.start;
    let between = if is_before { span.end..one.start } else { one.end..span.start };
    let first = matches.partition_point(|found| found.span.end <= between.start);
    let last = matches.partition_point(|found| found.span.start < between.end);
    let strangers = last.saturating_sub(first) - usize::from((first..last).contains(&at));
    let lines = bytes[between.clone()].iter().filter(|byte| **byte == b'\n').count();
    between.len() + lines * LINE + usize::from(is_before) * BEFORE + strangers * STRANGER
}

/// What the match is there for: a part may well stand within the rest of it, before the secret.
fn stated(one: &Match) -> &Range<usize> {
    one.secret.as_ref().or(one.id.as_ref()).unwrap_or(&one.span)
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
