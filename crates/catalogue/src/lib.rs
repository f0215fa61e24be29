//! The rules that ship with Quietus, embedded and indexed.
//!
//! Nothing here reads a file: the text of `rules/*.toml` is part of the program, and a caller who
//! has rules of its own hands their text in.

use quietus_model::{Known, Rule, RuleError, RuleFile, RuleSet};
use std::sync::{Arc, OnceLock};

mod embedded {
    use quietus_model::Lengths;

    /// What was written down of patterns, one after the other.
    const WRITTEN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/written.bin"));

    /// A part of it.
    const fn written(from: usize, len: usize) -> &'static [u8] {
        WRITTEN.split_at(from).1.split_at(len).0
    }

    include!(concat!(env!("OUT_DIR"), "/files.rs"));
    include!(concat!(env!("OUT_DIR"), "/known.rs"));

    /// The same rules as a list of files in JSON.
    pub(crate) static RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));
}

/// The shipped rule files: name and text, in the order of their names.
pub fn files() -> &'static [(&'static str, &'static str)] {
    embedded::FILES
}

/// The shipped rules. They are read once in the life of the program.
///
/// # Errors
/// [`RuleError`] names the place; the tests of this crate keep it from happening.
pub fn shipped() -> Result<RuleSet, RuleError> {
    static SHIPPED: OnceLock<Result<RuleSet, RuleError>> = OnceLock::new();
    SHIPPED.get_or_init(read).clone()
}

fn read() -> Result<RuleSet, RuleError> {
    let problem = |message| RuleError::Syntax { file: "the shipped rules".into(), message };
    let files: Vec<RuleFile> =
        serde_json::from_str(embedded::RULES).map_err(|error| problem(error.to_string()))?;
    let rules = files.into_iter().flat_map(|file| file.rules).map(Arc::new).collect();
    let known = Known {
        digest: embedded::DIGEST,
        patterns: embedded::PATTERNS,
        outlines: embedded::OUTLINES,
    };
    RuleSet::known(rules, known).map_err(problem)
}

/// The shipped rules and the caller's, given as names and texts. A rule of the caller's replaces
/// a shipped one of the same id; one without a recipe keeps the shipped recipe, because what can be
/// asked must never close on people's word.
///
/// # Errors
/// [`RuleError`] for the first text that is no rule file or that names one id twice.
pub fn shipped_with<'a>(
    extra: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<RuleSet, RuleError> {
    let shipped = shipped()?;
    let own = RuleSet::parse(extra)?;
    if own.rules().is_empty() {
        return Ok(shipped);
    }
    let with_recipe = |rule: &Arc<Rule>| match shipped.get(&rule.id) {
        Some(own) if rule.validate.is_none() && own.validate.is_some() => {
            Arc::new(Rule { validate: own.validate.clone(), ..Rule::clone(rule) })
        }
        _ => Arc::clone(rule),
    };
    let kept = shipped.rules().iter().filter(|rule| own.get(&rule.id).is_none()).cloned();
    Ok(shipped.with(kept.chain(own.rules().iter().map(with_recipe)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::Severity;
    use quietus_pattern::Outline;
    use std::collections::BTreeMap;

    #[test]
    fn every_file_holds_the_provider_it_is_named_after_and_no_id_stands_twice() {
        let mut seen = BTreeMap::new();
        for (name, text) in files() {
            let file = RuleFile::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(*name, format!("{}.toml", file.provider.id));
            for rule in file.rules {
                if let Some(other) = seen.insert(rule.id.clone(), name) {
                    panic!("{} stands in {other} and in {name}", rule.id);
                }
            }
        }
        assert_eq!(shipped().unwrap().rules().len(), seen.len());
        assert!(files().is_sorted());
    }

    #[test]
    fn the_rules_are_those_of_the_files() {
        let of_files = RuleSet::parse(files().iter().copied()).unwrap();
        let shipped = shipped().unwrap();
        assert_eq!(shipped, of_files);
        assert_eq!(shipped.digest(), of_files.digest());
        let rule = &shipped.rules()[0];
        assert!(shipped.lengths(&rule.pattern).is_some());
        assert_eq!(of_files.lengths(&rule.pattern), None);
        for rule in shipped.rules() {
            let key = Outline::key(rule);
            let known = Outline::read(shipped.outline(&key).unwrap()).unwrap();
            assert_eq!(known, Outline::of(rule).unwrap(), "{}", rule.id);
            assert_eq!(of_files.outline(&key), None);
        }
    }

    #[test]
    fn a_rule_of_the_caller_replaces_a_shipped_one() {
        let (name, text) = files()[0];
        let mine = RuleFile::parse(name, text).unwrap();
        let id = mine.rules[0].id.clone();
        let text = format!(
            "[provider]\nid = \"mine\"\nname = \"Mine\"\n[[rule]]\nid = \"{id}\"\nname = \"Mine\"\n\
             severity = \"low\"\nconfidence = \"low\"\nanchors = [\"mine_\"]\npattern = 'mine_x'\n"
        );
        let set = shipped_with([("mine.toml", text.as_str())]).unwrap();
        assert_eq!(set.rules().len(), shipped().unwrap().rules().len());
        assert_eq!(set.get(&id).unwrap().severity, Severity::Low);
    }

    #[test]
    fn a_replacement_without_a_recipe_keeps_the_shipped_one() {
        let asked = shipped().unwrap();
        let own = asked.rules().iter().find(|rule| rule.validate.is_some()).unwrap();
        let text = format!(
            "[provider]\nid = \"mine\"\nname = \"Mine\"\n[[rule]]\nid = \"{}\"\nname = \"Mine\"\n\
             severity = \"low\"\nconfidence = \"low\"\nanchors = [\"mine_\"]\npattern = 'mine_x'\n",
            own.id
        );
        let set = shipped_with([("mine.toml", text.as_str())]).unwrap();
        assert_eq!(set.get(&own.id).unwrap().name, "Mine");
        assert_eq!(set.get(&own.id).unwrap().validate, own.validate);
    }

    #[test]
    fn a_broken_file_of_the_caller_is_named() {
        let error = shipped_with([("broken.toml", "[provider")]).unwrap_err().to_string();
        assert!(error.starts_with("broken.toml:"), "{error}");
    }
}
