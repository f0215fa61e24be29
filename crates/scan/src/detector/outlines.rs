//! What the patterns of all rules say of their matches: known beforehand, or found out once.

use quietus_model::{Rule, RuleSet};
use quietus_pattern::Outline;
use std::sync::{Arc, OnceLock};

/// The outline of each rule, each read when first needed: most rules' anchors never occur.
#[derive(Debug)]
pub(super) struct Outlines {
    set: Arc<RuleSet>,
    read: Vec<OnceLock<Option<Outline>>>,
}

impl Outlines {
    pub(super) fn new(set: Arc<RuleSet>) -> Self {
        Self { read: set.rules().iter().map(|_| OnceLock::new()).collect(), set }
    }

    /// The rules.
    pub(super) fn rules(&self) -> &[Arc<Rule>] {
        self.set.rules()
    }

    /// The outline of a rule by its number; none where its pattern cannot be read.
    pub(super) fn of(&self, number: usize) -> Option<&Outline> {
        let outline = || outline(&self.set, self.rules().get(number)?);
        self.read.get(number)?.get_or_init(outline).as_ref()
    }
}

fn outline(set: &RuleSet, rule: &Rule) -> Option<Outline> {
    let known = set.outline(&Outline::key(rule));
    known.and_then(|known| Outline::read(known).ok()).or_else(|| Outline::of(rule).ok())
}
