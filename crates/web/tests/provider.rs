//! Signing in with an OpenID provider: who gets in, as what, and all that lets nobody in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/client.rs"]
mod client;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/served.rs"]
mod served;
#[path = "support/standin.rs"]
mod standin;

use client::{Answer, Browser};
use data_encoding::BASE64URL_NOPAD;
use quietus_poam::{Actor, Role, Roles};
use serde_json::{Value, json};
use served::{Served, Setup};
use standin::{ISSUER, Says, StandIn};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

static CODES: AtomicUsize = AtomicUsize::new(0);

async fn site() -> (Served, Arc<StandIn>) {
    site_with(0).await
}

async fn site_with(items: usize) -> (Served, Arc<StandIn>) {
    let standin = StandIn::new();
    let provider = Some(standin.provider());
    (Served::of(Setup { items, provider, ..Setup::default() }).await, standin)
}

/// A browser that the site sent to the provider, and what it was sent there with.
struct Away {
    browser: Browser,
    to: String,
    asked: BTreeMap<String, String>,
}

impl Away {
    async fn from(served: &Served, next: &str) -> Self {
        let browser = Browser::new(served.address);
        let answer = browser.get(&format!("/sign-in/provider?next={next}")).await;
        let to = answer.is(303).header("location").unwrap().to_owned();
        let query = to.split_once('?').unwrap().1;
        let asked = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let browser = Browser { cookie: answer.cookie(), ..browser };
        Self { browser, to, asked }
    }

    /// What the provider sends it back with.
    fn answer(&self) -> String {
        let number = CODES.fetch_add(1, Ordering::SeqCst);
        let code = StandIn::code(&self.asked["nonce"], &self.asked["code_challenge"], number);
        format!("code={code}&state={}", self.asked["state"])
    }

    async fn back(&self) -> Answer {
        self.browser.get(&format!("/sign-in/return?{}", self.answer())).await
    }
}

/// The session that an answer opens, if it opens one.
fn session(answer: &Answer) -> Option<String> {
    let set = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let mut pairs = set.filter_map(|text| text.split(';').next());
    pairs.find(|pair| pair.starts_with("quietus=")).map(str::to_owned)
}

#[tokio::test]
async fn somebody_signs_in_and_holds_what_their_groups_hold() {
    let (served, _standin) = site_with(13).await;
    let page = Browser::new(served.address).get("/sign-in?next=/metrics").await;
    page.is(200).says("href=\"/sign-in/provider?next=%2Fmetrics\"");
    page.says("Sign in with login.example.org");
    let away = Away::from(&served, "/items/V-1%3Fhistory=all").await;
    assert!(away.to.starts_with(&format!("{ISSUER}/authorize?tenant=1&")), "{}", away.to);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "quietus"),
        ("scope", "openid email groups"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &format!("http://{}/sign-in/return", served.address)),
    ] {
        assert_eq!(away.asked[name], value);
    }
    // Neither the client's secret nor what proves who asked goes through the browser.
    assert!(!away.to.contains("words") && !away.to.contains("verifier="), "{}", away.to);
    let answer = away.back().await;
    assert_eq!(answer.is(303).header("location"), Some("/items/V-1?history=all"));
    let cookie = session(&answer).unwrap();
    assert!(answer.head.contains("Max-Age=7200") && answer.head.contains("quietus-attempt=;"));
    let browser = Browser { cookie, ..away.browser.clone() };
    browser.get("/").await.is(200).says("ann@example.org").says("you: analyst");
    browser.act("V-1", "note", &[("note", "seen by ann")]).await.is(303);
    let item = &served.ledger.find_items("V-1").await.unwrap()[0];
    let by = &item.history.last().unwrap().by;
    let Actor::Person { id, authenticated, roles, .. } = by else { panic!("{by:?}") };
    assert_eq!((id.as_str(), authenticated), ("ann@example.org", &true));
    assert_eq!(*roles, Roles::held([Role::Analyst]));
    // It ends when the configuration says.
    served.minutes.store(121, Ordering::SeqCst);
    browser.get("/").await.is(303);
}

#[tokio::test]
async fn what_the_id_token_leaves_out_is_asked_for() {
    let (served, standin) = site().await;
    let email = json!({ "sub": "7", "email": "ann@example.org", "email_verified": "true",
        "groups": "secops", "iss": "https://evil.example", "aud": "evil" });
    standin.change(|says| {
        let claims = says.claims.as_object_mut().unwrap();
        claims.retain(|name, _| !name.starts_with("email") && name != "groups");
        says.person = email;
    });
    let answer = Away::from(&served, "/").await.back().await;
    answer.is(303);
    assert!(session(&answer).is_some());
    for wrong in [
        json!({ "sub": "8", "email": "boss@example.org", "email_verified": true,
        "groups": ["secops"] }),
        json!({ "email": "boss@example.org" }),
        json!([]),
        Value::Null,
    ] {
        standin.change(|says| says.person = wrong.clone());
        let answer = Away::from(&served, "/").await.back().await;
        answer.is(403).says("does not speak of who signed in");
        assert_eq!(session(&answer), None, "{wrong}");
    }
}

