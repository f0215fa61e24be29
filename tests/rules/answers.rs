//! Questions to a recipe: every recorded answer is read as it was, and no bare status proves.

use crate::{Outcome as Tested, Subject, none};
use quietus_model::{Outcome, Recipe};
use quietus_validate::read_answer;
use std::collections::BTreeMap;

/// Answers that anybody between us and the issuer can give.
const PROVE_NOTHING: &[(u16, &str)] = &[
    (200, ""),
    (200, "<html><body>Please log in</body></html>"),
    (204, ""),
    (302, ""),
    (400, ""),
    (401, ""),
    (401, "{}"),
    (401, "Unauthorized"),
    (403, ""),
    (403, "{}"),
    (403, "<html>Forbidden by proxy</html>"),
    (404, ""),
    (408, ""),
    (429, "{\"message\":\"Too Many Requests\"}"),
    (500, ""),
    (502, "<html>Bad Gateway</html>"),
    (503, ""),
];

/// A question to a recipe, with its name.
type Question = (&'static str, fn(&Subject) -> Tested);

/// What to ask `recipe`: one question an outcome of which it has answers, and one more.
pub(crate) fn questions(recipe: &Recipe) -> Vec<Question> {
    let has = |outcome| recipe.answers.iter().any(|answer| answer.outcome == outcome);
    let mut questions: Vec<Question> = vec![("validate::proves_nothing", proves_nothing)];
    if has(Outcome::Live) {
        questions.push(("validate::live", |subject| read_as(subject, Outcome::Live)));
    }
    if has(Outcome::Restricted) {
        questions.push(("validate::restricted", |subject| read_as(subject, Outcome::Restricted)));
    }
    if has(Outcome::Dead) {
        questions.push(("validate::dead", |subject| read_as(subject, Outcome::Dead)));
    }
    if has(Outcome::Indeterminate) {
        questions
            .push(("validate::indeterminate", |subject| read_as(subject, Outcome::Indeterminate)));
    }
    questions
}

fn read_as(subject: &Subject, outcome: Outcome) -> Tested {
    let recipe = recipe(subject)?;
    let answers = recipe.answers.iter().filter(|answer| answer.outcome == outcome);
    let wrong = answers.filter_map(|answer| {
        let reading = read_answer(recipe, answer.status, &answer.headers, answer.body.as_bytes());
        let (status, body) = (answer.status, &answer.body);
        (reading.outcome != outcome).then(|| {
            format!(
                "HTTP {status} {body} is read as {:?} by {:?}, not as {outcome:?}",
                reading.outcome, reading.clause
            )
        })
    });
    none(wrong.collect())
}

fn proves_nothing(subject: &Subject) -> Tested {
    let recipe = recipe(subject)?;
    let none_sent = BTreeMap::new();
    let wrong = PROVE_NOTHING.iter().filter_map(|(status, body)| {
        let reading = read_answer(recipe, *status, &none_sent, body.as_bytes());
        (reading.outcome != Outcome::Indeterminate).then(|| {
            format!(
                "HTTP {status} {body:?} is read as {:?} by {:?}",
                reading.outcome, reading.clause
            )
        })
    });
    none(wrong.collect())
}

fn recipe(subject: &Subject) -> Result<&Recipe, String> {
    subject.tried.rule().validate.as_ref().ok_or_else(|| "it has no recipe".to_owned())
}
