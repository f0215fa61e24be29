//! Fills the templates of a recipe with the parts of a credential, encoded for where they stand.

use crate::sign;
use data_encoding::{BASE64, HEXUPPER_PERMISSIVE};
pub(crate) use quietus_model::template::names;
use quietus_model::template::{Operand, Piece, pieces};
use quietus_model::{Recipe, Revocation, Secret};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of one credential by name; `secret` is the one it is keyed on.
pub(crate) type Parts<'a> = BTreeMap<&'a str, &'a Secret>;

/// A request below an endpoint. Every text that may hold a part is a [`Secret`].
pub(crate) struct Filled {
    pub(crate) path: Secret,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) body: Secret,
    /// The parts in every form they were sent in: to be masked wherever the issuer echoes them.
    pub(crate) echoes: Vec<Secret>,
}

/// Why a template could not be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfilled {
    /// The credential has no such part.
    Missing(String),
    /// A part cannot stand where the template puts it.
    Unfit(&'static str),
}

/// How a part is written so that it cannot break out of its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Raw,
    JsonText,
}

/// The names of the parts that a recipe sends or signs with, `secret` among them.
pub(crate) fn parts_used(recipe: &Recipe) -> BTreeSet<&str> {
    let signed = recipe.sign.iter().flat_map(sign::parts);
    let all = names_sent(recipe).into_iter().chain(signed);
    all.filter(|name| !recipe.sign.as_ref().is_some_and(|sign| sign.makes(name))).collect()
}

/// The names of the parts that a recipe sends.
pub(crate) fn names_sent(recipe: &Recipe) -> BTreeSet<&str> {
    let login =
        recipe.login.iter().flat_map(|login| [&login.user, &login.secret, &login.passphrase]);
    Request::question(recipe)
        .names()
        .into_iter()
        .chain(login.flat_map(|text| names(text)))
        .collect()
}

/// Whether a recipe reads the percent signs of a part before it sends it.
pub(crate) fn decodes(recipe: &Recipe, part: &str) -> bool {
    let login = recipe.login.iter().flat_map(|login| [&login.user, &login.secret]);
    let pieces = login.flat_map(|text| pieces(text));
    pieces.into_iter().any(|piece| matches!(piece, Piece::Decoded(name) if name == part))
}

/// Fills one template whose parts stand as they are.
pub(crate) fn text(template: &str, parts: &Parts<'_>) -> Result<Secret, Unfilled> {
    write(template, Place::Raw, parts, &mut Vec::new()).map(Secret::new)
}

/// A request as a rule writes it.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) headers: &'a BTreeMap<String, String>,
    pub(crate) body: &'a str,
}

impl<'a> Request<'a> {
    /// The question of a recipe.
    pub(crate) fn question(recipe: &'a Recipe) -> Self {
        Self { path: &recipe.path, headers: &recipe.headers, body: &recipe.body }
    }

    /// The call that revokes.
    pub(crate) fn revocation(revocation: &'a Revocation) -> Self {
        Self { path: &revocation.path, headers: &revocation.headers, body: &revocation.body }
    }

    /// The names of the parts that it sends.
    pub(crate) fn names(&self) -> BTreeSet<&'a str> {
        let headers = self.headers.values().map(String::as_str);
        [self.path, self.body].into_iter().chain(headers).flat_map(names).collect()
    }
}

/// Fills path, headers and body of a request.
pub(crate) fn fill(request: Request<'_>, parts: &Parts<'_>) -> Result<Filled, Unfilled> {
    let mut echoes: Vec<Secret> = parts.values().map(|part| (*part).clone()).collect();
    let (path, query) = match request.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.path, None),
    };
    let mut url = write(path, Place::Path, parts, &mut echoes)?;
    if url.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b"..")) {
        return Err(Unfilled::Unfit("a part would climb out of the path"));
    }
    if let Some(query) = query {
        url.push(b'?');
        url.extend(write(query, Place::Query, parts, &mut echoes)?);
    }
    let mut headers = Vec::new();
    for (name, value) in request.headers {
        let value = write(value, Place::Raw, parts, &mut echoes)?;
        headers.push((name.clone(), Secret::new(value)));
    }
    let body = write(request.body, body_place(request), parts, &mut echoes)?;
    Ok(Filled { path: Secret::new(url), headers, body: Secret::new(body), echoes })
}

