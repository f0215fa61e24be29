//! The tests of the shipped rules, one trial per rule and question: `cargo test --test rules`.
//!
//! Samples are built from the format facts of a rule by code that never reads its pattern, so that
//! a mistake in the one cannot hide in the other.

#[path = "rules/answers.rs"]
mod answers;
#[path = "rules/syntaxes.rs"]
mod syntaxes;
#[path = "rules/whole.rs"]
mod whole;

use libtest_mimic::{Arguments, Failed, Trial};
use quietus_model::{RuleFile, RuleSet};
use quietus_scan::trial::{self, Question};
use quietus_scan::{Detector, RuleProblem};
use std::process::ExitCode;
use std::sync::Arc;

/// What a test found wrong, or nothing.
type Outcome = Result<(), Failed>;

/// A shipped rule among all of them.
struct Subject {
    file: &'static str,
    tried: trial::Subject,
}

fn main() -> ExitCode {
    let trials = match subjects() {
        Ok(subjects) => trials(&Arc::new(subjects)),
        Err(problem) => vec![Trial::test("set::can_be_read", move || Err(problem.into()))],
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials(subjects: &Arc<Vec<Subject>>) -> Vec<Trial> {
    let mut trials = whole::trials(subjects);
    trials.extend(syntaxes::trials(subjects));
    for at in 0..subjects.len() {
        let mut add = |question: &str, ask: fn(&Subject) -> Outcome| {
            let subjects = Arc::clone(subjects);
            let name = format!("{}::{question}", subjects[at].tried.rule().id);
            trials.push(Trial::test(name, move || ask(&subjects[at])));
        };
        add("lint", lint);
        if let Some(recipe) = &subjects[at].tried.rule().validate {
            for (question, ask) in answers::questions(recipe) {
                add(question, ask);
            }
        }
        for question in Question::ALL {
            let subjects = Arc::clone(subjects);
            let name = format!("{}::{}", subjects[at].tried.rule().id, question.as_str());
            trials.push(Trial::test(name, move || none(subjects[at].tried.ask(question))));
        }
    }
    trials
}

fn subjects() -> Result<Vec<Subject>, String> {
    let set: Arc<RuleSet> =
        Arc::new(quietus_catalogue::shipped().map_err(|error| error.to_string())?);
    let all = Arc::new(Detector::new(Arc::clone(&set)).map_err(|problems| lines(&problems))?);
    let mut subjects = Vec::new();
    for (file, text) in quietus_catalogue::files() {
        for rule in RuleFile::parse(file, text).map_err(|error| error.to_string())?.rules {
            let tried = trial::Subject::new(Arc::new(rule), Arc::clone(&all));
            subjects.push(Subject { file, tried: tried.map_err(|problems| lines(&problems))? });
        }
    }
    Ok(subjects)
}

fn lines(problems: &[RuleProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Nothing is wrong with the rule as it stands.
fn lint(subject: &Subject) -> Outcome {
    let (file, rule) = (subject.file, subject.tried.rule());
    let (_, text) = quietus_catalogue::files()
        .iter()
        .find(|(name, _)| *name == file)
        .ok_or("its file is not among the shipped ones")?;
    let parsed = RuleFile::parse(file, text).map_err(|error| error.to_string())?;
    let mut problems: Vec<String> = quietus_scan::lint(file, &parsed)
        .into_iter()
        .filter(|problem| problem.rule.is_empty() || problem.rule == rule.id.as_str())
        .map(|problem| problem.to_string())
        .collect();
    problems.extend(quietus_validate::lint(rule));
    none(problems)
}

/// Fails with the problems, if there are any.
fn none(problems: Vec<String>) -> Outcome {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
