//! Who gets in, who does not, and what people try.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/client.rs"]
mod client;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/served.rs"]
mod served;

use client::{Browser, raw};
use quietus_poam::Role;
use served::{Served, Setup};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PAGES: [&str; 5] = ["/", "/items/V-1", "/metrics", "/repositories", "/?q=a%22b"];

#[tokio::test]
async fn nobody_sees_anything_before_they_sign_in() {
    let served = Served::start(13, 0, false).await;
    let nobody = Browser::new(served.address);
    for page in PAGES {
        let answer = nobody.get(page).await;
        let to = answer.is(303).header("location").unwrap();
        assert!(to.starts_with("/sign-in?next=%2F"), "{to}");
        assert!(!answer.body.contains("V-1"));
    }
    nobody.post("/items/V-1/actions/note", &[("note", "x")]).await.is(401);
    nobody.get_with("/", "HX-Request: true\r\n").await.is(401);
    for wrong in ["/enter?key=", "/enter?key=wrong", "/enter"] {
        let answer = nobody.get(wrong).await;
        assert!([400, 403].contains(&answer.status), "{answer:?}");
        assert!(answer.header("set-cookie").is_none());
    }
    for wrong in ["", "quietus_wrong", "' OR 1=1 --"] {
        nobody.post("/sign-in", &[("token", wrong)]).await.is(403).says("lets nobody in");
    }
    assert_eq!(nobody.get("/healthz").await.is(200).body, "ok\n");
}

#[tokio::test]
async fn every_answer_binds_the_browser() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    for path in PAGES.iter().chain(&["/nowhere", "/sign-in", "/healthz", "/assets/quietus.css"]) {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        if !path.starts_with("/assets") {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        }
        assert!(!answer.body.contains("<script>") && !answer.body.contains(" style="), "{path}");
    }
}

#[tokio::test]
async fn a_session_is_always_a_new_one_and_ends() {
    let served = Served::start(13, 0, false).await;
    let token = served.token("ada@example.org", [Role::Analyst]).await;
    let planted = Browser { address: served.address, cookie: "quietus=planted".to_owned() };
    planted.get("/").await.is(303);
    let answer = planted.post("/sign-in", &[("token", &token)]).await;
    let set = answer.is(303).header("set-cookie").unwrap().to_owned();
    assert!(!set.contains("planted"), "{set}");
    for word in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(word), "{set}");
    }
    planted.get("/").await.is(303);
    let one = Browser { cookie: answer.cookie(), ..planted.clone() };
    let two = Browser::signed_in(served.address, &token).await;
    assert_ne!(one.cookie, two.cookie);
    // Another session's key does not fit.
    let stolen = one.get("/").await.hidden("key");
    two.post("/sign-out", &[("key", &stolen)]).await.is(403);
    let key = two.get("/").await.hidden("key");
    two.post("/sign-out", &[("key", &key)]).await.is(303);
    two.get("/").await.is(303);
    one.get("/").await.is(200);
    // Taking the token back ends what it opened.
    let id = served.ledger.tokens().await.unwrap()[0].id.clone();
    assert!(served.ledger.end_token(&id, crowd::now()).await.unwrap());
    one.get("/").await.is(303);
    two.post("/sign-in", &[("token", &token)]).await.is(403);
    // Of a token and a session nothing but digests is kept.
    let database = std::fs::read(served.folder.path().join("ledger.db")).unwrap();
    let log = std::fs::read(served.folder.path().join("ledger.db-wal")).unwrap_or_default();
    for secret in [token.as_str(), one.cookie.split_once('=').unwrap().1] {
        for file in [&database, &log] {
            assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn another_sites_form_does_nothing() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let page = browser.get("/items/V-1").await;
    let (key, version) = (page.hidden("key"), page.hidden("version"));
    let before = served.ledger.head().await.unwrap();
    let form = [("key", key.as_str()), ("version", version.as_str()), ("note", "words")];
    for headers in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: http://127.0.0.1:1\r\n",
    ] {
        browser.post_with("/items/V-1/actions/note", &form, headers).await.is(403);
    }
    for key in ["", "0", &"0".repeat(32)] {
        let form = [("key", key), ("version", version.as_str()), ("note", "words")];
        browser.post("/items/V-1/actions/note", &form).await.is(403).says("another session");
    }
    // What changes something is never done by following a link.
    browser
        .get(&format!("/items/V-1/actions/note?key={key}&version={version}&note=w"))
        .await
        .is(405);
    assert_eq!(served.ledger.head().await.unwrap(), before);
    browser.post("/items/V-1/actions/note", &form).await.is(303);
}