type Change = (&'static str, &'static str, fn(&mut Says));

fn flipped(token: String) -> String {
    let (text, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    bytes[10] ^= 1;
    format!("{text}.{}", BASE64URL_NOPAD.encode(&bytes))
}

fn unsigned(token: String) -> String {
    let (text, _) = token.rsplit_once('.').unwrap();
    format!("{text}.")
}

/// Other claims under the signature of the first ones.
fn swapped(token: String) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = BASE64URL_NOPAD.decode(parts[1].as_bytes()).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["email"] = "boss@example.org".into();
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    format!("{}.{claims}.{}", parts[0], parts[2])
}

fn ago(seconds: i64) -> Value {
    (crowd::now().as_second() - seconds).into()
}

/// What is changed, why it is refused, and the change.
const WRONG: [Change; 33] = [
    ("signature", "does not hold", |says| says.spoil = flipped),
    ("claims", "does not hold", |says| says.spoil = swapped),
    ("no signature", "does not hold", |says| says.spoil = unsigned),
    ("no token", "not signed in a way", |_| ()),
    ("alg none", "not signed in a way", |says| says.header["alg"] = "none".into()),
    ("shared key", "shared key", |says| says.header["alg"] = "HS256".into()),
    ("another algorithm", "none of its keys", |says| says.header["alg"] = "RS256".into()),
    ("crit", "not known here", |says| says.header["crit"] = json!(["b64"])),
    ("another key", "does not hold", |says| says.other_key = true),
    ("unknown key", "none of its keys", |says| says.header["kid"] = "9".into()),
    ("a key to encrypt", "none of its keys", |says| says.keys["keys"][1]["use"] = "enc".into()),
    ("no keys", "none of its keys", |says| says.keys = json!({})),
    ("issuer", "does not hold", |says| says.claims["iss"] = "https://evil.example".into()),
    ("issuer and a slash", "does not hold", |says| {
        says.claims["iss"] = format!("{ISSUER}/").into();
    }),
    ("audience", "does not hold", |says| says.claims["aud"] = "another".into()),
    ("several audiences", "another client", |says| says.claims["aud"] = json!(["quietus", "x"])),
    ("party", "another client", |says| says.claims["azp"] = "another".into()),
    ("expired", "has expired", |says| says.claims["exp"] = ago(61)),
    ("never expires", "does not hold", |says| {
        drop(says.claims.as_object_mut().unwrap().remove("exp"));
    }),
    ("expires in words", "does not hold", |says| says.claims["exp"] = "never".into()),
    ("from tomorrow", "time to come", |says| says.claims["iat"] = ago(-86_400)),
    ("not yet", "time to come", |says| says.claims["nbf"] = ago(-600)),
    ("no time", "time to come", |says| drop(says.claims.as_object_mut().unwrap().remove("iat"))),
    ("nobody", "does not hold", |says| drop(says.claims.as_object_mut().unwrap().remove("sub"))),
    ("nonce", "another sign-in", |says| says.claims["nonce"] = "planted".into()),
    ("address", "not verified", |says| says.claims["email_verified"] = false.into()),
    ("account of a machine", "is none", |says| says.claims["email"] = "os:0@host".into()),
    ("groups", "has a role here", |says| says.claims["groups"] = json!(["others"])),
    ("no groups", "has a role here", |says| says.claims["groups"] = json!(null)),
    ("code", "HTTP 500", |says| says.token_answer = Some((500, "<b>x</b>".to_owned()))),
    ("answer", "no ID token", |says| says.token_answer = Some((200, "{}".to_owned()))),
    ("another provider", "another provider", |says| {
        says.metadata["authorization_response_iss_parameter_supported"] = true.into();
    }),
    ("out of reach", "cannot be asked", |says| says.unreachable = true),
];

