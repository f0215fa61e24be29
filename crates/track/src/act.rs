//! What a person does to one item, from its name to the ledger: read, decide, append.

use crate::TrackError;
use jiff::Timestamp;
use quietus_poam::{Action, Actor, Attachment, PoamItem, Policy, Refusal};
use quietus_store::{Append, Ledger, StoreError};

/// Why an action was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No item goes by that name.
    #[error("no item \"{name}\"; `quietus item list --all` shows all of them")]
    Unknown {
        /// The name.
        name: String,
    },
    /// Several do.
    #[error("\"{name}\" names {} items: {}", items.len(), items.join(", "))]
    Several {
        /// The name.
        name: String,
        /// Each with the beginning of its fingerprint.
        items: Vec<String>,
    },
    /// The item's state or the policy does not allow it.
    #[error("{id}: {refusal}")]
    Refused {
        /// The item.
        id: String,
        /// Why, and what would make it possible.
        refusal: Refusal,
    },
    /// The ledger refused; nothing was recorded.
    #[error(transparent)]
    Ledger(#[from] TrackError),
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

/// The one item that `name` names: `V-12`, or the beginning of its fingerprint.
///
/// # Errors
/// [`ActError::Unknown`] or [`ActError::Several`], and what the ledger says.
pub async fn named(ledger: &Ledger, name: &str) -> Result<PoamItem, ActError> {
    let mut found = ledger.find_items(name).await?;
    match found.len() {
        0 => Err(ActError::Unknown { name: name.to_owned() }),
        1 => Ok(found.remove(0)),
        _ => {
            let print = |item: &PoamItem| format!("{} {}", item.id(), item.fingerprint().short());
            let items = found.iter().map(print).collect();
            Err(ActError::Several { name: name.to_owned(), items })
        }
    }
}

/// Appends what follows from `by` doing `action` to `item` as it was read; the item after it.
///
/// # Errors
/// [`ActError::Refused`] when it may not be done; [`ActError::Ledger`] when somebody else changed
/// the item since it was read, or the ledger cannot be written. Nothing was recorded then.
pub async fn act(
    ledger: &Ledger,
    item: &PoamItem,
    action: &Action,
    by: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<PoamItem, ActError> {
    act_showing(ledger, item, (action, None), by, policy, now).await
}

/// As [`act`], with the file that shows what was done attached in the same breath.
///
/// # Errors
/// As [`act`].
pub async fn act_showing(
    ledger: &Ledger,
    item: &PoamItem,
    (action, shown): (&Action, Option<&Attachment>),
    by: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<PoamItem, ActError> {
    // One of a list: what is decided rests on every event.
    let whole = ledger.whole(item).await?;
    let events = whole
        .act_showing(action, shown, by, policy, now)
        .map_err(|refusal| ActError::Refused { id: item.id(), refusal })?;
    let append = Append::events(item.fingerprint(), item.version, events);
    ledger.append(vec![append], now).await?;
    named(ledger, &item.fingerprint().to_string()).await
}
