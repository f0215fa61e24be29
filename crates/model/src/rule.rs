//! A credential type as data, read from `rules/*.toml`.

use crate::Digest;
use crate::checksum::Checksum;
use crate::recipe::{Recipe, Remedy, Revocation};
use crate::shape::{Mutation, Shape};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

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

/// How much a credential of this kind can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the usual four grades")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// How likely a match is a real credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the usual three grades")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

macro_rules! grade_names {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// The grade in lower case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(format!("\"{text}\" is none of: {}", [$($name),+].join(", "))),
                }
            }
        }
    };
}
grade_names!(Severity { Low = "low", Medium = "medium", High = "high", Critical = "critical" });
grade_names!(Confidence { Low = "low", Medium = "medium", High = "high" });

/// One file of rules: a provider and its credential types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Texts of which at least one stands in every match. Matched with case unless
    /// `anchors_any_case`.
    pub anchors: Vec<String>,
    /// The anchors match in upper and lower case.
    #[serde(default)]
    pub anchors_any_case: bool,
    /// The pattern, in the syntax of the `regex` crate over bytes, without Unicode. The group
    /// `secret` is what is secret; without it, the group `id` names a public part whose secret is
    /// a companion's. Groups of any other name become parts.
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
    /// Where two rules match the same bytes, the higher one is reported. 50 unless said.
    #[serde(default = "fifty")]
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

fn fifty() -> u8 {
    50
}

/// A check part that the scanner verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The construction.
    pub name: Checksum,
    /// A wrong check part rejects the match; otherwise it only lowers the confidence. The pattern
    /// has the groups `body` (what it is computed from) and `check`.
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
    /// Its pattern; the group `secret`, or else group 1, or else all of it, is the part.
    pub pattern: String,
    /// How many bytes before and after the match it may stand.
    pub within: usize,
    /// The credential cannot be used without it.
    #[serde(default)]
    pub required: bool,
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

/// What is wrong with a rule file, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The file is not TOML of the expected form.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says, with line and column.
        message: String,
    },
    /// A rule says something that cannot be.
    #[error("{file}: rule {rule}: {message}")]
    Rule {
        /// The file.
        file: String,
        /// The rule.
        rule: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl RuleFile {
    /// Reads one file. `name` is used in errors.
    ///
    /// # Errors
    /// [`RuleError::Syntax`] with line and column; a field that does not exist is an error too.
    pub fn parse(name: &str, text: &str) -> Result<Self, RuleError> {
        toml::from_str(text).map_err(|error| RuleError::Syntax {
            file: name.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })
    }
}

/// All rules of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
    digest: Digest,
}

impl RuleSet {
    /// Joins rule files, given with their names. A later rule replaces an earlier one of the same
    /// id, so that a user's file can correct a shipped rule.
    ///
    /// # Errors
    /// [`RuleError`] for the first file that cannot be read or that names one id twice.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RuleError> {
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        for (name, text) in files {
            let file = RuleFile::parse(name, text)?;
            let mut here = HashSet::new();
            for rule in file.rules {
                if !here.insert(rule.id.clone()) {
                    return Err(RuleError::Rule {
                        file: name.to_owned(),
                        rule: rule.id.to_string(),
                        message: "this id stands twice in the file; give one of them another"
                            .into(),
                    });
                }
                rules.retain(|other| other.id != rule.id);
                rules.push(Arc::new(rule));
            }
        }
        Ok(Self::new(rules))
    }

    /// A set of rules, in the order of their ids.
    pub fn new(mut rules: Vec<Arc<Rule>>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let texts: Vec<String> = rules.iter().map(|rule| rule.matching_text()).collect();
        let digest = Digest::of_parts(texts.iter().map(|text| text.as_bytes()));
        Self { rules, digest }
    }

    /// The rules in the order of their ids.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The rule of this id.
    pub fn get(&self, id: &RuleId) -> Option<&Arc<Rule>> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok().map(|at| &self.rules[at])
    }

    /// The digest of everything that decides what is found.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
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
    fn matching_text(&self) -> String {
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
