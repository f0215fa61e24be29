//! Questions to the rules as a set.

use crate::{Outcome, Subject, none};
use libtest_mimic::Trial;
use quietus_model::{Confidence, FingerprintKey, Offline};
use quietus_scan::{Options, Source, scan};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The catalogue starts with no fewer kinds of credentials than this.
const LEAST_RULES: usize = 60;

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

/// Nobody who scans this repository is told of anything: not of its rules' samples, and not of the
/// passwords of its tests. What is built is another's business.
fn repository_is_clean(subjects: &[Subject]) -> Outcome {
    let first = subjects.first().ok_or("there are no rules")?;
    let source = Source::Tree(env!("CARGO_MANIFEST_DIR").into());
    let options = Options { respect_gitignore: true, ..Options::default() };
    let key = FingerprintKey::new([7; 32]);
    let (now, cancel) = ("2026-01-01T00:00:00Z".parse()?, AtomicBool::new(false));
    let scanned = scan(&source, first.tried.all(), &key, &options, now, &(), &cancel)?;
    let mut wrong = Vec::new();
    if scanned.scope.stats.files < 100 {
        wrong.push(format!("only {} files were read", scanned.scope.stats.files));
    }
    let found = scanned.hits.iter().map(|hit| &hit.finding);
    let told =
        found.filter(|one| one.confidence >= Confidence::Medium && one.offline != Offline::Dummy);
    wrong.extend(told.flat_map(|one| {
        one.locations.iter().map(|at| format!("{}:{}: {}", at.path.as_str(), at.line, one.rule))
    }));
    none(wrong)
}
