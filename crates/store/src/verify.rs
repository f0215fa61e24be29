//! Checks the whole chain and names the first entry that is not as it was written.

use crate::entry::{Entry, Head};
use crate::pool::on_pool;
use crate::statement::CHAIN;
use crate::{Anchor, Ledger, StoreError, Stream};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use quietus_model::Digest;
use quietus_poam::{InventoryRecord, NightRecord, NoticeRecord, Recorded, Review, ScanRecord};
use std::collections::BTreeMap;
use std::fmt;

/// What a check of the whole chain found in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verification {
    /// How many entries there are.
    pub entries: u64,
    /// The last of them.
    pub head: Head,
    /// The newest anchor, kept elsewhere, that it agrees with. Without one, a chain that was
    /// rewritten as a whole looks the same.
    pub anchored: Option<Anchor>,
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { seq, hash } = &self.head;
        write!(f, "{} entries, head {seq} {hash}: internally consistent, ", self.entries)?;
        match &self.anchored {
            Some(Anchor { seq, at, .. }) => write!(f, "anchored up to entry {seq}, signed at {at}"),
            None => f.write_str("unanchored"),
        }
    }
}

/// What is wrong with an entry.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// It is not there, though later ones are, or the head counts it.
    #[error("is missing")]
    Missing,
    /// It does not continue from the one before it.
    #[error("does not continue the chain: it names another entry before it")]
    Link,
    /// Its content is not what its hash was made of.
    #[error("was changed after it was written: its hash does not fit")]
    Hash,
    /// Its stream has no entry of the version before.
    #[error("skips a version of its stream: version {found} follows no version {}", .found - 1)]
    VersionGap {
        /// Its version.
        found: u64,
    },
    /// Its stream or body cannot be understood.
    #[error("cannot be read: {reason}; if a newer version of Quietus wrote it, upgrade")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The list of counted surveys says something else.
    #[error("does not agree with the list of counted surveys")]
    Survey,
    /// It comes after what the head calls the last one.
    #[error("comes after the last entry that the head knows")]
    BeyondHead,
    /// It is not the one that was signed.
    #[error("is not the one that was signed at {at}: the ledger was rewritten since")]
    NotAnchored {
        /// When.
        at: Timestamp,
    },
    /// A signed word says that there were more entries.
    #[error("is missing: at {at} it was signed that there were {seq} entries")]
    CutShort {
        /// When.
        at: Timestamp,
        /// How many.
        seq: u64,
    },
    /// It is the last one, and the head holds another hash.
    #[error("is the last one, but the head holds another hash")]
    Head,
}

/// A row of the chain: the head, the entry, the seq of its predecessor in the stream, the survey.
type ChainRow = (
    i64,
    String,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
);

impl Ledger {
    /// Reads every entry once and checks order, seals, versions, bodies and the head. Holds one
    /// entry at a time, however long the ledger is.
    ///
    /// # Errors
    /// [`StoreError::Broken`] names the first bad entry and what is wrong with it.
    pub async fn verify(&self) -> Result<Verification, StoreError> {
        self.verify_against(&[]).await
    }

    /// As [`Ledger::verify`], and that the ledger is the one of these anchors, whose signatures are
    /// checked already.
    ///
    /// # Errors
    /// As [`Ledger::verify`]; [`StoreError::Unabridged`] when all of that holds and only what is kept
    /// for lists is wrong.
    pub async fn verify_against(&self, anchors: &[Anchor]) -> Result<Verification, StoreError> {
        let mut walk = Walk::from(&self.genesis, anchors)?;
        on_pool!(&self.pool, pool => {
            let mut rows = sqlx::query_as::<_, ChainRow>(CHAIN).fetch(pool);
            while let Some(row) = rows.try_next().await.map_err(self.failed("verify"))? {
                walk.take(row)?;
            }
        });
        let verification = walk.finish()?;
        self.verify_abridged().await?;
        Ok(verification)
    }
}

/// How far the check has come.
struct Walk {
    head: Option<(i64, String)>,
    last: i64,
    hash: String,
    anchors: BTreeMap<u64, Vec<Anchor>>,
}

impl Walk {
    fn from(genesis: &Digest, signed: &[Anchor]) -> Result<Self, StoreError> {
        let mut anchors: BTreeMap<u64, Vec<Anchor>> = BTreeMap::new();
        for anchor in signed {
            if anchor.genesis != *genesis {
                return Err(broken(1, None, Fault::NotAnchored { at: anchor.at }));
            }
            anchors.entry(anchor.seq).or_default().push(anchor.clone());
        }
        Ok(Self { head: None, last: 0, hash: genesis.to_string(), anchors })
    }

