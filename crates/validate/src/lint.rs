//! Finds what is wrong with a recipe before anybody is asked by it.

use crate::reading::{can_deny, read_answer};
use crate::{fabricate, issuers, template};
use quietus_model::{Clause, Exchange, Method, Outcome, Recipe, Rule, Sign};
use regex::bytes::RegexBuilder;
use std::collections::BTreeSet;

/// What is wrong with the recipe of `rule`, a sentence each; empty when it has none.
pub fn lint(rule: &Rule) -> Vec<String> {
    let Some(recipe) = &rule.validate else {
        return Vec::new();
    };
    let mut found: Vec<_> = endpoints(recipe).into_iter().collect();
    if recipe.driver.is_http() {
        found.extend(request(recipe));
    } else {
        found.extend(login(recipe));
    }
    found.extend(parts(rule, recipe));
    found.extend(clauses(recipe));
    found.extend(pointers(recipe));
    found.extend(answers(recipe));
    found.extend(control(rule, recipe));
    found
}

fn endpoints(recipe: &Recipe) -> Option<String> {
    let template = recipe.endpoint.contains('{');
    let named = usize::from(!recipe.endpoint.is_empty() && !template) + recipe.partitions.len();
    let read: Vec<_> = issuers::public_endpoints(recipe).collect();
    let is_spoken = read.iter().all(|endpoint| endpoint.driver() == recipe.driver);
    (read.len() != named || !is_spoken).then(|| {
        "the endpoint and each partition must be an https URL without a query, or a URL of the driver's \
         scheme; only the endpoint may be empty"
            .to_owned()
    })
}

fn request(recipe: &Recipe) -> Vec<String> {
    let mut found = Vec::new();
    if !recipe.path.starts_with('/') && !recipe.path.starts_with("{below ") {
        found.push("the path must start with /, or be {below secret}".to_owned());
    }
    if matches!(recipe.method, Method::Put | Method::Patch | Method::Delete) {
        found.push(format!("{} changes something at the issuer", recipe.method.as_str()));
    }
    if recipe.login.is_some() {
        found.push("login is for other drivers than HTTP".to_owned());
    }
    found
}

/// A driver knows how it asks; a recipe says with what.
fn login(recipe: &Recipe) -> Vec<String> {
    let mut found = Vec::new();
    let request = recipe.path.is_empty() && recipe.headers.is_empty() && recipe.body.is_empty();
    if !request || recipe.sign.is_some() || recipe.exchange != Exchange::Plain {
        let driver = recipe.driver.as_str();
        found
            .push(format!("path, headers, body, sign and exchange are for HTTP, not for {driver}"));
    }
    if recipe.login.is_none() {
        found.push("login must say what is logged in with".to_owned());
    }
    found
}

fn parts(rule: &Rule, recipe: &Recipe) -> Vec<String> {
    let mut found = Vec::new();
    let known = part_names(rule);
    let mut used = template::parts_used(recipe);
    let is_sent = template::names_sent(recipe).contains(&"secret");
    let is_kept = recipe.sign.is_some() || recipe.exchange == Exchange::PublishedKeys;
    match (is_kept, is_sent) {
        (false, false) => {
            found.push("the secret is not sent: name {secret} in path, headers or body".to_owned());
        }
        (true, true) => {
            found.push("the secret is proven here and must not be sent as well".to_owned());
        }
        _ => {}
    }
    used.extend(template::names(&recipe.endpoint));
    used.extend(recipe.universe.iter().flat_map(|universe| template::names(universe)));
    let unknown = used.into_iter().filter(|name| !known.contains(*name));
    found.extend(unknown.map(|name| format!("{{{name}}} is no part of this rule")));
    found
}

/// The secret, the companions, and the named groups of the pattern.
fn part_names(rule: &Rule) -> BTreeSet<String> {
    let pattern = RegexBuilder::new(&rule.pattern).unicode(false).build();
    let groups = pattern.iter().flat_map(|pattern| pattern.capture_names().flatten());
    let companions = rule.companions.iter().map(|part| part.name.as_str());
    groups.chain(companions).chain(["secret"]).map(str::to_owned).collect()
}

fn clauses(recipe: &Recipe) -> Vec<String> {
    let mut found = Vec::new();
    if recipe.live.is_empty() {
        found.push("no live clause".to_owned());
    }
    for clause in &recipe.dead {
        if !clause.is_specific() {
            found.push(format!("dead clause \"{}\" looks at the status only", clause.name));
        }
        let is_http = recipe.driver.is_http();
        let never: Vec<_> =
            clause.status.iter().filter(|status| is_http && !can_deny(**status)).collect();
        if !never.is_empty() {
            found.push(format!("dead clause \"{}\": {never:?} can never deny", clause.name));
        }
    }
    let denials = recipe.dead.iter().chain(&recipe.refused);
    let all = recipe.live.iter().chain(&recipe.restricted).chain(denials);
    found.extend(all.filter_map(|clause| unmatchable(recipe, clause)));
    found
}

