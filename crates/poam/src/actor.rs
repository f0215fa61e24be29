//! Who did something.

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
    },
}

impl Actor {
    /// A person known by `id` only.
    pub fn person(id: impl Into<String>) -> Self {
        Self::Person { id: id.into(), claims: None, authenticated: false }
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
