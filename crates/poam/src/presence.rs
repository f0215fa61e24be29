//! Where a credential stands now, repository by repository, and what a survey may say about that.

use jiff::Timestamp;
use quietus_model::{Location, LocationId, Place, RepositoryId, SafeText, Scope, SurveyId};
use std::collections::{BTreeMap, BTreeSet};

/// One location and what the surveys said of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Sighting {
    /// The location, as last seen.
    pub location: Location,
    /// When it was first recorded.
    pub first_seen: Timestamp,
    /// Where the survey that last saw it read the repository.
    pub source: SafeText,
    /// The complete survey that saw it at no head, unless it came back since.
    pub cleared_by: Option<SurveyId>,
    /// The complete survey that did not see it at all, unless it came back since.
    pub absent_by: Option<SurveyId>,
}

impl Sighting {
    /// Whether it still stands at a head, or nobody has shown that it does not.
    pub fn is_open(&self) -> bool {
        self.cleared_by.is_none() && self.absent_by.is_none()
    }

    /// Whether a complete `scope` that does not show this location at a head proves that it left.
    ///
    /// The scope must have covered what the location stands in. Another clone of the repository may
    /// lack a branch, or be older than the leak; so it can clear a location only if it knows it,
    /// `in_its_history`, and has every branch that held it. That a branch, or the history itself,
    /// is gone can only be shown by the source that once had it.
    pub fn may_be_cleared_by(&self, scope: &Scope, in_its_history: bool) -> bool {
        let same_source = scope.source == self.source;
        match self.location.place {
            Place::WorkTree => scope.covers_work_tree() && same_source,
            Place::Index => scope.covers_work_tree() && scope.covers_heads() && same_source,
            Place::History | Place::Message => {
                scope.covers_heads()
                    && (same_source || (in_its_history && self.branches_covered(scope)))
            }
            Place::Stdin => false,
        }
    }

    fn branches_covered(&self, scope: &Scope) -> bool {
        let covered: BTreeSet<&str> =
            scope.refs.iter().map(|tip| branch(tip.name.as_str())).collect();
        !scope.refs.is_empty()
            && self.location.at_head.iter().all(|head| covered.contains(branch(head.as_str())))
    }
}

/// The branch that a local or a remote-tracking ref stands for.
fn branch(name: &str) -> &str {
    if let Some(local) = name.strip_prefix("refs/heads/") {
        return local;
    }
    name.strip_prefix("refs/remotes/")
        .and_then(|rest| rest.split_once('/'))
        .map_or(name, |(_, branch)| branch)
}

/// Every location of one credential.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Presence {
    sightings: BTreeMap<LocationId, Sighting>,
}

impl Presence {
    /// The locations in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&LocationId, &Sighting)> {
        self.sightings.iter()
    }

    /// One location.
    pub fn get(&self, id: &LocationId) -> Option<&Sighting> {
        self.sightings.get(id)
    }

    /// How many locations are known.
    pub fn len(&self) -> usize {
        self.sightings.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.sightings.is_empty()
    }

    /// The repositories it was ever seen in. What came on standard input is in none.
    pub fn repositories(&self) -> BTreeSet<&RepositoryId> {
        self.in_repositories().map(|sighting| &sighting.location.repository).collect()
    }

    /// Locations that still stand at a head, or that nobody has shown to have left it.
    pub fn open(&self) -> impl Iterator<Item = &Sighting> {
        self.in_repositories().filter(|sighting| sighting.is_open())
    }

    /// Whether it was seen in a repository and has left every head there.
    pub fn is_cleared(&self) -> bool {
        self.in_repositories().next().is_some() && self.open().next().is_none()
    }

    /// The surveys that showed it gone.
    pub fn clearing_surveys(&self) -> BTreeSet<SurveyId> {
        self.in_repositories().filter_map(|s| s.absent_by.or(s.cleared_by)).collect()
    }

    fn in_repositories(&self) -> impl Iterator<Item = &Sighting> {
        self.sightings.values().filter(|s| s.location.place != Place::Stdin)
    }

    pub(crate) fn sighted(
        &mut self,
        location: &Location,
        source: &SafeText,
        at: Timestamp,
        cleared_by: Option<SurveyId>,
    ) {
        let first_seen = self.sightings.get(&location.id()).map_or(at, |known| known.first_seen);
        let sighting = Sighting {
            location: location.clone(),
            first_seen,
            source: source.clone(),
            cleared_by,
            absent_by: None,
        };
        self.sightings.insert(location.id(), sighting);
    }

    pub(crate) fn left_head(&mut self, id: &LocationId, survey: SurveyId) {
        if let Some(sighting) = self.sightings.get_mut(id) {
            sighting.cleared_by = Some(survey);
            sighting.location.at_head.clear();
        }
    }

    pub(crate) fn absent(&mut self, id: &LocationId, survey: SurveyId) {
        if let Some(sighting) = self.sightings.get_mut(id) {
            sighting.absent_by = Some(survey);
            sighting.location.at_head.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::branch;

    #[test]
    fn local_and_remote_tracking_refs_stand_for_one_branch() {
        assert_eq!(branch("refs/heads/fix/a"), "fix/a");
        assert_eq!(branch("refs/remotes/origin/fix/a"), "fix/a");
        assert_eq!(branch("work tree"), "work tree");
    }
}
