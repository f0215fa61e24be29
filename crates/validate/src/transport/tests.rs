//! Whom the transport reaches, and whom it never does.

use super::*;
use crate::resolve::Found;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

async fn sent(url: &str, allowed: &str) -> Failure {
    let settings =
        Settings { allow_private: vec!["127.0.0.0/8".to_owned()], ..Settings::default() };
    let origin = Origin::of(&Url::parse(allowed).unwrap()).unwrap();
    let transport = Transport::new(&settings, [origin]).unwrap();
    let (url, body) = (Url::parse(url).unwrap(), Secret::from(""));
    let call = Call { method: Method::Get, url: &url, headers: &[], body: &body, again: true };
    transport.send(call).await.err().unwrap()
}

#[tokio::test]
async fn only_named_origins_are_reached() {
    // Nothing listens on port 1, so an admitted call is told by "connection refused".
    let named = "https://127.0.0.1:1";
    assert_eq!(
        sent("https://127.0.0.1:1/me", named).await,
        Failure::Unreachable("connection refused".to_owned())
    );
    for other in ["https://127.0.0.1:2/", "http://127.0.0.1:1/", "https://127.0.0.2:1/"] {
        let Failure::Refused(detail) = sent(other, named).await else { panic!("{other}") };
        assert!(detail.contains("names this host"), "{detail}");
    }
}

#[test]
fn one_private_address_among_public_ones_is_refused() {
    let origin = Origin::of(&Url::parse("https://x.example").unwrap()).unwrap();
    let transport = Transport::new(&Settings::default(), [origin.clone()]).unwrap();
    let (public, private) = (IpAddr::from([1, 1, 1, 1]), IpAddr::from([169, 254, 169, 254]));
    assert!(transport.permit(&origin, &[public]).is_ok());
    assert!(transport.permit(&origin, &[public, private]).is_err());
}

#[test]
fn settings_that_cannot_be_are_named() {
    let failed = |settings: Settings| Transport::new(&settings, []).err().unwrap();
    let pem = |text: &str| Settings { ca_pem: Some(text.into()), ..Settings::default() };
    let broken = format!("-----{0} X-----\nAAAA\n-----END X-----\n", "BEGIN");
    for text in ["", "no certificate", &broken] {
        let error = failed(pem(text));
        assert!(matches!(error, SettingsError::Certificates { .. }), "{error}");
    }
    for proxy in ["proxy.example.org", "socks5://proxy.example.org:1080"] {
        let settings = Settings { proxy: Some(proxy.into()), ..Settings::default() };
        assert_eq!(failed(settings), SettingsError::Proxy);
    }
}

/// Answers every connection with 204; how many there were.
fn listen(listener: TcpListener) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 204 Empty\r\nconnection: close\r\n\r\n");
        }
    });
    count
}

/// The name answers with one address after the other: whoever owns it sends us to ours at last.
#[tokio::test]
async fn a_name_that_turns_to_another_address_is_not_followed_there() {
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = first.local_addr().unwrap().port();
    // The second address is one that nothing may connect to.
    let Ok(second) = TcpListener::bind(("127.0.0.2", port)) else { return };
    let (first, second) = (listen(first), listen(second));
    let asked = Arc::new(AtomicUsize::new(0));
    let turning = |asked: &Arc<AtomicUsize>| {
        let asked = Arc::clone(asked);
        Pins::by(move |_| -> Found {
            let last = if asked.fetch_add(1, Ordering::SeqCst) == 0 { 1 } else { 2 };
            Box::pin(async move { Ok(vec![IpAddr::from([127, 0, 0, last])]) })
        })
    };
    let url = Url::parse(&format!("http://turning.example:{port}/")).unwrap();
    let settings = Settings { allow_private: vec!["127.0.0.1".to_owned()], ..Settings::default() };
    let transport =
        |pins| Transport::with_pins(&settings, [Origin::of(&url).unwrap()], pins).unwrap();
    let body = Secret::from("");
    let call = || Call { method: Method::Get, url: &url, headers: &[], body: &body, again: true };
    let run = transport(turning(&asked));
    for _ in 0..3 {
        assert_eq!(run.send(call()).await.ok().unwrap().status, 204);
    }
    let counts = || (first.load(Ordering::SeqCst), second.load(Ordering::SeqCst));
    assert_eq!((asked.load(Ordering::SeqCst), counts()), (1, (3, 0)));
    // The next run looks it up again, and looks at what it is told.
    let refused = transport(turning(&asked)).send(call()).await.err().unwrap();
    assert!(matches!(refused, Failure::Refused(_)), "{refused:?}");
    assert_eq!(counts(), (3, 0));
}
