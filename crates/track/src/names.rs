//! Findings go by the names that the items of their secrets have.
//!
//! An item keeps the name that it was opened under. What a secret is named by may become better: a
//! private key that was an item for each of its spellings is one secret. Then what is found of it
//! belongs to every item that has one of its names, so that none of them seems to be gone.

use quietus_model::{Assessment, Finding, Fingerprint, Hit};
use quietus_poam::PoamItem;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// The names of all items: each leads to the items that have it.
pub(crate) struct Names(BTreeMap<Fingerprint, BTreeSet<Fingerprint>>);

impl Names {
    pub(crate) fn of<I: Borrow<PoamItem>>(items: &[I]) -> Self {
        let mut names: BTreeMap<Fingerprint, BTreeSet<Fingerprint>> = BTreeMap::new();
        for item in items.iter().map(Borrow::borrow) {
            for name in item.aliases.iter().copied().chain([item.fingerprint()]) {
                names.entry(name).or_default().insert(item.fingerprint());
            }
        }
        Self(names)
    }

    /// Each hit under the names of its items, or its own where there is none.
    pub(crate) fn hits(&self, hits: Vec<Hit>) -> Vec<Hit> {
        let renamed = hits.into_iter().flat_map(|hit| {
            let items = self.items(&hit.finding);
            items.into_iter().map(move |name| {
                let mut hit = hit.clone();
                hit.finding.rename(name);
                hit
            })
        });
        renamed.collect()
    }

    /// Each assessment under the names of its items, or its own where there is none. What was sealed
    /// belongs to the first.
    pub(crate) fn assessments(&self, all: Vec<Assessment>) -> Vec<Assessment> {
        let renamed = all.into_iter().flat_map(|one| {
            let items = self.items(&one.finding);
            items.into_iter().enumerate().map(move |(at, name)| {
                let mut one = one.clone();
                one.finding.rename(name);
                one.sealed = one.sealed.filter(|_| at == 0);
                one
            })
        });
        renamed.collect()
    }

    /// The items of a finding, or its own name.
    fn items(&self, finding: &Finding) -> BTreeSet<Fingerprint> {
        // It was given one of several items' names before.
        if finding.renamed_from.is_some() {
            return BTreeSet::from([finding.fingerprint]);
        }
        let names = finding.aliases.iter().chain([&finding.fingerprint]);
        let items: BTreeSet<Fingerprint> =
            names.filter_map(|name| self.0.get(name)).flatten().copied().collect();
        if items.is_empty() { BTreeSet::from([finding.fingerprint]) } else { items }
    }
}
