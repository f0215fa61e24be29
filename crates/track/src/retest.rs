//! Retest: read the known places again, ask the issuers, record what they say.

use crate::{Looking, Outcome, SourceError, TrackError, Tracker, is_remote};
use jiff::Timestamp;
use quietus_model::{
    Assessment, Binding, Doubt, Fingerprint, Gap, GapReason, Hit, Judgement, Location,
    RepositoryId, SafeText, Target, Verdict,
};
use quietus_poam::{PoamItem, ScanRecord};
use quietus_scan::{Source, recall};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// A credential and where it is known to be.
type Places = (Fingerprint, Vec<Location>);

/// What is to be read again, repository by repository.
pub struct Wanted {
    by_source: BTreeMap<(RepositoryId, String), Vec<Places>>,
    all: BTreeSet<Fingerprint>,
}

/// The bytes that could be had again.
#[derive(Default)]
pub struct Retest {
    /// Credentials whose bytes were read.
    pub hits: Vec<Hit>,
    /// Credentials whose bytes could not be had anywhere.
    pub lost: Vec<Fingerprint>,
    /// Credentials that could not be looked for everywhere.
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
        let mut wanted = Self { by_source: BTreeMap::new(), all: BTreeSet::new() };
        for item in items {
            wanted.all.insert(item.fingerprint());
            let mut places: BTreeMap<(RepositoryId, String), Vec<Location>> = BTreeMap::new();
            for (_, sighting) in item.presence.iter() {
                let repository = &sighting.location.repository;
                let sources =
                    sighting.sources().into_iter().chain(last_source.get(repository).copied());
                for source in sources.collect::<BTreeSet<_>>() {
                    let key = (repository.clone(), source.to_string());
                    places.entry(key).or_default().push(sighting.location.clone());
                }
            }
            for (key, locations) in places {
                wanted.by_source.entry(key).or_default().push((item.fingerprint(), locations));
            }
        }
        wanted
    }

    /// Reads them. A credential is lost only when every place could be looked at and none gives
    /// its bytes; what a broken source or an interruption kept from being read is *unread*.
    pub fn read(self, looking: &Looking<'_>, now: Timestamp) -> Retest {
        let mut found: BTreeMap<Fingerprint, Hit> = BTreeMap::new();
        let mut unread: BTreeSet<Fingerprint> = BTreeSet::new();
        let mut errors = Vec::new();
        for ((repository, name), wanted) in self.by_source {
            let path = if is_remote(&name) {
                // The mirror keeps what the remote may have dropped; it is not fetched anew here.
                looking.mirrors.path(&name)
            } else {
                PathBuf::from(&name)
            };
            let source = Source::Whole(path);
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
            let prints = wanted.iter().map(|(print, _)| *print);
            match recalled {
                Ok(recalled) => {
                    let certain = |gap: &Gap| gap.reason == GapReason::Missing;
                    if !recalled.gaps.iter().all(certain) {
                        unread.extend(prints);
                    }
                    for hit in recalled.hits {
                        found.entry(hit.finding.fingerprint).or_insert(hit);
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
        let missing = self.all.into_iter().filter(|print| !found.contains_key(print));
        let (unread, lost) = missing.partition(|print| unread.contains(print));
        // A source that is gone is no error as long as another one had the bytes.
        errors.retain(|(prints, _)| prints.iter().any(|print| !found.contains_key(print)));
        let errors = errors.into_iter().map(|(_, error)| error).collect();
        Retest { hits: found.into_values().collect(), lost, unread, errors }
    }
}

impl Tracker<'_> {
    /// Asks the issuers about what was read again and records their answers.
    ///
    /// # Errors
    /// As [`Tracker::record`].
    pub async fn retest(&self, retest: Retest, now: Timestamp) -> Result<Outcome, TrackError> {
        let mut assessments = self.assess(retest.hits, now).await;
        for assessment in &mut assessments {
            // A recall reads known places and says nothing about where else it may be.
            assessment.finding.locations.clear();
        }
        let items = self.ledger.items().await?;
        for print in &retest.lost {
            let item = items.iter().find(|item| item.fingerprint() == *print);
            if let Some(item) = item.filter(|item| item.lost_bytes().is_none()) {
                assessments.push(self.lost(item, now));
            }
        }
        let survey = self.survey(Vec::new(), assessments, now);
        self.record(&survey, now).await
    }

    /// That a credential's bytes cannot be had any more, so that its item can say so.
    fn lost(&self, item: &PoamItem, now: Timestamp) -> Assessment {
        let detection = &item.detection;
        let target =
            Target { issuer: detection.rule.to_string(), endpoint: String::new(), principal: None };
        let verdict = Verdict::Indeterminate(Doubt::NoBytes);
        let judgement = Judgement { target, binding: Binding::Unbound, at: now, verdict };
        Assessment {
            finding: quietus_model::Finding {
                fingerprint: detection.fingerprint,
                rule: detection.rule.clone(),
                severity: detection.severity,
                confidence: detection.confidence,
                redacted: detection.redacted.clone(),
                offline: detection.offline,
                missing: detection.missing.clone(),
                decoded: Vec::new(),
                tags: detection.tags.clone(),
                locations: Vec::new(),
            },
            kind: detection.kind.clone(),
            judgements: vec![judgement],
            silence: None,
        }
    }
}
