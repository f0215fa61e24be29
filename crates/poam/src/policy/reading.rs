//! Reads a policy file, and says what is wrong with it: what, where, what to do.

use super::duration::in_words;
use super::presets::{self, names};
use super::sections::DeviationRules;
use super::{Consent, Policy};
use crate::{Class, DeviationKind, MilestoneKind, Playbook, Trigger};
use jiff::SignedDuration;
use quietus_model::Digest;
use serde::Deserialize;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a policy that names no other extends.
const BASE: &str = "default";

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("policy {file}, line {line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// It can be read, and what it says will not do.
    #[error("{}", lines(file, problems))]
    Unsound {
        /// The file.
        file: String,
        /// All that will not do.
        problems: Vec<Problem>,
    },
    /// No shipped policy has this name.
    #[error("\"{name}\" is no shipped policy; there are: {names}")]
    Unknown {
        /// What was given.
        name: String,
        /// What there is.
        names: String,
    },
}

/// One thing a policy says that will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, with its sections: `proof.spread`.
    pub field: String,
    /// The line it stands in, from 1; `None` when another policy says it.
    pub line: Option<usize>,
    /// Its value.
    pub value: String,
    /// Why it will not do, and what to write.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: {}", self.field, self.value, self.advice)
    }
}

fn lines(file: &str, problems: &[Problem]) -> String {
    let line = |problem: &Problem| match problem.line {
        Some(line) => format!("policy {file}, line {line}: {problem}"),
        None => format!("policy {file}: {problem}"),
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Policy {
    /// Reads a policy file. What it leaves out is said by the shipped policy it `extends`, which is
    /// `default` unless it names another. `file` is used in errors.
    ///
    /// # Errors
    /// [`PolicyError`] when it cannot be read, goes below a floor or contradicts itself.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let wrong = |error: &toml::de::Error| PolicyError::Syntax {
            file: file.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            message: error.message().replace('\n', ", "),
        };
        let own = DeTable::parse(text).map_err(|error| wrong(&error))?;
        let base = base_of(file, text, own.get_ref())?;
        let mut whole = own.clone();
        if let Some(base) = base {
            let base = DeTable::parse(base).map_err(|error| wrong(&error))?;
            fill(whole.get_mut(), base.into_inner());
        }
        let mut policy =
            Self::deserialize(toml::Deserializer::from(whole)).map_err(|error| wrong(&error))?;
        policy.digest = match base {
            Some(base) => Digest::of(format!("{base}\n{text}").as_bytes()),
            None => Digest::of(text.as_bytes()),
        };
        let mut problems = policy.problems();
        if problems.is_empty() {
            return Ok(policy);
        }
        for problem in &mut problems {
            problem.line = place_of(own.get_ref(), &problem.field).map(|at| line_of(text, at));
        }
        Err(PolicyError::Unsound { file: file.to_owned(), problems })
    }

    /// Everything that will not do: what goes below the compiled floors, and what contradicts
    /// itself.
    fn problems(&self) -> Vec<Problem> {
        let mut found = Findings::default();
        self.floors(&mut found);
        self.dates(&mut found);
        for (name, kind) in DEVIATIONS {
            let DeviationRules { longest, once_live_longest, .. } = *self.deviation(kind);
            for (field, value) in [("longest", longest), ("once_live_longest", once_live_longest)] {
                found.unless(
                    value <= self.dismissal.longest,
                    format!("deviations.{name}.{field}"),
                    in_words(value),
                    format!(
                        "dismissal.longest = {} holds for all; shorten this one or lengthen that",
                        in_words(self.dismissal.longest)
                    ),
                );
            }
        }
        for name in &self.playbooks.by_evidence {
            let known = Playbook::shipped(name);
            found.unless(
                known.as_ref().is_ok_and(|book| book.opens != Trigger::Leaked),
                "playbooks.by_evidence".to_owned(),
                name.clone(),
                known.map_or_else(
                    |error| error.to_string(),
                    |_| "every item of a scan goes through it already; leave it out".to_owned(),
                ),
            );
        }
        found.0
    }

    /// No policy closes an item on less.
    fn floors(&self, found: &mut Findings) {
        let proof = &self.proof;
        let hours = SignedDuration::from_hours;
        let mut floor = |ok: bool, field: &str, value: String, floor: &str| {
            let advice = format!("below the floor of {floor}: no policy may close an item on less");
            found.unless(ok, field.to_owned(), value, advice);
        };
        floor(
            proof.confirmations >= 2,
            "proof.confirmations",
            proof.confirmations.to_string(),
            "2 denials",
        );
        floor(proof.spread >= hours(1), "proof.spread", in_words(proof.spread), "1 hour");
        floor(proof.vantages >= 1, "proof.vantages", proof.vantages.to_string(), "1 place");
        floor(proof.attestors >= 1, "proof.attestors", proof.attestors.to_string(), "1 person");
        found.unless(
            proof.freshness <= hours(168) && proof.freshness > SignedDuration::ZERO,
            "proof.freshness".to_owned(),
            in_words(proof.freshness),
            "the floor is 7 days or less: no policy may close an item on an older denial"
                .to_owned(),
        );
    }

    /// Dates that nobody can keep.
    fn dates(&self, found: &mut Findings) {
        for (name, class) in CLASSES {
            let allowance = |milestone| self.allowance(class, milestone);
            let retest = allowance(MilestoneKind::Retest);
            let field = format!("sla.{name}.retest");
            let before = [MilestoneKind::Revoke, MilestoneKind::Remove].map(allowance);
            let last = before.into_iter().max().unwrap_or(retest);
            found.unless(
                retest >= last,
                field.clone(),
                in_words(retest),
                format!(
                    "it comes last, and revoking or removing may take {}; write at least that",
                    in_words(last)
                ),
            );
            found.unless(
                retest >= self.proof.spread,
                field,
                in_words(retest),
                format!(
                    "proof takes {} (proof.spread), so nobody can keep it; write at least that",
                    in_words(self.proof.spread)
                ),
            );
        }
    }

    /// What it asks for and nobody can give as it stands.
    pub fn remarks(&self) -> Vec<String> {
        let mut needs = Vec::new();
        if self.extensions.consent == Consent::Official {
            needs.push("a later date".to_owned());
        } else if self.extensions.live_privileged == Consent::Official {
            needs.push("a later date for what is live and privileged".to_owned());
        }
        for (_, kind) in DEVIATIONS {
            let rules = self.deviation(kind);
            if rules.consent == Consent::Official {
                needs.push(format!("setting aside as {kind}"));
            } else if rules.once_live == Consent::Official {
                needs.push(format!("setting aside what was live as {kind}"));
            }
        }
        if needs.is_empty() || !self.people.officials.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "these take the consent of an authorising official: {}; and nobody is named one: write their \
             ids into people.officials of a policy of your own, or it is refused",
            needs.join(", ")
        )]
    }
}

