//! What opens a playbook, and what must hold before a step of it counts as done: closed lists.

use crate::{Duty, MilestoneKind, Role};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What opens a playbook.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A scan found a credential: every item of a scan goes through it.
    Leaked,
    /// Its issuer says that it may administer something.
    Privileged,
    /// It still works, longer after it was committed than the policy lets it.
    Old,
    /// Whoever owns it, or whose identity it is, has left.
    DepartedOwner,
    /// The same credential stands in several repositories.
    SeveralRepositories,
    /// Nothing but a person.
    Hand,
}

/// What must hold before a step counts as done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitTest {
    /// The milestone *rotate* of the item is done.
    Rotated,
    /// The milestone *revoke* of the item is done.
    Revoked,
    /// The milestone *remove* of the item is done.
    Removed,
    /// The milestone *retest* of the item is done.
    Retested,
    /// Somebody says that it is done and names a file that shows it.
    Shown,
    /// Somebody approves who owns nothing of it and did nothing of it.
    Approved,
    /// Somebody names a file that shows it who did nothing of what it comes after.
    Confirmed,
    /// Its issuers accept it without administrative rights, or it is verified dead.
    LeastPrivilege,
    /// It is verified dead.
    Dead,
    /// It stands at a head of one repository at most, and no head of another is in doubt.
    OneRepository,
}

impl ExitTest {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
            Self::Retested => "retested",
            Self::Shown => "shown",
            Self::Approved => "approved",
            Self::Confirmed => "confirmed",
            Self::LeastPrivilege => "least-privilege",
            Self::Dead => "dead",
            Self::OneRepository => "one-repository",
        }
    }

    /// What is looked at, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Rotated => MilestoneKind::Rotate.exit_test(),
            Self::Revoked => MilestoneKind::Revoke.exit_test(),
            Self::Removed => MilestoneKind::Remove.exit_test(),
            Self::Retested => MilestoneKind::Retest.exit_test(),
            Self::Shown => "somebody says that it is done and names a file that shows it",
            Self::Approved => "somebody approves it who neither owns the item nor worked on it",
            Self::Confirmed => {
                "somebody confirms it with a file who did nothing of what it comes after"
            }
            Self::LeastPrivilege => {
                "its issuers accept it without administrative rights, or it is verified dead"
            }
            Self::Dead => "verified dead",
            Self::OneRepository => {
                "it stands at a head of one repository at most, by complete scans"
            }
        }
    }

    /// The milestone of the item that it looks at.
    pub fn milestone(self) -> Option<MilestoneKind> {
        match self {
            Self::Rotated => Some(MilestoneKind::Rotate),
            Self::Revoked => Some(MilestoneKind::Revoke),
            Self::Removed => Some(MilestoneKind::Remove),
            Self::Retested => Some(MilestoneKind::Retest),
            _ => None,
        }
    }

    /// Whether it hangs on people's word, and not on what is seen of the credential.
    pub fn takes_a_person(self) -> bool {
        matches!(self, Self::Shown | Self::Approved | Self::Confirmed)
    }

    /// Whether a person may waive it. Approval and the look afterwards are what the rest is worth.
    pub fn may_be_waived(self) -> bool {
        matches!(self, Self::Shown | Self::OneRepository)
    }

    /// The duty of whoever says that it holds.
    pub(crate) fn duty(self) -> Duty {
        match self {
            Self::Approved => Duty::Decide,
            Self::Confirmed => Duty::Evidence,
            _ => Duty::Work,
        }
    }

    pub(super) fn may_be_shown_by(self, role: Role) -> bool {
        // Nobody has to say what a machine sees.
        !self.takes_a_person() || role.has(self.duty())
    }

    /// The test where no credential is known that could be looked at: a second person looks.
    pub(super) fn without_credential(self) -> Self {
        if self.takes_a_person() { self } else { Self::Confirmed }
    }
}

impl fmt::Display for ExitTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
