//! What one scan may claim: where it looked, what it could not read, what it found.

use crate::{
    Digest, Exchange, Finding, Fingerprint, Judgement, KeyId, Recipe, Remedy, RepositoryId, Rule,
    RuleId, SafeText, Seal, Silence,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use uuid::Uuid;

/// The name of a survey; a survey counts once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SurveyId(pub Uuid);

impl SurveyId {
    /// No survey: people brought it in.
    pub const NONE: Self = Self(Uuid::nil());
}

impl fmt::Display for SurveyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SurveyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SurveyId({})", self.0)
    }
}

/// The seam between scanning and tracking. Holds no secret: safe as a file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Survey {
    /// Its name.
    pub id: SurveyId,
    /// The key its fingerprints were made under.
    pub key_id: KeyId,
    /// When the scan began.
    pub taken_at: Timestamp,
    /// The digest of the rules that were active.
    pub rules_digest: Digest,
    /// Their ids, with those they replace: only what one of them could see can be absent.
    pub rules: Vec<RuleId>,
    /// The version of this program.
    pub tool: String,
    /// How far its claims are believed.
    pub trust: Trust,
    /// Where it looked.
    pub scopes: Vec<Scope>,
    /// What it found, one a secret.
    pub assessments: Vec<Assessment>,
    /// Known credentials that its rules do not see even where they are known to stand: of these it
    /// shows no absence.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unrecognised: BTreeSet<Fingerprint>,
}

/// How far a survey's claims are believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Taken by this process.
    Own,
    /// From elsewhere and authenticated.
    Authenticated,
    /// From elsewhere: may only add sightings.
    Untrusted,
}

/// What was looked at in one repository.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// The repository.
    pub repository: RepositoryId,
    /// Where it was read: a path or URL without user-info.
    pub source: SafeText,
    /// What of it.
    pub kind: ScopeKind,
    /// The refs that were covered, with their tips; empty for a mere folder.
    pub refs: Vec<RefTip>,
    /// Only paths under these were looked at; empty means all.
    #[serde(default)]
    pub path_filter: Vec<SafeText>,
    /// Files that ignore files name were left out.
    #[serde(default)]
    pub ignored_left_out: bool,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// How much was read.
    pub stats: Stats,
}

/// What of a repository was looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// The files on disk.
    WorkTree,
    /// Every object of every ref.
    History,
    /// Files and every object.
    Whole,
    /// The index only.
    Staged,
    /// Commits after a revision only.
    Since,
    /// Known locations only.
    Recall,
    /// Standard input.
    Stdin,
}

/// A ref and the commit it pointed to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RefTip {
    /// The full name, `refs/heads/main`.
    pub name: SafeText,
    /// The object id.
    pub oid: String,
}

/// Something that could not be read. Its identity is object and reason: it can be accepted once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// The path or object id.
    pub object: SafeText,
    /// Why.
    pub reason: GapReason,
    /// What the system said.
    pub detail: SafeText,
}

/// Why something could not be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The object is not in the store.
    Missing,
    /// The object or file is damaged.
    Corrupt,
    /// The system refused to open or read it.
    Unreadable,
    /// It is larger than the limit.
    TooLarge,
    /// History ends here because the clone is shallow.
    Shallow,
    /// The source could not be reached or opened at all.
    Unobservable,
    /// The run was interrupted before it got there.
    Interrupted,
    /// More findings than the cap allows.
    Overflow,
    /// There was nothing to read at all: an unmounted folder looks like this.
    Empty,
    /// It was read, but what lies in it is encrypted, damaged or packed in an unknown way. That holds
    /// for everybody who has the repository: it does not make a scan incomplete.
    Opaque,
}

impl GapReason {
    /// Whether something was left out that could have been read: then the scan is not complete.
    pub fn is_omission(self) -> bool {
        self != Self::Opaque
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too large",
            Self::Shallow => "shallow",
            Self::Unobservable => "unobservable",
            Self::Interrupted => "interrupted",
            Self::Overflow => "overflow",
            Self::Empty => "empty",
            Self::Opaque => "opaque",
        })
    }
}

/// How much was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Files of the work tree.
    pub files: u64,
    /// Blobs, messages and other objects of the store.
    pub objects: u64,
    /// Commits.
    pub commits: u64,
    /// Bytes that were scanned.
    pub bytes: u64,
}

impl std::ops::AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.objects += other.objects;
        self.commits += other.commits;
        self.bytes += other.bytes;
    }
}

/// A finding and what the issuers said of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Assessment {
    /// The finding.
    pub finding: Finding,
    /// What its rule says of credentials of this kind.
    pub kind: Kind,
    /// One judgement for each target that was asked.
    pub judgements: Vec<Judgement>,
    /// Why it would not be reported; `None` for one that is live, whatever silences it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// What its value was sealed as in this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Seal>,
}

/// What a rule says of every credential of its kind; an item keeps a copy, so that it can be read
/// without the rules of the day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kind {
    /// The name for people.
    pub name: String,
    /// A recipe of the shipped catalogue can ask its issuer. Where none can, death is attested by
    /// people and never verified.
    pub askable: bool,
    /// What people must do.
    pub remedy: Remedy,
}

impl Kind {
    /// What `rule` says.
    pub fn of(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            askable: rule.validate.as_ref().is_some_and(can_prove),
            remedy: rule.remedy.clone(),
        }
    }
}

/// Whether a recipe can prove that a credential is dead. What an issuer publishes never tells that one
/// token was taken back.
fn can_prove(recipe: &Recipe) -> bool {
    recipe.denial_is_confirmed() && recipe.exchange != Exchange::PublishedKeys
}

impl Scope {
    /// Whether everything of its kind was read: nothing left out, no path filter.
    pub fn is_complete(&self) -> bool {
        !self.has_omissions() && self.path_filter.is_empty()
    }

    /// Whether something was left out that could have been read.
    pub fn has_omissions(&self) -> bool {
        self.gaps.iter().any(|gap| gap.reason.is_omission())
    }

    /// Whether it could open all that it met, so that it may say of what was seen in an archive that
    /// it is gone.
    pub fn opened_all(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Whether it may say that something is at no head of its repository: it is complete and
    /// covered all refs. A repository without any ref shows nothing.
    pub fn covers_heads(&self) -> bool {
        self.is_complete()
            && !self.refs.is_empty()
            && matches!(self.kind, ScopeKind::History | ScopeKind::Whole)
    }

    /// Whether it may say that something is not in the files on disk.
    pub fn covers_work_tree(&self) -> bool {
        self.is_complete()
            && !self.ignored_left_out
            && matches!(self.kind, ScopeKind::WorkTree | ScopeKind::Whole)
    }
}

impl Survey {
    /// Whether a rule that was active could have seen what `rule` sees.
    pub fn could_see(&self, rule: &RuleId) -> bool {
        self.rules.contains(rule)
    }

    /// Whether its silence about a credential that `rule` recognised means absence.
    pub fn shows_absence_of(&self, fingerprint: &Fingerprint, rule: &RuleId) -> bool {
        self.could_see(rule) && !self.unrecognised.contains(fingerprint)
    }
}
