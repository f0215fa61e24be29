//! `quietus rules`: list the active rules, check rule files, try them, begin a new one.

mod check;
mod skeleton;
mod test;

use crate::args::{Rules, RulesFormat};
use crate::exit::{Exit, Failure};
use crate::output::{credential_types, rules};
use crate::setup::{Setup, rule_files};
use anyhow::{Context, Result};
use quietus_model::RuleFile;
use quietus_scan::Detector;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) fn run(setup: &Setup, command: Rules) -> Result<Exit, Failure> {
    match command {
        Rules::List { format } => {
            let set = setup.rules()?;
            match format {
                RulesFormat::Table => rules::print(&set)?,
                RulesFormat::Json => rules::print_json(&set)?,
                RulesFormat::Markdown => credential_types::print(&set, &providers(setup)?)?,
            }
            Ok(Exit::clean())
        }
        Rules::Check { files } => check::run(setup, &files),
        Rules::Test { files } => test::run(setup, &files),
        Rules::New(new) => skeleton::run(&new),
    }
}

/// Whose credentials each active rule finds.
fn providers(setup: &Setup) -> Result<credential_types::Providers> {
    let texts = texts(setup, &[])?;
    let (files, _) = parse(&texts);
    let named = |(_, file): (&str, RuleFile)| {
        let provider = file.provider.name;
        file.rules.into_iter().map(move |rule| (rule.id.to_string(), provider.clone()))
    };
    Ok(files.into_iter().flat_map(named).collect())
}

/// Rule files: name and text.
type Texts = Vec<(String, String)>;

/// The files, and those of the folders; the active rules when none is given.
fn texts(setup: &Setup, paths: &[PathBuf]) -> Result<Texts> {
    let mut texts = Vec::new();
    for path in paths {
        if path.is_dir() {
            texts.extend(rule_files(path)?);
            continue;
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the rule file {}", path.display()))?;
        texts.push((path.display().to_string(), text));
    }
    if paths.is_empty() {
        let shipped = quietus_catalogue::files().iter();
        texts.extend(shipped.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        texts.extend(setup.own_rules()?);
    }
    Ok(texts)
}

/// The rule files, and what keeps others from being read.
fn parse(texts: &[(String, String)]) -> (Vec<(&str, RuleFile)>, Vec<String>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in texts {
        match RuleFile::parse(name, text) {
            Ok(file) => files.push((name.as_str(), file)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    (files, problems)
}

/// What is wrong with the rules of a file as they stand.
fn lint(name: &str, file: &RuleFile) -> Vec<String> {
    let mut problems: Vec<String> =
        quietus_scan::lint(name, file).iter().map(ToString::to_string).collect();
    for rule in &file.rules {
        let named = |problem: String| format!("{name}: rule {}: {problem}", rule.id);
        problems.extend(quietus_validate::lint(rule).into_iter().map(named));
    }
    problems
}

/// A detector of the shipped rules, the user's own, and those of `texts`.
fn among_all(setup: &Setup, texts: &[(String, String)]) -> Result<Arc<Detector>> {
    let own = setup.own_rules()?;
    let shipped = |own: &(String, String)| {
        quietus_catalogue::files().iter().any(|(name, text)| (*name, *text) == (&own.0, &own.1))
    };
    let files = own.iter().chain(texts.iter().filter(|own| !shipped(own)));
    let files = files.map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(Arc::new(setup.detector(Arc::new(quietus_catalogue::shipped_with(files)?))?))
}
