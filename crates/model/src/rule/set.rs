//! Rule files read, and all rules of a run.

use super::{Provider, Rule, RuleFile, RuleId};
use crate::Digest;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::Arc;

/// A rule file as it is written, before what follows from the names is added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    provider: Provider,
    #[serde(rename = "rule")]
    rules: Vec<Rule>,
}

impl TryFrom<Written> for RuleFile {
    type Error = String;

    fn try_from(Written { provider, rules }: Written) -> Result<Self, String> {
        let complete = |rule: Rule| {
            let id = rule.id.clone();
            rule.complete().map_err(|problem| format!("rule {id}: {problem}"))
        };
        Ok(Self { provider, rules: rules.into_iter().map(complete).collect::<Result<_, _>>()? })
    }
}

/// What is wrong with a rule file, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The file is not TOML of the expected form.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says, with line and column.
        message: String,
    },
    /// A rule says something that cannot be.
    #[error("{file}: rule {rule}: {message}")]
    Rule {
        /// The file.
        file: String,
        /// The rule.
        rule: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl RuleFile {
    /// Reads one file. `name` is used in errors.
    ///
    /// # Errors
    /// [`RuleError::Syntax`] with line and column; a field that does not exist is an error too.
    pub fn parse(name: &str, text: &str) -> Result<Self, RuleError> {
        toml::from_str(text).map_err(|error| RuleError::Syntax {
            file: name.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })
    }
}

/// How long the matches of a pattern are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The least.
    pub least: usize,
    /// The greatest, if there is one.
    pub greatest: Option<usize>,
}

/// What was found out about rules when the program was built, so that it need not be at each start.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// What [`RuleSet::digest`] gives, in hex.
    pub digest: &'static str,
    /// By pattern, in the order of these: how long its matches are, and its program as it was
    /// written down.
    pub patterns: &'static [(&'static str, Lengths, &'static [u8])],
    /// By digest of pattern and anchors in hex, in the order of these, what the pattern says of its
    /// matches, as it was written down.
    pub outlines: &'static [(&'static str, &'static [u8])],
}

/// All rules of a run.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
    digest: Digest,
    patterns: &'static [(&'static str, Lengths, &'static [u8])],
    outlines: &'static [(&'static str, &'static [u8])],
}

impl PartialEq for RuleSet {
    fn eq(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl RuleSet {
    /// Joins rule files, given with their names. A later rule replaces an earlier one of the same
    /// id, so that a user's file can correct a shipped rule.
    ///
    /// # Errors
    /// [`RuleError`] for the first file that cannot be read or that names one id twice.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RuleError> {
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        for (name, text) in files {
            let file = RuleFile::parse(name, text)?;
            let mut here = HashSet::new();
            for rule in file.rules {
                if !here.insert(rule.id.clone()) {
                    return Err(RuleError::Rule {
                        file: name.to_owned(),
                        rule: rule.id.to_string(),
                        message: "this id stands twice in the file; give one of them another"
                            .into(),
                    });
                }
                rules.retain(|other| other.id != rule.id);
                rules.push(Arc::new(rule));
            }
        }
        Ok(Self::new(rules))
    }

    /// A set of rules, in the order of their ids.
    pub fn new(mut rules: Vec<Arc<Rule>>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let texts: Vec<String> = rules.iter().map(|rule| rule.matching_text()).collect();
        let digest = Digest::of_parts(texts.iter().map(|text| text.as_bytes()));
        Self { rules, digest, patterns: &[], outlines: &[] }
    }

    /// Rules of which something is known already.
    ///
    /// # Errors
    /// A sentence when what is known is no digest.
    pub fn known(mut rules: Vec<Arc<Rule>>, known: Known) -> Result<Self, String> {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let Known { digest, patterns, outlines } = known;
        Ok(Self { rules, digest: digest.parse()?, patterns, outlines })
    }

    /// Other rules, some of them with the patterns of these.
    #[must_use]
    pub fn with(&self, rules: Vec<Arc<Rule>>) -> Self {
        Self { patterns: self.patterns, outlines: self.outlines, ..Self::new(rules) }
    }

    /// How long the matches of this pattern are, if that is known without reading it.
    pub fn lengths(&self, pattern: &str) -> Option<Lengths> {
        self.pattern(pattern).map(|(lengths, _)| lengths)
    }

    /// The program of this pattern as it was written down, if it was.
    pub fn program(&self, pattern: &str) -> Option<&'static [u8]> {
        self.pattern(pattern).map(|(_, program)| program)
    }

    fn pattern(&self, pattern: &str) -> Option<(Lengths, &'static [u8])> {
        let at = self.patterns.binary_search_by(|(known, ..)| (*known).cmp(pattern)).ok()?;
        let (_, lengths, program) = self.patterns[at];
        Some((lengths, program))
    }

    /// What the pattern of this key says of its matches, if that is known without reading it.
    pub fn outline(&self, key: &Digest) -> Option<&'static [u8]> {
        let at = self.outlines.binary_search_by(|(known, _)| (*known).cmp(key.as_str())).ok()?;
        Some(self.outlines[at].1)
    }

    /// The rules in the order of their ids.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The rule of this id.
    pub fn get(&self, id: &RuleId) -> Option<&Arc<Rule>> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok().map(|at| &self.rules[at])
    }

    /// The digest of everything that decides what is found.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}
