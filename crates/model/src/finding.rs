//! A leaked credential without its value, and everywhere it was seen.

use crate::{
    Comments, Confidence, Digest, Fingerprint, Redacted, RepositoryId, RuleId, SafeText, Secret,
    Severity,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A credential with its value. Lives in `scan`, `validate` and `escrow` only.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What may be stored and shown.
    pub finding: Finding,
    /// The value.
    pub secret: Secret,
    /// The other parts, by name, nearest first where several candidates were found.
    pub parts: Vec<Companion>,
}

/// A part of a multi-part credential with its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Companion {
    /// The part's name in the rule.
    pub name: String,
    /// Its value.
    pub secret: Secret,
}

/// One leaked credential. One secret, one fingerprint, one finding, one item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Its name.
    pub fingerprint: Fingerprint,
    /// Its name of today, where it goes by that of an item that was opened under another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<Fingerprint>,
    /// The names of its spellings, as they stand there, where the secret is named by what these have
    /// in common and they say the same wherever they stand, as those of a key do. An item of such a
    /// name is this secret's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<Fingerprint>,
    /// The rule that recognised it. An attribute: a better rule may change it later.
    pub rule: RuleId,
    /// What it can do, by its kind.
    pub severity: Severity,
    /// How likely it is a credential at all.
    pub confidence: Confidence,
    /// What may be shown of it.
    pub redacted: Redacted,
    /// What its bytes say by themselves.
    pub offline: Offline,
    /// Names of parts that were not found, without which it cannot be asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Facts read from its bytes: an account id, an expiry. Never secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decoded: Vec<Fact>,
    /// Tags of its rule, then the ids of the other rules that took it for theirs, here or at
    /// another of its places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Everywhere it was seen, in the order of [`Location::id`]'s parts.
    pub locations: Vec<Location>,
}

impl Finding {
    /// Whether this is a name of it.
    pub fn is_named(&self, name: &Fingerprint) -> bool {
        self.fingerprint == *name
            || self.renamed_from.as_ref() == Some(name)
            || self.aliases.contains(name)
    }

    /// Gives it the name that an item of it has.
    pub fn rename(&mut self, name: Fingerprint) {
        if self.fingerprint != name {
            self.renamed_from.get_or_insert(self.fingerprint);
            self.fingerprint = name;
        }
    }
}

/// A fact that the bytes of a credential tell without asking anybody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// What it is: `account`, `expires`.
    pub name: String,
    /// Its value.
    pub value: SafeText,
}

/// What the bytes of a credential say by themselves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Offline {
    /// Nothing against it.
    Plausible,
    /// Its check part is right.
    Verified,
    /// Its check part is wrong, though the rule does not reject it for that.
    ChecksumFailed,
    /// A published example.
    Dummy,
    /// A decoy that alarms its owner when used.
    Canary,
    /// Its own expiry has passed.
    Expired {
        /// When.
        at: Timestamp,
    },
}