#[tokio::test]
async fn what_does_not_fit_lets_nobody_in() {
    for (what, why, change) in WRONG {
        let (served, standin) = site().await;
        let away = match what {
            // Said before anybody is sent there.
            "another provider" => {
                standin.change(change);
                Away::from(&served, "/").await
            }
            _ => {
                let away = Away::from(&served, "/").await;
                standin.change(change);
                away
            }
        };
        if what == "no token" {
            standin.change(|says| says.spoil = |_| "x".to_owned());
        }
        let answer = away.back().await;
        assert!([403, 503].contains(&answer.status), "{what}: {answer:?}");
        assert!(answer.body.contains(why), "{what}: {}", answer.body);
        assert_eq!(session(&answer), None, "{what}");
        assert!(answer.body.contains("<form method=\"post\" action=\"/sign-in\">"), "{what}");
        assert!(!answer.body.contains("<b>"), "{what}");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_the_configured_one_is_never_visited() {
    let changes: [fn(&mut Says); 6] = [
        |says| says.metadata["issuer"] = "https://evil.example".into(),
        |says| says.metadata["issuer"] = format!("{ISSUER}/").into(),
        |says| says.metadata["token_endpoint"] = "http://login.example.org/token".into(),
        |says| says.metadata["authorization_endpoint"] = "javascript:alert(1)".into(),
        |says| says.metadata["code_challenge_methods_supported"] = json!(["plain"]),
        |says| says.metadata = json!({}),
    ];
    for change in changes {
        let (served, standin) = site().await;
        standin.change(change);
        let answer = Browser::new(served.address).get("/sign-in/provider").await;
        answer.is(403).says("not believed");
        assert!(answer.header("location").is_none() && answer.header("set-cookie").is_none());
        // Once it is right again people get in.
        standin.change(|says| *says = StandIn::new().says.lock().unwrap().clone());
        assert_eq!(Browser::new(served.address).get("/sign-in/provider").await.status, 303);
    }
}

#[tokio::test]
async fn an_attempt_belongs_to_the_browser_that_began_it() {
    let (served, _standin) = site().await;
    let (mine, theirs) = (Away::from(&served, "/").await, Away::from(&served, "/").await);
    assert_ne!(mine.asked["state"], theirs.asked["state"]);
    let not_begun = "was not begun in this browser";
    // A link with somebody else's code, so that a victim works in the account of the attacker.
    let planted = format!("/sign-in/return?{}", theirs.answer());
    for browser in [&mine.browser, &Browser::new(served.address)] {
        let answer = browser.get(&planted).await;
        answer.is(403).says(not_begun);
        assert_eq!(session(&answer), None);
    }
    for query in ["", "code=x", "state=", "state=x&code=y", "error=access_denied"] {
        mine.browser.get(&format!("/sign-in/return?{query}")).await.is(403).says(not_begun);
    }
    // With one's own state, but the code of another: it was asked for by another verifier.
    let code = theirs.answer().split('&').next().unwrap().to_owned();
    let mixed = format!("/sign-in/return?{code}&state={}", mine.asked["state"]);
    mine.browser.get(&mixed).await.is(403).says("HTTP 400 invalid grant");
    // A code lets in once.
    let own = format!("/sign-in/return?{}", mine.answer());
    assert!(session(&mine.browser.get(&own).await).is_some());
    assert_eq!(session(&mine.browser.get(&own).await), None);
    // What the provider says is told in words, and nothing that stands in an address is repeated.
    let state = &theirs.asked["state"];
    let said = |error: &str| format!("/sign-in/return?state={state}&error={error}");
    theirs.browser.get(&said("access_denied")).await.is(403).says("(access denied)");
    let answer = theirs.browser.get(&said("%3Cscript%3Ealert(1)&error_description=call+me")).await;
    answer.is(403).says("it gave no reason").never_says("call me").never_says("alert(1)");
    let other = format!("/sign-in/return?{}&iss=https://evil.example", theirs.answer());
    theirs.browser.get(&other).await.is(403).says("another provider");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_the_provider() {
    let (served, _standin) = site().await;
    for next in ["https://evil.example/", "//evil.example", "%0d%0aSet-Cookie:%20a=b", "%5Cevil"] {
        let answer = Away::from(&served, next).await.back().await;
        let to = answer.is(303).header("location").unwrap();
        assert!(to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'), "{next}: {to}");
        assert!(!answer.head.contains("a=b\r\n"), "{}", answer.head);
    }
    // Nor by a cookie that somebody planted.
    let away = Away::from(&served, "/").await;
    let secret = away.browser.cookie.split_once('.').unwrap().0;
    for next in ["https://evil.example/", "//evil.example"] {
        let cookie = format!("{secret}.{}", BASE64URL_NOPAD.encode(next.as_bytes()));
        let planted = Browser { cookie, ..away.browser.clone() };
        let answer = planted.get(&format!("/sign-in/return?{}", away.answer())).await;
        assert_eq!(answer.is(303).header("location"), Some("/"), "{next}");
    }
}

#[tokio::test]
async fn strangers_cannot_make_it_ask_the_provider_without_end() {
    let (served, standin) = site().await;
    standin.change(|says| says.header["kid"] = "unknown".into());
    for _ in 0..20 {
        Away::from(&served, "/").await.back().await.is(403);
    }
    let asked = standin.asked.lock().unwrap().clone();
    assert_eq!(asked["/.well-known/openid-configuration"], 1);
    assert_eq!(asked["/keys"], 1);
    // Keys are changed now and then: a minute later they are read again.
    served.minutes.store(2, Ordering::SeqCst);
    standin.change(|says| {
        says.keys["keys"][1]["kid"] = "unknown".into();
        // A clock that goes on.
        says.claims["exp"] = ago(-600);
    });
    assert!(session(&Away::from(&served, "/").await.back().await).is_some());
}

#[tokio::test]
async fn where_no_provider_is_configured_there_is_none() {
    let served = Served::start(0, 0, false).await;
    let browser = Browser::new(served.address);
    browser.get("/sign-in").await.is(200).never_says("Sign in with");
    browser.get("/sign-in/provider").await.is(404);
    browser.get("/sign-in/return?code=x&state=y").await.is(404);
}