/// The host that a credential names for itself, where the recipe's endpoint is a template.
pub(crate) fn named_host(endpoint: &str, parts: &Parts<'_>) -> Option<String> {
    let filled = write(endpoint, Place::Raw, parts, &mut Vec::new()).ok()?;
    let url = url::Url::parse(std::str::from_utf8(&filled).ok()?).ok()?;
    url.host_str().map(str::to_owned)
}

/// A form and a JSON body have their own ways to end a value early.
fn body_place(request: Request<'_>) -> Place {
    let form = request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type") && value.contains("x-www-form-urlencoded")
    });
    if form {
        Place::Query
    } else if request.body.trim_start().starts_with(['{', '[']) {
        Place::JsonText
    } else {
        Place::Raw
    }
}

fn write(
    template: &str,
    place: Place,
    parts: &Parts<'_>,
    echoes: &mut Vec<Secret>,
) -> Result<Vec<u8>, Unfilled> {
    let part = |name: &str| {
        parts.get(name).map(|part| part.expose()).ok_or_else(|| Unfilled::Missing(name.to_owned()))
    };
    let side = |operand| match operand {
        Operand::Part(name) => part(name),
        Operand::Text(text) => Ok(text.as_bytes()),
    };
    let mut out = Vec::new();
    for piece in pieces(template) {
        let written = match piece {
            Piece::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                continue;
            }
            Piece::Part(name) => encode(part(name)?, place)?,
            Piece::Query(name) => encode(part(name)?, Place::Query)?,
            Piece::Decoded(name) => decode(part(name)?)?,
            Piece::Bytes(name) => BASE64
                .decode(part(name)?)
                .map_err(|_| Unfilled::Unfit("a part is not the base 64 that it should be"))?,
            Piece::Below(name) => below(part(name)?)?,
            Piece::Basic(user, password) => {
                let pair = Secret::new([side(user)?, b":", side(password)?].concat());
                BASE64.encode(pair.expose()).into_bytes()
            }
            Piece::Encoded(operands) => {
                let sides: Result<Vec<&[u8]>, Unfilled> = operands.into_iter().map(side).collect();
                BASE64.encode(Secret::new(sides?.concat()).expose()).into_bytes()
            }
        };
        out.extend_from_slice(&written);
        echoes.push(Secret::new(written));
    }
    Ok(out)
}

fn encode(part: &[u8], place: Place) -> Result<Vec<u8>, Unfilled> {
    match place {
        Place::Raw => Ok(part.to_vec()),
        Place::Path => Ok(percent(part, b"-._~!$&'()*+,;=:@/")),
        Place::Query => Ok(percent(part, b"-._~")),
        Place::JsonText => {
            let text = std::str::from_utf8(part)
                .map_err(|_| Unfilled::Unfit("a part that is not text cannot stand in JSON"))?;
            let quoted = serde_json::Value::from(text).to_string();
            Ok(quoted.as_bytes()[1..quoted.len() - 1].to_vec())
        }
    }
}

/// What the user information of a URL stands for (RFC 3986, 2.1).
fn decode(part: &[u8]) -> Result<Vec<u8>, Unfilled> {
    let unfit = || Unfilled::Unfit("a part has a percent sign that encodes nothing");
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(unfit)?;
        let read = HEXUPPER_PERMISSIVE.decode(digits).map_err(|_| unfit())?;
        out.extend(read);
        rest = after;
    }
    Ok(out)
}

/// Path and query of a URL, as they are written there.
fn below(part: &[u8]) -> Result<Vec<u8>, Unfilled> {
    let unfit = || Unfilled::Unfit("a part is not the URL that it should be");
    let text = std::str::from_utf8(part).map_err(|_| unfit())?;
    let url = url::Url::parse(text).map_err(|_| unfit())?;
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    Ok(format!("{}{query}", url.path()).into_bytes())
}

