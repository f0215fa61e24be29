//! Who has left, and which team sees to which repository: what an organisation knows of its people.

use crate::{PoamItem, Standing};
use jiff::Timestamp;
use quietus_model::{Identity, RepositoryId, SafeText};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What configuration says of people. Facts, and no rules: it is no part of a policy's digest.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// People who have left: names, addresses or accounts.
    pub departed: Vec<String>,
    /// For a repository, by its name, the team that sees to it; `*` stands for all others.
    pub teams: BTreeMap<String, String>,
    /// Repositories that anybody can read, by their names.
    pub public: BTreeSet<String>,
}

/// The fields of an identity that name somebody, the surest first. `name` is that of a token as often
/// as that of a person.
const NAMES: [&str; 3] = ["email", "account", "user"];

impl Directory {
    /// Whether `who`, such as `Ann <ann@example.org>`, has left. Several people who see to something
    /// together have left when all of them have.
    pub fn has_left(&self, who: &str) -> bool {
        let left = |name: &str| {
            let address = name.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
            let given = name.split_once('<').map_or(name, |(given, _)| given).trim();
            let forms = [Some(name), Some(given), address, name.strip_prefix('@')];
            let mut forms = forms.into_iter().flatten();
            forms.any(|form| self.departed.iter().any(|gone| is_same(gone, form)))
        };
        let together: Vec<&str> = who.split_whitespace().collect();
        let names_each = !together.is_empty()
            && !who.contains('<')
            && together.iter().all(|word| word.contains('@'));
        left(who.trim()) || (names_each && together.iter().all(|word| left(word)))
    }

    /// Whether anybody can read a repository.
    pub(crate) fn is_public(&self, repository: &RepositoryId) -> bool {
        self.public.contains(repository.as_str())
    }

    /// The teams that see to the repositories of `item`, each once.
    pub fn teams_of(&self, item: &PoamItem) -> BTreeSet<&str> {
        let repositories = item.presence.repositories().into_iter();
        let team = |id: &RepositoryId| self.team(std::iter::once(id.as_str()));
        repositories.filter_map(team).map(String::as_str).collect()
    }

    /// The team that sees to one of these repositories.
    pub(crate) fn team<'a>(&self, repositories: impl Iterator<Item = &'a str>) -> Option<&String> {
        let mut named = repositories.filter_map(|name| self.teams.get(name));
        named.next().or_else(|| self.teams.get("*"))
    }

    /// Who of those behind an item has left: its owner, or whose identity still answers for it.
    pub(crate) fn departed_of(&self, item: &PoamItem, now: Timestamp) -> Option<String> {
        let owner = item.owner.as_ref();
        let passed_over = owner.into_iter().flat_map(|owner| &owner.passed_over);
        let owners = owner.map(|owner| &owner.name).into_iter().chain(passed_over.map(|p| &p.name));
        let live = item.targets.values().filter_map(|record| match record.standing(now) {
            Standing::Live(_) => record.last_live().map(|(_, seen)| &seen.identity),
            _ => None,
        });
        let identities = live.flat_map(|identity| identity.fields.iter().map(|(_, value)| value));
        let mut all = owners.chain(identities).map(SafeText::as_str);
        all.find(|who| self.has_left(who)).map(ToOwned::to_owned)
    }
}

/// Who an issuer says that a credential belongs to; an account that is a number names nobody.
pub(crate) fn person_of(identity: &Identity) -> Option<&SafeText> {
    NAMES.iter().find_map(|name| {
        let values = identity.fields.iter().filter(|(field, _)| field == name);
        let mut named = values.filter(|(_, who)| who.as_str().chars().any(char::is_alphabetic));
        named.next().map(|(_, who)| who)
    })
}

fn is_same(one: &str, other: &str) -> bool {
    !other.is_empty() && one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_known_by_name_address_or_account() {
        let departed = ["ann@example.org", "Bob Baker", "@carl"].map(str::to_owned).to_vec();
        let directory = Directory { departed, ..Directory::default() };
        for gone in ["Ann <Ann@Example.org>", "Bob Baker <b@x.org>", "@carl", "ann@example.org"] {
            assert!(directory.has_left(gone), "{gone}");
        }
        for here in ["Joanna <joann@example.org>", "Bob", "@carla", "", "@carl @dora"] {
            assert!(!directory.has_left(here), "{here}");
        }
        assert!(directory.has_left("@carl ann@example.org"), "all of them have left");
        assert!(!Directory::default().has_left("anybody"));
    }

    #[test]
    fn an_account_number_names_nobody() {
        let field = |name: &str, value: &str| (name.to_owned(), SafeText::plain(value));
        let fields = vec![
            field("account", "123456789012"),
            field("name", "CI token"),
            field("user", "build-robot"),
        ];
        let identity = Identity { fields, ..Identity::default() };
        assert_eq!(person_of(&identity).unwrap().as_str(), "build-robot");
    }
}
