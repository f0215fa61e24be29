//! Deciding on items as they are, and anew when others change them meanwhile.

use crate::{TrackError, Tracker};
use jiff::Timestamp;
use quietus_model::Fingerprint;
use quietus_poam::PoamItem;
use quietus_store::{Append, Current, Head, StoreError};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How often it is decided anew when others change the same items meanwhile.
const TRIES: usize = 8;

impl Tracker<'_> {
    /// Appends what is decided on the items as they are, and decides anew when others changed the same
    /// ones meanwhile: what happened once must not be lost to that.
    ///
    /// `choose` sees all items as lists have them, and says which of them are decided on. These
    /// `decide` is given with all their events, beside whatever `choose` made.
    ///
    /// # Errors
    /// What `decide` gives, and as [`Tracker::record`]. Nothing was recorded then.
    pub async fn decide<C, T, E: From<TrackError>>(
        &self,
        now: impl Fn() -> Timestamp,
        choose: impl Fn(&Current) -> (BTreeSet<Fingerprint>, C),
        decide: impl Fn(&[Cow<'_, PoamItem>], C) -> Result<(Vec<Append>, T), E>,
    ) -> Result<(Head, T), E> {
        for _ in 0..TRIES {
            let current = self.ledger.current().await.map_err(TrackError::from)?;
            let (chosen, made) = choose(&current);
            let mut items = Vec::new();
            for item in chosen.iter().filter_map(|fingerprint| current.get(fingerprint)) {
                items.push(self.ledger.whole(item).await.map_err(TrackError::from)?);
            }
            let (batch, outcome) = decide(&items, made)?;
            match self.ledger.append(batch, now()).await {
                Ok(head) => return Ok((head, outcome)),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(TrackError::from(error).into()),
            }
        }
        Err(TrackError::Contended { tries: TRIES }.into())
    }
}
