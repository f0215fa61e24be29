//! Which list of entries something belongs to: one item's, one repository's scans, what was sent on
//! one route, or what people signed.

use quietus_model::{Fingerprint, RepositoryId};
use std::fmt;
use std::str::FromStr;

const ITEM: &str = "item:";
const REPOSITORY: &str = "repository:";
const ROUTE: &str = "route:";
const REVIEWS: &str = "review:closures";

/// A list of entries whose versions count from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stream {
    /// The events of one item.
    Item(Fingerprint),
    /// The scans of one repository.
    Repository(RepositoryId),
    /// The notices of one route, by its name.
    Route(String),
    /// What people signed about closures.
    Reviews,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(fingerprint) => write!(f, "{ITEM}{fingerprint}"),
            Self::Repository(id) => write!(f, "{REPOSITORY}{id}"),
            Self::Route(name) => write!(f, "{ROUTE}{name}"),
            Self::Reviews => f.write_str(REVIEWS),
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
        } else if text == REVIEWS {
            Ok(Self::Reviews)
        } else {
            Err(format!(
                "a stream starts with \"{ITEM}\", \"{REPOSITORY}\" or \"{ROUTE}\", or is \"{REVIEWS}\""
            ))
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
        for stream in [item, repository, Stream::Route("chat: a".into()), Stream::Reviews] {
            assert_eq!(stream.to_string().parse::<Stream>().unwrap(), stream);
        }
        for bad in ["", "item:", "item:abc", "other:x"] {
            assert!(bad.parse::<Stream>().is_err(), "{bad}");
        }
    }
}