#[tokio::test]
async fn another_name_for_this_machine_is_refused() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let (port, cookie) = (served.address.port(), &browser.cookie);
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("rebound.example:{port}"), 421),
        ("127.0.0.1".to_owned(), 421),
        (String::new(), 421),
    ] {
        let text = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        let answer = raw(served.address, &text).await;
        assert_eq!(answer.status, status, "{host}");
    }
    let none = format!("GET / HTTP/1.1\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    assert!([400, 421].contains(&raw(served.address, &none).await.status));
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let served = Served::start(13, 0, false).await;
    let token = served.token("ada@example.org", [Role::Viewer]).await;
    let nobody = Browser::new(served.address);
    for next in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http://127.0.0.1:1/",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:%20a=b",
        "/items/V-1\r\nSet-Cookie: a=b",
    ] {
        let answer = nobody.post("/sign-in", &[("token", &token), ("next", next)]).await;
        let to = answer.is(303).header("location").unwrap();
        assert!(to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'), "{next}: {to}");
        assert_eq!(answer.head.matches("set-cookie").count(), 1, "{next}");
    }
    let answer = nobody.post("/sign-in", &[("token", &token), ("next", "/?show=live&q=a b")]).await;
    assert_eq!(answer.is(303).header("location"), Some("/?show=live&q=a%20b"));
}

/// Headers that an answer of these pages has.
const HEADERS: [&str; 14] = [
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "location",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "www-authenticate",
];

#[tokio::test]
async fn no_header_is_written_by_a_visitor() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let nobody = Browser::new(served.address);
    let print = crowd::print(1);
    for broken in ["%0d%0aX-Written:%20yes", "%0aX-Written:yes", "%E5%98%8A%E5%98%8DX-Written:yes"]
    {
        for path in [
            format!("/{broken}"),
            format!("/?q={broken}&show=all"),
            format!("/?owner=a&page=1{broken}"),
            format!("/items/V-1{broken}"),
            format!("/items/{}{broken}", &print.to_string()[..12]),
            format!("/items/V-1?done={broken}"),
            format!("/items/V-1/files/{broken}"),
            format!("/repositories?q={broken}"),
            format!("/review?since={broken}"),
            format!("/assets/{broken}"),
            format!("/enter?key={broken}"),
            format!("/sign-in?next=/{broken}"),
            format!("/sign-in/return?state={broken}&code={broken}&error={broken}"),
            format!("/api/v1/items/{broken}"),
        ] {
            for one in [&browser, &nobody] {
                let answer = one.get(&path).await;
                assert_ne!(answer.status, 0, "{path}");
                assert!(answer.status < 500, "{path}: {}", answer.head);
                for line in answer.head.lines().skip(1) {
                    let name = line.split(':').next().unwrap().to_lowercase();
                    assert!(HEADERS.contains(&name.as_str()), "{path}: {line}");
                }
            }
        }
    }
}

