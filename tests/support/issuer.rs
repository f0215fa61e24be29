//! A stand-in issuer on loopback: https by its own test CA, answers scripted by token.
//!
//! It speaks just enough HTTP/1.1 (one request a connection) and keeps what it was asked, so that
//! a test can prove that something was *not* sent.

#![allow(dead_code, reason = "each test that includes this file uses its own part of it")]
#![expect(clippy::expect_used, reason = "a test's own parts are right or the test fails")]

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// How the issuer treats a token.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// 200 with a JSON identity, scopes in `x-scopes`, a request id and a date.
    Live,
    /// 401 with `{"message":"Bad credentials"}`.
    Dead,
    /// 403 with `{"message":"missing scope"}`.
    Restricted,
    /// This very answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// Headers beside `content-length` and `connection`.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// Takes the request and never answers.
    Hang,
    /// One byte of the body every 100 ms, for ever.
    Drip,
    /// One byte of a header every 100 ms, for ever.
    DripHead,
    /// 200 with a body that is shorter than its `content-length`.
    Truncated,
    /// 200 with a body that never ends.
    Endless,
    /// Closes the connection in the middle of the status line.
    Cut,
    /// The first one once, the second one ever after.
    Once(Box<Behaviour>, Box<Behaviour>),
}

impl Behaviour {
    /// An answer without headers.
    pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into() }
    }

    /// The same answer with one more header; other behaviours stay as they are.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// One request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Method and path with query.
    pub(crate) line: String,
    /// Headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// The token, wherever it was sent.
    pub(crate) token: String,
}

/// The issuer. It stops when dropped.
pub(crate) struct Issuer {
    address: SocketAddr,
    https: bool,
    ca_pem: String,
    shared: Arc<Shared>,
}

struct Shared {
    behaviours: Mutex<HashMap<String, Behaviour>>,
    otherwise: Mutex<Behaviour>,
    requests: Mutex<Vec<Seen>>,
    connections: Mutex<usize>,
    stop: AtomicBool,
}

impl Issuer {
    /// Starts an https issuer on a free port of 127.0.0.1. It denies tokens it does not know.
    pub(crate) fn start() -> Self {
        let (config, ca_pem) = tls();
        Self::listen(Some(config), ca_pem)
    }

    /// Starts one that speaks plain http.
    pub(crate) fn start_http() -> Self {
        Self::listen(None, String::new())
    }

    fn listen(tls: Option<Arc<ServerConfig>>, ca_pem: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            behaviours: Mutex::default(),
            otherwise: Mutex::new(Behaviour::Dead),
            requests: Mutex::default(),
            connections: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let https = tls.is_some();
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared, tls) = (stream, Arc::clone(&served), tls.clone()) else {
                    continue;
                };
                *lock(&served.connections) += 1;
                thread::spawn(move || serve(stream, tls, &shared));
            }
        });
        Self { address, https, ca_pem, shared }
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.address)
    }

    /// `https://localhost:PORT`: the same issuer by name.
    pub(crate) fn named_url(&self) -> String {
        self.url().replace("127.0.0.1", "localhost")
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The certificate of its CA.
    pub(crate) fn ca_pem(&self) -> Vec<u8> {
        self.ca_pem.clone().into_bytes()
    }

    /// From now on treats `token` like this.
    pub(crate) fn set(&self, token: &str, behaviour: Behaviour) {
        lock(&self.shared.behaviours).insert(token.to_owned(), behaviour);
    }

    /// Treats `token` like `first` once, and like `next` ever after.
    pub(crate) fn set_once(&self, token: &str, first: Behaviour, next: Behaviour) {
        self.set(token, Behaviour::Once(Box::new(first), Box::new(next)));
    }

    /// Treats `token` as it does now so many times more, then like `first` once, and like `next`
    /// ever after.
    pub(crate) fn set_after(&self, token: &str, times: usize, first: Behaviour, next: Behaviour) {
        let known = lock(&self.shared.behaviours).get(token).cloned();
        let known = known.unwrap_or_else(|| lock(&self.shared.otherwise).clone());
        let then = Behaviour::Once(Box::new(first), Box::new(next));
        let more = |next, _| Behaviour::Once(Box::new(known.clone()), Box::new(next));
        self.set(token, (0..times).fold(then, more));
    }

    /// From now on treats every other token like this.
    pub(crate) fn set_otherwise(&self, behaviour: Behaviour) {
        *lock(&self.shared.otherwise) = behaviour;
    }

    /// Every request so far, in order.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        lock(&self.shared.requests).clone()
    }

    /// How many requests held `token`.
    pub(crate) fn asked_about(&self, token: &str) -> usize {
        self.requests().iter().filter(|seen| seen.token == token).count()
    }

    /// How many connections were opened, even if nothing was sent over them.
    pub(crate) fn connections(&self) -> usize {
        *lock(&self.shared.connections)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees that it must stop.
        drop(TcpStream::connect(self.address));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panicked with the lock")
}

