//! A signed word of where the ledger ended at a moment. With the key and the anchors kept elsewhere, one
//! who can rewrite the whole ledger can neither cut it short nor write it anew unseen.

use crate::{Head, Ledger, StoreError};
use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use quietus_model::Digest;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// What comes before the 32 bytes of an Ed25519 key in a PEM file of a public key (RFC 8410).
const PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Where a ledger ended at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// When this was said.
    pub at: Timestamp,
    /// What its first entry is sealed to: which ledger it is.
    pub genesis: Digest,
    /// The hash of its last entry.
    pub hash: Digest,
    /// How many entries there were.
    pub seq: u64,
}

impl Anchor {
    /// What is signed: its canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// [`StoreError::Anchor`] when it cannot be written.
    pub fn text(&self) -> Result<String, StoreError> {
        serde_json_canonicalizer::to_string(self).map_err(|error| refused(error.to_string()))
    }
}

/// An anchor with a signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAnchor {
    /// What is signed.
    pub anchor: Anchor,
    /// The Ed25519 signature over its text, in base64.
    pub signature: String,
}

/// Signs anchors.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

/// Checks them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyingKey(Vec<u8>);

impl SigningKey {
    /// Reads a private Ed25519 key as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// [`StoreError::Anchor`] when it is none.
    pub fn from_pem(pem: &str) -> Result<Self, StoreError> {
        let none = || {
            refused("needs a private Ed25519 key in PEM: `openssl genpkey -algorithm ed25519` makes one".into())
        };
        let der = unarmoured(pem, "PRIVATE").ok_or_else(none)?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Self).map_err(|_| none())
    }

    /// What checks its signatures.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.public_key().as_ref().to_vec())
    }

    /// Signs an anchor.
    ///
    /// # Errors
    /// As [`Anchor::text`].
    pub fn sign(&self, anchor: Anchor) -> Result<SignedAnchor, StoreError> {
        let signature = BASE64.encode(self.0.sign(anchor.text()?.as_bytes()).as_ref());
        Ok(SignedAnchor { anchor, signature })
    }
}

impl VerifyingKey {
    /// Reads a public Ed25519 key as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// [`StoreError::Anchor`] when it is none.
    pub fn from_pem(pem: &str) -> Result<Self, StoreError> {
        let none = || {
            refused("needs a public Ed25519 key in PEM: `openssl pkey -pubout` makes it of the private one".into())
        };
        let der = unarmoured(pem, "PUBLIC").ok_or_else(none)?;
        match der.strip_prefix(&PUBLIC[..]) {
            Some(key) if key.len() == 32 => Ok(Self(key.to_vec())),
            _ => Err(none()),
        }
    }

    /// Its bytes in hex, for people to compare.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The anchor, if this key signed it.
    ///
    /// # Errors
    /// [`StoreError::Anchor`] when it did not.
    pub fn check(&self, signed: &SignedAnchor) -> Result<Anchor, StoreError> {
        let seq = signed.anchor.seq;
        let unsigned = || {
            refused(format!(
                "of entry {seq} is not signed by this key: it counts for nothing, and somebody may have forged it"
            ))
        };
        let signature = BASE64.decode(signed.signature.as_bytes()).map_err(|_| unsigned())?;
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(signed.anchor.text()?.as_bytes(), &signature)
            .map_err(|_| unsigned())?;
        Ok(signed.anchor.clone())
    }
}

impl Ledger {
    /// Where the ledger ends now, for signing.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn anchor(&self, now: Timestamp) -> Result<Anchor, StoreError> {
        let Head { seq, hash } = self.head().await?;
        Ok(Anchor { at: now, genesis: self.genesis.clone(), hash, seq })
    }
}

/// The bytes between the lines that name them.
fn unarmoured(pem: &str, what: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {what} KEY-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {what} KEY-----"))?;
    let body: String = body.split_whitespace().collect();
    BASE64.decode(body.as_bytes()).ok()
}

fn refused(what: String) -> StoreError {
    StoreError::Anchor { what }
}
