//! Logins by other protocols than HTTP: when a password is sent, and what a hostile server cannot do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(feature = "postgresql")]

mod fixture;

use fixture::issuer;
use fixture::{hit, judge, with_rules, word};
use quietus_model::{Companion, Doubt, Hit, Secret, Verdict};
use quietus_validate::{Pace, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const RULES: &str = r#"
[provider]
id = "db"
name = "Database"

[[rule]]
id = "loop-token"
name = "Database login"
severity = "high"
confidence = "high"
anchors = ["lt_"]
pattern = '(?P<user>[a-z]+):(?P<secret>lt_[0-9a-f]{24})@(?P<host>[a-z.]+)'
shape.parts = [ { lit = "lt_" }, { chars = "0-9a-f", len = 24 } ]

[rule.validate]
issuer = "db"
driver = "postgresql"
endpoint = "postgresql://{host}"
self_hosted = true
login = { user = "{decoded user}", secret = "{decoded secret}" }
failures_count = true
basis = "documented"
source = "https://db.invalid/docs"
live = [ { name = "logged in", json = [ { at = "/authenticated" }, { at = "/asked" } ] } ]
dead = [ { name = "wrong password", json = [ { at = "/asked" }, { at = "/code", is = "28P01" } ] } ]

[[rule.validate.answer]]
outcome = "dead"
body = '{"asked":true,"code":"28P01"}'
source = "https://db.invalid/docs/errors"
"#;

/// How the stand-in goes on after the first request.
#[derive(Clone, Copy)]
enum Then {
    Denies,
    DeniesUnasked,
    SaysTooMuch,
    Hangs,
}

/// A server that offers TLS, counts who comes, and denies a password once it got it.
async fn server(then: Then) -> (String, String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgresql://{}", listener.local_addr().unwrap());
    let (config, ca_pem) = issuer::tls();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream, TlsAcceptor::from(Arc::clone(&config)), then));
        }
    });
    (url, ca_pem, seen)
}

async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, then: Then) {
    let mut request = [0; 8];
    let _ = stream.read_exact(&mut request).await;
    assert_eq!(request, [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f], "TLS is asked for before all else");
    let _ = stream.write_all(b"S").await;
    if let Ok(mut private) = acceptor.accept(stream).await {
        deny(&mut private, then).await;
    }
}

async fn deny(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), then: Then) {
    let mut bytes = [0; 1024];
    let _ = stream.read(&mut bytes).await;
    match then {
        Then::Denies => {
            let _ = stream.write_all(b"R\0\0\0\x08\0\0\0\x03").await;
            let length = stream.read(&mut bytes).await.unwrap();
            assert_eq!(bytes[0], b'p');
            assert!(String::from_utf8_lossy(&bytes[..length]).contains("lt_"));
        }
        Then::DeniesUnasked => {}
        Then::SaysTooMuch => drop(stream.write_all(b"E\xff\xff\xff\xff").await),
        Then::Hangs => tokio::time::sleep(Duration::from_secs(3600)).await,
    }
    let fields = b"SFATAL\0C28P01\0Mno\0\0";
    let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
    let _ = stream.write_all(&[b"E", length.as_slice(), fields].concat()).await;
    let _ = stream.flush().await;
}

fn settings(url: &str, ca_pem: Option<String>) -> Settings {
    Settings {
        instances: [("db".to_owned(), vec![url.to_owned()])].into(),
        allow_private: vec!["127.0.0.0/8".to_owned()],
        ca_pem: ca_pem.map(String::into_bytes),
        timeout: Duration::from_secs(2),
        pace: Pace { every: Duration::ZERO, ..Pace::default() },
        ..Settings::default()
    }
}

/// A login as a URL gives it, at a host that it names.
fn login(secret: &str) -> Hit {
    let part =
        |name: &str, value: &str| Companion { name: name.into(), secret: Secret::from(value) };
    let parts = vec![part("user", "app"), part("host", "127.0.0.1")];
    Hit { parts, ..hit("loop-token", secret) }
}

fn password() -> String {
    fixture::token("database")
}

async fn said(url: &str, ca_pem: Option<String>, secret: &str) -> Verdict {
    judge(&with_rules(RULES, settings(url, ca_pem)), &login(secret)).await.verdict
}

#[tokio::test]
async fn a_password_is_sent_over_tls_to_the_host_of_the_certificate() {
    let (url, ca_pem, _) = server(Then::Denies).await;
    let Verdict::Dead(seen) = said(&url, Some(ca_pem), &password()).await else { panic!() };
    assert_eq!(seen.code.as_ref().unwrap().as_str(), "SQLSTATE 28P01");
    assert_eq!((seen.status, seen.clause.as_str()), (0, "wrong password"));
    let untrusted = said(&url, None, &password()).await;
    let words = format!("{untrusted:?}");
    assert!(words.contains("Unreachable") && words.contains("not trusted"), "{words}");
}

#[tokio::test]
async fn a_denial_that_did_not_ask_or_of_what_is_written_in_two_ways_proves_nothing() {
    let (url, ca_pem, _) = server(Then::DeniesUnasked).await;
    let unasked = said(&url, Some(ca_pem), &password()).await;
    let unread = Doubt::Unread { code: "SQLSTATE 28P01".into() };
    assert_eq!(unasked, Verdict::Indeterminate(unread));
    let (url, ca_pem, _) = server(Then::Denies).await;
    let escaped = said(&url, Some(ca_pem.clone()), &password().replace("lt_", "lt%5F")).await;
    let never = Doubt::NeverAccepted { clause: "wrong password".into() };
    assert_eq!(escaped, Verdict::Indeterminate(never));
    let broken = said(&url, Some(ca_pem), &password().replace("lt_", "lt_%z")).await;
    assert!(matches!(broken, Verdict::Indeterminate(Doubt::Refused { .. })), "{broken:?}");
}

#[tokio::test]
async fn nobody_is_asked_whom_only_the_credential_names() {
    let (url, ca_pem, seen) = server(Then::Denies).await;
    let mut settings = settings(&url, Some(ca_pem));
    settings.instances.clear();
    let judgement = judge(&with_rules(RULES, settings), &login(&password())).await;
    assert_eq!(word(&judgement), Doubt::IssuerUnbound.to_string());
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    let private = Settings { allow_private: vec![], ..self::settings(&url, None) };
    let judgement = judge(&with_rules(RULES, private), &login(&password())).await;
    assert!(word(&judgement).contains("private address"), "{}", word(&judgement));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    let other = with_other_scheme(&url.replace("postgresql", "https"));
    assert!(other.contains("[issuers] db: the scheme must be postgresql"), "{other}");
}

fn with_other_scheme(url: &str) -> String {
    let rules = quietus_model::RuleSet::parse([("db.toml", RULES)]).unwrap();
    let refused =
        quietus_validate::Validator::new(Arc::new(rules), settings(url, None), fixture::now());
    refused.err().unwrap().to_string()
}

#[tokio::test]
async fn a_server_that_says_too_much_or_nothing_is_no_answer() {
    for then in [Then::SaysTooMuch, Then::Hangs] {
        let (url, ca_pem, _) = server(then).await;
        let heard = said(&url, Some(ca_pem), &password()).await;
        assert!(matches!(heard, Verdict::Indeterminate(Doubt::Unreachable { .. })), "{heard:?}");
    }
}
