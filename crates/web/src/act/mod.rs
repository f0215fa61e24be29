//! What may be done to an item by whoever looks at it, as forms; and what a filled form means.

mod asking;
mod filled;
mod steps;

pub(crate) use asking::Asking;
pub(crate) use filled::{Filled, day};

use serde::Deserialize;

/// What somebody can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    Assign,
    Start,
    Claim,
    Extend,
    Waive,
    Attest,
    Bind,
    Unbind,
    Cause,
    Impact,
    Approve,
    Grant,
    Decline,
    Dismiss,
    Resume,
    Reopen,
    Note,
    Attach,
    #[serde(rename = "step-start")]
    StepStart,
    #[serde(rename = "step-claim")]
    StepClaim,
    #[serde(rename = "step-waive")]
    StepWaive,
    #[serde(rename = "step-extend")]
    StepExtend,
}

impl Deed {
    /// In the order in which they are offered.
    pub(crate) const ALL: [Self; 22] = [
        Self::Grant,
        Self::Decline,
        Self::Approve,
        Self::Start,
        Self::Claim,
        Self::StepStart,
        Self::StepClaim,
        Self::Assign,
        Self::Note,
        Self::Attach,
        Self::Attest,
        Self::Bind,
        Self::Unbind,
        Self::Cause,
        Self::Impact,
        Self::Extend,
        Self::Waive,
        Self::StepExtend,
        Self::StepWaive,
        Self::Dismiss,
        Self::Resume,
        Self::Reopen,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Start => "start",
            Self::Claim => "claim",
            Self::Extend => "extend",
            Self::Waive => "waive",
            Self::Attest => "attest",
            Self::Bind => "bind",
            Self::Unbind => "unbind",
            Self::Cause => "cause",
            Self::Impact => "impact",
            Self::Approve => "approve",
            Self::Grant => "grant",
            Self::Decline => "decline",
            Self::Dismiss => "dismiss",
            Self::Resume => "resume",
            Self::Reopen => "reopen",
            Self::Note => "note",
            Self::Attach => "attach",
            Self::StepStart => "step-start",
            Self::StepClaim => "step-claim",
            Self::StepWaive => "step-waive",
            Self::StepExtend => "step-extend",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Assign => "Assign",
            Self::Start => "Begin a milestone",
            Self::Claim => "Claim a milestone done",
            Self::Extend => "Ask for a later date",
            Self::Waive => "Waive a milestone",
            Self::Attest => "Attest that it is dead",
            Self::Bind => "State where it works",
            Self::Unbind => "Take back where it works",
            Self::Cause => "Record how it leaked",
            Self::Impact => "Record whether it was used",
            Self::Approve => "Approve the closure",
            Self::Grant => "Grant a request",
            Self::Decline => "Decline a request",
            Self::Dismiss => "Set aside",
            Self::Resume => "Take up again",
            Self::Reopen => "Reopen",
            Self::Note => "Remark",
            Self::Attach => "Attach a file",
            Self::StepStart => "Begin a step of a playbook",
            Self::StepClaim => "Claim a step of a playbook",
            Self::StepWaive => "Waive a step of a playbook",
            Self::StepExtend => "Ask for a later date of a step",
        }
    }

    /// What it does, and what it does not.
    fn says(self) -> &'static str {
        match self {
            Self::Assign => "A person or a team. They answer for its dates.",
            Self::Start => "Tells others that somebody works on it.",
            Self::Claim => "Your word; the exit test decides whether it counts.",
            Self::Extend => "The first date stays on record.",
            Self::Waive => "It need not be done. Revoking and retesting are never waived.",
            Self::Attest => "Where no recipe can ask the issuer, people's words close it.",
            Self::Bind => "A denial there counts from now on, and it is asked there.",
            Self::Unbind => "Denials there no longer count.",
            Self::Cause => "So that the same way does not leak the next one.",
            Self::Impact => "Look after it is dead: before, people look too early.",
            Self::Approve => "By somebody who neither owns it nor did the work.",
            Self::Grant => "What was asked for happens now, in the words of who asked.",
            Self::Decline => "Nothing changes; every date stands.",
            Self::Dismiss => "Until a date, with a reason. It comes back by itself.",
            Self::Resume => "It is an open item again.",
            Self::Reopen => "A new round begins; the old one is kept.",
            Self::Note => "Stands in its history for ever.",
            Self::Attach => {
                "A page, a log, a confirmation, of 8 MB at most. What holds a credential is refused."
            }
            Self::StepStart => "Tells others that somebody works on it.",
            Self::StepClaim => {
                "Done, approved or confirmed, as its exit test has it. A file must show most steps."
            }
            Self::StepWaive => "It need not be done.",
            Self::StepExtend => "The first date stays on record.",
        }
    }
}

/// One thing to fill in.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: FieldKind,
    pub(crate) value: String,
    pub(crate) required: bool,
}

/// How a field is filled in.
#[derive(Clone, Debug)]
pub(crate) enum FieldKind {
    Line,
    Text,
    Date,
    File,
    /// The digest of a file; those that are attached, with what they are called.
    Digest(Vec<(String, String)>),
    /// Values with what people read.
    Choice(Vec<(String, String)>),
}

/// What can be done now, or why it cannot.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) deed: Deed,
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) fields: Vec<Field>,
    /// Why it cannot be done; then there are no fields.
    pub(crate) refusal: Option<String>,
    /// It is shown unfolded.
    pub(crate) open: bool,
}
