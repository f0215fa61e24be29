//! Which parts are sent together, when a part has several candidates near the secret.

use crate::template::{self, Parts};
use quietus_model::{Hit, Recipe, Secret, spelling};
use std::collections::BTreeMap;

/// More candidates than this are not tried: guessing pairs looks like an attack.
const MAX_PAIRINGS: usize = 4;

/// The ways to put a credential together, nearest parts first.
pub(crate) struct Pairings<'a> {
    /// What is sent, at most a few.
    pub(crate) tried: Vec<Parts<'a>>,
    /// A part with several candidates. Its denials prove nothing: the right partner may be
    /// another one.
    pub(crate) ambiguous: Option<String>,
    /// Whether the value may say something that is not tried.
    pub(crate) is_cut: bool,
}

/// Puts together the parts of `hit` that `recipe` sends. `Err` names a part that is missing.
pub(crate) fn pairings<'a>(
    recipe: &'a Recipe,
    hit: &'a Hit,
    readings: &'a [Secret],
) -> Result<Pairings<'a>, String> {
    let mut tried: Vec<Parts<'a>> =
        readings.iter().map(|secret| BTreeMap::from([("secret", secret)])).collect();
    let mut ambiguous = None;
    for name in template::parts_used(recipe) {
        if name == "secret" {
            continue;
        }
        let candidates = candidates(hit, name);
        if candidates.is_empty() {
            return Err(name.to_owned());
        }
        if candidates.len() > 1 {
            ambiguous.get_or_insert_with(|| name.to_owned());
        }
        tried = candidates
            .iter()
            .flat_map(|part| tried.iter().map(|parts| with(parts, name, part)))
            .collect();
        tried.truncate(MAX_PAIRINGS);
    }
    // Where failed logins count, a second guess may lock the owner out.
    let is_cut = recipe.failures_count && readings.len() > 1;
    tried.truncate(if recipe.failures_count { 1 } else { MAX_PAIRINGS });
    Ok(Pairings { tried, ambiguous, is_cut })
}

/// What the value of `hit` may say, as it stands first: a backslash or an entity may be a spelling of
/// JSON or XML, a percent sign one of a URL, or stand for itself. Only a denial of all of them is one
/// of the credential. A private key says the same in every armour.
pub(crate) fn readings(recipe: &Recipe, hit: &Hit) -> Vec<Secret> {
    let bytes = hit.secret.expose();
    let mut readings = vec![hit.secret.clone()];
    if spelling::key(bytes).is_none() {
        let said = [spelling::quoted(bytes), spelling::percent(bytes)];
        // A recipe for what stands in URLs reads the percent signs itself.
        let read = if template::decodes(recipe, "secret") { &said[..1] } else { &said[..] };
        readings.extend(read.iter().flatten().cloned().map(Secret::new));
    }
    readings
}

/// The hosts that the candidates name, where the recipe's endpoint is a template, or where they say
/// that the credential is of another universe than the endpoint.
pub(crate) fn named_hosts(recipe: &Recipe, hit: &Hit) -> Vec<String> {
    let Some(universe) = &recipe.universe else { return hosts_of(&recipe.endpoint, hit) };
    let own = template::named_host(&recipe.endpoint, &BTreeMap::new());
    hosts_of(universe, hit).into_iter().filter(|host| Some(host) != own.as_ref()).collect()
}

/// The hosts that the candidates make of the template of an endpoint.
fn hosts_of(endpoint: &str, hit: &Hit) -> Vec<String> {
    let mut names = template::names(endpoint).into_iter();
    let Some(name) = names.next() else {
        return Vec::new();
    };
    let more: BTreeMap<_, _> =
        names.filter_map(|name| Some((name, *candidates(hit, name).first()?))).collect();
    let hosts = candidates(hit, name)
        .into_iter()
        .filter_map(|part| template::named_host(endpoint, &with(&more, name, part)));
    hosts.collect()
}

fn with<'a>(parts: &Parts<'a>, name: &'a str, part: &'a Secret) -> Parts<'a> {
    let mut parts = parts.clone();
    parts.insert(name, part);
    parts
}

/// The different values found for a part, nearest first.
pub(crate) fn candidates<'a>(hit: &'a Hit, name: &str) -> Vec<&'a Secret> {
    let mut found: Vec<&Secret> = Vec::new();
    for part in hit.parts.iter().filter(|part| part.name == name) {
        if !found.contains(&&part.secret) {
            found.push(&part.secret);
        }
    }
    found
}
