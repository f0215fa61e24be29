//! Escrow in the loop: sealed at first sight, opened where the bytes stand nowhere any more, destroyed
//! when policy says so. Every step is an event of its item.

use crate::{Retest, TrackError, Tracker};
use jiff::Timestamp;
use quietus_escrow::{Escrow, EscrowError, Identities};
use quietus_model::{Fingerprint, FingerprintKey, Hit, Seal, SealId, SealUse, Survey};
use quietus_poam::{Actor, Event, PoamItem, Recorded, Refusal};
use quietus_store::{Append, Head};
use std::collections::{BTreeMap, BTreeSet};

/// Who opens what is sealed, with what, and what for.
pub struct Opening<'a> {
    /// What opens it.
    pub identities: &'a Identities,
    /// What the opened value must be named by.
    pub key: &'a FingerprintKey,
    /// What for.
    pub purpose: SealUse,
    /// Who.
    pub by: Actor,
}

impl Tracker<'_> {
    /// Seals what is seen and not in escrow yet, if its item is kept or would be opened for it.
    pub(crate) fn seal(
        &self,
        hits: &[Hit],
        known: &BTreeMap<Fingerprint, &PoamItem>,
    ) -> Result<BTreeMap<Fingerprint, Seal>, EscrowError> {
        let mut seals = BTreeMap::new();
        let Some(escrow) = self.escrow.filter(|escrow| escrow.is_on()) else { return Ok(seals) };
        for hit in hits {
            let print = hit.finding.fingerprint;
            let wanted = match known.get(&print) {
                Some(item) => item.closure.is_none() && item.seal.is_none(),
                None => hit.finding.confidence >= self.policy.open_from,
            };
            if wanted && let Some(seal) = escrow.seal(hit)? {
                seals.insert(print, seal);
            }
        }
        Ok(seals)
    }

    /// Brings what `events` record as sealed onto the disk: only then may anybody rely on it.
    pub(crate) fn keep_sealed(
        &self,
        events: &[(Fingerprint, Recorded)],
    ) -> Result<(), EscrowError> {
        let Some(escrow) = self.escrow else { return Ok(()) };
        let sealed = events.iter().filter_map(|(_, recorded)| match &recorded.event {
            Event::Escrowed { seal } => Some(seal.id),
            _ => None,
        });
        escrow.sync(&sealed.collect::<Vec<_>>())
    }

    /// Removes what was sealed for nothing: no item was opened for it, or another run was first.
    pub(crate) async fn drop_unrecorded(&self, survey: &Survey) -> Result<(), TrackError> {
        let Some(escrow) = self.escrow else { return Ok(()) };
        if survey.assessments.iter().all(|assessment| assessment.sealed.is_none()) {
            return Ok(());
        }
        let current = self.ledger.current().await?;
        let items = current.items();
        let kept: BTreeSet<SealId> =
            items.iter().filter_map(|item| Some(item.seal.as_ref()?.id)).collect();
        let sealed = survey.assessments.iter().filter_map(|one| Some(one.sealed.as_ref()?.id));
        sealed.filter(|id| !kept.contains(id)).try_for_each(|id| escrow.destroy(id))?;
        Ok(())
    }

    /// Whether what is sealed of `item` has been kept for as long as policy says.
    pub(crate) fn is_due(&self, item: &PoamItem, now: Timestamp) -> bool {
        item.escrow_ends(self.policy).is_some_and(|at| at <= now)
    }

    /// Destroys what is kept for longer than policy says after its item closed.
    ///
    /// The file goes first: that it is gone is never recorded while it is there, and a run that is
    /// cut short in between is made good by the next.
    ///
    /// # Errors
    /// [`TrackError::Escrow`] when a file cannot be removed; as [`Tracker::record`].
    pub(crate) async fn destroy_due(&self, now: Timestamp) -> Result<(), TrackError> {
        let Some(escrow) = self.escrow else { return Ok(()) };
        let current = self.ledger.current().await?;
        let mut due = Vec::new();
        for item in current.items().iter().filter(|item| self.is_due(item, now)) {
            // What cannot be undone rests on every event.
            due.push(self.ledger.whole(item).await?);
        }
        let due: Vec<&PoamItem> =
            due.iter().map(AsRef::as_ref).filter(|item| self.is_due(item, now)).collect();
        let reason = format!("policy \"{}\": kept long enough after closure", self.policy.name);
        self.destroy(escrow, &due, &reason, &Actor::System, now).await
    }

    /// Destroys the sealed values of `items`, because of `reason`.
    ///
    /// # Errors
    /// [`TrackError::Escrow`] when a file cannot be removed, and when the ledger cannot be written.
    pub async fn destroy(
        &self,
        escrow: &Escrow,
        items: &[&PoamItem],
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), TrackError> {
        if items.is_empty() {
            return Ok(());
        }
        let mut gone = BTreeMap::new();
        for item in items {
            let Some(seal) = &item.seal else { continue };
            escrow.destroy(seal.id)?;
            gone.insert(item.fingerprint(), seal.id);
        }
        let concerned = gone.keys().copied().collect();
        self.append_for(&concerned, now, |item| {
            let seal = item.seal.as_ref().map(|seal| seal.id);
            let is_gone = seal.is_some() && gone.get(&item.fingerprint()).copied() == seal;
            is_gone.then(|| item.escrow_destroyed(reason, by, self.policy, now))
        })
        .await
        .map(drop)
    }

    /// Opens the escrow of what could not be read anywhere, and puts it to what was read. That it was
    /// opened is recorded before it is used. What could not be opened, and why, is handed back.
    ///
    /// # Errors
    /// As [`Tracker::record`]; nothing is opened then.
    pub async fn open_escrow(
        &self,
        read: &mut Retest,
        opening: &Opening<'_>,
        now: Timestamp,
    ) -> Result<Vec<(String, EscrowError)>, TrackError> {
        let mut failed = Vec::new();
        let Some(escrow) = self.escrow else { return Ok(failed) };
        let current = self.ledger.current().await?;
        let missing: BTreeSet<Fingerprint> =
            read.lost.iter().chain(&read.unread).copied().collect();
        let mut opened = BTreeMap::new();
        for item in missing.iter().filter_map(|print| current.get(print)) {
            let Some(seal) = &item.seal else { continue };
            match hit_of(escrow, item, seal, opening) {
                Ok(hit) => drop(opened.insert(item.fingerprint(), hit)),
                Err(error) => failed.push((item.id(), error)),
            }
        }
        if opened.is_empty() {
            return Ok(failed);
        }
        let Opening { purpose, by, .. } = opening;
        let concerned = opened.keys().copied().collect();
        self.append_for(&concerned, now, |item| {
            Some(item.escrow_opened(*purpose, by, self.policy, now))
        })
        .await?;
        read.lost.retain(|print| !opened.contains_key(print));
        read.unread.retain(|print| !opened.contains_key(print));
        read.hits.extend(opened.into_values());
        Ok(failed)
    }
}

