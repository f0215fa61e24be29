//! Files that show something: what is attached, what is refused and leaves nothing behind, and what
//! is given back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/client.rs"]
mod client;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/served.rs"]
mod served;

use client::{Answer, Browser, raw};
use quietus_model::Digest;
use quietus_poam::{PoamItem, Role};
use served::{GIVEAWAY, Served, Setup};

/// What a browser fills in and sends with a file.
struct Sent<'a> {
    key: &'a str,
    version: &'a str,
    note: &'a str,
    until: &'a str,
    name: &'a str,
    text: &'a str,
}

impl Sent<'_> {
    async fn to(&self, browser: &Browser, id: &str) -> Answer {
        let fields = [
            ("key", self.key),
            ("version", self.version),
            ("note", self.note),
            ("until", self.until),
        ];
        let part = |(name, value): (&str, &str)| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let mut body: String = fields.into_iter().map(part).collect();
        body.push_str(&format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: text/html\r\n\r\n{}\r\n--edge--\r\n",
            self.name, self.text
        ));
        let (host, cookie, length) = (browser.address, &browser.cookie, body.len());
        let head = format!(
            "POST /items/{id}/actions/attach HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\
             Origin: http://{host}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {length}\r\n\r\n"
        );
        raw(browser.address, &(head + &body)).await
    }
}

/// How many files are kept.
fn kept(served: &Served) -> usize {
    let folder = std::fs::read_dir(served.folder.path().join("evidence"));
    folder.map_or(0, |files| files.count())
}

async fn item(served: &Served, id: &str) -> PoamItem {
    served.ledger.find_items(id).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_file_is_kept_recorded_shown_and_given_back() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let page = browser.get("/items/V-1").await;
    page.is(200).says("enctype=\"multipart/form-data\"").never_says("Files that show something");
    let (key, version) = (page.hidden("key"), page.hidden("version"));
    let text = "<script>alert(1)</script> was taken back";
    let sent = Sent {
        key: &key,
        version: &version,
        note: "the console says <b>revoked</b>",
        until: "2027-01-31",
        name: "..\\..\\/etc/a <b>\u{202e}page.html",
        text,
    };
    let answer = sent.to(&browser, "V-1").await;
    assert_eq!(answer.is(303).header("location"), Some("/items/V-1?done=attach"));
    let recorded = item(&served, "V-1").await;
    let file = &recorded.attachments[0].attachment;
    let digest = Digest::of(text.as_bytes());
    assert_eq!((&file.digest, file.size), (&digest, text.len() as u64));
    assert!(file.name.as_str().starts_with("a <b>") && !file.name.as_str().contains('/'));
    assert_eq!(file.collected, crowd::now());
    let page = browser.get("/items/V-1?done=attach").await;
    page.is(200).says("Files that show something").says("counts until 2027-01-31");
    page.says("the console says &#60;b&#62;revoked").says(digest.as_str()).says("Recorded: ");
    // What is said next may name it.
    page.says(&format!("<option value=\"{digest}\">"));
    let address = format!("/items/V-1/files/{digest}");
    let copy = browser.get(&address).await;
    assert_eq!(copy.is(200).body, text);
    assert_eq!(copy.header("content-type"), Some("application/octet-stream"));
    assert_eq!(copy.header("x-content-type-options"), Some("nosniff"));
    let save = copy.header("content-disposition").unwrap();
    let begin = format!("attachment; filename=\"{}-a__b_", &digest.as_str()[..12]);
    assert!(save.starts_with(&begin) && save.ends_with("page.html\""), "{save}");
    assert!(save.is_ascii() && save.matches('"').count() == 2, "{save}");
    // Not to strangers, not for another item, not what was altered since.
    Browser::new(served.address).get(&address).await.is(303);
    browser.get(&format!("/items/V-2/files/{digest}")).await.is(404);
    for wrong in ["x", "..%2f..%2fledger.db", &"0".repeat(64)] {
        browser.get(&format!("/items/V-1/files/{wrong}")).await.is(404);
    }
    let path = served.folder.path().join("evidence").join(digest.as_str());
    std::fs::write(path, "another text").unwrap();
    browser.get(&address).await.is(409).never_says("another text");
    served.ledger.verify().await.unwrap();
}

#[tokio::test]
async fn what_is_refused_leaves_no_copy_behind() {
    let served = Served::start(13, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let page = browser.get("/items/V-1").await;
    let (key, version) = (page.hidden("key"), page.hidden("version"));
    let before = served.ledger.head().await.unwrap();
    let good = || Sent {
        key: &key,
        version: &version,
        note: "the console says so",
        until: "",
        name: "page.txt",
        text: "a page",
    };
    let leak = format!("a page on which {GIVEAWAY}");
    let long = "x".repeat(9 << 20);
    for (sent, status, why) in [
        (Sent { key: "another", ..good() }, 403, "another session"),
        (Sent { text: &leak, ..good() }, 422, "page.txt holds a credential"),
        (Sent { text: "", ..good() }, 422, "no file was chosen"),
        (Sent { name: "", ..good() }, 422, "no file was chosen"),
        (Sent { note: "", ..good() }, 422, "Not done: "),
        (Sent { until: "soon", ..good() }, 422, "is no date"),
        (Sent { until: "2020-01-01", ..good() }, 422, "collect it anew"),
        (Sent { version: "0", ..good() }, 409, "changed this item"),
    ] {
        sent.to(&browser, "V-1").await.is(status).says(why);
    }
    let answer = Sent { text: &long, ..good() }.to(&browser, "V-1").await;
    assert!([0, 413].contains(&answer.status), "{}", answer.status);
    // A form that has no parts, and one that is none.
    let form = [("key", key.as_str()), ("version", version.as_str())];
    browser.post("/items/V-1/actions/attach", &form).await.is(400);
    let token = served.token("val@example.org", [Role::Viewer]).await;
    let viewer = Browser::signed_in(served.address, &token).await;
    let own = viewer.get("/items/V-1").await;
    own.never_says("actions/attach\"");
    let own = own.hidden("key");
    Sent { key: &own, ..good() }.to(&viewer, "V-1").await.is(422).says("viewer");
    assert_eq!(kept(&served), 0);
    assert_eq!(served.ledger.head().await.unwrap(), before);
    // The same form, with nothing wrong in it.
    good().to(&browser, "V-1").await.is(303);
    let again = Sent { version: &item(&served, "V-1").await.version.to_string(), ..good() };
    again.to(&browser, "V-1").await.is(422).says("attached");
    assert_eq!(kept(&served), 1);
}

#[tokio::test]
async fn where_nothing_is_kept_nobody_is_offered_to_attach() {
    let served = Served::of(Setup { items: 13, keeps_files: false, ..Setup::default() }).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let page = browser.get("/items/V-1").await;
    page.is(200).never_says("type=\"file\"").says("<code>quietus item act ID attach FILE</code>");
}
