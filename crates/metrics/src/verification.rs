//! Of how many open items issuers can tell, and how old their word is.

use crate::backlog::share;
use jiff::Timestamp;
use quietus_poam::{PoamItem, Policy};
use serde::Serialize;

/// How far the open items are verified.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Verification {
    /// Open items: neither closed nor set aside.
    pub open: usize,
    /// Those of a kind whose issuer can be asked.
    pub askable: usize,
    /// Those whose issuer has given a clear answer at some time.
    pub answered: usize,
    /// Those that can be asked, and whose last clear answer is older than the policy allows, or is
    /// missing.
    pub stale: usize,
    /// `answered` of `open`.
    pub coverage: Option<f64>,
    /// `stale` of `askable`.
    pub stale_share: Option<f64>,
}

impl Verification {
    pub(crate) fn of(items: &[&PoamItem], policy: &Policy, now: Timestamp) -> Self {
        let open: Vec<&PoamItem> = items.iter().copied().filter(|item| item.is_active()).collect();
        let askable: Vec<_> = open.iter().filter(|item| item.detection.kind.askable).collect();
        let answered = open.iter().filter(|item| item.last_answered().is_some()).count();
        let is_stale = |item: &&&&PoamItem| {
            let age = |at| now.duration_since(at);
            item.last_answered().is_none_or(|at| age(at) > policy.cadence.stale)
        };
        let stale = askable.iter().filter(is_stale).count();
        Self {
            open: open.len(),
            askable: askable.len(),
            answered,
            stale,
            coverage: share(answered, open.len()),
            stale_share: share(stale, askable.len()),
        }
    }
}
