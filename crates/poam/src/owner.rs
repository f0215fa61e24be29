//! Who should see to an item: CODEOWNERS, the issuer's word, the line's last committer, the team.

use crate::directory::person_of;
use crate::proof::later;
use crate::settle::Draft;
use crate::{Class, Directory, Event, Owner, OwnerBasis, PassedOver, Planned, PoamItem};
use jiff::SignedDuration;
use quietus_model::{Finding, Judgement, Location, SafeText, Verdict};

/// Somebody who may own an item.
type Candidate = (SafeText, OwnerBasis);

/// Who should see to a new finding, as far as anything tells.
pub(crate) fn owner_of(
    finding: &Finding,
    judgements: &[Judgement],
    directory: &Directory,
) -> Option<Owner> {
    let live = judgements.iter().filter_map(|judgement| match &judgement.verdict {
        Verdict::Live(seen) => person_of(&seen.identity),
        _ => None,
    });
    let places: Vec<&Location> = finding.locations.iter().collect();
    let repositories = places.iter().map(|location| match location.repository.as_str() {
        // An identity that is only an object id names nothing that people configure.
        id if id.starts_with("root:") => location.source.as_str(),
        id => id,
    });
    let team = directory.team(repositories);
    choose(candidates(&places, live.cloned(), team), directory)
}

/// The candidates, the surest first.
fn candidates(
    places: &[&Location],
    live: impl Iterator<Item = SafeText>,
    team: Option<&String>,
) -> Vec<Candidate> {
    let mut places = places.to_vec();
    places.sort_by_key(|location| location.at_head.is_empty());
    let by_code = places.iter().find_map(|location| {
        let names: Vec<&str> = location.code_owners.iter().map(|name| name.as_str()).collect();
        (!names.is_empty()).then(|| SafeText::plain(names.join(" ")))
    });
    let by_line = places.iter().filter_map(|location| location.last_author.clone());
    let team = team.map(SafeText::plain);
    let of = |basis| move |name: SafeText| (name, basis);
    by_code
        .map(of(OwnerBasis::CodeOwners))
        .into_iter()
        .chain(live.map(of(OwnerBasis::Identity)))
        .chain(by_line.map(of(OwnerBasis::LastCommitter)))
        .chain(team.map(of(OwnerBasis::Team)))
        .collect()
}

/// The first who has not left, and who came before them. When all have left the first is named all
/// the same, so that it shows.
fn choose(candidates: Vec<Candidate>, directory: &Directory) -> Option<Owner> {
    let left = |(name, basis): &Candidate| {
        let (name, basis, why) = (name.clone(), *basis, PassedOver::LEFT.to_owned());
        PassedOver { name, basis, why }
    };
    let here = candidates.iter().position(|(name, _)| !directory.has_left(name.as_str()));
    let chosen = candidates.get(here.unwrap_or(0))?;
    let before = &candidates[..here.unwrap_or(candidates.len())];
    let mut passed_over: Vec<PassedOver> = before.iter().map(left).collect();
    passed_over.dedup();
    Some(Owner { name: chosen.0.clone(), basis: chosen.1, passed_over })
}

impl Draft<'_> {
    /// Finds an owner for what has none, whose owner has left, or of which the issuer says better
    /// than a line does whose it is. What left people own is urgent: nobody watches its use.
    pub(crate) fn find_owner(&mut self) {
        let directory = &self.policy.directory;
        let current = self.item.owner.as_ref();
        let gone = current.is_some_and(|owner| directory.has_left(owner.name.as_str()));
        let guessed = current.is_none_or(|owner| {
            matches!(owner.basis, OwnerBasis::LastCommitter | OwnerBasis::Team)
        });
        if !gone && !guessed {
            return;
        }
        let best = choose(self.item.candidates(directory), directory);
        let better = best.filter(|best| {
            let same = current.is_some_and(|owner| owner.name == best.name);
            !same && (gone || current.is_none() || best.basis == OwnerBasis::Identity)
        });
        if let Some(mut owner) = better {
            if let Some(before) = current.filter(|_| gone) {
                let (name, basis) = (before.name.clone(), before.basis);
                let why = PassedOver::LEFT.to_owned();
                owner.passed_over.insert(0, PassedOver { name, basis, why });
                owner.passed_over.dedup();
            }
            self.emit(Event::Assigned { owner });
        }
    }

    /// What the departed may still use gets the dates of what works, if those are closer.
    pub(crate) fn hurry_for_departed(&mut self) {
        let is_gone = self.policy.directory.departed_of(&self.item, self.now).is_some();
        if !is_gone || self.item.class != Class::Unknown {
            return;
        }
        let closer = |planned: Planned| {
            let known = self.item.milestone(planned.milestone);
            let due = later(self.now, self.policy.allowance(Class::Live, planned.milestone));
            Planned { due: due.min(known.due), ..planned }
        };
        let plan = self.policy.plan(Class::Live, self.now);
        let plan: Vec<Planned> = plan.into_iter().map(closer).collect();
        let known = |planned: &Planned| self.item.milestone(planned.milestone).due;
        // Only once: later runs would count from later moments, and never come closer.
        if plan
            .iter()
            .any(|planned| known(planned).duration_since(planned.due) > SignedDuration::ZERO)
        {
            let class = self.item.class;
            self.emit(Event::Escalated { class, plan });
        }
    }
}

impl PoamItem {
    fn candidates(&self, directory: &Directory) -> Vec<Candidate> {
        let places: Vec<&Location> =
            self.presence.iter().map(|(_, sighting)| &sighting.location).collect();
        let live = self.targets.values().filter_map(|record| {
            let (_, seen) = record.last_live()?;
            person_of(&seen.identity).cloned()
        });
        let names = self.repository_names();
        let team = directory.team(names.iter().map(String::as_str));
        candidates(&places, live, team)
    }
}
