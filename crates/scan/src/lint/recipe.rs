//! The lint of recipes: an answer counts only if it can be told from any other.

use super::Problems;
use quietus_model::template;
use quietus_model::{Clause, Outcome, Recipe, Revocation, RevokeBy, Rule, Sign};
use quietus_pattern::Program;
use std::collections::{BTreeMap, HashSet};

pub(super) fn lint(rule: &Rule, problems: &mut Problems<'_>) {
    let parts = part_names(rule);
    if let Some(recipe) = &rule.validate {
        validate(recipe, problems);
        let mut parts = parts.clone();
        if let Some(sign) = &recipe.sign {
            let made = Sign::PROOFS.into_iter().chain(Sign::CIRCUMSTANCES).chain([Sign::DIGEST]);
            parts.extend(made.filter(|name| sign.makes(name)).map(str::to_owned));
        }
        let texts = texts(&recipe.path, &recipe.headers, &recipe.body);
        let login = recipe.login.iter().flat_map(|login| [&login.user, &login.secret]);
        let texts = texts.chain([recipe.endpoint.as_str()]).chain(login.map(String::as_str));
        templates("validate", texts, &parts, problems);
    }
    if let Some(revocation) = &rule.revoke {
        revoke(revocation, problems);
        let texts = texts(&revocation.path, &revocation.headers, &revocation.body);
        templates("revoke", texts, &parts, problems);
    }
}

/// The parts a template may name.
fn part_names(rule: &Rule) -> HashSet<String> {
    let mut names: HashSet<String> = rule.companions.iter().map(|c| c.name.clone()).collect();
    names.insert("secret".into());
    if let Ok(pattern) = Program::new(&rule.pattern) {
        let known = pattern.group_names().flatten().filter(|n| !matches!(*n, "body" | "check"));
        names.extend(known.map(str::to_owned));
    }
    names
}

fn texts<'a>(
    path: &'a str,
    headers: &'a BTreeMap<String, String>,
    body: &'a str,
) -> impl Iterator<Item = &'a str> {
    headers.values().map(String::as_str).chain([path, body])
}

fn validate(recipe: &Recipe, problems: &mut Problems<'_>) {
    problems.unless(
        !recipe.issuer.trim().is_empty(),
        "its recipe names no issuer",
        "set validate.issuer",
    );
    problems.unless(
        recipe.endpoint.is_empty()
            || !recipe.driver.is_http()
            || recipe.endpoint.starts_with("https://"),
        "its recipe's endpoint is not https",
        "start it with https://, or leave it empty where only configuration knows it",
    );
    problems.unless(
        recipe.path.is_empty()
            || recipe.path.starts_with(['/', '?'])
            || recipe.path.starts_with("{below "),
        "its recipe's path does not start with /",
        "write the part of the URL after the endpoint",
    );
    problems.unless(!recipe.live.is_empty(), "its recipe cannot say live", "add validate.live");
    problems.unless(
        !recipe.source.trim().is_empty(),
        "its recipe does not say where the call was read",
        "set validate.source",
    );
    let http = recipe.driver.is_http();
    statuses(http, recipe.live.iter().chain(&recipe.restricted).chain(&recipe.dead), problems);
    for clause in recipe.restricted.iter().chain(&recipe.dead) {
        problems.unless(
            clause.is_specific(),
            &format!("the clause \"{}\" looks at a status alone", clause.name),
            "name what the issuer says in the body or a header: any proxy can answer a status",
        );
    }
    answers(recipe, problems);
}

fn statuses<'a>(
    is_http: bool,
    clauses: impl Iterator<Item = &'a Clause>,
    problems: &mut Problems<'_>,
) {
    for clause in clauses {
        problems.unless(
            !is_http
                || !clause.status.is_empty()
                    && clause.status.iter().all(|status| (200..600).contains(status)),
            &format!("the clause \"{}\" names no HTTP status", clause.name),
            "list the statuses it applies to",
        );
        problems.unless(
            !clause.name.trim().is_empty(),
            "a clause of its recipe has no name",
            "name it in a few words: it is what evidence quotes",
        );
    }
}

fn answers(recipe: &Recipe, problems: &mut Problems<'_>) {
    let covered = |outcome| recipe.answers.iter().any(|answer| answer.outcome == outcome);
    problems.unless(
        covered(Outcome::Live),
        "its recipe has no live answer to be tried on",
        "add a [[rule.validate.answer]] with outcome live",
    );
    problems.unless(
        recipe.dead.is_empty() || covered(Outcome::Dead),
        "its recipe has no dead answer to be tried on",
        "add a [[rule.validate.answer]] with outcome dead",
    );
    problems.unless(
        recipe.restricted.is_empty() || covered(Outcome::Restricted),
        "its recipe has no restricted answer to be tried on",
        "add a [[rule.validate.answer]] with outcome restricted",
    );
    for answer in &recipe.answers {
        problems.unless(
            answer.invented || !answer.source.trim().is_empty(),
            &format!("an answer (HTTP {}) does not say where it was read", answer.status),
            "set its source, or mark it invented",
        );
    }
}

fn revoke(revocation: &Revocation, problems: &mut Problems<'_>) {
    let has_call = !revocation.path.is_empty();
    problems.unless(
        revocation.by != RevokeBy::Holder || has_call,
        "its revocation by the holder names no call",
        "set revoke.path, or say that it is done by console",
    );
    problems.unless(
        !has_call || !revocation.done.is_empty(),
        "its revocation does not say what tells that it was done",
        "add revoke.done",
    );
    problems.unless(
        !revocation.path.starts_with("http://"),
        "its revocation's URL is not https",
        "start it with https://",
    );
}

/// That each template names parts of the credential only, in words that mean something.
fn templates<'a>(
    place: &str,
    texts: impl Iterator<Item = &'a str>,
    parts: &HashSet<String>,
    problems: &mut Problems<'_>,
) {
    for text in texts {
        for name in template::names(text).into_iter().filter(|name| !parts.contains(*name)) {
            problems.add(
                format!("its {place} template names \"{name}\", which is no part of it"),
                "name `secret`, a group of the pattern, or a companion",
            );
        }
        for words in template::misspelled(text) {
            problems.add(
                format!("its {place} template has {{{words}}}, which means nothing"),
                "write {PART}, or one of query, decoded, bytes, below, basic and encoded before it",
            );
        }
    }
}
