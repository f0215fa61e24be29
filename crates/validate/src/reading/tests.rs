//! Answers and what a recipe must make of them.

use super::*;
use proptest::prelude::*;

/// A recipe with every kind of clause, as a rule file would write it.
pub(crate) fn recipe() -> Recipe {
    let file = quietus_model::RuleFile::parse("x.toml", RULE).unwrap();
    file.rules[0].validate.clone().unwrap()
}

pub(crate) const RULE: &str = r#"
[provider]
id = "x"
name = "X"
[[rule]]
id = "x-key"
name = "X key"
severity = "high"
confidence = "high"
anchors = ["xk-"]
pattern = 'xk-[0-9a-f]{32}'
[rule.validate]
issuer = "x"
endpoint = "https://x.invalid"
self_hosted = false
path = "/me"
basis = "documented"
source = "https://x.invalid/docs"
live = [ { name = "user", status = [200], json = [ { at = "/login" }, { at = "/ok", is = "true" } ] } ]
restricted = [ { name = "no right", status = [403], text = ["lacks scope"] } ]
dead = [
  { name = "bad credentials", status = [401], json = [ { at = "/errors/*/code", is = "17" } ] },
  { name = "bearer", status = [401], header = { WWW-Authenticate = "Invalid_Token" } },
  { name = "in words", status = [401, 429, 302, 500], text = ["no such key"] },
  { name = "bare", status = [401, 403] },
  { name = "twisted", status = [200], json = [ { at = "/twisted", has = "ye" } ] },
]
[rule.validate.identity]
fields = { account = "/login", mails = "/mails/*/at", org = "header:X-Org" }
scopes = "header:X-Scopes"
expires = "/expires"
privileged_scopes = ["admin"]
privileged = "/site_admin"
"#;

fn read(status: u16, headers: &[(&str, &str)], body: &str) -> (Outcome, Option<String>) {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let reading = read_answer(&recipe(), status, &headers, body.as_bytes());
    (reading.outcome, reading.clause)
}

