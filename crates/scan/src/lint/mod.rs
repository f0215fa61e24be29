//! The lint of rule files: what would make a rule find nothing, too much, or prove nothing.

mod anchored;
mod pattern;
mod recipe;

use crate::RuleProblem;
use quietus_model::{Rule, RuleFile};
use std::collections::HashSet;

/// Below this precedence a rule is a generic one, which has no format to state.
const GENERIC: u8 = 50;

/// Collects the problems of one rule.
pub(crate) struct Problems<'a> {
    file: &'a str,
    rule: &'a str,
    found: Vec<RuleProblem>,
}

impl Problems<'_> {
    pub(crate) fn add(&mut self, what: impl Into<String>, advice: impl Into<String>) {
        self.found.push(RuleProblem {
            file: self.file.to_owned(),
            rule: self.rule.to_owned(),
            what: what.into(),
            advice: advice.into(),
        });
    }

    pub(crate) fn unless(&mut self, holds: bool, what: &str, advice: &str) {
        if !holds {
            self.add(what, advice);
        }
    }
}

/// Everything that is wrong with a rule file; empty when it may ship.
///
/// The rule's own samples are not tried here: that is the work of [`trial`](crate::trial), which
/// runs the [`Detector`](crate::Detector) over them.
pub fn lint(file: &str, rules: &RuleFile) -> Vec<RuleProblem> {
    let mut found = Vec::new();
    let mut ids = HashSet::new();
    if !is_kebab(&rules.provider.id) {
        found.push(RuleProblem {
            file: file.to_owned(),
            rule: String::new(),
            what: format!("the provider's id \"{}\" is not in kebab-case", rules.provider.id),
            advice: "use lower case letters, digits and single hyphens".into(),
        });
    }
    for rule in &rules.rules {
        let mut problems = Problems { file, rule: rule.id.as_str(), found: Vec::new() };
        problems.unless(ids.insert(&rule.id), "its id stands twice in the file", "rename one");
        lint_rule(rule, &mut problems);
        found.append(&mut problems.found);
    }
    found
}

fn lint_rule(rule: &Rule, problems: &mut Problems<'_>) {
    problems.unless(
        is_kebab(rule.id.as_str()),
        "its id is not in kebab-case",
        "use lower case letters, digits and single hyphens",
    );
    problems.unless(!rule.name.trim().is_empty(), "it has no name", "say what people call it");
    pattern::lint(rule, problems);
    for dummy in &rule.dummies {
        problems.unless(
            dummy.len() == 64 && dummy.bytes().all(|b| b.is_ascii_hexdigit()),
            &format!("the dummy \"{}…\" is no SHA-256", dummy.chars().take(8).collect::<String>()),
            "write 64 hex digits, never the example itself",
        );
    }
    problems.unless(
        rule.tests.positive.iter().any(|text| text.contains("{secret}")),
        "it has no positive test",
        "add a text to tests.positive with {secret} in it",
    );
    problems.unless(
        !rule.tests.negative.is_empty(),
        "it has no negative test",
        "add a text to tests.negative in which it must stay silent, such as a placeholder",
    );
    problems.unless(
        rule.shape.is_some() || rule.precedence < GENERIC,
        "it states no shape",
        "state the format facts as shape.parts, or a precedence below 50 if it has no format",
    );
    problems.unless(
        rule.shape.as_ref().is_none_or(|shape| !shape.parts.is_empty()),
        "its shape has no parts",
        "state its fixed parts, alphabets and lengths",
    );
    problems.unless(
        !rule.remedy.rotate.trim().is_empty(),
        "it does not say how to rotate it",
        "write remedy.rotate",
    );
    problems.unless(
        !rule.remedy.revoke.trim().is_empty(),
        "it does not say how to revoke it",
        "write remedy.revoke",
    );
    problems.unless(
        rule.remedy.after_revoke.iter().any(|step| !step.trim().is_empty()),
        "it does not say what to do once it is revoked: a dead key is not yet containment",
        "write remedy.after_revoke",
    );
    recipe::lint(rule, problems);
}

pub(crate) fn is_kebab(id: &str) -> bool {
    !id.is_empty()
        && id.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
        && id.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests;
