//! What the exit code means, and which one wins when several apply.

use std::collections::BTreeSet;
use std::process::ExitCode;

/// A reason for an exit code other than 0. Ordered by what wins when several apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// The command line or the configuration is wrong.
    Usage,
    /// A credential works.
    Live,
    /// A source could not be read.
    Source,
    /// Something of a source was not read.
    Incomplete,
    /// A validator or its network failed.
    Validator,
    /// A date has passed.
    Overdue,
    /// Something was found.
    Findings,
}

impl Reason {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Source => 3,
            Self::Validator => 4,
            Self::Incomplete => 5,
            Self::Live => 6,
            Self::Overdue => 7,
        }
    }

    /// The name in summaries.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::Source => "source_unreadable",
            Self::Validator => "validator_failed",
            Self::Incomplete => "incomplete_scan",
            Self::Live => "live_secret",
            Self::Overdue => "sla_breached",
        }
    }
}

/// All reasons of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exit(BTreeSet<Reason>);

impl Exit {
    /// Nothing to report.
    pub(crate) fn clean() -> Self {
        Self::default()
    }

    /// Adds `reason` if `holds`.
    pub(crate) fn add_if(&mut self, holds: bool, reason: Reason) {
        if holds {
            self.0.insert(reason);
        }
    }

    /// Adds all reasons of `other`.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The names of all reasons, the winning one first.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|reason| reason.as_str()).collect()
    }

    /// The code of the reason that wins; 0 when there is none.
    pub(crate) fn code(&self) -> u8 {
        self.0.first().map_or(0, |reason| reason.code())
    }
}

impl From<Reason> for Exit {
    fn from(reason: Reason) -> Self {
        Self(BTreeSet::from([reason]))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error with the exit code it asks for.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Which code.
    pub(crate) reason: Reason,
    /// What happened.
    pub(crate) error: anyhow::Error,
}

impl Failure {
    /// A failure that the user's source is to blame for.
    pub(crate) fn source(error: impl Into<anyhow::Error>) -> Self {
        Self { reason: Reason::Source, error: error.into() }
    }
}

/// Whatever is not said otherwise is a matter of usage or configuration.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { reason: Reason::Usage, error: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_reasons_win_in_the_documented_order() {
        let order = [2_u8, 6, 3, 5, 4, 7, 1];
        let all = [
            Reason::Findings,
            Reason::Usage,
            Reason::Source,
            Reason::Validator,
            Reason::Incomplete,
            Reason::Live,
            Reason::Overdue,
        ];
        let mut exit = Exit(all.into_iter().collect());
        for code in order {
            assert_eq!(exit.code(), code);
            exit.0.pop_first();
        }
        assert_eq!(exit.code(), 0);
    }
}
