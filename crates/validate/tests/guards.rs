//! What is never sent, whom nothing is ever sent to, and what a hostile network cannot do.

mod fixture;

use fixture::issuer::Issuer;
use fixture::{RULES, hit, judge, login, now, settings, token, validator, with_rules, word};
use quietus_model::{Binding, Companion, Doubt, Offline, RuleSet, Secret, Verdict};
use quietus_validate::{Settings, Validator};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

#[tokio::test]
async fn what_needs_no_question_is_never_sent() {
    let issuer = Issuer::start();
    let mut settings = settings(&issuer);
    let own_decoy = hit("loop-token", &token("own decoy"));
    settings.canaries.insert(own_decoy.finding.fingerprint);
    let validator = validator(settings);
    let at = now();
    let mut cases = vec![(own_decoy, Doubt::Canary)];
    for (offline, doubt) in [
        (Offline::Canary, Doubt::Canary),
        (Offline::Dummy, Doubt::Dummy),
        (Offline::ChecksumFailed, Doubt::ChecksumFailed),
        (Offline::Expired { at }, Doubt::Expired { at }),
    ] {
        let mut known = hit("loop-token", &token("offline"));
        known.finding.offline = offline;
        cases.push((known, doubt));
    }
    let mut partial = hit("loop-token", &token("partial"));
    partial.finding.missing = vec!["user".into()];
    cases.push((partial, Doubt::Incomplete { part: "user".into() }));
    cases.push((login(&token("x"), &[]), Doubt::Incomplete { part: "user".into() }));
    cases.push((hit("loop-token", ""), Doubt::NoBytes));
    for (hit, doubt) in cases {
        let judgement = judge(&validator, &hit).await;
        assert_eq!(judgement.verdict, Verdict::Indeterminate(doubt));
        assert_eq!(judgement.target.endpoint, issuer.url(), "the target is named all the same");
    }
    assert_eq!(issuer.connections(), 0);
    // The counter does count: the question, and the control of its answer.
    judge(&validator, &hit("loop-token", &token("sent"))).await;
    assert_eq!(issuer.connections(), 2);
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let issuer = Issuer::start();
    let hit = hit("loop-token", &token("x"));
    let port = issuer.host().rsplit_once(':').unwrap().1.to_owned();
    let both = ["127.0.0.0/8".to_owned(), "::1".to_owned()].to_vec();
    let cases = [
        (issuer.url(), vec![], false),
        (issuer.named_url(), vec![], false),
        (format!("https://[::ffff:127.0.0.1]:{port}"), vec!["127.0.0.0/8".into()], false),
        (issuer.url(), vec!["10.0.0.0/8".into()], false),
        (issuer.url(), vec!["127.0.0.1:1".into()], false),
        (issuer.named_url(), vec!["example.org".into()], false),
        (issuer.url(), vec!["127.0.0.1".into()], true),
        (issuer.url(), both.clone(), true),
        (issuer.named_url(), both, true),
        (issuer.named_url(), vec!["localhost".into()], true),
        (issuer.named_url(), vec![format!("localhost:{port}")], true),
    ];
    for (url, allow_private, allowed) in cases {
        let before = issuer.connections();
        let mut settings = Settings { allow_private, ..settings(&issuer) };
        settings.instances.insert("loop".into(), vec![url.clone()]);
        let judgement = judge(&validator(settings), &hit).await;
        if allowed {
            assert_eq!(word(&judgement), "dead", "{url}");
        } else {
            let Verdict::Indeterminate(Doubt::Refused { detail }) = &judgement.verdict else {
                panic!("{url}: {judgement:?}")
            };
            assert!(detail.contains("private address"), "{detail}");
            assert_eq!(issuer.connections(), before, "{url}");
        }
    }
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_not_trusted() {
    let (issuer, other) = (Issuer::start(), Issuer::start());
    let hit = hit("loop-token", &token("x"));
    for ca_pem in [None, Some(other.ca_pem())] {
        let judgement = judge(&validator(Settings { ca_pem, ..settings(&issuer) }), &hit).await;
        assert!(word(&judgement).contains("the certificate is not trusted"), "{judgement:?}");
    }
    assert_eq!(issuer.requests().len(), 0);
    assert_eq!(word(&judge(&validator(settings(&issuer)), &hit).await), "dead");
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_no_answer() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, words) in [
        (format!("https://127.0.0.1:{port}"), "no answer (connection refused)"),
        ("https://no-such-host.invalid".to_owned(), "no answer (the name of the host cannot"),
    ] {
        let settings = Settings {
            instances: [("loop".to_owned(), vec![url])].into(),
            allow_private: vec!["127.0.0.1".into()],
            ..Settings::default()
        };
        let judgement = judge(&validator(settings), &hit("loop-token", &token("x"))).await;
        assert!(word(&judgement).starts_with(words), "{}", word(&judgement));
    }
}