#[tokio::test]
async fn each_role_does_what_it_is_given_for() {
    let served = Served::start(26, 0, false).await;
    let items = served.ledger.items().await.unwrap();
    let open = items.iter().find(|item| item.is_active() && item.owner.is_some()).unwrap().id();
    let before = served.ledger.head().await.unwrap();
    for role in Role::ALL {
        let token = served.token(&format!("{role}@example.org"), [role]).await;
        let browser = Browser::signed_in(served.address, &token).await;
        for page in PAGES {
            browser.get(page).await.is(200);
        }
        let page = browser.get(&format!("/items/{open}")).await;
        // Every deed that is offered is of a duty of theirs; each other one is refused with a reason.
        for (deed, duty, form) in [
            ("assign", quietus_poam::Duty::Assign, vec![("to", "somebody")]),
            (
                "waive",
                quietus_poam::Duty::Waive,
                vec![("milestone", "rotate"), ("reason", "nothing uses it any more, I looked")],
            ),
            (
                "cause",
                quietus_poam::Duty::Evidence,
                vec![("cause", "hard-coded"), ("note", "it was pasted into the source")],
            ),
            ("note", quietus_poam::Duty::Remark, vec![("note", "seen")]),
        ] {
            let form_of = format!("action=\"/items/{open}/actions/{deed}\"");
            assert_eq!(page.body.contains(&form_of), role.has(duty), "{role} {deed}");
            if !role.has(duty) {
                let version = served.ledger.find_items(&open).await.unwrap()[0].version.to_string();
                let key = page.hidden("key");
                let mut all = vec![("key", key.as_str()), ("version", version.as_str())];
                all.extend(form);
                let path = format!("/items/{open}/actions/{deed}");
                let answer = browser.post(&path, &all).await;
                answer.is(422).says("Not done: ").says(role.as_str());
            }
        }
    }
    assert_eq!(served.ledger.head().await.unwrap(), before);
}

#[tokio::test]
async fn what_is_too_long_or_too_slow_is_given_up() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let key = browser.get("/items/V-1").await.hidden("key");
    let long = "x".repeat(70 * 1024);
    let form = [("key", key.as_str()), ("version", "1"), ("note", long.as_str())];
    browser.post("/items/V-1/actions/note", &form).await.is(413);
    let heads = format!("X-Long: {}\r\n", "x".repeat(300 * 1024));
    let answer = browser.get_with("/", &heads).await;
    assert!([0, 431].contains(&answer.status), "{}", answer.status);
    let many = "X-Many: y\r\n".repeat(500);
    let answer = browser.get_with("/", &many).await;
    assert!([0, 431].contains(&answer.status), "{}", answer.status);
    // A hundred clients that never finish their request stand in nobody's way.
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
        slow.push(stream);
    }
    let begin = Instant::now();
    browser.get("/").await.is(200);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let mut rest = Vec::new();
    let closed = slow[0].read_to_end(&mut rest);
    tokio::time::timeout(Duration::from_secs(15), closed).await.unwrap().unwrap();
    for text in
        ["\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
    {
        assert!([0, 400].contains(&raw(served.address, text).await.status), "{text:?}");
    }
    browser.get("/").await.is(200);
}

#[tokio::test]
async fn behind_tls_cookies_are_secure_and_there_is_no_link() {
    let url = Some("https://quietus.example.org".to_owned());
    let served = Served::of(Setup { items: 13, url, ..Setup::default() }).await;
    assert_eq!(served.link, "https://quietus.example.org/");
    let token = served.token("ada@example.org", [Role::Viewer]).await;
    let body = format!("token={token}");
    let length = body.len();
    let post = |origin: &str| {
        format!(
            "POST /sign-in HTTP/1.1\r\nHost: quietus.example.org\r\nOrigin: {origin}\r\n\
             Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
    };
    raw(served.address, &post("http://quietus.example.org")).await.is(403);
    let answer = raw(served.address, &post("https://quietus.example.org")).await;
    let set = answer.is(303).header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-quietus=") && set.contains("; Secure"), "{set}");
    assert!(answer.header("strict-transport-security").is_some());
    let local = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", served.address);
    raw(served.address, &local).await.is(421);
}

#[tokio::test]
async fn it_stops_when_it_is_told_to() {
    let mut served = Served::start(0, 0, false).await;
    Browser::new(served.address).get("/healthz").await.is(200);
    served.stop();
    let begin = Instant::now();
    while TcpStream::connect(served.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(begin.elapsed() < Duration::from_secs(10));
    }
}
