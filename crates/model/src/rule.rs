//! A credential type as data, read from `rules/*.toml`.

mod grade;
mod named;
mod set;

use crate::checksum::Checksum;
use crate::recipe::{Recipe, Remedy, Revocation};
use crate::shape::{Mutation, Shape};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use grade::{Confidence, Severity};
pub use set::{Known, Lengths, RuleError, RuleSet};

/// The name of a rule: lower case letters, digits and hyphens. Public and stable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RuleId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleId({})", self.0)
    }
}

/// One file of rules: a provider and its credential types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "set::Written")]
pub struct RuleFile {
    /// Whose credentials these are.
    pub provider: Provider,
    /// The credential types.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Who issues the credentials of a rule file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Lower case, as the file's name.
    pub id: String,
    /// As the provider writes itself.
    pub name: String,
    /// Its documentation of these credentials.
    #[serde(default)]
    pub docs: String,
}

/// One credential type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The public name.
    pub id: RuleId,
    /// The name for people.
    pub name: String,
    /// What it can do.
    pub severity: Severity,
    /// How likely a match is real.
    pub confidence: Confidence,
    /// In place of `anchors` and `pattern`, for a credential that only the name of its variable
    /// gives away: what that is called, in words. Case never counts, nor does how the words are
    /// joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// With `names`: the pattern of the credential by itself, without anything around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Texts of which at least one stands in every match. Matched with case unless
    /// `anchors_any_case`. Derived from `names` where there are any, unless given.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// The anchors match in upper and lower case. Always so beside `names`.
    #[serde(default)]
    pub anchors_any_case: bool,
    /// The pattern, in the syntax of the `regex` crate over bytes, without Unicode. The group
    /// `secret` is what is secret; without it, the group `id` names a public part whose secret is
    /// a companion's. Groups of any other name become parts. Derived from `names` and `value`
    /// where they are given.
    #[serde(default)]
    pub pattern: String,
    /// How many bytes before and after an anchor the pattern may look. Derived from the pattern
    /// where that has a greatest length; required where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<usize>,
    /// The least Shannon entropy of the secret in bits a character; less is not reported.
    #[serde(default)]
    pub entropy: f32,
    /// Its check part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// How native code weighs a match that no format proves; the rule's confidence is then the
    /// highest that it can reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Judge>,
    /// SHA-256 of published examples, in hex: reported as dummy, never sent.
    #[serde(default)]
    pub dummies: Vec<String>,
    /// Other parts of a multi-part credential, found near the match.
    #[serde(default, rename = "companion")]
    pub companions: Vec<CompanionRule>,
    /// Where two rules match the same bytes, the higher one is reported: 1 and more. Unless said
    /// (0), a rule that knows a format gets 50, one that knows `names` 40.
    #[serde(default)]
    pub precedence: u8,
    /// Ids of rules this one replaces: what only they saw, this one can call absent.
    #[serde(default)]
    pub replaces: Vec<RuleId>,
    /// OWASP NHI, CWE, ATT&CK and other tags beyond those every leaked credential gets.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Format facts, for tests and for the negative control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// How to ask the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<Recipe>,
    /// How to revoke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Revocation>,
    /// What people must do.
    #[serde(default)]
    pub remedy: Remedy,
    /// Samples that must and must not match.
    #[serde(default)]
    pub tests: RuleTests,
}

/// A check part that the scanner verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The construction.
    pub name: Checksum,
    /// A wrong check part rejects the match; otherwise it only lowers the confidence. The pattern
    /// has the groups `body` (what it is computed from) and `check`; `body` alone, around both,
    /// for a construction that is sealed.
    pub firm: bool,
}

/// What tells that a value without a format is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judge {
    /// The name that it is assigned to, which the group `name` of the pattern holds.
    Assigned,
    /// The syntax it stands in, such as the user information of a URL or `--password`.
    Given,
    /// The name of an issuer before it, who makes every value: one that walks along the alphabet
    /// was typed, and its place decides.
    Issued,
    /// The head of the column it stands in, which the group `name` of the pattern holds: the pattern
    /// takes the head alone, and the values below it are found by native code.
    Column,
    /// That syntax together with a value that looks generated, as that of a bearer token does.
    Random,
    /// That it is a user name and a password in base 64 (RFC 7617).
    Basic,
}

