//! Whether known secrets still stand in a source, by their own bytes and not by any rule.

use crate::detector::is_distinct;
use crate::source::{Options, ScanError, Scanned, Source};
use crate::{Detector, scan};
use jiff::Timestamp;
use quietus_model::{FingerprintKey, Rule, RuleSet, Secret};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Whether a secret can be looked for by its bytes. A short or plain word cannot: it is a secret
/// where a name makes it one, and may stand elsewhere as an ordinary word.
pub fn can_be_sought(secret: &Secret) -> bool {
    is_distinct(secret)
}

/// Scans `source` for the secrets of `known`, wherever they stand and whatever stands round them.
///
/// Rules change, and so does what stands round a secret; a rule that does not see it any more is no
/// proof that it is gone. Of a hit only its fingerprint and its locations say more than `known`.
/// The rules look as well, because what they know is masked in every name that is shown. What was
/// looked for before is remembered apart from what rules found, and holds for the same secrets only.
/// A hit goes by any of the [names](FingerprintKey::names) of its secret.
///
/// # Errors
/// [`ScanError`] when `source` cannot be opened at all, or `known` cannot be looked for.
pub fn stands(
    source: &Source,
    known: Vec<(Arc<Rule>, Secret)>,
    rules: &Arc<RuleSet>,
    key: &FingerprintKey,
    options: &Options,
    now: Timestamp,
    cancel: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let prints: BTreeSet<_> = known.iter().flat_map(|(_, secret)| key.names(secret)).collect();
    let detector = Detector::seeking(Arc::clone(rules), known).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        ScanError::Unsearchable { detail: problems.join("; ") }
    })?;
    let mut scanned = scan(source, &detector, key, options, now, &(), cancel)?;
    scanned.hits.retain(|hit| prints.iter().any(|name| hit.finding.is_named(name)));
    Ok(scanned)
}
