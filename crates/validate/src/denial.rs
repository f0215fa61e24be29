//! What a denial in an issuer's own words is worth.

use crate::reading::read_answer;
use crate::template;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use quietus_model::{Outcome, Recipe, Rule};
use std::collections::BTreeMap;

/// A denial is believed when the issuer's clock and ours differ by no more than so many seconds.
const MOST_SKEW: u64 = 5 * 60;

/// Whether a denial by `clause` may count: an answer that somebody recorded is read by it.
pub(crate) fn is_confirmed(recipe: &Recipe, clause: &str) -> bool {
    let recorded = recipe.answers.iter().filter(|a| a.outcome == Outcome::Dead && !a.invented);
    let mut read =
        recorded.map(|a| read_answer(recipe, a.status, &a.headers, a.body.as_bytes()).clause);
    recipe.denial_is_confirmed() && read.any(|by| by.as_deref() == Some(clause))
}

/// Whether what was denied is a secret together with parts that only stood near it.
pub(crate) fn is_of_pair(rule: &Rule, recipe: &Recipe) -> bool {
    let used = template::parts_used(recipe);
    used.len() > 1 && rule.companions.iter().any(|part| used.contains(part.name.as_str()))
}

/// How many seconds the issuer's clock is ahead of `now`, when that is too much to believe it. One
/// that does not tell the time (RFC 9110, 6.6.1), or not so that it can be read, is believed.
pub(crate) fn skew(headers: &BTreeMap<String, String>, now: Timestamp) -> Option<i64> {
    let date = rfc2822::parse(headers.get("date")?.trim()).ok()?;
    let seconds = date.timestamp().as_second() - now.as_second();
    (seconds.unsigned_abs() > MOST_SKEW).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::{Answer, Clause};

    #[test]
    fn a_clause_is_confirmed_by_its_own_recorded_answer_only() {
        let mut recipe = crate::reading::tests::recipe();
        let clause = |name: &str, text: &str| Clause {
            name: name.into(),
            status: vec![401],
            json: vec![],
            text: vec![text.into()],
            header: BTreeMap::new(),
            after_live: false,
        };
        recipe.dead = vec![clause("revoked", "was revoked"), clause("expired", "has expired")];
        let answer = |body: &str, invented| Answer {
            outcome: Outcome::Dead,
            status: 401,
            headers: BTreeMap::new(),
            body: body.into(),
            source: "docs".into(),
            invented,
        };
        recipe.answers = vec![answer("it was revoked", false), answer("it has expired", true)];
        assert!(is_confirmed(&recipe, "revoked"));
        assert!(!is_confirmed(&recipe, "expired"));
        recipe.answers[1].invented = false;
        assert!(is_confirmed(&recipe, "expired"));
    }
}
