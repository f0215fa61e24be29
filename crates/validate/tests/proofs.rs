//! Credentials that are proven and not sent, services that are asked besides, and credentials that are
//! known to work.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod fixture;

use fixture::issuer::{Behaviour, Issuer};
use fixture::{RULES, hit, judge, settings, token, validator, with_rules, word};
use quietus_model::{Companion, Control, Doubt, Hit, Secret, Verdict};
use quietus_validate::{KnownGood, NotRevocable, Settings};

/// The rules with another request and other clauses for `loop-token`.
fn rules(request: &str) -> String {
    RULES.replacen(
        "path = \"/api/me\"\nheaders = { Authorization = \"Bearer {secret}\" }\n",
        request,
        1,
    )
}

fn bearer(realm: &str) -> Behaviour {
    let challenge = format!("Bearer realm=\"{realm}\",service=\"registry.example.org\"");
    Behaviour::answer(401, r#"{"message":"Sign in"}"#).with_header("WWW-Authenticate", &challenge)
}

const REGISTRY: &str = "path = \"/v2/\"\nheaders = { Authorization = \"Basic {secret}\", X-Other = \"x\" }\n\
                        exchange = \"token-service\"\n";

#[tokio::test]
async fn a_registry_sends_to_its_token_service_and_that_decides() {
    let issuer = Issuer::start();
    let realm = format!("{}/token", issuer.url());
    for (name, then, expected) in
        [("live", Behaviour::Live, "live"), ("dead", Behaviour::Dead, "dead")]
    {
        let secret = token(name);
        issuer.set_once(&secret, bearer(&realm), then);
        let validator = with_rules(&rules(REGISTRY), settings(&issuer));
        let judgement = judge(&validator, &hit("loop-token", &secret)).await;
        assert_eq!(word(&judgement), expected, "{name}");
        let requests = issuer.requests();
        let own: Vec<_> = requests.iter().filter(|seen| seen.token == secret).collect();
        assert_eq!(own[0].line, "GET /v2/");
        assert_eq!(own[1].line, "GET /token?service=registry.example.org");
        let names: Vec<_> = own[1].headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"authorization") && !names.contains(&"x-other"), "{names:?}");
    }
}

#[tokio::test]
async fn a_token_service_that_nobody_named_is_sent_nothing() {
    let (issuer, elsewhere) = (Issuer::start(), Issuer::start());
    let secret = token("elsewhere");
    issuer.set(&secret, bearer(&format!("{}/token", elsewhere.url())));
    let validator = with_rules(&rules(REGISTRY), settings(&issuer));
    let judgement = judge(&validator, &hit("loop-token", &secret)).await;
    assert!(word(&judgement).starts_with("not sent: neither a rule"), "{}", word(&judgement));
    assert_eq!(elsewhere.connections(), 0);
}

/// A request that is signed by a digest under the secret.
const SIGNED: &str = "path = \"/api/signed\"\nheaders = { X-Api-Key = \"{signature}\", X-Time = \"{unix}\" }\n\
                      sign = { scheme = \"hmac\", hash = \"sha256\", keys = [\"{secret}\"], text = \"GET {authority} {unix}\" }\n";

#[tokio::test]
async fn what_signs_a_request_is_never_in_it() {
    let issuer = Issuer::start();
    issuer.set_otherwise(Behaviour::Dead);
    let secret = token("signs");
    let validator = with_rules(&rules(SIGNED), settings(&issuer));
    let judgement = judge(&validator, &hit("loop-token", &secret)).await;
    assert_eq!(word(&judgement), "dead");
    let requests = issuer.requests();
    assert_eq!(requests.len(), 2, "the question and its control");
    for seen in &requests {
        assert!(!format!("{seen:?}").contains(&secret));
        assert_eq!(seen.token.len(), 64);
        assert!(seen.headers.contains(&("x-time".to_owned(), "1767614400".to_owned())), "{seen:?}");
    }
    assert_ne!(requests[0].token, requests[1].token, "the control is another secret's signature");
}

