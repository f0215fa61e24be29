//! A rule put to the test by credentials that are built from its own format facts.
//!
//! Samples come from code that never reads the rule's pattern, so that a mistake in the one cannot
//! hide in the other.

mod find;
mod sample;
mod silence;

use crate::{Detector, RuleProblem};
use quietus_model::{Rule, RuleSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a rule can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Whether all rules together find exactly the credential of each positive text, as its own.
    Positive,
    /// Whether a credential that lacks a part says which one, where a text names that part.
    Lone,
    /// Whether a spoilt credential is left alone: prefix, length, alphabet, check part.
    Mutants,
    /// Whether a credential is found whatever ends it, and not as a piece of something longer.
    Boundaries,
    /// Whether the rule is silent in its negative texts.
    Negative,
    /// Whether a mask, a reference or a description in the secret's place is left alone.
    Placeholder,
    /// Whether a published example is called one.
    Dummy,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Positive,
        Self::Lone,
        Self::Mutants,
        Self::Boundaries,
        Self::Negative,
        Self::Placeholder,
        Self::Dummy,
    ];

    /// Its name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Lone => "lone",
            Self::Mutants => "mutants",
            Self::Boundaries => "boundaries",
            Self::Negative => "negative",
            Self::Placeholder => "placeholder",
            Self::Dummy => "dummy",
        }
    }
}

/// A rule with the detectors it is tried with.
#[derive(Debug)]
pub struct Subject {
    rule: Arc<Rule>,
    /// All rules of a run.
    all: Arc<Detector>,
    /// This rule alone, so that no other can hide what it does.
    alone: Detector,
}

impl Subject {
    /// `rule` among all rules that `all` looks for.
    ///
    /// # Errors
    /// What keeps the rule from being looked for at all.
    pub fn new(rule: Arc<Rule>, all: Arc<Detector>) -> Result<Self, Vec<RuleProblem>> {
        let alone = Detector::new(Arc::new(RuleSet::new(vec![Arc::clone(&rule)])))?;
        Ok(Self { rule, all, alone })
    }

    /// The rule.
    pub fn rule(&self) -> &Arc<Rule> {
        &self.rule
    }

    /// The detector of all rules.
    pub fn all(&self) -> &Detector {
        &self.all
    }

    /// What is wrong, a sentence each; nothing when all is well.
    pub fn ask(&self, question: Question) -> Vec<String> {
        match question {
            Question::Positive => find::positive(self),
            Question::Lone => find::lone(self),
            Question::Mutants => find::mutants(self),
            Question::Boundaries => find::boundaries(self),
            Question::Negative => find::negative(self),
            Question::Placeholder => silence::placeholder(self),
            Question::Dummy => silence::dummy(self),
        }
    }

    /// The rules that claim this rule's credentials with the same precedence, each with a text:
    /// which of the two is reported would be chance.
    pub fn rivals(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut wrong = Vec::new();
        for sample in sample::positives(&self.rule) {
            for claim in self.all.claims(&sample.text) {
                let span = &claim.secret_span;
                let is_rival = claim.rule.id != self.rule.id
                    && claim.rule.precedence == self.rule.precedence
                    && span.start < sample.secret.end
                    && sample.secret.start < span.end;
                if is_rival && seen.insert(claim.rule.id.clone()) {
                    wrong.push(format!(
                        "{} claims its credentials with the same precedence of {}; give the more \
                         specific one a higher `precedence` (in: {})",
                        claim.rule.id,
                        self.rule.precedence,
                        find::shown(&sample),
                    ));
                }
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests;