/// A certificate for 127.0.0.1 and localhost, with its key, and the CA that signed it.
pub(crate) struct Papers {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: KeyPair,
    pub(crate) ca_pem: String,
}

/// Those of a fresh CA.
pub(crate) fn papers() -> Papers {
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca_params = CertificateParams::new(Vec::new()).expect("no names");
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = ca_params.self_signed(&ca_key).expect("a CA");
    let issuer = rcgen::Issuer::new(ca_params, ca_key);
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(names).expect("names");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    Papers { certificate, key, ca_pem: ca.pem() }
}

/// A server for 127.0.0.1 and localhost with a certificate of a fresh CA.
pub(crate) fn tls() -> (Arc<ServerConfig>, String) {
    let papers = papers();
    (serving(&papers), papers.ca_pem)
}

/// A server with these papers.
pub(crate) fn serving(papers: &Papers) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(papers.key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![papers.certificate.der().clone()], key)
        .expect("certificate and key agree");
    Arc::new(config)
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    match tls {
        Some(config) => {
            let connection = ServerConnection::new(config).expect("a valid configuration");
            let mut wire = StreamOwned::new(connection, stream);
            // A peer that goes away is part of the tests.
            let _ = answer(&mut wire, shared);
            wire.conn.send_close_notify();
            let _ = wire.flush();
        }
        None => {
            let mut wire = stream;
            let _ = answer(&mut wire, shared);
        }
    }
}

fn answer(wire: &mut dyn Wire, shared: &Shared) -> std::io::Result<()> {
    let seen = read_request(wire)?;
    let mut behaviour = {
        let known = lock(&shared.behaviours).get(&seen.token).cloned();
        known.unwrap_or_else(|| lock(&shared.otherwise).clone())
    };
    if let Behaviour::Once(first, next) = behaviour {
        lock(&shared.behaviours).insert(seen.token.clone(), *next);
        behaviour = *first;
    }
    lock(&shared.requests).push(seen);
    let plain = |status, headers: &[(&str, &str)], body: &str| {
        let headers: Vec<_> =
            headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        whole(status, &headers, body.as_bytes())
    };
    let json = ("content-type", "application/json");
    match behaviour {
        Behaviour::Live => wire.write_all(&plain(
            200,
            &[
                json,
                ("x-scopes", "read, admin"),
                ("x-request-id", "req-0001"),
                ("date", "Mon, 05 Jan 2026 10:00:00 GMT"),
            ],
            r#"{"login":"robot","id":7,"mail":"robot@example.org"}"#,
        )),
        Behaviour::Dead => {
            let headers = [json, ("x-request-id", "req-0002")];
            wire.write_all(&plain(401, &headers, r#"{"message":"Bad credentials"}"#))
        }
        Behaviour::Restricted => {
            wire.write_all(&plain(403, &[json], r#"{"message":"missing scope"}"#))
        }
        Behaviour::Answer { status, headers, body } => {
            wire.write_all(&whole(status, &headers, &body))
        }
        Behaviour::Hang => wait(shared, |_| Ok(()), wire),
        Behaviour::Drip => {
            wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")?;
            wait(shared, |wire| wire.write_all(b" ").and_then(|()| wire.flush()), wire)
        }
        Behaviour::DripHead => {
            wire.write_all(b"HTTP/1.1 200 OK\r\nx-drip: ")?;
            wait(shared, |wire| wire.write_all(b"x").and_then(|()| wire.flush()), wire)
        }
        Behaviour::Truncated => {
            wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?;
            wire.write_all(br#"{"login":"robot","id":7}"#)
        }
        Behaviour::Endless => {
            wire.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            while !shared.stop.load(Ordering::SeqCst) {
                wire.write_all(b"400\r\n")?;
                wire.write_all(&[b'x'; 0x400])?;
                wire.write_all(b"\r\n")?;
            }
            Ok(())
        }
        Behaviour::Once(..) => Ok(()),
        Behaviour::Cut => wire.write_all(b"HTTP/1.1 20"),
    }?;
    wire.flush()
}

/// Holds the connection until the issuer stops or the peer goes away.
fn wait(
    shared: &Shared,
    mut each: impl FnMut(&mut dyn Wire) -> std::io::Result<()>,
    wire: &mut dyn Wire,
) -> std::io::Result<()> {
    while !shared.stop.load(Ordering::SeqCst) {
        each(wire)?;
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn whole(status: u16, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status} Scripted\r\n").into_bytes();
    for (name, value) in headers {
        out.extend(format!("{name}: {value}\r\n").bytes());
    }
    out.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).bytes());
    out.extend_from_slice(body);
    out
}

fn read_request(wire: &mut dyn Wire) -> std::io::Result<Seen> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        wire.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    wire.read_exact(&mut body)?;
    let token = header("authorization")
        .and_then(|value| value.split_whitespace().last())
        .or_else(|| header("private-token"))
        .or_else(|| header("x-vault-token"))
        .or_else(|| header("x-api-key"))
        .map_or_else(|| line.rsplit('/').next().unwrap_or_default().to_owned(), str::to_owned);
    Ok(Seen { line, headers, body, token })
}