/// A credential that is a URL: who asks below it asks with it.
#[tokio::test]
async fn of_a_url_that_is_the_secret_the_control_is_another_url() {
    let issuer = Issuer::start();
    issuer.set_otherwise(Behaviour::Dead);
    let rules = rules("path = \"{below secret}\"\n").replacen(
        "[ { lit = \"lt_\" }",
        "[ { lit = \"https://hooks.invalid/v1/lt_\" }",
        1,
    );
    let (live, dead) = (token("a hook"), token("an old hook"));
    issuer.set(&live, Behaviour::Live);
    for (secret, expected) in [(&live, "live"), (&dead, "dead")] {
        let validator = with_rules(&rules, settings(&issuer));
        let hook = format!("https://hooks.invalid/v1/{secret}");
        assert_eq!(word(&judge(&validator, &hit("loop-token", &hook)).await), expected);
    }
    let lines: Vec<String> = issuer.requests().into_iter().map(|seen| seen.line).collect();
    let asked = |secret: &str| format!("GET /v1/{secret}");
    assert_eq!((&lines[0], &lines[2]), (&asked(&live), &asked(&dead)));
    assert!(lines[1].starts_with("GET /v1/lt_") && lines[1] != lines[0], "{lines:?}");
    // What is no URL is not sent anywhere.
    let validator = with_rules(&rules, settings(&issuer));
    let judgement = judge(&validator, &hit("loop-token", &live)).await;
    assert!(word(&judgement).starts_with("not sent: "), "{}", word(&judgement));
    assert_eq!(issuer.requests().len(), lines.len());
}

fn known_good(issuer: &Issuer, secret: &str, rule: &str) -> Settings {
    let good = KnownGood {
        rule: rule.into(),
        endpoint: Some(issuer.url()),
        parts: [("secret".to_owned(), Secret::from(secret))].into(),
    };
    Settings { known_good: vec![good], ..settings(issuer) }
}

#[tokio::test]
async fn a_denial_beside_one_that_works_says_so_and_the_working_one_is_tried_once() {
    let issuer = Issuer::start();
    let (good, one, two) = (token("good"), token("one"), token("two"));
    issuer.set(&good, Behaviour::Live);
    let validator = validator(known_good(&issuer, &good, "loop-token"));
    for secret in [&one, &two] {
        let judgement = judge(&validator, &hit("loop-token", secret)).await;
        let Verdict::Dead(seen) = &judgement.verdict else { panic!("{judgement:?}") };
        assert!(seen.known_good && seen.control == Control::Denied);
        let kept = serde_json::to_string(&judgement).unwrap();
        assert!(kept.contains("known_good") && !kept.contains(&good));
    }
    assert_eq!(issuer.asked_about(&good), 1);
    // What is accepted needs nothing beside it.
    issuer.set(&one, Behaviour::Live);
    let judgement = judge(&validator, &hit("loop-token", &one)).await;
    assert!(matches!(&judgement.verdict, Verdict::Live(seen) if !seen.known_good));
}

#[tokio::test]
async fn where_one_that_works_is_not_accepted_no_denial_counts() {
    for (name, answer) in [
        ("denied", Behaviour::Dead),
        ("out of order", Behaviour::answer(503, "")),
        ("without an answer", Behaviour::Cut),
    ] {
        let issuer = Issuer::start();
        let (good, secret) = (token("good"), token(name));
        issuer.set(&good, answer);
        let validator = validator(known_good(&issuer, &good, "loop-token"));
        let judgement = judge(&validator, &hit("loop-token", &secret)).await;
        let doubted =
            matches!(&judgement.verdict, Verdict::Indeterminate(Doubt::KnownGoodFailed { .. }));
        assert!(doubted, "{name}: {judgement:?}");
    }
}

#[test]
fn one_that_cannot_be_tried_is_refused_with_its_reason() {
    let issuer = Issuer::start();
    let refused = |rules: &str, rule: &str| {
        let rules = quietus_model::RuleSet::parse([("loop.toml", rules)]).unwrap();
        let settings = known_good(&issuer, "x", rule);
        let made = quietus_validate::Validator::new(rules.into(), settings, fixture::now());
        made.err().unwrap().to_string()
    };
    assert!(refused(RULES, "loop-note").contains("no rule of this name can be asked about"));
    assert!(refused(RULES, "loop-login").contains("its part \"user\" is missing"));
    let counting =
        RULES.replacen("[rule.validate]\n", "[rule.validate]\nfailures_count = true\n", 1);
    assert!(refused(&counting, "loop-token").contains("failed logins count"));
}

