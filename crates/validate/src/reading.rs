//! Reads an answer by a recipe's clauses: recipe and answer in, outcome and identity out. Pure.

use crate::{document, pointer};
use quietus_model::{
    Clause, Identity, IdentityPointers, JsonTest, Outcome, Recipe, SafeText, Secret,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// More than this of one field is not an identity but a page; it is cut.
const MAX_FIELD: usize = 256;
/// More scopes or elements than this are cut as well.
const MAX_LIST: usize = 100;

/// What a recipe makes of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the clauses say.
    pub outcome: Outcome,
    /// The clause that said so; none when nothing was learnt.
    pub clause: Option<String>,
    /// Whose the credential is; empty unless it was accepted.
    pub identity: Identity,
}

impl Reading {
    fn nothing() -> Self {
        Self { outcome: Outcome::Indeterminate, clause: None, identity: Identity::default() }
    }
}

/// Reads an answer by the clauses of `recipe`.
///
/// `Dead` needs a clause that looks at more than the status, on an answer that is no HTML page
/// and whose status can be an issuer's own word: a redirect, 408, 425, 429 or 5xx never denies,
/// whatever a recipe lists. An answer that both an accepting and a denying clause match is a
/// contradiction and says nothing.
pub fn read_answer(
    recipe: &Recipe,
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> Reading {
    read_masking(recipe, status, headers, body, &[])
}

/// The same, with every one of `echoes` masked wherever the answer repeats it.
pub(crate) fn read_masking(
    recipe: &Recipe,
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &[u8],
    echoes: &[Secret],
) -> Reading {
    let is_http = recipe.driver.is_http();
    let answer = Answer { status, headers, body, json: document::read(body), echoes, is_http };
    let first = |clauses: &[Clause]| {
        clauses.iter().find(|clause| answer.matches(clause)).map(|clause| clause.name.clone())
    };
    let live = first(&recipe.live).map(|clause| (Outcome::Live, clause));
    let accepted =
        live.or_else(|| first(&recipe.restricted).map(|clause| (Outcome::Restricted, clause)));
    let denied = recipe.dead.iter().find(|clause| answer.is_denied_by(clause));
    match (accepted, denied) {
        (Some((outcome, clause)), None) => {
            let identity = answer.identity(&recipe.identity);
            Reading { outcome, clause: Some(clause), identity }
        }
        (None, Some(clause)) => Reading {
            outcome: Outcome::Dead,
            clause: Some(clause.name.clone()),
            identity: Identity::default(),
        },
        (Some(_), Some(_)) | (None, None) => Reading::nothing(),
    }
}

/// The name of the first of `clauses` that matches an answer which is no page in HTML.
pub(crate) fn first_match(
    clauses: &[Clause],
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> Option<String> {
    let json = document::read(body);
    let answer = Answer { status, headers, body, json, echoes: &[], is_http: true };
    let matching = clauses.iter().find(|clause| answer.matches(clause) && !answer.is_html_page());
    matching.map(|clause| clause.name.clone())
}

/// Whether an answer denies a fabricated credential: by a `refused` clause, which says too little
/// to deny a real one.
pub(crate) fn is_refused(
    recipe: &Recipe,
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> bool {
    let json = document::read(body);
    let is_http = recipe.driver.is_http();
    let answer = Answer { status, headers, body, json, echoes: &[], is_http };
    answer.can_deny() && recipe.refused.iter().any(|clause| answer.matches(clause))
}

/// Whether a status can carry an issuer's denial at all.
pub(crate) fn can_deny(status: u16) -> bool {
    matches!(status, 200..=299 | 400..=499) && !matches!(status, 408 | 425 | 429)
}

struct Answer<'a> {
    status: u16,
    headers: &'a BTreeMap<String, String>,
    body: &'a [u8],
    json: Option<Value>,
    echoes: &'a [Secret],
    is_http: bool,
}

impl Answer<'_> {
    /// Whether a denial can come like this. Only HTTP has statuses that say who speaks.
    fn can_deny(&self) -> bool {
        !self.is_http || can_deny(self.status)
    }

    fn has_status(&self, clause: &Clause) -> bool {
        clause.status.contains(&self.status) || (!self.is_http && clause.status.is_empty())
    }

    fn is_denied_by(&self, clause: &Clause) -> bool {
        // A page in HTML comes from a proxy, a portal or a login form, whatever words stand in it.
        clause.is_specific() && self.can_deny() && !self.is_html_page() && self.matches(clause)
    }

    fn matches(&self, clause: &Clause) -> bool {
        let looks_at_body = !(clause.json.is_empty() && clause.text.is_empty());
        self.has_status(clause)
            && clause.json.iter().all(|test| self.holds(test))
            && clause.text.iter().all(|text| contains(self.body, text.as_bytes()))
            && clause.header.iter().all(|(name, value)| self.has_header(name, value))
            && (looks_at_body || !self.is_html_page())
    }

    fn holds(&self, test: &JsonTest) -> bool {
        let Some(document) = &self.json else {
            return false;
        };
        pointer::find(document, &test.at).into_iter().any(|value| {
            let text = pointer::text(value);
            match (&test.is, &test.has) {
                (None, None) => {
                    !matches!(value, Value::Null | Value::Bool(false)) && !text.is_empty()
                }
                (is, has) => {
                    is.as_ref().is_none_or(|is| *is == text)
                        && has.as_ref().is_none_or(|has| text.contains(has.as_str()))
                }
            }
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn has_header(&self, name: &str, value: &str) -> bool {
        self.header(name).is_some_and(|there| {
            there.to_ascii_lowercase().contains(value.to_ascii_lowercase().as_str())
        })
    }

    /// Judged by the body: some issuers answer plain words under `text/html`.
    fn is_html_page(&self) -> bool {
        let start = &self.body[..self.body.len().min(1024)];
        let start = String::from_utf8_lossy(start).to_ascii_lowercase();
        let start = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        start.starts_with('<')
            && ["<!doctype html", "<html", "<head", "<body"].iter().any(|mark| start.contains(mark))
    }

    fn identity(&self, pointers: &IdentityPointers) -> Identity {
        let fields = pointers.fields.iter().filter_map(|(name, at)| {
            let texts = self.texts(at)?;
            let text = texts.join(", ");
            (!text.is_empty()).then(|| (name.clone(), cut(&text)))
        });
        let scopes = pointers.scopes.as_deref().and_then(|at| self.scopes(at));
        Identity {
            fields: fields.collect(),
            privileged: self.privileged(pointers, scopes.as_deref()),
            scopes: scopes.unwrap_or_default().iter().map(|scope| cut(scope)).collect(),
            expires: pointers
                .expires
                .as_deref()
                .and_then(|at| self.texts(at)?.into_iter().next())
                .filter(|text| !text.is_empty())
                .map(|text| cut(&text)),
        }
    }

    /// The texts at a pointer or in a header, masked; `None` when there is no such place.
    fn texts(&self, at: &str) -> Option<Vec<String>> {
        if let Some(name) = at.strip_prefix("header:") {
            return self.header(name.trim()).map(|value| vec![self.masked(value.trim())]);
        }
        self.scalars(pointer::find(self.json.as_ref()?, at))
    }

    /// Scopes as a list: the elements of an array, or the words of one text.
    fn scopes(&self, at: &str) -> Option<Vec<String>> {
        if !at.starts_with("header:")
            && let [Value::Array(items)] = pointer::find(self.json.as_ref()?, at)[..]
        {
            return Some(self.scalars(items.iter().collect()).unwrap_or_default());
        }
        let texts = self.texts(at)?;
        let words = texts.iter().flat_map(|text| text.split([',', ' ']));
        Some(words.filter(|word| !word.is_empty()).take(MAX_LIST).map(str::to_owned).collect())
    }

    /// Objects and arrays are no facts about an owner, and their JSON could hide an echo.
    fn scalars(&self, values: Vec<&Value>) -> Option<Vec<String>> {
        let scalar = |value: &&Value| value.is_string() || value.is_number() || value.is_boolean();
        let texts = values.into_iter().filter(scalar).take(MAX_LIST);
        let texts: Vec<_> = texts.map(|value| self.masked(&pointer::text(value))).collect();
        (!texts.is_empty()).then_some(texts)
    }

    /// Masked before anything is split or cut, so that no piece of an echo is left.
    fn masked(&self, text: &str) -> String {
        SafeText::scrubbed(text.as_bytes(), self.echoes).into()
    }

    fn privileged(&self, pointers: &IdentityPointers, scopes: Option<&[String]>) -> Option<bool> {
        let flag = pointers.privileged.as_deref().and_then(|at| self.texts(at));
        let by_flag = flag.map(|texts| texts.iter().any(|text| text == "true"));
        let by_scope = scopes
            .filter(|_| !pointers.privileged_scopes.is_empty())
            .map(|scopes| scopes.iter().any(|scope| pointers.privileged_scopes.contains(scope)));
        match (by_flag, by_scope) {
            (None, None) => None,
            (flag, scope) => Some(flag == Some(true) || scope == Some(true)),
        }
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

fn cut(text: &str) -> SafeText {
    SafeText::plain(text.chars().take(MAX_FIELD).collect::<String>())
}

#[cfg(test)]
pub(crate) mod tests;
