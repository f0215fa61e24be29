//! The tests of the shipped rules, one trial per rule and question: `cargo test --test rules`.
//!
//! Samples are built from the format facts of a rule by code that never reads its pattern, so that
//! a mistake in the one cannot hide in the other.

#[path = "rules/answers.rs"]
mod answers;
#[path = "rules/formats.rs"]
mod formats;
#[path = "rules/samples.rs"]
mod samples;
#[path = "rules/whole.rs"]
mod whole;

use libtest_mimic::{Arguments, Failed, Trial};
use quietus_model::{Rule, RuleFile, RuleSet};
use quietus_scan::Detector;
use std::process::ExitCode;
use std::sync::Arc;

/// What a test found wrong, or nothing.
type Outcome = Result<(), Failed>;

/// A shipped rule with detectors to try it with.
struct Subject {
    file: &'static str,
    rule: Arc<Rule>,
    /// All shipped rules.
    all: Arc<Detector>,
    /// This rule alone, so that no other can hide what it does.
    alone: Detector,
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
    for at in 0..subjects.len() {
        let mut add = |question: &str, ask: fn(&Subject) -> Outcome| {
            let subjects = Arc::clone(subjects);
            let name = format!("{}::{question}", subjects[at].rule.id);
            trials.push(Trial::test(name, move || ask(&subjects[at])));
        };
        add("lint", lint);
        add("positive", formats::positive);
        add("mutants", formats::mutants);
        add("boundaries", formats::boundaries);
        add("negative", formats::negative);
        if let Some(recipe) = &subjects[at].rule.validate {
            for (question, ask) in answers::questions(recipe) {
                add(question, ask);
            }
        }
    }
    trials
}

fn subjects() -> Result<Vec<Subject>, String> {
    let set = Arc::new(quietus_catalogue::shipped().map_err(|error| error.to_string())?);
    let all = Arc::new(detector(set)?);
    let mut subjects = Vec::new();
    for (file, text) in quietus_catalogue::files() {
        for rule in RuleFile::parse(file, text).map_err(|error| error.to_string())?.rules {
            let rule = Arc::new(rule);
            let alone = detector(Arc::new(RuleSet::new(vec![Arc::clone(&rule)])))?;
            subjects.push(Subject { file, rule, all: Arc::clone(&all), alone });
        }
    }
    Ok(subjects)
}

fn detector(set: Arc<RuleSet>) -> Result<Detector, String> {
    Detector::new(set)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Nothing is wrong with the rule as it stands, and it brings its tests along.
fn lint(subject: &Subject) -> Outcome {
    let Subject { file, rule, .. } = subject;
    let (_, text) = quietus_catalogue::files()
        .iter()
        .find(|(name, _)| name == file)
        .ok_or("its file is not among the shipped ones")?;
    let parsed = RuleFile::parse(file, text).map_err(|error| error.to_string())?;
    let mut problems: Vec<String> = quietus_scan::lint(file, &parsed)
        .into_iter()
        .filter(|problem| problem.rule.is_empty() || problem.rule == rule.id.as_str())
        .map(|problem| problem.to_string())
        .collect();
    problems.extend(quietus_validate::lint(rule));
    if !rule.tests.positive.iter().any(|text| text.contains("{secret}")) {
        problems.push("no positive test holds {secret}: a rule without tests does not ship".into());
    }
    if rule.tests.negative.is_empty() {
        problems.push("no negative test: add a placeholder that must stay silent".into());
    }
    if rule.remedy.after_revoke.is_empty() {
        problems.push("remedy.after_revoke is empty: a dead key is not yet containment".into());
    }
    none(problems)
}

/// Fails with the problems, if there are any.
fn none(problems: Vec<String>) -> Outcome {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
