//! What was found in bytes that do not show it: how it is hidden, and where.

use super::place::Place;
use crate::detector::Detection;
use crate::vault::SecretNumber;
use quietus_model::{Comments, RuleId};
use quietus_unpack::{Charset, Encoding, Kind, Reason};
use std::sync::{Arc, OnceLock};

/// What lies inside bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside {
    pub(crate) found: Vec<Inner>,
    /// What could not be looked at: where, and why.
    pub(crate) gaps: Vec<(String, Reason)>,
    /// Whether it is told by its place in an archive, and not where it lies bare in its bytes.
    pub(crate) is_archive: bool,
}

impl Inside {
    /// Whether nothing was found and nothing kept from being read.
    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty() && self.gaps.is_empty()
    }
}

/// One detection in what lies inside bytes.
#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) detection: Arc<Detection>,
    /// What the keeper of secrets calls it.
    pub(crate) number: OnceLock<SecretNumber>,
    pub(crate) hidden: Arc<Hidden>,
    pub(crate) place: Place,
    pub(crate) allowed: Comments,
    /// The other rules that claimed bytes of it.
    pub(crate) others: Vec<RuleId>,
}

/// How a secret is hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Hidden {
    /// The names that lead to what its place speaks of; empty for the bytes themselves.
    pub(crate) inside: String,
    /// What has to be undone, the outermost first.
    pub(crate) layers: Vec<Layer>,
}

/// One thing that has to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    Container(Kind),
    Encoded(Encoding),
    Charset(Charset),
}

impl Layer {
    /// All of them; what is remembered names one by its place here.
    pub(crate) const ALL: [Self; 24] = [
        Self::Container(Kind::Gzip),
        Self::Container(Kind::Bzip2),
        Self::Container(Kind::Xz),
        Self::Container(Kind::Zstd),
        Self::Container(Kind::Tar),
        Self::Container(Kind::Zip),
        Self::Container(Kind::Notebook),
        Self::Container(Kind::Sqlite),
        Self::Container(Kind::Pdf),
        Self::Container(Kind::Pyc),
        Self::Container(Kind::Class),
        Self::Container(Kind::Executable),
        Self::Container(Kind::Mail),
        Self::Container(Kind::Office),
        Self::Encoded(Encoding::Base64),
        Self::Encoded(Encoding::Base64Url),
        Self::Encoded(Encoding::Hex),
        Self::Encoded(Encoding::Percent),
        Self::Encoded(Encoding::Escapes),
        Self::Encoded(Encoding::Entities),
        Self::Encoded(Encoding::QuotedPrintable),
        Self::Charset(Charset::Utf16Le),
        Self::Charset(Charset::Utf16Be),
        Self::Encoded(Encoding::Colours),
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Container(kind) => kind.as_str(),
            Self::Encoded(encoding) => encoding.as_str(),
            Self::Charset(charset) => charset.as_str(),
        }
    }
}
