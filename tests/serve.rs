//! `quietus serve` and `quietus token`: who is let in, from the command line to the page, and that no
//! page holds a byte of a secret.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "fleet/postgres.rs"]
mod postgres;
#[path = "support/sandbox.rs"]
mod sandbox;
#[allow(dead_code, reason = "this test uses its own part of it")]
#[path = "support/server.rs"]
mod server;
#[path = "serve/sign_in.rs"]
mod sign_in;
#[path = "support/tools.rs"]
mod tools;

use canary::token;
use sandbox::Sandbox;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// A command that serves, ended when it is dropped.
struct Serving {
    child: Child,
    address: String,
    link: String,
}

impl Serving {
    fn start(sandbox: &Sandbox) -> Self {
        Self::start_at(sandbox, 0)
    }

    fn start_at(sandbox: &Sandbox, port: u16) -> Self {
        Self::start_with(sandbox, port, &[])
    }

    fn start_with(sandbox: &Sandbox, port: u16, more: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut command = sandbox.command(&["serve", "--listen", &listen, "--quiet"]);
        command.args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let link = line.trim().to_owned();
        let address = link.split('/').nth(2).unwrap().to_owned();
        Self { child, address, link }
    }

    fn get(&self, path: &str, headers: &str) -> String {
        self.ask("GET", path, headers, "")
    }

