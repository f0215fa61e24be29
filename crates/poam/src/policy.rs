//! What a policy says: dates, proof, evidence, who decides, and when an item is set aside.

mod duration;
mod explain;
mod presets;
mod reading;
mod sections;

pub(crate) use duration::duration;
pub use duration::to_duration;
pub use presets::presets;
pub use reading::{PolicyError, Problem};
pub use sections::{
    Cadence, ClosureMode, Consent, DeviationRules, DismissalRules, EscrowRules, EvidenceRules,
    ExtensionRules, PeopleRules, PlaybookRules, ProofRules, RotationRules,
};

use crate::proof::later;
use crate::{Class, DeviationKind, Directory, MilestoneKind, Planned};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Confidence, Digest};
use sections::{DeviationTable, SlaTable};
use serde::Deserialize;

/// A policy: dates, what counts as proof, how items close, who decides.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it is for, in a sentence.
    pub summary: String,
    /// The shipped policy that says what this one leaves out.
    #[serde(default)]
    pub extends: Option<String>,
    /// How items close.
    pub closure: ClosureMode,
    /// Findings below this confidence open no item unless live.
    pub open_from: Confidence,
    /// Published examples and test values open an item too, so that somebody sets them aside.
    pub open_dummies: bool,
    /// What counts as verified dead.
    pub proof: ProofRules,
    /// What must be on record before an item closes.
    pub evidence: EvidenceRules,
    /// Who may decide.
    pub people: PeopleRules,
    /// When a rotation may be waived.
    pub rotation: RotationRules,
    /// Dates by class: see [`Policy::allowance`].
    sla: SlaTable,
    /// When a milestone may get a later date.
    pub extensions: ExtensionRules,
    /// When an item may be set aside: see [`Policy::deviation`].
    deviations: DeviationTable,
    /// When to ask again.
    pub cadence: Cadence,
    /// How long what is sealed is kept.
    pub escrow: EscrowRules,
    /// How long anything may be set aside.
    pub dismissal: DismissalRules,
    /// Which playbooks the evidence opens by itself.
    pub playbooks: PlaybookRules,
    /// On a first night, how long what is not live waits to be sorted. Not said by the policy's text.
    #[serde(skip)]
    pub onboarding: Option<SignedDuration>,
    /// Who has left, and whose which repository is. Not said by the policy's text.
    #[serde(skip)]
    pub directory: Directory,
    /// The digest of the text it was read from.
    #[serde(skip, default = "no_digest")]
    digest: Digest,
}

fn no_digest() -> Digest {
    Digest::of(b"")
}

impl Policy {
    /// The digest of its text, and of the text it extends: stands in each event.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The same policy, and what is known of people.
    #[must_use]
    pub fn with_directory(self, directory: Directory) -> Self {
        Self { directory, ..self }
    }

    /// The same policy on a first night: the clocks of what is not live start when somebody has sorted
    /// it, at the latest after `grace`.
    #[must_use]
    pub fn onboarding(self, grace: SignedDuration) -> Self {
        Self { onboarding: Some(grace), ..self }
    }

    /// How long a milestone may take for this class.
    pub fn allowance(&self, class: Class, milestone: MilestoneKind) -> SignedDuration {
        self.sla.of(class).of(milestone)
    }

    /// The dates of all milestones, counted from `from`.
    pub fn plan(&self, class: Class, from: Timestamp) -> Vec<Planned> {
        MilestoneKind::ALL
            .into_iter()
            .map(|milestone| Planned {
                milestone,
                due: later(from, self.allowance(class, milestone)),
            })
            .collect()
    }

    /// When an item may be set aside in this way.
    pub fn deviation(&self, kind: DeviationKind) -> &DeviationRules {
        self.deviations.of(kind)
    }

    /// Whose consent it takes to set an item of this class aside in this way, and until when that
    /// may last.
    pub(crate) fn terms(
        &self,
        kind: DeviationKind,
        class: Class,
        now: Timestamp,
    ) -> (Consent, Timestamp) {
        let rules = self.deviation(kind);
        let (consent, longest) = if class >= Class::Live {
            (rules.once_live, rules.once_live_longest)
        } else {
            (rules.consent, rules.longest)
        };
        (consent, later(now, longest.min(self.dismissal.longest)))
    }

    /// Whose consent a later date takes for this class.
    pub(crate) fn extension_consent(&self, class: Class) -> Consent {
        match class {
            Class::LivePrivileged | Class::LivePublic => self.extensions.live_privileged,
            Class::Live | Class::Unknown | Class::Dead | Class::Dummy => self.extensions.consent,
        }
    }
}

impl Default for Policy {
    /// The shipped default.
    fn default() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the shipped texts are parsed by this crate's tests"
        )]
        Self::preset("default").expect("the shipped policy is valid")
    }
}
