//! `quietus rules`: list the active rules, check rule files.

use crate::args::{ListFormat, Rules};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, rules};
use crate::setup::Setup;
use anyhow::Context;
use quietus_model::{Rule, RuleFile};
use std::path::PathBuf;

pub(crate) fn run(setup: &Setup, command: Rules) -> Result<Exit, Failure> {
    match command {
        Rules::List { format } => {
            let set = setup.rules()?;
            match format {
                ListFormat::Table => rules::print(&set)?,
                ListFormat::Json => rules::print_json(&set)?,
            }
            Ok(Exit::clean())
        }
        Rules::Check { files } => check(setup, &files),
    }
}

fn check(setup: &Setup, files: &[PathBuf]) -> Result<Exit, Failure> {
    let mut texts = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the rule file {}", path.display()))?;
        texts.push((path.display().to_string(), text));
    }
    if files.is_empty() {
        let shipped = quietus_catalogue::files().iter();
        texts.extend(shipped.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        texts.extend(setup.own_rules()?);
    }
    let mut problems = Vec::new();
    let mut count = 0;
    for (name, text) in &texts {
        match RuleFile::parse(name, text) {
            Ok(file) => {
                count += file.rules.len();
                problems.extend(quietus_scan::lint(name, &file).iter().map(ToString::to_string));
                problems.extend(file.rules.iter().flat_map(|rule| recipe_problems(name, rule)));
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    output::lines(&problems)?;
    let all = output::plural(count as u64, "rule");
    let files = output::plural(texts.len() as u64, "file");
    output::lines(&[format!(
        "{all} in {files}: {}",
        output::plural(problems.len() as u64, "problem")
    )])?;
    let mut exit = Exit::clean();
    exit.add_if(!problems.is_empty(), Reason::Usage);
    Ok(exit)
}

fn recipe_problems(file: &str, rule: &Rule) -> Vec<String> {
    let named = |problem: String| format!("{file}: rule {}: {problem}", rule.id);
    quietus_validate::lint(rule).into_iter().map(named).collect()
}
