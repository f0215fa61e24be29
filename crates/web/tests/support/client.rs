//! A client that sends exactly what a test says, and keeps cookies only when told.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses its own part; a test fails by panicking"
)]

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &str| line.split_once(':').map(|(known, _)| known.to_lowercase());
        let found = self.head.lines().find(|one| line(one).as_deref() == Some(name))?;
        Some(found.split_once(':').unwrap().1.trim())
    }

    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }

    pub fn says(&self, words: &str) -> &Self {
        assert!(self.body.contains(words), "does not say {words:?}:\n{}", self.body);
        self
    }

    pub fn never_says(&self, words: &str) -> &Self {
        assert!(!self.body.contains(words), "says {words:?}:\n{}", self.body);
        self
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let from = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&from).unwrap_or_else(|| panic!("no {name} in {}", self.body));
        let rest = &self.body[at + from.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    }

    /// The cookie it sets, as it is sent back.
    pub fn cookie(&self) -> String {
        let set = self.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {}", self.head));
        set.split(';').next().unwrap().to_owned()
    }
}

/// Sends `head` (without Host and Connection) and `body`, and reads the whole answer.
pub async fn raw(address: SocketAddr, text: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // One that is refused early may close before all was sent.
    let _ = stream.write_all(text.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A browser as far as a server can tell, without scripts.
#[derive(Clone)]
pub struct Browser {
    pub address: SocketAddr,
    pub cookie: String,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookie: String::new() }
    }

    /// One that opened the link that the site printed.
    pub async fn entered(address: SocketAddr, link: &str) -> Self {
        let mut browser = Self::new(address);
        let path = link.splitn(4, '/').nth(3).unwrap();
        let answer = browser.get(&format!("/{path}")).await;
        browser.cookie = answer.is(303).cookie();
        browser
    }

    /// One that signed in with a token.
    pub async fn signed_in(address: SocketAddr, token: &str) -> Self {
        let mut browser = Self::new(address);
        let answer = browser.post("/sign-in", &[("token", token)]).await;
        browser.cookie = answer.is(303).cookie();
        browser
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, "").await
    }

    pub async fn get_with(&self, path: &str, headers: &str) -> Answer {
        let (host, cookie) = (self.address, &self.cookie);
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n{headers}\r\n"
        );
        raw(self.address, &text).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let origin = format!("Origin: http://{}\r\n", self.address);
        self.post_with(path, form, &origin).await
    }

    pub async fn post_with(&self, path: &str, form: &[(&str, &str)], headers: &str) -> Answer {
        let (host, cookie) = (self.address, &self.cookie);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let length = body.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
             {headers}\r\n{body}"
        );
        raw(self.address, &text).await
    }

    /// Fills in the form of an action on the page of an item, as it was served.
    pub async fn act(&self, id: &str, deed: &str, form: &[(&str, &str)]) -> Answer {
        let page = self.get(&format!("/items/{id}")).await;
        let (key, version) = (page.is(200).hidden("key"), page.hidden("version"));
        let mut all = vec![("key", key.as_str()), ("version", version.as_str())];
        all.extend(form);
        self.post(&format!("/items/{id}/actions/{deed}"), &all).await
    }
}
