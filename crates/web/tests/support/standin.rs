//! A stand-in for an OpenID provider that can be made to say anything, for what a real one never says.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "what cannot fail in a test is unwrapped"
)]

use crate::crowd;
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use quietus_model::{Digest, Secret};
use quietus_poam::Role;
use quietus_web::{AskProvider, ProviderAnswer, ProviderCall, ProviderSettings};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub const ISSUER: &str = "https://login.example.org";

/// What it says. Tests change it.
#[derive(Clone)]
pub struct Says {
    pub metadata: Value,
    pub keys: Value,
    pub header: Value,
    pub claims: Value,
    pub person: Value,
    /// Takes the place of the whole answer to a code.
    pub token_answer: Option<(u16, String)>,
    /// Another key than the one that is published signs.
    pub other_key: bool,
    /// What is done to the finished token.
    pub spoil: fn(String) -> String,
    pub unreachable: bool,
}

pub struct StandIn {
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    pub says: Mutex<Says>,
    /// How often each place was asked.
    pub asked: Mutex<BTreeMap<String, usize>>,
    used: Mutex<BTreeSet<String>>,
}

impl StandIn {
    pub fn new() -> Arc<Self> {
        let (key, other) = (pair(), pair());
        let point = key.public_key().as_ref();
        let coordinate = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let keys = json!({ "keys": [
            { "kty": "some-later-kind", "kid": "0" },
            { "kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
              "x": coordinate(&point[1..33]), "y": coordinate(&point[33..]) },
        ]});
        let now = crowd::now().as_second();
        let says = Says {
            metadata: json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/authorize?tenant=1"),
                "token_endpoint": format!("{ISSUER}/token"),
                "jwks_uri": format!("{ISSUER}/keys"),
                "userinfo_endpoint": format!("{ISSUER}/person"),
                "code_challenge_methods_supported": ["S256"],
            }),
            keys,
            header: json!({ "alg": "ES256", "kid": "1", "typ": "JWT" }),
            claims: json!({
                "iss": ISSUER, "aud": "quietus", "sub": "7", "iat": now, "exp": now + 300,
                "email": "Ann@example.org", "email_verified": true,
                "groups": ["secops", "others"],
            }),
            person: json!({ "sub": "7" }),
            token_answer: None,
            other_key: false,
            spoil: |token| token,
            unreachable: false,
        };
        let (says, asked, used) = (Mutex::new(says), Mutex::default(), Mutex::default());
        Arc::new(Self { key, other, says, asked, used })
    }

    /// A site that signs people in with it.
    pub fn provider(self: &Arc<Self>) -> (ProviderSettings, AskProvider) {
        let settings = ProviderSettings {
            issuer: ISSUER.to_owned(),
            client_id: "quietus".to_owned(),
            client_secret: Some(Secret::from("a client's words")),
            scopes: vec!["email".to_owned(), "groups".to_owned()],
            name_claim: "email".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: [(Role::Analyst, vec!["secops".to_owned()])].into(),
            people: quietus_poam::RoleTable::default(),
            session: SignedDuration::from_hours(2),
        };
        let own = Arc::clone(self);
        let ask: AskProvider = Arc::new(move |call| {
            let answer = own.answer(&call);
            Box::pin(async move { answer })
        });
        (settings, ask)
    }

    pub fn change(&self, how: impl FnOnce(&mut Says)) {
        how(&mut self.says.lock().unwrap());
    }

    /// A code as the provider would give it to somebody who signed in for `challenge` and `nonce`.
    pub fn code(nonce: &str, challenge: &str, number: usize) -> String {
        format!("{number}.{challenge}.{nonce}")
    }

    fn answer(&self, call: &ProviderCall) -> Result<ProviderAnswer, String> {
        let says = self.says.lock().unwrap().clone();
        let path = call.url.strip_prefix(ISSUER).unwrap_or(&call.url).to_owned();
        *self.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
        if says.unreachable {
            return Err("no route".to_owned());
        }
        let told = |value: &Value| (200, value.to_string());
        let (status, body) = match path.as_str() {
            "/.well-known/openid-configuration" => told(&says.metadata),
            "/keys" => told(&says.keys),
            "/person" => told(&says.person),
            "/token" => self.token(call, &says),
            _ => (404, String::new()),
        };
        Ok(ProviderAnswer { status, body: body.into_bytes() })
    }

    /// Takes a code once, and only from who asked for it.
    fn token(&self, call: &ProviderCall, says: &Says) -> (u16, String) {
        let form = call.form.as_ref().unwrap().expose();
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(form).into_owned().collect();
        let refused = |why: &str| (400, json!({ "error": why }).to_string());
        let by = call.headers.iter().find(|(name, _)| name == "authorization");
        let basic = data_encoding::BASE64.encode(b"quietus:a+client%27s+words");
        if by.is_none_or(|(_, value)| value.expose() != format!("Basic {basic}").as_bytes()) {
            return refused("invalid_client");
        }
        let mut parts = form["code"].split('.').skip(1);
        let (Some(challenge), Some(nonce)) = (parts.next(), parts.next()) else {
            return refused("invalid_grant");
        };
        let digest = Digest::of(form["code_verifier"].as_bytes());
        let bytes = data_encoding::HEXLOWER.decode(digest.as_str().as_bytes()).unwrap();
        let fits = BASE64URL_NOPAD.encode(&bytes) == challenge;
        if !fits || !self.used.lock().unwrap().insert(form["code"].clone()) {
            return refused("invalid_grant");
        }
        if let Some(answer) = &says.token_answer {
            return answer.clone();
        }
        let mut claims = says.claims.clone();
        if claims.get("nonce").is_none() {
            claims["nonce"] = nonce.into();
        }
        let token = (says.spoil)(self.signed(&says.header, &claims, says.other_key));
        (200, json!({ "id_token": token, "access_token": "a", "token_type": "Bearer" }).to_string())
    }

    fn signed(&self, header: &Value, claims: &Value, other: bool) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let text = format!("{}.{}", part(header), part(claims));
        let key = if other { &self.other } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

fn pair() -> EcdsaKeyPair {
    let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap()
}
