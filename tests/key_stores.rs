//! Private keys in binary files, made by the programs that people make them with, are found, and told
//! apart from encrypted ones; certificates and public keys are left alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::{Sandbox, skipped};

/// Whether this machine has a program.
fn has(sandbox: &Sandbox, program: &str, version: &str) -> bool {
    let ran = sandbox.program(program).arg(version).output();
    let there = ran.is_ok_and(|output| output.status.success());
    if !there {
        skipped(&format!("there is no {program}"));
    }
    there
}

fn run(sandbox: &Sandbox, program: &str, arguments: &str) {
    let output = sandbox.program(program).args(arguments.split(' ')).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments}: {told}");
}

/// What is found in each file of the working folder: its rule and its confidence.
fn found(sandbox: &Sandbox, file: &str) -> Vec<(String, String)> {
    let path = sandbox.path("work").join(file);
    assert!(path.metadata().unwrap().len() > 40, "{file}");
    let scan = ["scan", path.to_str().unwrap(), "--confidence", "low", "--format", "json"];
    let told = sandbox.run(&scan).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = told["findings"].as_array().unwrap().iter();
    findings.map(|found| (text(&found["rule"]), text(&found["confidence"]))).collect()
}

/// How many credentials a folder holds, in how many files.
fn names_and_files(sandbox: &Sandbox, folder: &str) -> (usize, usize) {
    let path = sandbox.path("work").join(folder);
    let told = sandbox.run(&["scan", path.to_str().unwrap(), "--format", "json"]).json();
    let findings = told["findings"].as_array().unwrap();
    let of = |field: &str| -> std::collections::BTreeSet<&str> {
        findings.iter().map(|found| found[field].as_str().unwrap()).collect()
    };
    (of("fingerprint").len(), of("path").len())
}

fn holds(sandbox: &Sandbox, file: &str, rule: &str, confidence: &str) {
    assert_eq!(found(sandbox, file), [(rule.to_owned(), confidence.to_owned())], "{file}");
}

#[test]
fn keys_in_der_are_found() {
    let sandbox = Sandbox::new();
    if !has(&sandbox, "openssl", "version") {
        return;
    }
    let openssl = |arguments: &str| run(&sandbox, "openssl", arguments);
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out rsa8.der");
    openssl("rsa -inform DER -in rsa8.der -traditional -outform DER -out rsa1.der");
    holds(&sandbox, "rsa8.der", "der-rsa-key", "high");
    holds(&sandbox, "rsa1.der", "der-rsa-key", "high");
    for curve in ["prime256v1", "secp384r1", "secp521r1", "secp256k1"] {
        openssl(&format!("ecparam -name {curve} -genkey -noout -outform DER -out ec.der"));
        openssl("pkcs8 -topk8 -nocrypt -inform DER -in ec.der -outform DER -out ec8.der");
        holds(&sandbox, "ec.der", "der-ec-key", "high");
        holds(&sandbox, "ec8.der", "der-ec-key", "high");
    }
    openssl("genpkey -algorithm ED25519 -outform DER -out ed.der");
    holds(&sandbox, "ed.der", "der-ed25519-key", "high");
    // The public half of each, and a key under a pass phrase.
    openssl("rsa -inform DER -in rsa8.der -pubout -outform DER -out rsa-public.der");
    openssl("ec -inform DER -in ec.der -pubout -outform DER -out ec-public.der");
    assert_eq!(found(&sandbox, "rsa-public.der"), []);
    assert_eq!(found(&sandbox, "ec-public.der"), []);
    openssl("pkcs8 -topk8 -inform DER -in rsa8.der -outform DER -passout pass:x1 -out sealed.der");
    holds(&sandbox, "sealed.der", "der-encrypted-key", "low");
}

/// The lines of an armour are the key itself in base 64.
#[test]
fn a_key_in_an_armour_is_one_finding() {
    let sandbox = Sandbox::new();
    if !has(&sandbox, "openssl", "version") {
        return;
    }
    let openssl = |arguments: &str| run(&sandbox, "openssl", arguments);
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa8.pem");
    openssl("rsa -in rsa8.pem -traditional -out rsa1.pem");
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec8.pem");
    holds(&sandbox, "rsa8.pem", "pem-pkcs8-key", "high");
    holds(&sandbox, "rsa1.pem", "pem-rsa-key", "high");
    holds(&sandbox, "ec8.pem", "pem-pkcs8-key", "high");
    let text = std::fs::read_to_string(sandbox.path("work/rsa8.pem")).unwrap();
    let value = serde_json::json!({ "private_key": text });
    std::fs::write(sandbox.path("work/account.json"), value.to_string()).unwrap();
    holds(&sandbox, "account.json", "pem-pkcs8-key", "high");
}

