//! A host that is too busy for a while: it is left alone, and its repositories are read later that night.

use crate::nights::{FEW, figure, leak, publish};
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A web server that shows folders, as git's oldest protocol asks for them.
struct Host {
    address: SocketAddr,
    /// How many questions are still refused.
    refused: Arc<AtomicUsize>,
    /// When repositories were asked for their refs.
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Host {
    fn start(root: PathBuf, status: u16, refused: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let host = Self { address, refused: Arc::new(refused.into()), asked: Arc::default() };
        let (left, asked) = (Arc::clone(&host.refused), Arc::clone(&host.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut wire = BufReader::new(stream);
                let mut lines = Vec::new();
                for line in wire.by_ref().lines().map_while(Result::ok) {
                    if line.is_empty() {
                        break;
                    }
                    lines.push(line);
                }
                let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else {
                    continue;
                };
                let path = path.split('?').next().unwrap().trim_start_matches('/');
                if path.ends_with("info/refs") {
                    asked.lock().unwrap().push(Instant::now());
                }
                let less = |left: usize| left.checked_sub(1);
                let refuses = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
                let file = std::fs::read(root.join(path)).ok();
                match (refuses, file) {
                    (true, _) => answer(wire.get_mut(), status, b""),
                    (false, Some(bytes)) => answer(wire.get_mut(), 200, &bytes),
                    (false, None) => answer(wire.get_mut(), 404, b""),
                }
            }
        });
        host
    }
}

fn answer(wire: &mut TcpStream, status: u16, body: &[u8]) {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    let _ = wire.write_all(format!("{head}connection: close\r\n\r\n").as_bytes());
    let _ = wire.write_all(body);
}

/// Two repositories of a host, one of them with a leak.
fn fleet(status: u16, refused: usize) -> (Sandbox, Host) {
    let sandbox = Sandbox::new();
    for (name, text) in [("a", leak("busy")), ("b", "nothing\n".to_owned())] {
        publish(&sandbox, name, &[("app.env", &text)]);
        let bare = sandbox.path(format!("forge/{name}.git"));
        let mut git = sandbox.program("git");
        assert!(git.arg("-C").arg(bare).arg("update-server-info").status().unwrap().success());
    }
    let host = Host::start(sandbox.path("forge"), status, refused);
    for name in ["a", "b"] {
        let url = format!("http://{}/{name}.git", host.address);
        sandbox.run(&["repos", "add", &url, "--name", name]).exits(0);
    }
    (sandbox, host)
}

fn outcomes(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let pieces = lines.filter(|line| line["event"] == "repository");
    pieces.map(|line| line["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_host_that_is_asked_too_much_is_left_alone_for_a_while() {
    let (sandbox, host) = fleet(429, 1);
    let options = ["--at-once", "1", "--rest", "2s", "--log", "json"];
    let ran = sandbox.run(&[&FEW[..], &options].concat());
    let night = ran.exits(1).json();
    assert_eq!(["complete", "unobservable", "failed"].map(|name| figure(&night, name)), [2, 0, 1]);
    assert_eq!(outcomes(&ran.err()), ["postponed", "complete", "complete"], "{}", ran.err());
    let asked = host.asked.lock().unwrap();
    // The other repository is of the same host, and had to wait as well.
    let rested = asked[1].duration_since(asked[0]);
    assert!(rested.as_millis() >= 1500, "{rested:?}");
    for line in ran.err().lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        assert!(line["at"].is_string() && line["worker"].is_string(), "{line}");
        assert_eq!(line["night"], night["night"]);
    }
}

#[test]
fn what_cannot_be_fetched_again_and_again_is_unobservable_and_the_others_are_read() {
    let (sandbox, _host) = fleet(502, 3);
    let options = ["--at-once", "1", "--rest", "0s", "--log", "json"];
    let ran = sandbox.run(&[&FEW[..], &options].concat());
    let night = ran.exits(3).json();
    assert_eq!(["complete", "unobservable"].map(|name| figure(&night, name)), [1, 1]);
    let outcomes = outcomes(&ran.err());
    assert_eq!(outcomes.iter().filter(|one| *one == "postponed").count(), 2, "{outcomes:?}");
}
