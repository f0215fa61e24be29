//! Decides what must be done, by when, and when it is done.
//!
//! Pure: no file, network or clock. An item is a fold over its [`Event`]s. Two functions decide
//! what is to be appended: [`reconcile()`] reads a survey, [`PoamItem::act`] a person's action; both
//! end in the same settlement, which verifies milestones and closes items. Nothing else closes.

mod act;
mod actor;
mod attachment;
mod audit;
mod blocker;
mod board;
mod directory;
mod escrow;
mod event;
mod evidence;
mod exposure;
mod inventory;
mod item;
mod lint;
mod milestone;
mod night;
mod owner;
mod playbook;
mod policy;
mod presence;
mod proof;
mod reconcile;
mod refusal;
mod reminder;
mod request;
mod review;
mod role;
mod scan_record;
mod sealed;
mod settle;
mod standing;
mod ticket;
mod why;

pub use act::Action;
pub use actor::Actor;
pub use attachment::{Attached, Attachment};
pub use audit::Audited;
pub use blocker::Blocker;
pub use board::Lane;
pub use directory::Directory;
pub use event::{
    AuditFinding, Class, ClosureBasis, Detection, DeviationKind, Event, Evidence, Owner,
    OwnerBasis, PassedOver, Planned, Recorded, ReopenReason,
};
pub use evidence::{Found, Impact, Lack, RootCause};
pub use exposure::{Consumer, Exposure};
pub use inventory::{
    Admission, Candidate, Enlisting, ForgeId, InventoryEvent, InventoryRecord, Listed,
    MoveEvidence, Watch, admit, admit_all,
};
pub use item::{
    ABRIDGING, Approval, Closure, Deviation, EQUAL_ANSWERS, FoldError, Phase, PoamItem, Round,
    TAGS, telling,
};
pub use lint::{Mistake, Unmeasurable};
pub use milestone::{Milestone, MilestoneKind, Progress};
pub use night::{NightEvent, NightFigures, NightRecord, unfinished};
pub use playbook::{
    ExitTest, OpenPlaybook, Opening, OpeningStep, Playbook, PlaybookError, PlaybookStep, Step,
    StepChange, StepDeed, StepId, Trigger,
};
pub use policy::{
    Cadence, ClosureMode, Consent, DeviationRules, DismissalRules, EscrowRules, EvidenceRules,
    ExtensionRules, PeopleRules, PlaybookRules, Policy, PolicyError, Problem, ProofRules,
    RotationRules, presets, to_duration,
};
pub use presence::{Presence, Sighting};
pub use proof::{Missing, Proof, Weakness};
pub use reconcile::{reconcile, shown_gone};
pub use refusal::Refusal;
pub use reminder::{
    Delivery, NoticeRecord, Reminder, ReminderKey, ReminderKind, already_sent, period_of, reminders,
};
pub use request::{Pending, Request, Subject};
pub use review::{Review, closed_since, sample};
pub use role::{Duty, Role, RoleTable, Roles};
pub use scan_record::ScanRecord;
pub use sealed::SealedEntry;
pub use standing::{Standing, TargetRecord};
pub use ticket::{Ticket, TicketAnswer, TicketChange, TicketRecord, TicketState};
