//! Before a place is called clean: do the bytes of the credential still stand there?

use crate::{Looking, Tracker, Wanted};
use jiff::Timestamp;
use quietus_model::{Assessment, Finding, Fingerprint, Location, Rule, Scope, Secret, Survey};
use quietus_poam::{PoamItem, shown_gone};
use quietus_scan::can_be_sought;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Credentials by what is known of them.
type Known = BTreeMap<Fingerprint, Finding>;

impl Tracker<'_> {
    /// `survey`, with every place added at which a credential stands that its rules did not see
    /// there. Only credentials that the survey would show gone from somewhere are looked for.
    ///
    /// A rule may see less than the one before it, and a secret outlives what stood round it: the
    /// silence of rules alone must not verify a removal.
    pub(crate) fn confirmed(
        &self,
        items: &[Arc<PoamItem>],
        survey: &Survey,
        looking: &Looking<'_>,
        now: Timestamp,
    ) -> Survey {
        let mut survey = survey.clone();
        let gone = shown_gone(items, &survey, self.policy, now);
        if gone.is_empty() {
            return survey;
        }
        let (wanted, known) = places(&gone, items, &survey);
        let read = wanted.read(looking, now);
        survey.unrecognised.extend(read.unread);
        let mut sought: Vec<(Arc<Rule>, Secret)> = Vec::new();
        let mut prints = BTreeSet::new();
        // One secret may have been opened as several items, under the names of its spellings.
        let mut names: BTreeMap<Fingerprint, BTreeSet<Fingerprint>> = BTreeMap::new();
        for hit in read.hits {
            let print = hit.finding.fingerprint;
            match self.rules.get(&hit.finding.rule) {
                Some(rule) if can_be_sought(&hit.secret) => {
                    for name in looking.key.names(&hit.secret).into_iter().chain([print]) {
                        names.entry(name).or_default().insert(print);
                    }
                    sought.push((Arc::clone(rule), hit.secret));
                    prints.insert(print);
                }
                // Where the rules see what is no more than a word, their silence counts.
                _ if read.unseen.contains(&print) => {
                    survey.unrecognised.insert(print);
                }
                _ => {}
            }
        }
        if !sought.is_empty() {
            let scopes = survey.scopes.clone();
            for scope in scopes.iter().filter(|s| s.covers_heads() || s.covers_work_tree()) {
                match self.seek(&sought, scope, looking, now) {
                    Some(found) => {
                        for finding in &found {
                            let own = finding.aliases.iter().chain([&finding.fingerprint]);
                            let items: BTreeSet<_> =
                                own.filter_map(|name| names.get(name)).flatten().collect();
                            for print in items {
                                add(&mut survey, &known, *print, finding, self);
                            }
                        }
                    }
                    None => survey.unrecognised.extend(&prints),
                }
            }
        }
        survey
    }

    /// Where the bytes of `sought` stand in `scope`; `None` when it could not be read whole. Only
    /// those that may stand at a head, which is quickly known, are looked for in all of history.
    fn seek(
        &self,
        sought: &[(Arc<Rule>, Secret)],
        scope: &Scope,
        looking: &Looking<'_>,
        now: Timestamp,
    ) -> Option<Vec<Finding>> {
        let path = looking.place_of(scope.source.as_str());
        let shown = looking.shown(path.clone(), scope, sought, now);
        let sought = shown.unwrap_or_else(|| sought.to_vec());
        if sought.is_empty() {
            return Some(Vec::new());
        }
        let found = looking.seek(path, scope, sought, now).ok()?;
        if !found.scope.is_complete() || looking.cancel.load(Ordering::Relaxed) {
            return None;
        }
        Some(found.hits.into_iter().map(|hit| hit.finding).collect())
    }
}

/// Where the bytes of `gone` may be read, and what is known of each.
fn places(
    gone: &BTreeSet<Fingerprint>,
    items: &[Arc<PoamItem>],
    survey: &Survey,
) -> (Wanted, Known) {
    let items = items.iter().map(AsRef::as_ref);
    let items = items.filter(|item: &&PoamItem| gone.contains(&item.fingerprint()));
    let mut wanted = Wanted::of(items.clone(), &[]);
    let mut known: Known =
        items.map(|item| (item.fingerprint(), item.detection.finding(Vec::new()))).collect();
    let findings = survey.assessments.iter().map(|assessment| &assessment.finding);
    for finding in findings.filter(|finding| gone.contains(&finding.fingerprint)) {
        known.entry(finding.fingerprint).or_insert_with(|| finding.clone());
        for place in &finding.locations {
            let scope = survey.scopes.iter().find(|scope| scope.repository == place.repository);
            let source = if place.source.is_empty() {
                scope.map(|s| &s.source)
            } else {
                Some(&place.source)
            };
            if let Some(source) = source {
                wanted.add(finding, source, place.clone());
            }
        }
    }
    (wanted, known)
}

/// Adds the places of `found` at heads that `survey` does not show there.
fn add(
    survey: &mut Survey,
    known: &Known,
    print: Fingerprint,
    found: &Finding,
    tracker: &Tracker<'_>,
) {
    let at_head = found.locations.iter().filter(|place| !place.at_head.is_empty());
    let places: Vec<&Location> = at_head.collect();
    if places.is_empty() {
        return;
    }
    let place = survey.assessments.iter().position(|a| a.finding.fingerprint == print);
    let at = match (place, known.get(&print)) {
        (Some(at), _) => at,
        (None, Some(finding)) => {
            let kind = tracker.kind(&finding.rule);
            let finding = Finding { locations: Vec::new(), ..finding.clone() };
            survey.assessments.push(Assessment {
                finding,
                kind,
                judgements: Vec::new(),
                silence: None,
                sealed: None,
            });
            survey.assessments.len() - 1
        }
        (None, None) => return,
    };
    let shown = &mut survey.assessments[at].finding.locations;
    for place in places {
        let same = |other: &&mut Location| other.id() == place.id() && other.source == place.source;
        match shown.iter_mut().find(same) {
            Some(other) if other.at_head.is_empty() => *other = place.clone(),
            Some(_) => {}
            None => shown.push(place.clone()),
        }
    }
}
