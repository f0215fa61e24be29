//! Which repositories are due, and in which order.

use crate::host_of;
use jiff::{SignedDuration, Timestamp};
use quietus_model::RepositoryId;
use quietus_poam::Listed;
use quietus_store::RepositoryScans;
use std::collections::BTreeMap;

/// Who has waited this long for a complete scan comes first, however large: else a deadline could
/// keep the largest out night after night.
const TOO_LONG: SignedDuration = SignedDuration::from_hours(48);

/// A repository that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// The repository.
    pub id: RepositoryId,
    /// The host that it is fetched from; empty for a folder.
    pub host: String,
    /// When it was last scanned completely.
    pub last_complete: Option<Timestamp>,
    /// How many bytes its last scan read, which tells how long the next one may take.
    pub bytes: Option<u64>,
}

/// The repositories of the inventory that are due, in the order in which they are begun: those that
/// have waited too long, the longest first; then small before large, and those nobody has read last,
/// so that a large one keeps nobody waiting.
pub fn order(listed: &[Listed], scans: &[RepositoryScans], now: Timestamp) -> Vec<Due> {
    let scans: BTreeMap<&RepositoryId, &RepositoryScans> =
        scans.iter().map(|scans| (scans.repository(), scans)).collect();
    let due = |one: &Listed| {
        let known = scans.get(&one.id);
        let complete = known.and_then(|scans| scans.latest_complete.as_ref());
        Due {
            id: one.id.clone(),
            host: host_of(&one.url),
            last_complete: complete.map(|scan| scan.taken_at),
            bytes: complete.map(|scan| scan.scope.stats.bytes),
        }
    };
    let mut all: Vec<Due> = listed.iter().filter(|one| one.is_due()).map(due).collect();
    let late = |due: &Due| due.last_complete.filter(|at| now.duration_since(*at) > TOO_LONG);
    all.sort_by_key(|due| {
        let late = late(due);
        (late.is_none(), late, due.bytes.is_none(), due.bytes, due.id.clone())
    });
    all
}
