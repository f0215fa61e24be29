//! `quietus rules check`: what is wrong with rules as they stand, and beside the others.

use super::{among_all, lint, parse, texts};
use crate::exit::{Exit, Failure, Reason};
use crate::output;
use crate::setup::Setup;
use quietus_scan::trial::Subject;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn run(setup: &Setup, paths: &[PathBuf]) -> Result<Exit, Failure> {
    let texts = texts(setup, paths)?;
    let (files, mut problems) = parse(&texts);
    for (name, file) in &files {
        problems.extend(lint(name, file));
    }
    // Rules that cannot be used cannot be compared with others either.
    if problems.is_empty() {
        let all = among_all(setup, &texts)?;
        for (name, file) in &files {
            for rule in &file.rules {
                let subject = Subject::new(Arc::new(rule.clone()), Arc::clone(&all));
                let rivals = subject.map(|subject| subject.rivals()).unwrap_or_default();
                let named = |rival: String| format!("{name}: rule {}: {rival}", rule.id);
                problems.extend(rivals.into_iter().map(named));
            }
        }
    }
    output::lines(&problems)?;
    let rules = files.iter().map(|(_, file)| file.rules.len() as u64).sum();
    output::lines(&[format!(
        "{} in {}: {}",
        output::plural(rules, "rule"),
        output::plural(texts.len() as u64, "file"),
        output::plural(problems.len() as u64, "problem")
    )])?;
    let mut exit = Exit::clean();
    exit.add_if(!problems.is_empty(), Reason::Usage);
    Ok(exit)
}
