//! A bound on what one repository may bring into the ledger in a night.

use quietus_model::{Fingerprint, Gap, GapReason, Hit, SafeText, Scope};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Leaves of `hits` those that are `known`, and of the new ones the `most` most certain and severe. What
/// is cut off is a gap, so that the scan is not complete and shows nothing gone.
pub(super) fn hold_back(
    hits: &mut Vec<Hit>,
    known: &BTreeSet<Fingerprint>,
    most: usize,
    scope: &mut Scope,
) {
    let (mut kept, mut new): (Vec<Hit>, Vec<Hit>) =
        std::mem::take(hits).into_iter().partition(|hit| known.contains(&hit.finding.fingerprint));
    if let Some(over) = new.len().checked_sub(most).filter(|over| *over > 0) {
        new.sort_by_key(|hit| {
            let finding = &hit.finding;
            (Reverse((finding.confidence, finding.severity)), finding.fingerprint)
        });
        new.truncate(most);
        scope.gaps.push(Gap {
            object: SafeText::plain(format!("{over} more new credentials")),
            reason: GapReason::Overflow,
            detail: SafeText::plain(format!(
                "only {most} new ones of a repository are taken in in a night, most certain first"
            )),
        });
    }
    kept.append(&mut new);
    kept.sort_by_key(|hit| hit.finding.fingerprint);
    *hits = kept;
}
