//! Signing in with a certified OpenID provider, over TLS, in a browser.

use crate::Serving;
use crate::sandbox::Sandbox;
use crate::server::{Papers, Server, free_port, program, tool};
use crate::tools::installed;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const PROVIDER: &str = include_str!("provider.mjs");

/// Goes through the provider as each of `people`, and tells what they saw.
fn walk(base: &str, people: &[&str]) -> Option<Value> {
    let chromium = program("chromium")?;
    let modules = installed("browser/node_modules")?.canonicalize().unwrap();
    let given = json!({
        "base": base,
        "chromium": chromium,
        "modules": modules.join("x.js"),
        "people": people,
        "shots": std::env::var("QUIETUS_SHOTS").ok(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/sign_in.mjs");
    let ran = Command::new("node").arg(script).env("WALK", given.to_string()).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_str(&told).unwrap())
}

#[test]
fn people_sign_in_with_the_provider_of_their_organisation() {
    let sandbox = Sandbox::new();
    crate::tracked(&sandbox);
    let (Some(node), Some(npm)) = (program("node"), tool("npm")) else { return };
    let papers = Papers::of("root", &sandbox.path("tmp"));
    let ca = sandbox.write("tmp/ca.pem", &papers.ca_pem);
    let (port, own) = (free_port(), free_port());
    let secret = ["client", "secret", &port.to_string()].join("-of-");
    let given = json!({
        "port": port,
        "modules": npm.canonicalize().unwrap(),
        "key": papers.key,
        "cert": papers.certificate,
        "back": format!("http://127.0.0.1:{own}/sign-in/return"),
        "secret": secret,
    });
    let script = sandbox.write("tmp/provider.mjs", PROVIDER);
    let mut command = Command::new(node);
    command.arg(script).env("PROVIDER", given.to_string());
    let log = sandbox.path("tmp/server.log");
    let mut provider = Server::start(&mut command, &sandbox.path("tmp"));
    provider.until(|| std::fs::read_to_string(&log).is_ok_and(|text| text.contains("ready")));
    let secret_file = sandbox.write("tmp/client", &secret);
    let config = format!(
        "[validate]\nallow_private = [\"127.0.0.0/8\"]\nca_file = \"{}\"\n\
         [roles]\nauditor = [\"carol@example.org\"]\n\
         [sign_in]\nissuer = \"https://127.0.0.1:{port}\"\nclient_id = \"quietus\"\n\
         client_secret_file = \"{}\"\nscopes = [\"email\", \"groups\"]\n\
         [sign_in.roles]\napprover = [\"anns\", \"mallorys\"]\nanalyst = [\"anns\"]\n",
        ca.display(),
        secret_file.display()
    );
    sandbox.write("config/quietus/config.toml", config);
    let serving = Serving::start_at(&sandbox, own);
    let base = format!("http://{}", serving.address);
    let Some(seen) = walk(&base, &["ann", "bob", "carol", "mallory"]) else { return };
    let text = |who: &str| seen[who]["text"].as_str().unwrap().to_owned();
    // To the page that they wanted to see, with what their groups hold.
    assert_eq!(seen["ann"]["path"], "/items/V-1", "{seen}");
    assert!(text("ann").contains("you: analyst, approver"), "{}", text("ann"));
    assert!(text("carol").contains("you: auditor"), "{}", text("carol"));
    for (who, why) in [
        ("bob", "bob@example.org is known to the provider, but"),
        ("mallory", "the address of who signed in is not verified"),
    ] {
        assert_eq!(seen[who]["path"], "/sign-in/return");
        assert!(text(who).contains(why), "{}", text(who));
        assert_eq!(seen[who]["cookies"], json!([]), "{who} got in");
    }
    assert_eq!(seen["ann"]["cookies"], json!(["quietus"]));
    assert_eq!(seen["ann"]["again"], json!([]), "an answer of the provider counts once");
    let ledger = std::fs::read(sandbox.ledger()).unwrap();
    assert!(!ledger.windows(secret.len()).any(|window| window == secret.as_bytes()));
}