    fn post(&self, path: &str, headers: &str, form: &str) -> String {
        let length = form.len();
        let headers = format!(
            "{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
        );
        self.ask("POST", path, &headers, form)
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The cookie header of whoever opens the printed link.
    fn enter(&self) -> String {
        let path = format!("/{}", self.link.splitn(4, '/').nth(3).unwrap());
        let answer = self.get(&path, "");
        let set = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
        format!("Cookie: {}\r\n", set["set-cookie: ".len()..].split(';').next().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tracked(sandbox: &Sandbox) -> String {
    let secret = token("serve");
    let repository = sandbox.repository("work/app");
    repository.commit("prod.env", format!("TOKEN={secret}\n"), "add");
    sandbox.run(&["track", repository.arg()]).exits(1);
    secret
}

#[test]
fn what_was_tracked_is_on_the_page_and_the_secret_is_not() {
    let sandbox = Sandbox::new();
    let secret = tracked(&sandbox);
    let serving = Serving::start(&sandbox);
    assert!(serving.get("/", "").starts_with("HTTP/1.1 303"), "nobody is signed in");
    let cookie = serving.enter();
    for page in ["/", "/items/V-1", "/items/V-1?view=print", "/metrics", "/repositories", "/review"]
    {
        let answer = serving.get(page, &cookie);
        assert!(answer.starts_with("HTTP/1.1 200"), "{page}: {answer}");
        assert!(!answer.contains(&secret), "{page} holds the secret");
    }
    assert!(serving.get("/", &cookie).contains("prod.env:1"));
    // What the command line does is seen on the page.
    sandbox.run(&["item", "assign", "V-1", "the blue team"]).exits(0);
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert!(serving.get("/items/V-1", &cookie).contains("the blue team"));
}

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let from = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&from).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}

/// Somebody looks, acts, attaches nothing that holds the secret, and stays signed in while the
/// command is started anew.
fn reviewed_at(ledger: &str) {
    let sandbox = Sandbox::new();
    let secret = token("engine");
    let repository = sandbox.repository("work/app");
    repository.commit("prod.env", format!("TOKEN={secret}\n"), "add");
    let named = ["--ledger", ledger];
    let run = |arguments: &[&str]| sandbox.run(&[arguments, &named[..]].concat());
    run(&["track", repository.arg()]).exits(1);
    let made = run(&["token", "new", "--for", "ann@example.org", "--role", "analyst"]);
    let value = made.exits(0).out().trim().to_owned();
    let serving = Serving::start_with(&sandbox, 0, &named);
    let port = serving.address.rsplit(':').next().unwrap().parse().unwrap();
    let origin = format!("Origin: http://{}\r\n", serving.address);
    let signed = serving.post("/sign-in", &origin, &format!("token={value}"));
    let set = signed.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    let cookie = set["set-cookie: ".len()..].split(';').next().unwrap();
    let ann = format!("Cookie: {cookie}\r\n{origin}");
    for page in ["/", "/items/V-1", "/metrics", "/repositories", "/review"] {
        let answer = serving.get(page, &ann);
        assert!(answer.starts_with("HTTP/1.1 200"), "{page}: {answer}");
        assert!(!answer.contains(&secret), "{page} holds the secret");
    }
    drop(serving);
    // The session lies with the ledger and not in the process.
    let serving = Serving::start_with(&sandbox, port, &named);
    let page = serving.get("/items/V-1", &ann);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("prod.env:1"), "{page}");
    let (key, version) = (hidden(&page, "key"), hidden(&page, "version"));
    let form = format!("key={key}&version={version}&note=looked+at+on+the+page");
    let done = serving.post("/items/V-1/actions/note", &ann, &form);
    assert!(done.starts_with("HTTP/1.1 303"), "{done}");
    let told = run(&["item", "show", "V-1"]);
    let told = told.exits(0).out();
    assert!(told.contains("looked at on the page") && told.contains("ann@example.org"), "{told}");
    let left = serving.post("/sign-out", &ann, &format!("key={key}"));
    assert!(left.starts_with("HTTP/1.1 303"), "{left}");
    assert!(serving.get("/", &ann).starts_with("HTTP/1.1 303"), "the session has ended");
    run(&["ledger", "verify"]).exits(0);
}

#[test]
fn pages_and_sessions_lie_in_an_embedded_ledger() {
    let folder = tempfile::tempdir().unwrap();
    reviewed_at(&format!("sqlite://{}", folder.path().join("ledger.db").display()));
}

#[test]
fn pages_and_sessions_lie_in_a_ledger_on_postgresql() {
    let Some(server) = postgres::Postgres::start("") else { return };
    reviewed_at(&server.url());
    server.sql(
        "DO $$ BEGIN IF (SELECT count(*) FROM access_token) <> 1 THEN RAISE EXCEPTION 'the token lies \
         elsewhere'; END IF; END $$",
    );
}

/// What somebody sends is looked through by the rules, as at the command line.
#[test]
fn a_file_with_a_credential_is_not_attached_on_the_page() {
    let sandbox = Sandbox::new();
    let secret = tracked(&sandbox);
    let serving = Serving::start(&sandbox);
    let cookie = serving.enter();
    let origin = format!("Origin: http://{}\r\n", serving.address);
    let send = |text: &str| {
        let page = serving.get("/items/V-1", &cookie);
        let (key, version) = (hidden(&page, "key"), hidden(&page, "version"));
        let mut body = String::new();
        for (name, value) in [("key", &*key), ("version", &*version), ("note", "as of today")] {
            let part = "--edge\r\nContent-Disposition: form-data; name=";
            body.push_str(&format!("{part}\"{name}\"\r\n\r\n{value}\r\n"));
        }
        body.push_str(&format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"page.txt\"\r\n\r\n\
             {text}\r\n--edge--\r\n"
        ));
        let length = body.len();
        let headers = format!(
            "{cookie}{origin}Content-Type: multipart/form-data; boundary=edge\r\n\
             Content-Length: {length}\r\n"
        );
        serving.ask("POST", "/items/V-1/actions/attach", &headers, &body)
    };
    let refused = send(&format!("the console shows TOKEN={secret}"));
    assert!(refused.starts_with("HTTP/1.1 422"), "{refused}");
    assert!(refused.contains("holds a credential") && !refused.contains(&secret), "{refused}");
    let evidence = sandbox.ledger().parent().unwrap().join("evidence");
    assert!(!evidence.exists(), "nothing of it is kept");
    let done = send("the console says that it was revoked");
    assert!(done.starts_with("HTTP/1.1 303"), "{done}");
    let listed = sandbox.run(&["item", "evidence", "V-1"]);
    let listed = listed.exits(0).out();
    assert!(listed.contains("page.txt") && listed.contains("as of today"), "{listed}");
}

