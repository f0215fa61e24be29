//! How far a leaked credential is exposed: since when, until when, where it stands, what it can do.

use crate::{PoamItem, Standing};
use jiff::Timestamp;
use quietus_model::{Identity, Place, SafeText};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The exposure of one credential, as far as it is known.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Exposure {
    /// The first commit that is known to hold it.
    pub first_commit: Option<Timestamp>,
    /// It had left the machine it was written on by then, at the latest: it was seen in a remote
    /// repository, or at a branch of one.
    pub pushed_by: Option<Timestamp>,
    /// When an issuer last accepted it.
    pub last_live: Option<Timestamp>,
    /// Since when every issuer that accepted it denies it. It may have died earlier.
    pub dead_since: Option<Timestamp>,
    /// Whole days from the first commit to its end, or to now: only of what was live.
    pub days_live: Option<i64>,
    /// Everything that holds or held it, and must be given another credential.
    pub consumers: Vec<Consumer>,
    /// What an issuer last said that it may do, and whose it is.
    pub may: Option<Identity>,
}

/// A repository that holds a credential, and for which environment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Consumer {
    /// What people call the repository.
    pub repository: String,
    /// Environments that its paths name: production, staging and the like.
    pub environments: BTreeSet<&'static str>,
    /// The heads that hold it now; none when only history does.
    pub heads: BTreeSet<SafeText>,
    /// How many places there hold it or held it.
    pub places: usize,
    /// It is not in this repository any more, history included.
    pub gone: bool,
}

/// Words of paths and the environments they stand for. `test` is none: tests are no place of use.
const ENVIRONMENTS: [(&str, &str); 10] = [
    ("prod", "production"),
    ("production", "production"),
    ("live", "production"),
    ("staging", "staging"),
    ("stage", "staging"),
    ("preprod", "staging"),
    ("dev", "development"),
    ("development", "development"),
    ("qa", "quality assurance"),
    ("uat", "acceptance"),
];

impl PoamItem {
    /// How far it is exposed at `now`.
    pub fn exposure(&self, now: Timestamp) -> Exposure {
        let introduced = self.presence.iter().filter_map(|(_, s)| s.location.introduced.as_ref());
        let first_commit = introduced.map(|introduced| introduced.at).min();
        let newest = self.targets.values().filter_map(|record| record.last_live());
        let newest = newest.max_by_key(|(at, _)| *at);
        let dead_since = self.denied_since(now);
        let began = first_commit.unwrap_or(self.detection.detected_at);
        let days = |end: Timestamp| (end.duration_since(began).as_hours() / 24).max(0);
        Exposure {
            first_commit,
            pushed_by: self.pushed_by(),
            last_live: newest.map(|(at, _)| at),
            dead_since,
            days_live: newest.map(|_| days(dead_since.unwrap_or(now))),
            consumers: self.consumers(),
            may: newest.map(|(_, seen)| seen.identity.clone()).filter(|may| !may.is_empty()),
        }
    }

    /// Since when all that accepted it deny it.
    fn denied_since(&self, now: Timestamp) -> Option<Timestamp> {
        let mut since = None;
        for record in self.targets.values().filter(|record| record.is_bound()) {
            match record.standing(now) {
                Standing::Denied { first, .. } => since = since.max(Some(first)),
                Standing::Live(_) => return None,
                Standing::Unknown => {}
            }
        }
        since
    }

    /// When it was first recorded that a remote repository holds it.
    fn pushed_by(&self) -> Option<Timestamp> {
        let is_pushed = |heads: &[SafeText], source: &str| {
            source.contains("://")
                || heads.iter().any(|head| head.as_str().contains("refs/remotes/"))
        };
        self.history.iter().find_map(|recorded| match &recorded.event {
            crate::Event::Sighted { location, source, .. } => {
                is_pushed(&location.at_head, source.as_str()).then_some(recorded.at)
            }
            _ => None,
        })
    }

    /// Everything that holds or held it.
    pub fn consumers(&self) -> Vec<Consumer> {
        let mut consumers: BTreeMap<String, Consumer> = BTreeMap::new();
        for (_, sighting) in self.presence.iter() {
            let location = &sighting.location;
            if location.place == Place::Stdin {
                continue;
            }
            let name = sighting.repository_name().to_owned();
            let consumer = consumers.entry(name.clone()).or_insert_with(|| Consumer {
                repository: name,
                environments: BTreeSet::new(),
                heads: BTreeSet::new(),
                places: 0,
                gone: true,
            });
            consumer.places += 1;
            consumer.gone &= sighting.is_absent();
            consumer.heads.extend(sighting.heads());
            if !sighting.is_absent() {
                consumer.environments.extend(environments(location.path.as_str()));
            }
        }
        consumers.into_values().collect()
    }

    /// The environments that the paths of all its consumers name.
    pub(crate) fn environments(&self) -> BTreeSet<&'static str> {
        self.consumers().into_iter().flat_map(|consumer| consumer.environments).collect()
    }
}

/// The environments that a path names.
fn environments(path: &str) -> BTreeSet<&'static str> {
    let path = path.to_lowercase();
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter_map(|word| ENVIRONMENTS.iter().find(|(known, _)| *known == word))
        .map(|(_, environment)| *environment)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_environments_by_whole_words() {
        let of = |path| environments(path).into_iter().collect::<Vec<_>>();
        assert_eq!(of("deploy/prod.env"), ["production"]);
        assert_eq!(of("k8s/Staging/values-dev.yaml"), ["development", "staging"]);
        assert!(of("src/product/device.rs").is_empty());
        assert!(of("tests/app.env").is_empty());
    }
}
