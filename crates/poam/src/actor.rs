//! Who did something.

use crate::Roles;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who did something. Who somebody claims to be never counts as who they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// The program by itself.
    System,
    /// A person.
    Person {
        /// What is known of them: `os:1000@host`, or the subject of an authenticated session.
        id: String,
        /// The name they gave themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<String>,
        /// The id was proven by a signature or an authenticated session.
        #[serde(default)]
        authenticated: bool,
        /// The roles they held.
        #[serde(default, skip_serializing_if = "Roles::is_undivided")]
        roles: Roles,
    },
}

impl Actor {
    /// A person known by `id` only, where nobody gives out roles.
    pub fn person(id: impl Into<String>) -> Self {
        let roles = Roles::undivided();
        Self::Person { id: id.into(), claims: None, authenticated: false, roles }
    }

    /// The same person with these roles.
    #[must_use]
    pub fn with_roles(self, roles: Roles) -> Self {
        match self {
            Self::System => Self::System,
            Self::Person { id, claims, authenticated, .. } => {
                Self::Person { id, claims, authenticated, roles }
            }
        }
    }

    /// The roles they hold. The program's own are undivided: what it does by itself is not asked of
    /// anybody.
    pub fn roles(&self) -> Roles {
        match self {
            Self::System => Roles::undivided(),
            Self::Person { roles, .. } => roles.clone(),
        }
    }

    /// Whether `name`, such as `Ann <ann@example.org>`, may be this person: by their id, or by the
    /// name they claim. A claim never proves who somebody is, but it can disqualify them.
    pub fn answers_to(&self, name: &str) -> bool {
        let Self::Person { id, claims, .. } = self else { return false };
        let claimed = claims.as_deref().map(str::trim).filter(|claim| !claim.is_empty());
        name == id
            || claimed.is_some_and(|claim| name.to_lowercase().contains(&claim.to_lowercase()))
    }

    /// What of an id tells two people apart: an account of the system without its host, because
    /// anybody can give a host another name.
    pub(crate) fn account(id: &str) -> &str {
        match id.split_once('@') {
            Some((account, _)) if id.starts_with("os:") => account,
            _ => id,
        }
    }

    /// What tells two people apart; `None` for the program.
    pub fn person_id(&self) -> Option<&str> {
        match self {
            Self::System => None,
            Self::Person { id, .. } => Some(id),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("quietus"),
            Self::Person { id, claims: Some(name), .. } => write!(f, "{id} (claims {name})"),
            Self::Person { id, .. } => f.write_str(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_name_disqualifies() {
        let ann = Actor::Person {
            id: "os:1000@host".into(),
            claims: Some("ann@example.org".into()),
            authenticated: false,
            roles: Roles::undivided(),
        };
        assert!(ann.answers_to("Ann <Ann@example.org>") && ann.answers_to("os:1000@host"));
        assert!(!ann.answers_to("Bob <bob@example.org>"));
        assert!(!Actor::person("os:1@host").answers_to("Ann <ann@example.org>"));
    }
}
