//! Private keys and the certificates that were issued for them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod fixture;

use fixture::{hit, with_rules};
use quietus_model::{Companion, Doubt, Hit, Judgement, Secret, Verdict};
use quietus_validate::{Pace, Settings};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A key that nobody is asked about by a recipe.
const RULES: &str = r#"
[provider]
id = "keys"
name = "Keys"

[[rule]]
id = "key"
name = "Key"
severity = "high"
confidence = "high"
anchors = ["-----BEGIN"]
pattern = '(?P<secret>-----BEGIN PRIVATE KEY-----[^-]{9,999}-----END PRIVATE KEY-----)'

[[rule.companion]]
name = "certificate"
pattern = '(?P<secret>-----BEGIN CERTIFICATE-----[^-]{9,9999}-----END CERTIFICATE-----)'
within = 9999
"#;

/// A certificate for this key that ends in this year.
fn certificate(key: &KeyPair, year: i32) -> String {
    let mut params = CertificateParams::new(vec!["x.invalid".to_owned()]).unwrap();
    params.not_after = date_time_ymd(year, 1, 1);
    params.self_signed(key).unwrap().pem()
}

fn beside(key: &KeyPair, certificates: &[String]) -> Hit {
    let part = |text: &String| Companion {
        name: "certificate".into(),
        secret: Secret::from(text.as_str()),
    };
    Hit { parts: certificates.iter().map(part).collect(), ..hit("key", &key.serialize_pem()) }
}

async fn told(hit: &Hit, settings: Settings) -> Vec<Judgement> {
    let told = with_rules(RULES, settings).judge(hit, &[]).await;
    let dead = told.iter().any(|one| matches!(one.verdict, Verdict::Dead(_)));
    assert!(!dead, "no certificate proves a key dead: {told:?}");
    told
}

async fn only(hit: &Hit, settings: Settings) -> Verdict {
    let [one] = told(hit, settings).await.try_into().unwrap();
    one.verdict
}

fn ends(year: i32) -> jiff::Timestamp {
    format!("{year}-01-01T00:00:00Z").parse().unwrap()
}

#[tokio::test]
async fn the_certificate_that_counts_longest_is_told_of() {
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (old, older) = (certificate(&key, 2020), certificate(&key, 2019));
    let stranger = certificate(&other, 2050);
    let over = Verdict::Indeterminate(Doubt::Expired { at: ends(2020) });
    let hit =
        |all: &[&String]| beside(&key, &all.iter().map(|one| (*one).clone()).collect::<Vec<_>>());
    assert_eq!(only(&hit(&[&old, &stranger, &older]), Settings::default()).await, over);
    let next = certificate(&key, 2030);
    let counts = Verdict::Indeterminate(Doubt::Certified { until: ends(2030) });
    assert_eq!(only(&hit(&[&old, &next]), Settings::default()).await, counts);
    // One that the user has elsewhere counts as well.
    let settings =
        Settings { certificates: format!("{stranger}{next}").into(), ..Settings::default() };
    assert_eq!(only(&hit(&[&old]), settings).await, counts);
    for none in [hit(&[&stranger]), hit(&[])] {
        let told = only(&none, Settings::default()).await;
        assert_eq!(told, Verdict::Indeterminate(Doubt::NoRecipe));
    }
}

/// A server that shows a certificate for a key of its own; where it is, who trusts it, the key, and how
/// many bytes it was sent after TLS.
async fn server() -> (String, String, String, Arc<AtomicUsize>) {
    let papers = fixture::issuer::papers();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(fixture::issuer::serving(&papers));
    let told = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&told);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut private) = acceptor.accept(stream).await {
                let mut bytes = Vec::new();
                let _ = private.read_to_end(&mut bytes).await;
                counted.fetch_add(bytes.len(), Ordering::SeqCst);
            }
        }
    });
    (url, papers.ca_pem, papers.key.serialize_pem(), told)
}

fn listing(url: &str, ca_pem: Option<&str>) -> Settings {
    Settings {
        instances: [("x509".to_owned(), vec![url.to_owned()])].into(),
        allow_private: vec!["127.0.0.0/8".to_owned()],
        ca_pem: ca_pem.map(|pem| pem.as_bytes().to_vec()),
        timeout: Duration::from_secs(5),
        pace: Pace { every: Duration::ZERO, ..Pace::default() },
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_key_that_a_listed_server_uses_is_live_and_is_not_sent_there() {
    let (url, ca_pem, key, told) = server().await;
    let Verdict::Live(seen) = only(&hit("key", &key), listing(&url, Some(&ca_pem))).await else {
        panic!("the server uses it")
    };
    assert_eq!(seen.clause, "the server shows a certificate for this key");
    // Another key proves nothing of this one, nor does a server that nobody trusts.
    let other = KeyPair::generate().unwrap().serialize_pem();
    let unread = only(&hit("key", &other), listing(&url, Some(&ca_pem))).await;
    assert_eq!(
        unread,
        Verdict::Indeterminate(Doubt::Unread { code: "TLS with another key".into() })
    );
    let untrusted = only(&hit("key", &key), listing(&url, None)).await;
    assert!(
        matches!(untrusted, Verdict::Indeterminate(Doubt::Unreachable { .. })),
        "{untrusted:?}"
    );
    assert_eq!(told.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_certificate_that_is_over_keeps_nobody_from_asking_who_uses_the_key() {
    let (url, ca_pem, key, _) = server().await;
    let pair = KeyPair::from_pem(&key).unwrap();
    let hit = beside(&pair, &[certificate(&pair, 2020)]);
    let told = told(&hit, listing(&url, Some(&ca_pem))).await;
    let states: Vec<&str> = told.iter().map(|one| one.verdict.state()).collect();
    assert_eq!(states, ["indeterminate", "live"]);
    let plan = with_rules(RULES, listing(&url, None));
    let rules = quietus_model::RuleSet::parse([("keys.toml", RULES)]).unwrap();
    let calls = plan.plan(rules.get(&"key".into()).unwrap());
    assert_eq!((calls.len(), calls[0].method, calls[0].url.as_str()), (1, "TLS", url.as_str()));
}
