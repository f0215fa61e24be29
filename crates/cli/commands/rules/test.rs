//! `quietus rules test`: rules tried with credentials that are built from their own format facts.

use super::{among_all, lint, parse, texts};
use crate::exit::{Exit, Failure, Reason};
use crate::output;
use crate::setup::Setup;
use quietus_scan::trial::{Question, Subject};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn run(setup: &Setup, paths: &[PathBuf]) -> Result<Exit, Failure> {
    let texts = texts(setup, paths)?;
    let (files, mut failures) = parse(&texts);
    let (mut rules, mut asked) = (0, failures.len() as u64);
    if failures.is_empty() {
        let all = among_all(setup, &texts)?;
        for (name, file) in &files {
            let lints = lint(name, file);
            for rule in &file.rules {
                let subject = Subject::new(Arc::new(rule.clone()), Arc::clone(&all));
                let subject = match subject {
                    Ok(subject) => subject,
                    Err(problems) => {
                        failures.extend(problems.iter().map(ToString::to_string));
                        continue;
                    }
                };
                rules += 1;
                let mut ask = |question: &str, wrong: Vec<String>| {
                    asked += 1;
                    failures.extend(line(name, rule.id.as_str(), question, &wrong));
                };
                for question in Question::ALL {
                    ask(question.as_str(), subject.ask(question));
                }
                ask("rivals", subject.rivals());
            }
            asked += file.rules.len() as u64;
            failures.extend(lints);
        }
    }
    output::lines(&failures)?;
    output::lines(&[format!(
        "{} in {}: {}, {} failed",
        output::plural(rules, "rule"),
        output::plural(texts.len() as u64, "file"),
        output::plural(asked, "question"),
        failures.len(),
    )])?;
    let mut exit = Exit::clean();
    exit.add_if(!failures.is_empty(), Reason::Usage);
    Ok(exit)
}

/// One line for a question that failed, with the first of what is wrong.
fn line(file: &str, rule: &str, question: &str, wrong: &[String]) -> Option<String> {
    let first = wrong.first()?.replace('\n', "\\n");
    let more = match wrong.len() {
        1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    Some(format!("{file}: rule {rule}: {question}: {first}{more}"))
}
