//! An entry of a ledger as it is stored, with what seals it to the one before: what an evidence
//! bundle holds, so that anybody can check it without the ledger.

use quietus_model::Digest;
use serde::{Deserialize, Serialize};

/// One entry, field by field as it was sealed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SealedEntry {
    /// Its place in the ledger, from 1.
    pub seq: u64,
    /// Which list of entries it belongs to: `item:` and the fingerprint, `repository:` and its id.
    pub stream: String,
    /// Its place in that list, from 1.
    pub version: u64,
    /// When it was appended, in microseconds since 1970.
    pub recorded_at: i64,
    /// What it says, in JSON, to the byte.
    pub body: String,
    /// The hash of the entry before it in the ledger.
    pub prev: String,
    /// The hash of everything above.
    pub hash: String,
}

impl SealedEntry {
    /// The hash that its content asks for: SHA-256 over its fields, each after its length.
    pub fn seal(&self) -> Digest {
        Digest::of_parts([
            self.seq.to_be_bytes().as_slice(),
            self.stream.as_bytes(),
            self.version.to_be_bytes().as_slice(),
            self.recorded_at.to_be_bytes().as_slice(),
            self.body.as_bytes(),
            self.prev.as_bytes(),
        ])
    }

    /// Whether nothing of it was changed after it was sealed.
    pub fn is_intact(&self) -> bool {
        self.seal().as_str() == self.hash
    }
}
