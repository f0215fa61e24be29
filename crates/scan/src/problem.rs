//! What is wrong with a rule, where, and what to do about it.

use std::fmt;

/// Something that keeps a rule from working, or from being trusted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleProblem {
    /// The file the rule stands in; empty when only the rule set is known.
    pub file: String,
    /// The rule; empty when the problem is the file's.
    pub rule: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        if !self.rule.is_empty() {
            write!(f, "rule {}: ", self.rule)?;
        }
        write!(f, "{}; {}", self.what, self.advice)
    }
}

impl std::error::Error for RuleProblem {}
