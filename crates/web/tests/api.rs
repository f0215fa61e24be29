//! The API: who may call, what it answers, and that it says the same as its description.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/client.rs"]
mod client;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/served.rs"]
mod served;

use client::{Answer, Browser, raw};
use quietus_poam::Role;
use serde_json::{Value, json};
use served::Served;

struct Program<'s> {
    served: &'s Served,
    token: String,
}

impl Program<'_> {
    async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let (host, token, length) = (self.served.address, &self.token, body.len());
        let text = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        raw(self.served.address, &text).await
    }

    async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.call("GET", path, "").await.is(200).body).unwrap()
    }
}

/// The schema of `name` with all that it refers to.
fn schema(description: &Value, name: &str) -> jsonschema::Validator {
    // A field that may be null is said so in another way by JSON Schema.
    fn translated(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut map: serde_json::Map<String, Value> =
                    map.iter().map(|(name, value)| (name.clone(), translated(value))).collect();
                if map.remove("nullable") == Some(true.into()) {
                    return json!({ "anyOf": [map, { "type": "null" }] });
                }
                map.into()
            }
            Value::Array(values) => values.iter().map(translated).collect(),
            other => other.clone(),
        }
    }
    let mut root = translated(description);
    root["$ref"] = format!("#/components/schemas/{name}").into();
    jsonschema::draft7::new(&root).unwrap()
}

#[tokio::test]
async fn answers_are_as_described() {
    let served = Served::start(130, 0, false).await;
    let token = served.token("robot@example.org", [Role::Analyst]).await;
    let program = Program { served: &served, token };
    let nobody = Browser::new(served.address);
    let description: Value =
        serde_json::from_str(&nobody.get("/api/v1/openapi.json").await.is(200).body).unwrap();
    let check = |name: &str, value: &Value| {
        let errors: Vec<String> = schema(&description, name)
            .iter_errors(value)
            .map(|e| format!("{e} at {}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    };
    let first = program.get("/items?show=all").await;
    check("Items", &first);
    assert_eq!((first["total"].as_u64(), first["pages"].as_u64()), (Some(130), Some(2)));
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    assert_eq!(program.get("/items?show=all&page=2").await["items"].as_array().unwrap().len(), 30);
    assert!(program.get("/items?show=all&page=3").await["items"].as_array().unwrap().is_empty());
    for number in 1..=13 {
        check("Item", &program.get(&format!("/items/V-{number}")).await);
    }
    check("Metrics", &program.get("/metrics").await);
    for repository in program.get("/repositories").await.as_array().unwrap() {
        check("Repository", repository);
    }
    check(
        "Error",
        &serde_json::from_str(&program.call("GET", "/items/V-999", "").await.is(404).body).unwrap(),
    );
    // Each path of the description is there.
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{id}", "V-1").replace("{action}", "note");
            let answer = program.call(&method.to_uppercase(), &path, "{\"version\":0}").await;
            assert!([200, 409].contains(&answer.status), "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_action_goes_the_same_way_as_on_a_page() {
    let served = Served::start(26, 0, false).await;
    let token = served.token("robot@example.org", [Role::Analyst]).await;
    let program = Program { served: &served, token };
    let item = program.get("/items/V-1").await;
    let version = item["version"].as_u64().unwrap();
    assert_eq!(item["actions"]["note"]["refusal"], Value::Null);
    assert!(item["actions"]["approve"]["refusal"].is_string());
    let body = json!({ "version": version, "note": "from a program" }).to_string();
    let after: Value = serde_json::from_str(
        &program.call("POST", "/items/V-1/actions/note", &body).await.is(200).body,
    )
    .unwrap();
    assert_eq!(after["history"].as_array().unwrap().last().unwrap()["note"], "from a program");
    program.call("POST", "/items/V-1/actions/note", &body).await.is(409).says("nothing was done");
    let body = json!({ "version": version + 1, "note": "I looked at it all" }).to_string();
    program.call("POST", "/items/V-1/actions/approve", &body).await.is(422).says("error");
    for body in ["", "{", "[]", "{}", "{\"note\":\"x\"}", "{\"version\":-1}", "{\"version\":\"x\"}"]
    {
        program.call("POST", "/items/V-1/actions/note", body).await.is(400).says("error");
    }
    program.call("POST", "/items/V-1/actions/explode", "{}").await.is(404);
    let long = json!({ "version": 1, "note": "x".repeat(80_000) }).to_string();
    program.call("POST", "/items/V-1/actions/note", &long).await.is(413).says("error");
    program.call("DELETE", "/items/V-1", "").await.is(405).says("error");
    program.call("GET", "/nothing", "").await.is(404).says("error");
    served.ledger.verify().await.unwrap();
}

#[tokio::test]
async fn only_a_valid_token_calls() {
    let mut served = Served::start(13, 0, false).await;
    let token = served.token("robot@example.org", [Role::Viewer]).await;
    let browser = Browser::signed_in(served.address, &token).await;
    for path in ["/items", "/items/V-1", "/metrics", "/repositories"] {
        // A browser's session is no token: no other site can make a browser call.
        browser.get(&format!("/api/v1{path}")).await.is(401);
        for header in [
            "",
            "Authorization: Basic eA==\r\n",
            "Authorization: Bearer \r\n",
            "Authorization: Bearer x\r\n",
        ] {
            let nobody = Browser::new(served.address);
            let answer = nobody.get_with(&format!("/api/v1{path}"), header).await;
            assert_eq!(answer.is(401).header("www-authenticate"), Some("Bearer"));
        }
    }
    let program = Program { served: &served, token: token.clone() };
    program.get("/items").await;
    let body = json!({ "version": 3, "to": "me" }).to_string();
    let answer = program.call("POST", "/items/V-2/actions/assign", &body).await;
    assert!([409, 422].contains(&answer.status), "{answer:?}");
    // A month later it has expired.
    served.minutes.store(60 * 24 * 31, std::sync::atomic::Ordering::SeqCst);
    program.call("GET", "/items", "").await.is(401);
    served.stop();
}