/// A rule whose endpoint is that of one universe among several.
fn of_universe(issuer: &Issuer) -> String {
    let endpoint =
        format!("endpoint = \"{}\"\nuniverse = \"https://{{universe}}\"\n", issuer.named_url());
    let companion =
        "\n[[rule.companion]]\nname = \"universe\"\npattern = 'u=([a-z.]+)'\nwithin = 99\n";
    RULES.replacen("endpoint = \"\"\n", &endpoint, 1).replacen(
        "\n[rule.validate]",
        &format!("{companion}\n[rule.validate]"),
        1,
    )
}

#[tokio::test]
async fn what_says_that_it_is_of_another_universe_is_not_asked_about_in_this_one() {
    let issuer = Issuer::start();
    let secret = token("universe");
    let settings = Settings {
        instances: Default::default(),
        allow_private: vec!["127.0.0.0/8".to_owned(), "localhost".to_owned()],
        ..settings(&issuer)
    };
    let validator = with_rules(&of_universe(&issuer), settings);
    let part = |text: &str| Companion { name: "universe".to_owned(), secret: Secret::from(text) };
    let of = |parts: Vec<Companion>| Hit { parts, ..hit("loop-token", &secret) };
    let other = judge(&validator, &of(vec![part("apis.example")])).await;
    assert_eq!(word(&other), Doubt::IssuerUnbound.to_string());
    assert_eq!(issuer.connections(), 0);
    let own = judge(&validator, &of(vec![part("localhost")])).await;
    assert_eq!(word(&own), "dead");
    assert_eq!(word(&judge(&validator, &of(Vec::new())).await), "dead");
}

/// A value that its place may spell in the way of JSON, and what it says then.
fn spelled(name: &str) -> (String, String) {
    let token = token(name);
    let (start, end) = token.split_at(9);
    ([start, r"\/", end].concat(), [start, "/", end].concat())
}

#[tokio::test]
async fn a_value_with_two_readings_is_dead_when_both_are_denied() {
    let issuer = Issuer::start();
    let validator = validator(settings(&issuer));
    let (text, said) = spelled("both");
    let denied = judge(&validator, &hit("loop-token", &text)).await;
    assert_eq!(word(&denied), "dead");
    assert_eq!((issuer.asked_about(&text), issuer.asked_about(&said)), (1, 1));

    for live in [&text, &said] {
        issuer.set(live, Behaviour::Live);
        assert_eq!(word(&judge(&validator, &hit("loop-token", &text)).await), "live");
        // Whatever keeps one reading from being asked keeps the other's denial from counting.
        issuer.set(live, Behaviour::answer(500, ""));
        let unsure = judge(&validator, &hit("loop-token", &text)).await;
        assert_eq!(unsure.verdict, Verdict::Indeterminate(Doubt::Unrecognised { status: 500 }));
        issuer.set(live, Behaviour::Dead);
    }
}

#[tokio::test]
async fn where_failed_logins_count_one_reading_is_tried_and_its_denial_proves_nothing() {
    let issuer = Issuer::start();
    let counting = RULES.replace("issuer = \"loop\"", "issuer = \"loop\"\nfailures_count = true");
    let validator = with_rules(&counting, settings(&issuer));
    let (text, said) = spelled("one");
    let denied = judge(&validator, &hit("loop-token", &text)).await;
    let clause = "bad credentials".to_owned();
    assert_eq!(denied.verdict, Verdict::Indeterminate(Doubt::NeverAccepted { clause }));
    assert_eq!((issuer.asked_about(&text), issuer.asked_about(&said)), (1, 0));
}

#[tokio::test]
async fn a_value_with_two_readings_is_not_revoked_from_here() {
    let issuer = Issuer::start();
    let revoke = "[rule.revoke]\nby = \"holder\"\nmethod = \"DELETE\"\npath = \"/api/me\"\n\
                  headers = { Authorization = \"Bearer {secret}\" }\n\
                  done = [{ name = \"gone\", status = [204] }]\nsource = \"https://loop.invalid\"\n\n";
    let second = "[[rule]]\nid = \"loop-login\"";
    let validator =
        with_rules(&RULES.replace(second, &format!("{revoke}{second}")), settings(&issuer));
    let (text, said) = spelled("revoked");
    for secret in [&text, &said] {
        issuer.set(secret, Behaviour::Live);
        let hit = hit("loop-token", secret);
        let heard = validator.judge(&hit, &[]).await;
        let uncertain = NotRevocable::Uncertain { part: "secret".to_owned() };
        let refused = validator.revoking(&hit, &heard).err();
        assert_eq!(refused, (*secret == text).then_some(uncertain));
    }
}
