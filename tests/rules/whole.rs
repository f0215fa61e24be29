//! Questions to the rules as a set.

use crate::{Outcome, Subject, none};
use libtest_mimic::Trial;
use quietus_model::{Confidence, Rule};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The catalogue starts with no fewer kinds of credentials than this.
const LEAST_RULES: usize = 60;

/// Folders that are not part of the repository's own text.
const SKIPPED: &[&str] = &["target", ".git"];

/// A question to all rules, with its name.
type Question = (&'static str, fn(&[Subject]) -> Outcome);

pub(crate) fn trials(subjects: &Arc<Vec<Subject>>) -> Vec<Trial> {
    let questions: [Question; 4] = [
        ("set::is_large_enough", is_large_enough),
        ("set::has_one_rule_for_each_credential", one_rule_for_each),
        ("set::names_every_file_after_its_provider", files_are_named),
        ("set::finds_nothing_in_this_repository", repository_is_clean),
    ];
    let trial = |(name, ask): Question| {
        let subjects = Arc::clone(subjects);
        Trial::test(name, move || ask(&subjects))
    };
    questions.into_iter().map(trial).collect()
}

fn is_large_enough(subjects: &[Subject]) -> Outcome {
    let few = (subjects.len() < LEAST_RULES).then(|| format!("only {} rules", subjects.len()));
    none(few.into_iter().collect())
}

/// No credential of one rule is claimed by another of the same precedence: which of the two is
/// reported would be chance.
fn one_rule_for_each(subjects: &[Subject]) -> Outcome {
    let rivals = subjects.iter().flat_map(|subject| {
        let id = &subject.tried.rule().id;
        subject.tried.rivals().into_iter().map(move |rival| format!("{id}: {rival}"))
    });
    none(rivals.collect())
}

fn files_are_named(subjects: &[Subject]) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shipped = subjects.iter().any(|subject| subject.file == name);
        if path.is_file() && !shipped {
            wrong.push(format!("rules/{name} is shipped by nobody: name it PROVIDER.toml"));
        }
    }
    none(wrong)
}

/// The repository holds no token-shaped string: not even its own samples. What is judged by its
/// name has no shape: tests are full of passwords that nobody uses.
fn repository_is_clean(subjects: &[Subject]) -> Outcome {
    let first = subjects.first().ok_or("there are no rules")?;
    let mut wrong = Vec::new();
    let mut read = 0;
    for path in files(Path::new(env!("CARGO_MANIFEST_DIR")))? {
        let bytes = fs::read(&path)?;
        read += 1;
        for found in first.tried.all().detect(&bytes) {
            if found.confidence >= Confidence::Medium && has_format(&found.rule) {
                let before = &bytes[..found.secret_span.start];
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                wrong.push(format!("{}:{line}: {}", path.display(), found.rule.id));
            }
        }
    }
    if read < 100 {
        wrong.push(format!("only {read} files were read"));
    }
    none(wrong)
}

/// A shape of lines `{ lit = "-----BEGIN…` is no key, though a program might hold one like that.
fn has_format(rule: &Rule) -> bool {
    rule.judge.is_none() && rule.id.as_str() != "pem-key-in-code"
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