/// A further part of a credential, looked for near the match of the main pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanionRule {
    /// The part's name; `secret` when the credential is keyed on it.
    pub name: String,
    /// In place of `pattern`: what the part is called, as [`Rule::names`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// With `names`: the pattern of the part by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its pattern; the group `secret`, or else group 1, or else all of it, is the part. Derived
    /// from `names` and `value` where they are given.
    #[serde(default)]
    pub pattern: String,
    /// How many bytes before and after the match it may stand.
    pub within: usize,
    /// Nobody would take the match for a credential without it: when it is not found that is told,
    /// and the confidence is lower.
    #[serde(default)]
    pub required: bool,
    /// The credential cannot be used without it, but is known without it: when it is not found
    /// that is told.
    #[serde(default)]
    pub needed: bool,
    /// Format facts of the part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

/// Samples of a rule. `{secret}` and `{NAME}` of a companion are built from the shapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleTests {
    /// Texts in which the secret must be found.
    pub positive: Vec<String>,
    /// Texts in which nothing of this rule may be found.
    pub negative: Vec<String>,
    /// Mutations that must still match, each with its reason.
    pub tolerates: BTreeMap<Mutation, String>,
}

impl Rule {
    /// What may be shown of a secret of this kind.
    pub fn public_prefix(&self) -> &str {
        self.shape.as_ref().map_or("", Shape::public_prefix)
    }

    /// Whether this rule finds exactly what `other` finds.
    pub fn finds_as(&self, other: &Self) -> bool {
        self.matching_text() == other.matching_text()
    }

    /// Everything that decides what this rule finds, as text for the rule set's digest; remedies,
    /// recipes and samples are left out, so that a better sentence does not scan a forge anew.
    pub(crate) fn matching_text(&self) -> String {
        format!(
            "{:?}",
            (
                (&self.id, self.severity, self.confidence, &self.anchors, self.anchors_any_case),
                (&self.pattern, self.reach, self.entropy, &self.check, &self.dummies),
                (&self.companions, self.precedence, &self.replaces, &self.judge),
            )
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[provider]
id = "x"
name = "X"
[[rule]]
id = "x-key"
name = "X key"
severity = "high"
confidence = "high"
anchors = ["xk_"]
pattern = '\b(?P<secret>xk_[0-9a-f]{32})\b'
shape.parts = [ { lit = "xk_" }, { chars = "0-9a-f", len = 32 } ]
"#;

    #[test]
    fn a_rule_file_is_read_and_its_digest_follows_what_it_finds() {
        let set = RuleSet::parse([("x.toml", FILE)]).unwrap();
        let rule = set.get(&"x-key".into()).unwrap();
        assert_eq!((rule.precedence, rule.public_prefix()), (50, "xk_"));
        let wider = FILE.replace("{32}", "{32,40}");
        let renamed = FILE.replace("X key", "Key of X");
        assert_ne!(RuleSet::parse([("x.toml", &*wider)]).unwrap().digest(), set.digest());
        assert_eq!(RuleSet::parse([("x.toml", &*renamed)]).unwrap().digest(), set.digest());
    }

    #[test]
    fn a_typo_is_named_with_its_place() {
        let typo = FILE.replace("severity", "severty");
        let error = RuleSet::parse([("x.toml", &*typo)]).unwrap_err().to_string();
        assert!(error.contains("x.toml") && error.contains("severty"), "{error}");
        let twice = format!("{FILE}{}", &FILE[FILE.find("[[rule]]").unwrap()..]);
        let error = RuleSet::parse([("x.toml", &*twice)]).unwrap_err().to_string();
        assert!(error.contains("stands twice"), "{error}");
    }

    #[test]
    fn a_users_file_replaces_a_shipped_rule() {
        let mine = FILE.replace("\"high\"", "\"low\"");
        let set = RuleSet::parse([("x.toml", FILE), ("mine.toml", &*mine)]).unwrap();
        assert_eq!(set.rules().len(), 1);
        assert_eq!(set.rules()[0].severity, Severity::Low);
    }
}
