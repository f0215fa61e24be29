//! Inline comments by which developers tell a scanner that a credential is meant to be there.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A comment of one tool, serialized as what it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Comment {
    /// `quietus:allow`, on a line of the credential.
    Quietus,
    /// `gitleaks:allow`, on a line of the credential.
    Gitleaks,
    /// `betterleaks:allow`, on a line of the credential.
    Betterleaks,
    /// `trufflehog:ignore`, on a line of the credential.
    Trufflehog,
    /// `kingfisher:ignore`, once also `kingfisher:allow`: in any case, on a line of the credential
    /// or on the one before or after.
    Kingfisher,
    /// `pragma: allowlist secret` (or `whitelist`) on a line of the credential, or
    /// `pragma: allowlist nextline secret` alone on the line before.
    DetectSecrets,
}

impl Comment {
    /// Every comment that is known.
    pub const ALL: [Self; 6] = [
        Self::Quietus,
        Self::Gitleaks,
        Self::Betterleaks,
        Self::Trufflehog,
        Self::Kingfisher,
        Self::DetectSecrets,
    ];

    /// What it says.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quietus => "quietus:allow",
            Self::Gitleaks => "gitleaks:allow",
            Self::Betterleaks => "betterleaks:allow",
            Self::Trufflehog => "trufflehog:ignore",
            Self::Kingfisher => "kingfisher:ignore",
            Self::DetectSecrets => "pragma: allowlist secret",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Comment> for String {
    fn from(comment: Comment) -> Self {
        comment.as_str().to_owned()
    }
}

impl TryFrom<String> for Comment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|comment| comment.as_str() == text);
        known.ok_or_else(|| "no comment that is known".to_owned())
    }
}

/// Some of the comments that are known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Comments(u8);

impl Comments {
    /// The comments that a tool itself obeys; `None` for a tool that is not known.
    pub fn of_tool(name: &str) -> Option<Self> {
        let all: &[Comment] = match name {
            "quietus" => &[Comment::Quietus],
            "gitleaks" => &[Comment::Gitleaks],
            // It took over those of the tool that it grew out of.
            "betterleaks" => &[Comment::Gitleaks, Comment::Betterleaks],
            "trufflehog" => &[Comment::Trufflehog],
            "kingfisher" => &[Comment::Kingfisher],
            "detect-secrets" => &[Comment::DetectSecrets],
            _ => return None,
        };
        Some(all.iter().copied().collect())
    }

    /// Adds one.
    pub fn insert(&mut self, comment: Comment) {
        self.0 |= comment.bit();
    }

    /// Whether it is one of these.
    pub fn contains(self, comment: Comment) -> bool {
        self.0 & comment.bit() != 0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Comment::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Comment> {
        Comment::ALL.into_iter().filter(move |comment| self.contains(*comment))
    }

    /// As a number, for what is kept by this program alone.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// From [`bits`](Self::bits); `None` when these are none.
    pub fn from_bits(bits: u8) -> Option<Self> {
        let all: Self = Comment::ALL.into_iter().collect();
        (bits & !all.0 == 0).then_some(Self(bits))
    }
}

impl FromIterator<Comment> for Comments {
    fn from_iter<I: IntoIterator<Item = Comment>>(comments: I) -> Self {
        let mut all = Self::default();
        comments.into_iter().for_each(|comment| all.insert(comment));
        all
    }
}

impl From<Comment> for Comments {
    fn from(comment: Comment) -> Self {
        Self(comment.bit())
    }
}

impl std::ops::BitOr for Comments {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Comments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Comments {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(Comment::as_str))
    }
}

/// As it is written now, and as it was when there was but one comment.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Quietus(bool),
    Names(Vec<String>),
}

impl<'de> Deserialize<'de> for Comments {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(from)? {
            Written::Quietus(there) => there.then_some(Comment::Quietus).into_iter().collect(),
            // One that a later version knows says nothing to this one.
            Written::Names(names) => Comment::ALL
                .into_iter()
                .filter(|comment| names.iter().any(|name| name == comment.as_str()))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_survive_their_text_and_their_bits() {
        let all: Comments = Comment::ALL.into_iter().collect();
        let some: Comments = [Comment::Gitleaks, Comment::Kingfisher].into_iter().collect();
        for comments in [Comments::default(), some, all] {
            let text = serde_json::to_string(&comments).unwrap();
            assert_eq!(serde_json::from_str::<Comments>(&text).unwrap(), comments);
            assert_eq!(Comments::from_bits(comments.bits()), Some(comments));
        }
        assert_eq!(
            serde_json::to_string(&some).unwrap(),
            r#"["gitleaks:allow","kingfisher:ignore"]"#
        );
        assert_eq!(Comments::from_bits(0x80), None);
        let old = |text: &str| serde_json::from_str::<Comments>(text).unwrap();
        assert_eq!((old("true"), old("false")), (Comment::Quietus.into(), Comments::default()));
    }

    #[test]
    fn a_tool_obeys_its_own_comments() {
        let betterleaks = Comments::of_tool("betterleaks").unwrap();
        assert!(
            betterleaks.contains(Comment::Gitleaks) && betterleaks.contains(Comment::Betterleaks)
        );
        assert!(!Comments::of_tool("gitleaks").unwrap().contains(Comment::Betterleaks));
        assert_eq!(Comments::of_tool("Gitleaks"), None);
    }
}
