//! The policies that ship.

use super::{Policy, PolicyError};

/// Name and text of each, in the order in which they are listed.
pub(super) const TEXTS: [(&str, &str); 6] = [
    ("default", include_str!("../../policies/default.toml")),
    ("fedramp-low", include_str!("../../policies/fedramp-low.toml")),
    ("fedramp-moderate", include_str!("../../policies/fedramp-moderate.toml")),
    ("fedramp-high", include_str!("../../policies/fedramp-high.toml")),
    ("cmmc-l2", include_str!("../../policies/cmmc-l2.toml")),
    ("strict", include_str!("../../policies/strict.toml")),
];

/// The text of a shipped policy.
pub(super) fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// All shipped policies: name and text.
pub fn presets() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXTS.into_iter()
}

/// Their names, for people.
pub(super) fn names() -> String {
    let names: Vec<&str> = TEXTS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

impl Policy {
    /// A shipped policy.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`] when none has this name.
    pub fn preset(name: &str) -> Result<Self, PolicyError> {
        let Some(text) = text(name) else {
            return Err(PolicyError::Unknown { name: name.to_owned(), names: names() });
        };
        Self::parse(name, text)
    }
}
