//! Everything needed to check the end of one item offline: its events as the ledger sealed them, the
//! scans that its evidence names, and the policy that decided.
//!
//! Reading a bundle trusts nothing in it but what can be computed again. That its entries stand in a
//! ledger only the ledger can show; the bundle names its head.

mod check;

pub use check::{Check, Outcome};

use crate::story::sentence;
use crate::text::one_line;
use crate::{Audience, ExportError, Register};
use data_encoding::BASE64;
use jiff::Timestamp;
use quietus_poam::{PoamItem, SealedEntry};
use serde::{Deserialize, Serialize};

/// The version of the format.
const FORMAT: &str = "quietus-evidence/1";

/// How a reader checks it, said in the bundle itself.
const HOW: &str = "`quietus export verify FILE` computes every seal again, folds the events into the \
    item, and judges the closure anew under the policy given here; it needs no ledger, no key and no \
    network. By hand: `hash` is SHA-256 over seq (8 bytes, big endian), stream, version (8 bytes), \
    recorded_at (8 bytes), body and prev, each preceded by its length in 8 bytes, big endian. The \
    SHA-256 of each file stands in the event that attached it. That \
    these entries stand in the ledger is checked there, by `quietus ledger verify`.";

/// The evidence of one item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Bundle {
    /// The version of the format.
    pub format: String,
    /// How to check it.
    pub how_to_check: String,
    /// The id people use.
    pub item: String,
    /// The item's identity, which is the name of its stream.
    pub fingerprint: String,
    /// The moment the bundle speaks of.
    pub generated: Timestamp,
    /// The version of this program.
    pub tool: String,
    /// Number and hash of the ledger's last entry at that moment.
    pub head: Option<(u64, String)>,
    /// The policy in force at that moment.
    pub policy: Option<PolicyText>,
    /// What happened, in sentences; for people only, nothing is computed from it.
    pub story: Vec<String>,
    /// The item's events.
    pub entries: Vec<SealedEntry>,
    /// The scans that showed it gone.
    pub scans: Vec<SealedEntry>,
    /// The files that are attached to it, as far as their bytes are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<BundledFile>,
}

/// A file that is attached to the item. Its digest stands in the event that attached it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BundledFile {
    /// What it is called.
    pub name: String,
    /// Its bytes, in base64.
    pub base64: String,
}

impl BundledFile {
    /// A file of these bytes.
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self { name: one_line(name), base64: BASE64.encode(bytes) }
    }

    /// Its bytes; `None` when they are no base64.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.base64.as_bytes()).ok()
    }
}

/// What the ledger holds of an item, sealed, and the files that are kept beside it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Holdings {
    /// The item's events.
    pub entries: Vec<SealedEntry>,
    /// The scans that showed it gone.
    pub scans: Vec<SealedEntry>,
    /// Attached files. Readers outside get their digests alone.
    pub files: Vec<BundledFile>,
}

/// A policy as its file has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyText {
    /// The name of its file, or of a shipped one.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Why a text is no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is not made as a bundle is.
    #[error("this is no evidence bundle: {0}; give a file of `quietus export bundle`")]
    Syntax(String),
    /// Another version of the format.
    #[error("this bundle has the format \"{0}\"; this version reads \"{FORMAT}\"")]
    Format(String),
}

/// The bundle of `item`, as indented JSON with a line break at its end.
///
/// # Errors
/// [`ExportError::Withheld`] when it is for readers outside and the item is not dead: sealed entries
/// cannot be shortened.
pub fn bundle(
    item: &PoamItem,
    register: &Register<'_>,
    holdings: Holdings,
    policy: Option<PolicyText>,
) -> Result<String, ExportError> {
    let external = register.about.audience == Audience::External;
    if external && !crate::audience::is_dead(item, register.policy, register.now) {
        return Err(ExportError::Withheld { item: item.id() });
    }
    let told = item.history.iter().map(|recorded| {
        format!("{} {}: {}", recorded.at, recorded.by, sentence(item, &recorded.event))
    });
    let bundle = Bundle {
        format: FORMAT.to_owned(),
        how_to_check: HOW.split_whitespace().collect::<Vec<_>>().join(" "),
        item: item.id(),
        fingerprint: item.fingerprint().to_string(),
        generated: register.now,
        tool: register.about.version.clone(),
        head: register.about.head.clone(),
        policy,
        story: told.map(|line| one_line(&line)).collect(),
        entries: holdings.entries,
        scans: holdings.scans,
        files: if external { Vec::new() } else { holdings.files },
    };
    let text = serde_json::to_string_pretty(&bundle);
    text.map(|text| text + "\n").map_err(|error| ExportError::Page(error.to_string()))
}

impl Bundle {
    /// Reads a bundle. Nothing of it is believed yet; see [`Bundle::check`].
    ///
    /// # Errors
    /// [`BundleError`] when it is none, or of another version.
    pub fn read(text: &str) -> Result<Self, BundleError> {
        let bundle: Self =
            serde_json::from_str(text).map_err(|error| BundleError::Syntax(error.to_string()))?;
        if bundle.format != FORMAT {
            return Err(BundleError::Format(bundle.format));
        }
        Ok(bundle)
    }
}
