//! A connection to one pinned address that a driver speaks over: bounded, and private where it must be.

use crate::tls;
use crate::transport::Failure;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// More than this of one answer is none.
const MOST: usize = 64 * 1024;

/// Bytes both ways.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// How a line may be used, as the configuration says.
#[derive(Clone)]
pub(crate) struct Terms {
    /// How TLS is spoken.
    pub(crate) tls: Arc<ClientConfig>,
    /// Whose certificate it must be.
    pub(crate) host: String,
    /// The keys of SSH hosts that the user knows.
    pub(crate) known_hosts: Arc<str>,
    /// The user allows that this host is sent passwords in the clear.
    pub(crate) clear: bool,
}

/// A connection, before or after TLS.
pub(crate) struct Line {
    stream: Box<dyn Wire>,
    terms: Terms,
    is_tls: bool,
    is_loopback: bool,
    /// The certificate that the host showed, in DER.
    certificate: Option<Vec<u8>>,
    /// What was read and not asked for yet.
    read: Vec<u8>,
}

impl Line {
    /// Connects to the first of `addresses` that answers.
    pub(crate) async fn open(addresses: &[SocketAddr], terms: Terms) -> Result<Self, Failure> {
        let mut failed = unreachable("the host has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    return Ok(Self {
                        stream: Box::new(stream),
                        terms,
                        is_tls: false,
                        is_loopback: address.ip().is_loopback(),
                        certificate: None,
                        read: Vec::new(),
                    });
                }
                Err(error) => failed = io_failure(&error),
            }
        }
        Err(failed)
    }

    /// Whether TLS is wanted where the protocol can begin it later: always, unless the user said
    /// that this host may be spoken to in the clear.
    pub(crate) fn wants_tls(&self) -> bool {
        !self.is_tls && !self.terms.clear
    }

    /// Whether nobody between can read what is sent.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The certificate that the host showed, in DER; none before TLS.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.clone()
    }

    /// That a password may be sent: over TLS, within this machine, or because the user says so.
    pub(crate) fn require_private(&self) -> Result<(), Failure> {
        if self.is_tls || self.is_loopback || self.terms.clear {
            return Ok(());
        }
        let what = "the host offers no TLS and the password would be sent in the clear; name the \
                    host under allow_clear if that may be";
        Err(Failure::Refused(what.to_owned()))
    }

    /// The keys of SSH hosts that the user knows.
    #[cfg(feature = "ssh")]
    pub(crate) fn known_hosts(&self) -> &str {
        &self.terms.known_hosts
    }

    /// Begins TLS, with the certificate of the host that was asked for.
    pub(crate) async fn into_tls(self) -> Result<Self, Failure> {
        if !self.read.is_empty() {
            // Whatever was said before TLS could have been said by anybody.
            return Err(unreachable("the host spoke before TLS began"));
        }
        let name = ServerName::try_from(self.terms.host.clone())
            .map_err(|_| unreachable("TLS: the name of the host can stand in no certificate"))?;
        let connector = TlsConnector::from(Arc::clone(&self.terms.tls));
        let stream =
            connector.connect(name, self.stream).await.map_err(|error| io_failure(&error))?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|all| all.first());
        let certificate = shown.map(|certificate| certificate.to_vec());
        Ok(Self { stream: Box::new(stream), is_tls: true, certificate, ..self })
    }

    /// Sends all of `bytes`.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).await.map_err(|error| io_failure(&error))?;
        self.stream.flush().await.map_err(|error| io_failure(&error))
    }

    /// The next `count` bytes.
    pub(crate) async fn exact(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        while self.read.len() < count {
            self.fill(count).await?;
        }
        let rest = self.read.split_off(count);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    /// The next line, without its end.
    pub(crate) async fn text(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line = self.exact(end + 1).await?;
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            self.fill(MOST).await?;
        }
    }

    #[cfg(feature = "ssh")]
    /// The stream itself, for a library that speaks over it.
    pub(crate) fn into_stream(self) -> Box<dyn Wire> {
        self.stream
    }

    async fn fill(&mut self, wanted: usize) -> Result<(), Failure> {
        if wanted > MOST || self.read.len() >= MOST {
            return Err(unreachable("the answer is longer than any should be"));
        }
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk).await.map_err(|error| io_failure(&error))? {
            0 => Err(unreachable("the answer broke off")),
            count => {
                self.read.extend_from_slice(&chunk[..count]);
                Ok(())
            }
        }
    }
}

/// No answer, in our own words.
pub(crate) fn unreachable(detail: &str) -> Failure {
    Failure::Unreachable(detail.to_owned())
}

/// What failed below the protocol.
fn io_failure(error: &io::Error) -> Failure {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let words = tls.map(tls::words).or_else(|| tls::io_words(error.kind()));
    unreachable(words.unwrap_or("no connection"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn line(is_tls: bool, is_loopback: bool, clear: bool) -> Line {
        let tls = Arc::new(tls::config(&Settings::default()).unwrap());
        let terms = Terms { tls, host: "x.org".to_owned(), known_hosts: "".into(), clear };
        let stream = Box::new(tokio::io::duplex(64).0);
        Line { stream, terms, is_tls, is_loopback, certificate: None, read: Vec::new() }
    }

    #[test]
    fn a_password_is_sent_in_the_clear_only_within_this_machine_or_where_the_user_says_so() {
        assert!(matches!(line(false, false, false).require_private(), Err(Failure::Refused(_))));
        assert!(line(true, false, false).require_private().is_ok());
        assert!(line(false, true, false).require_private().is_ok());
        assert!(line(false, false, true).require_private().is_ok());
        assert!(line(false, true, false).wants_tls() && !line(false, false, true).wants_tls());
    }

    #[tokio::test]
    async fn what_was_said_before_tls_is_not_taken_for_what_is_said_in_it() {
        let mut early = line(false, true, false);
        early.read = b"220 ready\r\n".to_vec();
        let refused = early.into_tls().await.err().unwrap();
        assert_eq!(refused, unreachable("the host spoke before TLS began"));
    }
}