#[test]
fn tokens_are_made_listed_and_taken_back() {
    let sandbox = Sandbox::new();
    tracked(&sandbox);
    assert_eq!(
        sandbox
            .run(&["token", "list", "--format", "json"])
            .exits(0)
            .json()
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let new =
        ["token", "new", "--for", "robot@example.org", "--role", "viewer", "--role", "auditor"];
    let made = sandbox.run(&new);
    let value = made.exits(0).out().trim().to_owned();
    made.complains(&["robot@example.org", "viewer, auditor", "not shown again"]);
    let listed = sandbox.run(&["token", "list", "--format", "json"]).exits(0).json();
    assert_eq!(listed[0]["for"], "robot@example.org");
    assert_eq!(listed[0]["valid"], true);
    assert!(!listed.to_string().contains(&value));
    let serving = Serving::start(&sandbox);
    let bearer = format!("Authorization: Bearer {value}\r\n");
    let answer = serving.get("/api/v1/items", &bearer);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"total\":1"), "{answer}");
    sandbox.run(&["token", "revoke", listed[0]["id"].as_str().unwrap()]).exits(0);
    assert!(serving.get("/api/v1/items", &bearer).starts_with("HTTP/1.1 401"));
    sandbox.run(&["token", "revoke", "nothing"]).exits(2).complains(&["no token \"nothing\""]);
    sandbox.run(&["token", "new", "--for", " ", "--role", "viewer"]).exits(2).complains(&["--for"]);
    sandbox.run(&["token", "new", "--for", "x", "--role", "boss"]).exits(2).complains(&["boss"]);
    let ledger = std::fs::read(sandbox.ledger()).unwrap();
    assert!(!ledger.windows(value.len()).any(|window| window == value.as_bytes()));
    sandbox.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn other_machines_need_a_token_and_an_encrypted_address() {
    let sandbox = Sandbox::new();
    tracked(&sandbox);
    let everywhere = ["serve", "--listen", "0.0.0.0:0"];
    sandbox.run(&everywhere).exits(2).complains(&["--url https://"]);
    let plain = [&everywhere[..], &["--url", "http://quietus.example.org"]].concat();
    sandbox.run(&plain).exits(2).complains(&["not encrypted"]);
    let encrypted = [&everywhere[..], &["--url", "https://quietus.example.org"]].concat();
    sandbox.run(&encrypted).exits(2).complains(&["quietus token new"]);
    // Behind a server of this machine that speaks TLS the link of the terminal opens nothing either.
    let behind = ["serve", "--listen", "127.0.0.1:0", "--url", "https://quietus.example.org"];
    sandbox.run(&behind).exits(2).complains(&["quietus token new"]);
}

#[test]
fn a_provider_that_would_let_nobody_or_anybody_in_is_refused() {
    let sandbox = Sandbox::new();
    tracked(&sandbox);
    let own = "issuer = \"https://login.example.org\"\nclient_id = \"quietus\"\n";
    let roles = "[sign_in.roles]\nviewer = [\"*\"]\n";
    for (section, why) in [
        (format!("{}{roles}", own.replace("https", "http")), "https address"),
        (format!("{}{roles}", own.replace("\"quietus\"", "\"\"")), "client_id is empty"),
        (own.to_owned(), "would have a role"),
        (format!("{own}session_hours = 48\n{roles}"), "must be 1 to 24"),
        (format!("{own}client_secret_file = \"nowhere\"\n{roles}"), "nowhere"),
        (format!("{own}secret = \"x\"\n{roles}"), "unknown field"),
        (format!("{own}[sign_in.roles]\nboss = [\"*\"]\n"), "boss"),
    ] {
        sandbox.write("config/quietus/config.toml", format!("[sign_in]\n{section}"));
        let ran = sandbox.run(&["serve", "--listen", "127.0.0.1:0"]);
        ran.exits(2).complains(&[why]);
    }
}