#[tokio::test]
async fn plain_http_is_spoken_only_to_an_endpoint_of_the_user() {
    let issuer = Issuer::start_http();
    let mut listed = settings(&issuer);
    let rules = Arc::new(RuleSet::parse([("loop.toml", RULES)]).unwrap());
    let refused = Validator::new(Arc::clone(&rules), listed.clone(), now()).err().unwrap();
    assert!(refused.to_string().contains("[issuers] loop"), "{refused}");
    listed.instances.clear();
    listed.endpoints.insert("loop".into(), issuer.url());
    let judgement = judge(&validator(listed.clone()), &hit("loop-token", &token("x"))).await;
    assert_eq!((word(&judgement).as_str(), &judgement.binding), ("dead", &Binding::Unbound));
    // A rule cannot lower the guard for itself.
    let endpoint = format!("endpoint = \"{}\"", issuer.url());
    let own = RULES.replace("endpoint = \"\"", &endpoint);
    listed.endpoints.clear();
    let judgement = judge(&with_rules(&own, listed), &hit("loop-token", &token("x"))).await;
    assert_eq!(judgement.verdict, Verdict::Indeterminate(Doubt::IssuerUnbound));
    assert_eq!(issuer.requests().len(), 2, "no more than before");
}

#[tokio::test]
async fn a_host_from_scanned_content_is_asked_only_when_listed() {
    let (issuer, listed) = (Issuer::start(), Issuer::start());
    let rules = RULES.replace("endpoint = \"\"", "endpoint = \"https://{host}\"");
    let mut planted = hit("loop-token", &token("x"));
    let host = Secret::from(issuer.named_url().trim_start_matches("https://"));
    planted.parts.push(Companion { name: "host".into(), secret: host });
    let mut open = settings(&issuer);
    open.instances.clear();
    open.allow_private.push("localhost".into());
    let judgement = judge(&with_rules(&rules, open), &planted).await;
    assert_eq!(judgement.verdict, Verdict::Indeterminate(Doubt::IssuerUnbound));
    assert_eq!(issuer.connections(), 0);
    // Another instance is listed: it is asked, but its denial is that of a stranger.
    let judgement = judge(&with_rules(&rules, settings(&listed)), &planted).await;
    assert_eq!((word(&judgement).as_str(), &judgement.binding), ("dead", &Binding::Unbound));
    assert_eq!(issuer.connections(), 0);
}

#[tokio::test]
async fn a_part_cannot_smuggle_a_header_or_a_path() {
    let issuer = Issuer::start();
    let validator = validator(settings(&issuer));
    let judgement = judge(&validator, &hit("loop-token", "lt_x\r\nX-Evil: 1")).await;
    assert!(word(&judgement).contains("a byte that no header may carry"), "{judgement:?}");
    let in_path = RULES.replace("path = \"/api/me\"", "path = \"/api/{secret}/me\"");
    let validator = with_rules(&in_path, settings(&issuer));
    for secret in ["../admin", "x/../../y"] {
        let judgement = judge(&validator, &hit("loop-token", secret)).await;
        assert!(word(&judgement).contains("climb out of the path"), "{judgement:?}");
    }
    assert_eq!(issuer.connections(), 0);
    judge(&validator, &hit("loop-token", "a?b#c@d")).await;
    assert_eq!(issuer.requests()[0].line, "GET /api/a%3Fb%23c@d/me");
}

/// Asks once and passes; another test runs it in a process whose environment names proxies.
#[tokio::test]
async fn asks_directly() {
    let issuer = Issuer::start();
    let judgement = judge(&validator(settings(&issuer)), &hit("loop-token", &token("x"))).await;
    assert_eq!(word(&judgement), "dead");
    assert_eq!(issuer.requests().len(), 2, "the question and its control");
}

#[test]
fn proxies_of_the_environment_are_ignored() {
    let proxy = Issuer::start_http();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "asks_directly"]).env_remove("NO_PROXY").env_remove("no_proxy");
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "http_proxy"] {
        child.env(name, proxy.url());
    }
    let done = child.output().unwrap();
    let printed = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && printed.contains("1 passed"), "{printed}");
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_configured_proxy_is_used_and_learns_only_the_host() {
    let (issuer, proxy) = (Issuer::start(), Issuer::start_http());
    let token = token("x");
    let via = Settings { proxy: Some(proxy.url()), ..settings(&issuer) };
    let judgement = judge(&validator(via), &hit("loop-token", &token)).await;
    assert!(word(&judgement).starts_with("no answer"), "{judgement:?}");
    let seen = proxy.requests();
    assert_eq!((seen.len(), seen[0].line.clone()), (1, format!("CONNECT {}", issuer.host())));
    assert!(!format!("{seen:?}").contains(&token));
    assert_eq!(issuer.connections(), 0);
}

#[tokio::test]
async fn the_plan_names_every_call_and_makes_none() {
    let issuer = Issuer::start();
    let validator = validator(settings(&issuer));
    let rules = RuleSet::parse([("loop.toml", RULES)]).unwrap();
    let calls: Vec<_> = rules.rules().iter().flat_map(|rule| validator.plan(rule)).collect();
    assert_eq!(calls.len(), 2);
    let call = &calls[1];
    assert_eq!((call.rule.as_str(), &*call.host), ("loop-token", &*issuer.host()));
    assert_eq!(call.url, format!("{}/api/me", issuer.url()));
    assert_eq!((call.headers.as_slice(), call.control), (&["Authorization".to_owned()][..], true));
    assert_eq!(issuer.connections(), 0);
}
