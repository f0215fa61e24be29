//! Secrets in the names that a scan shows: the repository's, branches and tags, authors, owners.

use crate::changes::NAME_ORDINAL;
use crate::heads::head_name;
use crate::located::Located;
use crate::repository::Read;
use crate::run::Run;
use crate::vault::SecretNumber;
use quietus_model::{Place, RepositoryId};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in place of a secret in the identity of a repository.
const MASK: &str = "[secret]";

/// Looks for secrets in every name that `found` would show, and adds what it sees: what is not
/// known is not masked, and a branch that is called after a token gives it to everybody.
pub(crate) fn sight(found: &mut Read, run: &Run<'_>) {
    let mut seen: BTreeMap<SecretNumber, Located> = BTreeMap::new();
    for (name, is_head) in shown(found) {
        for mut sighting in run.sight_name(&name) {
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
    found.repository = masked(&found.repository, run);
}

/// A remote may have a token in its path. Masked by what the identity itself shows and by nothing
/// else that was found, so that it is the same in every scan.
fn masked(repository: &RepositoryId, run: &Run<'_>) -> RepositoryId {
    let mut text = repository.as_str().as_bytes().to_vec();
    let mut free_to = text.len();
    for sighting in run.sight_name(repository.as_str().as_bytes()).iter().rev() {
        let start = sighting.offset as usize;
        let end = start + (sighting.end_column - sighting.column) as usize;
        if end <= free_to {
            text.splice(start..end, MASK.bytes());
            free_to = start;
        }
    }
    RepositoryId::named(String::from_utf8_lossy(&text))
}

/// Every name once, and whether it is one of a head.
fn shown(found: &Read) -> BTreeSet<(Vec<u8>, bool)> {
    let of_ref = |name: &[u8]| match head_name(name) {
        Some(head) => (head.to_vec(), true),
        None => (name.to_vec(), false),
    };
    let mut names: BTreeSet<(Vec<u8>, bool)> =
        found.refs.iter().map(|(name, _)| of_ref(name)).collect();
    names.insert((found.repository.as_str().as_bytes().to_vec(), false));
    names.insert((found.source.as_bytes().to_vec(), false));
    for one in &found.located {
        names.extend(one.at_head.iter().map(|head| (head.clone(), true)));
        let owners = one.code_owners.iter().map(|owner| owner.clone().into_bytes());
        let authors = one.introduced.iter().map(|author| author.person.clone());
        let people = owners.chain(authors).chain(one.last_author.clone());
        names.extend(people.map(|person| (person, false)));
    }
    names
}
