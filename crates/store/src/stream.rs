//! Which list of entries something belongs to: one item's, one repository's scans, what the inventory
//! says of it, what was sent on one route, or the nights.

use quietus_model::{Fingerprint, RepositoryId};
use std::fmt;
use std::str::FromStr;

const ITEM: &str = "item:";
const REPOSITORY: &str = "repository:";
const ROUTE: &str = "route:";
const INVENTORY: &str = "inventory:";
const NIGHTS: &str = "nights";

/// A list of entries whose versions count from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stream {
    /// The events of one item.
    Item(Fingerprint),
    /// The scans of one repository.
    Repository(RepositoryId),
    /// The notices of one route, by its name.
    Route(String),
    /// What the inventory says of one repository.
    Inventory(RepositoryId),
    /// When nights began and what they came to.
    Nights,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(fingerprint) => write!(f, "{ITEM}{fingerprint}"),
            Self::Repository(id) => write!(f, "{REPOSITORY}{id}"),
            Self::Route(name) => write!(f, "{ROUTE}{name}"),
            Self::Inventory(id) => write!(f, "{INVENTORY}{id}"),
            Self::Nights => f.write_str(NIGHTS),
        }
    }
}

impl FromStr for Stream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(hex) = text.strip_prefix(ITEM) {
            hex.parse().map(Self::Item)
        } else if let Some(id) = text.strip_prefix(REPOSITORY) {
            Ok(Self::Repository(RepositoryId::named(id)))
        } else if let Some(name) = text.strip_prefix(ROUTE) {
            Ok(Self::Route(name.to_owned()))
        } else if let Some(id) = text.strip_prefix(INVENTORY) {
            Ok(Self::Inventory(RepositoryId::named(id)))
        } else if text == NIGHTS {
            Ok(Self::Nights)
        } else {
            let known = [ITEM, REPOSITORY, ROUTE, INVENTORY].join("\", \"");
            Err(format!("a stream is \"{NIGHTS}\" or starts with one of \"{known}\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_back_from_its_name() {
        let item = Stream::Item("ab".repeat(32).parse().unwrap());
        let repository = Stream::Repository(RepositoryId::named("git.example.org/a:b"));
        let inventory = Stream::Inventory(RepositoryId::named("git.example.org/a:b#7"));
        let route = Stream::Route("chat: a".into());
        for stream in [item, repository, route, inventory, Stream::Nights] {
            assert_eq!(stream.to_string().parse::<Stream>().unwrap(), stream);
        }
        for bad in ["", "item:", "item:abc", "other:x"] {
            assert!(bad.parse::<Stream>().is_err(), "{bad}");
        }
    }
}
