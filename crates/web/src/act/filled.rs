//! What somebody filled in, and which action it means.

use super::Deed;
use crate::site::Targets;
use jiff::Timestamp;
use quietus_export::words::end_of_day;
use quietus_model::Digest;
use quietus_poam::{Action, PoamItem, StepDeed};
use serde::Deserialize;
use std::str::FromStr;

/// What somebody filled in.
#[derive(Clone, Default, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Filled {
    pub(crate) key: String,
    /// The version of the item they looked at.
    pub(crate) version: u64,
    pub(crate) milestone: String,
    pub(crate) note: String,
    pub(crate) reason: String,
    pub(crate) due: String,
    pub(crate) until: String,
    pub(crate) kind: String,
    pub(crate) cause: String,
    pub(crate) impact: String,
    pub(crate) subject: String,
    pub(crate) to: String,
    pub(crate) issuer: String,
    pub(crate) break_glass: String,
    pub(crate) step: String,
    /// The SHA-256 of a file that shows what is said.
    pub(crate) digest: String,
}

impl Filled {
    pub(super) fn value(&self, name: &str) -> &str {
        match name {
            "milestone" => &self.milestone,
            "note" => &self.note,
            "reason" => &self.reason,
            "due" => &self.due,
            "until" => &self.until,
            "kind" => &self.kind,
            "cause" => &self.cause,
            "impact" => &self.impact,
            "subject" => &self.subject,
            "to" => &self.to,
            "issuer" => &self.issuer,
            "break_glass" => &self.break_glass,
            "step" => &self.step,
            "digest" => &self.digest,
            _ => "",
        }
    }

    fn digest(&self) -> Result<Option<Digest>, String> {
        let text = self.digest.trim().to_ascii_lowercase();
        (!text.is_empty()).then(|| text.parse()).transpose()
    }

    /// The action it means, or what is wrong with it.
    pub(crate) fn action(
        &self,
        deed: Deed,
        item: &PoamItem,
        targets: &Targets,
    ) -> Result<Action, String> {
        let (note, reason) = (self.note.clone(), self.reason.clone());
        let glass = (!self.break_glass.trim().is_empty()).then(|| self.break_glass.clone());
        let digest = self.digest()?;
        let step = |deed| Action::Step { step: self.step.clone(), deed };
        Ok(match deed {
            Deed::Assign => Action::Assign { to: self.to.clone() },
            Deed::Start => Action::Start { milestone: parsed(&self.milestone)? },
            Deed::Claim => Action::Claim { milestone: parsed(&self.milestone)?, note },
            Deed::Extend => {
                Action::Extend { milestone: parsed(&self.milestone)?, due: day(&self.due)?, reason }
            }
            Deed::Waive => Action::Waive { milestone: parsed(&self.milestone)?, reason },
            Deed::Attest => Action::Attest { note, digest },
            Deed::Bind => Action::Bind { target: targets(item, self.issuer.trim())?, note },
            Deed::Unbind => Action::Unbind { endpoint: self.issuer.clone(), note },
            Deed::Cause => Action::Cause { cause: parsed(&self.cause)?, note, digest },
            Deed::Impact => Action::Impact { impact: parsed(&self.impact)?, note, digest },
            Deed::Approve => Action::Approve { note, break_glass: glass },
            Deed::Grant => {
                Action::Grant { subject: parsed(&self.subject)?, note, break_glass: glass }
            }
            Deed::Decline => Action::Decline { subject: parsed(&self.subject)?, reason },
            Deed::Dismiss => {
                let until = (!self.until.is_empty()).then(|| day(&self.until)).transpose()?;
                Action::Dismiss { kind: parsed(&self.kind)?, reason, until }
            }
            Deed::Resume => Action::Resume { reason },
            Deed::Reopen => Action::Reopen { reason },
            Deed::Note => Action::Note { text: note },
            Deed::Attach => {
                let why = "a file is attached on the page of its item, or with `quietus item act ID \
                           attach FILE`";
                return Err(why.to_owned());
            }
            Deed::StepStart => step(StepDeed::Start),
            Deed::StepClaim => step(StepDeed::Claim { note, digest, break_glass: glass }),
            Deed::StepWaive => step(StepDeed::Waive { reason }),
            Deed::StepExtend => step(StepDeed::Extend { due: day(&self.due)?, reason }),
        })
    }
}

fn parsed<T: FromStr<Err = String>>(text: &str) -> Result<T, String> {
    text.parse()
}

pub(crate) fn day(text: &str) -> Result<Timestamp, String> {
    end_of_day(text).map_err(|_| format!("\"{text}\" is no date; write it as YYYY-MM-DD"))
}
