//! What a policy says, and the floors below which none may go.

use crate::proof::later;
use crate::{Class, MilestoneKind, Planned};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use quietus_model::{Confidence, Digest};
use serde::{Deserialize, Deserializer};

/// The shipped default.
const DEFAULT: &str = include_str!("../policies/default.toml");

/// A policy: dates, what counts as proof, how items close.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// How items close.
    pub closure: ClosureMode,
    /// Findings below this confidence open no item unless live.
    pub open_from: Confidence,
    /// What counts as verified dead.
    pub proof: ProofRules,
    /// When a rotation may be waived.
    pub rotation: RotationRules,
    /// Dates by class: see [`Policy::allowance`].
    sla: SlaTable,
    /// When to ask again.
    pub cadence: Cadence,
    /// How long a dismissal lasts.
    pub dismissal: DismissalRules,
    /// The digest of the text it was read from.
    #[serde(skip, default = "no_digest")]
    digest: Digest,
}

fn no_digest() -> Digest {
    Digest::of(b"")
}

/// How items close.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClosureMode {
    /// By themselves, once proven.
    Automatic,
    /// Once proven and approved by a person who is neither owner nor completed a milestone.
    Approved,
}

/// What counts as verified dead.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofRules {
    /// Denials by each bound target.
    pub confirmations: usize,
    /// Least time between the first and the last.
    #[serde(deserialize_with = "duration")]
    pub spread: SignedDuration,
    /// Greatest age of the last.
    #[serde(deserialize_with = "duration")]
    pub freshness: SignedDuration,
    /// Places on the network they were asked from.
    pub vantages: usize,
    /// People who must attest where no recipe can ask.
    pub attestors: usize,
}

/// When a rotation may be waived.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationRules {
    /// By policy, once the credential is verified dead.
    pub waive_when_dead: bool,
}

/// Dates by class.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlaTable {
    live_privileged: Sla,
    live: Sla,
    unknown: Sla,
    dead: Sla,
}

/// How long each milestone may take from detection.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sla {
    #[serde(deserialize_with = "duration")]
    rotate: SignedDuration,
    #[serde(deserialize_with = "duration")]
    revoke: SignedDuration,
    #[serde(deserialize_with = "duration")]
    remove: SignedDuration,
    #[serde(deserialize_with = "duration")]
    retest: SignedDuration,
}

/// When to ask an issuer again.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// An open item.
    #[serde(deserialize_with = "duration")]
    pub open: SignedDuration,
    /// A closed item, counted from its closure.
    #[serde(deserialize_with = "durations")]
    pub closed: Vec<SignedDuration>,
    /// A verification older than this is stale.
    #[serde(deserialize_with = "duration")]
    pub stale: SignedDuration,
}

/// How long a dismissal lasts.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissalRules {
    /// The longest.
    #[serde(deserialize_with = "duration")]
    pub longest: SignedDuration,
}

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("policy {file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says, with the place.
        message: String,
    },
    /// It would let an item close on too little.
    #[error(
        "policy {file}: {field} = {value} is below the floor of {floor}; no policy may close an item on less"
    )]
    Floor {
        /// The file.
        file: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        floor: String,
    },
}

impl Policy {
    /// Reads a policy file. `file` is used in errors.
    ///
    /// # Errors
    /// [`PolicyError`] when it cannot be read or goes below a floor.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let mut policy: Self = toml::from_str(text).map_err(|error| PolicyError::Syntax {
            file: file.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        policy.digest = Digest::of(text.as_bytes());
        policy.check_floors(file)?;
        Ok(policy)
    }

    fn check_floors(&self, file: &str) -> Result<(), PolicyError> {
        let floor = |ok: bool, field, value: String, floor: &str| {
            if ok {
                return Ok(());
            }
            Err(PolicyError::Floor { file: file.to_owned(), field, value, floor: floor.to_owned() })
        };
        let proof = &self.proof;
        let hours = SignedDuration::from_hours;
        floor(
            proof.confirmations >= 2,
            "proof.confirmations",
            proof.confirmations.to_string(),
            "2",
        )?;
        floor(proof.spread >= hours(1), "proof.spread", format!("{:#}", proof.spread), "1h")?;
        floor(
            proof.freshness <= hours(168) && proof.freshness > SignedDuration::ZERO,
            "proof.freshness",
            format!("{:#}", proof.freshness),
            "at most 7d",
        )?;
        floor(proof.vantages >= 1, "proof.vantages", proof.vantages.to_string(), "1")?;
        floor(proof.attestors >= 1, "proof.attestors", proof.attestors.to_string(), "1")
    }

    /// The digest of its text: stands in each event.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How long a milestone may take for this class.
    pub fn allowance(&self, class: Class, milestone: MilestoneKind) -> SignedDuration {
        let sla = match class {
            Class::LivePrivileged => &self.sla.live_privileged,
            Class::Live => &self.sla.live,
            Class::Unknown => &self.sla.unknown,
            Class::Dead => &self.sla.dead,
        };
        match milestone {
            MilestoneKind::Rotate => sla.rotate,
            MilestoneKind::Revoke => sla.revoke,
            MilestoneKind::Remove => sla.remove,
            MilestoneKind::Retest => sla.retest,
        }
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
}

impl Default for Policy {
    /// The shipped default.
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "the shipped text is parsed by this crate's tests")]
        Self::parse("default", DEFAULT).expect("the shipped policy is valid")
    }
}

/// `20h`, `7d`: days are 24 hours, so that no date depends on a time zone.
fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
    to_duration(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn durations<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SignedDuration>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| to_duration(text).map_err(serde::de::Error::custom)).collect()
}

/// A duration as people write it: `20h`, `7d`. Days are 24 hours.
///
/// # Errors
/// A sentence that says how to write it.
pub fn to_duration(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("\"{text}\" is no duration; write it like \"20h\" or \"7d\"");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if duration.is_negative() {
        return Err(format!("\"{text}\" is negative; a duration counts forward"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_policy_is_valid_and_says_what_the_documentation_says() {
        let policy = Policy::default();
        assert_eq!(policy.proof.confirmations, 2);
        assert_eq!(policy.proof.spread, SignedDuration::from_hours(20));
        assert_eq!(
            policy.allowance(Class::Unknown, MilestoneKind::Revoke),
            SignedDuration::from_hours(168)
        );
    }

    #[test]
    fn no_policy_may_close_on_nothing() {
        for (field, weak) in [
            ("confirmations = 2", "confirmations = 0"),
            ("confirmations = 2", "confirmations = 1"),
            ("spread = \"20h\"", "spread = \"0s\""),
            ("freshness = \"24h\"", "freshness = \"30d\""),
            ("attestors = 2", "attestors = 0"),
        ] {
            let text = DEFAULT.replace(field, weak);
            assert_ne!(text, DEFAULT, "{field} stands in the shipped policy");
            let error = Policy::parse("weak", &text).unwrap_err();
            assert!(matches!(error, PolicyError::Floor { .. }), "{weak}: {error}");
        }
    }

    #[test]
    fn a_misspelt_field_or_duration_is_named() {
        let text = DEFAULT.replace("spread", "spraed");
        assert!(Policy::parse("p.toml", &text).unwrap_err().to_string().contains("spraed"));
        let text = DEFAULT.replace("\"20h\"", "\"soon\"");
        assert!(Policy::parse("p.toml", &text).unwrap_err().to_string().contains("soon"));
    }
}
