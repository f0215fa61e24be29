//! How well each repository is watched: a dead cron job must not look clean in any export.

use jiff::Timestamp;
use quietus_model::RepositoryId;
use quietus_poam::{PoamItem, ScanRecord};
use std::collections::BTreeMap;

/// How well a repository is watched.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    /// The newest scan that may say what is at no head.
    pub(crate) last_complete: Option<Timestamp>,
    /// The newest scan of any kind.
    pub(crate) last: Option<&'a ScanRecord>,
}

/// Every repository that an item or a scan names.
pub(crate) fn watched<'a>(
    items: impl IntoIterator<Item = &'a PoamItem>,
    scans: &'a [ScanRecord],
) -> BTreeMap<&'a RepositoryId, Watch<'a>> {
    let mut watched: BTreeMap<&RepositoryId, Watch<'_>> = BTreeMap::new();
    for item in items {
        for id in item.presence.repositories() {
            watched.entry(id).or_default();
        }
    }
    for scan in scans {
        let watch = watched.entry(&scan.scope.repository).or_default();
        if scan.is_complete() {
            watch.last_complete = watch.last_complete.max(Some(scan.taken_at));
        }
        let order = |scan: &ScanRecord| (scan.taken_at, scan.survey);
        if watch.last.is_none_or(|last| order(last) < order(scan)) {
            watch.last = Some(scan);
        }
    }
    watched
}