#[test]
fn each_answer_gets_its_outcome() {
    use Outcome::{Dead, Indeterminate, Live, Restricted};
    type Row<'a> = (u16, &'a [(&'a str, &'a str)], &'a str, Outcome);
    let table: &[Row<'_>] = &[
        (200, &[], r#"{"login":"a","ok":true}"#, Live),
        (200, &[], r#"{"login":"","ok":true}"#, Indeterminate),
        (200, &[], r#"{"login":null,"ok":true}"#, Indeterminate),
        (200, &[], r#"{"login":"a","ok":false}"#, Indeterminate),
        (200, &[], r#"{"login":"a","ok":true"#, Indeterminate),
        (201, &[], r#"{"login":"a","ok":true}"#, Indeterminate),
        (403, &[], "it lacks scope x", Restricted),
        (403, &[], "", Indeterminate),
        (401, &[], "", Indeterminate),
        (401, &[], r#"{"errors":[{"code":3},{"code":17}]}"#, Dead),
        (401, &[], r#"{"errors":[{"code":3}]}"#, Indeterminate),
        (401, &[("www-authenticate", "Bearer error=\"invalid_token\"")], "", Dead),
        (401, &[("www-authenticate", "Bearer")], "", Indeterminate),
        (401, &[], "no such key", Dead),
        (401, &[], "<html><body>no such key</body></html>", Indeterminate),
        (401, &[], "\n<!DOCTYPE html><p>no such key", Indeterminate),
        // A floor below every recipe: these never deny.
        (429, &[], "no such key", Indeterminate),
        (302, &[], "no such key", Indeterminate),
        (500, &[], "no such key", Indeterminate),
        // Accepted and denied at once is a contradiction.
        (200, &[], r#"{"login":"a","ok":true,"twisted":"yes"}"#, Indeterminate),
        (200, &[], r#"{"twisted":"yes"}"#, Dead),
    ];
    for (status, headers, body, outcome) in table {
        assert_eq!(read(*status, headers, body).0, *outcome, "{status} {headers:?} {body}");
    }
}

#[test]
fn the_clause_that_matched_is_named() {
    let body = r#"{"errors":[{"code":17}]}"#;
    assert_eq!(read(401, &[], body).1.as_deref(), Some("bad credentials"));
    assert_eq!(read(403, &[], "lacks scope").1.as_deref(), Some("no right"));
    assert_eq!(read(401, &[], "").1, None);
}

#[test]
fn a_page_with_status_200_is_not_an_acceptance_by_status() {
    let mut by_status = recipe();
    by_status.live = vec![Clause {
        name: "ok".into(),
        status: vec![200],
        json: vec![],
        text: vec![],
        header: BTreeMap::new(),
        after_live: false,
    }];
    let none = BTreeMap::new();
    let page = b"<!doctype html><title>Welcome to the guest network</title>";
    assert_eq!(read_answer(&by_status, 200, &none, page).outcome, Outcome::Indeterminate);
    assert_eq!(read_answer(&by_status, 200, &none, b"fine").outcome, Outcome::Live);
}

fn identity(headers: &[(&str, &str)], body: &str) -> Identity {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    read_answer(&recipe(), 200, &headers, body.as_bytes()).identity
}

#[test]
fn the_identity_is_read_by_its_pointers() {
    let seen = identity(
        &[("x-org", "acme"), ("x-scopes", "repo, admin")],
        r#"{"login":"bob","ok":true,"mails":[{"at":"a@b"},{"at":"c@d"}],"expires":"2030-01-01"}"#,
    );
    let fields: Vec<_> = seen.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(fields, [("account", "bob"), ("mails", "a@b, c@d"), ("org", "acme")]);
    let scopes: Vec<_> = seen.scopes.iter().map(SafeText::as_str).collect();
    assert_eq!(scopes, ["repo", "admin"]);
    assert_eq!(seen.privileged, Some(true));
    assert_eq!(seen.expires.unwrap().as_str(), "2030-01-01");
}

#[test]
fn privilege_is_unknown_unless_the_issuer_tells() {
    let plain = r#"{"login":"bob","ok":true}"#;
    assert_eq!(identity(&[], plain).privileged, None);
    assert_eq!(identity(&[("x-scopes", "repo")], plain).privileged, Some(false));
    let flagged = r#"{"login":"bob","ok":true,"site_admin":true}"#;
    assert_eq!(identity(&[("x-scopes", "repo")], flagged).privileged, Some(true));
    let not = r#"{"login":"bob","ok":true,"site_admin":false}"#;
    assert_eq!(identity(&[], not).privileged, Some(false));
}

#[test]
fn scopes_may_be_an_array() {
    let mut recipe = recipe();
    recipe.identity.scopes = Some("/scopes".into());
    let body = br#"{"login":"bob","ok":true,"scopes":["read all","admin"]}"#;
    let seen = read_answer(&recipe, 200, &BTreeMap::new(), body).identity;
    assert_eq!(seen.scopes.len(), 2, "elements are not split: {:?}", seen.scopes);
    assert_eq!(seen.privileged, Some(true));
}

#[test]
fn an_echo_of_the_secret_is_masked_before_it_is_split_or_cut() {
    let secret = format!("to ken,{}", "k".repeat(300));
    let body = format!(r#"{{"login":"{secret}","ok":true,"expires":{{"x":"{secret}"}}}}"#);
    let headers = BTreeMap::from([("x-scopes".to_owned(), format!("repo {secret}"))]);
    let echoes = [Secret::from(secret.as_str())];
    let seen = read_masking(&recipe(), 200, &headers, body.as_bytes(), &echoes).identity;
    assert_eq!(seen.fields[0].1.as_str(), "[secret]");
    assert_eq!(seen.scopes[1].as_str(), "[secret]");
    assert_eq!((seen.scopes.len(), seen.expires), (2, None));
}

/// Bytes that often come near what the clauses look for, so that the property is not vacuous.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        Just(br#"{"errors":[{"code":17}]}"#.to_vec()),
        Just(br#"{"login":"a","ok":true}"#.to_vec()),
        Just(b"no such key, lacks scope".to_vec()),
        Just(b"<html>no such key".to_vec()),
    ]
}

proptest! {
    #[test]
    fn no_answer_panics_and_only_a_listed_status_is_dead(
        status in prop_oneof![any::<u16>(), Just(200), Just(401), Just(403), Just(429)],
        name in "[a-zA-Z-]{0,20}",
        value in ".{0,40}",
        body in body(),
    ) {
        let recipe = recipe();
        let headers = BTreeMap::from([(name, value)]);
        let reading = read_answer(&recipe, status, &headers, &body);
        if reading.outcome == Outcome::Dead {
            let specific = recipe.dead.iter().filter(|clause| clause.is_specific());
            let listed = specific.flat_map(|c| &c.status).any(|s| *s == status);
            prop_assert!(listed && can_deny(status));
            prop_assert!(!body.starts_with(b"<html"));
        }
        prop_assert_eq!(reading.clause.is_none(), reading.outcome == Outcome::Indeterminate);
    }
}
