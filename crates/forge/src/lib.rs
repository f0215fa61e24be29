//! Asks forges which repositories they hold: GitHub, GitLab, Gitea and Forgejo, Bitbucket, Azure Repos.
//!
//! [`list`] follows the pages of a forge's API by the one guarded transport, waits when it asks for
//! that, and gives every repository that the [`Selection`] takes, with the id that the forge itself
//! knows it by. A list is whole or an error: half a list would make repositories look forgotten.

mod error;
mod kind;
mod listing;
mod pages;
mod selection;

pub use error::ForgeError;
pub use kind::Kind;
pub use listing::{Forge, list};
pub use selection::{Selection, SelectionError};

/// A repository as its forge tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The forge's own id: a number or a UUID.
    pub id: String,
    /// Its path on the forge: `team/app`.
    pub path: String,
    /// The URL to clone it by https, without a user.
    pub https: String,
    /// The URL to clone it by ssh, where there is one.
    pub ssh: Option<String>,
    /// It was forked from another one.
    pub fork: bool,
    /// It is read-only.
    pub archived: bool,
    /// It cannot be read: switched off, or without a repository.
    pub disabled: bool,
    /// Its topics.
    pub topics: Vec<String>,
}
