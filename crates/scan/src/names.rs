//! Secrets in the names that a scan shows: branches and tags, authors, owners.

use crate::changes::NAME_ORDINAL;
use crate::located::Located;
use crate::repository::Read;
use crate::run::Run;
use crate::vault::SecretNumber;
use quietus_model::Place;
use std::collections::{BTreeMap, BTreeSet};

/// Looks for secrets in every name that `found` would show, and adds what it sees: what is not
/// known is not masked, and a branch that is called after a token gives it to everybody.
pub(crate) fn sight(found: &mut Read, run: &Run<'_>) {
    let mut seen: BTreeMap<SecretNumber, Located> = BTreeMap::new();
    for (name, is_head) in shown(found) {
        for mut sighting in run.vault.sight(&name) {
            sighting.ordinal = NAME_ORDINAL;
            let one = seen
                .entry(sighting.secret)
                .or_insert_with(|| Located::new(Place::Message, b"", &sighting));
            if is_head {
                one.at_head.push(name.clone());
            }
        }
    }
    if run.options.path_filter.is_empty() {
        found.located.extend(seen.into_values());
    }
}

/// Every name once, and whether it is one of a ref.
fn shown(found: &Read) -> BTreeSet<(Vec<u8>, bool)> {
    let mut names: BTreeSet<(Vec<u8>, bool)> =
        found.refs.iter().map(|(name, _)| (name.clone(), true)).collect();
    for one in &found.located {
        names.extend(one.at_head.iter().map(|head| (head.clone(), true)));
        let owners = one.code_owners.iter().map(|owner| owner.clone().into_bytes());
        let authors = one.introduced.iter().map(|author| author.person.clone());
        let people = owners.chain(authors).chain(one.last_author.clone());
        names.extend(people.map(|person| (person, false)));
    }
    names
}
