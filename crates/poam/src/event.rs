//! What happened to an item: the only thing that is ever stored.

mod detail;
mod reason;

pub use detail::{
    AuditFinding, Class, ClosureBasis, Detection, Evidence, Owner, OwnerBasis, PassedOver, Planned,
};
pub use reason::{DeviationKind, ReopenReason};

use crate::{
    Actor, Attachment, Impact, MilestoneKind, Opening, Request, RootCause, StepChange, StepId,
    Subject, TicketChange,
};
use jiff::Timestamp;
use quietus_model::{
    Attestation, Confidence, Digest, Fingerprint, Judgement, Kind, Location, LocationId, Receipt,
    RuleId, SafeText, Seal, SealId, SealUse, Severity, SurveyId, Target,
};
use serde::{Deserialize, Serialize};

/// An event with who, when and under which policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided it.
    pub by: Actor,
    /// The digest of the policy of that moment.
    pub policy: Digest,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened to an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A leaked credential was found for the first time.
    Opened {
        /// What was found.
        detection: Box<Detection>,
        /// What must be done by when.
        plan: Vec<Planned>,
        /// The class that set those dates.
        class: Class,
        /// Who should see to it, as far as the repository tells.
        owner: Option<Owner>,
        /// What an audit found, when it was no scan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audit: Option<Box<AuditFinding>>,
    },
    /// It was found when everything was read for the first time: its clock starts when somebody has
    /// sorted the lot, at the latest then.
    Deferred {
        /// When.
        until: Timestamp,
    },
    /// Somebody has sorted it: its clock starts.
    Triaged {
        /// What must be done by when.
        plan: Vec<Planned>,
    },
    /// A playbook is to be followed beside the milestones.
    PlaybookOpened {
        /// The playbook as it is now.
        opening: Box<Opening>,
    },
    /// Something happened to a step of a playbook.
    StepMoved {
        /// Which.
        step: StepId,
        /// What.
        #[serde(flatten)]
        change: StepChange,
    },
    /// It was seen somewhere new, or its presence there changed.
    Sighted {
        /// Where.
        location: Box<Location>,
        /// By which survey.
        survey: SurveyId,
        /// Where that survey read the repository.
        source: SafeText,
        /// That survey was complete and saw it at no head there.
        cleared: bool,
    },
    /// A complete survey saw it at no head there any more; history still holds it.
    LeftHead {
        /// Where.
        location: LocationId,
        /// By which survey.
        survey: SurveyId,
        /// The sources whose earlier word this answers.
        sources: Vec<SafeText>,
    },
    /// A complete survey did not see it there any more.
    Absent {
        /// Where.
        location: LocationId,
        /// By which survey.
        survey: SurveyId,
        /// Where that survey read the repository.
        source: SafeText,
    },
    /// An issuer was asked.
    Judged {
        /// What it said.
        judgement: Box<Judgement>,
    },
    /// Its secret has another name as well: what is found under that one is this item's.
    Aliased {
        /// The name.
        name: Fingerprint,
    },
    /// A better rule recognised it.
    Reclassified {
        /// The rule.
        rule: RuleId,
        /// What that rule says.
        kind: Kind,
        /// Its severity.
        severity: Severity,
        /// Its confidence.
        confidence: Confidence,
    },
    /// It is worse than thought: dates move closer, never away.
    Escalated {
        /// The new class.
        class: Class,
        /// The new dates.
        plan: Vec<Planned>,
    },
    /// Somebody is to see to it.
    Assigned {
        /// Who, and why they.
        owner: Owner,
    },
    /// Work on a milestone began.
    Started {
        /// Which.
        milestone: MilestoneKind,
    },
    /// Somebody says a milestone is done.
    Claimed {
        /// Which.
        milestone: MilestoneKind,
        /// What they say.
        note: String,
    },
    /// A milestone's exit test agreed.
    Verified {
        /// Which.
        milestone: MilestoneKind,
        /// When it came true.
        on: Timestamp,
        /// What shows it.
        evidence: Evidence,
    },
    /// A milestone need not be done.
    Waived {
        /// Which.
        milestone: MilestoneKind,
        /// Why.
        reason: String,
    },
    /// Contrary evidence moved a milestone back.
    Regressed {
        /// Which.
        milestone: MilestoneKind,
        /// What contradicts it.
        reason: String,
    },
    /// A milestone got a later date. The original date stays.
    Extended {
        /// Which.
        milestone: MilestoneKind,
        /// The date.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// An issuer was asked to revoke it, and answered that it did.
    Revoked {
        /// Its answer.
        receipt: Box<Receipt>,
    },
    /// A person states that this target is where the credential works.
    Bound {
        /// Which target.
        target: Target,
        /// How they know.
        note: String,
    },
    /// A person takes back that this target is where the credential works.
    Unbound {
        /// Which target.
        target: Target,
        /// Why.
        note: String,
    },
    /// A person states that the credential is dead.
    Attested {
        /// Their word.
        attestation: Attestation,
    },
    /// Somebody found out how it leaked.
    CauseFound {
        /// How.
        cause: RootCause,
        /// In their words.
        note: SafeText,
        /// The digest of the file that shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// Somebody looked whether anybody used it after the leak.
    ImpactChecked {
        /// What they found.
        impact: Impact,
        /// In their words.
        note: SafeText,
        /// The digest of the file that shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// A file that shows something was attached.
    Attached {
        /// The file, by its digest.
        attachment: Box<Attachment>,
    },
    /// Something happened to its ticket. That never moves the item.
    Ticketed {
        /// Where the ticket is, by the name that the configuration gives that place.
        desk: String,
        /// What happened.
        #[serde(flatten)]
        change: TicketChange,
    },
    /// Somebody asks for what another person must decide. Nothing changes, no clock stops.
    Requested {
        /// What for.
        request: Request,
        /// Who stands behind it, when a file of suppressions asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposer: Option<SafeText>,
    },
    /// Another person consents to what was asked for; what follows from it is the next event.
    Granted {
        /// What it was about.
        subject: Subject,
        /// What they looked at.
        note: String,
        /// Why they decided although they were not independent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<String>,
    },
    /// What was asked for is not granted.
    Declined {
        /// What it was about.
        subject: Subject,
        /// Why.
        reason: String,
    },
    /// It is set aside, for a reason and until a date.
    Deviated {
        /// In which way.
        deviation: DeviationKind,
        /// Why.
        reason: String,
        /// Until when.
        until: Timestamp,
    },
    /// It is no longer set aside.
    DeviationEnded {
        /// Why.
        reason: String,
    },
    /// A person approves that it closes.
    Approved {
        /// What they looked at.
        note: String,
        /// Why they decided although they were not independent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<String>,
    },
    /// It is over.
    Closed {
        /// On what ground.
        basis: ClosureBasis,
        /// From when on it was dead.
        dead_since: Timestamp,
        /// The evidence, in sentences.
        evidence: Vec<String>,
    },
    /// It is not over after all. A new round begins; the old milestones are kept.
    Reopened {
        /// Why.
        reason: ReopenReason,
        /// What must be done by when.
        plan: Vec<Planned>,
        /// The class that set those dates.
        class: Class,
    },
    /// Its value was sealed, so that its issuer can be asked when its bytes stand nowhere any more.
    Escrowed {
        /// As what.
        seal: Box<Seal>,
    },
    /// Its sealed value was opened.
    EscrowOpened {
        /// Which.
        seal: SealId,
        /// What for.
        purpose: SealUse,
    },
    /// Its sealed value is no more.
    EscrowDestroyed {
        /// Which.
        seal: SealId,
        /// Why.
        reason: String,
    },
    /// A remark.
    Noted {
        /// The remark.
        note: String,
    },
}