/// What `gpg --export-secret-keys` writes, and what its agent keeps.
#[test]
fn keys_of_gnupg_are_found() {
    let sandbox = Sandbox::new();
    if !has(&sandbox, "gpg", "--version") {
        return;
    }
    let home = sandbox.path("work/g");
    std::fs::create_dir(&home).unwrap();
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let gpg = |arguments: &str| {
        run(&sandbox, "gpg", &format!("--homedir g --batch --pinentry-mode loopback {arguments}"));
    };
    for (pass, rule, confidence) in
        [("", "pgp-secret-keyring", "high"), ("quokka9", "pgp-secret-keyring-encrypted", "medium")]
    {
        let user = format!("a{pass}@fixture.invalid");
        gpg(&format!("--passphrase={pass} --quick-generate-key {user} rsa2048 sign never"));
        let file = format!("ring{pass}.gpg");
        gpg(&format!("--passphrase={pass} --output {file} --export-secret-keys {user}"));
        holds(&sandbox, &file, rule, confidence);
        let folder = format!("both{pass}");
        std::fs::create_dir(sandbox.path("work").join(&folder)).unwrap();
        gpg(&format!("--passphrase={pass} --output {folder}/a.gpg --export-secret-keys {user}"));
        gpg(&format!("--passphrase={pass} -a --output {folder}/a.asc --export-secret-keys {user}"));
        assert_eq!(
            names_and_files(&sandbox, &folder),
            (1, 2),
            "the ring and its armour are one key"
        );
        gpg(&format!("--output public{pass}.gpg --export {user}"));
        assert_eq!(found(&sandbox, &format!("public{pass}.gpg")), []);
    }
    for (kind, pass, rule, confidence) in [
        ("rsa2048", "", "pgp-private-key", "high"),
        ("rsa2048", "quokka9", "pgp-private-key-encrypted", "medium"),
        ("rsa3072", "quokka9", "pgp-private-key-encrypted", "medium"),
        ("ed25519", "", "pgp-private-key", "high"),
        ("ed25519", "quokka9", "pgp-private-key-encrypted", "medium"),
    ] {
        let user = format!("b{kind}{pass}@fixture.invalid");
        gpg(&format!("--passphrase={pass} --quick-generate-key {user} {kind} sign never"));
        let file = format!("{kind}{pass}.asc");
        gpg(&format!("--passphrase={pass} -a --output {file} --export-secret-keys {user}"));
        holds(&sandbox, &file, rule, confidence);
    }
    run(&sandbox, "gpgconf", "--homedir g --kill gpg-agent");
    let kept = std::fs::read_dir(home.join("private-keys-v1.d")).unwrap();
    let kept =
        kept.map(|entry| format!("g/private-keys-v1.d/{}", entry.unwrap().file_name().display()));
    let rules: Vec<_> = kept.flat_map(|file| found(&sandbox, &file)).collect();
    let open = ("gpg-agent-key".to_owned(), "high".to_owned());
    assert_eq!(rules, vec![open; 3], "those without a pass phrase");
}

/// However a key is spelled, it is one finding with many places.
#[test]
fn a_key_is_one_finding_in_all_its_spellings() {
    let sandbox = Sandbox::new();
    if !has(&sandbox, "openssl", "version") {
        return;
    }
    let openssl = |arguments: &str| run(&sandbox, "openssl", arguments);
    std::fs::create_dir(sandbox.path("work/keys")).unwrap();
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out keys/pkcs8.pem");
    openssl("rsa -in keys/pkcs8.pem -traditional -out keys/pkcs1.pem");
    openssl("rsa -in keys/pkcs8.pem -outform DER -out keys/pkcs8.der");
    let keys = sandbox.path("work/keys");
    let pem = std::fs::read_to_string(keys.join("pkcs1.pem")).unwrap();
    let spellings = [
        ("indented.yaml", format!("key: |\n  {}\n", pem.trim().replace('\n', "\n  "))),
        ("windows.pem", pem.replace('\n', "\r\n")),
        ("settings.env", format!("KEY=\"{}\"\n", pem.replace('\n', "\\n"))),
        ("account.json", serde_json::json!({ "key": pem }).to_string()),
        ("code.py", format!("k = (\"{}\")\n", pem.trim().replace('\n', "\\n\"\n     \""))),
        ("secret.yaml", format!("key: {}\n", data_encoding::BASE64.encode(pem.as_bytes()))),
    ];
    for (file, text) in &spellings {
        std::fs::write(keys.join(file), text).unwrap();
    }
    assert_eq!(names_and_files(&sandbox, "keys"), (1, spellings.len() + 3));
}

#[test]
fn keys_in_stores_are_found_and_certificates_are_not() {
    let sandbox = Sandbox::new();
    if !has(&sandbox, "openssl", "version") {
        return;
    }
    let openssl = |arguments: &str| run(&sandbox, "openssl", arguments);
    openssl("req -x509 -newkey rsa:2048 -noenc -subj /CN=x -days 9 -keyout k.pem -out c.pem");
    openssl("pkcs12 -export -inkey k.pem -in c.pem -passout pass:x1 -out sealed.p12");
    openssl(
        "pkcs12 -export -inkey k.pem -in c.pem -keypbe NONE -certpbe NONE -passout pass: -out open.p12",
    );
    openssl("pkcs12 -export -nokeys -in c.pem -passout pass:x1 -out certificates.p12");
    openssl("x509 -in c.pem -outform DER -out c.der");
    holds(&sandbox, "sealed.p12", "pkcs12-file", "medium");
    holds(&sandbox, "open.p12", "der-rsa-key", "high");
    assert_eq!(found(&sandbox, "certificates.p12"), []);
    assert_eq!(found(&sandbox, "c.der"), []);
    if !has(&sandbox, "keytool", "-help") {
        return;
    }
    for kind in ["JKS", "JCEKS", "PKCS12"] {
        let rest = format!("-storetype {kind} -storepass changeit");
        let own = format!("-genkeypair -keyalg RSA -alias a -dname CN=x -keypass changeit {rest}");
        run(&sandbox, "keytool", &format!("{own} -keystore own.{kind}"));
        run(
            &sandbox,
            "keytool",
            &format!("-import -noprompt -alias c -file c.pem {rest} -keystore trust.{kind}"),
        );
        let rule = if kind == "PKCS12" { "pkcs12-file" } else { "java-keystore" };
        holds(&sandbox, &format!("own.{kind}"), rule, "medium");
        assert_eq!(found(&sandbox, &format!("trust.{kind}")), []);
    }
}