/// One place where a credential was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Location {
    /// The repository.
    pub repository: RepositoryId,
    /// Where the repository was read, as in the scope that says so; empty when there is only one
    /// such scope. No part of the location's name.
    #[serde(default, skip_serializing_if = "SafeText::is_empty")]
    pub source: SafeText,
    /// In what of it.
    pub place: Place,
    /// The path inside the repository; empty for standard input and messages.
    pub path: SafeText,
    /// Where in that file, if it is an archive or the like: the names of what lies in one another, with
    /// `!/` between them. No part of the location's name.
    #[serde(default, skip_serializing_if = "SafeText::is_empty")]
    pub inside: SafeText,
    /// What has to be undone to come to the secret, the outermost first: `["zip", "base64"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decoded: Vec<String>,
    /// The path's name under the organisation's key. What is masked in `path` depends on which
    /// secrets a scan found; this does not, so a location keeps its id.
    #[serde(default)]
    pub path_key: String,
    /// Which occurrence in that path this is, from 0: tells two of one file apart and stays the
    /// same when lines move.
    #[serde(default)]
    pub ordinal: u32,
    /// First line, from 1, in the newest version that holds it. This and what follows speak of what
    /// `inside` names, where it names something, and of the encoded text where the secret is encoded.
    pub line: u32,
    /// First column in bytes, from 1.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last byte.
    pub end_column: u32,
    /// Where the secret, or what it is encoded in, starts in the blob or file, in bytes.
    pub offset: u64,
    /// The blob those numbers speak of, when it is in the object store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// How many versions of this path hold it.
    #[serde(default)]
    pub versions: u32,
    /// The commit that first brought it into this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<Introduced>,
    /// Who last changed its line, for the choice of an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_author: Option<SafeText>,
    /// Owners that CODEOWNERS of the default branch names for this path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_owners: Vec<SafeText>,
    /// Heads (branches, the index, the work tree) that hold it now; empty when only history does.
    #[serde(default)]
    pub at_head: Vec<SafeText>,
    /// The inline comments that say that it is meant to be here. Which of them are heeded is up to
    /// the user.
    #[serde(default, skip_serializing_if = "Comments::is_empty")]
    pub allowed_inline: Comments,
}

/// In what of a repository a credential was seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A blob of some commit.
    History,
    /// A file as it lies on disk, not (or not so) committed.
    WorkTree,
    /// A staged file.
    Index,
    /// A commit or tag message, or a note.
    Message,
    /// Standard input.
    Stdin,
}

/// The commit that first brought a credential into a path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Introduced {
    /// Its object id.
    pub commit: String,
    /// `Name <mail>` of its author.
    pub author: SafeText,
    /// Its committer's date.
    pub at: Timestamp,
}

/// The name of a location: 24 hex digits of a digest of its repository, place, path key and
/// ordinal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocationId(String);

impl fmt::Display for LocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocationId({})", self.0)
    }
}

impl Location {
    /// The name that stays the same from scan to scan.
    pub fn id(&self) -> LocationId {
        let ordinal = self.ordinal.to_be_bytes();
        let place = [self.place as u8];
        let path = if self.path_key.is_empty() { self.path.as_str() } else { &self.path_key };
        let parts = [self.repository.as_str().as_bytes(), &place, path.as_bytes(), &ordinal];
        LocationId(Digest::of_parts(parts).as_str()[..24].to_owned())
    }

    /// `path:line`, or the place where there is no path; `archive!/path:line` in an archive.
    pub fn display(&self) -> String {
        let path = if self.path.is_empty() {
            format!("{:?}", self.place).to_lowercase()
        } else {
            self.path.to_string()
        };
        match (self.path.is_empty(), self.inside.is_empty()) {
            (true, true) => path,
            (false, true) => format!("{path}:{}", self.line),
            (_, false) => format!("{path}!/{}:{}", self.inside, self.line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FingerprintKey;

    fn at(path: &[u8], shown: &str) -> Location {
        Location {
            repository: RepositoryId::named("a"),
            source: SafeText::default(),
            place: Place::History,
            path: SafeText::plain(shown),
            inside: SafeText::default(),
            decoded: Vec::new(),
            path_key: FingerprintKey::new([3; 32]).path_key(path),
            ordinal: 0,
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            offset: 0,
            blob: None,
            versions: 1,
            introduced: None,
            last_author: None,
            code_owners: Vec::new(),
            at_head: Vec::new(),
            allowed_inline: Comments::default(),
        }
    }

    #[test]
    fn paths_that_look_the_same_once_masked_are_two_places() {
        assert_ne!(at(b"d-one/x", "d-[secret]/x").id(), at(b"d-two/x", "d-[secret]/x").id());
        assert_eq!(at(b"d-one/x", "d-[secret]/x").id(), at(b"d-one/x", "d-one/x").id());
    }
}
