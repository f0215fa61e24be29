//! Playbooks as data: what is to be done about a weakness, step by step, each with an exit test.

use super::{ExitTest, Trigger};
use crate::Role;
use crate::policy::duration;
use jiff::SignedDuration;
use quietus_model::Digest;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Name and text of each playbook that ships.
const TEXTS: [(&str, &str); 5] = [
    ("leaked-secret", include_str!("../../../../rules/playbooks/leaked-secret.toml")),
    (
        "over-privileged-identity",
        include_str!("../../../../rules/playbooks/over-privileged-identity.toml"),
    ),
    ("missing-rotation", include_str!("../../../../rules/playbooks/missing-rotation.toml")),
    ("offboarding-gap", include_str!("../../../../rules/playbooks/offboarding-gap.toml")),
    (
        "third-party-shared-secret",
        include_str!("../../../../rules/playbooks/third-party-shared-secret.toml"),
    ),
];

/// What is to be done about one kind of weakness.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Its name: lower case, digits and hyphens.
    pub name: String,
    /// For people.
    pub title: String,
    /// The weakness, in a sentence.
    pub summary: String,
    /// What opens it.
    pub opens: Trigger,
    /// OWASP NHI ids, CWE and ATT&CK.
    pub tags: Vec<String>,
    /// NIST SP 800-53 controls of the weakness.
    pub controls: Vec<String>,
    /// What is to be done, in order.
    #[serde(rename = "step")]
    pub steps: Vec<PlaybookStep>,
    /// The digest of the text it was read from.
    #[serde(skip, default = "no_digest")]
    pub digest: Digest,
}

fn no_digest() -> Digest {
    Digest::of(b"")
}

/// One step of a playbook.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookStep {
    /// Its name in the playbook: lower case, digits and hyphens.
    pub name: String,
    /// What is to be done.
    pub title: String,
    /// What must hold before it counts as done.
    pub exit: ExitTest,
    /// Who does it.
    pub role: Role,
    /// What that takes.
    pub resources: String,
    /// By when, counted from the opening.
    #[serde(deserialize_with = "duration")]
    pub within: SignedDuration,
    /// NIST SP 800-53 controls that it serves.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Steps that must be done first.
    #[serde(default)]
    pub after: Vec<String>,
}

/// Why a text is no playbook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaybookError {
    /// It cannot be read.
    #[error("playbook {file}, line {line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// It can be read, and what it says will not do.
    #[error("playbook {file}: {}", problems.join("; "))]
    Unsound {
        /// The file.
        file: String,
        /// All that will not do.
        problems: Vec<String>,
    },
    /// No shipped playbook has this name.
    #[error("\"{name}\" is no shipped playbook; there are: {names}")]
    Unknown {
        /// What was given.
        name: String,
        /// What there is.
        names: String,
    },
}

impl Playbook {
    /// All that ship. They are read once in the life of the program.
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Playbook>> = LazyLock::new(|| {
            // That each of them can be read is tested below.
            TEXTS.into_iter().filter_map(|(name, text)| Playbook::parse(name, text).ok()).collect()
        });
        &ALL
    }

    /// A shipped playbook.
    ///
    /// # Errors
    /// [`PlaybookError::Unknown`] when none has this name.
    pub fn shipped(name: &str) -> Result<&'static Self, PlaybookError> {
        Self::all().iter().find(|known| known.name == name).ok_or_else(|| {
            let names: Vec<&str> = Self::all().iter().map(|known| known.name.as_str()).collect();
            PlaybookError::Unknown { name: name.to_owned(), names: names.join(", ") }
        })
    }

    /// Reads a playbook. `file` is used in errors.
    ///
    /// # Errors
    /// [`PlaybookError`] when it cannot be read, or has a step that nobody could ever finish.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlaybookError> {
        let mut playbook: Self = toml::from_str(text).map_err(|error| PlaybookError::Syntax {
            file: file.to_owned(),
            line: error.span().map_or(1, |at| text[..at.start].matches('\n').count() + 1),
            message: error.message().replace('\n', ", "),
        })?;
        playbook.digest = Digest::of(text.as_bytes());
        let problems = playbook.problems();
        if !problems.is_empty() {
            return Err(PlaybookError::Unsound { file: file.to_owned(), problems });
        }
        Ok(playbook)
    }

    /// Everything that will not do.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut unless = |ok: bool, problem: String| {
            if !ok {
                problems.push(problem);
            }
        };
        unless(is_name(&self.name), bad_name(&self.name));
        unless(!self.steps.is_empty(), "it has no [[step]]; add at least one".to_owned());
        unless(!self.controls.is_empty(), "it names no controls".to_owned());
        let mut before = BTreeSet::new();
        for step in &self.steps {
            let name = &step.name;
            unless(is_name(name), bad_name(name));
            unless(!before.contains(name.as_str()), format!("two steps are called \"{name}\""));
            for earlier in &step.after {
                unless(
                    before.contains(earlier.as_str()),
                    format!(
                        "step \"{name}\" comes after \"{earlier}\", which is no step before it"
                    ),
                );
            }
            let said = [&step.title, &step.resources];
            unless(
                said.iter().all(|text| !text.trim().is_empty()),
                format!("step \"{name}\" has a blank title or resources"),
            );
            unless(
                step.exit.may_be_shown_by(step.role),
                format!(
                    "step \"{name}\" is the {}'s, who may not do what its exit test \"{}\" takes",
                    step.role,
                    step.exit.as_str()
                ),
            );
            unless(
                step.within > SignedDuration::ZERO,
                format!("step \"{name}\" has no time: `within` must be longer than 0"),
            );
            before.insert(name.as_str());
        }
        problems
    }
}

fn bad_name(name: &str) -> String {
    format!("\"{name}\" is no name: write lower-case letters, digits and hyphens")
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 40 && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MilestoneKind;

    #[test]
    fn what_ships_can_be_read_and_is_named_as_its_file() {
        for (name, text) in TEXTS {
            assert_eq!(Playbook::parse(name, text).unwrap().name, name);
        }
        assert_eq!(Playbook::all().len(), TEXTS.len());
        let error = Playbook::shipped("nothing").unwrap_err().to_string();
        assert!(error.contains("offboarding-gap"), "{error}");
    }

    /// A leaked secret's steps are the milestones that every item of a scan has.
    #[test]
    fn the_playbook_of_a_leaked_secret_is_the_four_milestones() {
        let playbook = Playbook::shipped("leaked-secret").unwrap();
        let names: Vec<&str> = playbook.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, MilestoneKind::ALL.map(MilestoneKind::as_str));
        let exits: Vec<_> = playbook.steps.iter().map(|step| step.exit.milestone()).collect();
        assert_eq!(exits, MilestoneKind::ALL.map(Some));
    }

    #[test]
    fn what_nobody_could_finish_is_refused() {
        let text = include_str!("../../../../rules/playbooks/over-privileged-identity.toml");
        let says = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Playbook::parse("own.toml", &text.replacen(from, to, 1)).unwrap_err().to_string()
        };
        assert!(
            says("after = [\"approve\"]", "after = [\"verify\"]").contains("no step before it")
        );
        assert!(says("role = \"approver\"", "role = \"owner\"").contains("may not do"));
        assert!(says("within = \"14d\"", "within = \"0d\"").contains("no time"));
        assert!(says("name = \"apply\"", "name = \"design\"").contains("two steps"));
        assert!(says("exit = \"shown\"", "exit = \"hoped\"").contains("line 1"));
        assert!(says("name = \"apply\"", "name = \"Apply it\"").contains("is no name"));
    }
}
