//! Where a credential stands now, repository by repository, and what a survey may say about that.

use jiff::Timestamp;
use quietus_model::{Location, LocationId, Place, RepositoryId, SafeText, Scope, SurveyId};
use std::collections::{BTreeMap, BTreeSet};

/// One location and what each source of its repository says of it.
///
/// Two clones of one repository may disagree: one lacks a branch, one is older. What one source
/// showed at a head stays there until that source, or one that knows as much, shows it gone.
#[derive(Clone, PartialEq, Debug)]
pub struct Sighting {
    /// The location, as last seen.
    pub location: Location,
    /// When it was first recorded.
    pub first_seen: Timestamp,
    views: BTreeMap<SafeText, View>,
}

/// What one source says of one location.
#[derive(Clone, PartialEq, Debug)]
struct View {
    heads: Vec<SafeText>,
    gone: Option<Gone>,
}

/// How a complete survey showed that a location left every head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gone {
    /// History still holds it.
    FromHeads(SurveyId),
    /// It was not seen at all.
    Altogether(SurveyId),
}

impl Sighting {
    /// Whether it still stands at a head of some source, or nobody has shown that it does not.
    pub fn is_open(&self) -> bool {
        self.views.values().any(|view| view.gone.is_none())
    }

    /// Whether no source shows it at all any more.
    pub fn is_absent(&self) -> bool {
        self.views.values().all(|view| matches!(view.gone, Some(Gone::Altogether(_))))
    }

    /// The heads that hold it, over all sources.
    pub fn heads(&self) -> Vec<SafeText> {
        let open = self.views.values().filter(|view| view.gone.is_none());
        open.flat_map(|view| view.heads.iter().cloned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// Where its repository was read, the source that still shows it first.
    pub fn sources(&self) -> Vec<&SafeText> {
        let mut sources: Vec<_> = self.views.iter().collect();
        sources.sort_by_key(|(_, view)| view.gone.is_some());
        sources.into_iter().map(|(source, _)| source).collect()
    }

    /// What people call its repository: where it lies, when its identity is only an object id.
    pub fn repository_name(&self) -> &str {
        let id = self.location.repository.as_str();
        match self.sources().first() {
            Some(source) if id.starts_with("root:") => source.as_str(),
            _ => id,
        }
    }

    /// Whether `source` shows it at these heads already, or at more if it did not look at all.
    pub(crate) fn is_known_at(&self, location: &Location, scope: &Scope) -> bool {
        let Some(view) = self.views.get(&scope.source) else { return false };
        let same_heads = if scope.covers_heads() {
            view.heads == location.at_head
        } else {
            location.at_head.iter().all(|head| view.heads.contains(head))
        };
        view.gone.is_none()
            && same_heads
            && self.location.blob == location.blob
            && self.location.line == location.line
    }

    /// The heads at which the source of `scope` showed it and which `scope` did not look at.
    pub(crate) fn heads_kept(&self, scope: &Scope) -> Vec<SafeText> {
        match self.views.get(&scope.source) {
            Some(view) if view.gone.is_none() && !scope.covers_heads() => view.heads.clone(),
            _ => Vec::new(),
        }
    }

    /// Whether `source` once said that it is gone altogether.
    pub(crate) fn was_absent_from(&self, source: &SafeText) -> bool {
        let view = self.views.get(source);
        view.is_some_and(|view| matches!(view.gone, Some(Gone::Altogether(_))))
    }

    /// Whether `source` has ever spoken of it.
    pub(crate) fn is_known_to(&self, source: &SafeText) -> bool {
        self.views.contains_key(source)
    }

    /// The sources whose word a complete `scope` answers that knows this location in its history
    /// and shows it at no head: its own, and that of every source whose branches it has as well.
    pub(crate) fn answered_by(&self, scope: &Scope) -> Vec<SafeText> {
        if !self.is_covered_by(scope) {
            return Vec::new();
        }
        let elsewhere = !matches!(self.location.place, Place::WorkTree | Place::Index);
        let answered = |(source, view): &(&SafeText, &View)| {
            view.gone.is_none()
                && (**source == scope.source || (elsewhere && has_branches(scope, &view.heads)))
        };
        self.views.iter().filter(answered).map(|(source, _)| source.clone()).collect()
    }

    /// Whether a `scope` that does not show this location at all may say that it is gone from its
    /// own source. It says nothing of another, which may be older, or keep what this one purged.
    pub(crate) fn may_be_absent_from(&self, scope: &Scope) -> bool {
        self.is_known_to(&scope.source)
            && !self.was_absent_from(&scope.source)
            && self.is_covered_by(scope)
    }

    /// Whether the scope covered what the location stands in.
    fn is_covered_by(&self, scope: &Scope) -> bool {
        // An archive that cannot be opened any more may still hold it.
        if !self.location.inside.is_empty() && !scope.opened_all() {
            return false;
        }
        match self.location.place {
            Place::WorkTree => scope.covers_work_tree(),
            Place::Index => scope.covers_work_tree() && scope.covers_heads(),
            Place::History | Place::Message => scope.covers_heads(),
            Place::Stdin => false,
        }
    }
}

fn has_branches(scope: &Scope, heads: &[SafeText]) -> bool {
    let covered: BTreeSet<&str> = scope.refs.iter().map(|tip| branch(tip.name.as_str())).collect();
    heads.iter().all(|head| covered.contains(branch(head.as_str())))
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
        let views = self.in_repositories().flat_map(|sighting| sighting.views.values());
        views
            .filter_map(|view| match view.gone {
                Some(Gone::FromHeads(survey) | Gone::Altogether(survey)) => Some(survey),
                None => None,
            })
            .collect()
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
        let sighting = self.sightings.entry(location.id()).or_insert_with(|| Sighting {
            location: location.clone(),
            first_seen: at,
            views: BTreeMap::new(),
        });
        let gone = cleared_by.map(Gone::FromHeads);
        let view = View { heads: location.at_head.clone(), gone };
        sighting.views.insert(source.clone(), view);
        // A clone that has it only in history does not tell where to find it at a head.
        if !location.at_head.is_empty() || !sighting.is_open() {
            sighting.location = location.clone();
        }
        sighting.location.at_head = sighting.heads();
    }

    pub(crate) fn left_head(&mut self, id: &LocationId, sources: &[SafeText], survey: SurveyId) {
        for source in sources {
            self.close(id, source, Gone::FromHeads(survey));
        }
    }

    pub(crate) fn absent(&mut self, id: &LocationId, source: &SafeText, survey: SurveyId) {
        self.close(id, source, Gone::Altogether(survey));
    }

    fn close(&mut self, id: &LocationId, source: &SafeText, gone: Gone) {
        let Some(sighting) = self.sightings.get_mut(id) else { return };
        if let Some(view) = sighting.views.get_mut(source) {
            view.gone = Some(gone);
            view.heads.clear();
        }
        sighting.location.at_head = sighting.heads();
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
