//! A repository that is listed, was scanned, or both: whether it is seen, and if not, why.

use crate::RepositoryScans;
use quietus_model::RepositoryId;
use quietus_poam::{Listed, Watch};
use std::collections::BTreeMap;

/// What the inventory and the scans say of one repository.
#[derive(Clone, Copy, Debug)]
pub struct Coverage<'a> {
    /// The inventory.
    pub listed: Option<&'a Listed>,
    /// Its scans.
    pub scans: Option<&'a RepositoryScans>,
}

impl<'a> Coverage<'a> {
    /// Every repository, in the order of the ids.
    pub fn all(listed: &'a [Listed], scans: &'a [RepositoryScans]) -> Vec<Self> {
        let mut all: BTreeMap<&RepositoryId, Self> = BTreeMap::new();
        for one in listed {
            all.insert(&one.id, Self { listed: Some(one), scans: None });
        }
        for one in scans {
            all.entry(one.repository()).or_insert(Self { listed: None, scans: None }).scans =
                Some(one);
        }
        all.into_values().collect()
    }

    /// Which repository it is.
    pub fn id(&self) -> Option<&'a RepositoryId> {
        self.listed.map(|one| &one.id).or(self.scans.map(RepositoryScans::repository))
    }

    /// Whether it is watched, in a word.
    pub fn state(&self) -> &'static str {
        self.listed.map_or("not listed", |one| one.watch.as_str())
    }

    /// Whether its last scan was not complete, or there is none. What is retired has no gap.
    pub fn has_gap(&self) -> bool {
        let is_watched = self.listed.is_none_or(Listed::is_due);
        is_watched && self.scans.is_none_or(|scans| !scans.latest.is_complete())
    }

    /// Why its last scan is not complete, in words.
    pub fn why(&self) -> Option<String> {
        if let Some(Watch::Displaced { by }) = self.listed.map(|one| &one.watch) {
            return Some(format!(
                "another repository ({by}) stands at its URL; say where it is with `quietus repos rename`"
            ));
        }
        let Some(scans) = self.scans else { return Some("never scanned".to_owned()) };
        if scans.latest.is_complete() {
            return None;
        }
        let gap = scans.latest.scope.gaps.iter().find(|gap| gap.reason.is_omission());
        Some(gap.map_or_else(
            || "only part of it was looked at".to_owned(),
            |gap| format!("{}: {} ({})", gap.reason, gap.object, gap.detail),
        ))
    }
}
