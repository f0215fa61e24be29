//! Every way an issuer can answer, and the one verdict it must get.

mod fixture;

use fixture::issuer::{Behaviour, Issuer};
use fixture::{RULES, hit, judge, login, now, settings, token, validator, with_rules, word};
use quietus_model::{
    Binding, Companion, Control, Doubt, Hit, Judgement, Observation, Secret, Verdict,
};
use quietus_validate::Settings;
use std::time::Duration;

fn bad_credentials() -> Behaviour {
    Behaviour::answer(401, r#"{"message":"Bad credentials"}"#)
}

/// Answers with what must be made of them.
fn answers(elsewhere: &Issuer) -> Vec<(&'static str, Behaviour, &'static str)> {
    let page = "<!DOCTYPE html><html><title>Log in to the network</title>Bad credentials</html>";
    let moved = |status| Behaviour::answer(status, "").with_header("location", &elsewhere.url());
    vec![
        ("live", Behaviour::Live, "live"),
        ("restricted", Behaviour::Restricted, "restricted"),
        ("dead", Behaviour::Dead, "dead"),
        ("bare 401", Behaviour::answer(401, ""), "an answer that proves nothing (HTTP 401)"),
        ("bare 403", Behaviour::answer(403, ""), "an answer that proves nothing (HTTP 403)"),
        ("404", Behaviour::answer(404, "{}"), "an answer that proves nothing (HTTP 404)"),
        (
            "other words",
            Behaviour::answer(401, r#"{"message":"Requires authentication"}"#),
            "an answer that proves nothing (HTTP 401)",
        ),
        (
            "dead words, wrong status",
            Behaviour::answer(403, r#"{"message":"Bad credentials"}"#),
            "an answer that proves nothing (HTTP 403)",
        ),
        ("429", Behaviour::answer(429, ""), "the issuer asked to wait"),
        (
            "429 with time",
            Behaviour::answer(429, "").with_header("retry-after", "60"),
            "the issuer asked to wait",
        ),
        (
            "a denial that asks to wait",
            bad_credentials().with_header("Retry-After", "60"),
            "the issuer asked to wait",
        ),
        (
            "403 with time",
            Behaviour::answer(403, "{}").with_header("retry-after", "1"),
            "the issuer asked to wait",
        ),
        ("408", Behaviour::answer(408, ""), "an answer that proves nothing (HTTP 408)"),
        ("500", Behaviour::answer(500, ""), "an answer that proves nothing (HTTP 500)"),
        (
            "502 in dead words",
            Behaviour::answer(502, r#"{"message":"Bad credentials"}"#),
            "an answer that proves nothing (HTTP 502)",
        ),
        ("301", moved(301), "a redirect, not followed (HTTP 301)"),
        ("302", moved(302), "a redirect, not followed (HTTP 302)"),
        ("307", moved(307), "a redirect, not followed (HTTP 307)"),
        ("page", Behaviour::answer(200, page), "an answer that proves nothing (HTTP 200)"),
        ("page 401", Behaviour::answer(401, page), "an answer that proves nothing (HTTP 401)"),
        ("empty", Behaviour::answer(200, ""), "an answer that proves nothing (HTTP 200)"),
        (
            "other content",
            Behaviour::answer(200, r#"["login"]"#),
            "an answer that proves nothing (HTTP 200)",
        ),
        (
            "half a body",
            Behaviour::answer(200, r#"{"login":"robot""#),
            "an answer that proves nothing (HTTP 200)",
        ),
        ("truncated", Behaviour::Truncated, "no answer (the answer broke off)"),
        ("endless", Behaviour::Endless, "an answer that proves nothing (HTTP 200)"),
        ("hang", Behaviour::Hang, "no answer (no whole answer within 1.5 s)"),
        ("drip", Behaviour::Drip, "no answer (no whole answer within 1.5 s)"),
    ]
}

#[tokio::test]
async fn each_answer_gets_exactly_its_verdict() {
    let (issuer, elsewhere) = (Issuer::start(), Issuer::start());
    let limit = Duration::from_millis(1500);
    for (name, behaviour, expected) in answers(&elsewhere) {
        let validator = validator(Settings { timeout: limit, ..settings(&issuer) });
        let token = token(name);
        issuer.set(&token, behaviour);
        let judgement = judge(&validator, &hit("loop-token", &token)).await;
        assert_eq!(word(&judgement), expected, "{name}");
        assert_eq!(issuer.asked_about(&token), 1, "{name}: asked once, never again by itself");
    }
    assert_eq!(elsewhere.connections(), 0, "no redirect was followed");
}

#[tokio::test]
async fn an_answer_cut_in_its_status_line_is_no_answer() {
    let issuer = Issuer::start();
    let token = token("cut");
    issuer.set(&token, Behaviour::Cut);
    let judgement = judge(&validator(settings(&issuer)), &hit("loop-token", &token)).await;
    assert!(word(&judgement).starts_with("no answer ("), "{}", word(&judgement));
}

#[tokio::test]
async fn a_live_answer_is_evidence() {
    let issuer = Issuer::start();
    let token = token("live");
    issuer.set(&token, Behaviour::Live);
    let judgement = judge(&validator(settings(&issuer)), &hit("loop-token", &token)).await;
    let Verdict::Live(seen) = &judgement.verdict else { panic!("{judgement:?}") };
    assert_eq!((seen.status, seen.clause.as_str(), seen.custom), (200, "who am I", false));
    assert_eq!(seen.request_id.as_ref().unwrap().as_str(), "req-0001");
    assert!(seen.issuer_date.as_ref().unwrap().as_str().contains("Jan 2026"));
    assert_eq!(seen.identity.privileged, Some(true));
    assert_eq!(seen.identity.fields[0].1.as_str(), "robot");
    assert_eq!((seen.control, seen.vantage.as_str()), (Control::Denied, "local"));
    assert_eq!(judgement.target.issuer, "loop");
    assert_eq!(judgement.target.endpoint, issuer.url());
    assert_eq!(judgement.binding, Binding::Listed { instances: vec![issuer.url()] });
    assert_eq!(judgement.at, now());
    let asked = &issuer.requests()[0];
    assert_eq!(asked.line, "GET /api/me");
    let header = |name: &str| asked.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v);
    assert!(header("user-agent").unwrap().contains("credential owner's security check"));
    assert_eq!((header("cookie"), header("referer")), (None, None));
}

#[tokio::test]
async fn nothing_that_is_kept_holds_the_secret() {
    let (issuer, elsewhere) = (Issuer::start(), Issuer::start());
    let limit = Duration::from_millis(500);
    let mut behaviours: Vec<_> =
        answers(&elsewhere).into_iter().map(|(name, behaviour, _)| (name, behaviour)).collect();
    let echoing = token("echo");
    let body = format!(r#"{{"login":"is {echoing}","id":"x{echoing}"}}"#);
    let echo = Behaviour::answer(200, body)
        .with_header("x-scopes", &format!("read {echoing}"))
        .with_header("x-request-id", &format!("for {echoing}"))
        .with_header("date", &echoing);
    behaviours.push(("echo", echo));
    for (name, behaviour) in behaviours {
        let token = token(name);
        issuer.set(&token, behaviour);
        let validator = validator(Settings { timeout: limit, ..settings(&issuer) });
        let judgements = validator.judge(&hit("loop-token", &token), &[]).await;
        let kept = format!("{} {judgements:?}", serde_json::to_string(&judgements).unwrap());
        assert!(!kept.contains(&token), "{name}: {kept}");
        // Nor any piece of it beyond the public prefix.
        assert!(!kept.contains(&token[3..15]), "{name}: {kept}");
        assert_eq!(name == "echo", kept.contains("[secret]"), "{name}: {kept}");
    }
}

#[tokio::test]
async fn the_control_is_sent_once_an_endpoint() {
    let issuer = Issuer::start();
    let validator = validator(settings(&issuer));
    let hits: Vec<_> = ["one", "two", "three"]
        .map(|name| {
            issuer.set(&token(name), Behaviour::Live);
            hit("loop-token", &token(name))
        })
        .into();
    let (one, two) = tokio::join!(judge(&validator, &hits[0]), judge(&validator, &hits[1]));
    let three = judge(&validator, &hits[2]).await;
    for judgement in [one, two, three] {
        assert_eq!(word(&judgement), "live");
    }
    let ours = ["one", "two", "three"].map(token);
    let seen = issuer.requests();
    let controls: Vec<_> = seen.iter().filter(|seen| !ours.contains(&seen.token)).collect();
    assert_eq!((seen.len(), controls.len()), (4, 1));
    let fabricated = &controls[0].token;
    assert!(fabricated.starts_with("lt_") && fabricated.len() == ours[0].len(), "same shape");
}

#[tokio::test]
async fn a_control_has_the_public_parts_of_the_credential_and_one_that_failed_is_sent_again() {
    let issuer = Issuer::start();
    let secret = token("paired").replace("lt_", "lp_");
    let pair = |user: &str| data_encoding::BASE64.encode(format!("{user}:{secret}").as_bytes());
    issuer.set(&pair("alice"), Behaviour::Live);
    issuer.set(&pair("bob"), Behaviour::Live);
    issuer.set_otherwise(Behaviour::answer(404, "no such user"));
    let validator = validator(settings(&issuer));
    let first = judge(&validator, &login(&secret, &["alice"])).await;
    assert!(word(&first).contains("HTTP 404"), "{first:?}");
    issuer.set_otherwise(Behaviour::Dead);
    assert_eq!(word(&judge(&validator, &login(&secret, &["bob"])).await), "live");
    let sent: Vec<String> = issuer
        .requests()
        .iter()
        .map(|seen| data_encoding::BASE64.decode(seen.token.as_bytes()).unwrap())
        .map(|pair| String::from_utf8(pair).unwrap())
        .collect();
    let own = |user: &str| format!("{user}:{secret}");
    assert_eq!((sent.len(), &sent[0], &sent[2]), (4, &own("alice"), &own("bob")));
    assert!(sent[1].starts_with("alice:lp_") && sent[1] != sent[0], "{sent:?}");
    assert!(sent[3].starts_with("bob:lp_") && sent[3] != sent[2], "{sent:?}");
}

#[tokio::test]
async fn an_endpoint_that_accepts_anything_decides_nothing() {
    let issuer = Issuer::start();
    let validator = validator(settings(&issuer));
    issuer.set_otherwise(Behaviour::Live);
    issuer.set(&token("dead"), Behaviour::Dead);
    let dead = hit("loop-token", &token("dead"));
    let denied = judge(&validator, &dead).await;
    assert_eq!(denied.verdict, Verdict::Indeterminate(Doubt::NonDiscriminating));
    let live = judge(&validator, &hit("loop-token", &token("any"))).await;
    assert_eq!(live.verdict, Verdict::Indeterminate(Doubt::NonDiscriminating));
}

#[tokio::test]
async fn a_live_without_a_denied_control_is_not_believed() {
    for (control, detail) in [
        (Behaviour::answer(500, ""), "HTTP 500"),
        (Behaviour::answer(401, ""), "HTTP 401"),
        (Behaviour::answer(302, "").with_header("location", "/"), "redirect"),
        (Behaviour::answer(429, ""), "wait"),
        (bad_credentials().with_header("retry-after", "9"), "wait"),
    ] {
        let issuer = Issuer::start();
        issuer.set(&token("live"), Behaviour::Live);
        issuer.set_otherwise(control);
        let hit = hit("loop-token", &token("live"));
        let judgement = judge(&validator(settings(&issuer)), &hit).await;
        let Verdict::Indeterminate(Doubt::ControlFailed { detail: said }) = &judgement.verdict
        else {
            panic!("{judgement:?}")
        };
        assert!(said.contains(detail), "{said}");
    }
    let issuer = Issuer::start();
    issuer.set(&token("live"), Behaviour::Live);
    let shapeless = RULES.replace("shape.parts = [ { lit = \"lt_\" }", "tags = []\n#");
    let validator = with_rules(&shapeless, settings(&issuer));
    let judgement = judge(&validator, &hit("loop-token", &token("live"))).await;
    assert!(word(&judgement).contains("no shape to fabricate a secret from"), "{judgement:?}");
    assert_eq!(issuer.requests().len(), 1);
}

#[tokio::test]
async fn a_refused_clause_denies_the_control_and_nothing_else() {
    let issuer = Issuer::start();
    issuer.set(&token("live"), Behaviour::Live);
    issuer.set_otherwise(Behaviour::answer(401, ""));
    let refused = "refused = [ { name = \"bare\", status = [401] } ]\nidentity.scopes";
    let validator = with_rules(&RULES.replace("identity.scopes", refused), settings(&issuer));
    let live = judge(&validator, &hit("loop-token", &token("live"))).await;
    assert_eq!(word(&live), "live");
    let denied = judge(&validator, &hit("loop-token", &token("denied"))).await;
    assert_eq!(denied.verdict, Verdict::Indeterminate(Doubt::Unrecognised { status: 401 }));
}

#[tokio::test]
async fn where_failed_logins_count_no_control_is_sent() {
    let issuer = Issuer::start();
    issuer.set(&token("live"), Behaviour::Live);
    let counting = RULES.replace("issuer = \"loop\"", "issuer = \"loop\"\nfailures_count = true");
    let validator = with_rules(&counting, settings(&issuer));
    let judgement = judge(&validator, &hit("loop-token", &token("live"))).await;
    let Verdict::Live(seen) = &judgement.verdict else { panic!("{judgement:?}") };
    assert_eq!(seen.control, Control::NotSent);
    assert_eq!(issuer.requests().len(), 1);
}

#[tokio::test]
async fn a_denial_by_an_unconfirmed_recipe_proves_nothing() {
    let recalled = RULES.replace("basis = \"documented\"", "basis = \"recalled\"");
    let source = "source = \"https://loop.invalid/docs/errors\"";
    let invented = RULES.replace(source, "invented = true");
    for rules in [recalled, invented] {
        let issuer = Issuer::start();
        issuer.set(&token("live"), Behaviour::Live);
        let validator = with_rules(&rules, settings(&issuer));
        let dead = judge(&validator, &hit("loop-token", &token("dead"))).await;
        let clause = "bad credentials".to_owned();
        assert_eq!(dead.verdict, Verdict::Indeterminate(Doubt::Unconfirmed { clause }));
        let live = judge(&validator, &hit("loop-token", &token("live"))).await;
        assert_eq!(word(&live), "live", "it may still report live");
    }
}

/// A key whose secret signs, whose id may be unknown, and that may be of either of two partitions.
const SIGNED: &str = r#"
[provider]
id = "loop"
name = "Loop"

[[rule]]
id = "loop-pair"
name = "Loop pair"
severity = "high"
confidence = "high"
anchors = ["li_"]
pattern = '(?P<id>li_[0-9a-f]{24})'
shape.parts = [ { lit = "li_" }, { chars = "0-9a-f", len = 24 } ]

[[rule.companion]]
name = "secret"
pattern = 'lt_[0-9a-f]{24}'
within = 200
required = true
shape.parts = [ { lit = "lt_" }, { chars = "0-9a-f", len = 24 } ]

[rule.validate]
issuer = "loop"
endpoint = ""
self_hosted = false
method = "POST"
path = "/"
body = "Action=Who"
sign = { scheme = "aws-sigv4", service = "sts" }
basis = "documented"
source = "https://loop.invalid/docs"
live = [ { name = "who", status = [200], json = [ { at = "/Who/Account" } ] } ]
dead = [ { name = "unknown id", status = [403], json = [ { at = "/Error/Code", is = "Unknown" } ] } ]

[[rule.validate.answer]]
outcome = "dead"
status = 403
body = '<Error><Code>Unknown</Code></Error>'
source = "https://loop.invalid/docs/errors"
"#;

#[tokio::test]
async fn a_signed_request_holds_no_secret_and_a_pair_that_was_never_accepted_is_told() {
    let issuer = Issuer::start();
    issuer.set_otherwise(Behaviour::answer(403, "<Error><Code>Unknown</Code></Error>"));
    let secret = token("signs");
    let id = Companion { name: "id".to_owned(), secret: Secret::from("li_0123") };
    let hit = Hit { parts: vec![id], ..hit("loop-pair", &secret) };
    let validator = with_rules(SIGNED, settings(&issuer));
    let denied = judge(&validator, &hit).await;
    assert!(denied.verdict.observation().unwrap().unpaired);
    for request in issuer.requests() {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(n, _)| n == name);
            found.map(|(_, value)| value.clone()).unwrap()
        };
        assert_eq!(
            (header("x-amz-date").as_str(), &*request.body),
            ("20260105T120000Z", &b"Action=Who"[..])
        );
        assert!(header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=li_"));
        let all = format!("{request:?}");
        assert!(!all.contains(&secret), "{all}");
    }

    // Once the issuer had accepted the pair, its denial is one of the secret as well.
    let live = Verdict::Live(denied.verdict.observation().unwrap().clone());
    let earlier = vec![Judgement { at: now(), verdict: live, ..denied.clone() }];
    let again = with_rules(SIGNED, settings(&issuer)).judge(&hit, &earlier).await;
    assert!(matches!(&again[0].verdict, Verdict::Dead(seen) if !seen.unpaired), "{again:?}");
}

#[tokio::test]
async fn words_that_a_live_one_can_meet_too_deny_what_was_accepted_from_here_before() {
    let issuer = Issuer::start();
    issuer.set_otherwise(Behaviour::answer(403, "<Error><Code>Unknown</Code></Error>"));
    let secret = token("moved");
    let id = Companion { name: "id".to_owned(), secret: Secret::from("li_0123") };
    let hit = Hit { parts: vec![id], ..hit("loop-pair", &secret) };
    let clause = "name = \"unknown id\", ";
    let rules = SIGNED.replace(clause, &format!("{clause}after_live = true, "));
    assert_ne!(rules, SIGNED);
    let ask = async |rules: &str, earlier: &[Judgement]| {
        with_rules(rules, settings(&issuer)).judge(&hit, earlier).await.remove(0)
    };
    let denied = ask(SIGNED, &[]).await;
    let seen = denied.verdict.observation().unwrap().clone();
    let never = Verdict::Indeterminate(Doubt::NeverAccepted { clause: "unknown id".into() });
    assert_eq!(ask(&rules, &[]).await.verdict, never);
    let elsewhere = Observation { vantage: "elsewhere".into(), ..seen.clone() };
    let live = |seen| vec![Judgement { verdict: Verdict::Live(seen), ..denied.clone() }];
    assert_eq!(ask(&rules, &live(elsewhere)).await.verdict, never);
    assert!(matches!(ask(&rules, &live(seen)).await.verdict, Verdict::Dead(_)));
}

#[tokio::test]
async fn every_listed_instance_is_asked_and_an_override_is_custom() {
    let (one, two) = (Issuer::start(), Issuer::start());
    let token = token("there");
    two.set(&token, Behaviour::Live);
    let mut both = settings(&one);
    both.instances.insert("loop".into(), vec![one.url(), two.url()]);
    both.allow_private.push(two.host());
    both.ca_pem = Some([one.ca_pem(), two.ca_pem()].concat());
    let judgements = validator(both.clone()).judge(&hit("loop-token", &token), &[]).await;
    let mut words: Vec<_> =
        judgements.iter().map(|j| (j.target.endpoint.clone(), word(j))).collect();
    words.sort();
    let mut expected = [(one.url(), "dead".to_owned()), (two.url(), "live".to_owned())];
    expected.sort();
    assert_eq!(words, expected);
    for judgement in &judgements {
        let Binding::Listed { instances } = &judgement.binding else { panic!("{judgement:?}") };
        assert_eq!(instances.len(), 2);
    }
    both.instances.clear();
    both.endpoints.insert("loop".into(), two.url());
    let judgement = judge(&validator(both), &hit("loop-token", &token)).await;
    assert_eq!(judgement.binding, Binding::Unbound);
    assert!(judgement.verdict.observation().unwrap().custom);
}

#[tokio::test]
async fn a_verdict_by_a_rule_of_the_user_is_custom() {
    let issuer = Issuer::start();
    for own in [false, true] {
        let mut settings = settings(&issuer);
        settings.custom_rules.extend(own.then(|| "loop-token".into()));
        let judgement = judge(&validator(settings), &hit("loop-token", &token("x"))).await;
        assert_eq!(judgement.verdict.observation().unwrap().custom, own);
    }
}

#[tokio::test]
async fn a_pair_among_several_can_be_live_and_never_dead() {
    let issuer = Issuer::start();
    let validator = validator(settings(&issuer));
    let secret = token("pair").replace("lt_", "lp_");
    let only = judge(&validator, &login(&secret, &["alice"])).await;
    assert_eq!(word(&only), "dead", "one candidate, and the issuer denies the pair");
    let planted = judge(&validator, &login(&secret, &["mallory", "alice"])).await;
    let part = "user".to_owned();
    assert_eq!(planted.verdict, Verdict::Indeterminate(Doubt::Incomplete { part }));
    let pair = data_encoding::BASE64.encode(format!("alice:{secret}").as_bytes());
    issuer.set(&pair, Behaviour::Live);
    let found = judge(&validator, &login(&secret, &["mallory", "alice"])).await;
    assert_eq!(word(&found), "live");
    let missing = judge(&validator, &login(&secret, &[])).await;
    assert_eq!(word(&missing), "its part \"user\" was not found");
}

#[tokio::test]
async fn several_candidates_are_tried_up_to_a_few() {
    let issuer = Issuer::start();
    let secret = token("many").replace("lt_", "lp_");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    judge(&validator(settings(&issuer)), &login(&secret, &names)).await;
    // Four pairings, and one control for all of them.
    assert_eq!(issuer.requests().len(), 5);
}

#[tokio::test]
async fn without_recipe_or_instance_there_is_one_doubt() {
    let validator = validator(Settings::default());
    let judgement = judge(&validator, &hit("loop-token", &token("x"))).await;
    assert_eq!(judgement.verdict, Verdict::Indeterminate(Doubt::IssuerUnbound));
    assert_eq!(judgement.target.issuer, "loop");
    for rule in ["loop-note", "no-such-rule"] {
        let judgement = judge(&validator, &hit(rule, "ln_1")).await;
        assert_eq!(judgement.verdict, Verdict::Indeterminate(Doubt::NoRecipe));
        assert_eq!(judgement.target.issuer, rule);
    }
}
