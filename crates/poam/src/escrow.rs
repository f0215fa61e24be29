//! What becomes of a value in escrow: who opened it and what for, and when it is no more.

use crate::act::must_be_long;
use crate::proof::later;
use crate::settle::Draft;
use crate::{Actor, Duty, Event, PoamItem, Policy, Recorded, Refusal};
use jiff::Timestamp;
use quietus_model::SealUse;

impl PoamItem {
    /// When its value in escrow is to be destroyed; `None` while it is kept for as long as the item
    /// is open.
    pub fn escrow_ends(&self, policy: &Policy) -> Option<Timestamp> {
        self.seal.as_ref()?;
        Some(later(self.closure.as_ref()?.at, policy.escrow.keep))
    }

    /// Decides what must be appended because `by` opened its value in escrow.
    ///
    /// # Errors
    /// [`Refusal::NotInEscrow`] when nothing of it is sealed.
    pub fn escrow_opened(
        &self,
        purpose: SealUse,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Refusal> {
        let seal = self.seal.as_ref().ok_or(Refusal::NotInEscrow)?.id;
        let mut draft = Draft::of(self, policy, now);
        draft.emit_by(Event::EscrowOpened { seal, purpose }, by.clone());
        Ok(draft.settle())
    }

    /// Decides what must be appended because its value in escrow is no more.
    ///
    /// # Errors
    /// [`Refusal::NotInEscrow`] when nothing of it is sealed; [`Refusal::ReasonTooShort`];
    /// [`Refusal::NoSuchDuty`] when it is not theirs to do.
    pub fn escrow_destroyed(
        &self,
        reason: &str,
        by: &Actor,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Refusal> {
        let seal = self.seal.as_ref().ok_or(Refusal::NotInEscrow)?.id;
        if *by != Actor::System {
            Duty::Evidence.asked_of(by)?;
        }
        must_be_long(reason)?;
        let mut draft = Draft::of(self, policy, now);
        let reason = reason.to_owned();
        draft.emit_by(Event::EscrowDestroyed { seal, reason }, by.clone());
        Ok(draft.settle())
    }

    /// Since when nobody can be asked about it, because its bytes stand nowhere any more and nothing
    /// of it is in escrow.
    pub fn unaskable_since(&self) -> Option<Timestamp> {
        self.lost_bytes().filter(|_| self.seal.is_none())
    }
}