    fn take(&mut self, row: ChainRow) -> Result<(), StoreError> {
        let (head, head_hash, seq, stream, version, at, body, prev, hash, before, id, of) = row;
        self.head.get_or_insert((head, head_hash));
        let (Some(seq), Some(stream), Some(version), Some(at), Some(body), Some(prev), Some(hash)) =
            (seq, stream, version, at, body, prev, hash)
        else {
            return Ok(());
        };
        let entry = Entry::from((seq, stream, version, at, body, prev, hash));
        if seq != self.last + 1 {
            return Err(broken(self.last + 1, None, Fault::Missing));
        }
        let fault = self.fault(&entry, before, id.zip(of));
        if let Some(fault) = fault {
            return Err(broken(seq, Some(entry.stream), fault));
        }
        self.last = seq;
        self.hash = entry.hash;
        Ok(())
    }

    fn fault(
        &self,
        entry: &Entry,
        before: Option<i64>,
        counted: Option<(String, String)>,
    ) -> Option<Fault> {
        if entry.digest().as_str() != entry.hash {
            return Some(Fault::Hash);
        }
        if entry.prev != self.hash {
            return Some(Fault::Link);
        }
        if (entry.version > 1) != before.is_some_and(|before| before < entry.seq) {
            return Some(Fault::VersionGap { found: entry.version.cast_unsigned() });
        }
        let signed = self.anchors.get(&entry.seq.cast_unsigned()).into_iter().flatten();
        if let Some(other) = signed.into_iter().find(|one| one.hash.as_str() != entry.hash) {
            return Some(Fault::NotAnchored { at: other.at });
        }
        match counts(entry) {
            Err(reason) => Some(Fault::Unreadable { reason }),
            Ok(counts) if counts != counted => Some(Fault::Survey),
            Ok(_) if self.head.as_ref().is_some_and(|(head, _)| entry.seq > *head) => {
                Some(Fault::BeyondHead)
            }
            Ok(_) => None,
        }
    }

    fn finish(self) -> Result<Verification, StoreError> {
        let (seq, hash) = self.head.ok_or(StoreError::BadHead)?;
        if seq > self.last {
            return Err(broken(self.last + 1, None, Fault::Missing));
        }
        if hash != self.hash {
            return Err(broken(self.last, None, Fault::Head));
        }
        let newest = self.anchors.into_values().next_back().and_then(|mut same| same.pop());
        if let Some(Anchor { seq, at, .. }) = newest
            && seq > self.last.cast_unsigned()
        {
            return Err(broken(self.last + 1, None, Fault::CutShort { at, seq }));
        }
        let head = Head::of((seq, hash))?;
        Ok(Verification { entries: head.seq, head, anchored: newest })
    }
}

/// Reads the body; which survey it counts for which repository, if it counts one.
fn counts(entry: &Entry) -> Result<Option<(String, String)>, String> {
    match entry.stream.parse()? {
        Stream::Item(_) => {
            serde_json::from_str::<Recorded>(&entry.body).map_err(|error| error.to_string())?;
            Ok(None)
        }
        Stream::Route(_) => {
            serde_json::from_str::<NoticeRecord>(&entry.body).map_err(|error| error.to_string())?;
            Ok(None)
        }
        Stream::Inventory(_) => {
            serde_json::from_str::<InventoryRecord>(&entry.body)
                .map_err(|error| error.to_string())?;
            Ok(None)
        }
        Stream::Reviews => {
            serde_json::from_str::<Review>(&entry.body).map_err(|error| error.to_string())?;
            Ok(None)
        }
        Stream::Nights => {
            serde_json::from_str::<NightRecord>(&entry.body).map_err(|error| error.to_string())?;
            Ok(None)
        }
        Stream::Repository(_) => {
            let record: ScanRecord =
                serde_json::from_str(&entry.body).map_err(|error| error.to_string())?;
            Ok(Some((record.survey.to_string(), record.scope.repository.to_string())))
        }
    }
}

fn broken(seq: i64, stream: Option<String>, fault: Fault) -> StoreError {
    StoreError::Broken { seq: seq.cast_unsigned(), stream, fault }
}
