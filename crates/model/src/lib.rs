//! The nouns: rule, secret, fingerprint, finding, target, verdict, survey.
//!
//! Every other crate depends on this one and on none of its siblings' ideas. Nothing here reads a
//! file, a clock or a network: time comes in as an argument, bytes come in as slices.
//!
//! The order in which a value meets these types is the order of the modules below: a [`Rule`]
//! describes a credential; bytes that match become a [`Hit`] (which still holds the [`Secret`]);
//! dropping the secret leaves a [`Finding`]; asking the issuer adds [`Judgement`]s; a [`Survey`]
//! is what one scan may claim about the repositories it covered.

pub mod checksum;
mod comment;
mod count;
mod digest;
mod finding;
mod fingerprint;
mod receipt;
mod recipe;
mod repository;
mod rule;
mod seal;
mod secret;
pub mod shape;
mod silence;
pub mod spelling;
mod survey;
pub mod template;
mod text;
mod verdict;

pub use comment::{Comment, Comments};
pub use count::{plural, thousands, times};
pub use digest::Digest;
pub use finding::{
    Companion, Fact, Finding, Hit, Introduced, Location, LocationId, Offline, Place,
};
pub use fingerprint::{Fingerprint, FingerprintKey, KeyError, KeyId};
pub use receipt::{Effect, Receipt};
pub use recipe::{
    Answer, Basis, Clause, Driver, Exchange, Hash, IdentityPointers, JsonTest, JwtAlgorithm, Login,
    Method, Outcome, Recipe, Remedy, Revocation, RevokeBy, Sign, Written,
};
pub use repository::RepositoryId;
pub use rule::{
    Check, CompanionRule, Confidence, Judge, Known, Lengths, Provider, Rule, RuleError, RuleFile,
    RuleId, RuleSet, RuleTests, Severity,
};
pub use seal::{Seal, SealId, SealUse};
pub use secret::{Redacted, Secret};
pub use shape::Shape;
pub use silence::{Ground, Silence, Suppressed};
pub use survey::{
    Assessment, Gap, GapReason, Kind, RefTip, Scope, ScopeKind, Stats, Survey, SurveyId, Trust,
};
pub use text::SafeText;
pub use verdict::{
    Attestation, Binding, Control, Doubt, Identity, Judgement, Observation, Target, Verdict,
};