impl Tracker<'_> {
    /// Appends to each of some items what `events` makes of it, and decides anew when others change it
    /// meanwhile.
    async fn append_for(
        &self,
        concerned: &BTreeSet<Fingerprint>,
        now: Timestamp,
        events: impl Fn(&PoamItem) -> Option<Result<Vec<Recorded>, Refusal>>,
    ) -> Result<Head, TrackError> {
        let decided = self.decide(
            || now,
            |_| (concerned.clone(), ()),
            |items, ()| {
                let mut batch = Vec::new();
                for item in items {
                    if let Some(events) = events(item) {
                        batch.push(Append::events(item.fingerprint(), item.version, events?));
                    }
                }
                Ok::<_, TrackError>((batch, ()))
            },
        );
        decided.await.map(|(head, ())| head)
    }
}

/// A credential as it was sealed, if it is the one that the item is of.
fn hit_of(
    escrow: &Escrow,
    item: &PoamItem,
    seal: &Seal,
    opening: &Opening<'_>,
) -> Result<Hit, EscrowError> {
    let opened = escrow.open(seal, opening.identities)?;
    // It was sealed as it stood there, and may be named by what that spells.
    if !opening.key.names(&opened.secret).contains(&item.fingerprint()) {
        return Err(EscrowError::Content);
    }
    let finding = item.detection.finding(Vec::new());
    Ok(Hit { finding, secret: opened.secret, parts: opened.parts })
}