const CLASSES: [(&str, Class); 5] = [
    ("live_privileged", Class::LivePrivileged),
    ("live", Class::Live),
    ("unknown", Class::Unknown),
    ("dead", Class::Dead),
    ("dummy", Class::Dummy),
];

pub(super) const DEVIATIONS: [(&str, DeviationKind); 4] = [
    ("false_positive", DeviationKind::FalsePositive),
    ("risk_accepted", DeviationKind::RiskAccepted),
    ("operational_requirement", DeviationKind::OperationalRequirement),
    ("vendor_dependency", DeviationKind::VendorDependency),
];

#[derive(Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn unless(&mut self, ok: bool, field: String, value: String, advice: String) {
        if !ok {
            self.0.push(Problem { field, line: None, value, advice });
        }
    }
}

/// The text of the shipped policy that `own` extends; `None` for one that ships, which is whole.
fn base_of(file: &str, text: &str, own: &DeTable<'_>) -> Result<Option<&'static str>, PolicyError> {
    if presets::TEXTS.iter().any(|(_, shipped)| *shipped == text) {
        return Ok(None);
    }
    let Some((key, named)) = own.iter().find(|(key, _)| key.get_ref() == "extends") else {
        return Ok(presets::text(BASE));
    };
    let known = named.get_ref().as_str().and_then(presets::text);
    let wrong = || PolicyError::Syntax {
        file: file.to_owned(),
        line: line_of(text, key.span().start),
        message: format!("extends names a shipped policy, one of: {}", names()),
    };
    known.map(Some).ok_or_else(wrong)
}

/// Puts into `own` what only `base` says.
fn fill<'a>(own: &mut DeTable<'a>, base: DeTable<'a>) {
    for (key, said) in base {
        match own.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut) {
            None => {
                own.insert(key, said);
            }
            Some(DeValue::Table(inner)) => {
                if let DeValue::Table(said) = said.into_inner() {
                    fill(inner, said);
                }
            }
            Some(_) => {}
        }
    }
}

/// Where `field` stands, or the innermost section round it; `None` when the file is silent on it.
fn place_of(own: &DeTable<'_>, field: &str) -> Option<usize> {
    let mut table = own;
    let mut place = None;
    for part in field.split('.') {
        let Some((key, said)) = table.iter().find(|(key, _)| key.get_ref() == part) else {
            return place;
        };
        place = Some(key.span().start);
        match said.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => return place,
        }
    }
    place
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests;
