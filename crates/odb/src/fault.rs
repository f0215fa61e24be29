//! Why something could not be read, before it is said of what.

use crate::{Problem, Reason};
use std::borrow::Cow;
use std::io;

/// A [`Problem`] that has no subject yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    pub(crate) detail: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn corrupt(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Corrupt, detail: detail.into() }
    }

    pub(crate) fn missing(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Missing, detail: detail.into() }
    }

    pub(crate) fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::TooLarge, detail: detail.into() }
    }

    /// The same fault, as those meet it that are stored as changes to what has it.
    pub(crate) fn of_base(&self) -> Self {
        const PREFIX: &str = "what it is stored as a change to cannot be had: ";
        if self.detail.starts_with(PREFIX) {
            return self.clone();
        }
        Self { reason: self.reason, detail: format!("{PREFIX}{}", self.detail).into() }
    }

    pub(crate) fn about(self, subject: impl ToString) -> Problem {
        Problem {
            subject: subject.to_string(),
            reason: self.reason,
            detail: self.detail.into_owned(),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => Reason::Missing,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Reason::Corrupt,
            _ => Reason::Unreadable,
        };
        Self { reason, detail: error.to_string().into() }
    }
}
