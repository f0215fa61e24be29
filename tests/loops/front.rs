//! TLS before a real server, as its operators put it there, and that server's clock.
//!
//! Bytes go through as they are, but for the `Date` of an answer: proof takes most of a day, and the
//! server must live through it together with the command.

use crate::issuer;
use crate::server::free_port;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// How many seconds the clocks of a test are ahead.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn ahead(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn advance_hours(&self, hours: i64) {
        self.0.fetch_add(hours * 3600, Ordering::SeqCst);
    }

    #[expect(clippy::disallowed_methods, reason = "the clock that the server would have")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.ahead())
    }
}

/// A listener that speaks TLS and hands everything on to a port.
pub(crate) struct Front {
    port: u16,
    ca_pem: String,
    _runtime: Runtime,
}

impl Front {
    pub(crate) fn before(server: u16, clock: &Clock) -> Self {
        let (config, ca_pem) = issuer::tls();
        let acceptor = TlsAcceptor::from(config);
        let runtime = Runtime::new().unwrap();
        let port = free_port();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port))).unwrap();
        let clock = clock.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, clock) = (acceptor.clone(), clock.clone());
                tokio::spawn(async move {
                    // A peer that goes away is no matter.
                    let Ok(asked) = acceptor.accept(stream).await else { return };
                    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
                        return;
                    };
                    let (from_asker, to_asker) = tokio::io::split(asked);
                    let (from_server, to_server) = tokio::io::split(server);
                    tokio::select! {
                        () = hand_on(from_asker, to_server, None) => {}
                        () = hand_on(from_server, to_asker, Some(clock)) => {}
                    }
                });
            }
        });
        Self { port, ca_pem, _runtime: runtime }
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate of its CA.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }
}

async fn hand_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    clock: Option<Clock>,
) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if let Some(clock) = &clock {
            set_date(&mut bytes[..length], clock);
        }
        if to.write_all(&bytes[..length]).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Puts the time of `clock` in the place of the `Date` of an answer's head; both are of one length.
fn set_date(bytes: &mut [u8], clock: &Clock) {
    const NAME: &[u8] = b"\r\ndate: ";
    let is_there = |window: &[u8]| window.eq_ignore_ascii_case(NAME);
    let Some(at) = bytes.windows(NAME.len()).position(is_there) else { return };
    let date = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let place = &mut bytes[at + NAME.len()..];
    if place.len() > date.len() && place[date.len()..].starts_with(b"\r\n") {
        place[..date.len()].copy_from_slice(date.as_bytes());
    }
}
