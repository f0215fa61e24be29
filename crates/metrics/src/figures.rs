//! All figures together: of everything, of each owner and of each repository.

use crate::{Backlog, Closures, HalfDone, Reopenings, StillValid, Times, Verification, Week};
use jiff::Timestamp;
use quietus_poam::{PoamItem, Policy};
use serde::Serialize;
use std::collections::BTreeMap;

/// Under which name items without an owner are counted.
const NOBODY: &str = "nobody";

/// How well leaked credentials are dealt with.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Metrics {
    /// At which moment.
    pub at: Timestamp,
    /// Over all items.
    pub all: Figures,
    /// Week by week, oldest first.
    pub weeks: Vec<Week>,
    /// By owner, `nobody` included.
    pub owners: BTreeMap<String, Figures>,
    /// By the team that sees to their repositories, as configuration has it; empty where it names none.
    pub teams: BTreeMap<String, Figures>,
    /// By repository. An item that stands in several counts in each.
    pub repositories: BTreeMap<String, Figures>,
}

/// The figures of some items.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figures {
    /// How many items.
    pub items: usize,
    /// How many are still valid after so many days.
    pub still_valid: StillValid,
    /// How long things took.
    pub times: Times,
    /// What is open.
    pub backlog: Backlog,
    /// On what ground items closed.
    pub closures: Closures,
    /// How often that did not last.
    pub reopenings: Reopenings,
    /// How far the open ones are verified.
    pub verification: Verification,
    /// What looks done and is not.
    pub half_done: HalfDone,
}

impl Metrics {
    /// The metrics of `items` at `now`, with the burn-down of the last `weeks` weeks.
    pub fn of<'i>(
        items: impl IntoIterator<Item = &'i PoamItem>,
        weeks: usize,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        let all: Vec<&PoamItem> = items.into_iter().collect();
        let mut owners: BTreeMap<String, Vec<&PoamItem>> = BTreeMap::new();
        let mut teams: BTreeMap<String, Vec<&PoamItem>> = BTreeMap::new();
        let mut repositories: BTreeMap<String, Vec<&PoamItem>> = BTreeMap::new();
        for item in all.iter().copied() {
            let owner = item.owner.as_ref().map_or(NOBODY, |owner| owner.name.as_str());
            owners.entry(owner.to_owned()).or_default().push(item);
            for team in policy.directory.teams_of(item) {
                teams.entry(team.to_owned()).or_default().push(item);
            }
            for name in item.repository_names() {
                repositories.entry(name).or_default().push(item);
            }
        }
        let each = |groups: BTreeMap<String, Vec<&PoamItem>>| {
            let figures =
                |(name, items): (String, Vec<&PoamItem>)| (name, Figures::of(&items, policy, now));
            groups.into_iter().map(figures).collect()
        };
        Self {
            at: now,
            weeks: Week::last(weeks, &all, now),
            all: Figures::of(&all, policy, now),
            owners: each(owners),
            teams: each(teams),
            repositories: each(repositories),
        }
    }
}

impl Figures {
    /// The figures of `items` at `now`.
    pub fn of(items: &[&PoamItem], policy: &Policy, now: Timestamp) -> Self {
        Self {
            items: items.len(),
            still_valid: StillValid::of(items, now),
            times: Times::of(items),
            backlog: Backlog::of(items, now),
            closures: Closures::of(items),
            reopenings: Reopenings::of(items),
            verification: Verification::of(items, policy, now),
            half_done: HalfDone::of(items, now),
        }
    }
}
