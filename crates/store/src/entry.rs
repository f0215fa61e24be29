//! One entry of the ledger and the hash that seals it to the one before.

use crate::StoreError;
use jiff::Timestamp;
use quietus_model::{Digest, KeyId};
use quietus_poam::SealedEntry;

/// The last entry of the ledger: what is printed, exported and signed elsewhere, because one who
/// can rewrite the whole ledger can rewrite this too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// How many entries there are.
    pub seq: u64,
    /// The hash of the last one.
    pub hash: Digest,
}

impl Head {
    pub(crate) fn of((seq, hash): (i64, String)) -> Result<Self, StoreError> {
        match (u64::try_from(seq), hash.parse()) {
            (Ok(seq), Ok(hash)) => Ok(Self { seq, hash }),
            _ => Err(StoreError::BadHead),
        }
    }
}

/// A row of the table `entry`, in the order of its columns.
pub(crate) type Row = (i64, String, i64, i64, String, String, String);

/// Such a row beside the head; without an entry when there is none.
pub(crate) type RowAtHead = (
    i64,
    String,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Splits such a row.
pub(crate) fn at_head(row: RowAtHead) -> ((i64, String), Option<Entry>) {
    let (head, head_hash, seq, stream, version, recorded_at, body, prev, hash) = row;
    let entry = || Some((seq?, stream?, version?, recorded_at?, body?, prev?, hash?).into());
    ((head, head_hash), entry())
}

/// One entry as it is stored.
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) stream: String,
    pub(crate) version: i64,
    pub(crate) recorded_at: i64,
    pub(crate) body: String,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

impl From<Row> for Entry {
    fn from((seq, stream, version, recorded_at, body, prev, hash): Row) -> Self {
        Self { seq, stream, version, recorded_at, body, prev, hash }
    }
}

impl Entry {
    /// The hash of everything else in it, what came before included.
    pub(crate) fn digest(&self) -> Digest {
        self.sealed().seal()
    }

    /// As it goes into an evidence bundle.
    pub(crate) fn sealed(&self) -> SealedEntry {
        SealedEntry {
            seq: self.seq.cast_unsigned(),
            stream: self.stream.clone(),
            version: self.version.cast_unsigned(),
            recorded_at: self.recorded_at,
            body: self.body.clone(),
            prev: self.prev.clone(),
            hash: self.hash.clone(),
        }
    }

    /// Reads its body.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.body).map_err(|error| self.unreadable(error.to_string()))
    }

    /// When it was appended.
    pub(crate) fn recorded_at(&self) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(self.recorded_at)
            .map_err(|error| self.unreadable(error.to_string()))
    }

    pub(crate) fn unreadable(&self, reason: String) -> StoreError {
        StoreError::Unreadable {
            seq: self.seq.cast_unsigned(),
            stream: self.stream.clone(),
            version: self.version.cast_unsigned(),
            reason,
        }
    }
}

/// What the first entry is sealed to: the ledger's own beginning, so that neither its key nor its
/// date can be changed later and no two ledgers have a common head.
pub(crate) fn genesis(key_id: &KeyId, created: &str) -> Digest {
    Digest::of_parts([
        b"quietus-ledger-1".as_slice(),
        key_id.as_str().as_bytes(),
        created.as_bytes(),
    ])
}
