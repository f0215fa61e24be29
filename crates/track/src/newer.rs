//! What only newer rules found: it was there when older ones read the same repository.

use quietus_model::{Assessment, Location, Survey};
use quietus_poam::{PoamItem, ScanRecord};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The tag of what only newer rules found. Nobody let it in lately.
pub(crate) const NEWER_RULES: &str = "found-by-newer-rules";

/// Tags what opens an item in `survey` although the last complete scan of each of its repositories, by
/// other rules, had it before its eyes: as far as the dates of commits tell.
pub(crate) fn label(survey: &mut Survey, items: &[Arc<PoamItem>], complete: &[ScanRecord]) {
    let known: BTreeSet<_> = items.iter().map(|item| item.fingerprint()).collect();
    let (digest, id) = (survey.rules_digest.clone(), survey.id);
    let was_there = |location: &Location| {
        let before = complete.iter().find(|scan| {
            scan.scope.repository == location.repository
                && scan.survey != id
                && scan.rules_digest != digest
        });
        let introduced = location.introduced.as_ref();
        before.zip(introduced).is_some_and(|(scan, introduced)| introduced.at <= scan.taken_at)
    };
    let new = |assessment: &&mut Assessment| !known.contains(&assessment.finding.fingerprint);
    for assessment in survey.assessments.iter_mut().filter(new) {
        let finding = &mut assessment.finding;
        if !finding.locations.is_empty() && finding.locations.iter().all(was_there) {
            finding.tags.push(NEWER_RULES.to_owned());
        }
    }
}
