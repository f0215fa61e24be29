//! Retest: read the known places again, ask the issuers, record what they say.

use crate::{Looking, Outcome, SourceError, TrackError, Tracker};
use jiff::Timestamp;
use quietus_model::{
    Assessment, Binding, Doubt, Finding, Fingerprint, Gap, GapReason, Hit, Judgement, Location,
    RepositoryId, SafeText, Target, Verdict,
};
use quietus_poam::{PoamItem, ScanRecord};
use quietus_scan::{Source, recall};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// What is to be read again, repository by repository.
#[derive(Default)]
pub struct Wanted {
    by_source: BTreeMap<(RepositoryId, String), BTreeMap<Fingerprint, Finding>>,
    all: BTreeSet<Fingerprint>,
}

/// The bytes that could be had again.
#[derive(Default)]
pub struct Retest {
    /// Credentials whose bytes were read.
    pub hits: Vec<Hit>,
    /// Those of them that the rules of today do not see where they stand.
    pub unseen: BTreeSet<Fingerprint>,
    /// Credentials whose bytes could not be had anywhere.
    pub lost: Vec<Fingerprint>,
    /// Credentials that could not be looked for everywhere, or stand there in a form that is not
    /// understood today.
    pub unread: Vec<Fingerprint>,
    /// Sources that could not be read.
    pub errors: Vec<SourceError>,
}

impl Wanted {
    /// The known places of `items`, each in every source that showed it and in the one where its
    /// repository was last read.
    pub fn of<'i>(items: impl IntoIterator<Item = &'i PoamItem>, scans: &[ScanRecord]) -> Self {
        let last_source: BTreeMap<&RepositoryId, &SafeText> =
            scans.iter().map(|record| (&record.scope.repository, &record.scope.source)).collect();
        let mut wanted = Self::default();
        for item in items {
            wanted.all.insert(item.fingerprint());
            for (_, sighting) in item.presence.iter() {
                let repository = &sighting.location.repository;
                let sources =
                    sighting.sources().into_iter().chain(last_source.get(repository).copied());
                for source in sources.collect::<BTreeSet<_>>() {
                    let as_known = item.detection.finding(Vec::new());
                    wanted.add(&as_known, source, sighting.location.clone());
                }
            }
        }
        wanted
    }

    /// A credential at one more place, which `source` showed.
    pub(crate) fn add(&mut self, credential: &Finding, source: &SafeText, place: Location) {
        self.all.insert(credential.fingerprint);
        let key = (place.repository.clone(), source.to_string());
        let there = self.by_source.entry(key).or_default();
        let finding = there.entry(credential.fingerprint).or_insert_with(|| {
            let locations = Vec::new();
            Finding { locations, ..credential.clone() }
        });
        finding.locations.push(place);
    }

    /// Reads them. A credential is lost only when every place could be looked at and none gives
    /// its bytes; what a broken source or an interruption kept from being read is *unread*.
    pub fn read(self, looking: &Looking<'_>, now: Timestamp) -> Retest {
        let mut found: BTreeMap<Fingerprint, Hit> = BTreeMap::new();
        let mut bytes_only: BTreeMap<Fingerprint, Hit> = BTreeMap::new();
        let mut unread: BTreeSet<Fingerprint> = BTreeSet::new();
        let mut errors = Vec::new();
        for ((repository, name), wanted) in self.by_source {
            // The mirror keeps what the remote may have dropped; it is not fetched anew here.
            let source = Source::Whole(looking.place_of(&name));
            let wanted: Vec<Finding> = wanted.into_values().collect();
            let mut options = looking.options.clone();
            options.name = Some(repository);
            let recalled = recall(
                &source,
                &wanted,
                looking.detector,
                looking.key,
                &options,
                now,
                looking.cancel,
            );
            let prints = wanted.iter().map(|finding| finding.fingerprint);
            match recalled {
                Ok(recalled) => {
                    let certain = |gap: &Gap| gap.reason == GapReason::Missing;
                    if !recalled.gaps.iter().all(certain) {
                        unread.extend(prints);
                    }
                    unread.extend(recalled.unrecognised);
                    for hit in recalled.hits {
                        found.entry(hit.finding.fingerprint).or_insert(hit);
                    }
                    for hit in recalled.unseen {
                        bytes_only.entry(hit.finding.fingerprint).or_insert(hit);
                    }
                }
                Err(error) => {
                    unread.extend(prints.clone());
                    errors.push((prints.collect::<Vec<_>>(), SourceError::from(error)));
                }
            }
            if looking.cancel.load(Ordering::Relaxed) {
                unread.extend(self.all.iter().copied());
                break;
            }
        }
        bytes_only.retain(|print, _| !found.contains_key(print));
        let unseen = bytes_only.keys().copied().collect();
        found.append(&mut bytes_only);
        let missing = self.all.into_iter().filter(|print| !found.contains_key(print));
        let (unread, lost) = missing.partition(|print| unread.contains(print));
        // A source that is gone is no error as long as another one had the bytes.
        errors.retain(|(prints, _)| prints.iter().any(|print| !found.contains_key(print)));
        let errors = errors.into_iter().map(|(_, error)| error).collect();
        Retest { hits: found.into_values().collect(), unseen, lost, unread, errors }
    }
}

impl Tracker<'_> {
    /// Asks the issuers about what was read again and records their answers.
    ///
    /// # Errors
    /// As [`Tracker::record`].
    pub async fn retest(&self, retest: Retest, now: Timestamp) -> Result<Outcome, TrackError> {
        let current = self.ledger.current().await?;
        let mut assessments = self.assess(retest.hits, current.items()).await?;
        // What was answered meanwhile is decided on as well.
        let now = self.validator.map_or(now, |validator| validator.now().max(now));
        for assessment in &mut assessments {
            // A recall reads known places and says nothing about where else it may be.
            assessment.finding.locations.clear();
        }
        for print in &retest.lost {
            if let Some(item) = current.get(print).filter(|item| item.lost_bytes().is_none()) {
                assessments.push(self.lost(item, now));
            }
        }
        let survey = self.survey(Vec::new(), assessments, now);
        self.record(&survey, None, now).await
    }

    /// That a credential's bytes cannot be had any more, so that its item can say so.
    fn lost(&self, item: &PoamItem, now: Timestamp) -> Assessment {
        let detection = &item.detection;
        let target =
            Target { issuer: detection.rule.to_string(), endpoint: String::new(), principal: None };
        let verdict = Verdict::Indeterminate(Doubt::NoBytes);
        let judgement = Judgement { target, binding: Binding::Unbound, at: now, verdict };
        Assessment {
            finding: detection.finding(Vec::new()),
            kind: detection.kind.clone(),
            judgements: vec![judgement],
            silence: None,
            sealed: None,
        }
    }
}
