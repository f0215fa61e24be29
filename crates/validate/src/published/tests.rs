//! Tokens against keys, signed here and now.

use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use std::collections::BTreeMap;

const ISSUER: &str = "https://idp.example.org/realm";

/// Noon of some day, in seconds.
const NOON: i64 = 1_767_614_400;

struct Pair(EcdsaKeyPair);

impl Pair {
    fn new() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap())
    }

    fn token(&self, header: &Value, claims: &Value) -> Secret {
        let signed = signed(header, claims);
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        with(&signed, signature.as_ref())
    }

    fn published(&self, kid: &str) -> Value {
        let point = self.0.public_key().as_ref();
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
            "x": text(&point[1..33]), "y": text(&point[33..]),
        })
    }
}

fn signed(header: &Value, claims: &Value) -> String {
    let text = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    format!("{}.{}", text(header), text(claims))
}

fn with(signed: &str, signature: &[u8]) -> Secret {
    Secret::from(format!("{signed}.{}", BASE64URL_NOPAD.encode(signature)).as_str())
}

fn header(kid: &str) -> Value {
    json!({ "alg": "ES256", "kid": kid })
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "deployer", "exp": NOON + 60 })
}

/// What an issuer that answers `body` with `status` makes of the token.
fn answer(token: &Secret, status: u16, body: &str) -> Received {
    let published =
        Received { status, code: None, headers: BTreeMap::new(), body: body.as_bytes().to_vec() };
    let now = Timestamp::from_second(NOON).unwrap();
    verified(&Token::read(token).unwrap(), published, now)
}

fn code(token: &Secret, keys: &[Value]) -> String {
    let answer = answer(token, 200, &json!({ "keys": keys }).to_string());
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(answer.code, Some(format!("JWT {code}")));
    assert_eq!(body["claims"].is_object(), code == "verified", "claims of what is verified only");
    code
}

#[test]
fn a_token_is_verified_by_the_key_that_signed_it_and_no_other() {
    let (one, other) = (Pair::new(), Pair::new());
    let token = one.token(&header("a"), &claims());
    assert_eq!(code(&token, &[other.published("b"), one.published("a")]), "verified");
    assert_eq!(code(&token, &[other.published("a")]), "forged");
    assert_eq!(code(&token, &[other.published("b")]), "withdrawn");
    let unnamed = one.token(&json!({ "alg": "ES256" }), &claims());
    assert_eq!(code(&unnamed, &[other.published("b"), one.published("a")]), "verified");
    assert_eq!(code(&unnamed, &[other.published("b")]), "unmatched");
}

#[test]
fn ed25519_is_spoken_as_well() {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let signed = signed(&json!({ "alg": "EdDSA", "kid": "a" }), &claims());
    let token = with(&signed, pair.sign(signed.as_bytes()).as_ref());
    let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x });
    assert_eq!(code(&token, &[key]), "verified");
}

#[test]
fn a_key_is_withdrawn_only_where_others_are_published_and_none_has_its_name() {
    let one = Pair::new();
    let token = one.token(&header("a"), &claims());
    assert_eq!(code(&token, &[]), "unmatched", "an empty list is a fault");
    let named = |more: &str, value: &str| {
        let mut key = one.published("a");
        key[more] = value.into();
        key
    };
    assert_eq!(code(&token, &[named("use", "enc")]), "unmatched");
    assert_eq!(code(&token, &[named("alg", "ES512")]), "unmatched");
    assert_eq!(code(&token, &[named("crv", "P-521")]), "unsupported");
    assert_eq!(code(&token, &[named("x", "?")]), "unsupported");
    for (status, body) in [(200, "{}"), (200, "<html>"), (503, r#"{"keys":[]}"#)] {
        let answer = answer(&token, status, body);
        let read: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let said = read.and_then(|body| body.get("code").cloned());
        assert!(said.is_none() || said == Some("unmatched".into()), "{body}");
    }
}

#[test]
fn its_own_time_counts() {
    let one = Pair::new();
    let at = |name: &str, time: i64| {
        let mut claims = claims();
        claims[name] = time.into();
        code(&one.token(&header("a"), &claims), &[one.published("a")])
    };
    assert_eq!(at("nbf", NOON + 1), "early");
    assert_eq!(at("nbf", NOON), "verified");
    assert_eq!(at("exp", NOON), "expired");
}

#[test]
fn what_no_public_key_verifies_is_not_asked_about() {
    let one = Pair::new();
    for alg in ["HS256", "none", "ES256K", ""] {
        assert!(Token::read(&one.token(&json!({ "alg": alg }), &claims())).is_none(), "{alg}");
    }
    for text in ["", "a.b.c", "e30.e30", "e30.e30.AA"] {
        assert!(Token::read(&Secret::from(text)).is_none(), "{text}");
    }
}

#[test]
fn only_the_issuer_that_it_names_is_asked_and_only_by_its_own_document() {
    let token = Pair::new().token(&header("a"), &claims());
    let listed = |url: &str| Instance {
        endpoint: Endpoint::https(url).unwrap(),
        binding: Binding::Unbound,
        custom: false,
    };
    let asked = named(vec![listed("https://other.example.org"), listed(ISSUER)], &token);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].endpoint.text(), &asked[0].binding), (ISSUER, &Binding::Intrinsic));
    assert!(named(vec![listed("https://idp.example.org")], &token).is_empty());
    let at = |issuer: &str| {
        let document = json!({ "issuer": issuer, "jwks_uri": "https://keys.example.org/a" });
        keys_at(document.to_string().as_bytes(), ISSUER)
    };
    assert_eq!(at(ISSUER).unwrap().as_str(), "https://keys.example.org/a");
    assert!(at("https://other.example.org").is_none());
    assert!(keys_at(br#"{"jwks_uri":"https://keys.example.org/a"}"#, ISSUER).is_none());
}
