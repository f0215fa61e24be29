//! Rules of nobody's, as texts to be put together, for all tests of this crate.
#![allow(dead_code, reason = "each test uses its own part")]

use quietus_model::RuleSet;
use std::sync::Arc;

/// A rule that finds `pattern`, which is believed; more of it can follow.
pub(crate) fn rule(id: &str, anchors: &[&str], pattern: &str) -> String {
    format!(
        "\n[[rule]]\nid = \"{id}\"\nname = \"{id}\"\nseverity = \"high\"\nconfidence = \"high\"\n\
         anchors = {anchors:?}\npattern = {pattern:?}\n"
    )
}

/// The key of most tests: its prefix and so many digits.
pub(crate) fn key(digits: &str) -> String {
    rule("acme-key", &["acme_"], &format!(r"\b(?P<secret>acme_[0-9a-f]{{{digits}}})"))
}

/// A token in three parts, of which the first two are read.
pub(crate) fn token() -> String {
    let part = r"[\w-]{5,400}";
    rule("jwt", &["eyJ"], &format!(r"\b(?P<secret>eyJ{part}\.{part}\.{part})"))
}

/// A part that must stand within so many bytes of what the rule before finds.
pub(crate) fn beside(name: &str, pattern: &str, within: usize) -> String {
    format!(
        "[[rule.companion]]\nname = \"{name}\"\npattern = {pattern:?}\nwithin = {within}\n\
         required = true\n"
    )
}

/// A file of these rules.
pub(crate) fn file(rules: &[String]) -> String {
    format!("[provider]\nid = \"acme\"\nname = \"Acme\"\n{}", rules.concat())
}

/// The set of the rules in a file.
pub(crate) fn set(file: &str) -> Arc<RuleSet> {
    match RuleSet::parse([("acme.toml", file)]) {
        Ok(set) => Arc::new(set),
        Err(problem) => panic!("{problem}\n{file}"),
    }
}