fn unmatchable(recipe: &Recipe, clause: &Clause) -> Option<String> {
    let pointers = clause.json.iter().all(|test| is_pointer(&test.at));
    if !recipe.driver.is_http() {
        let wrong = !clause.status.is_empty() || clause.json.is_empty() || !pointers;
        return wrong.then(|| {
            format!("clause \"{}\": it must look at json, and at no status", clause.name)
        });
    }
    let wrong = clause.status.is_empty() || !pointers;
    wrong.then(|| format!("clause \"{}\": no status, or a pointer without /", clause.name))
}

fn pointers(recipe: &Recipe) -> Vec<String> {
    let identity = &recipe.identity;
    let single = [&identity.scopes, &identity.expires, &identity.privileged];
    let all = identity.fields.values().chain(single.into_iter().flatten());
    all.filter(|at| !is_pointer(at) && !at.starts_with("header:"))
        .map(|at| format!("identity: \"{at}\" is neither a JSON pointer nor header:NAME"))
        .collect()
}

fn is_pointer(at: &str) -> bool {
    at.is_empty() || at.starts_with('/')
}

fn answers(recipe: &Recipe) -> Vec<String> {
    let mut found = Vec::new();
    for (index, answer) in recipe.answers.iter().enumerate() {
        let read = read_answer(recipe, answer.status, &answer.headers, answer.body.as_bytes());
        if read.outcome != answer.outcome {
            let (is, should) = (read.outcome, answer.outcome);
            found.push(format!("answer {index} is read as {is:?}, not as {should:?}"));
        }
        if answer.source.is_empty() && !answer.invented {
            found.push(format!("answer {index} has no source and is not marked invented"));
        }
    }
    for outcome in [Outcome::Live, Outcome::Dead, Outcome::Indeterminate] {
        let needed = outcome != Outcome::Dead || !recipe.dead.is_empty();
        if needed && !recipe.answers.iter().any(|answer| answer.outcome == outcome) {
            found.push(format!("no answer tests {outcome:?}"));
        }
    }
    found
}

/// Without a control that can be made and denied, a "live" is never believed.
fn control(rule: &Rule, recipe: &Recipe) -> Option<String> {
    if recipe.failures_count {
        return None;
    }
    if recipe.refused.is_empty() && recipe.dead.iter().all(|clause| !clause.is_specific()) {
        return Some("no dead or refused clause can deny the negative control".to_owned());
    }
    // Where a private key signs, another signature is enough.
    let is_signed = recipe.sign.as_ref().is_some_and(Sign::is_by_private_key);
    if is_signed || recipe.exchange == Exchange::PublishedKeys {
        return None;
    }
    let made = fabricate::secret(rule, "lint");
    made.is_none().then(|| "the negative control needs a shape for {secret}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::tests::RULE;
    use quietus_model::RuleFile;

    fn found(rule: &str) -> Vec<String> {
        lint(&RuleFile::parse("x.toml", rule).unwrap().rules[0])
    }

    #[test]
    fn everything_wrong_with_a_recipe_is_named() {
        let answers = "\n[[rule.validate.answer]]\noutcome = \"dead\"\nstatus = 401\n";
        let all = found(
            &format!("{RULE}{answers}")
                .replace("path = \"/me\"", "path = \"me/{other}\"\nmethod = \"DELETE\"")
                .replace("https://x.invalid\"\nself", "http://x.invalid\"\nself")
                .replace("header:X-Org", "X-Org"),
        )
        .join("\n");
        for words in [
            "the endpoint and each partition must be an https URL",
            "path must start with /",
            "DELETE changes something",
            "secret is not sent",
            "{other} is no part",
            "\"bare\" looks at the status only",
            "[429, 302, 500] can never deny",
            "identity: \"X-Org\"",
            "answer 0 is read as Indeterminate, not as Dead",
            "answer 0 has no source",
            "no answer tests Live",
            "needs a shape for {secret}",
        ] {
            assert!(all.contains(words), "{words} in:\n{all}");
        }
    }

    #[test]
    fn a_sound_recipe_passes() {
        let answer = |outcome: &str, status: u16, body: &str| {
            format!(
                "\n[[rule.validate.answer]]\noutcome = \"{outcome}\"\nstatus = {status}\n\
                 body = '{body}'\ninvented = true\n"
            )
        };
        let sound = RULE
            .replace("  { name = \"bare\", status = [401, 403] },\n", "")
            .replace("[401, 429, 302, 500]", "[401]")
            .replace("[rule.validate]", "shape.parts = [ { lit = \"xk-\" } ]\n[rule.validate]")
            .replace("path = \"/me\"", "path = \"/me\"\nheaders = { X-Key = \"{secret}\" }");
        let answers = [
            answer("live", 200, r#"{"login":"a","ok":true}"#),
            answer("dead", 401, "no such key"),
            answer("indeterminate", 401, ""),
        ];
        assert_eq!(found(&format!("{sound}{}", answers.concat())), [""; 0]);
    }
}
