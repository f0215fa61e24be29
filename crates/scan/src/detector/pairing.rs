//! Finds the other parts of a multi-part credential near its main match.

use super::matcher::{Match, Matcher};
use quietus_model::{CompanionRule, Rule};
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

/// For every match, and in it for every companion of the rule: where it stands, best first.
///
/// A credential that is keyed on a companion takes it away from the other matches, nearest first:
/// two ids cannot share one secret.
pub(super) fn pair(
    bytes: &[u8],
    rule: &Rule,
    matcher: &Matcher,
    matches: &[Match],
    worth: impl Fn(&Range<usize>, &CompanionRule) -> bool,
) -> Vec<Vec<Vec<Range<usize>>>> {
    let mut all = vec![Vec::with_capacity(rule.companions.len()); matches.len()];
    for (index, companion) in rule.companions.iter().enumerate() {
        let mut scored: Vec<Vec<(usize, Range<usize>)>> = Vec::with_capacity(matches.len());
        for (at, one) in matches.iter().enumerate() {
            let window = one.span.start.saturating_sub(companion.within)
                ..one.span.end.saturating_add(companion.within).min(bytes.len());
            let mut near: Vec<_> = matcher
                .companion(index, bytes, window)
                .into_iter()
                .filter(|span| !overlap(span, &one.span) && worth(span, companion))
                .map(|span| (distance(bytes, matches, at, &span), span))
                .collect();
            near.sort_by_key(|(score, span)| (*score, span.start));
            near.truncate(CANDIDATES);
            scored.push(near);
        }
        if companion.name == "secret" {
            assign(&mut scored);
        }
        for (of_match, near) in all.iter_mut().zip(scored) {
            of_match.push(near.into_iter().map(|(_, span)| span).collect());
        }
    }
    all
}

/// Puts the secret that a match is keyed on first, and takes it from the others.
fn assign(scored: &mut [Vec<(usize, Range<usize>)>]) {
    let mut offers: Vec<(usize, usize, Range<usize>)> = scored
        .iter()
        .enumerate()
        .flat_map(|(at, near)| near.iter().map(move |(score, span)| (*score, at, span.clone())))
        .collect();
    offers.sort_by_key(|(score, at, span)| (*score, *at, span.start));
    let mut owner: Vec<(Range<usize>, usize)> = Vec::new();
    for (_, at, span) in offers {
        let served = owner.iter().any(|(_, owner)| *owner == at);
        let taken = owner.iter().any(|(owned, _)| overlap(owned, &span));
        if !served && !taken {
            owner.push((span, at));
        }
    }
    for (at, near) in scored.iter_mut().enumerate() {
        let Some((mine, _)) = owner.iter().find(|(_, owner)| *owner == at) else {
            near.clear();
            continue;
        };
        near.sort_by_key(|(score, span)| (span != mine, *score, span.start));
    }
}

fn distance(bytes: &[u8], matches: &[Match], at: usize, span: &Range<usize>) -> usize {
    let one = &matches[at].span;
    let is_before = span.end <= one.start;
    let between = if is_before { span.end..one.start } else { one.end..span.start };
    let strangers = matches
        .iter()
        .enumerate()
        .filter(|(other, found)| *other != at && overlap(&found.span, &between))
        .count();
    let lines = bytes[between.clone()].iter().filter(|byte| **byte == b'\n').count();
    between.len() + lines * LINE + usize::from(is_before) * BEFORE + strangers * STRANGER
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