fn percent(part: &[u8], keep: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    for byte in part {
        if byte.is_ascii_alphanumeric() || keep.contains(byte) {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(secret: &'a Secret, user: &'a Secret) -> Parts<'a> {
        BTreeMap::from([("secret", secret), ("user", user)])
    }

    fn filled(template: &str, place: Place, secret: &str) -> Result<String, Unfilled> {
        let (secret, user) = (Secret::from(secret), Secret::from("bob"));
        write(template, place, &with(&secret, &user), &mut Vec::new())
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn placeholders_are_filled_and_other_braces_stay() {
        let raw = |template| filled(template, Place::Raw, "s").unwrap();
        assert_eq!(raw("Bearer {secret}"), "Bearer s");
        assert_eq!(raw("{basic user secret}"), "Ym9iOnM=");
        assert_eq!(raw("{basic secret}"), raw("{basic secret -}"));
        assert_eq!(raw("{basic secret}"), "czo=");
        assert_eq!(raw("{basic \"api\" secret}"), "YXBpOnM=");
        assert_eq!(raw("{basic 'api' secret}"), "YXBpOnM=");
        assert_eq!(raw("{encoded secret}"), "cw==");
        assert_eq!(raw("{encoded user '/token:' secret}"), "Ym9iL3Rva2VuOnM=");
        assert_eq!(raw("{\"t\":\"{secret}\"}"), "{\"t\":\"s\"}");
        assert_eq!(raw("{ viewer { id } } {"), "{ viewer { id } } {");
        assert_eq!(filled("{decoded secret}", Place::Raw, "p%40%2Fss%3a").unwrap(), "p@/ss:");
        for broken in ["50%", "%4", "%zz"] {
            let refused = filled("{decoded secret}", Place::Raw, broken);
            assert!(matches!(refused, Err(Unfilled::Unfit(_))), "{broken}");
        }
        assert_eq!(filled("{bytes secret}", Place::Raw, "YWI=").unwrap(), "ab");
        assert!(matches!(filled("{bytes secret}", Place::Raw, "Y"), Err(Unfilled::Unfit(_))));
        let hook = "https://x.org/hooks/a%2Fb/c?d=e%26";
        assert_eq!(filled("{below secret}", Place::Path, hook).unwrap(), "/hooks/a%2Fb/c?d=e%26");
        let climbing = filled("{below secret}", Place::Path, "https://x.org/a/../../b").unwrap();
        assert_eq!(climbing, "/b");
        assert!(matches!(filled("{below secret}", Place::Path, "/a"), Err(Unfilled::Unfit(_))));
        let missing = filled("{other}", Place::Raw, "s").unwrap_err();
        assert_eq!(missing, Unfilled::Missing("other".into()));
    }

    #[test]
    fn a_part_cannot_break_out_of_its_place() {
        let bad = "a b&c?d#e%2e\"\\\r\n/f";
        assert_eq!(
            filled("/x/{secret}", Place::Path, bad).unwrap(),
            "/x/a%20b&c%3Fd%23e%252e%22%5C%0D%0A/f"
        );
        let strict = "a%20b%26c%3Fd%23e%252e%22%5C%0D%0A%2Ff";
        assert_eq!(filled("{secret}", Place::Query, bad).unwrap(), strict);
        assert_eq!(filled("{query secret}", Place::Raw, bad).unwrap(), strict);
        assert_eq!(filled("{secret}", Place::JsonText, "a\"b\\").unwrap(), "a\\\"b\\\\");
    }

    fn recipe(path: &str, headers: &[(&str, &str)], body: &str) -> Recipe {
        let mut recipe = crate::reading::tests::recipe();
        recipe.path = path.into();
        recipe.headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        recipe.body = body.into();
        recipe
    }

    fn body(recipe: &Recipe, secret: &str) -> String {
        let (secret, user) = (Secret::from(secret), Secret::from("bob"));
        let filled = fill(Request::question(recipe), &with(&secret, &user)).ok().unwrap();
        String::from_utf8(filled.body.expose().to_vec()).unwrap()
    }

    #[test]
    fn bodies_are_encoded_by_their_kind() {
        let json = recipe("/", &[], "{\"t\":\"{secret}\"}");
        assert_eq!(body(&json, "a\"b"), "{\"t\":\"a\\\"b\"}");
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(body(&recipe("/", &form, "t={secret}"), "a&b"), "t=a%26b");
    }

    #[test]
    fn a_part_cannot_climb_and_every_form_sent_is_an_echo() {
        let headers = [("Authorization", "Basic {basic user secret}")];
        let recipe = recipe("/hook/{secret}?u={user}", &headers, "");
        let user = Secret::from("bob");
        let climbing = Secret::from("../../admin");
        assert!(matches!(
            fill(Request::question(&recipe), &with(&climbing, &user)),
            Err(Unfilled::Unfit(_))
        ));
        let secret = Secret::from("a b");
        let filled = fill(Request::question(&recipe), &with(&secret, &user)).ok().unwrap();
        assert_eq!(filled.path.expose(), b"/hook/a%20b?u=bob");
        for form in ["a b", "a%20b", "Ym9iOmEgYg=="] {
            assert!(filled.echoes.iter().any(|echo| echo.expose() == form.as_bytes()), "{form}");
        }
    }
}
